#include "cli/feed/feed_verdict.h"

#include <gtest/gtest.h>

#include "cli/feed/feed_attempt.h"

namespace consilium {
namespace {

using Kind = FeedVerdict::Kind;
using Cause = FeedVerdict::Cause;

FeedItem Item(FeedDoor door = FeedDoor::kMllp) {
  FeedItem item;
  item.door = door;
  item.file = "a.hl7";
  item.id = "m1";
  return item;
}

std::string Ack(const std::string& code, const std::string& id = "m1",
                const std::string& more = "") {
  return "MSH|^~\\&|C||A|B|20261128||ACK|1|P|2.5.1\rMSA|" + code + "|" + id + more;
}

void ExpectIs(const FeedVerdict& verdict, Kind kind, const std::string& code,
              const std::string& text = "", Cause cause = Cause::kSilence) {
  EXPECT_EQ(verdict.kind, kind);
  EXPECT_EQ(verdict.code, code);
  EXPECT_EQ(verdict.text, text);
  if (kind == Kind::kAgain) {
    EXPECT_EQ(verdict.cause, cause);
  }
}

TEST(JudgeAckTest, AcceptsAndRefusesInBothModes) {
  for (const char* code : {"AA", "CA"})
    ExpectIs(JudgeAck(Item(), Ack(code)), Kind::kAccepted, code);
  for (const char* code : {"AR", "CR"}) {
    ExpectIs(
        JudgeAck(Item(), Ack(code, "m1", "|no\rERR||MSH^1^12|203|E|||x|unsupported version\r")),
        Kind::kRefused, code, "no: unsupported version");
  }
  for (const char* code : {"AE", "CE"}) {
    ExpectIs(JudgeAck(Item(), Ack(code, "m1", "|not read\rERR||PID^1^3|101|E||||missing\r")),
             Kind::kRefused, code, "not read: missing");
  }
}

TEST(JudgeAckTest, AnErrorThatIsNotOfTheMessageIsSentAgain) {
  ExpectIs(JudgeAck(Item(), Ack("AE", "m1", "|not stored\rERR|||207|E||||unavailable\r")),
           Kind::kAgain, "AE", "not stored: unavailable", Cause::kError);
  ExpectIs(JudgeAck(Item(), Ack("CE", "m1", "\rERR|^^^207&Application error\r")), Kind::kAgain,
           "CE", "Application error", Cause::kError);
  ExpectIs(JudgeAck(Item(), Ack("AR", "m1", "\rERR|||207|F\r")), Kind::kAgain, "AR", "",
           Cause::kError);
}

TEST(JudgeAckTest, AMessageThatIsStoredAndStartsNoCaseIsNotSentAgain) {
  for (const char* code : {"101", "102", "104", "199"}) {
    const std::string error = std::string("|no case was started\rERR|||") + code + "|E||||a PDF\r";
    ExpectIs(JudgeAck(Item(), Ack("AE", "m1", error)), Kind::kRefused, "AE",
             "no case was started: a PDF");
  }
}

TEST(JudgeAckTest, WhatCannotBeReadOrIsAboutAnotherMessageIsNoAnswer) {
  ExpectIs(JudgeAck(Item(), "hello"), Kind::kAgain, "unreadable_ack",
           "the acknowledgement cannot be read");
  ExpectIs(JudgeAck(Item(), Ack("OK")), Kind::kAgain, "unreadable_ack",
           "the acknowledgement cannot be read");
  ExpectIs(JudgeAck(Item(), Ack("AA", "m2")), Kind::kAgain, "other_ack",
           "the acknowledgement is about another message");
  // One that could not even read which message it was.
  ExpectIs(JudgeAck(Item(), Ack("AR", "")), Kind::kRefused, "AR");
  FeedItem unnamed = Item();
  unnamed.id = "";
  ExpectIs(JudgeAck(unnamed, Ack("AR", "")), Kind::kRefused, "AR");
}

TEST(JudgeAckTest, WhatTheOtherSideSaysIsFitForATerminal) {
  const FeedVerdict verdict =
      JudgeAck(Item(), Ack("AR", "m1", "|\x1b[31m" + std::string(900, 'x')));
  EXPECT_EQ(verdict.text.find('\x1b'), std::string::npos);
  EXPECT_LE(verdict.text.size(), 300u);
}

HttpReply Response(int status, const std::string& body = "", const std::string& retry_after = "") {
  HttpReply reply;
  reply.end = HttpReply::End::kDone;
  reply.status = status;
  reply.body = body;
  if (!retry_after.empty()) reply.headers["retry-after"] = retry_after;
  return reply;
}

TEST(JudgeHttpTest, OfFhirTheStatusDecidesAndTheOutcomeSaysWhy) {
  const FeedItem item = Item(FeedDoor::kFhir);
  for (const int status : {200, 201, 202}) {
    ExpectIs(JudgeHttp(item, Response(status)), Kind::kAccepted, "http_" + std::to_string(status));
  }
  ExpectIs(JudgeHttp(item, Response(422, R"({"resourceType":"OperationOutcome","issue":[
      {"severity":"information","diagnostics":"fine"},{"severity":"error","diagnostics":"no note"}]})")),
           Kind::kRefused, "http_422", "no note");
  for (const int status : {400, 409, 413, 501}) {
    ExpectIs(JudgeHttp(item, Response(status)), Kind::kRefused, "http_" + std::to_string(status));
  }
}

TEST(JudgeHttpTest, WhatIsAboutTheTokenOrThePlaceIsNoRefusalOfTheMessage) {
  for (const FeedDoor door : {FeedDoor::kFhir, FeedDoor::kBulk, FeedDoor::kCases}) {
    for (const int status : {401, 403, 407}) {
      const FeedVerdict verdict =
          JudgeHttp(Item(door), Response(status, R"({"detail":"no token"})"));
      ExpectIs(verdict, Kind::kStop, "http_" + std::to_string(status), "no token");
      EXPECT_EQ(verdict.why, ErrorCode::kForbidden);
    }
    for (const int status : {302, 404, 405, 406, 415, 421, 426}) {
      const FeedVerdict verdict = JudgeHttp(Item(door), Response(status, "<html>"));
      ExpectIs(verdict, Kind::kStop, "http_" + std::to_string(status));
      EXPECT_EQ(verdict.why, ErrorCode::kNotFound);
    }
  }
}

TEST(JudgeHttpTest, AForeignSenderIsARefusalOfTheMessageAndARoleIsNot) {
  const auto judged = [](const std::string& place) {
    return JudgeHttp(Item(FeedDoor::kFhir), Response(403, R"({"resourceType":"OperationOutcome",
        "issue":[{"severity":"error","code":"forbidden",)" + place +
                                                              R"("diagnostics":"not yours"}]})"));
  };
  ExpectIs(judged(R"("expression":["Bundle.entry[0].resource.source.endpoint"],)"), Kind::kRefused,
           "http_403", "not yours");
  ExpectIs(judged(""), Kind::kStop, "http_403", "not yours");
}

TEST(JudgeHttpTest, WhatWasLeftOutOfWhatWasAcceptedIsCounted) {
  const std::string outcome = R"({"resourceType":"OperationOutcome","issue":[
      {"severity":"information","diagnostics":"case x: the council was asked"},
      {"severity":"warning","details":{"text":"resource_ignored"},"diagnostics":"Organization: not read: 2"},
      {"severity":"warning","details":{"text":"subject_unresolved"},"expression":["3: Observation"],"diagnostics":"is about no Patient"},
      {"severity":"error","code":"required","expression":["4: Condition.id"],"diagnostics":"missing"}]
})";
  for (const std::string& body :
       {outcome,
        R"({"resourceType":"Bundle","entry":[{"response":{"outcome":)" + outcome + "}}]}"}) {
    const FeedVerdict verdict = JudgeHttp(Item(FeedDoor::kBulk), Response(202, body));
    ExpectIs(verdict, Kind::kAccepted, "http_202", "3: Observation: is about no Patient");
    EXPECT_EQ(verdict.left_out, 2u);
  }
  for (const char* body : {"", "[]", "{\"issue\":7}", "{\"issue\":[7]}", "{\"entry\":[]}"}) {
    EXPECT_EQ(JudgeHttp(Item(FeedDoor::kBulk), Response(200, body)).left_out, 0u) << body;
  }
}

TEST(JudgeHttpTest, WaitsAsLongAsItIsTold) {
  const FeedItem item = Item(FeedDoor::kBulk);
  for (const int status : {429, 503}) {
    const FeedVerdict verdict = JudgeHttp(item, Response(status, R"({"detail":"full"})", "7"));
    ExpectIs(verdict, Kind::kAgain, "http_" + std::to_string(status), "full", Cause::kBusy);
    EXPECT_EQ(verdict.wait_ms, 7000);
  }
  EXPECT_EQ(JudgeHttp(item, Response(503)).wait_ms, 1000);
  EXPECT_EQ(JudgeHttp(item, Response(503, "", "Sat, 28 Nov 2026 01:00:00 GMT")).wait_ms, 1000);
  EXPECT_EQ(JudgeHttp(item, Response(503, "", "-4")).wait_ms, 1000);
  EXPECT_EQ(JudgeHttp(item, Response(503, "", "99999999999999")).wait_ms, 300000);
}

TEST(JudgeHttpTest, ErrorsOfTheServerAndBrokenConnectionsAreSentAgain) {
  const FeedItem item = Item(FeedDoor::kFhir);
  for (const int status : {408, 500, 502, 504}) {
    ExpectIs(JudgeHttp(item, Response(status)), Kind::kAgain, "http_" + std::to_string(status), "",
             Cause::kError);
  }
  HttpReply cut = Response(200);
  cut.end = HttpReply::End::kCut;
  cut.detail = "broke";
  ExpectIs(JudgeHttp(item, cut), Kind::kAgain, "no_answer", "broke");
  cut.end = HttpReply::End::kConnectFailed;
  ExpectIs(JudgeHttp(item, cut), Kind::kAgain, "no_connection", "broke");
}

TEST(JudgeHttpTest, APortThatSpeaksSomethingElseIsNamedInPlainWords) {
  HttpReply reply;
  const auto says = [&](HttpReply::End end, const std::string& detail) {
    reply.end = end;
    reply.detail = detail;
    return JudgeHttp(Item(FeedDoor::kFhir), reply).text;
  };
  EXPECT_EQ(
      says(HttpReply::End::kHandshakeFailed, "error:0A00010B:SSL routines::wrong version number"),
      "no TLS is spoken there: is it http://, or another port?");
  EXPECT_EQ(says(HttpReply::End::kCut, "Received HTTP/0.9 when not allowed"),
            "no HTTP is spoken there: is it https://, or a port of MLLP?");
  EXPECT_EQ(says(HttpReply::End::kCut, "Empty reply from server"),
            "Empty reply from server: is it https://, or a port of MLLP?");
}

TEST(JudgeHttpTest, OfACaseItsLineDecides) {
  const FeedItem item = Item(FeedDoor::kCases);
  ExpectIs(JudgeHttp(item, Response(200, "{\"line\":1,\"status\":202,\"id\":\"c1\"}\n")),
           Kind::kAccepted, "http_202");
  ExpectIs(
      JudgeHttp(
          item,
          Response(200, R"({"line":1,"status":409,"code":"conflict","detail":"other content"})")),
      Kind::kRefused, "conflict", "other content");
  const FeedVerdict full = JudgeHttp(
      item,
      Response(
          200,
          R"({"line":1,"status":429,"code":"queue_full","detail":"full","retry_after_ms":250})"));
  ExpectIs(full, Kind::kAgain, "queue_full", "full", Cause::kBusy);
  EXPECT_EQ(full.wait_ms, 250);
  for (const char* body : {"", "[]", "{}", "{\"status\":\"202\"}", "{\"status\":7}"}) {
    ExpectIs(JudgeHttp(item, Response(200, body)), Kind::kAgain, "no_answer",
             "the response has no line about the case");
  }
  ExpectIs(JudgeHttp(item, Response(413, R"({"detail":"size"})")), Kind::kRefused, "http_413",
           "size");
}

// --- how often and when something is sent again

FeedVerdict Again(Cause cause, std::int64_t wait_ms = 0) {
  FeedVerdict verdict;
  verdict.code = "code";
  verdict.text = "text";
  verdict.cause = cause;
  verdict.wait_ms = wait_ms;
  return verdict;
}

TEST(FeedAttemptTest, WithoutAnAnswerItIsSentAgainWithGrowingPausesAndThenGivenUp) {
  FeedPatience patience;
  patience.retries = 7;
  FeedAttempt attempt(Item());
  const TimePoint now = TimePoint() + std::chrono::hours(1);
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 7; ++i) {
    ASSERT_FALSE(attempt.Judge(Again(Cause::kSilence), patience, now).has_value());
    pauses.push_back(std::chrono::duration_cast<milliseconds>(attempt.next() - now).count());
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{200, 400, 800, 1600, 3200, 5000, 5000}));
  const auto end = attempt.Judge(Again(Cause::kSilence), patience, now);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->kind, FeedEnd::Kind::kUnsent);
  EXPECT_EQ(end->code, "code");
  EXPECT_EQ(end->again, 7);
  EXPECT_EQ(end->item.id, "m1");
  EXPECT_EQ(attempt.in_vain(), (Error{ErrorCode::kUnavailable, "text"}));
}

TEST(FeedAttemptTest, WhatNoMessageWouldPassEndsTheFeed) {
  FeedVerdict verdict = Again(Cause::kSilence);
  verdict.kind = Kind::kStop;
  verdict.why = ErrorCode::kForbidden;
  FeedAttempt attempt(Item());
  const auto end = attempt.Judge(verdict, {}, TimePoint());
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->kind, FeedEnd::Kind::kUnsent);
  EXPECT_EQ(attempt.in_vain(), (Error{ErrorCode::kForbidden, "text"}));
}

TEST(FeedAttemptTest, WhatIsGivenUpSaysWhatWentWrongTheLastTime) {
  FeedAttempt attempt(Item());
  EXPECT_EQ(attempt.Abandon().text, "given up before its answer");
  FeedAttempt tried(Item());
  ASSERT_FALSE(tried.Judge(Again(Cause::kSilence), {}, TimePoint()).has_value());
  const FeedEnd end = tried.Abandon();
  EXPECT_EQ(end.text, "given up before its answer; last, text");
  EXPECT_EQ(end.kind, FeedEnd::Kind::kUnsent);
}

TEST(FeedAttemptTest, AnErrorThatDoesNotPassIsNoRefusalAndNotTheEndOfTheFeed) {
  FeedAttempt attempt(Item());
  const FeedPatience patience;
  for (int i = 0; i < patience.error_retries; ++i) {
    ASSERT_FALSE(attempt.Judge(Again(Cause::kError), patience, TimePoint()).has_value());
  }
  const auto end = attempt.Judge(Again(Cause::kError), patience, TimePoint());
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->kind, FeedEnd::Kind::kUnsent);
  EXPECT_FALSE(attempt.in_vain().has_value());
}

TEST(FeedAttemptTest, ABusyGatewayIsWaitedForByTimeAndNotByAttempts) {
  FeedPatience patience;
  patience.busy = milliseconds(60000);
  FeedAttempt attempt(Item());
  TimePoint now;
  for (int i = 0; i < 59; ++i) {
    ASSERT_FALSE(attempt.Judge(Again(Cause::kBusy, 1000), patience, now).has_value()) << i;
    EXPECT_EQ(attempt.next(), now + milliseconds(1000));
    now += milliseconds(1000);
  }
  const auto end = attempt.Judge(Again(Cause::kBusy, 1000), patience, now + milliseconds(1000));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->kind, FeedEnd::Kind::kUnsent);
}

}  // namespace
}  // namespace consilium
