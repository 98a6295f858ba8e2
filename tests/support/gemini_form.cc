// generateContent of Google's Gemini API, v1beta.
#include "tests/support/llm_forms.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

const char* About(LlmFeature feature) {
  switch (feature) {
    case LlmFeature::kSchema:
      return R"(Invalid JSON payload received. Unknown name "responseJsonSchema" or "responseSchema" at 'generation_config': Cannot find field.)";
    case LlmFeature::kJsonObject:
      return "JSON mode is not enabled for this model: responseMimeType";
    case LlmFeature::kTools:
      return "Function calling is not enabled for this model: tools";
    case LlmFeature::kTemperature:
      return "Unable to submit request: temperature is not supported by this model";
    case LlmFeature::kMaxTokens:
      return "Unable to submit request: maxOutputTokens is not supported by this model";
    case LlmFeature::kStreamOptions:
    case LlmFeature::kStream:
      return "streamGenerateContent is not supported by this model";
  }
  return "";
}

class Writer : public LlmFormWriter {
 public:
  LlmBody Chat(const Asked& asked, const LlmSaid& said) const override {
    if (!asked.streamed)
      return {"application/json", {Dump(Reply(asked, said, said.content, true))}};
    LlmBody body{kEventStream, {}};
    // Calls and refusals are not streamed in pieces.
    if (said.as_tool || said.end == LlmSaid::End::kRefused) {
      body.events = {Event(Dump(Reply(asked, said, said.content, true)))};
      return body;
    }
    const std::vector<std::string> pieces = Deltas(said);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const bool last = i + 1 == pieces.size();
      body.events.push_back(Event(Dump(Reply(asked, said, pieces[i], last))));
    }
    return body;
  }

  std::string Models(const std::vector<std::string>& models) const override {
    Json list = Json::array();
    for (const std::string& model : models) list.push_back(Entry(model));
    return Dump({{"models", list}});
  }
  std::string Model(const std::string& model) const override { return Dump(Entry(model)); }

  std::string Error(const Asked& asked, const LlmError& error) const override {
    const int status = Status(error.kind);
    const auto form = [status](const char* word, const std::string& message,
                               const Json& details = nullptr) {
      Json inner = {{"code", status}, {"message", message}, {"status", word}};
      if (!details.is_null()) inner["details"] = Json::array({details});
      return Dump({{"error", inner}});
    };
    switch (error.kind) {
      case LlmError::Kind::kRateLimited: {
        Json details;
        if (error.retry_after_s) {
          details = {{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                     {"retryDelay", std::to_string(*error.retry_after_s) + "s"}};
        }
        return form("RESOURCE_EXHAUSTED", "You exceeded your current quota.", details);
      }
      case LlmError::Kind::kServer:
        return form("INTERNAL", "An internal error has occurred.");
      case LlmError::Kind::kOverloaded:
        return form("UNAVAILABLE", "The model is overloaded. Please try again later.");
      case LlmError::Kind::kUnauthorised:
        return form("UNAUTHENTICATED",
                    "Request had invalid authentication credentials: API key not valid.");
      case LlmError::Kind::kModelNotFound:
        return form("NOT_FOUND", "models/" + asked.key.model +
                                     " is not found for API version v1beta, or is not supported "
                                     "for generateContent.");
      case LlmError::Kind::kRefusedFeature:
        return form("INVALID_ARGUMENT", About(error.feature));
      case LlmError::Kind::kUnknownPath:
        return form("NOT_FOUND", "The requested URL was not found on this server.");
    }
    return "";
  }

  std::string Event(const std::string& data) const override { return "data: " + data + "\r\n\r\n"; }

  // It stands in the body.
  std::vector<std::string> RetryAfter(int) const override { return {}; }

 private:
  static Json Entry(const std::string& model) {
    return {{"name", "models/" + model},
            {"version", "001"},
            {"displayName", model},
            {"inputTokenLimit", 1048576},
            {"outputTokenLimit", 65536},
            {"supportedGenerationMethods", {"generateContent", "countTokens"}}};
  }

  static Json Reply(const Asked& asked, const LlmSaid& said, const std::string& text, bool last) {
    const int in = PromptTokens(asked);
    const int out = CompletionTokens(said);
    Json reply = {{"modelVersion", said.model},
                  {"responseId", "fault"},
                  {"usageMetadata", {{"promptTokenCount", in}, {"totalTokenCount", in}}}};
    if (said.end == LlmSaid::End::kRefused) {
      // The prompt is refused, or the answer: both occur.
      if (asked.nth % 2 == 1) {
        reply["promptFeedback"] = {{"blockReason", "SAFETY"}};
      } else {
        reply["candidates"] = Json::array({{{"index", 0}, {"finishReason", "SAFETY"}}});
      }
      return reply;
    }
    Json part = {{"text", text}};
    if (said.as_tool) {
      part = {{"functionCall", {{"name", asked.tool}, {"args", Arguments(said)}}}};
    }
    Json candidate = {{"index", 0},
                      {"content", {{"role", "model"}, {"parts", Json::array({part})}}}};
    if (last) {
      candidate["finishReason"] = said.end == LlmSaid::End::kLength ? "MAX_TOKENS" : "STOP";
      reply["usageMetadata"]["candidatesTokenCount"] = out;
      reply["usageMetadata"]["totalTokenCount"] = in + out;
    }
    reply["candidates"] = Json::array({candidate});
    return reply;
  }
};

}  // namespace

const LlmFormWriter& GeminiWriter() {
  static const Writer writer;
  return writer;
}

}  // namespace consilium
