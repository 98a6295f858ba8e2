// Every message survives both codecs with every field set, and means the same with none set.
#include "shared/messages.h"

#include <gtest/gtest.h>

#include "shared/codec.h"

namespace consilium {
namespace {

Answer SomeAnswer() {
  Answer answer;
  answer.medications = {{"amoxicillin", "500", "mg", "oral", "three times a day", "7 d", "otitis"}};
  answer.option = "B";
  answer.rationale = "first line";
  answer.cautions = "rash";
  answer.confidence = 0.75;
  return answer;
}

Outcome SomeOutcome() {
  Outcome outcome;
  outcome.status = OutcomeStatus::kRateLimited;
  outcome.code = "http_429";
  outcome.text = "too many requests";
  outcome.answer = SomeAnswer();
  outcome.grades = {{"K", 0.25, "wrong drug", true}};
  outcome.usage = {100, 20, 0.001};
  outcome.parameters = {0.5, 512, "schema", 2, true};
  outcome.latency_ms = 812.5;
  outcome.provider = "openai";
  outcome.model_asked = "gpt-4o";
  outcome.model_served = "gpt-4o-2026";
  outcome.prompt_version = "2";
  outcome.prompt_hash = "ab12";
  outcome.worker = "w-1";
  outcome.simulated = true;
  outcome.retryable = true;
  outcome.retry_after_ms = 1500;
  return outcome;
}

TaskView SomeTask() {
  TaskView view;
  view.task = {"c-1", Stage::kReview, 2, "gpt-4o"};
  view.state = "done";
  view.attempts = 1;
  view.crashes = 2;
  view.leases = 3;
  view.deadline_ms = 4;
  view.arrived_ms = 5;
  view.outcome = SomeOutcome();
  view.labels = {"K", "L"};
  view.authors = {"a", "b"};
  return view;
}

TrackRecord SomeRecord() {
  TrackRecord record;
  record.kind = "medication";
  record.rules = "1";
  record.reviewed = false;
  record.cases = 40;
  record.needed = 20;
  record.simulated = 3;
  record.votes = {{"a", "a-2", 2.5, 38}};
  record.support = 1.5;
  record.calibration = "isotonic";
  record.a = 0.9;
  record.b = 0.1;
  record.knots = {{0.2, 0.3}};
  record.risk_target = 0.05;
  record.risk_needed = 19;
  record.confidence_min = 0.9;
  record.answered = 30;
  record.wrong = 1;
  return record;
}

Recommendation SomeRecommendation() {
  Recommendation r;
  r.case_id = "c-1";
  r.revision = 2;
  r.status = CaseState::kDegraded;
  r.reason = "one model was late";
  r.medications = SomeAnswer().medications;
  r.ingredients = {"amoxicillin"};
  r.no_medication = true;
  r.option = "B";
  r.support = 0.8;
  r.confidence = 0.7;
  r.confidence_note = "from 40 cases";
  r.track_record = SomeRecord();
  r.rationale = "because";
  r.cautions = "none";
  r.candidates = {{{"amoxicillin"}, false, 0.8, 0.7, {"a", "b"}, 0.9, "B", true}};
  r.agreement = {{"dose", 0.5, {"500 mg", "250 mg"}}};
  r.dissent = {"c would give none"};
  r.safety = {{"allergy", "high", {"amoxicillin"}, "penicillin allergy", "allergy:1"}};
  r.missing = {{"c", "generate", "timed_out", "no byte for 30 s"}};
  r.models = {
      {"a", "ok", true, {"amoxicillin"}, 0.9, 0.01, 0.8, 3, 120.5, 0, 0.7, 2.5, "a-2", 0.01}};
  r.reviewers_only = {{"d", "ok", false, {}, {}, {}, 0.5, 0, {}, {}, {}, {}, "", {}}};
  r.simulated = true;
  r.score = Score{true, 1.0};
  r.medication_table = "abcd";
  r.accepted_ms = 1;
  r.decided_ms = 2;
  r.calls = 3;
  r.usage = {1, 2, 0.5};
  return r;
}

WorkerStatus SomeWorker() {
  return {"w-1", "a", "openai", "remote", true, 4, 2, "b-1", "breaker open"};
}

Vignette SomeVignette() {
  Vignette vignette;
  vignette.text = "fever";
  vignette.question = "what?";
  vignette.options = {{"A", "x"}};
  vignette.patient.age = 1;
  vignette.patient.pregnant = true;
  return vignette;
}

// The text of a message in JSON names and shows every field, so equal texts are equal messages.
template <class T>
void ExpectSurvives(const T& message) {
  const std::string text = ToJson(message);
  const Result<T> unpacked = Unpack<T>(Pack(message));
  ASSERT_TRUE(unpacked) << unpacked.error().text;
  EXPECT_EQ(ToJson(*unpacked), text);
  const Result<T> parsed = FromJson<T>(text);
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(ToJson(*parsed), text);
}

// With `message` as it is sent, and as it is with nothing set. The full one must not show a field
// as unknown: then its optional was forgotten here or in the list.
template <class T>
void ExpectSurvivesFullAndEmpty(const T& message) {
  ExpectSurvives(message);
  EXPECT_EQ(ToJson(message).find("null"), std::string::npos) << ToJson(message);
  ExpectSurvives(T{});
}

TEST(MessagesTest, RequestsSurvive) {
  SubmitRequest submit;
  submit.request.id = "c-1";
  submit.request.vignette = SomeVignette();
  submit.request.source = "cli";
  submit.request.kind = "medication";
  submit.request.deadline_s = 30;
  submit.request.strategy = "named";
  submit.request.ensemble_size = 2;
  submit.request.models = {"a"};
  submit.request.gold_medications = {"x"};
  ExpectSurvives(submit);
  ExpectSurvives(SubmitRequest{});
  ExpectSurvivesFullAndEmpty(CancelRequest{"c-1"});
  ExpectSurvivesFullAndEmpty(FetchRequest{"c-1"});
  ExpectSurvivesFullAndEmpty(WatchRequest{"12-0", 500, 16});
  ExpectSurvivesFullAndEmpty(StatusRequest{});
}

TEST(MessagesTest, RepliesSurvive) {
  ExpectSurvivesFullAndEmpty(ErrorMessage{"queue_full", "try later", 500});
  ExpectSurvivesFullAndEmpty(SubmitReply{"c-1", true, CaseState::kReviewing, {"a", "b"}, 1, 2});
  ExpectSurvivesFullAndEmpty(CancelReply{"c-1", true, CaseState::kComplete});
  WatchReply watch;
  watch.items = {SomeRecommendation()};
  watch.cursor = "13-0";
  watch.gap = true;
  ExpectSurvives(watch);
  ExpectSurvives(WatchReply{});
  StatusReply status;
  status.broker = "b-1";
  status.version = "0.1.0";
  status.accepting = false;
  status.partly = true;
  status.reason = "redis: connection lost";
  status.now_ms = 1;
  status.brokers = {{"b-1", false, false, "no sign of life", 3, true}};
  status.aggregators = {"a-1"};
  status.counters = {{"accepted", 5}};
  status.live = 2;
  status.delayed = 3;
  status.dead = 4;
  status.balanced = false;
  status.live_max = 9;
  status.lanes = {{"a", "review", 7, 8, 250}};
  status.credits = {{"a", 1, 8, 3}};
  status.redis = {{0, true, "good", 1, 2, 3, 4, 5, "full"}};
  status.workers = {SomeWorker()};
  ExpectSurvivesFullAndEmpty(status);
}

TEST(MessagesTest, WhatAnOperatorAsksSurvives) {
  DeadListRequest list{"1-0", 5, "2-0", "a", "c-1", "http_500"};
  ExpectSurvivesFullAndEmpty(list);
  DeadLetter letter;
  letter.id = "1-0";
  letter.task = {"c-1", Stage::kReview, 2, "a"};
  letter.died_ms = 5;
  letter.attempts = 2;
  letter.crashes = 1;
  letter.outcome = SomeOutcome();
  letter.errors = {{4, "stalled", "nothing came", "w-1"}};
  ExpectSurvives(DeadListReply{{letter}, "0:1-0", true});
  ExpectSurvives(DeadListReply{});
  ExpectSurvivesFullAndEmpty(DeadRequeueRequest{{"1-0", "2-0"}});
  ExpectSurvivesFullAndEmpty(DeadRequeueReply{{{"1-0", "c-1|review|2|a", "requeued", 9}}});
  ExpectSurvivesFullAndEmpty(DeadPurgeRequest{{"1-0"}});
  ExpectSurvivesFullAndEmpty(DeadPurgeReply{3});
  ExpectSurvivesFullAndEmpty(DrainRequest{500, true, "b-1.2"});
  ExpectSurvivesFullAndEmpty(DrainReply{"b-1", true, true, 1, 2, 300});
  ExpectSurvivesFullAndEmpty(Leaving{});
}

TEST(MessagesTest, AListOfCasesSurvives) {
  ExpectSurvivesFullAndEmpty(
      CaseListRequest{"9:c-1", 5, CaseState::kDegraded, "hl7", "medication"});
  const CaseSummary summary{"c-1", "hl7", "medication", CaseState::kReviewing, "named", 1, 2, 3};
  ExpectSurvivesFullAndEmpty(CaseListReply{{summary, summary}, "1:c-1,", true, true});
}

TEST(MessagesTest, ACaseSurvivesWhole) {
  ExpectSurvivesFullAndEmpty(SomeAnswer());
  ExpectSurvivesFullAndEmpty(SomeOutcome());
  ExpectSurvivesFullAndEmpty(SomeTask());
  CaseView view;
  view.id = "c-1";
  view.state = CaseState::kInsufficient;
  view.version = 9;
  view.vignette = SomeVignette();
  view.source = "cli";
  view.kind = "medication";
  view.strategy = "all";
  view.seating = "stated";
  view.ensemble = {"a"};
  view.gold_medications = {"x"};
  view.accepted_ms = 1;
  view.deadline_ms = 2;
  view.cancel_reason = "retracted";
  view.tasks = {SomeTask(), SomeTask()};
  view.recommendations = {SomeRecommendation()};
  ExpectSurvives(view);
  ExpectSurvives(CaseView{});
  HistoryRecord record;
  record.case_id = "c-1";
  record.source = "cli";
  record.kind = "medication";
  record.strategy = "all";
  record.seating = "stated";
  record.ensemble = {"a"};
  record.gold_medications = {"x"};
  record.tasks = {SomeTask()};
  record.recommendation = SomeRecommendation();
  ExpectSurvives(record);
  ExpectSurvives(HistoryRecord{});
}

CaseEvidence SomeEvidence() {
  CaseEvidence evidence;
  evidence.case_id = "c-1";
  evidence.kind = "medication";
  evidence.source = "cli";
  evidence.strategy = "utility";
  evidence.decided_ms = 5;
  evidence.seated = {"a", "b"};
  evidence.answers = {{"a", "a-2", "000", 0.5, 0.9, 2.5, true, 0.8, 120.5, 0.01}};
  evidence.simulated = true;
  evidence.options = 4;
  return evidence;
}

TEST(MessagesTest, WhatWasRightSurvives) {
  const std::vector<std::string> names = {"aspirin"};
  CaseView view;
  view.id = "c-1";
  view.outcomes = {{"cli", CaseOutcomeVerdict::kOverridden, names, "a reason", 2, 7}};
  KnownRight known;
  known.status = KnownStatus::kContradictory;
  known.voices = {{"cli", CaseOutcomeVerdict::kOverridden, names, names, "B"}};
  known.outcomes = 1;
  ExpectSurvivesFullAndEmpty(known);
  ExpectSurvivesFullAndEmpty(view.outcomes.front());
  known.voices.push_back({"gold", std::nullopt, names, std::nullopt, std::nullopt});
  view.known = known;
  ExpectSurvives(view);
  ExpectSurvivesFullAndEmpty(
      CaseOutcomeRequest{"c-1", "cli", CaseOutcomeVerdict::kOverridden, names, "a reason", 2});
  ExpectSurvivesFullAndEmpty(CaseOutcomeReply{"c-1", true, 3, CaseState::kDegraded, true});
  EXPECT_EQ(FromJson<CaseOutcomeRequest>(R"({"id":"c","by":"x","verdict":"right"})").error().text,
            "verdict = \"right\", expected one of accepted, overridden, stated");
}

TEST(MessagesTest, WhatIsLearnedSurvives) {
  ExpectSurvivesFullAndEmpty(SomeEvidence());
  ExpectSurvivesFullAndEmpty(EvidenceLine{SomeEvidence(), SomeEvidence()});
  ChemistryReport report;
  report.kind = "medication";
  report.variant = "nonempty";
  report.cases = 1;
  report.gold_cases = 2;
  report.simulated_cases = 3;
  report.models = {{"a", "a-2", 9, 8, 7.5, 8.1, 0.2, 0.8, 0.02, 120, 300, 0.01, true}};
  report.pairs = {{{"a", "b", 5, 0.4, 4, 3.5, 0.1, 0.05, 0.12, 3, 0.2, 0.1, 0.05, 0.3, 0.2}}};
  report.left_out = 4;
  report.unreadable = 1;
  report.cursor = "5-0";
  report.made_ms = 6;
  ExpectSurvivesFullAndEmpty(report);
  ExpectSurvivesFullAndEmpty(TrackRecords{7, {SomeRecord()}});
  ExpectSurvivesFullAndEmpty(ChemistryRequest{"medication"});
  SeatingBoard board;
  board.made_ms = 7;
  board.entries = {{"medication", "utility", 3, {"a", "b"}, 0.8, 0.02, 60, "why"}};
  ExpectSurvivesFullAndEmpty(board);
  ExpectSurvivesFullAndEmpty(EnsemblesRequest{});
  ExpectSurvivesFullAndEmpty(RebuildRequest{"r-1"});
  ExpectSurvivesFullAndEmpty(RebuildReply{"r-1", "done", 9, true, "ab", "cd"});
  ExpectSurvivesFullAndEmpty(ImportRequest{{SomeEvidence()}});
  ExpectSurvivesFullAndEmpty(ImportReply{3, 4});
  ExpectSurvivesFullAndEmpty(HistoryRequest{"5-0", 10});
  ExpectSurvivesFullAndEmpty(HistoryReply{{{SomeEvidence(), SomeEvidence()}}, "6-0", 1});
}

TEST(MessagesTest, WorkersMessagesSurvive) {
  ExpectSurvivesFullAndEmpty(Hello{"w-1", "a", "openai", "remote", true, 4, {{"t", 1}}});
  ExpectSurvivesFullAndEmpty(Heartbeat{4, {{"t", 1}, {"u", 2}}, "breaker open"});
  ExpectSurvivesFullAndEmpty(ResultMessage{"t", 1, SomeOutcome(), 250, true});
  ExpectSurvivesFullAndEmpty(ReleaseMessage{"t", 1});
  ExpectSurvivesFullAndEmpty(Goodbye{});
  ExpectSurvivesFullAndEmpty(Welcome{"b-1", true});
  ExpectSurvivesFullAndEmpty(HeartbeatReply{true});
  ExpectSurvivesFullAndEmpty(WhoAreYou{});
  TaskMessage task;
  task.task = "c-1|review|1|a";
  task.fence = 2;
  task.time_left_ms = 3;
  task.attempts = 2;
  task.vignette = SomeVignette();
  task.review = ReviewPacket{{{"K", SomeAnswer()}}};
  ExpectSurvives(task);
  ExpectSurvives(TaskMessage{});
  ExpectSurvivesFullAndEmpty(ResultAck{"t", 1, "stored"});
  ExpectSurvivesFullAndEmpty(CancelTask{"t", 1});
  ExpectSurvivesFullAndEmpty(Beat{"b-1", {SomeWorker()}, true, "x", true});
}

TEST(MessagesTest, EnumeratorsTravelAsNames) {
  for (std::size_t i = 0; i < std::size(kCaseStateNames); ++i) {
    CancelReply reply;
    reply.state = static_cast<CaseState>(i);
    EXPECT_NE(ToJson(reply).find("\"" + std::string(kCaseStateNames[i]) + "\""), std::string::npos);
    EXPECT_EQ(Unpack<CancelReply>(Pack(reply))->state, reply.state);
  }
  EXPECT_EQ(
      FromJson<CancelReply>(R"({"id":"c","cancelled":true,"state":"lost"})").error().text,
      "state = \"lost\", expected one of accepted, generating, reviewing, complete, degraded, "
      "insufficient, failed, cancelled");
}

}  // namespace
}  // namespace consilium
