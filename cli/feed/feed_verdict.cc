#include "cli/feed/feed_verdict.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/screen.h"
#include "gateway/hl7/ack.h"
#include "gateway/hl7/message.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;
using Kind = FeedVerdict::Kind;
using Cause = FeedVerdict::Cause;

constexpr std::size_t kTextBytesMax = 300;
constexpr std::int64_t kBusyWaitMs = 1000;
constexpr std::int64_t kWaitMaxMs = 300000;

// What the other side says, fit for one line of a terminal.
std::string Said(const std::string& text) {
  return CleanText(CutUtf8(ToValidUtf8(text), kTextBytesMax));
}

FeedVerdict Again(std::string code, std::string text) {
  return {Kind::kAgain, std::move(code), std::move(text), 0, Cause::kSilence};
}

// ERR-3.1, or ERR-1.4.1 before 2.5.
std::string FaultCode(const Hl7Message& ack) {
  const Hl7Segment* error = ack.Find("ERR");
  if (error == nullptr) return "";
  const std::string code = error->Get(3);
  return code.empty() ? error->Get(1, 4) : code;
}

std::string FaultText(const Hl7Message& ack) {
  const Hl7Segment* error = ack.Find("ERR");
  if (error == nullptr) return "";
  for (const std::size_t field : {std::size_t{8}, std::size_t{7}}) {
    if (std::string text = error->Text(field); !text.empty()) return text;
  }
  return error->Text(3, 2);
}

json ParseObject(std::string_view text) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_object() ? parsed : json::object();
}

std::string TextOf(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

struct Why {
  std::string text;
  bool names_place = false;  // within the message
};

// Of a problem document, or of an OperationOutcome.
Why ReadWhy(const std::string& body) {
  const json said = ParseObject(body);
  const auto issues = said.find("issue");
  if (issues == said.end() || !issues->is_array()) return {TextOf(said, "detail")};
  for (const json& issue : *issues) {
    const std::string severity = issue.is_object() ? TextOf(issue, "severity") : "";
    if (severity != "error" && severity != "fatal") continue;
    return {TextOf(issue, "diagnostics"), issue.contains("expression")};
  }
  return {};
}

// What of an accepted Bundle or export was not taken: lines that cannot be read, resources about
// nobody who was sent. Types that no council reads are not meant.
struct LeftOut {
  std::size_t count = 0;
  std::string first;
};

bool IsLeftOut(const json& issue) {
  const std::string severity = TextOf(issue, "severity");
  if (severity == "error" || severity == "fatal") return true;
  const auto details = issue.find("details");
  if (details == issue.end() || !details->is_object()) return false;
  const std::string code = TextOf(*details, "text");
  return code.starts_with("subject_") || code == "other_patient" || code == "patient_replaced" ||
         code == "too_many";
}

LeftOut ReadLeftOut(const std::string& body) {
  LeftOut left;
  json said = ParseObject(body);
  // Of a transaction, its first entry has the outcome.
  const json::json_pointer in_bundle("/entry/0/response/outcome");
  if (said.contains(in_bundle)) said = json(said.at(in_bundle));
  if (!said.is_object() || !said.contains("issue") || !said["issue"].is_array()) return left;
  for (const json& issue : said["issue"]) {
    if (!issue.is_object() || !IsLeftOut(issue)) continue;
    if (++left.count > 1) continue;
    const json::json_pointer place("/expression/0");
    if (issue.contains(place) && issue.at(place).is_string()) {
      left.first = issue.at(place).get<std::string>() + ": ";
    }
    left.first += TextOf(issue, "diagnostics");
  }
  return left;
}

std::int64_t RetryAfterMs(const HttpReply& reply) {
  const auto header = reply.headers.find("retry-after");
  if (header == reply.headers.end()) return kBusyWaitMs;
  std::int64_t seconds = 0;
  const char* const end = header->second.data() + header->second.size();
  const auto [at, failed] = std::from_chars(header->second.data(), end, seconds);
  // A date would need the gateway's clock to be ours.
  if (failed != std::errc() || at != end || seconds < 0) return kBusyWaitMs;
  return seconds > kWaitMaxMs / 1000 ? kWaitMaxMs : std::max<std::int64_t>(seconds * 1000, 50);
}

FeedVerdict JudgeStatus(int status, std::string code, const std::string& text,
                        std::int64_t wait_ms) {
  if (status >= 200 && status < 300)
    return {Kind::kAccepted, std::move(code), "", 0, Cause::kSilence};
  if (status == 429 || status == 503) {
    return {Kind::kAgain, std::move(code), Said(text), wait_ms, Cause::kBusy};
  }
  if (status == 408 || status == 500 || status == 502 || status == 504) {
    return {Kind::kAgain, std::move(code), Said(text), 0, Cause::kError};
  }
  return {Kind::kRefused, std::move(code), Said(text), 0, Cause::kSilence};
}

// Whether a status speaks of who asks or of where, whatever the message is; and of which.
std::optional<ErrorCode> AboutTheFeed(int status) {
  if (status >= 300 && status < 400) return ErrorCode::kNotFound;
  switch (status) {
    case 401:
    case 403:
    case 407:
      return ErrorCode::kForbidden;
    case 404:
    case 405:
    case 406:
    case 415:
    case 421:
    case 426:
      return ErrorCode::kNotFound;
    default:
      return std::nullopt;
  }
}

// The one line that answers the one line that was sent.
FeedVerdict JudgeCaseLine(const HttpReply& reply) {
  const std::string_view line = Trimmed(reply.body);
  const json said = ParseObject(line);
  const auto status = said.find("status");
  if (status == said.end() || !status->is_number_integer()) {
    return Again("no_answer", "the response has no line about the case");
  }
  std::int64_t wait = kBusyWaitMs;
  if (const auto after = said.find("retry_after_ms");
      after != said.end() && after->is_number_unsigned()) {
    wait =
        static_cast<std::int64_t>(std::min<std::uint64_t>(after->get<std::uint64_t>(), kWaitMaxMs));
  }
  const auto number = status->get<std::int64_t>();
  const bool known = number >= 100 && number < 600;
  if (!known) return Again("no_answer", "the response has no line about the case");
  std::string code = TextOf(said, "code");
  if (code.empty()) code = "http_" + std::to_string(number);
  return JudgeStatus(static_cast<int>(number), code, TextOf(said, "detail"), wait);
}

// What the TLS and HTTP libraries say of a port that speaks something else.
std::string InPlainWords(const std::string& detail) {
  const auto says = [&detail](const char* text) { return detail.find(text) != detail.npos; };
  if (says("wrong version number") || says("packet length too long")) {
    return "no TLS is spoken there: is it http://, or another port?";
  }
  if (says("HTTP/0.9")) return "no HTTP is spoken there: is it https://, or a port of MLLP?";
  if (says("Empty reply")) return detail + ": is it https://, or a port of MLLP?";
  return detail;
}

}  // namespace

FeedVerdict JudgeAck(const FeedItem& item, std::string_view payload) {
  const Result<Hl7Ack> ack = ReadAck(payload);
  if (!ack) return Again("unreadable_ack", "the acknowledgement cannot be read");
  const bool meant = item.id.empty() || ack->control_id == item.id ||
                     (ack->control_id.empty() && !ack->accepted());
  if (!meant) return Again("other_ack", "the acknowledgement is about another message");
  if (ack->accepted()) return {Kind::kAccepted, ack->code, "", 0, Cause::kSilence};
  std::string text = ack->text;
  std::string fault;
  if (const auto message = ParseHl7(payload)) {
    fault = FaultCode(*message);
    if (const std::string more = FaultText(*message); !more.empty() && more != text) {
      text += (text.empty() ? "" : ": ") + more;
    }
  }
  return {fault == "207" ? Kind::kAgain : Kind::kRefused, ack->code, Said(text), 0, Cause::kError};
}

FeedVerdict JudgeHttp(const FeedItem& item, const HttpReply& reply) {
  using End = HttpReply::End;
  if (reply.end != End::kDone) {
    const bool never_there = reply.end == End::kConnectFailed || reply.end == End::kTlsFailed ||
                             reply.end == End::kHandshakeFailed;
    return Again(never_there ? "no_connection" : "no_answer", Said(InPlainWords(reply.detail)));
  }
  if (item.door == FeedDoor::kCases && reply.status == 200) return JudgeCaseLine(reply);
  const std::string code = "http_" + std::to_string(reply.status);
  const Why why = ReadWhy(reply.body);
  // The role of a token forbids all messages, its senders only those that speak for another.
  const bool about_message = reply.status == 403 && why.names_place;
  if (const auto about = AboutTheFeed(reply.status); about && !about_message) {
    return {Kind::kStop, code, Said(why.text), 0, Cause::kSilence, *about};
  }
  FeedVerdict verdict = JudgeStatus(reply.status, code, why.text, RetryAfterMs(reply));
  if (verdict.kind == Kind::kAccepted) {
    const LeftOut left = ReadLeftOut(reply.body);
    verdict.left_out = left.count;
    verdict.text = Said(left.first);
  }
  return verdict;
}

}  // namespace consilium
