// A cluster on three Redis.
#pragma once

#include <array>

#include "aggregator/aggregator.h"
#include "aggregator/council/medication.h"
#include "aggregator/council/safety.h"
#include "tests/redis/broker_rig.h"

namespace consilium {

inline constexpr std::size_t kShards = 3;

class ShardsRig : public BrokerRig {
 protected:
  ShardsRig() {
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

}  // namespace consilium
