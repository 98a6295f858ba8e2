// Chat completions of OpenAI and of the many servers that imitate them.
#include "tests/support/llm_forms.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

constexpr char kId[] = "chatcmpl-fault";
constexpr int kCreated = 1700000000;

const char* FinishReason(const Asked& asked, const LlmSaid& said) {
  if (said.end == LlmSaid::End::kLength) return "length";
  // A call that tool_choice demanded by name ends with "stop".
  return said.as_tool && !asked.tool_is_named ? "tool_calls" : "stop";
}

Json UsageOf(const Asked& asked, const LlmSaid& said) {
  const int in = PromptTokens(asked);
  const int out = CompletionTokens(said);
  return {{"prompt_tokens", in}, {"completion_tokens", out}, {"total_tokens", in + out}};
}

Json Call(const Asked& asked, const std::string& arguments) {
  return {{"id", "call_fault"},
          {"type", "function"},
          {"function", {{"name", asked.tool}, {"arguments", arguments}}}};
}

// What a request used by that name and is told about it.
struct Complaint {
  const char* param;
  const char* code;
  const char* text;
};

Complaint About(LlmFeature feature) {
  switch (feature) {
    case LlmFeature::kSchema:
      return {"response_format", "invalid_parameter",
              "Invalid parameter: 'response_format' of type 'json_schema' is not supported with "
              "this model."};
    case LlmFeature::kJsonObject:
      return {"response_format", "invalid_parameter",
              "Invalid parameter: 'response_format' of type 'json_object' is not supported with "
              "this model."};
    case LlmFeature::kTools:
      return {"tools", "unsupported_parameter",
              "Unsupported parameter: 'tools' is not supported with this model."};
    case LlmFeature::kTemperature:
      return {"temperature", "unsupported_value",
              "Unsupported value: 'temperature' does not support this value with this model. Only "
              "the default (1) value is supported."};
    case LlmFeature::kMaxTokens:
      return {"max_tokens", "unsupported_parameter",
              "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
              "'max_completion_tokens' instead."};
    case LlmFeature::kStreamOptions:
      return {"stream_options", "unknown_parameter", "Unknown parameter: 'stream_options'."};
    case LlmFeature::kStream:
      return {"stream", "unsupported_value",
              "Unsupported value: 'stream' does not support true with this model. Only the default "
              "(false) value is supported."};
  }
  return {};
}

Json Problem(const std::string& message, const char* type, const char* param, const char* code) {
  Json error = {{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}};
  if (param != nullptr) error["param"] = param;
  if (code != nullptr) error["code"] = code;
  return {{"error", error}};
}

class Writer : public LlmFormWriter {
 public:
  LlmBody Chat(const Asked& asked, const LlmSaid& said) const override {
    return asked.streamed ? Streamed(asked, said) : Whole(asked, said);
  }

  std::string Models(const std::vector<std::string>& models) const override {
    Json data = Json::array();
    for (const std::string& model : models) data.push_back(Entry(model));
    return Dump({{"object", "list"}, {"data", data}});
  }
  std::string Model(const std::string& model) const override { return Dump(Entry(model)); }

  std::string Error(const Asked& asked, const LlmError& error) const override {
    const std::string& model = asked.key.model;
    switch (error.kind) {
      case LlmError::Kind::kRateLimited:
        return Dump(Problem("Rate limit reached for " + model + " on requests per min (RPM).",
                            "requests", nullptr, "rate_limit_exceeded"));
      case LlmError::Kind::kServer:
        return Dump(Problem("The server had an error while processing your request.",
                            "server_error", nullptr, nullptr));
      case LlmError::Kind::kOverloaded:
        return Dump(Problem("The engine is currently overloaded, please try again later.",
                            "server_error", nullptr, "overloaded"));
      case LlmError::Kind::kUnauthorised:
        return Dump(Problem("Incorrect API key provided.", "invalid_request_error", nullptr,
                            "invalid_api_key"));
      case LlmError::Kind::kModelNotFound:
        return Dump(
            Problem("The model `" + model + "` does not exist or you do not have access to it.",
                    "invalid_request_error", nullptr, "model_not_found"));
      case LlmError::Kind::kRefusedFeature: {
        const Complaint about = About(error.feature);
        return Dump(Problem(about.text, "invalid_request_error", about.param, about.code));
      }
      case LlmError::Kind::kUnknownPath:
        return Dump(
            Problem("Invalid URL (" + asked.path + ")", "invalid_request_error", nullptr, nullptr));
    }
    return "";
  }

  std::string Event(const std::string& data) const override { return "data: " + data + "\n\n"; }

 private:
  static Json Entry(const std::string& model) {
    return {{"id", model}, {"object", "model"}, {"created", kCreated}, {"owned_by", "consilium"}};
  }

  static LlmBody Whole(const Asked& asked, const LlmSaid& said) {
    Json message = {{"role", "assistant"}, {"content", said.content}, {"refusal", nullptr}};
    if (said.end == LlmSaid::End::kRefused) {
      message["content"] = nullptr;
      message["refusal"] = kRefusal;
    } else if (said.as_tool) {
      message["content"] = nullptr;
      message["tool_calls"] = {Call(asked, said.content)};
    }
    const Json body = {{"id", kId},
                       {"object", "chat.completion"},
                       {"created", kCreated},
                       {"model", said.model},
                       {"choices",
                        {{{"index", 0},
                          {"message", message},
                          {"logprobs", nullptr},
                          {"finish_reason", FinishReason(asked, said)}}}},
                       {"usage", UsageOf(asked, said)}};
    return {"application/json", {Dump(body)}};
  }

  LlmBody Streamed(const Asked& asked, const LlmSaid& said) const {
    LlmBody body{kEventStream, {}};
    const auto chunk = [&](const Json& choices, const Json& usage) {
      Json all = {{"id", kId},
                  {"object", "chat.completion.chunk"},
                  {"created", kCreated},
                  {"model", said.model},
                  {"choices", choices}};
      if (asked.usage_in_stream) all["usage"] = usage;
      body.events.push_back(Event(Dump(all)));
    };
    const auto delta = [&](const Json& what, const char* reason = nullptr) {
      Json choice = {
          {"index", 0}, {"delta", what}, {"logprobs", nullptr}, {"finish_reason", nullptr}};
      if (reason != nullptr) choice["finish_reason"] = reason;
      chunk(Json::array({choice}), nullptr);
    };
    if (said.end == LlmSaid::End::kRefused) {
      delta({{"role", "assistant"}, {"refusal", ""}});
      delta({{"refusal", kRefusal}});
    } else if (said.as_tool) {
      Json call = Call(asked, "");
      call["index"] = 0;
      delta({{"role", "assistant"}, {"content", nullptr}, {"tool_calls", {call}}});
      for (const std::string& piece : Deltas(said)) {
        const Json more = {{"index", 0}, {"function", {{"arguments", piece}}}};
        delta({{"tool_calls", Json::array({more})}});
      }
    } else {
      delta({{"role", "assistant"}, {"content", ""}});
      for (const std::string& piece : Deltas(said)) delta({{"content", piece}});
    }
    body.again = 1;
    delta(Json::object(), FinishReason(asked, said));
    if (asked.usage_in_stream) chunk(Json::array(), UsageOf(asked, said));
    body.events.push_back(Event("[DONE]"));
    return body;
  }
};

}  // namespace

const LlmFormWriter& OpenAiWriter() {
  static const Writer writer;
  return writer;
}

}  // namespace consilium
