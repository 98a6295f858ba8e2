// What the store does when Redis lost or spoiled something: it puts back what is missing, and what
// is damaged is never taken for what was stored.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shared/store.h"
#include "tests/redis/store_rig.h"

namespace consilium {
namespace {

using std::chrono::seconds;

using StoreRepairTest = StoreRig;

TEST_F(StoreRepairTest, TasksThatSomebodyTookOutOfRedisArePutBack) {
  for (const char* id : {"waits", "leased", "delayed"}) ASSERT_TRUE(Submit(CaseOf(id)).ok());
  const auto leases = Lease("alpha", 2);  // of the first two
  AttemptEnd retry = EndOf(leases.at(0), AttemptEnd::Kind::kRetry, ErrorOutcome("http_500"));
  retry.delay_ms = 3600000;
  EXPECT_EQ(End(retry), "retry");
  EXPECT_EQ(Restore().restored, 0) << "nothing is missing";

  const std::string lane = "consilium:{0}:lane:generate:alpha";
  Tell({"XGROUP", "DELCONSUMER", lane, "w", "b1"});
  EXPECT_EQ(Restore().restored, 1) << "leased, and held by nobody";
  Tell({"XTRIM", lane, "MAXLEN", "0"});
  EXPECT_EQ(Restore().restored, 2) << "trimmed";
  Tell({"DEL", "consilium:{0}:delayed"});
  EXPECT_EQ(Restore().restored, 1) << "delayed, without its time";
  EXPECT_EQ(Restore().restored, 0);
  Await<Store::PromoteReply>([&](auto done) { store_->Promote(done); });
  const auto again = Lease("alpha", 10);
  ASSERT_EQ(again.size(), 3u);
  EXPECT_EQ(Restore().told, 0);
  // What the worker of before comes back with still counts, once.
  EXPECT_EQ(End(EndOf(leases.at(1), AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))), "stored");
  for (const LeasedTask& lease : again) {
    End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin")));
  }
  EXPECT_EQ(Events().size(), 3u);
}

TEST_F(StoreRepairTest, ACaseWhoseEventSomebodyDeletedIsToldAgain) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  for (const char* model : {"alpha", "beta"}) {
    for (const LeasedTask& lease : Lease(model)) {
      End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin")));
    }
  }
  EXPECT_EQ(Restore().told, 0) << "its event waits";
  Tell({"XTRIM", "consilium:{0}:events", "MAXLEN", "0"});
  EXPECT_EQ(Restore().told, 1);
  Tell({"XTRIM", "consilium:{0}:events", "MAXLEN", "0"});
  EXPECT_EQ(Restore().told, 0) << "once for each version of the record";
  Tell({"HINCRBY", "consilium:{0}:case:c1", "v", "1"});
  // What makes no sense stops nobody.
  Tell({"HSET", "consilium:{0}:case:c1", "s:generate|1xalpha", "pending"});
  Tell({"ZADD", "consilium:{0}:timers", "1", "gone"});
  Tell({"ZADD", "consilium:{0}:timers", "1", "text"});
  Tell({"SET", "consilium:{0}:case:text", "no hash"});
  EXPECT_EQ(Restore().told, 1);
  EXPECT_EQ(Restore().told, 0);
  Tell({"DEL", "consilium:{0}:case:text"});
  EXPECT_EQ(Events(), std::vector<std::string>{"c1"});
}

TEST_F(StoreRepairTest, ADamagedAnswerIsAnOutcomeOfItsOwnAndADamagedCaseSpoilsAllAnswers) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto damage = [&](const std::string& field) {
    const std::string key = "consilium:{0}:case:c1";
    const auto was = connection_->Call({"HGET", key, field}, seconds(5));
    ASSERT_TRUE(was.ok());
    std::string text = was->text;
    text.at(text.size() / 2) = static_cast<char>(text[text.size() / 2] ^ 4);
    Tell({"HSET", key, field, text});
  };
  for (const char* model : {"alpha", "beta"}) {
    End(EndOf(Lease(model).at(0), AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin")));
  }
  damage("o:generate|1|alpha");
  CaseView view = Fetch("c1");
  EXPECT_EQ(TaskOf(view, "alpha").outcome->code, "corrupt");
  EXPECT_FALSE(TaskOf(view, "alpha").outcome->answer.has_value());
  EXPECT_EQ(TaskOf(view, "beta").outcome->answer->medications[0].ingredient, "amoxicillin");
  damage("vignette");
  view = Fetch("c1");
  EXPECT_EQ(TaskOf(view, "beta").outcome->code, "corrupt");
  EXPECT_EQ(view.vignette.text, "");
  damage("ensemble");
  const auto damaged = Ask<CaseView>([&](auto done) { store_->Fetch("c1", done); });
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().text,
            "case c1: field ensemble of its record: damaged: not what its checksum says");
}

TEST_F(StoreRepairTest, ADamagedEntryOfTheFeedDoesNotHoldUpTheOthers) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  Tell({"XADD", "consilium:{0}:out", "*", "r", "what nobody can read"});
  Await<CancelReply>([&](auto done) { store_->Cancel({"c1"}, done); });
  const auto slice = Await<WatchSlice>([&](auto done) { store_->Watch("0-0", 10, done); });
  ASSERT_EQ(slice.items.size(), 1u);
  EXPECT_EQ(slice.items[0].case_id, "c1");
  EXPECT_EQ(slice.entries, std::vector<std::string>{slice.cursor});
}

TEST_F(StoreRepairTest, EverythingAcceptedSurvivesKillMinusNineOfRedis) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Submit(CaseOf("c" + std::to_string(i))).ok());
  ASSERT_EQ(Lease("alpha", 20).size(), 20u);
  const std::int64_t before = connection_->generation();
  redis_.Kill();
  redis_.Restart();
  PumpUntil([&] { return connection_->up() && connection_->generation() > before; });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Fetch("c" + std::to_string(i)).tasks.size(), 2u);
  const StatusReply status = Describe();
  EXPECT_EQ(status.live, 50);
  EXPECT_EQ(status.lanes[0].leased, 20) << "leases are as durable as cases";
  EXPECT_EQ(status.lanes[0].waiting, 30);
}

}  // namespace
}  // namespace consilium
