#include <algorithm>
#include <array>
#include <utility>

#include "worker/backend.h"
#include "worker/llm/provider.h"
#include "worker/llm/wire_json.h"

namespace consilium {
namespace {

OrderedJson Parts(const std::string& text) { return OrderedJson::array({{{"text", text}}}); }

void AskForForm(const Dialect& dialect, Stage stage, OrderedJson& body) {
  OrderedJson& generation = body["generationConfig"];
  if (dialect.rung == Rung::kTool) {
    const char* name = ReplyName(stage);
    body["tools"] = OrderedJson::array(
        {{{"functionDeclarations",
           OrderedJson::array({{{"name", name},
                                {"description", "Takes the reply."},
                                {"parametersJsonSchema", ReplySchema(stage)}}})}}});
    body["toolConfig"] = {
        {"functionCallingConfig",
         {{"mode", "ANY"}, {"allowedFunctionNames", OrderedJson::array({name})}}}};
  } else if (dialect.rung != Rung::kPrompt) {
    generation["responseMimeType"] = "application/json";
    if (dialect.rung == Rung::kSchema) generation["responseJsonSchema"] = ReplySchema(stage);
  }
}

class Collector {
 public:
  void Take(const Json& document) {
    if (Find(document, "error") != nullptr) {
      reply_.failed = true;
      reply_.error_word = ErrorWord(document);
      return;
    }
    if (const std::string model = TextOf(Find(document, "modelVersion")); !model.empty()) {
      reply_.model = model;
    }
    // Counts grow from piece to piece; the last ones hold.
    if (const Json* usage = Find(document, "usageMetadata"); usage != nullptr) {
      reply_.prompt_tokens = CountOf(Find(*usage, "promptTokenCount"));
      reply_.completion_tokens = Sum(CountOf(Find(*usage, "candidatesTokenCount")),
                                     CountOf(Find(*usage, "thoughtsTokenCount")));
    }
    if (const Json* feedback = Find(document, "promptFeedback")) {
      if (!TextOf(Find(*feedback, "blockReason")).empty()) reply_.refusal = "content_filter";
    }
    if (const Json* candidate = FirstOf(document, "candidates")) TakeCandidate(*candidate);
  }

  LlmReply Done(bool whole) && {
    if (whole) reply_.finished = true;
    if (!candidate_ && reply_.refusal.empty()) {
      reply_.problem_code = "no_candidates";
      reply_.problem_text = "the reply has no candidates";
    }
    if (!reply_.refusal.empty()) reply_.finished = true;
    if (!call_.empty()) reply_.content = std::move(call_);
    return std::move(reply_);
  }

 private:
  void TakeCandidate(const Json& candidate) {
    candidate_ = true;
    if (const Json* content = Find(candidate, "content")) {
      if (const Json* parts = Find(*content, "parts"); parts != nullptr && parts->is_array()) {
        for (const Json& part : *parts) TakePart(part);
      }
    }
    const std::string reason = TextOf(Find(candidate, "finishReason"));
    if (reason.empty()) return;
    reply_.finished = true;
    reply_.by_itself = reason == "STOP";
    reply_.cut_short = reason == "MAX_TOKENS";
    constexpr std::array<std::string_view, 5> kFiltered = {"SAFETY", "RECITATION", "BLOCKLIST",
                                                           "PROHIBITED_CONTENT", "SPII"};
    if (std::find(kFiltered.begin(), kFiltered.end(), reason) != kFiltered.end()) {
      reply_.refusal = "content_filter";
    }
  }
  void TakePart(const Json& part) {
    const Json* thought = Find(part, "thought");
    if (thought != nullptr && thought->is_boolean() && thought->get<bool>()) return;
    reply_.content += TextOf(Find(part, "text"));
    if (const Json* call = Find(part, "functionCall")) {
      const Json* arguments = Find(*call, "args");
      if (arguments != nullptr && arguments->is_object() && call_.empty()) {
        call_ = arguments->dump();
      }
    }
  }

  LlmReply reply_;
  std::string call_;
  bool candidate_ = false;
};

class Gemini : public Provider {
 public:
  std::string_view url() const override {
    return "https://generativelanguage.googleapis.com/v1beta";
  }
  std::string_view version_path() const override { return "/v1beta"; }
  std::string_view auth_header() const override { return "x-goog-api-key"; }
  Rung Below(Rung rung) const override {
    return rung == Rung::kPrompt ? rung : static_cast<Rung>(static_cast<int>(rung) + 1);
  }

  LlmRequest Request(const BackendConfig& config, const Dialect& dialect, const Chat& chat,
                     Stage stage) const override {
    OrderedJson body;
    body["systemInstruction"] = {{"parts", Parts(chat.prompt.system)}};
    body["contents"] = OrderedJson::array({{{"role", "user"}, {"parts", Parts(UserText(chat))}}});
    if (chat.repair && !chat.repair->reply.empty()) {
      body["contents"].push_back({{"role", "model"}, {"parts", Parts(chat.repair->reply)}});
      body["contents"].push_back({{"role", "user"}, {"parts", Parts(RepairText(*chat.repair))}});
    }
    body["generationConfig"]["maxOutputTokens"] = config.max_tokens;
    if (dialect.temperature) body["generationConfig"]["temperature"] = config.temperature;
    AskForForm(dialect, stage, body);
    const std::string& model = ServedModel(config);
    // Tuned models and those of other collections come with theirs.
    const std::string name = model.find('/') == model.npos ? "/models/" + model : "/" + model;
    return {name + (dialect.stream ? ":streamGenerateContent?alt=sse" : ":generateContent"),
            Finished(std::move(body), config)};
  }

  LlmReply Read(std::string_view body) const override { return ReadWith<Collector>(body); }
};

}  // namespace

std::unique_ptr<Provider> MakeGemini() { return std::make_unique<Gemini>(); }

}  // namespace consilium
