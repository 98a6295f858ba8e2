#include "worker/llm/provider.h"

#include "shared/check.h"

namespace consilium {

std::unique_ptr<Provider> MakeProvider(std::string_view name) {
  if (name == "anthropic") return MakeAnthropic();
  if (name == "gemini") return MakeGemini();
  if (name == "ollama") return MakeOllama();
  CHECK(name == "openai", "the configuration allows only these");
  return MakeOpenAi();
}

}  // namespace consilium
