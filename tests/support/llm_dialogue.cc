#include "tests/support/llm_dialogue.h"

#include <sstream>
#include <vector>

namespace consilium {
namespace {

using Json = nlohmann::json;

constexpr char kToolName[] = "answer";

Json Schema() {
  const Json text = {{"type", "string"}};
  const Json medication = {{"type", "object"},
                           {"properties", {{"ingredient", text}, {"dose", text}}},
                           {"required", Json::array({"ingredient", "dose"})},
                           {"additionalProperties", false}};
  return {{"type", "object"},
          {"properties",
           {{"medications", {{"type", "array"}, {"items", medication}}}, {"rationale", text}}},
          {"required", Json::array({"medications", "rationale"})},
          {"additionalProperties", false}};
}

Json Messages(const LlmWish& wish, bool with_system) {
  Json messages = Json::array();
  if (with_system) messages.push_back({{"role", "system"}, {"content", wish.system}});
  messages.push_back({{"role", "user"}, {"content", wish.user}});
  return messages;
}

Json OpenAi(const LlmWish& wish) {
  Json body = {{"model", wish.model}, {"messages", Messages(wish, true)}};
  if (wish.streamed) {
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
  }
  if (wish.rung == LlmRung::kJsonObject) body["response_format"] = {{"type", "json_object"}};
  if (wish.rung == LlmRung::kSchema) {
    body["response_format"] = {
        {"type", "json_schema"},
        {"json_schema", {{"name", kToolName}, {"strict", true}, {"schema", Schema()}}}};
  }
  if (wish.rung == LlmRung::kTools) {
    body["tools"] = Json::array(
        {{{"type", "function"}, {"function", {{"name", kToolName}, {"parameters", Schema()}}}}});
    body["tool_choice"] = "required";
  }
  return body;
}

Json Anthropic(const LlmWish& wish) {
  Json body = {{"model", wish.model},
               {"max_tokens", 1000},
               {"system", wish.system},
               {"messages", Messages(wish, false)},
               {"stream", wish.streamed}};
  if (wish.rung == LlmRung::kSchema) {
    body["output_config"] = {{"format", {{"type", "json_schema"}, {"schema", Schema()}}}};
  }
  if (wish.rung == LlmRung::kTools) {
    body["tools"] = Json::array({{{"name", kToolName}, {"input_schema", Schema()}}});
    body["tool_choice"] = {{"type", "tool"}, {"name", kToolName}};
  }
  return body;
}

Json Gemini(const LlmWish& wish) {
  const auto parts = [](const std::string& text) { return Json::array({Json{{"text", text}}}); };
  Json body = {{"systemInstruction", {{"parts", parts(wish.system)}}},
               {"contents", Json::array({{{"role", "user"}, {"parts", parts(wish.user)}}})},
               {"generationConfig", {{"temperature", 0.2}}}};
  Json& config = body["generationConfig"];
  if (wish.rung == LlmRung::kJsonObject || wish.rung == LlmRung::kSchema) {
    config["responseMimeType"] = "application/json";
  }
  if (wish.rung == LlmRung::kSchema) config["responseJsonSchema"] = Schema();
  if (wish.rung == LlmRung::kTools) {
    const Json declaration = {{"name", kToolName}, {"parametersJsonSchema", Schema()}};
    body["tools"] = Json::array({{{"functionDeclarations", Json::array({declaration})}}});
    body["toolConfig"] = {{"functionCallingConfig", {{"mode", "ANY"}}}};
  }
  return body;
}

Json Ollama(const LlmWish& wish) {
  Json body = {
      {"model", wish.model}, {"messages", Messages(wish, true)}, {"stream", wish.streamed}};
  if (wish.rung == LlmRung::kJsonObject) body["format"] = "json";
  if (wish.rung == LlmRung::kSchema) body["format"] = Schema();
  if (wish.rung == LlmRung::kTools) {
    body["tools"] = Json::array(
        {{{"type", "function"}, {"function", {{"name", kToolName}, {"parameters", Schema()}}}}});
  }
  return body;
}

std::string Text(const Json& from, const char* pointer) {
  const Json::json_pointer at{std::string(pointer)};
  return from.contains(at) && from[at].is_string() ? from[at].get<std::string>() : "";
}

// Keeps what was there before when there is nothing new.
void Take(std::string& text, const std::string& more) {
  if (!more.empty()) text = more;
}

void Count(const Json& from, const char* pointer, int& tokens) {
  const Json::json_pointer at{std::string(pointer)};
  if (from.contains(at) && from[at].is_number_integer()) tokens = from[at].get<int>();
}

void HearOpenAi(const Json& event, LlmHeard& heard) {
  Take(heard.model, Text(event, "/model"));
  for (const char* message : {"/choices/0/message", "/choices/0/delta"}) {
    const std::string at = message;
    heard.content += Text(event, (at + "/content").c_str());
    heard.refusal += Text(event, (at + "/refusal").c_str());
    heard.content += Text(event, (at + "/tool_calls/0/function/arguments").c_str());
    Take(heard.tool, Text(event, (at + "/tool_calls/0/function/name").c_str()));
  }
  Take(heard.reason, Text(event, "/choices/0/finish_reason"));
  Count(event, "/usage/prompt_tokens", heard.prompt_tokens);
  Count(event, "/usage/completion_tokens", heard.completion_tokens);
  Take(heard.error, Text(event, "/error/message"));
  Take(heard.error, Text(event, "/error/type"));
  Take(heard.error, Text(event, "/error/code"));
}

void HearAnthropic(const Json& event, LlmHeard& heard) {
  const Json& message =
      event.contains("message") && event["message"].is_object() ? event["message"] : event;
  Take(heard.model, Text(message, "/model"));
  heard.content += Text(event, "/content/0/text");
  if (event.contains("/content/0/input"_json_pointer)) {
    heard.content += event["content"][0]["input"].dump();
  }
  Take(heard.tool, Text(event, "/content/0/name"));
  Take(heard.tool, Text(event, "/content_block/name"));
  heard.content += Text(event, "/delta/text") + Text(event, "/delta/partial_json");
  Take(heard.reason, Text(event, "/stop_reason"));
  Take(heard.reason, Text(event, "/delta/stop_reason"));
  if (heard.reason == "refusal") heard.refusal = "refusal";
  Count(message, "/usage/input_tokens", heard.prompt_tokens);
  Count(message, "/usage/output_tokens", heard.completion_tokens);
  heard.finished = heard.finished || Text(event, "/type") == "message_stop";
  Take(heard.error, Text(event, "/error/type"));
}

void HearGemini(const Json& event, LlmHeard& heard) {
  Take(heard.model, Text(event, "/modelVersion"));
  heard.content += Text(event, "/candidates/0/content/parts/0/text");
  const Json::json_pointer call("/candidates/0/content/parts/0/functionCall");
  if (event.contains(call)) {
    heard.tool = Text(event[call], "/name");
    heard.content += event[call]["args"].dump();
  }
  Take(heard.reason, Text(event, "/candidates/0/finishReason"));
  heard.refusal += Text(event, "/promptFeedback/blockReason");
  if (heard.reason == "SAFETY") heard.refusal = heard.reason;
  Count(event, "/usageMetadata/promptTokenCount", heard.prompt_tokens);
  Count(event, "/usageMetadata/candidatesTokenCount", heard.completion_tokens);
  heard.finished = heard.finished || !heard.reason.empty() || !heard.refusal.empty();
  Take(heard.error, Text(event, "/error/status"));
}

void HearOllama(const Json& event, LlmHeard& heard) {
  Take(heard.model, Text(event, "/model"));
  heard.content += Text(event, "/message/content");
  const Json::json_pointer call("/message/tool_calls/0/function");
  if (event.contains(call)) {
    heard.tool = Text(event[call], "/name");
    heard.content = event[call]["arguments"].dump();
  }
  Take(heard.reason, Text(event, "/done_reason"));
  Count(event, "/prompt_eval_count", heard.prompt_tokens);
  Count(event, "/eval_count", heard.completion_tokens);
  heard.finished = heard.finished || event.value("done", false);
  Take(heard.error, Text(event, "/error"));
}

}  // namespace

std::string PathOf(const LlmWish& wish) {
  switch (wish.form) {
    case LlmForm::kOpenAi:
      return "/v1/chat/completions";
    case LlmForm::kAnthropic:
      return "/v1/messages";
    case LlmForm::kGemini:
      return "/v1beta/models/" + wish.model +
             (wish.streamed ? ":streamGenerateContent?alt=sse" : ":generateContent");
    case LlmForm::kOllama:
      return "/api/chat";
  }
  return "";
}

std::string RequestOf(const LlmWish& wish) {
  switch (wish.form) {
    case LlmForm::kOpenAi:
      return OpenAi(wish).dump();
    case LlmForm::kAnthropic:
      return Anthropic(wish).dump();
    case LlmForm::kGemini:
      return Gemini(wish).dump();
    case LlmForm::kOllama:
      return Ollama(wish).dump();
  }
  return "";
}

LlmHeard Hear(const LlmWish& wish, const std::string& body) {
  LlmHeard heard;
  std::vector<std::string> events;
  if (!wish.streamed) events = {body};
  std::istringstream lines(wish.streamed ? body : "");
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (wish.form == LlmForm::kOllama) {
      events.push_back(line);
    } else if (line == "data: [DONE]") {
      heard.finished = true;
    } else if (line.compare(0, 6, "data: ") == 0) {
      events.push_back(line.substr(6));
    }
  }
  for (const std::string& text : events) {
    const Json event = Json::parse(text, nullptr, false);
    if (!event.is_object()) {
      heard.well_formed = false;
      continue;
    }
    switch (wish.form) {
      case LlmForm::kOpenAi:
        HearOpenAi(event, heard);
        break;
      case LlmForm::kAnthropic:
        HearAnthropic(event, heard);
        break;
      case LlmForm::kGemini:
        HearGemini(event, heard);
        break;
      case LlmForm::kOllama:
        HearOllama(event, heard);
        break;
    }
  }
  if (!wish.streamed) heard.finished = !heard.reason.empty() || !heard.refusal.empty();
  return heard;
}

LlmWish GenerateWish(LlmForm form, bool streamed, const std::string& case_text) {
  LlmWish wish;
  wish.form = form;
  wish.streamed = streamed;
  wish.system = "Answer with one JSON object and nothing else:\n{\"medications\": []}";
  wish.user = "BEGIN CASE 1\nText:\n" + case_text +
              "\n\nKnown about the patient:\n- age: 50 years\n\nOptions:\nnone: the question is "
              "open\n\nEND CASE 1\n";
  return wish;
}

LlmWish ReviewWish(LlmForm form, bool streamed, const std::string& case_text) {
  LlmWish wish = GenerateWish(form, streamed, case_text);
  wish.system = "Answer with one JSON object and nothing else:\n{\"grades\": []}";
  wish.user +=
      "Answers, one per line:\n"
      "{\"label\":\"A\",\"medications\":[{\"ingredient\":\"ramipril\"}]}\n"
      "{\"label\":\"B\",\"medications\":[]}\n";
  return wish;
}

}  // namespace consilium
