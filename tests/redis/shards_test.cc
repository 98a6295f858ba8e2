// A cluster on three Redis: a case lives in one of them, and what happens to one Redis happens to
// its cases only.
#include <gmock/gmock.h>

#include <array>
#include <set>

#include "aggregator/aggregator.h"
#include "aggregator/council/medication.h"
#include "aggregator/council/safety.h"
#include "tests/redis/broker_rig.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kShards = 3;

class ShardsTest : public BrokerRig {
 protected:
  ShardsTest() {
    config_.ensemble.size = 1;
    config_.council.deadline_s = 600;
    config_.council.medications = CONSILIUM_SOURCE_DIR "/configs/medications";
  }

  std::vector<RedisAddress> Addresses() const override {
    std::vector<RedisAddress> addresses;
    for (const std::size_t at : order_) addresses.push_back(RedisOf(at).address());
    return addresses;
  }
  const PrivateRedis& RedisOf(std::size_t shard) const {
    return shard == 0 ? redis_ : more_[shard - 1];
  }

  // Without waiting for what may never be.
  void StartUnready() {
    config_.broker.clients = config_.broker.workers = "tcp://127.0.0.1:0";
    broker_ = std::make_unique<Broker>(config_, Addresses(), context_);
    ASSERT_TRUE(broker_->Bind().ok());
    config_.broker.clients = broker_->clients();
    config_.broker.workers = broker_->workers();
  }
  void StartAggregator() {
    auto medications = MedicationTable::Load(config_.council.medications);
    ASSERT_TRUE(medications.ok()) << medications.error().text;
    auto safety = SafetyTables::Load(config_.council.medications, *medications);
    ASSERT_TRUE(safety.ok()) << safety.error().text;
    aggregator_ = std::make_unique<Aggregator>(config_, Addresses(), std::move(*medications),
                                               std::move(*safety));
  }
  // The next id of that shard.
  std::string NextId(std::size_t shard) {
    std::string id;
    do {
      id = "case-" + std::to_string(ids_++);
    } while (ShardOf(id, kShards) != shard);
    return id;
  }

  // Broker, aggregator, clients, and the workers that answer whatever comes.
  void Run() {
    Turn();
    if (aggregator_) aggregator_->Turn(milliseconds(0));
    for (const auto& worker : workers_) {
      for (TaskMessage& task : std::exchange(worker->tasks, {})) {
        Answer(*worker, task);
        results_.push_back({worker.get(), std::move(task), Now()});
      }
    }
    // As workers do: what was not acknowledged is sent again.
    std::erase_if(results_, [](const Sent& sent) { return !sent.worker->Holds(sent.task.task); });
    for (Sent& sent : results_) {
      if (Now() < sent.at + milliseconds(500)) continue;
      Answer(*sent.worker, sent.task);
      sent.at = Now();
    }
  }
  void RunUntil(const std::string& what, const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + std::chrono::seconds(90);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "waited in vain until " << what;
      Run();
    }
  }
  void Answer(ScriptedWorker& worker, const TaskMessage& task) {
    Outcome outcome = Answered();
    if (task.review) {
      outcome.answer.reset();
      for (const LabelledAnswer& answer : task.review->answers) {
        outcome.grades.push_back({answer.label, 0.9, "", false});
      }
    }
    worker.Finish(task, outcome);
  }
  template <class Reply, class Message>
  Result<Reply> AskRunning(TestClient& client, const Message& message) {
    const std::string request = client.Send(message);
    RunUntil("a reply comes", [&] { return client.Reply(request) != nullptr; });
    return AnswerTo<Reply>(client, request);
  }

  // What a request is refused with; "" when it is not.
  template <class Reply, class Message>
  std::string Refusal(TestClient& client, const Message& message) {
    const Result<Reply> reply = Ask<Reply>(client, message);
    return reply ? "" : reply.error().text;
  }

  // Follows the feed as a client does: with its last cursor only.
  struct Follower {
    std::string cursor;
    std::vector<Recommendation> seen;
  };
  void Follow(TestClient& client, Follower& follower, std::int64_t max = 50) {
    const auto reply = AskRunning<WatchReply>(client, WatchRequest{follower.cursor, 0, max});
    ASSERT_TRUE(reply.ok()) << reply.error().text;
    EXPECT_FALSE(reply->gap);
    follower.cursor = reply->cursor;
    follower.seen.insert(follower.seen.end(), reply->items.begin(), reply->items.end());
  }
  static std::map<std::string, int> TimesPublished(const Follower& follower) {
    std::map<std::string, int> times;
    for (const Recommendation& item : follower.seen) ++times[item.case_id];
    return times;
  }

  // What a raw command says.
  std::string Raw(std::size_t shard, std::vector<std::string> command) const {
    RedisConnection connection(RedisOf(shard).address(), {});
    const auto reply = connection.Call(std::move(command), std::chrono::seconds(10));
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    if (!reply.ok()) return "";
    return reply->kind == RedisReply::Kind::kInteger ? std::to_string(reply->integer) : reply->text;
  }

  struct Sent {
    ScriptedWorker* worker;
    TaskMessage task;
    TimePoint at;
  };
  std::vector<Sent> results_;  // not acknowledged yet
  std::array<PrivateRedis, kShards - 1> more_;
  std::vector<std::size_t> order_ = {0, 1, 2};
  std::unique_ptr<Aggregator> aggregator_;
  int ids_ = 0;
};

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

// Shard 0, where it is learned, hears of it a moment later, or much later when it hangs.
TEST_F(ShardsTest, ACaseThatEndedIsNotImportedThoughItsEvidenceWaitsInItsShard) {
  Start();
  StartAggregator();
  AddWorker("w-alpha", "alpha", 8);
  AddWorker("w-bravo", "bravo", 8);
  TestClient& client = AddClient();
  const std::string id = NextId(1);
  redis_.Pause();
  ASSERT_TRUE(AskRunning<SubmitReply>(client, SubmitRequest{CaseOf(id)}).ok());
  RunUntil("it ended", [&] { return Raw(1, {"XLEN", "consilium:{1}:evidence"}) == "1"; });
  aggregator_.reset();
  redis_.Resume();
  const ImportRequest import{
      {EvidenceBuilder(id).At(kDayMs).Judged("alpha", "000", true, 0.9).Build(),
       EvidenceBuilder(NextId(1)).At(kDayMs).Judged("alpha", "000", true, 0.9).Build(),
       EvidenceBuilder(NextId(0)).At(kDayMs).Judged("alpha", "000", true, 0.9).Build()}};
  auto reply = Ask<ImportReply>(client, import);
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_EQ(reply->imported, 2);
  EXPECT_EQ(reply->duplicate, 1);
  StartAggregator();
  RunUntil("its evidence is in shard 0", [&] {
    return Raw(1, {"XLEN", "consilium:{1}:evidence"}) == "0";
  });
  EXPECT_EQ(Raw(0, {"XLEN", "consilium:{0}:evidence"}), "3");
  EXPECT_EQ(Raw(1, {"SCARD", "consilium:{1}:learned"}), "0");
  reply = Ask<ImportReply>(client, import);
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_EQ(reply->duplicate, 3);
  // What cannot be known is not guessed.
  more_[0].Kill();
  PumpUntil("its shard is missed", [&] {
    return Refusal<ImportReply>(client, import).find("shard 1: Redis does not answer: ") == 0;
  });
}

TEST_F(ShardsTest, AnOutcomeIsRecordedWhereItsCaseIsAndLearnedInTheFirst) {
  Start();
  StartAggregator();
  AddWorker("w-alpha", "alpha", 8);
  AddWorker("w-bravo", "bravo", 8);
  TestClient& client = AddClient();
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    CaseRequest request = CaseOf(NextId(shard));
    request.gold_medications.reset();
    ASSERT_TRUE(AskRunning<SubmitReply>(client, SubmitRequest{request}).ok());
    RunUntil("it ended", [&] {
      return AskRunning<CaseView>(client, FetchRequest{request.id})->recommendations.size() == 1;
    });
    const CaseOutcomeRequest accepted{request.id, "cli", CaseOutcomeVerdict::kAccepted, {}, "", 1};
    const auto reply = AskRunning<CaseOutcomeReply>(client, accepted);
    ASSERT_TRUE(reply.ok()) << reply.error().text;
    RunUntil("it was looked at", [&] {
      const auto view = AskRunning<CaseView>(client, FetchRequest{request.id});
      return view.ok() && view->known && view->known->outcomes == 1;
    });
    EXPECT_EQ(AskRunning<CaseOutcomeReply>(client, accepted)->contradictory,
              std::optional<bool>(false));
  }
  HistoryReply history;
  RunUntil("all lines are in shard 0", [&] {
    history = *AskRunning<HistoryReply>(client, HistoryRequest{"", 100});
    return history.items.size() == 2 * kShards;
  });
  std::map<std::string, CaseEvidence> said;
  for (const EvidenceLine& line : history.items) {
    const auto before = said.find(line.evidence.case_id);
    EXPECT_EQ(line.replaces.has_value(), before != said.end());
    if (before != said.end()) {
      EXPECT_EQ(line.replaces, before->second);
    }
    for (const EvidenceAnswer& answer : line.evidence.answers) {
      EXPECT_EQ(answer.right.has_value(), before != said.end());
    }
    said[line.evidence.case_id] = line.evidence;
  }
  EXPECT_EQ(said.size(), kShards);
}

TEST_F(ShardsTest, EachShardHasItsShareOfTheLimit) {
  config_.broker.live_cases_max = 5;  // two each, rounded up
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf(NextId(2)));
  Submit(client, CaseOf(NextId(2)));
  EXPECT_FALSE(Ask<SubmitReply>(client, SubmitRequest{CaseOf(NextId(2))}).ok());
  EXPECT_EQ(last_error_.code, "queue_full");
  EXPECT_THAT(last_error_.text, StartsWith("the queue of shard 2 holds 2 live cases"));
  Submit(client, CaseOf(NextId(0)));
}

TEST_F(ShardsTest, ACursorOfAnotherNumberOfShardsIsRefused) {
  Start();
  TestClient& client = AddClient();
  EXPECT_EQ(Ask<WatchReply>(client, WatchRequest{"1-0", 0, 1}).error(),
            Invalid("after = \"1-0\", expected \"\", \"$\" or a cursor of an earlier reply"));
  const auto end = Ask<WatchReply>(client, WatchRequest{"$", 0, 1});
  ASSERT_TRUE(end.ok()) << end.error().text;
  EXPECT_EQ(end->cursor, "0-0,0-0,0-0");
}

TEST_F(ShardsTest, TheListMergesAllShardsAndSaysWhichItIsWithout) {
  Start();
  TestClient& client = AddClient();
  std::vector<std::string> newest_first;
  for (int i = 0; i < 9; ++i) {
    const std::string id = NextId(static_cast<std::size_t>(i) % kShards);
    Submit(client, CaseOf(id));
    newest_first.insert(newest_first.begin(), id);
    PumpFor(milliseconds(2));  // another time of acceptance
  }
  const auto list = [&](CaseListRequest request, std::vector<std::string>& ids) {
    for (int pages = 0; pages < 100; ++pages) {
      const auto reply = Ask<CaseListReply>(client, request);
      EXPECT_TRUE(reply.ok()) << reply.error().text;
      if (!reply) break;
      for (const CaseSummary& item : reply->items) ids.push_back(item.id);
      request.after = reply->cursor;
      if (reply->end) return *reply;
    }
    return CaseListReply{};
  };
  CaseListRequest request;
  request.max = 2;
  std::vector<std::string> ids;
  EXPECT_FALSE(list(request, ids).partly);
  EXPECT_EQ(ids, newest_first);

  more_[0].Kill();
  PumpUntil("it is noticed", [&] {
    const auto status = Ask<StatusReply>(client, StatusRequest{});
    return status && status->partly;
  });
  ids.clear();
  const CaseListReply without = list(request, ids);
  EXPECT_TRUE(without.partly);
  std::vector<std::string> others;
  for (const std::string& id : newest_first) {
    if (ShardOf(id, kShards) != 1) others.push_back(id);
  }
  EXPECT_EQ(ids, others);

  more_[0].Restart();
  PumpUntil("it is back", [&] { return broker_->ready(); });
  ids.clear();
  request.after = without.cursor;
  EXPECT_FALSE(list(request, ids).partly);
  std::vector<std::string> missed;
  for (const std::string& id : newest_first) {
    if (ShardOf(id, kShards) == 1) missed.push_back(id);
  }
  EXPECT_EQ(ids, missed) << "late, but all of them, and nothing twice";
}

TEST_F(ShardsTest, ACancelReachesTheCaseWhereverItIs) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w", "alpha", 8);
  std::set<std::string> ids;
  for (std::size_t shard = 0; shard < kShards; ++shard) ids.insert(NextId(shard));
  for (const std::string& id : ids) Submit(client, CaseOf(id));
  PumpUntil("the worker has them all", [&] { return worker.tasks.size() == kShards; });
  for (const std::string& id : ids) {
    const auto reply = Ask<CancelReply>(client, CancelRequest{id});
    EXPECT_TRUE(reply.ok() && reply->cancelled) << id;
  }
  PumpUntil("the worker stops them", [&] { return worker.cancels.size() == kShards; });
}

TEST_F(ShardsTest, LeasesOfEveryShardAreAdoptedByANewBroker) {
  config_.broker.lease_ms = 3000;
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w", "alpha", 8);
  for (std::size_t shard = 0; shard < kShards; ++shard) Submit(client, CaseOf(NextId(shard)));
  PumpUntil("the worker has them all", [&] { return worker.tasks.size() == kShards; });
  Stop();
  Start();
  // Longer than a lease: without renewal in every shard a task would come again.
  PumpFor(milliseconds(5000));
  EXPECT_EQ(worker.tasks.size(), kShards);
  for (const TaskMessage& task : worker.tasks) {
    worker.Finish(task, Answered());
    PumpUntil("it is stored", [&] { return worker.Disposition(task) == "stored"; });
  }
}

}  // namespace
}  // namespace consilium
