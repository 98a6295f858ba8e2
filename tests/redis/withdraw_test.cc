// Cases that are taken back after they ended, against a real redis-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "shared/limits.h"
#include "tests/redis/aggregator_rig.h"

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class WithdrawTest : public AggregatorRig {
 protected:
  CancelReply Withdraw(TestClient& client, const std::string& id, const std::string& reason = "") {
    const auto reply = Ask<CancelReply>(client, CancelRequest{id, true, reason});
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? *reply : CancelReply{};
  }
  WatchReply Feed(TestClient& client) { return *Ask<WatchReply>(client, WatchRequest{"", 0, 100}); }
  std::int64_t Count(TestClient& client, const std::string& counter) {
    const auto status = Ask<StatusReply>(client, StatusRequest{});
    EXPECT_TRUE(status.ok() && status->balanced);
    return status.ok() ? status->counters.at(counter) : -1;
  }
};

TEST_F(WithdrawTest, AnEndedCaseGetsARevisionThatTakesItBack) {
  TestClient& client = AddClient();
  Ended(client, "c1", {CaseState::kDegraded, CaseState::kComplete});
  const CaseView before = Fetch(client, "c1");
  const CancelReply reply = Withdraw(client, "c1", "replaced by hl7-2");
  EXPECT_EQ(reply.id, "c1");
  EXPECT_TRUE(reply.cancelled);
  EXPECT_EQ(reply.state, CaseState::kCancelled);

  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.state, CaseState::kCancelled);
  EXPECT_EQ(view.cancel_reason, "replaced by hl7-2");
  EXPECT_EQ(view.version, before.version + 1);
  ASSERT_THAT(view.recommendations, SizeIs(3));
  EXPECT_EQ(view.recommendations[1].status, CaseState::kComplete) << "still readable";
  EXPECT_THAT(view.recommendations[1].ingredients, ElementsAre("amoxicillin"));
  const Recommendation& last = view.recommendations[2];
  EXPECT_EQ(last.case_id, "c1");
  EXPECT_EQ(last.revision, 3);
  EXPECT_EQ(last.status, CaseState::kCancelled);
  EXPECT_EQ(last.reason, "replaced by hl7-2");
  EXPECT_THAT(last.medications, IsEmpty());
  EXPECT_THAT(last.ingredients, IsEmpty());
  EXPECT_EQ(last.accepted_ms, view.accepted_ms);
  EXPECT_GE(last.decided_ms, view.accepted_ms);

  const WatchReply feed = Feed(client);
  ASSERT_THAT(feed.items, SizeIs(3));
  EXPECT_EQ(feed.items[2].revision, 3);
  EXPECT_EQ(feed.items[2].status, CaseState::kCancelled);
  EXPECT_EQ(Count(client, "complete"), 0);
  EXPECT_EQ(Count(client, "cancelled"), 1);
  EXPECT_EQ(Count(client, "revised"), 2);
  EXPECT_EQ(Count(client, "accepted"), 1);
}

TEST_F(WithdrawTest, AgainIsTheSameAnswerAndNothingIsPublished) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  Withdraw(client, "c1", "retracted");
  for (const CancelRequest& again : {CancelRequest{"c1", true, "another reason"},
                                     CancelRequest{"c1"}, CancelRequest{"c1", true, "retracted"}}) {
    const auto reply = Ask<CancelReply>(client, again);
    ASSERT_TRUE(reply.ok());
    EXPECT_TRUE(reply->cancelled);
    EXPECT_EQ(reply->state, CaseState::kCancelled);
  }
  EXPECT_EQ(Fetch(client, "c1").cancel_reason, "retracted") << "what was said first";
  EXPECT_THAT(Fetch(client, "c1").recommendations, SizeIs(2));
  EXPECT_THAT(Feed(client).items, SizeIs(2));
  EXPECT_EQ(Count(client, "cancelled"), 1);
}

TEST_F(WithdrawTest, WithoutTheWordAnEndedCaseStays) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  const auto reply = Ask<CancelReply>(client, CancelRequest{"c1", false, "retracted"});
  ASSERT_TRUE(reply.ok());
  EXPECT_FALSE(reply->cancelled);
  EXPECT_EQ(reply->state, CaseState::kComplete);
  EXPECT_EQ(Fetch(client, "c1").state, CaseState::kComplete);
}

TEST_F(WithdrawTest, ALiveCaseIsCancelledWithItsReason) {
  TestClient& client = AddClient();
  for (const bool withdraw : {false, true}) {
    const std::string id = withdraw ? "c1" : "c2";
    Submit(client, CaseOf(id));
    ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{id, withdraw, "retracted"})->cancelled);
    const CaseView view = Fetch(client, id);
    EXPECT_EQ(view.state, CaseState::kCancelled);
    EXPECT_EQ(view.cancel_reason, "retracted");
    EXPECT_THAT(view.recommendations, IsEmpty());
    EXPECT_EQ(Feed(client).items.back().reason, "retracted");
    EXPECT_EQ(Feed(client).items.back().revision, 0);
  }
  Submit(client, CaseOf("c3"));
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c3"})->cancelled);
  EXPECT_EQ(Feed(client).items.back().reason, "cancelled on request");
  Ended(client, "c4");
  Withdraw(client, "c4");
  EXPECT_EQ(Feed(client).items.back().reason, "withdrawn on request");
  EXPECT_EQ(Count(client, "cancelled"), 4);
  EXPECT_EQ(Count(client, "revised"), 1);
}

TEST_F(WithdrawTest, WhatWasDecidedMeanwhileIsNotAppliedAndALaterAnswerRevisesNothing) {
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w", "bravo", 1);
  Submit(client, CaseOf("c1", {"alpha", "bravo"}));
  PumpUntil("the worker has it", [&] { return worker.tasks.size() == 1; });
  CaseUpdate update;
  update.case_id = "c1";
  update.state = CaseState::kDegraded;
  update.retention_ms = 60000;
  update.publish = Recommendation{};
  update.publish->case_id = "c1";
  update.publish->status = CaseState::kDegraded;
  update.version = Fetch(client, "c1").version;
  ASSERT_TRUE(*Tell<bool>([&](auto done) { store_->Apply(update, done); }));
  // An aggregator looks at the case; it is withdrawn before it has decided.
  update.publish->revision = 2;
  update.version = Fetch(client, "c1").version;
  Withdraw(client, "c1");
  EXPECT_FALSE(*Tell<bool>([&](auto done) { store_->Apply(update, done); }));
  update.version = Fetch(client, "c1").version;
  EXPECT_FALSE(*Tell<bool>([&](auto done) { store_->Apply(update, done); }));
  PumpUntil("the late call is stopped", [&] { return !worker.cancels.empty(); });
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("the answer is stored", [&] { return !worker.acks.empty(); });
  EXPECT_EQ(Fetch(client, "c1").state, CaseState::kCancelled);
  EXPECT_THAT(Fetch(client, "c1").recommendations, SizeIs(2));
}

TEST_F(WithdrawTest, ACaseThatIsRevisedBetweenTheLookAndTheStepIsWithdrawnAllTheSame) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  // As the step finds it when somebody was faster: the look told revision 1.
  const RedisReply reply = *Tell<RedisReply>([&](auto done) {
    connection_->Run("withdraw_case",
                     {"consilium:{0}:case:c1", "consilium:{0}:counters", "consilium:{0}:out",
                      "consilium:{0}:wanted", "consilium:{0}:cancels"},
                     {"c1", "hints", "0", "x", "why", "1000", "1000"}, done);
  });
  ASSERT_THAT(reply.items, SizeIs(1));
  EXPECT_EQ(reply.items[0].text, "changed");
  EXPECT_EQ(Fetch(client, "c1").state, CaseState::kComplete) << "nothing was done";
  EXPECT_TRUE(Withdraw(client, "c1").cancelled);
}

TEST_F(WithdrawTest, TheRecordStaysThirtyDaysAtLeastAndNeverShorterThanItWould) {
  TestClient& client = AddClient();
  constexpr std::int64_t kDay = 24LL * 3600 * 1000;
  Ended(client, "c1");  // kept for a minute
  Withdraw(client, "c1");
  EXPECT_GT(std::stoll(Raw({"PTTL", "consilium:{0}:case:c1"})), 29 * kDay);
  Ended(client, "c2");
  Raw({"PEXPIRE", "consilium:{0}:case:c2", std::to_string(90 * kDay)});
  Withdraw(client, "c2");
  EXPECT_GT(std::stoll(Raw({"PTTL", "consilium:{0}:case:c2"})), 89 * kDay);
}

TEST_F(WithdrawTest, OutcomesAreRefusedAndTheEvidenceStays) {
  TestClient& client = AddClient();
  Ended(client, "c1");
  CaseOutcomeRequest outcome{"c1", "cli", CaseOutcomeVerdict::kAccepted, std::nullopt, "", 1};
  ASSERT_TRUE(Ask<CaseOutcomeReply>(client, outcome).ok());
  const std::string evidence = Raw({"XLEN", "consilium:{0}:evidence"});
  const std::string history = Raw({"XLEN", "consilium:{0}:history"});
  Withdraw(client, "c1");
  EXPECT_EQ(Ask<CaseOutcomeReply>(client, outcome).error(),
            (Error{ErrorCode::kConflict,
                   "case c1 was cancelled: there is no recommendation to speak of"}));
  CaseOutcome stored{"cli", CaseOutcomeVerdict::kAccepted, std::nullopt, "", 1, 0};
  EXPECT_EQ(Tell<CaseOutcomeReply>([&](auto done) { store_->AddOutcome("c1", stored, done); })
                .error()
                .code,
            ErrorCode::kConflict);
  EXPECT_THAT(Fetch(client, "c1").outcomes, SizeIs(1));
  EXPECT_EQ(Raw({"XLEN", "consilium:{0}:evidence"}), evidence);
  EXPECT_EQ(Raw({"XLEN", "consilium:{0}:history"}), history);
}

TEST_F(WithdrawTest, BadReasonsAndUnknownCasesAreRefused) {
  TestClient& client = AddClient();
  const auto refusal = [&](const std::string& reason) {
    return Ask<CancelReply>(client, CancelRequest{"c1", true, reason}).error();
  };
  EXPECT_EQ(refusal(std::string(201, 'x')), Invalid("reason: 201 bytes, expected at most 200"));
  EXPECT_EQ(refusal("a\nb"), Invalid("reason: has control characters, expected none"));
  EXPECT_EQ(refusal("fine"), (Error{ErrorCode::kNotFound, "no case c1"}));
}

}  // namespace
}  // namespace consilium
