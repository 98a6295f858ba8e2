#include <algorithm>
#include <utility>

#include "worker/backend.h"
#include "worker/llm/provider.h"
#include "worker/llm/wire_json.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

void AskForForm(const Dialect& dialect, Stage stage, OrderedJson& body) {
  const char* name = ReplyName(stage);
  switch (dialect.rung) {
    case Rung::kSchema:
      body["response_format"] = {
          {"type", "json_schema"},
          {"json_schema", {{"name", name}, {"strict", true}, {"schema", ReplySchema(stage)}}}};
      return;
    case Rung::kTool:
      body["tools"] = OrderedJson::array({{{"type", "function"},
                                           {"function",
                                            {{"name", name},
                                             {"description", "Takes the reply."},
                                             {"strict", true},
                                             {"parameters", ReplySchema(stage)}}}}});
      body["tool_choice"] = {{"type", "function"}, {"function", {{"name", name}}}};
      return;
    case Rung::kJson:
      body["response_format"] = {{"type", "json_object"}};
      return;
    case Rung::kPrompt:
      return;
  }
}

// Usually a string; some servers send a list of parts.
std::string ContentOf(const Json& message) {
  const Json* content = Find(message, "content");
  if (content == nullptr || !content->is_array()) return TextOf(content);
  std::string all;
  for (const Json& part : *content) all += TextOf(Find(part, "text"));
  return all;
}

// What a message, or a piece of one, adds to the reply.
class Collector {
 public:
  void Take(const Json& document) {
    if (const Json* error = Find(document, "error"); error != nullptr && !error->is_null()) {
      reply_.failed = true;
      reply_.error_word = ErrorWord(document);
      return;
    }
    if (const std::string model = TextOf(Find(document, "model")); !model.empty()) {
      reply_.model = model;
    }
    if (const Json* usage = Find(document, "usage"); usage != nullptr && usage->is_object()) {
      reply_.prompt_tokens = CountOf(Find(*usage, "prompt_tokens"));
      reply_.completion_tokens = CountOf(Find(*usage, "completion_tokens"));
    }
    const Json* choice = FirstOf(document, "choices");
    if (choice == nullptr) return;
    choices_ = true;
    const Json* message = Find(*choice, "message");
    if (message == nullptr) message = Find(*choice, "delta");
    if (message != nullptr && message->is_object()) TakeMessage(*message);
    if (const std::string reason = TextOf(Find(*choice, "finish_reason")); !reason.empty()) {
      reply_.finished = true;
      reply_.by_itself = reason == "stop" || reason == "tool_calls";
      reply_.cut_short = reason == "length";
      if (reason == "content_filter") reply_.refusal = "content_filter";
    }
  }

  LlmReply Done(bool whole) && {
    if (whole) reply_.finished = true;
    if (!choices_) {
      reply_.problem_code = "no_choices";
      reply_.problem_text = "the reply has no choices";
    } else if (!message_) {
      reply_.problem_code = "no_message";
      reply_.problem_text = "choices[0].message: missing";
    }
    if (refused_ && reply_.refusal.empty()) reply_.refusal = "refusal";
    // Where a call was forced, what a model says beside it is not the answer.
    if (!arguments_.empty()) reply_.content = std::move(arguments_);
    return std::move(reply_);
  }

 private:
  void TakeMessage(const Json& message) {
    message_ = true;
    reply_.content += ContentOf(message);
    if (!TextOf(Find(message, "refusal")).empty()) refused_ = true;
    if (const Json* call = FirstOf(message, "tool_calls")) {
      if (const Json* function = Find(*call, "function")) {
        const Json* arguments = Find(*function, "arguments");
        // llama.cpp's and Ollama's have been objects.
        if (arguments != nullptr && arguments->is_object()) arguments_ += arguments->dump();
        arguments_ += TextOf(arguments);
      }
    }
  }

  LlmReply reply_;
  std::string arguments_;
  bool choices_ = false;
  bool message_ = false;
  bool refused_ = false;
};

class OpenAi : public Provider {
 public:
  std::string_view url() const override { return ""; }
  std::string_view version_path() const override { return ""; }
  std::string_view auth_header() const override { return "Authorization"; }
  Rung Below(Rung rung) const override {
    return rung == Rung::kPrompt ? rung : static_cast<Rung>(static_cast<int>(rung) + 1);
  }

  LlmRequest Request(const BackendConfig& config, const Dialect& dialect, const Chat& chat,
                     Stage stage) const override {
    OrderedJson body;
    body["model"] = ServedModel(config);
    body["messages"] = Turns(chat, /*system=*/true);
    if (dialect.temperature) body["temperature"] = config.temperature;
    body[dialect.max_completion_tokens ? "max_completion_tokens" : "max_tokens"] =
        config.max_tokens;
    AskForForm(dialect, stage, body);
    if (dialect.stream) {
      body["stream"] = true;
      if (dialect.stream_usage) body["stream_options"] = {{"include_usage", true}};
    }
    return {"/chat/completions", Finished(std::move(body), config)};
  }

  LlmReply Read(std::string_view body) const override { return ReadWith<Collector>(body); }
};

}  // namespace

std::unique_ptr<Provider> MakeOpenAi() { return std::make_unique<OpenAi>(); }

}  // namespace consilium
