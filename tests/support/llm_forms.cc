#include "tests/support/llm_forms.h"

#include <algorithm>

#include "shared/text.h"

namespace consilium {

int LlmFormWriter::Status(LlmError::Kind kind) const {
  switch (kind) {
    case LlmError::Kind::kRateLimited:
      return 429;
    case LlmError::Kind::kServer:
      return 500;
    case LlmError::Kind::kOverloaded:
      return 503;
    case LlmError::Kind::kUnauthorised:
      return 401;
    case LlmError::Kind::kModelNotFound:
    case LlmError::Kind::kUnknownPath:
      return 404;
    case LlmError::Kind::kRefusedFeature:
      return 400;
  }
  return 500;
}

std::string LlmFormWriter::ErrorEvent(const Asked& asked, const LlmError& error) const {
  return Event(Error(asked, error));
}

std::vector<std::string> LlmFormWriter::RetryAfter(int seconds) const {
  return {"Retry-After: " + std::to_string(seconds)};
}

const LlmFormWriter& WriterOf(LlmForm form) {
  switch (form) {
    case LlmForm::kOpenAi:
      return OpenAiWriter();
    case LlmForm::kAnthropic:
      return AnthropicWriter();
    case LlmForm::kGemini:
      return GeminiWriter();
    case LlmForm::kOllama:
      return OllamaWriter();
  }
  return OpenAiWriter();
}

std::string Dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> Deltas(const LlmSaid& said) {
  constexpr std::size_t kPieces = 5;
  std::string_view left = said.content;
  const std::size_t size = said.one_piece ? left.size() : left.size() / kPieces;
  std::vector<std::string> pieces;
  while (!left.empty()) {
    // No character has more than four bytes.
    std::string_view piece = CutUtf8(left, std::max<std::size_t>(size, 4));
    if (piece.empty()) piece = left;
    pieces.emplace_back(piece);
    left.remove_prefix(piece.size());
  }
  if (pieces.empty()) pieces.emplace_back();
  return pieces;
}

int PromptTokens(const Asked& asked) {
  return 1 + static_cast<int>((asked.system.size() + asked.user.size()) / 4);
}

int CompletionTokens(const LlmSaid& said) { return 1 + static_cast<int>(said.content.size() / 4); }

nlohmann::json Arguments(const LlmSaid& said) {
  nlohmann::json arguments = nlohmann::json::parse(said.content, nullptr, false);
  return arguments.is_object() ? arguments : nlohmann::json::object();
}

}  // namespace consilium
