#include "worker/llm/reply_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "shared/text.h"
#include "worker/answer_parser.h"
#include "worker/json_object.h"
#include "worker/llm/rate_headers.h"
#include "worker/llm/served_model.h"
#include "worker/llm/wire_json.h"
#include "worker/refusal.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

constexpr std::int64_t kSlowDownMs = 5000;

Outcome Ended(OutcomeStatus status, std::string code, std::string text, bool retryable) {
  Outcome outcome;
  outcome.status = status;
  outcome.code = std::move(code);
  outcome.text = std::move(text);
  outcome.retryable = retryable;
  return outcome;
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
    case HttpReply::End::kHandshakeFailed:
      return Ended(OutcomeStatus::kError, "tls_handshake",
                   "no encrypted connection to " + config.url + ": " + detail, true);
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

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Outcome Unauthorised(const BackendConfig& config, const std::string& said) {
  return Ended(
      OutcomeStatus::kError, "unauthorised",
      said + ": the key in api_key_env is missing, wrong or not allowed to use " + config.model,
      false);
}

Outcome HttpFailure(const BackendConfig& config, const HttpReply& reply, const std::string& word) {
  const std::string number = std::to_string(reply.status);
  const std::string said = "HTTP " + number + (word.empty() ? "" : " (" + word + ")");
  // A used-up budget does not come back by waiting.
  const bool no_credit = IsOneOf(word, {"insufficient_quota", "billing_hard_limit_reached"});
  switch (reply.status) {
    case 400:
    case 422:
      if (IsOneOf(word,
                  {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"})) {
        return Ended(OutcomeStatus::kRefused, "content_filter",
                     "the provider's content filter refused the prompt", false);
      }
      if (word == "API_KEY_INVALID") return Unauthorised(config, said);
      break;
    case 401:
    case 403:
      return Unauthorised(config, said);
    case 402:
      return Ended(OutcomeStatus::kError, "insufficient_quota",
                   said + ": the account at " + config.url + " has no credit", false);
    case 404:
      return Ended(OutcomeStatus::kError, "model_not_found",
                   said + ": " + config.url + " does not serve \"" + ServedModel(config) + "\"",
                   false);
    case 429:
      return Ended(OutcomeStatus::kRateLimited, no_credit ? word : "http_429",
                   said + ": the provider limits the rate", !no_credit);
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

// Google says in the body when to come back.
std::optional<std::int64_t> RetryDelayOf(const Json& body, std::int64_t unix_s) {
  const Json* error = Find(body, "error");
  const Json* details = error == nullptr ? nullptr : Find(*error, "details");
  if (details == nullptr || !details->is_array()) return std::nullopt;
  for (const Json& detail : *details) {
    const std::string delay = TextOf(Find(detail, "retryDelay"));
    if (!delay.empty()) return ParseReset(delay, unix_s);
  }
  return std::nullopt;
}

Reading ReadFailure(const BackendConfig& config, const HttpReply& reply, std::int64_t unix_s) {
  const Json body = ReadJson(reply.body).value_or(Json());
  Reading reading;
  reading.outcome = HttpFailure(config, reply, ErrorWord(body));
  std::optional<std::int64_t> wish = ParseRetryAfter(reply.headers, unix_s);
  if (!wish) wish = RetryDelayOf(body, unix_s);
  const bool limited = reading.outcome.status == OutcomeStatus::kRateLimited;
  if (!wish && limited) wish = ParseUsedUp(reply.headers, unix_s);
  reading.outcome.retry_after_ms = wish;
  // An overloaded server that names a time means all calls, too.
  if (limited || reply.status == 503 || reply.status == 529) reading.pause_ms = wish;
  return reading;
}

// The answer or the grades in what the model wrote; what is wrong with it otherwise.
std::optional<ParseProblem> ReadContent(const BackendCall& call, const LlmReply& reply,
                                        Outcome& outcome) {
  const bool complete = reply.by_itself;
  if (call.task.stage == Stage::kGenerate) {
    Parsed<Answer> answer = ParseAnswer(reply.content, call.vignette.options, complete);
    if (!answer.problem) outcome.answer = std::move(answer.value);
    return std::move(answer.problem);
  }
  std::vector<std::string> labels;
  if (call.review) {
    for (const LabelledAnswer& shown : call.review->answers) labels.push_back(shown.label);
  }
  Parsed<std::vector<Grade>> grades = ParseGrades(reply.content, labels, complete);
  if (!grades.problem) outcome.grades = std::move(grades.value);
  return std::move(grades.problem);
}

// What a provider calls its model may be anything, and a text of ours holds no sentence of others.
std::string NameOf(const std::string& served) {
  const bool name = served.size() <= 128 && std::all_of(served.begin(), served.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') ||
                             std::string_view("._:/@+-").find(c) != std::string_view::npos;
                    });
  return name ? "\"" + served + "\"" : "something that is no name of a model";
}

bool IsAsked(const BackendConfig& config, const std::string& served) {
  if (served.empty() || IsSameModel(ServedModel(config), served) ||
      IsSameModel(config.model, served)) {
    return true;
  }
  return std::find(config.served_as.begin(), config.served_as.end(), served) !=
         config.served_as.end();
}

// What a response means that has the provider's form.
void ReadMessage(const BackendConfig& config, const BackendCall& call, LlmReply reply,
                 const std::string& served, Reading& reading) {
  Outcome& outcome = reading.outcome;
  if (reply.failed) {
    outcome = Ended(OutcomeStatus::kError, "provider_error",
                    "a success with an error in it" +
                        (reply.error_word.empty() ? "" : " (" + reply.error_word + ")"),
                    true);
  } else if (!reply.problem_code.empty()) {
    outcome = Ended(OutcomeStatus::kMalformed, reply.problem_code, reply.problem_text, true);
  } else if (!reply.finished) {
    outcome = Ended(OutcomeStatus::kError, "cut_stream", "the reply ended before its end", true);
  } else if (!IsAsked(config, served)) {
    outcome = Ended(OutcomeStatus::kError, "wrong_model",
                    "\"" + ServedModel(config) + "\" was asked and " + NameOf(served) +
                        " answered; if they are the same, add it to served_as",
                    false);
  } else if (!reply.refusal.empty()) {
    outcome =
        Ended(OutcomeStatus::kRefused, reply.refusal,
              reply.refusal == "content_filter" ? "the provider's content filter stopped the answer"
                                                : "the model refused to answer",
              false);
  } else {
    outcome = Ended(OutcomeStatus::kOk, "", "", false);
    std::optional<ParseProblem> problem;
    if (Trimmed(reply.content).empty() && !reply.cut_short) {
      problem = ParseProblem{"empty", "the reply is empty"};
    } else {
      problem = ReadContent(call, reply, outcome);
    }
    if (!problem) return;
    if (LooksLikeRefusal(reply.content)) {
      outcome = Ended(OutcomeStatus::kRefused, "refusal", "the model refused to answer", false);
      return;
    }
    if (reply.cut_short) {
      problem =
          ParseProblem{"truncated", "the model reached max_tokens before its answer was complete"};
    }
    outcome = Ended(OutcomeStatus::kMalformed, problem->code, problem->text, false);
    reading.complaint =
        reply.cut_short ? "it was cut off; it has to be much shorter" : problem->text;
    reading.content = std::move(reply.content);
  }
}

}  // namespace

std::optional<double> PriceOf(const BackendConfig& config, const Usage& usage) {
  if (!usage.prompt_tokens || !usage.completion_tokens || !config.usd_per_million_prompt ||
      !config.usd_per_million_completion) {
    return std::nullopt;
  }
  return (static_cast<double>(*usage.prompt_tokens) * *config.usd_per_million_prompt +
          static_cast<double>(*usage.completion_tokens) * *config.usd_per_million_completion) /
         1e6;
}

Reading ReadResponse(const Provider& provider, const BackendConfig& config, const BackendCall& call,
                     const HttpReply& reply, bool deadline_bound, std::int64_t unix_s) {
  const bool success = reply.status >= 200 && reply.status <= 299;
  const bool whole = reply.end == HttpReply::End::kDone;
  if (whole && !success) return ReadFailure(config, reply, unix_s);
  Reading reading;
  LlmReply said;
  if (success && reply.end != HttpReply::End::kOversized) said = provider.Read(reply.body);
  // A stream that said it is done is done, however its connection ends.
  if (!whole && !(said.finished && said.problem_code.empty())) {
    reading.outcome = TransportFailure(config, reply, deadline_bound);
    return reading;
  }
  reading.accepted = true;
  // It names the time until the limit is full again; something of it is back before.
  if (const auto used_up = ParseUsedUp(reply.headers, unix_s)) {
    reading.pause_ms = std::min(*used_up, kSlowDownMs);
  }
  const Usage usage{said.prompt_tokens, said.completion_tokens, std::nullopt};
  const std::string served(CutUtf8(CleanText(said.model, /*lines=*/false), 128));
  ReadMessage(config, call, std::move(said), served, reading);
  reading.outcome.usage = usage;
  reading.outcome.usage.cost_usd = PriceOf(config, usage);
  reading.outcome.model_served = served;
  return reading;
}

}  // namespace consilium
