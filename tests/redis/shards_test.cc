// What happens to one Redis of three happens to its cases only.
#include <gmock/gmock.h>

#include <set>

#include "tests/redis/shards_rig.h"

namespace consilium {
namespace {

using testing::StartsWith;

class ShardsTest : public ShardsRig {};

TEST_F(ShardsTest, ThreeHundredCasesEndOnceThoughOneRedisDiesMeanwhile) {
  constexpr std::size_t kCases = 300;
  Start();
  StartAggregator();
  AddWorker("w-alpha", "alpha", 8);
  AddWorker("w-bravo", "bravo", 8);
  TestClient* client = &AddClient();
  std::vector<std::string> unaccepted;
  for (std::size_t i = 0; i < kCases; ++i) unaccepted.push_back("case-" + std::to_string(i));

  const auto submit_all = [&] {
    std::vector<std::pair<std::string, std::string>> asked;
    for (const std::string& id : std::exchange(unaccepted, {})) {
      asked.emplace_back(id, client->Send(SubmitRequest{CaseOf(id)}));
    }
    for (const auto& [id, request] : asked) {
      RunUntil("a reply comes", [&, &sent = request] { return client->Reply(sent) != nullptr; });
      if (AnswerTo<SubmitReply>(*client, request)) continue;
      EXPECT_EQ(ShardOf(id, kShards), 1u) << last_error_.text;
      EXPECT_EQ(last_error_.code, "unavailable");
      EXPECT_THAT(last_error_.text, StartsWith("shard 1: "));
      unaccepted.push_back(id);
    }
  };
  // Half of them are under way, when one Redis dies.
  std::vector<std::string> later(unaccepted.begin() + kCases / 2, unaccepted.end());
  unaccepted.resize(kCases / 2);
  submit_all();
  ASSERT_TRUE(unaccepted.empty());
  Follower follower;
  RunUntil("some cases ended", [&] {
    Follow(*client, follower, 7);
    return follower.seen.size() >= 20;
  });
  more_[0].Kill();
  unaccepted = std::move(later);
  submit_all();
  EXPECT_GT(unaccepted.size(), 20u);
  EXPECT_LT(unaccepted.size(), kCases / 2);

  // The others end without it, also for a client that starts again with the cursor that it kept.
  std::set<std::string> others;
  for (std::size_t i = 0; i < kCases; ++i) {
    const std::string id = "case-" + std::to_string(i);
    if (ShardOf(id, kShards) != 1) others.insert(id);
  }
  client = &AddClient();
  RunUntil("all cases of the other shards ended", [&] {
    Follow(*client, follower);
    const auto times = TimesPublished(follower);
    return std::all_of(others.begin(), others.end(),
                       [&](const std::string& id) { return times.count(id) > 0; });
  });
  const std::size_t before = follower.seen.size();
  EXPECT_LT(before, kCases);
  auto status = AskRunning<StatusReply>(*client, StatusRequest{});
  ASSERT_TRUE(status.ok());
  EXPECT_FALSE(status->accepting);
  EXPECT_THAT(status->reason, StartsWith("shard 1: Redis does not answer: "));
  ASSERT_EQ(status->shards.size(), kShards);
  EXPECT_TRUE(status->shards[0].accepting && status->shards[2].accepting);
  EXPECT_FALSE(status->shards[1].accepting);
  EXPECT_THAT(AskRunning<WatchReply>(*client, WatchRequest{"$", 0, 1}).error().text,
              StartsWith("shard 1: "));

  more_[0].Restart();
  RunUntil("the broker has all shards", [&] { return broker_->ready(); });
  RunUntil("all are accepted", [&] {
    submit_all();
    return unaccepted.empty();
  });
  RunUntil("every case ended", [&] {
    Follow(*client, follower);
    return follower.seen.size() >= kCases;
  });
  Follow(*client, follower);
  const auto times = TimesPublished(follower);
  EXPECT_EQ(times.size(), kCases);
  for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id;
  status = AskRunning<StatusReply>(*client, StatusRequest{});
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->counters["accepted"], static_cast<std::int64_t>(kCases));
  EXPECT_EQ(status->live, 0);
  EXPECT_TRUE(status->balanced);
  // The whole feed from the start has the same, once each.
  Follower again;
  RunUntil("the feed is at its end", [&] {
    const std::string cursor = again.cursor;
    Follow(*client, again, 64);
    return again.cursor == cursor;
  });
  EXPECT_EQ(TimesPublished(again), times);
  // Every case was learned from, once: it has one line in the stream of shard 0.
  RunUntil("all evidence is in shard 0", [&] {
    return Raw(0, {"XLEN", "consilium:{0}:evidence"}) == std::to_string(kCases);
  });
  EXPECT_EQ(Raw(0, {"SCARD", "consilium:{0}:learned"}), std::to_string(kCases));
  RunUntil("nothing waits elsewhere", [&] {
    return Raw(1, {"XLEN", "consilium:{1}:evidence"}) == "0" &&
           Raw(2, {"XLEN", "consilium:{2}:evidence"}) == "0";
  });
  EXPECT_EQ(Raw(0, {"XLEN", "consilium:{0}:evidence"}), std::to_string(kCases));
}

TEST_F(ShardsTest, ARedisThatHangsHoldsUpItsOwnCasesOnly) {
  Start();
  StartAggregator();
  AddWorker("w-alpha", "alpha", 1);  // the hanging shard may have been asked for its only credit
  AddWorker("w-bravo", "bravo", 1);
  TestClient& client = AddClient();
  std::size_t hung = 0;
  for (; hung < 5; ++hung) {
    EXPECT_TRUE(AskRunning<SubmitReply>(client, SubmitRequest{CaseOf(NextId(1))}).ok());
  }
  // A result that waits for its own shard keeps its slot, and each worker here has only one.
  Follower follower;
  RunUntil("the first cases ended", [&] {
    Follow(client, follower);
    return follower.seen.size() >= hung;
  });
  more_[0].Pause();
  const TimePoint paused = Now();
  std::set<std::string> others;
  for (int i = 0; i < 10; ++i) {
    const std::string id = NextId(i % 2 == 0 ? 0 : 2);
    EXPECT_TRUE(AskRunning<SubmitReply>(client, SubmitRequest{CaseOf(id)}).ok());
    others.insert(id);
  }
  RunUntil("the others ended", [&] {
    Follow(client, follower);
    const auto times = TimesPublished(follower);
    return std::all_of(others.begin(), others.end(),
                       [&](const std::string& id) { return times.count(id) > 0; });
  });
  const auto status = AskRunning<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->counters.at("accepted"), 10);
  EXPECT_EQ(status->reason, "shard 1: Redis does not answer in time");
  EXPECT_TRUE(status->shards[0].accepting);
  EXPECT_FALSE(status->shards[1].accepting);
  // The connection itself gives up much later.
  EXPECT_LT(Now() - paused, limits::kRedisSilenceMax);
  more_[0].Resume();
  RunUntil("all ended", [&] {
    Follow(client, follower);
    return follower.seen.size() >= others.size() + hung;
  });
  for (const auto& [id, count] : TimesPublished(follower)) EXPECT_EQ(count, 1) << id;
}

// A broker in trouble is taken out of service, which helps nobody when a Redis is away.
TEST_F(ShardsTest, ARedisThatIsAwayIsNoTroubleOfABrokerThatHadIt) {
  Start();
  StartAggregator();
  EXPECT_NE(aggregator_->Trouble(), "");
  RunUntil("it has its Redis", [&] { return aggregator_->Trouble().empty(); });
  TestClient& client = AddClient();
  EXPECT_EQ(broker_->Trouble(), "");
  const auto status = [&] { return *Ask<StatusReply>(client, StatusRequest{}); };
  EXPECT_TRUE(status().accepting);
  EXPECT_FALSE(status().partly);
  more_[0].Kill();
  PumpUntil("it is noticed", [&] { return !status().accepting; });
  EXPECT_TRUE(status().partly);
  EXPECT_THAT(status().reason, StartsWith("shard 1: Redis does not answer: "));
  PumpUntil("the others hear of it", [&] { return status().brokers.at(0).partly; });
  EXPECT_FALSE(status().brokers.at(0).accepting);
  EXPECT_EQ(broker_->Trouble(), "");
  Submit(client, CaseOf(NextId(2)));

  more_[1].Kill();
  redis_.Kill();
  PumpUntil("it is noticed", [&] { return !status().partly; });
  EXPECT_FALSE(status().accepting);
  EXPECT_EQ(broker_->Trouble(), "");
  RunUntil("the aggregator has turned", [turns = 0]() mutable { return ++turns > 20; });
  EXPECT_EQ(aggregator_->Trouble(), "");
  // One that starts meanwhile has no case to take, and it may be its own fault.
  Stop();
  StartUnready();
  PumpFor(milliseconds(200));
  EXPECT_THAT(broker_->Trouble(), StartsWith("shard 0: Redis does not answer: "));
  more_[1].Restart();
  PumpUntil("cases of shard 2 are accepted", [&] { return broker_->Trouble().empty(); });
  broker_->Drain(milliseconds(1000));
  EXPECT_EQ(broker_->Trouble(), "this broker is draining");
}

TEST_F(ShardsTest, SwappedAddressesAreRefusedAndTheRestGoesOn) {
  Start();
  TestClient& first = AddClient();
  for (std::size_t shard = 0; shard < kShards; ++shard) Submit(first, CaseOf(NextId(shard)));
  EXPECT_EQ(Raw(0, {"GET", "consilium:shard"}), "0 of 3");
  EXPECT_EQ(Raw(2, {"GET", "consilium:shard"}), "2 of 3");
  Stop();
  order_ = {1, 0, 2};
  StartUnready();
  TestClient& client = AddClient();
  const std::string fine = NextId(2);
  PumpUntil("shard 2 accepts",
            [&] { return Ask<SubmitReply>(client, SubmitRequest{CaseOf(fine)}).ok(); });
  const std::string why =
      "this Redis is shard 1 of 3, expected 0 of 3: redis.url must list the same Redis in the same "
      "order as when they were first used";
  PumpUntil("shard 0 is refused", [&] {
    return Refusal<CaseView>(client, FetchRequest{NextId(0)}) ==
           "shard 0: " + why + "; send it again";
  });
  EXPECT_FALSE(Ask<SubmitReply>(client, SubmitRequest{CaseOf(NextId(0))}).ok());
  EXPECT_EQ(last_error_.code, "unavailable");
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok());
  EXPECT_FALSE(status->accepting);
  EXPECT_EQ(status->shards[0].reason, why);
  EXPECT_TRUE(status->shards[2].accepting);
  // Nor are letters looked for, or purged, in one that is not the right one.
  EXPECT_EQ(Refusal<DeadListReply>(client, DeadListRequest{}),
            "shard 0: " + why + "; send it again");
  EXPECT_EQ(Refusal<DeadRequeueReply>(client, DeadRequeueRequest{{"2:1-1", "0:1-1"}}),
            "shard 0: " + why + "; send it again");
  Raw(1, {"XADD", "consilium:{0}:dead", "1-1", "t", "other"});
  EXPECT_EQ(Refusal<DeadPurgeReply>(client, DeadPurgeRequest{{"0:1-1"}}),
            "shard 0: " + why + "; send it again");
  EXPECT_EQ(Raw(1, {"XLEN", "consilium:{0}:dead"}), "1");
  // Nothing was written into the wrong ones.
  for (const char* key : {"brokers", "events", "timers", "lane:generate:alpha"}) {
    EXPECT_EQ(Raw(1, {"EXISTS", std::string("consilium:{0}:") + key}), "0") << key;
    EXPECT_EQ(Raw(0, {"EXISTS", std::string("consilium:{1}:") + key}), "0") << key;
    EXPECT_EQ(Raw(1, {"EXISTS", std::string("consilium:{1}:") + key}), "1") << key;
  }
}

TEST_F(ShardsTest, ARedisThatBecomesTheRightOneIsTakenByItself) {
  Raw(1, {"SET", "consilium:shard", "0 of 2"});
  StartUnready();
  TestClient& client = AddClient();
  const CaseRequest request = CaseOf(NextId(1));
  PumpUntil("it is refused", [&] {
    return Refusal<SubmitReply>(client, SubmitRequest{request})
               .find("is shard 0 of 2, expected 1 of 3") != std::string::npos;
  });
  Raw(1, {"DEL", "consilium:shard"});
  PumpUntil("it is taken", [&] { return Ask<SubmitReply>(client, SubmitRequest{request}).ok(); });
  EXPECT_EQ(Raw(1, {"GET", "consilium:shard"}), "1 of 3");
}

// What was accepted is gone, but the cluster goes on, also after the next start.
TEST_F(ShardsTest, ARedisThatForgotEverythingIsToldWhichShardItIs) {
  Start();
  TestClient& client = AddClient();
  for (const std::size_t shard : {0u, 1u}) {
    Submit(client, CaseOf(NextId(shard)));
    Raw(shard, {"FLUSHALL"});
    // As if it were from before there were shards.
    Submit(client, CaseOf(NextId(shard)));
    const std::string place = std::to_string(shard) + " of 3";
    PumpUntil("it is told", [&] { return Raw(shard, {"GET", "consilium:shard"}) == place; });
  }
  ScriptedWorker& worker = AddWorker("w-alpha", "alpha", 8);
  PumpUntil("what came since is worked on", [&] { return worker.tasks.size() == 2; });
  Stop();
  Start();
  EXPECT_TRUE(Ask<StatusReply>(AddClient(), StatusRequest{})->accepting);
}

TEST_F(ShardsTest, DataOfOneRedisAreNotSplitSilently) {
  Raw(0, {"HSET", "consilium:{0}:counters", "accepted", "1"});  // from before there were shards
  StartUnready();
  TestClient& client = AddClient();
  PumpUntil("it is refused", [&] {
    return Refusal<SubmitReply>(client, SubmitRequest{CaseOf(NextId(0))})
               .find("this Redis is shard 0 of 1, expected 0 of 3") != std::string::npos;
  });
}

}  // namespace
}  // namespace consilium
