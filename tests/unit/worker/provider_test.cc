// Requests and responses of the four protocols, as their documentation shows them.
#include "worker/llm/provider.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace consilium {
namespace {

using nlohmann::json;

struct Sent {
  std::string path;
  json body;
};

BackendConfig Config() {
  BackendConfig config;
  config.model = "m";
  config.temperature = 0.5;
  config.max_tokens = 77;
  return config;
}

Sent Ask(const Provider& provider, const Dialect& dialect = {},
         const BackendConfig& config = Config(), Stage stage = Stage::kGenerate,
         const std::optional<Chat::Repair>& repair = {}) {
  Chat chat;
  chat.prompt = {"S", "U"};
  chat.repair = repair;
  const LlmRequest request = provider.Request(config, dialect, chat, stage);
  return {request.path, json::parse(request.body)};
}

Dialect At(Rung rung) {
  Dialect dialect;
  dialect.rung = rung;
  return dialect;
}

// Server-sent events of these documents.
std::string Events(const std::vector<std::string>& documents) {
  std::string all;
  for (const std::string& document : documents) all += "data: " + document + "\n\n";
  return all;
}

// Strict modes refuse a schema in which an object leaves a property optional or allows others.
void CheckStrict(const json& schema) {
  if (schema.contains("items")) CheckStrict(schema["items"]);
  if (schema["type"] != "object") return;
  EXPECT_EQ(schema["additionalProperties"], false);
  ASSERT_TRUE(schema["required"].is_array()) << schema;
  EXPECT_EQ(schema["required"].size(), schema["properties"].size());
  for (const auto& [name, property] : schema["properties"].items()) CheckStrict(property);
}

// --- OpenAI --------------------------------------------------------------------------------------

class OpenAiTest : public testing::Test {
 protected:
  std::unique_ptr<Provider> provider = MakeOpenAi();
};

TEST_F(OpenAiTest, RequestHasWhatTheServerNeeds) {
  const Sent sent = Ask(*provider);
  EXPECT_EQ(sent.path, "/chat/completions");
  EXPECT_EQ(sent.body["model"], "m");
  EXPECT_EQ(sent.body["messages"], json::parse(R"([{"role":"system","content":"S"},
                                                   {"role":"user","content":"U"}])"));
  EXPECT_EQ(sent.body["temperature"], 0.5);
  EXPECT_EQ(sent.body["max_tokens"], 77);
  EXPECT_EQ(sent.body["stream"], true);
  EXPECT_EQ(sent.body["stream_options"]["include_usage"], true);
  BackendConfig config = Config();
  config.served_model = "gpt-4o-2024";
  EXPECT_EQ(Ask(*provider, {}, config).body["model"], "gpt-4o-2024");
}

TEST_F(OpenAiTest, EachRungAsksInItsOwnWay) {
  const json schema = Ask(*provider).body;
  EXPECT_EQ(schema["response_format"]["type"], "json_schema");
  EXPECT_EQ(schema["response_format"]["json_schema"]["strict"], true);
  EXPECT_FALSE(schema.contains("tools"));
  const json tool = Ask(*provider, At(Rung::kTool)).body;
  EXPECT_EQ(tool["tool_choice"]["function"]["name"], "recommendation");
  EXPECT_EQ(tool["tools"][0]["function"]["parameters"],
            schema["response_format"]["json_schema"]["schema"]);
  EXPECT_FALSE(tool.contains("response_format"));
  const json object = Ask(*provider, At(Rung::kJson)).body;
  EXPECT_EQ(object["response_format"], json::parse(R"({"type":"json_object"})"));
  const json prompt = Ask(*provider, At(Rung::kPrompt)).body;
  EXPECT_FALSE(prompt.contains("response_format"));
  EXPECT_FALSE(prompt.contains("tools"));
}

TEST_F(OpenAiTest, WhatTheServerDoesNotTakeIsLeftOut) {
  Dialect dialect;
  dialect.temperature = false;
  dialect.max_completion_tokens = true;
  dialect.stream_usage = false;
  json body = Ask(*provider, dialect).body;
  EXPECT_FALSE(body.contains("temperature"));
  EXPECT_FALSE(body.contains("max_tokens"));
  EXPECT_EQ(body["max_completion_tokens"], 77);
  EXPECT_FALSE(body.contains("stream_options"));
  dialect.stream = false;
  body = Ask(*provider, dialect).body;
  EXPECT_FALSE(body.contains("stream"));
}

TEST_F(OpenAiTest, SchemasAreStrict) {
  const auto schema = [this](Stage stage) {
    return Ask(*provider, {}, Config(), stage).body["response_format"]["json_schema"]["schema"];
  };
  CheckStrict(schema(Stage::kGenerate));
  CheckStrict(schema(Stage::kReview));
  const json medication = schema(Stage::kGenerate)["properties"]["medications"]["items"];
  EXPECT_EQ(medication["properties"].size(), 7u);
  EXPECT_EQ(schema(Stage::kGenerate)["properties"]["option"]["type"],
            json::parse(R"(["string","null"])"));
  EXPECT_EQ(schema(Stage::kReview)["properties"]["grades"]["items"]["properties"]["harm"]["type"],
            "boolean");
}

TEST_F(OpenAiTest, ConfiguredFieldsAreMergedIn) {
  BackendConfig config = Config();
  config.body = {{"reasoning_effort", "\"low\""}, {"stream_options", R"({"x":1})"}};
  const json body = Ask(*provider, {}, config).body;
  EXPECT_EQ(body["reasoning_effort"], "low");
  EXPECT_EQ(body["stream_options"], json::parse(R"({"include_usage":true,"x":1})"));
}

TEST_F(OpenAiTest, OnlyAModelThatEndsByItselfIsComplete) {
  const std::string half = R"(data: {"choices":[{"delta":{"content":"{"}}]})"
                           "\n\n";
  const LlmReply aborted = provider->Read(half + "data: [DONE]\n\n");
  EXPECT_TRUE(aborted.finished);
  EXPECT_FALSE(aborted.by_itself) << "a router that lost its model says no more than that";
  EXPECT_TRUE(
      provider->Read(half + Events({R"({"choices":[{"finish_reason":"stop"}]})"})).by_itself);
}

TEST_F(OpenAiTest, RepairQuotesTheReplyAndWhatIsWrongWithIt) {
  const json turns = Ask(*provider, {}, Config(), Stage::kGenerate,
                         Chat::Repair{"no idea", "medications: missing"})
                         .body["messages"];
  ASSERT_EQ(turns.size(), 4u);
  EXPECT_EQ(turns[2], json::parse(R"({"role":"assistant","content":"no idea"})"));
  EXPECT_EQ(turns[3]["role"], "user");
  EXPECT_NE(turns[3]["content"].get<std::string>().find("medications: missing"), std::string::npos);
}

TEST_F(OpenAiTest, RepairOfAnEmptyReplyAsksInTheSameMessage) {
  const json turns =
      Ask(*provider, {}, Config(), Stage::kGenerate, Chat::Repair{"", "the reply is empty"})
          .body["messages"];
  ASSERT_EQ(turns.size(), 2u) << "an empty message of the assistant is refused by some";
  EXPECT_NE(turns[1]["content"].get<std::string>().find("the reply is empty"), std::string::npos);
}

TEST_F(OpenAiTest, BytesThatAreNotUtf8DoNotBreakTheRequest) {
  Chat chat;
  chat.prompt = {"S", "\xff"};
  EXPECT_NO_THROW(json::parse(provider->Request(Config(), {}, chat, Stage::kGenerate).body));
}

TEST_F(OpenAiTest, StreamAddsUpToTheMessage) {
  const LlmReply reply = provider->Read(
      ": comment\r\n\r\n" +
      Events({R"({"model":"gpt-1","choices":[{"delta":{"role":"assistant","content":""}}]})",
              R"({"choices":[{"delta":{"content":"{\"a\""}}]})",
              R"({"choices":[{"delta":{"content":":1}"}}]})",
              R"({"choices":[{"delta":{},"finish_reason":"stop"}]})",
              R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})", "[DONE]"}));
  EXPECT_EQ(reply.problem_code, "");
  EXPECT_EQ(reply.content, R"({"a":1})");
  EXPECT_TRUE(reply.finished);
  EXPECT_EQ(reply.model, "gpt-1");
  EXPECT_EQ(reply.prompt_tokens, 5);
  EXPECT_EQ(reply.completion_tokens, 7);
}

TEST_F(OpenAiTest, ForcedCallIsTheContentWholeOrStreamed) {
  const LlmReply whole = provider->Read(
      R"({"choices":[{"finish_reason":"stop","message":{"content":"Here:","tool_calls":
          [{"function":{"name":"recommendation","arguments":"{\"a\":1}"}}]}}]})");
  EXPECT_EQ(whole.content, R"({"a":1})");
  const LlmReply streamed = provider->Read(Events(
      {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"tool_calls"}]})"}));
  EXPECT_EQ(streamed.content, R"({"a":1})");
  EXPECT_TRUE(streamed.finished);
}

TEST_F(OpenAiTest, ErrorInTheMiddleOfAStreamIsOne) {
  const LlmReply reply = provider->Read(
      Events({R"({"choices":[{"delta":{"content":"{"}}]})",
              R"({"error":{"message":"quotes the prompt","type":"server_error"}})"}));
  EXPECT_TRUE(reply.failed);
  EXPECT_EQ(reply.error_word, "server_error");
}

TEST_F(OpenAiTest, CutStreamIsNotFinished) {
  const std::string whole = Events({R"({"choices":[{"delta":{"content":"{}"}}]})",
                                    R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"});
  for (std::size_t bytes = 0; bytes < whole.size() - 1; ++bytes) {
    EXPECT_FALSE(provider->Read(whole.substr(0, bytes)).finished) << bytes;
  }
  EXPECT_TRUE(provider->Read(whole).finished);
}

TEST_F(OpenAiTest, RefusalInPiecesIsOne) {
  EXPECT_EQ(
      provider
          ->Read(Events({R"({"choices":[{"delta":{"refusal":"I can"}}]})",
                         R"({"choices":[{"delta":{"refusal":"not"},"finish_reason":"stop"}]})"}))
          .refusal,
      "refusal");
}

// --- Anthropic -----------------------------------------------------------------------------------

class AnthropicTest : public testing::Test {
 protected:
  std::unique_ptr<Provider> provider = MakeAnthropic();
};

TEST_F(AnthropicTest, RequestHasWhatTheServerNeeds) {
  const Sent sent = Ask(*provider);
  EXPECT_EQ(sent.path, "/messages");
  EXPECT_EQ(sent.body["system"], "S");
  EXPECT_EQ(sent.body["messages"], json::parse(R"([{"role":"user","content":"U"}])"));
  EXPECT_EQ(sent.body["max_tokens"], 77);
  EXPECT_EQ(sent.body["stream"], true);
  EXPECT_EQ(sent.body["output_config"]["format"]["type"], "json_schema");
  CheckStrict(sent.body["output_config"]["format"]["schema"]);
  EXPECT_EQ(provider->extra_header(), "anthropic-version: 2023-06-01");
  const json tool = Ask(*provider, At(Rung::kTool), Config(), Stage::kReview).body;
  EXPECT_EQ(tool["tool_choice"], json::parse(R"({"type":"tool","name":"grades"})"));
  EXPECT_EQ(tool["tools"][0]["name"], "grades");
  EXPECT_TRUE(tool["tools"][0]["input_schema"].is_object());
}

TEST_F(AnthropicTest, MessageIsRead) {
  const LlmReply reply = provider->Read(
      R"({"type":"message","model":"claude-1","stop_reason":"end_turn",
          "content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"{}"}],
          "usage":{"input_tokens":3,"cache_read_input_tokens":4,"output_tokens":5}})");
  EXPECT_EQ(reply.content, "{}");
  EXPECT_TRUE(reply.finished);
  EXPECT_EQ(reply.model, "claude-1");
  EXPECT_EQ(reply.prompt_tokens, 7);
  EXPECT_EQ(reply.completion_tokens, 5);
}

TEST_F(AnthropicTest, StreamAddsUpToTheMessage) {
  std::string stream;
  const std::pair<const char*, const char*> events[] = {
      {"message_start",
       R"({"type":"message_start","message":{"model":"claude-1","usage":{"input_tokens":3,"output_tokens":1}}})"},
      {"content_block_start",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"},
      {"ping", R"({"type":"ping"})"},
      {"content_block_delta",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{\"a\""}})"},
      {"content_block_delta",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":":1}"}})"},
      {"content_block_stop", R"({"type":"content_block_stop","index":0})"},
      {"message_delta",
       R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}})"},
      {"message_stop", R"({"type":"message_stop"})"},
  };
  for (const auto& [name, data] : events) {
    stream += "event: " + std::string(name) + "\ndata: " + data + "\n\n";
  }
  const LlmReply reply = provider->Read(stream);
  EXPECT_EQ(reply.content, R"({"a":1})");
  EXPECT_TRUE(reply.finished);
  EXPECT_EQ(reply.prompt_tokens, 3);
  EXPECT_EQ(reply.completion_tokens, 9);
  EXPECT_FALSE(provider->Read(stream.substr(0, stream.find("event: message_delta"))).finished);
}

TEST_F(AnthropicTest, ForcedCallIsTheContentWholeOrStreamed) {
  EXPECT_EQ(provider
                ->Read(R"({"type":"message","stop_reason":"tool_use","content":
                    [{"type":"text","text":"Here:"},{"type":"tool_use","input":{"a":1}}]})")
                .content,
            R"({"a":1})");
  EXPECT_EQ(
      provider
          ->Read(Events(
              {R"({"type":"message_start","message":{"model":"c"}})",
               R"({"type":"content_block_start","content_block":{"type":"tool_use","input":{}}})",
               R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{\"a\""}})",
               R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":":1}"}})",
               R"({"type":"message_stop"})"}))
          .content,
      R"({"a":1})");
}

TEST_F(AnthropicTest, EndsAreToldApart) {
  const auto read = [this](const std::string& reason) {
    return provider->Read(R"({"type":"message","content":[],"stop_reason":")" + reason + "\"}");
  };
  EXPECT_TRUE(read("max_tokens").cut_short);
  EXPECT_EQ(read("refusal").refusal, "refusal");
  const LlmReply overloaded = provider->Read(
      "event: error\n" +
      Events({R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}));
  EXPECT_TRUE(overloaded.failed);
  EXPECT_EQ(overloaded.error_word, "overloaded_error");
  EXPECT_EQ(provider->Read("{}").problem_code, "no_message");
}

// --- Gemini --------------------------------------------------------------------------------------

class GeminiTest : public testing::Test {
 protected:
  std::unique_ptr<Provider> provider = MakeGemini();
};

TEST_F(GeminiTest, RequestHasWhatTheServerNeeds) {
  const Sent sent = Ask(*provider);
  EXPECT_EQ(sent.path, "/models/m:streamGenerateContent?alt=sse");
  EXPECT_EQ(sent.body["systemInstruction"], json::parse(R"({"parts":[{"text":"S"}]})"));
  EXPECT_EQ(sent.body["contents"], json::parse(R"([{"role":"user","parts":[{"text":"U"}]}])"));
  const json generation = sent.body["generationConfig"];
  EXPECT_EQ(generation["maxOutputTokens"], 77);
  EXPECT_EQ(generation["temperature"], 0.5);
  EXPECT_EQ(generation["responseMimeType"], "application/json");
  CheckStrict(generation["responseJsonSchema"]);
  Dialect plain = At(Rung::kPrompt);
  plain.stream = false;
  EXPECT_EQ(Ask(*provider, plain).path, "/models/m:generateContent");
  EXPECT_FALSE(Ask(*provider, plain).body["generationConfig"].contains("responseMimeType"));
  EXPECT_FALSE(
      Ask(*provider, At(Rung::kJson)).body["generationConfig"].contains("responseJsonSchema"));
  const json tool = Ask(*provider, At(Rung::kTool)).body;
  EXPECT_EQ(tool["toolConfig"]["functionCallingConfig"]["mode"], "ANY");
  EXPECT_EQ(tool["tools"][0]["functionDeclarations"][0]["name"], "recommendation");
}

TEST_F(GeminiTest, StreamAddsUpToTheMessage) {
  const LlmReply reply = provider->Read(Events(
      {R"({"modelVersion":"gemini-1","candidates":[{"content":{"parts":[{"text":"so","thought":true},{"text":"{\"a\""}]}}],"usageMetadata":{"promptTokenCount":3}})",
       R"({"candidates":[{"content":{"parts":[{"text":":1}"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4,"thoughtsTokenCount":5}})"}));
  EXPECT_EQ(reply.content, R"({"a":1})");
  EXPECT_TRUE(reply.finished);
  EXPECT_EQ(reply.model, "gemini-1");
  EXPECT_EQ(reply.prompt_tokens, 3);
  EXPECT_EQ(reply.completion_tokens, 9) << "thinking is paid for, too";
}

TEST_F(GeminiTest, EndsAreToldApart) {
  EXPECT_EQ(provider->Read(R"({"promptFeedback":{"blockReason":"SAFETY"}})").refusal,
            "content_filter");
  EXPECT_EQ(provider->Read(R"({"candidates":[{"finishReason":"SAFETY"}]})").refusal,
            "content_filter");
  EXPECT_TRUE(provider->Read(R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})").cut_short);
  EXPECT_EQ(provider->Read("{}").problem_code, "no_candidates");
  EXPECT_EQ(provider
                ->Read(R"({"candidates":[{"finishReason":"STOP","content":{"parts":
                    [{"functionCall":{"name":"recommendation","args":{"a":1}}}]}}]})")
                .content,
            R"({"a":1})");
  EXPECT_EQ(provider->Read(R"([{"error":{"status":"UNAVAILABLE"}}])").error_word, "UNAVAILABLE");
}

// --- Ollama --------------------------------------------------------------------------------------

class OllamaTest : public testing::Test {
 protected:
  std::unique_ptr<Provider> provider = MakeOllama();
};

TEST_F(OllamaTest, RequestHasWhatTheServerNeeds) {
  const Sent sent = Ask(*provider);
  EXPECT_EQ(sent.path, "/api/chat");
  EXPECT_EQ(sent.body["messages"].size(), 2u);
  EXPECT_EQ(sent.body["stream"], true);
  EXPECT_EQ(sent.body["options"], json::parse(R"({"num_predict":77,"temperature":0.5})"));
  CheckStrict(sent.body["format"]);
  EXPECT_EQ(Ask(*provider, At(Rung::kJson)).body["format"], "json");
  EXPECT_FALSE(Ask(*provider, At(Rung::kPrompt)).body.contains("format"));
  Dialect whole;
  whole.stream = false;
  EXPECT_EQ(Ask(*provider, whole).body["stream"], false) << "its default is true";
}

TEST_F(OllamaTest, LinesAddUpToTheMessage) {
  const std::string first =
      R"({"model":"llama3.1:8b","message":{"role":"assistant","content":"{\"a\""},"done":false})"
      "\n";
  const std::string last =
      R"({"message":{"content":":1}"},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4})";
  const LlmReply reply = provider->Read(first + last);
  EXPECT_EQ(reply.content, R"({"a":1})");
  EXPECT_TRUE(reply.finished);
  EXPECT_EQ(reply.prompt_tokens, 3);
  EXPECT_EQ(reply.completion_tokens, 4);
  EXPECT_FALSE(provider->Read(first).finished) << "a cut stream may be one whole line";
  EXPECT_FALSE(provider->Read(first + last.substr(0, 30)).finished);
  EXPECT_TRUE(provider->Read(first + "{\"error\":\"out of memory\"}\n").failed);
  EXPECT_TRUE(
      provider->Read(R"({"message":{"content":""},"done":true,"done_reason":"length"})").cut_short);
}

// --- all -----------------------------------------------------------------------------------------

TEST(ProviderTest, NonsenseIsNotJsonForAll) {
  for (const char* name : {"openai", "anthropic", "gemini", "ollama"}) {
    const auto provider = MakeProvider(name);
    for (const std::string& body :
         {std::string("<html>"), std::string(), std::string("data: {\n\n"),
          std::string(100000, '['), std::string("\x1f\x8b garbage"), std::string("{\"a\":\n")}) {
      const LlmReply reply = provider->Read(body);
      EXPECT_NE(reply.problem_code, "") << name << " " << body.substr(0, 20);
      EXPECT_FALSE(reply.failed);
    }
  }
}

}  // namespace
}  // namespace consilium
