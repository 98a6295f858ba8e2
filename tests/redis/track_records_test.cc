// What known outcomes teach about trusting the council, against a real redis-server: it is what the
// rules make of the latest known cases, whoever learns, and every aggregator decides by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "aggregator/aggregator.h"
#include "aggregator/council/medication.h"
#include "aggregator/council/safety.h"
#include "aggregator/council/track_record.h"
#include "tests/redis/broker_rig.h"
#include "tests/redis/learner_rig.h"

namespace consilium {
namespace {

TrackRecordRules RulesOf(const Config& config) {
  TrackRecordRules rules;
  rules.needed = config.council.outcomes_min;
  rules.risk_target = config.council.risk_target;
  rules.reviewed = config.council.graders > 0;
  return rules;
}

std::string Expected(const std::vector<CaseEvidence>& cases, const Config& config) {
  return ToJson(MakeTrackRecord("medication", cases, RulesOf(config)));
}

// Of which nobody knows what was right.
CaseEvidence WithoutGold(CaseEvidence evidence) {
  for (EvidenceAnswer& answer : evidence.answers) answer.right.reset();
  return evidence;
}

class LearnedRecordTest : public LearnerFixture {
 protected:
  TrackRecords Records(const std::vector<LearnerRig*>& learners) {
    return Ask<TrackRecords>(learners, [&](auto done) { desk_->store().ReadTrackRecords(done); });
  }
  // Until the record of "medication" is `expected`.
  void AwaitRecord(const std::vector<LearnerRig*>& learners, const std::string& expected) {
    std::string record;
    const TimePoint give_up = Now() + std::chrono::seconds(30);
    while (record != expected && Now() < give_up) {
      const TrackRecords records = Records(learners);
      record = records.items.empty() ? "" : ToJson(records.items.front());
    }
    EXPECT_EQ(record, expected);
  }
};

TEST_F(LearnedRecordTest, IsPublishedBeforeAndAfterEnoughOutcomesAreKnown) {
  EXPECT_TRUE(Records({}).items.empty());
  const Config config = SomeConfig();
  Import(SomeCases(0, 49));
  auto learner = Start(config);
  AwaitRecord({learner.get()}, Expected(SomeCases(0, 49), config));
  EXPECT_EQ(Records({}).items.front().calibration, "");
  Import(SomeCases(49, 71));
  learner->Hint();
  AwaitRecord({learner.get()}, Expected(SomeCases(0, 120), config));
  const TrackRecords records = Records({});
  ASSERT_EQ(records.items.size(), 1u);
  EXPECT_NE(records.items.front().calibration, "");
  EXPECT_EQ(records.items.front().cases, 60) << "those of the versions that answer now";
  ASSERT_EQ(records.items.front().votes.size(), 4u);
  EXPECT_EQ(records.items.front().votes[0].version, "v2");
  EXPECT_TRUE(records.items.front().support);
  EXPECT_GT(records.made_ms, 0);
}

TEST_F(LearnedRecordTest, KindsAreKeptApart) {
  std::vector<CaseEvidence> others = SomeCases(0, 20);
  for (CaseEvidence& evidence : others) evidence.kind = "oncology";
  Import(SomeCases(0, 60));
  Import(others);
  auto learner = Start(SomeConfig());
  std::map<std::string, std::int64_t> known;
  Until({learner.get()}, [&] {
    for (const TrackRecord& record : Records({learner.get()}).items) {
      known[record.kind] = record.cases;
    }
    return known["oncology"] == 20 && known["medication"] == 60;
  });
}

TEST_F(LearnedRecordTest, OtherSettingsMakeItAgainWithoutWaitingForACase) {
  Import(SomeCases(0, 120));
  Config config = SomeConfig();
  {
    auto learner = Start(config);
    AwaitRecord({learner.get()}, Expected(SomeCases(0, 120), config));
  }
  config.council.risk_target = 0.25;
  {
    auto learner = Start(config);
    AwaitRecord({learner.get()}, Expected(SomeCases(0, 120), config));
  }
  config.council.outcomes_min = 200;
  {
    auto learner = Start(config);
    AwaitRecord({learner.get()}, Expected(SomeCases(0, 120), config));
    EXPECT_EQ(Records({}).items.front().calibration, "");
  }
  config.council.graders = 0;  // of ungraded councils nothing is known
  auto learner = Start(config);
  AwaitRecord({learner.get()}, Expected(SomeCases(0, 120), config));
  EXPECT_EQ(Records({}).items.front().cases, 0);
  EXPECT_FALSE(Records({}).items.front().reviewed);
}

TEST_F(LearnedRecordTest, ARedisThatDiesLosesNothingOfIt) {
  Import(SomeCases(0, 120));
  {
    auto learner = Start(SomeConfig());
    AwaitRecord({learner.get()}, Expected(SomeCases(0, 120), SomeConfig()));
  }
  const std::string before = ToJson(Records({}));
  redis_.Kill();
  redis_.Restart();
  Until({}, [this] { return !desk_->up(); });
  EXPECT_EQ(ToJson(Records({})), before);
}

// The known cases reach further back than the latest ones, and a revision says the last word.
TEST_F(LearnedRecordTest, ALearnerThatStartsAgainKnowsTheSameLatestCases) {
  Config config = SomeConfig();
  config.chemistry.window_cases = 60;
  config.council.risk_target = 0.25;
  Import(SomeCases(0, 80));
  const CaseEvidence first = SomeEvidence(80);
  CaseEvidence revised = first;
  for (EvidenceAnswer& answer : revised.answers) answer.right = !*answer.right;
  Append({WithoutGold(first), std::nullopt});
  std::vector<CaseEvidence> unknown = SomeCases(81, 90);
  for (CaseEvidence& evidence : unknown) evidence = WithoutGold(evidence);
  Import(unknown);
  Append({revised, WithoutGold(first)});  // its outcome came late
  std::vector<CaseEvidence> latest = SomeCases(21, 59);
  latest.push_back(revised);
  {
    auto learner = Start(config);
    AwaitRecord({learner.get()}, Expected(latest, config));
  }
  Import(SomeCases(200, 1));
  latest.erase(latest.begin());
  latest.push_back(SomeEvidence(200));
  auto learner = Start(config);
  AwaitRecord({learner.get()}, Expected(latest, config));
}

// A small window for seating does not keep a target from ever being judged.
TEST_F(LearnedRecordTest, SoManyOutcomesAreKeptAsTheSettingsAskFor) {
  Config config = SomeConfig();
  config.chemistry.window_cases = 10;
  config.council.risk_target = 0.05;
  Import(SomeCases(60, 120));
  {
    auto learner = Start(config);  // reads them again
    AwaitRecord({learner.get()}, Expected(SomeCases(85, 95), config));
    Import(SomeCases(180, 10));
    learner->Hint();  // and learns more
    AwaitRecord({learner.get()}, Expected(SomeCases(95, 95), config));
  }
  EXPECT_EQ(Records({}).items.front().risk_needed, 19);
}

// --- aggregators that decide by it

class RecordReadingTest : public BrokerRig {
 protected:
  RecordReadingTest() {
    config_.council.deadline_s = 600;
    config_.council.outcomes_min = 20;
    config_.council.risk_target = 0.2;
    config_.council.medications = CONSILIUM_SOURCE_DIR "/configs/medications";
  }

  std::unique_ptr<Aggregator> MakeAggregator() const {
    auto medications = MedicationTable::Load(config_.council.medications);
    EXPECT_TRUE(medications.ok());
    auto safety = SafetyTables::Load(config_.council.medications, *medications);
    EXPECT_TRUE(safety.ok());
    return std::make_unique<Aggregator>(config_, Addresses(), std::move(*medications),
                                        std::move(*safety));
  }
  // Known cases of both models, which seldom err; as they come without a version.
  static std::vector<CaseEvidence> KnownCases(int first, int count) {
    std::vector<CaseEvidence> cases;
    for (int i = first; i < first + count; ++i) {
      const bool right = i % 10 != 0;
      EvidenceBuilder builder("known-" + std::to_string(i));
      builder.At(kDayMs * 20000);
      for (const char* model : {"alpha", "bravo"}) {
        builder.Judged(model, right ? "right" : "wrong", right, right ? 0.9 : 0.5);
      }
      cases.push_back(builder.Build());
    }
    return cases;
  }

  void Run(Aggregator& aggregator) {
    Turn();
    aggregator.Turn(milliseconds(0));
    for (const auto& worker : workers_) {
      for (TaskMessage& task : std::exchange(worker->tasks, {})) {
        Outcome outcome = Answered();
        if (task.review) {
          outcome.answer.reset();
          for (const LabelledAnswer& answer : task.review->answers) {
            outcome.grades.push_back({answer.label, 0.9, "", false});
          }
        }
        worker->Finish(task, outcome);
      }
    }
  }
  template <class Reply, class Message>
  Reply AskRunning(Aggregator& aggregator, const Message& message) {
    TestClient& client = *clients_.front();
    const std::string request = client.Send(message);
    const TimePoint give_up = Now() + std::chrono::seconds(60);
    while (client.Reply(request) == nullptr && Now() < give_up) Run(aggregator);
    const auto reply = AnswerTo<Reply>(client, request);
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? *reply : Reply{};
  }
  void Import(Aggregator& aggregator, int first, int count) {
    ImportRequest request;
    request.cases = KnownCases(first, count);
    EXPECT_EQ(AskRunning<ImportReply>(aggregator, request).imported, count);
  }
  // Until so many outcomes are known.
  TrackRecord AwaitRecord(Aggregator& aggregator, std::int64_t cases) {
    TrackRecords records;
    const TimePoint give_up = Now() + std::chrono::seconds(60);
    while ((records.items.empty() || records.items.front().cases != cases) && Now() < give_up) {
      records = AskRunning<TrackRecords>(aggregator, TrackRecordsRequest{});
    }
    EXPECT_EQ(records.items.size(), 1u);
    return records.items.empty() ? TrackRecord{} : records.items.front();
  }
  Recommendation Ended(Aggregator& aggregator, const std::string& id) {
    AskRunning<SubmitReply>(aggregator, SubmitRequest{CaseOf(id, {"alpha", "bravo"})});
    CaseView view;
    const TimePoint give_up = Now() + std::chrono::seconds(60);
    while (view.recommendations.empty() && Now() < give_up) {
      view = AskRunning<CaseView>(aggregator, FetchRequest{id});
    }
    EXPECT_EQ(view.recommendations.size(), 1u);
    return view.recommendations.empty() ? Recommendation{} : view.recommendations.front();
  }
  void BeginWithWorkers() {
    Start();
    AddClient();
    AddWorker("w-alpha", "alpha", 4);
    AddWorker("w-bravo", "bravo", 4);
  }
};

TEST_F(RecordReadingTest, AnAggregatorThatLearnedNothingDecidesByWhatAnotherLearned) {
  BeginWithWorkers();
  TrackRecord learned;
  {
    const auto first = MakeAggregator();
    Import(*first, 0, 60);
    learned = AwaitRecord(*first, 60);
    EXPECT_NE(learned.calibration, "");
  }
  const auto second = MakeAggregator();
  const Recommendation rec = Ended(*second, "case-1");
  EXPECT_EQ(rec.status, CaseState::kComplete) << rec.reason;
  ASSERT_TRUE(rec.confidence) << rec.confidence_note;
  EXPECT_GT(*rec.confidence, 0.8);
  EXPECT_EQ(rec.confidence_note, "calibrated on 60 known outcomes of medication cases");
  ASSERT_TRUE(rec.track_record);
  EXPECT_EQ(ToJson(*rec.track_record), ToJson(learned));
}

TEST_F(RecordReadingTest, UnreadableRecordsDelayNobodyForLongAndEndWithTheNextOnes) {
  BeginWithWorkers();
  {
    const auto first = MakeAggregator();
    Import(*first, 0, 60);
    AwaitRecord(*first, 60);
  }
  RedisConnection other(redis_.address(), {});
  ASSERT_TRUE(
      other.Call({"SET", "consilium:{0}:track_records", "garbage"}, std::chrono::seconds(5)).ok());
  const auto second = MakeAggregator();
  testing::internal::CaptureStderr();
  const Recommendation without = Ended(*second, "case-1");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("error consilium track_records_unreadable"));
  EXPECT_EQ(without.confidence, std::nullopt);
  EXPECT_EQ(without.confidence_note,
            "not calibrated: what known outcomes taught could not be read in time");
  // That case had an outcome too, so there are new records soon; another is decided by them.
  TrackRecords records;
  const TimePoint give_up = Now() + std::chrono::seconds(60);
  while (records.items.empty() && Now() < give_up) {
    Run(*second);
    const std::string request = clients_.front()->Send(TrackRecordsRequest{});
    while (clients_.front()->Reply(request) == nullptr && Now() < give_up) Run(*second);
    const auto reply = AnswerTo<TrackRecords>(*clients_.front(), request);
    if (reply.ok()) records = *reply;
  }
  EXPECT_EQ(AwaitRecord(*second, 61).cases, 61);
  std::optional<double> confidence;
  for (int i = 2; !confidence && Now() < give_up; ++i) {
    confidence = Ended(*second, "case-" + std::to_string(i)).confidence;
  }
  EXPECT_TRUE(confidence);
}

}  // namespace
}  // namespace consilium
