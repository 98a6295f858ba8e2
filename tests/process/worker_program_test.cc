// The real consilium-worker against a broker that is played by the test.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "shared/clock.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/messages.h"
#include "shared/zmq.h"
#include "tests/support/scripted_llm.h"

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr auto kPatience = 15s;

// A program whose standard error goes to a file.
class Program {
 public:
  Program(std::vector<std::string> arguments, const std::string& errors) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Program() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;  // owns a process
  Program& operator=(const Program&) = delete;

  void Signal(int number) const { kill(pid_, number); }
  // Its exit code; -1 when it was killed or does not end.
  int Wait() {
    const TimePoint limit = Now() + kPatience;
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
      if (Now() > limit) return -1;
      poll(nullptr, 0, 5);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
};

// The broker's side of the worker socket.
class FakeBroker {
 public:
  explicit FakeBroker(ZmqContext& context, const std::string& endpoint = "tcp://127.0.0.1:0")
      : socket_(context) {
    // A socket that was just closed still has its port for a moment.
    const TimePoint limit = Now() + kPatience;
    Status bound = socket_.Bind(endpoint);
    while (!bound && bound.error().code == ErrorCode::kUnavailable && Now() < limit) {
      poll(nullptr, 0, 5);
      bound = socket_.Bind(endpoint);
    }
    EXPECT_TRUE(bound) << bound.error().text;
  }
  std::string endpoint() const { return socket_.endpoint(); }

  template <class Message>
  void Send(const Message& message) {
    EXPECT_EQ(socket_.Send(peer_, MakeFrame(message)), SendResult::kSent);
  }

  // The next message of this type; heartbeats in between are answered, other messages skipped.
  template <class Message>
  std::optional<Message> Await(std::chrono::milliseconds patience = kPatience) {
    const TimePoint limit = Now() + patience;
    while (Now() < limit) {
      const auto incoming = socket_.Receive();
      if (!incoming) {
        pollfd polled{socket_.fd(), POLLIN, 0};
        poll(&polled, 1, PollTimeoutMs(Now(), limit));
        continue;
      }
      EXPECT_TRUE(incoming->frame) << incoming->frame.error().text;
      peer_ = incoming->peer;
      if (answers_heartbeats && incoming->frame->type == Heartbeat::kType) {
        Send(HeartbeatReply{draining});
      }
      if (incoming->frame->type != Message::kType) continue;
      const Result<Message> message = Unpack<Message>(incoming->frame->body);
      EXPECT_TRUE(message) << message.error().text;
      return *message;
    }
    ADD_FAILURE() << "no " << Message::kType << " came";
    return std::nullopt;
  }
  // A heartbeat for which the condition holds.
  template <class Condition>
  bool AwaitHeartbeat(Condition condition) {
    const TimePoint limit = Now() + kPatience;
    while (Now() < limit) {
      const auto heartbeat = Await<Heartbeat>();
      if (!heartbeat) return false;
      if (condition(*heartbeat)) return true;
    }
    return false;
  }
  std::optional<Hello> AwaitHello() {
    auto hello = Await<Hello>();
    Send(Welcome{"broker-1"});
    return hello;
  }
  void SendTask(const std::string& id, std::int64_t fence = 1, const std::string& model = "sim") {
    TaskMessage task;
    task.task = ToRef({id, Stage::kGenerate, 1, model});
    task.fence = fence;
    task.time_left_ms = 60000;
    task.vignette.text = "Chest pain.";
    Send(task);
  }

  bool answers_heartbeats = true;
  bool draining = false;  // as it answers them

 private:
  RouterSocket socket_;
  std::string peer_;
};

class WorkerProgramTest : public testing::Test {
 protected:
  WorkerProgramTest() : folder(testing::TempDir() + "consilium-" + RandomHexId()) {
    std::filesystem::create_directory(folder);
    std::ofstream(folder + "/known.jsonl")
        << R"({"id":"c1","specialty":"x","text":"Chest pain.","gold_medications":["aspirin"],)"
        << R"("distractors":[["heparin"]]})"
        << "\n";
    WriteConfig(
        "[[backend]]\nmodel = \"sim\"\nprovider = \"simulated\"\nplacement = \"local\"\n"
        "concurrency = 2\n[backend.simulated]\nknowledge = \"known.jsonl\"\n"
        "latency_ms_median = 0\nskill = { default = 1.0 }\n");
  }
  ~WorkerProgramTest() override { std::filesystem::remove_all(folder); }

  void WriteConfig(const std::string& text) const {
    std::ofstream(folder + "/cluster.toml", std::ios::trunc) << text;
  }
  // A backend whose calls last: the model behind it never answers.
  void ServeStallingModel() {
    llm = std::make_unique<ScriptedLlm>(std::vector<LlmStep>{LlmStep::Stalls()});
    WriteConfig("[[backend]]\nmodel = \"sim\"\nprovider = \"openai\"\nconcurrency = 2\nurl = \"" +
                llm->url() + "\"\nprompts = \"" + CONSILIUM_SOURCE_DIR + "/configs/prompts\"\n");
  }
  void Start(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {std::string(CONSILIUM_BINARY_DIR) + "/consilium-worker",
                                          "--config",
                                          folder + "/cluster.toml",
                                          "--backend",
                                          "sim",
                                          "--broker",
                                          broker->endpoint()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    program = std::make_unique<Program>(arguments, folder + "/errors");
  }
  int RunToEnd(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), std::string(CONSILIUM_BINARY_DIR) + "/consilium-worker");
    return Program(arguments, folder + "/errors").Wait();
  }
  std::string Errors() const {
    std::ifstream file(folder + "/errors");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static std::vector<std::string> Refs(const std::vector<HeldTask>& held) {
    std::vector<std::string> refs;
    refs.reserve(held.size());
    for (const HeldTask& task : held) refs.push_back(task.task + "#" + std::to_string(task.fence));
    return refs;
  }

  std::string folder;
  ZmqContext context;
  std::unique_ptr<ScriptedLlm> llm;
  std::unique_ptr<FakeBroker> broker = std::make_unique<FakeBroker>(context);
  std::unique_ptr<Program> program;
};

TEST_F(WorkerProgramTest, WorksForABrokerAndStopsCleanly) {
  Start({"--id", "w"});
  const auto hello = broker->AwaitHello();
  ASSERT_TRUE(hello);
  EXPECT_THAT(hello->worker, StartsWith("w-"));
  EXPECT_EQ(hello->model, "sim");
  EXPECT_EQ(hello->provider, "simulated");
  EXPECT_EQ(hello->placement, "local");
  EXPECT_TRUE(hello->simulated);
  EXPECT_EQ(hello->slots, 2);
  EXPECT_TRUE(hello->in_flight.empty());

  broker->SendTask("c1");
  const auto result = broker->Await<ResultMessage>();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->task, "c1|generate|1|sim");
  EXPECT_EQ(result->fence, 1);
  EXPECT_EQ(result->outcome.status, OutcomeStatus::kOk);
  EXPECT_EQ(result->outcome.answer->medications.at(0).ingredient, "aspirin");
  EXPECT_EQ(result->outcome.worker, hello->worker);
  EXPECT_EQ(result->outcome.model_asked, "sim");
  EXPECT_TRUE(result->outcome.simulated);
  broker->Send(ResultAck{result->task, 1, "stored"});
  EXPECT_TRUE(broker->AwaitHeartbeat(
      [](const Heartbeat& h) { return h.slots == 2 && h.in_flight.empty(); }));

  program->Signal(SIGTERM);
  EXPECT_TRUE(broker->Await<Goodbye>());
  EXPECT_EQ(program->Wait(), 0);
}

TEST_F(WorkerProgramTest, ResultIsListedAndSentAgainUntilItIsConfirmed) {
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1", 5);
  ASSERT_TRUE(broker->Await<ResultMessage>());
  EXPECT_TRUE(broker->AwaitHeartbeat([](const Heartbeat& h) {
    return Refs(h.in_flight) == std::vector<std::string>{"c1|generate|1|sim#5"};
  }));
  const auto again = broker->Await<ResultMessage>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->fence, 5);
  broker->Send(ResultAck{again->task, 5, "stored"});
  EXPECT_TRUE(broker->AwaitHeartbeat([](const Heartbeat& h) { return h.in_flight.empty(); }));
}

TEST_F(WorkerProgramTest, BrokerThatForgotItIsToldWhatItHolds) {
  ServeStallingModel();
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1", 3);
  ASSERT_TRUE(llm->WaitForRequests(1));
  broker->Send(WhoAreYou{});
  const auto hello = broker->Await<Hello>();
  ASSERT_TRUE(hello);
  EXPECT_THAT(Refs(hello->in_flight), ElementsAre("c1|generate|1|sim#3"));
}

TEST_F(WorkerProgramTest, RestartedBrokerGetsTheResultsThatWait) {
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1");
  ASSERT_TRUE(broker->Await<ResultMessage>());
  const std::string endpoint = broker->endpoint();
  broker.reset();
  broker = std::make_unique<FakeBroker>(context, endpoint);
  broker->answers_heartbeats = false;
  ASSERT_TRUE(broker->Await<Heartbeat>());
  broker->answers_heartbeats = true;
  broker->Send(WhoAreYou{});
  const auto hello = broker->AwaitHello();
  ASSERT_TRUE(hello);
  EXPECT_THAT(Refs(hello->in_flight), ElementsAre("c1|generate|1|sim#1"));
  EXPECT_TRUE(broker->Await<ResultMessage>());
}

TEST_F(WorkerProgramTest, SilentBrokerThatSpeaksAgainIsGreeted) {
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->answers_heartbeats = false;
  const TimePoint silent_until = Now() + 4500ms;
  while (Now() < silent_until) ASSERT_TRUE(broker->Await<Heartbeat>());
  broker->Send(HeartbeatReply{});
  EXPECT_TRUE(broker->AwaitHello());
}

TEST_F(WorkerProgramTest, TasksOfALostBrokerGoToAnother) {
  ServeStallingModel();
  FakeBroker other(context);
  Start({"--broker", other.endpoint()});
  const auto hello = broker->AwaitHello();
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->slots, 1) << "the slots are divided";
  ASSERT_TRUE(other.AwaitHello());
  broker->SendTask("c1");
  ASSERT_TRUE(llm->WaitForRequests(1));
  broker.reset();
  EXPECT_TRUE(other.AwaitHeartbeat([](const Heartbeat& h) {
    return Refs(h.in_flight) == std::vector<std::string>{"c1|generate|1|sim#1"};
  }));
}

TEST_F(WorkerProgramTest, TheSlotsOfABrokerThatDrainsAreTheOthersUntilItWorksAgain) {
  FakeBroker other(context);
  Start({"--broker", other.endpoint()});
  ASSERT_TRUE(broker->AwaitHello());
  ASSERT_TRUE(other.AwaitHello());
  const auto slots = [](std::int64_t expected) {
    return [expected](const Heartbeat& h) { return h.slots == expected; };
  };
  broker->draining = true;
  broker->Send(HeartbeatReply{true});
  EXPECT_TRUE(other.AwaitHeartbeat(slots(2)));
  EXPECT_TRUE(broker->AwaitHeartbeat(slots(0)));
  // Where all drain, the one that works again first finds its share in place.
  other.draining = true;
  other.Send(HeartbeatReply{true});
  EXPECT_TRUE(other.AwaitHeartbeat(slots(1)));
  EXPECT_TRUE(broker->AwaitHeartbeat(slots(1)));
  broker->draining = false;
  broker->Send(HeartbeatReply{false});
  EXPECT_TRUE(broker->AwaitHeartbeat(slots(2)));
  EXPECT_TRUE(other.AwaitHeartbeat(slots(0)));
  other.draining = false;
  EXPECT_TRUE(other.AwaitHeartbeat(slots(1))) << "every answer says so";
  EXPECT_TRUE(broker->AwaitHeartbeat(slots(1)));
}

TEST_F(WorkerProgramTest, CancelAbortsTheCallAndNothingIsReported) {
  ServeStallingModel();
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1");
  ASSERT_TRUE(llm->WaitForRequests(1));
  broker->Send(CancelTask{"c1|generate|1|sim", 1});
  EXPECT_TRUE(llm->WaitForClosed(1));
  EXPECT_TRUE(broker->AwaitHeartbeat([](const Heartbeat& h) { return h.in_flight.empty(); }));
}

TEST_F(WorkerProgramTest, MoreTasksThanSlotsAreHandedBack) {
  ServeStallingModel();
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  for (const char* id : {"a", "b", "c"}) broker->SendTask(id);
  const auto release = broker->Await<ReleaseMessage>();
  ASSERT_TRUE(release);
  EXPECT_EQ(release->task, "c|generate|1|sim");
}

TEST_F(WorkerProgramTest, WhatIsNotItsTaskIsNotHeld) {
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1", 1, "other");
  TaskMessage review;
  review.task = "c1|review|1|sim";
  review.vignette.text = "Chest pain.";
  broker->Send(review);
  broker->SendTask("c1");
  const auto result = broker->Await<ResultMessage>();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->task, "c1|generate|1|sim");
  EXPECT_TRUE(broker->AwaitHeartbeat([](const Heartbeat& h) { return h.in_flight.size() == 1; }));
}

TEST_F(WorkerProgramTest, DrainEndsRunningCallsAndHandsBackTheRest) {
  ServeStallingModel();
  Start({"--drain-ms", "200"});
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1", 4);
  ASSERT_TRUE(llm->WaitForRequests(1));
  program->Signal(SIGTERM);
  EXPECT_TRUE(broker->AwaitHeartbeat([](const Heartbeat& h) { return h.slots == 0; }));
  broker->SendTask("c2");
  const auto refused = broker->Await<ReleaseMessage>();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->task, "c2|generate|1|sim") << "a draining worker takes nothing";
  broker->Send(ResultAck{refused->task, 1, "released"});
  const auto given_up = broker->Await<ReleaseMessage>();
  ASSERT_TRUE(given_up);
  EXPECT_EQ(given_up->task, "c1|generate|1|sim");
  EXPECT_EQ(given_up->fence, 4);
  EXPECT_TRUE(llm->WaitForClosed(1));
  broker->Send(ResultAck{given_up->task, 4, "released"});
  EXPECT_TRUE(broker->Await<Goodbye>());
  EXPECT_EQ(program->Wait(), 0);
}

TEST_F(WorkerProgramTest, SecondSignalEndsItAtOnce) {
  ServeStallingModel();
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1");
  ASSERT_TRUE(llm->WaitForRequests(1));
  program->Signal(SIGTERM);
  EXPECT_TRUE(broker->AwaitHeartbeat([](const Heartbeat& h) { return h.slots == 0; }));
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 1);
}

TEST_F(WorkerProgramTest, WithoutABrokerItStillStops) {
  Start();
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1");
  ASSERT_TRUE(broker->Await<ResultMessage>());
  broker.reset();
  program->Signal(SIGTERM);
  EXPECT_EQ(program->Wait(), 0) << "the result stays unconfirmed; its lease runs out";
}

TEST_F(WorkerProgramTest, WrongUsageIsExitCodeTwo) {
  EXPECT_EQ(RunToEnd({}), 2);
  EXPECT_EQ(RunToEnd({"--config", folder + "/none.toml", "--backend", "sim"}), 2);
  EXPECT_THAT(Errors(), HasSubstr("none.toml"));
  const std::string config = folder + "/cluster.toml";
  EXPECT_EQ(RunToEnd({"--config", config, "--backend", "other"}), 2);
  EXPECT_EQ(Errors(),
            "consilium-worker: --backend other: not in " + config + ", expected one of sim\n");
  EXPECT_EQ(RunToEnd({"--config", config, "--backend", "sim", "--broker", "nonsense"}), 2);
  EXPECT_THAT(Errors(), HasSubstr("cannot connect to \"nonsense\""));
  EXPECT_EQ(RunToEnd({"--help"}), 0);
}

TEST_F(WorkerProgramTest, NoCaseTextIsLogged) {
  Start({"--log-level", "debug"});
  ASSERT_TRUE(broker->AwaitHello());
  broker->SendTask("c1");
  const auto result = broker->Await<ResultMessage>();
  ASSERT_TRUE(result);
  broker->Send(ResultAck{result->task, 1, "stored"});
  program->Signal(SIGTERM);
  EXPECT_TRUE(broker->Await<Goodbye>());
  EXPECT_EQ(program->Wait(), 0);
  EXPECT_THAT(Errors(), HasSubstr("task_started"));
  EXPECT_THAT(Errors(), testing::Not(HasSubstr("Chest")));
  EXPECT_THAT(Errors(), testing::Not(HasSubstr("aspirin")));
}

}  // namespace
}  // namespace consilium
