#include <utility>

#include "worker/backend.h"
#include "worker/llm/provider.h"
#include "worker/llm/wire_json.h"

namespace consilium {
namespace {

void AskForForm(const Dialect& dialect, Stage stage, OrderedJson& body) {
  const char* name = ReplyName(stage);
  if (dialect.rung == Rung::kSchema) {
    body["output_config"] = {{"format", {{"type", "json_schema"}, {"schema", ReplySchema(stage)}}}};
  } else if (dialect.rung == Rung::kTool) {
    body["tools"] = OrderedJson::array({{{"name", name},
                                         {"description", "Takes the reply."},
                                         {"input_schema", ReplySchema(stage)}}});
    body["tool_choice"] = {{"type", "tool"}, {"name", name}};
  }
}

// A whole message and the events of a stream, which build the same message piece by piece.
class Collector {
 public:
  void Take(const Json& document) {
    const std::string type = TextOf(Find(document, "type"));
    if (type == "error" || Find(document, "error") != nullptr) {
      reply_.failed = true;
      reply_.error_word = ErrorWord(document);
    } else if (type == "message") {
      message_ = true;
      TakeHead(document);
      TakeEnd(document);
      if (const Json* blocks = Find(document, "content"); blocks != nullptr && blocks->is_array()) {
        for (const Json& block : *blocks) TakeBlock(block);
      }
    } else if (type == "message_start") {
      message_ = true;
      if (const Json* message = Find(document, "message")) TakeHead(*message);
    } else if (type == "content_block_start") {
      if (const Json* block = Find(document, "content_block")) TakeBlock(*block);
    } else if (type == "content_block_delta") {
      const Json* delta = Find(document, "delta");
      if (delta == nullptr) return;
      text_ += TextOf(Find(*delta, "text"));
      input_ += TextOf(Find(*delta, "partial_json"));
    } else if (type == "message_delta") {
      if (const Json* usage = Find(document, "usage")) {
        reply_.completion_tokens = CountOf(Find(*usage, "output_tokens"));
      }
      if (const Json* delta = Find(document, "delta")) TakeEnd(*delta);
    } else if (type == "message_stop") {
      reply_.finished = true;
    }
  }

  LlmReply Done(bool whole) && {
    if (whole) reply_.finished = true;
    if (!message_) {
      reply_.problem_code = "no_message";
      reply_.problem_text = "the reply is no message";
    }
    reply_.content = input_.empty() ? std::move(text_) : std::move(input_);
    return std::move(reply_);
  }

 private:
  void TakeHead(const Json& message) {
    reply_.model = TextOf(Find(message, "model"));
    const Json* usage = Find(message, "usage");
    if (usage == nullptr) return;
    reply_.prompt_tokens = CountOf(Find(*usage, "input_tokens"));
    for (const char* key : {"cache_creation_input_tokens", "cache_read_input_tokens"}) {
      reply_.prompt_tokens = Sum(reply_.prompt_tokens, CountOf(Find(*usage, key)));
    }
    reply_.completion_tokens = CountOf(Find(*usage, "output_tokens"));
  }
  void TakeEnd(const Json& message) {
    const std::string reason = TextOf(Find(message, "stop_reason"));
    if (reason.empty()) return;
    reply_.finished = true;
    reply_.by_itself = reason == "end_turn" || reason == "tool_use";
    reply_.cut_short = reason == "max_tokens" || reason == "model_context_window_exceeded";
    if (reason == "refusal") reply_.refusal = "refusal";
  }
  void TakeBlock(const Json& block) {
    text_ += TextOf(Find(block, "text"));
    const Json* input = Find(block, "input");
    // In a stream it starts as {} and its pieces follow.
    if (input != nullptr && input->is_object() && !input->empty()) input_ += input->dump();
  }

  LlmReply reply_;
  std::string text_;
  std::string input_;
  bool message_ = false;
};

class Anthropic : public Provider {
 public:
  std::string_view url() const override { return "https://api.anthropic.com/v1"; }
  std::string_view version_path() const override { return "/v1"; }
  std::string_view auth_header() const override { return "x-api-key"; }
  std::string_view extra_header() const override { return "anthropic-version: 2023-06-01"; }
  // It has no mode for JSON of any form.
  Rung Below(Rung rung) const override {
    return rung == Rung::kSchema ? Rung::kTool : Rung::kPrompt;
  }

  LlmRequest Request(const BackendConfig& config, const Dialect& dialect, const Chat& chat,
                     Stage stage) const override {
    OrderedJson body;
    body["model"] = ServedModel(config);
    body["max_tokens"] = config.max_tokens;
    body["system"] = chat.prompt.system;
    body["messages"] = Turns(chat, /*system=*/false);
    if (dialect.temperature) body["temperature"] = config.temperature;
    AskForForm(dialect, stage, body);
    if (dialect.stream) body["stream"] = true;
    return {"/messages", Finished(std::move(body), config)};
  }

  LlmReply Read(std::string_view body) const override { return ReadWith<Collector>(body); }
};

}  // namespace

std::unique_ptr<Provider> MakeAnthropic() { return std::make_unique<Anthropic>(); }

}  // namespace consilium
