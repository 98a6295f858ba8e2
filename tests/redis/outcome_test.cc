// Outcomes of cases against a real redis-server: what the script promises, and what clients get of
// a broker.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/limits.h"
#include "shared/store.h"
#include "tests/redis/aggregator_rig.h"

namespace consilium {
namespace {

using std::chrono::seconds;
using Names = std::vector<std::string>;

class OutcomeTest : public AggregatorRig {
 protected:
  static CaseOutcomeRequest Stated(const std::string& id, Names medications,
                                   const std::string& by = "cli") {
    return {id, by, CaseOutcomeVerdict::kStated, std::move(medications), "", std::nullopt};
  }
  static CaseOutcomeRequest Accepted(const std::string& id,
                                     std::optional<std::int64_t> revision = {}) {
    return {id, "cli", CaseOutcomeVerdict::kAccepted, std::nullopt, "", revision};
  }
};

TEST_F(OutcomeTest, IsRecordedOnceInOrderWithOneEventEach) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  const CaseView before = Fetch(client, "c1");
  const std::string left = Raw({"PTTL", "consilium:{0}:case:c1"});
  CaseOutcomeRequest first{"c1",     "ward 3", CaseOutcomeVerdict::kOverridden, Names{"aspirin"},
                           "a rash", {}};
  const auto reply = Ask<CaseOutcomeReply>(client, first);
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_EQ(reply->id, "c1");
  EXPECT_FALSE(reply->duplicate);
  EXPECT_EQ(reply->count, 1);
  EXPECT_EQ(reply->state, CaseState::kComplete);
  EXPECT_FALSE(reply->contradictory) << "nobody has looked at it";
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Stated("c1", {"aspirin"}))->count, 2);

  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.version, before.version + 2);
  ASSERT_EQ(view.outcomes.size(), 2U);
  const CaseOutcome& outcome = view.outcomes[0];
  EXPECT_EQ(outcome.by, "ward 3");
  EXPECT_EQ(outcome.verdict, CaseOutcomeVerdict::kOverridden);
  EXPECT_EQ(outcome.medications, (Names{"aspirin"}));
  EXPECT_EQ(outcome.reason, "a rash");
  EXPECT_EQ(outcome.revision, 1);
  EXPECT_GE(outcome.at_ms, before.accepted_ms);
  EXPECT_EQ(view.outcomes[1].by, "cli");
  EXPECT_EQ(view.outcomes[1].revision, 0);
  const auto events = TakeEvents("a1");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].case_id, "c1");
  EXPECT_LE(std::stoll(Raw({"PTTL", "consilium:{0}:case:c1"})), std::stoll(left));
  EXPECT_GT(std::stoll(Raw({"PTTL", "consilium:{0}:case:c1"})), 0);
}

TEST_F(OutcomeTest, TheSameFromTheSameIsADuplicateUntilHeSaysSomethingElse) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  EXPECT_FALSE(Ask<CaseOutcomeReply>(client, Accepted("c1"))->duplicate);
  const auto again = Ask<CaseOutcomeReply>(client, Accepted("c1"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->count, 1);
  EXPECT_EQ(TakeEvents("a1").size(), 1U);
  // Another one says the same: that is a second voice.
  CaseOutcomeRequest other = Accepted("c1");
  other.by = "feed";
  EXPECT_FALSE(Ask<CaseOutcomeReply>(client, other)->duplicate);
  // He corrects himself, and takes that back.
  EXPECT_FALSE(Ask<CaseOutcomeReply>(client, Stated("c1", {"aspirin"}))->duplicate);
  const auto back = Ask<CaseOutcomeReply>(client, Accepted("c1"));
  EXPECT_FALSE(back->duplicate) << "the latest counts, so this says something new";
  EXPECT_EQ(back->count, 4);
}

TEST_F(OutcomeTest, ADuplicateSaysWhatWasMadeOfIt) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  ASSERT_TRUE(Ask<CaseOutcomeReply>(client, Accepted("c1")).ok());
  CaseView view = Fetch(client, "c1");
  CaseUpdate update;
  update.case_id = "c1";
  update.version = view.version;
  update.known = KnownRight{};
  update.known->status = KnownStatus::kContradictory;
  update.known->outcomes = 1;
  EXPECT_TRUE(*Tell<bool>([&](auto done) { store_->Apply(update, done); }));
  view = Fetch(client, "c1");
  ASSERT_TRUE(view.known.has_value());
  EXPECT_EQ(view.known->status, KnownStatus::kContradictory);
  EXPECT_EQ(view.state, CaseState::kComplete);
  EXPECT_EQ(view.recommendations.size(), 1U) << "nothing is published for it";
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Accepted("c1"))->contradictory,
            std::optional<bool>(true));
  EXPECT_FALSE(*Tell<bool>([&](auto done) { store_->Apply(update, done); }))
      << "written under another version of the record";
}

TEST_F(OutcomeTest, IsBoundedForOneCase) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  for (std::size_t i = 0; i < limits::kCaseOutcomesMax; ++i) {
    const auto reply = Ask<CaseOutcomeReply>(client, Stated("c1", {"drug " + std::to_string(i)}));
    ASSERT_TRUE(reply.ok()) << reply.error().text;
  }
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Stated("c1", {"one more"})).error(),
            (Error{ErrorCode::kTooLarge,
                   "case c1 has 64 outcomes, the limit; this one was not recorded"}));
  const auto last = Ask<CaseOutcomeReply>(client, Stated("c1", {"drug 63"}));
  ASSERT_TRUE(last.ok()) << last.error().text;
  EXPECT_TRUE(last->duplicate) << "what was recorded is still answered";
  EXPECT_EQ(Fetch(client, "c1").outcomes.size(), limits::kCaseOutcomesMax);
}

TEST_F(OutcomeTest, CasesThatAreUnknownForgottenLiveOrCancelledRefuse) {
  TestClient& client = AddClient();
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Accepted("c0")).error(),
            (Error{ErrorCode::kNotFound, "no case c0"}));
  Submit(client, CaseOf("c1"));
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Stated("c1", {})).error(),
            (Error{ErrorCode::kConflict,
                   "case c1 is still waiting for a worker; say what was "
                   "right once it has ended (`consilium show c1`)"}));
  EXPECT_TRUE(Ask<CancelReply>(client, CancelRequest{"c1"}).ok());
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Stated("c1", {})).error(),
            (Error{ErrorCode::kConflict,
                   "case c1 was cancelled: there is no recommendation to speak of"}));
  Ended(client, "c2");
  Raw({"PEXPIRE", "consilium:{0}:case:c2", "1"});
  PumpFor(milliseconds(20));
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Accepted("c2")).error(),
            (Error{ErrorCode::kNotFound, "no case c2"}));
  EXPECT_EQ(Raw({"EXISTS", "consilium:{0}:case:c2"}), "0") << "and it is not made again";
  EXPECT_TRUE(TakeEvents("a1").empty());
}

TEST_F(OutcomeTest, TheScriptItselfRefusesWhatTheBrokerDidNotSeeComing) {
  TestClient& client = AddClient();
  const auto add = [&](const std::string& id, std::int64_t revision) {
    CaseOutcome outcome{"cli", CaseOutcomeVerdict::kAccepted, std::nullopt, "", revision, 0};
    return Tell<CaseOutcomeReply>([&](auto done) { store_->AddOutcome(id, outcome, done); });
  };
  EXPECT_EQ(add("c1", 1).error(), (Error{ErrorCode::kNotFound, "no case c1"}));
  Submit(client, CaseOf("c1"));
  EXPECT_EQ(add("c1", 1).error().code, ErrorCode::kConflict);
  Ended(client, "c2", {CaseState::kInsufficient, CaseState::kComplete});
  EXPECT_EQ(add("c2", 3).error(), Invalid("case c2: revision = 3, expected 1..2"));
  EXPECT_TRUE(add("c2", 2).ok());
}

TEST_F(OutcomeTest, SpeaksOfTheRevisionThatIsMeant) {
  TestClient& client = AddClient();
  Ended(client, "c1", {CaseState::kInsufficient, CaseState::kComplete, CaseState::kDegraded});
  ASSERT_TRUE(Ask<CaseOutcomeReply>(client, Accepted("c1")).ok());
  ASSERT_TRUE(Ask<CaseOutcomeReply>(client, Accepted("c1", 2)).ok());
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Accepted("c1", 1)).error(),
            Invalid("case c1, revision 1: nothing was recommended (insufficient), so nothing can "
                    "be accepted; state the medications that were right"));
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Accepted("c1", 4)).error(),
            Invalid("case c1: revision = 4, expected 1..3"));
  const CaseView view = Fetch(client, "c1");
  ASSERT_EQ(view.outcomes.size(), 2U);
  EXPECT_EQ(view.outcomes[0].revision, 3);
  EXPECT_EQ(view.outcomes[1].revision, 2);
}

TEST_F(OutcomeTest, TheEventOfAnAggregatorThatDiedComesAgain) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  ASSERT_TRUE(Ask<CaseOutcomeReply>(client, Accepted("c1")).ok());
  ASSERT_EQ(TakeEvents("a1").size(), 1U);
  EXPECT_TRUE(TakeEvents("a2").empty());
  // It says nothing for longer than a consumer may.
  std::vector<Store::Event> claimed;
  PumpUntil("another one takes it", [&] {
    claimed = TakeEvents("a2", /*claim=*/true);
    return !claimed.empty();
  });
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].case_id, "c1");
}

TEST_F(OutcomeTest, ADamagedOutcomeIsToldAndNotSkipped) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  ASSERT_TRUE(Ask<CaseOutcomeReply>(client, Accepted("c1")).ok());
  Raw({"HSET", "consilium:{0}:case:c1", "outcome:1", "garbage"});
  const auto view = Ask<CaseView>(client, FetchRequest{"c1"});
  ASSERT_FALSE(view.ok());
  EXPECT_EQ(view.error(), (Error{ErrorCode::kInternal,
                                 "case c1: field outcome:1 of its record: "
                                 "damaged: no checksum"}));
}

TEST_F(OutcomeTest, WithoutRedisNothingIsRecordedAndAskedAgainItIsRecordedOnce) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  const std::int64_t before = connection_->generation();
  redis_.Kill();
  const auto lost = Ask<CaseOutcomeReply>(client, Accepted("c1"));
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(lost.error().text.find("send it again"), std::string::npos) << lost.error().text;
  redis_.Restart();
  PumpUntil("Redis is back", [&] {
    return TurnStore() && connection_->up() && connection_->generation() > before &&
           broker_->ready();
  });
  std::optional<Result<CaseOutcomeReply>> reply;
  PumpUntil("it is recorded", [&] {
    reply = Ask<CaseOutcomeReply>(client, Accepted("c1"));
    return reply->ok();
  });
  EXPECT_EQ((*reply)->count, 1);
  EXPECT_TRUE(Ask<CaseOutcomeReply>(client, Accepted("c1"))->duplicate);
}

TEST_F(OutcomeTest, ARedisWithoutMemoryRecordsNothingAndSaysSo) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  Raw({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Accepted("c1")).error(),
            (Error{ErrorCode::kQueueFull, "Redis has no memory left (maxmemory); try later"}));
  Raw({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, Accepted("c1"))->count, 1);
}

TEST_F(OutcomeTest, NothingIsRecordedWhereRedisMayLoseIt) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  Raw({"CONFIG", "SET", "appendfsync", "no"});
  std::string refusal;
  PumpUntil("the broker notices", [&] {
    const auto reply = Ask<CaseOutcomeReply>(client, Accepted("c1"));
    if (!reply) refusal = reply.error().text;
    return !reply.ok() && reply.error().code == ErrorCode::kUnavailable;
  });
  EXPECT_NE(refusal.find("appendfsync"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("; the outcome was not recorded; send it again"), std::string::npos)
      << refusal;
}

// A broker between the client and Redis may die at any moment: the client asks another one.
TEST_F(OutcomeTest, ABrokerThatDiedAfterRecordingLeavesOneOutcome) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  client.Send(Accepted("c1", 1));
  PumpUntil("it is recorded", [&] {
    return TurnStore() && Raw({"HGET", "consilium:{0}:case:c1", "outcomes"}) == "1";
  });
  Stop();  // with or without having answered
  Start();
  TestClient& again = AddClient();
  const auto reply = Ask<CaseOutcomeReply>(again, Accepted("c1", 1));
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_TRUE(reply->duplicate);
  EXPECT_EQ(reply->count, 1);
}

}  // namespace
}  // namespace consilium
