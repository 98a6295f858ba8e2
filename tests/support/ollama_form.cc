// Ollama's own API, /api/chat.
#include "tests/support/llm_forms.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

constexpr char kTime[] = "2026-01-01T00:00:00Z";

std::string About(const std::string& model, LlmFeature feature) {
  switch (feature) {
    case LlmFeature::kSchema:
      return R"(invalid format: expected "json", a schema is not supported)";
    case LlmFeature::kJsonObject:
      return R"(invalid format: "json" is not supported)";
    case LlmFeature::kTools:
      return "registry.ollama.ai/library/" + model + " does not support tools";
    case LlmFeature::kTemperature:
      return "invalid option provided: temperature";
    case LlmFeature::kMaxTokens:
      return "invalid option provided: num_predict";
    case LlmFeature::kStreamOptions:
    case LlmFeature::kStream:
      return "stream is not supported";
  }
  return "";
}

class Writer : public LlmFormWriter {
 public:
  LlmBody Chat(const Asked& asked, const LlmSaid& said) const override {
    LlmSaid plain = said;
    // Ollama knows no refusals: the model says it.
    if (said.end == LlmSaid::End::kRefused) plain.content = kRefusal;
    if (!asked.streamed)
      return {"application/json", {Dump(Reply(asked, plain, plain.content, true))}};
    LlmBody body{"application/x-ndjson", {}};
    if (!plain.as_tool) {
      for (const std::string& piece : Deltas(plain)) {
        body.events.push_back(Event(Dump(Reply(asked, plain, piece, false))));
      }
    }
    body.events.push_back(Event(Dump(Reply(asked, plain, "", true))));
    return body;
  }

  std::string Models(const std::vector<std::string>& models) const override {
    Json list = Json::array();
    for (const std::string& model : models) {
      list.push_back({{"name", model},
                      {"model", model},
                      {"modified_at", kTime},
                      {"size", 1000000},
                      {"digest", std::string(64, 'f')},
                      {"details", Details()}});
    }
    return Dump({{"models", list}});
  }

  std::string Model(const std::string&) const override {
    return Dump(
        {{"modelfile", ""},
         {"parameters", ""},
         {"template", "{{ .Prompt }}"},
         {"details", Details()},
         {"model_info", {{"general.architecture", "llama"}, {"llama.context_length", 8192}}},
         {"capabilities", {"completion", "tools"}},
         {"modified_at", kTime}});
  }

  std::string Error(const Asked& asked, const LlmError& error) const override {
    const std::string& model = asked.key.model;
    const auto form = [](const std::string& message) { return Dump({{"error", message}}); };
    switch (error.kind) {
      case LlmError::Kind::kRateLimited:
        return form("too many requests");
      case LlmError::Kind::kServer:
        return form("llama runner process has terminated: signal: killed");
      case LlmError::Kind::kOverloaded:
        return form("server busy, please try again.  maximum pending requests exceeded");
      case LlmError::Kind::kUnauthorised:
        return form("unauthorized");
      case LlmError::Kind::kModelNotFound:
        return form("model '" + model + "' not found");
      case LlmError::Kind::kRefusedFeature:
        return form(About(model, error.feature));
      case LlmError::Kind::kUnknownPath:
        return form("404 page not found");
    }
    return "";
  }

  std::string Event(const std::string& data) const override { return data + "\n"; }

 private:
  static Json Details() {
    return {{"format", "gguf"},
            {"family", "llama"},
            {"parameter_size", "8.0B"},
            {"quantization_level", "Q4_K_M"}};
  }

  static Json Reply(const Asked& asked, const LlmSaid& said, const std::string& text, bool done) {
    Json message = {{"role", "assistant"}, {"content", text}};
    if (said.as_tool) {
      message["content"] = "";
      message["tool_calls"] =
          Json::array({{{"function", {{"name", asked.tool}, {"arguments", Arguments(said)}}}}});
    }
    Json reply = {
        {"model", said.model}, {"created_at", kTime}, {"message", message}, {"done", done}};
    if (!done) return reply;
    reply["done_reason"] = said.end == LlmSaid::End::kLength ? "length" : "stop";
    reply["total_duration"] = 5000000;
    reply["load_duration"] = 1000000;
    reply["prompt_eval_count"] = PromptTokens(asked);
    reply["prompt_eval_duration"] = 1000000;
    reply["eval_count"] = CompletionTokens(said);
    reply["eval_duration"] = 3000000;
    return reply;
  }
};

}  // namespace

const LlmFormWriter& OllamaWriter() {
  static const Writer writer;
  return writer;
}

}  // namespace consilium
