// The Messages API of Anthropic.
#include <utility>

#include "tests/support/llm_forms.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

constexpr int kOverloadedStatus = 529;

const char* StopReason(const LlmSaid& said) {
  if (said.end == LlmSaid::End::kLength) return "max_tokens";
  if (said.end == LlmSaid::End::kRefused) return "refusal";
  return said.as_tool ? "tool_use" : "end_turn";
}

Json Message(const Asked& asked, const LlmSaid& said) {
  return {{"id", "msg_fault"},
          {"type", "message"},
          {"role", "assistant"},
          {"model", said.model},
          {"content", Json::array()},
          {"stop_reason", nullptr},
          {"stop_sequence", nullptr},
          {"usage", {{"input_tokens", PromptTokens(asked)}, {"output_tokens", 1}}}};
}

Json Block(const Asked& asked, const LlmSaid& said, const std::string& text, Json input) {
  if (!said.as_tool) return {{"type", "text"}, {"text", text}};
  return {{"type", "tool_use"},
          {"id", "toolu_fault"},
          {"name", asked.tool},
          {"input", std::move(input)}};
}

const char* About(LlmFeature feature) {
  switch (feature) {
    case LlmFeature::kSchema:
      return "output_config.format: 'json_schema' is not supported by this model";
    case LlmFeature::kJsonObject:
      return "output_config.format: Extra inputs are not permitted";
    case LlmFeature::kTools:
      return "tools: this model does not support tool use";
    case LlmFeature::kTemperature:
      return "`temperature` is deprecated for this model.";
    case LlmFeature::kMaxTokens:
      return "max_tokens: too many, which is more than the maximum allowed number of output tokens "
             "for this model";
    case LlmFeature::kStreamOptions:
      return "stream_options: Extra inputs are not permitted";
    case LlmFeature::kStream:
      return "stream: streaming is not supported by this model";
  }
  return "";
}

class Writer : public LlmFormWriter {
 public:
  LlmBody Chat(const Asked& asked, const LlmSaid& said) const override {
    return asked.streamed ? Streamed(asked, said) : Whole(asked, said);
  }

  std::string Models(const std::vector<std::string>& models) const override {
    Json data = Json::array();
    for (const std::string& model : models) data.push_back(Entry(model));
    return Dump({{"data", data},
                 {"has_more", false},
                 {"first_id", models.empty() ? Json() : Json(models.front())},
                 {"last_id", models.empty() ? Json() : Json(models.back())}});
  }
  std::string Model(const std::string& model) const override { return Dump(Entry(model)); }

  int Status(LlmError::Kind kind) const override {
    return kind == LlmError::Kind::kOverloaded ? kOverloadedStatus : LlmFormWriter::Status(kind);
  }

  std::string Error(const Asked& asked, const LlmError& error) const override {
    const auto form = [](const char* type, const std::string& message) {
      return Dump({{"type", "error"},
                   {"error", {{"type", type}, {"message", message}}},
                   {"request_id", "req_fault"}});
    };
    switch (error.kind) {
      case LlmError::Kind::kRateLimited:
        return form("rate_limit_error",
                    "This request would exceed your organization's rate limit.");
      case LlmError::Kind::kServer:
        return form("api_error", "Internal server error");
      case LlmError::Kind::kOverloaded:
        return form("overloaded_error", "Overloaded");
      case LlmError::Kind::kUnauthorised:
        return form("authentication_error", "invalid x-api-key");
      case LlmError::Kind::kModelNotFound:
        return form("not_found_error", "model: " + asked.key.model);
      case LlmError::Kind::kRefusedFeature:
        return form("invalid_request_error", About(error.feature));
      case LlmError::Kind::kUnknownPath:
        return form("not_found_error", "Not found");
    }
    return "";
  }

  // The name of an event is the type of its data.
  std::string Event(const std::string& data) const override {
    const Json parsed = Json::parse(data, nullptr, false);
    const std::string type =
        parsed.is_object() ? parsed.value("type", "message") : std::string("message");
    return "event: " + type + "\ndata: " + data + "\n\n";
  }

 private:
  static Json Entry(const std::string& model) {
    return {{"type", "model"},
            {"id", model},
            {"display_name", model},
            {"created_at", "2026-01-01T00:00:00Z"}};
  }

  static LlmBody Whole(const Asked& asked, const LlmSaid& said) {
    Json message = Message(asked, said);
    message["stop_reason"] = StopReason(said);
    message["usage"]["output_tokens"] = CompletionTokens(said);
    if (said.end != LlmSaid::End::kRefused) {
      message["content"] = Json::array({Block(asked, said, said.content, Arguments(said))});
    }
    return {"application/json", {Dump(message)}};
  }

  LlmBody Streamed(const Asked& asked, const LlmSaid& said) const {
    LlmBody body{kEventStream, {}};
    const auto event = [&](const Json& data) { body.events.push_back(Event(Dump(data))); };
    event({{"type", "message_start"}, {"message", Message(asked, said)}});
    if (said.end != LlmSaid::End::kRefused) {
      event({{"type", "content_block_start"},
             {"index", 0},
             {"content_block", Block(asked, said, "", Json::object())}});
      event({{"type", "ping"}});
      body.again = body.events.size();
      const char* const type = said.as_tool ? "input_json_delta" : "text_delta";
      const char* const key = said.as_tool ? "partial_json" : "text";
      for (const std::string& piece : Deltas(said)) {
        event({{"type", "content_block_delta"},
               {"index", 0},
               {"delta", {{"type", type}, {key, piece}}}});
      }
      event({{"type", "content_block_stop"}, {"index", 0}});
    }
    event({{"type", "message_delta"},
           {"delta", {{"stop_reason", StopReason(said)}, {"stop_sequence", nullptr}}},
           {"usage", {{"output_tokens", CompletionTokens(said)}}}});
    event({{"type", "message_stop"}});
    return body;
  }
};

}  // namespace

const LlmFormWriter& AnthropicWriter() {
  static const Writer writer;
  return writer;
}

}  // namespace consilium
