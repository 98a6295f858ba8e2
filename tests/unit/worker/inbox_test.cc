#include "worker/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/ids.h"

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Offered = Inbox::Offered;

class InboxTest : public testing::Test {
 protected:
  static std::string Ref(const std::string& id) { return id + "|generate|1|m"; }
  Offered Offer(const std::string& id, std::int64_t fence = 1, std::size_t link = 0) {
    TaskMessage message;
    message.task = Ref(id);
    message.fence = fence;
    message.time_left_ms = 60000;
    return inbox.Offer(link, message, {id, Stage::kGenerate, 1, "m"}, now);
  }
  std::string Next() {
    const auto call = inbox.Next();
    return call ? call->task.case_id + "/" + std::to_string(call->fence) : "";
  }
  void Finish(const std::string& id, OutcomeStatus status = OutcomeStatus::kOk,
              std::optional<std::int64_t> retry_in_ms = std::nullopt) {
    Outcome outcome;
    outcome.status = status;
    inbox.Finish(Ref(id), outcome, Verdict{retry_in_ms, false}, now);
  }
  // "id/fence@link" of what is sent now.
  std::vector<std::string> Sent(std::size_t max = 100) {
    std::vector<std::string> sent;
    for (const auto& sending : inbox.DueResults(now, max)) {
      sent.push_back(TaskFromRef(sending.message.task)->case_id + "/" +
                     std::to_string(sending.message.fence) + "@" + std::to_string(sending.link));
    }
    return sent;
  }
  std::vector<std::string> Held(std::size_t link = 0) {
    std::vector<std::string> held;
    for (const HeldTask& task : inbox.Held(link)) {
      held.push_back(TaskFromRef(task.task)->case_id + "/" + std::to_string(task.fence));
    }
    return held;
  }
  void Pass(int ms) { now += milliseconds(ms); }

  TimePoint now{milliseconds(1'000'000)};
  Inbox inbox{2, {2, 2}};
};

TEST_F(InboxTest, SlotsAreDividedWithOneForEachAtLeast) {
  EXPECT_THAT(Inbox::DivideSlots(8, 1), ElementsAre(8));
  EXPECT_THAT(Inbox::DivideSlots(8, 3), ElementsAre(3, 3, 2));
  EXPECT_THAT(Inbox::DivideSlots(1, 3), ElementsAre(1, 1, 1));
}

TEST_F(InboxTest, TasksStartInOrderUpToTheConcurrency) {
  Offer("a");
  Offer("b");
  Offer("c", 1, 1);
  EXPECT_EQ(Next(), "a/1");
  EXPECT_EQ(Next(), "b/1");
  EXPECT_EQ(Next(), "");
  Finish("a");
  EXPECT_EQ(Next(), "c/1");
  EXPECT_EQ(inbox.running(), 2u);
}

TEST_F(InboxTest, MoreThanTheSlotsIsHandedBack) {
  EXPECT_EQ(Offer("a"), Offered::kHeld);
  EXPECT_EQ(Offer("b"), Offered::kHeld);
  EXPECT_EQ(Offer("c"), Offered::kRelease);
  EXPECT_EQ(Offer("c", 1, 1), Offered::kHeld) << "the other broker has slots of its own";
  EXPECT_THAT(Held(), ElementsAre("a/1", "b/1"));
}

TEST_F(InboxTest, EndedTaskFreesItsSlotBeforeItIsConfirmed) {
  Offer("a");
  Offer("b");
  Next();
  Finish("a");
  EXPECT_EQ(Offer("c"), Offered::kHeld);
  EXPECT_THAT(Held(), ElementsAre("a/1", "b/1", "c/1"));
}

TEST_F(InboxTest, ResultIsSentAgainUntilConfirmed) {
  Offer("a");
  Next();
  EXPECT_EQ(inbox.next(), TimePoint::max());
  Finish("a");
  EXPECT_THAT(Sent(), ElementsAre("a/1@0"));
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_EQ(inbox.next(), now + milliseconds(2000));
  Pass(2000);
  EXPECT_THAT(Sent(), ElementsAre("a/1@0"));
  inbox.Confirm(Ref("a"), 1);
  Pass(2000);
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_THAT(Held(), IsEmpty());
  EXPECT_EQ(inbox.unconfirmed(), 0u);
}

TEST_F(InboxTest, WelcomeMakesAllResultsOfThatBrokerDue) {
  Offer("a");
  Offer("b", 1, 1);
  Next();
  Next();
  Finish("a");
  Finish("b");
  EXPECT_THAT(Sent(), ElementsAre("a/1@0", "b/1@1"));
  inbox.ResendAll(1, now);
  EXPECT_THAT(Sent(), ElementsAre("b/1@1"));
}

TEST_F(InboxTest, ResultsGoOutInBatches) {
  Offer("a");
  Offer("b");
  Next();
  Next();
  Finish("a");
  Finish("b");
  EXPECT_EQ(Sent(1).size(), 1u);
  EXPECT_EQ(Sent(1).size(), 1u);
  EXPECT_THAT(Sent(1), IsEmpty());
}

TEST_F(InboxTest, NewerFenceKeepsTheRunningCallAndCountsForItsResult) {
  Offer("a");
  EXPECT_EQ(Next(), "a/1");
  EXPECT_EQ(Offer("a", 3, 1), Offered::kHeld);
  EXPECT_EQ(Next(), "");
  EXPECT_THAT(Held(0), IsEmpty());
  EXPECT_THAT(Held(1), ElementsAre("a/3"));
  Finish("a");
  EXPECT_THAT(Sent(), ElementsAre("a/3@1"));
}

TEST_F(InboxTest, OlderFenceChangesNothing) {
  Offer("a", 5);
  EXPECT_EQ(Offer("a", 4, 1), Offered::kHeld);
  EXPECT_THAT(Held(0), ElementsAre("a/5"));
  EXPECT_FALSE(inbox.Cancel(Ref("a"), 4));
  EXPECT_THAT(Held(0), ElementsAre("a/5"));
}

TEST_F(InboxTest, NewerFenceReachesATaskThatStillWaits) {
  Offer("a");
  Offer("a", 2);
  EXPECT_EQ(Next(), "a/2");
}

TEST_F(InboxTest, NewerFenceSendsAnAnswerThatWaitsAtOnce) {
  Offer("a");
  Next();
  Finish("a");
  Sent();
  Offer("a", 2);
  EXPECT_EQ(Next(), "") << "the answer is there, no second call is paid for";
  EXPECT_THAT(Sent(), ElementsAre("a/2@0"));
}

TEST_F(InboxTest, NewerFenceReplacesAFailureByANewAttempt) {
  Offer("a");
  Next();
  Finish("a", OutcomeStatus::kError, /*retry_in_ms=*/5);
  Sent();
  Offer("a", 2);
  EXPECT_EQ(Next(), "a/2");
  EXPECT_EQ(inbox.unconfirmed(), 0u);
}

TEST_F(InboxTest, SameFenceAgainSendsTheResultAgain) {
  Offer("a");
  Next();
  Finish("a", OutcomeStatus::kError, /*retry_in_ms=*/5);
  Sent();
  Offer("a", 1);
  EXPECT_EQ(Next(), "");
  EXPECT_THAT(Sent(), ElementsAre("a/1@0"));
}

TEST_F(InboxTest, ConfirmationOfAnOlderFenceIsNotOfThisResult) {
  Offer("a");
  Next();
  Offer("a", 2);
  Finish("a");
  Sent();
  inbox.Confirm(Ref("a"), 1);
  EXPECT_EQ(inbox.unconfirmed(), 1u);
  inbox.Confirm(Ref("a"), 2);
  EXPECT_EQ(inbox.unconfirmed(), 0u);
}

TEST_F(InboxTest, ConfirmationDoesNotEndARunningCall) {
  Offer("a");
  Next();
  inbox.Confirm(Ref("a"), 1);
  EXPECT_THAT(Held(), ElementsAre("a/1"));
}

TEST_F(InboxTest, CancelSaysWhetherACallMustBeAborted) {
  Offer("a");
  Offer("b");
  Next();
  EXPECT_TRUE(inbox.Cancel(Ref("a"), 1));
  EXPECT_FALSE(inbox.Cancel(Ref("b"), 1));
  EXPECT_FALSE(inbox.Cancel(Ref("unknown"), 1));
  EXPECT_EQ(Next(), "");
  EXPECT_EQ(inbox.running(), 0u);
  Finish("a");
  EXPECT_THAT(Sent(), IsEmpty()) << "a result that comes after all is not reported";
}

TEST_F(InboxTest, TasksOfALostBrokerAreReportedToAnother) {
  Offer("a");
  Offer("b");
  Next();
  Finish("a");
  Sent();
  EXPECT_EQ(inbox.Rehome(0, 1), 2u);
  inbox.ResendAll(1, now);
  EXPECT_THAT(Held(0), IsEmpty());
  EXPECT_THAT(Held(1), ElementsAre("a/1", "b/1"));
  EXPECT_THAT(Sent(), ElementsAre("a/1@1"));
  EXPECT_EQ(Offer("c", 1, 1), Offered::kHeld) << "they take none of the other broker's slots";
}

TEST_F(InboxTest, BrokerThatIgnoresItsCreditsCannotFillTheMemory) {
  int held = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = "t" + std::to_string(i);
    if (Offer(id) == Offered::kHeld) ++held;
    if (Next() != "") Finish(id);
  }
  EXPECT_LE(held, 4 + 64);
  EXPECT_EQ(inbox.unconfirmed(), static_cast<std::size_t>(held));
}

TEST_F(InboxTest, DrainHandsBackWhatWaitsAndTakesNothing) {
  Offer("a");
  Offer("b");
  Offer("c", 7, 1);
  Next();
  const auto returning = inbox.Drain();
  ASSERT_EQ(returning.size(), 2u);
  EXPECT_EQ(returning[0].task.task, Ref("b"));
  EXPECT_EQ(returning[1].task.task, Ref("c"));
  EXPECT_EQ(returning[1].task.fence, 7);
  EXPECT_EQ(returning[1].link, 1u);
  EXPECT_EQ(inbox.slots(0), 0);
  EXPECT_EQ(Offer("d"), Offered::kRelease);
  Finish("a");
  EXPECT_THAT(Sent(), ElementsAre("a/1@0"));
}

TEST_F(InboxTest, GivenUpCallsAreForgotten) {
  Offer("a");
  Offer("b");
  Next();
  inbox.Drain();
  const auto returning = inbox.GiveUpRunning();
  ASSERT_EQ(returning.size(), 1u);
  EXPECT_EQ(returning[0].task.task, Ref("a"));
  EXPECT_EQ(inbox.running(), 0u);
  EXPECT_THAT(Held(), IsEmpty());
}

TEST_F(InboxTest, DeadlineComesFromTheTimeLeft) {
  TaskMessage message;
  message.task = Ref("a");
  message.time_left_ms = -5;
  inbox.Offer(0, message, {"a", Stage::kGenerate, 1, "m"}, now);
  EXPECT_EQ(inbox.Next()->deadline, now);
  message.task = Ref("b");
  message.time_left_ms = std::numeric_limits<std::int64_t>::max();
  inbox.Offer(0, message, {"b", Stage::kGenerate, 1, "m"}, now);
  EXPECT_EQ(inbox.Next()->deadline, now + std::chrono::hours(24));
}

}  // namespace
}  // namespace consilium
