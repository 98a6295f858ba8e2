// A worker whose brokers stand behind one name: who is joined, who is left, what becomes of tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

#include "shared/codec.h"
#include "shared/health.h"
#include "tests/support/cluster_process.h"
#include "worker/worker.h"

namespace consilium {
namespace {

using testing::Contains;

// Calls that never end.
class IdleBackend : public Backend {
 public:
  bool simulated() const override { return true; }
  void Start(const BackendCall&, TimePoint) override {}
  void Cancel(const std::string&) override {}
  TimePoint Run(TimePoint, std::vector<Completion>&) override { return TimePoint::max(); }
};

// What a broker hears of one worker, and the answers that keep it content.
class ListeningBroker {
 public:
  ListeningBroker(ZmqContext& context, const std::string& host) : socket_(context) {
    const Status bound = socket_.Bind("tcp://" + host + ":0");
    EXPECT_TRUE(bound) << bound.error().text;
  }
  // As the worker knows it.
  std::string endpoint() const {
    std::string text = socket_.endpoint();
    const std::size_t mapped = text.find("[::ffff:");
    if (mapped == text.npos) return text;
    text.erase(text.find(']'), 1);
    return text.erase(mapped, 8);
  }
  void Listen() {
    while (const auto incoming = socket_.Receive()) {
      if (!incoming->frame) continue;
      peer_ = incoming->peer;
      const Frame& frame = *incoming->frame;
      if (frame.type == Hello::kType) {
        const Result<Hello> hello = Unpack<Hello>(frame.body);
        slots = hello->slots;
        Hear(hello->in_flight);
        Send(Welcome{"broker"});
      } else if (frame.type == Heartbeat::kType) {
        const Result<Heartbeat> heartbeat = Unpack<Heartbeat>(frame.body);
        slots = heartbeat->slots;
        Hear(heartbeat->in_flight);
        Send(HeartbeatReply{});
      }
    }
  }
  void SendTask(const std::string& id) {
    TaskMessage task;
    task.task = ToRef({id, Stage::kGenerate, 1, "sim"});
    task.fence = 1;
    task.time_left_ms = 60000;
    task.vignette.text = "Chest pain.";
    Send(task);
  }

  std::int64_t slots = -1;        // as last offered
  std::vector<std::string> held;  // as last listed

 private:
  template <class Message>
  void Send(const Message& message) {
    socket_.Send(peer_, MakeFrame(message));
  }
  void Hear(const std::vector<HeldTask>& tasks) {
    held.clear();
    for (const HeldTask& task : tasks) held.push_back(TaskFromRef(task.task)->case_id);
  }

  RouterSocket socket_;
  std::string peer_;
};

class WorkerNamesTest : public testing::Test {
 protected:
  using Answer = Result<std::vector<std::string>>;

  void SetUp() override { first_ = std::make_unique<ListeningBroker>(context_, "127.0.0.1"); }
  void TearDown() override {
    kill(getpid(), SIGTERM);
    if (thread_.joinable()) thread_.join();
  }
  void Start() {
    thread_ = std::thread([this] {
      WorkerOptions options;
      options.id = "w";
      options.backend.model = "sim";
      options.backend.concurrency = 8;
      options.brokers = {"tcp://broker:7301"};
      options.drain = milliseconds(0);  // its calls never end
      options.look_up_every = milliseconds(20);
      options.look_up = [this](const std::string&) {
        const std::lock_guard lock(mutex_);
        return answer_;
      };
      options.health = health_;
      IdleBackend backend;
      Gate gate(options.backend, {}, RedisAddress{}, 1);
      Worker worker(std::move(options), backend, gate, context_);
      EXPECT_TRUE(worker.Connect().ok());
      worker.Run(signals_);
    });
  }
  void Say(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  bool Until(const std::function<bool()>& condition) {
    return Eventually([&] {
      if (first_) first_->Listen();
      if (second_) second_->Listen();
      return condition();
    });
  }
  Status Health() const { return ReadHealth(health_, milliseconds(60000), false, Now()); }

  StopSignals signals_;  // before any thread
  ZmqContext context_;
  TestFolder folder_;
  const std::string health_ = folder_.File("health");
  std::unique_ptr<ListeningBroker> first_;
  std::unique_ptr<ListeningBroker> second_;
  std::mutex mutex_;
  Answer answer_ = Error{ErrorCode::kUnavailable, "no such name"};
  std::thread thread_;
};

TEST_F(WorkerNamesTest, WaitsForANameAndJoinsEachOfItsAddresses) {
  Start();
  ASSERT_TRUE(Until([&] { return Health().error().code == ErrorCode::kUnavailable; }));
  EXPECT_EQ(Health().error().text, "no broker answers");

  Say(std::vector<std::string>{first_->endpoint()});
  ASSERT_TRUE(Until([&] { return first_->slots == 8; }));
  ASSERT_TRUE(Until([&] { return Health().ok(); }));

  second_ = std::make_unique<ListeningBroker>(context_, "127.0.0.2");
  Say(std::vector<std::string>{first_->endpoint(), second_->endpoint()});
  ASSERT_TRUE(Until([&] { return first_->slots == 4 && second_->slots == 4; }))
      << first_->slots << " and " << second_->slots;
}

TEST_F(WorkerNamesTest, ABrokerThatIsGoneAndNoLongerListedIsLeftAndItsTasksMove) {
  second_ = std::make_unique<ListeningBroker>(context_, "127.0.0.2");
  Say(std::vector<std::string>{first_->endpoint(), second_->endpoint()});
  Start();
  ASSERT_TRUE(Until([&] { return first_->slots == 4 && second_->slots == 4; }));
  first_->SendTask("c1");
  ASSERT_TRUE(Until([&] { return first_->held == std::vector<std::string>{"c1"}; }));

  Say(std::vector<std::string>{second_->endpoint()});
  first_.reset();
  ASSERT_TRUE(Until([&] { return second_->slots == 8; })) << second_->slots;
  ASSERT_TRUE(Until([&] { return second_->held == std::vector<std::string>{"c1"}; }));

  // Its place is free again.
  first_ = std::make_unique<ListeningBroker>(context_, "127.0.0.1");
  Say(std::vector<std::string>{first_->endpoint(), second_->endpoint()});
  ASSERT_TRUE(Until([&] { return first_->slots == 4 && second_->slots == 4; }));
  EXPECT_THAT(second_->held, Contains("c1"));
}

TEST_F(WorkerNamesTest, ABrokerThatAnswersIsKeptWhateverTheNameServerSays) {
  Say(std::vector<std::string>{first_->endpoint()});
  Start();
  ASSERT_TRUE(Until([&] { return first_->slots == 8; }));
  Say(std::vector<std::string>{});
  first_->SendTask("c1");
  ASSERT_TRUE(Until([&] { return first_->held == std::vector<std::string>{"c1"}; }));
  const TimePoint limit = Now() + milliseconds(1000);  // the name is asked for 50 times
  ASSERT_TRUE(Until([&] { return Now() > limit; }));
  first_->SendTask("c2");
  ASSERT_TRUE(Until([&] { return first_->held == std::vector<std::string>{"c1", "c2"}; }));
}

}  // namespace
}  // namespace consilium
