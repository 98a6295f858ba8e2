#include "worker/openai_reply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <utility>

#include "shared/text.h"
#include "worker/answer_parser.h"
#include "worker/json_object.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

Json Property(const char* type) { return {{"type", type}}; }
Json Nullable(const char* type) { return {{"type", {type, "null"}}}; }

// Strict mode wants every property required and none besides.
Json Object(Json properties) {
  Json required = Json::array();
  for (const auto& [name, type] : properties.items()) required.push_back(name);
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Json Array(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json ResponseFormat(Stage stage) {
  Json schema;
  if (stage == Stage::kGenerate) {
    const Json medication = Object({{"ingredient", Property("string")},
                                    {"dose", Property("string")},
                                    {"unit", Property("string")},
                                    {"route", Property("string")},
                                    {"frequency", Property("string")},
                                    {"duration", Property("string")},
                                    {"indication", Property("string")}});
    schema = Object({{"medications", Array(medication)},
                     {"option", Nullable("string")},
                     {"rationale", Property("string")},
                     {"cautions", Property("string")},
                     {"confidence", Nullable("number")}});
  } else {
    schema = Object({{"grades", Array(Object({{"label", Property("string")},
                                              {"grade", Property("number")},
                                              {"comment", Property("string")},
                                              {"harm", Property("boolean")}}))}});
  }
  const char* name = stage == Stage::kGenerate ? "recommendation" : "grades";
  return {{"type", "json_schema"},
          {"json_schema", {{"name", name}, {"strict", true}, {"schema", std::move(schema)}}}};
}

Outcome Ended(OutcomeStatus status, std::string code, std::string text, bool retryable) {
  Outcome outcome;
  outcome.status = status;
  outcome.code = std::move(code);
  outcome.text = std::move(text);
  outcome.retryable = retryable;
  return outcome;
}

// A provider's own word for an error, when it is a word: its sentences may quote the prompt.
std::string ErrorWord(const Json& body) {
  const Json* error = Find(body, "error");
  if (error == nullptr) return "";
  for (const char* key : {"code", "type"}) {
    const Json* word = Find(*error, key);
    if (word == nullptr || !word->is_string()) continue;
    std::string text = word->get<std::string>();
    const bool fits =
        !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_' || c == '-' || c == '.';
        });
    if (fits) return text;
  }
  return "";
}

Outcome TransportFailure(const BackendConfig& config, const HttpReply& reply, bool deadline_bound) {
  const std::string detail = CleanText(CutUtf8(reply.detail, 300), /*lines=*/false);
  switch (reply.end) {
    case HttpReply::End::kConnectFailed:
      return Ended(OutcomeStatus::kError, "connect_failed",
                   "no connection to " + config.url + ": " + detail, true);
    case HttpReply::End::kTlsFailed:
      return Ended(OutcomeStatus::kError, "tls_failed",
                   "the certificate of " + config.url + " is not trusted: " + detail, false);
    case HttpReply::End::kStalled:
      return Ended(OutcomeStatus::kTimedOut, "stalled", "the model stalled: " + detail, true);
    case HttpReply::End::kTotal:
      if (deadline_bound) return DeadlineOutcome();
      return Ended(OutcomeStatus::kTimedOut, "total", "the model was too slow: " + detail, true);
    case HttpReply::End::kOversized:
      return Ended(OutcomeStatus::kMalformed, "oversized",
                   "the reply has more than " + std::to_string(config.reply_bytes_max) + " bytes",
                   true);
    case HttpReply::End::kCut:
    case HttpReply::End::kDone:
      break;
  }
  return Ended(OutcomeStatus::kError, "cut_stream", "the connection broke: " + detail, true);
}

Outcome HttpFailure(const BackendConfig& config, const HttpReply& reply, const Json& body) {
  const std::string number = std::to_string(reply.status);
  const std::string word = ErrorWord(body);
  const std::string said = "HTTP " + number + (word.empty() ? "" : " (" + word + ")");
  switch (reply.status) {
    case 401:
    case 403:
      return Ended(
          OutcomeStatus::kError, "unauthorised",
          said + ": the key in api_key_env is missing, wrong or not allowed to use " + config.model,
          false);
    case 404:
      return Ended(OutcomeStatus::kError, "model_not_found",
                   said + ": " + config.url + " does not serve \"" +
                       (config.served_model.empty() ? config.model : config.served_model) + "\"",
                   false);
    case 429:
      // A used-up budget does not come back by waiting.
      return Ended(OutcomeStatus::kRateLimited, word == "insufficient_quota" ? word : "http_429",
                   said + ": the provider limits the rate", word != "insufficient_quota");
    default:
      break;
  }
  const bool passing = reply.status == 408 || reply.status == 409 || reply.status == 425 ||
                       (reply.status >= 500 && reply.status <= 599);
  std::string text = said + " from " + config.url;
  if (reply.status >= 300 && reply.status <= 399) {
    text += ": redirects are not followed, expected the final address in url";
  }
  return Ended(OutcomeStatus::kError, "http_" + number, std::move(text), passing);
}

Usage ReadUsage(const BackendConfig& config, const Json& body) {
  Usage usage;
  const Json* counts = Find(body, "usage");
  if (counts == nullptr) return usage;
  const auto count = [counts](const char* key) -> std::optional<std::int64_t> {
    const Json* value = Find(*counts, key);
    if (value == nullptr || !value->is_number_unsigned()) return std::nullopt;
    const std::uint64_t tokens = value->get<std::uint64_t>();
    // More than any model's context is not a count.
    if (tokens > 1'000'000'000) return std::nullopt;
    return static_cast<std::int64_t>(tokens);
  };
  usage.prompt_tokens = count("prompt_tokens");
  usage.completion_tokens = count("completion_tokens");
  if (usage.prompt_tokens && usage.completion_tokens && config.usd_per_million_prompt &&
      config.usd_per_million_completion) {
    usage.cost_usd =
        (static_cast<double>(*usage.prompt_tokens) * *config.usd_per_million_prompt +
         static_cast<double>(*usage.completion_tokens) * *config.usd_per_million_completion) /
        1e6;
  }
  return usage;
}

std::string TextOf(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

// Usually a string; some servers send a list of parts.
std::string ContentOf(const Json& message) {
  const Json* content = Find(message, "content");
  if (content == nullptr || !content->is_array()) return TextOf(content);
  std::string all;
  for (const Json& part : *content) all += TextOf(Find(part, "text"));
  return all;
}

Outcome ReadContent(const BackendCall& call, const std::string& content, bool cut_short) {
  std::optional<ParseProblem> problem;
  Outcome outcome = Ended(OutcomeStatus::kOk, "", "", false);
  if (call.task.stage == Stage::kGenerate) {
    Parsed<Answer> answer = ParseAnswer(content, call.vignette.options);
    problem = std::move(answer.problem);
    if (!problem) outcome.answer = std::move(answer.value);
  } else {
    std::vector<std::string> labels;
    if (call.review) {
      for (const LabelledAnswer& shown : call.review->answers) labels.push_back(shown.label);
    }
    Parsed<std::vector<Grade>> grades = ParseGrades(content, labels);
    problem = std::move(grades.problem);
    if (!problem) outcome.grades = std::move(grades.value);
  }
  if (!problem) return outcome;
  if (cut_short) {
    return Ended(OutcomeStatus::kMalformed, "truncated",
                 "the model reached max_tokens before its answer was complete", true);
  }
  return Ended(OutcomeStatus::kMalformed, problem->code, problem->text, true);
}

Outcome ReadBody(const BackendCall& call, const Json& body) {
  const Json* error = Find(body, "error");
  if (error != nullptr && !error->is_null()) {
    const std::string word = ErrorWord(body);
    return Ended(OutcomeStatus::kError, "provider_error",
                 "HTTP 200 with an error" + (word.empty() ? "" : " (" + word + ")"), true);
  }
  const Json* choices = Find(body, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) {
    return Ended(OutcomeStatus::kMalformed, "no_choices", "the reply has no choices", true);
  }
  const Json& choice = choices->front();
  const Json* message = Find(choice, "message");
  if (message == nullptr || !message->is_object()) {
    return Ended(OutcomeStatus::kMalformed, "no_message", "choices[0].message: missing", true);
  }
  const std::string reason = TextOf(Find(choice, "finish_reason"));
  if (!TextOf(Find(*message, "refusal")).empty()) {
    return Ended(OutcomeStatus::kRefused, "refusal", "the model refused to answer", false);
  }
  if (reason == "content_filter") {
    return Ended(OutcomeStatus::kRefused, "content_filter",
                 "the provider's content filter stopped the answer", false);
  }
  const std::string content = ContentOf(*message);
  if (Trimmed(content).empty() && reason != "length") {
    return Ended(OutcomeStatus::kMalformed, "empty", "choices[0].message.content: empty", true);
  }
  return ReadContent(call, content, reason == "length");
}

}  // namespace

std::string ChatRequest(const BackendConfig& config, const Dialect& dialect, const Prompt& prompt,
                        Stage stage) {
  nlohmann::ordered_json body;
  body["model"] = config.served_model.empty() ? config.model : config.served_model;
  body["messages"] = {{{"role", "system"}, {"content", prompt.system}},
                      {{"role", "user"}, {"content", prompt.user}}};
  if (dialect.temperature) body["temperature"] = config.temperature;
  body[dialect.max_completion_tokens ? "max_completion_tokens" : "max_tokens"] = config.max_tokens;
  if (config.json_schema && dialect.json_schema) body["response_format"] = ResponseFormat(stage);
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::optional<Dialect> LearnDialect(const HttpReply& reply, const Dialect& used) {
  if (reply.end != HttpReply::End::kDone || (reply.status != 400 && reply.status != 422)) {
    return std::nullopt;
  }
  const std::string text = LowerAscii(reply.body);
  const auto mentions = [&text](const char* word) { return text.find(word) != text.npos; };
  Dialect learned = used;
  if (used.json_schema && (mentions("response_format") || mentions("json_schema"))) {
    learned.json_schema = false;
  } else if (!used.max_completion_tokens && mentions("max_completion_tokens")) {
    learned.max_completion_tokens = true;
  } else if (used.temperature && mentions("temperature")) {
    learned.temperature = false;
  } else {
    return std::nullopt;
  }
  return learned;
}

Outcome ReadChatReply(const BackendConfig& config, const BackendCall& call, const HttpReply& reply,
                      bool deadline_bound, std::int64_t unix_s) {
  if (reply.end != HttpReply::End::kDone) return TransportFailure(config, reply, deadline_bound);
  const std::optional<Json> parsed = ReadJson(reply.body);
  const Json body = parsed.value_or(Json());
  Outcome outcome;
  if (reply.status < 200 || reply.status > 299) {
    outcome = HttpFailure(config, reply, body);
    outcome.retry_after_ms = ParseRetryAfter(reply.retry_after, reply.retry_after_ms, unix_s);
    return outcome;
  }
  if (!parsed) {
    return Ended(OutcomeStatus::kMalformed, "not_json", "the reply of the server is not JSON",
                 true);
  }
  outcome = ReadBody(call, body);
  outcome.usage = ReadUsage(config, body);
  const std::string served = CleanText(TextOf(Find(body, "model")), /*lines=*/false);
  outcome.model_served = std::string(CutUtf8(served, 128));
  return outcome;
}

std::optional<std::int64_t> ParseRetryAfter(const std::optional<std::string>& retry_after,
                                            const std::optional<std::string>& retry_after_ms,
                                            std::int64_t unix_s) {
  const auto number = [](const std::string& text) -> std::optional<double> {
    double value = 0.0;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
    return value;
  };
  const auto bounded = [](double ms) {
    return static_cast<std::int64_t>(std::ceil(std::clamp(ms, 0.0, 86'400'000.0)));
  };
  if (retry_after_ms) {
    if (const auto ms = number(*retry_after_ms)) return bounded(*ms);
  }
  if (!retry_after) return std::nullopt;
  if (const auto seconds = number(*retry_after)) return bounded(*seconds * 1000.0);
  constexpr std::array<const char*, 3> kForms = {"%a, %d %b %Y %H:%M:%S GMT",  // IMF-fixdate
                                                 "%A, %d-%b-%y %H:%M:%S GMT",  // RFC 850
                                                 "%a %b %d %H:%M:%S %Y"};      // asctime
  for (const char* form : kForms) {
    std::tm date{};
    const char* const end = strptime(retry_after->c_str(), form, &date);
    if (end == nullptr || *end != '\0') continue;
    return bounded(static_cast<double>(timegm(&date) - unix_s) * 1000.0);
  }
  return std::nullopt;
}

}  // namespace consilium
