#include <utility>

#include "worker/backend.h"
#include "worker/llm/provider.h"
#include "worker/llm/wire_json.h"

namespace consilium {
namespace {

class Collector {
 public:
  void Take(const Json& document) {
    if (Find(document, "error") != nullptr) {
      reply_.failed = true;  // its error is a sentence
      return;
    }
    if (const std::string model = TextOf(Find(document, "model")); !model.empty()) {
      reply_.model = model;
    }
    if (const Json* message = Find(document, "message"); message != nullptr) {
      message_ = true;
      reply_.content += TextOf(Find(*message, "content"));
    }
    const Json* done = Find(document, "done");
    if (done == nullptr || !done->is_boolean() || !done->get<bool>()) return;
    reply_.finished = true;
    const std::string reason = TextOf(Find(document, "done_reason"));
    reply_.by_itself = reason == "stop";
    reply_.cut_short = reason == "length";
    reply_.prompt_tokens = CountOf(Find(document, "prompt_eval_count"));
    reply_.completion_tokens = CountOf(Find(document, "eval_count"));
  }

  LlmReply Done(bool /*whole: a last line says so itself*/) && {
    if (!message_) {
      reply_.problem_code = "no_message";
      reply_.problem_text = "message: missing";
    }
    return std::move(reply_);
  }

 private:
  LlmReply reply_;
  bool message_ = false;
};

class Ollama : public Provider {
 public:
  std::string_view url() const override { return "http://127.0.0.1:11434"; }
  std::string_view version_path() const override { return ""; }
  std::string_view auth_header() const override { return "Authorization"; }
  // It has functions but cannot force their use.
  Rung Below(Rung rung) const override {
    return rung == Rung::kSchema ? Rung::kJson : Rung::kPrompt;
  }

  LlmRequest Request(const BackendConfig& config, const Dialect& dialect, const Chat& chat,
                     Stage stage) const override {
    OrderedJson body;
    body["model"] = ServedModel(config);
    body["messages"] = Turns(chat, /*system=*/true);
    body["stream"] = dialect.stream;  // its default is true
    if (dialect.rung == Rung::kSchema) body["format"] = ReplySchema(stage);
    if (dialect.rung == Rung::kJson) body["format"] = "json";
    body["options"]["num_predict"] = config.max_tokens;
    if (dialect.temperature) body["options"]["temperature"] = config.temperature;
    return {"/api/chat", Finished(std::move(body), config)};
  }

  LlmReply Read(std::string_view body) const override { return ReadWith<Collector>(body); }
};

}  // namespace

std::unique_ptr<Provider> MakeOllama() { return std::make_unique<Ollama>(); }

}  // namespace consilium
