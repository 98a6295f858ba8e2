// The broker as its workers see it, on a real redis-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/redis/broker_rig.h"

namespace consilium {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

using BrokerWorkerTest = BrokerRig;

TEST_F(BrokerWorkerTest, AResultIsStoredAcknowledgedAndOnTheRecord) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  const TaskMessage task = worker.tasks[0];
  EXPECT_EQ(task.task, "c1|generate|1|alpha");
  EXPECT_EQ(task.fence, 1);
  EXPECT_GT(task.time_left_ms, 590000);
  EXPECT_EQ(task.vignette.text, CaseOf("c1").vignette.text);
  EXPECT_EQ(Pack(task).find("amoxicillin"), std::string::npos) << "gold never leaves";
  worker.Finish(task, Answered());
  PumpUntil("it is acknowledged", [&] { return !worker.Disposition(task).empty(); });
  EXPECT_EQ(worker.Disposition(task), "stored");

  const CaseView view = Fetch(client, "c1");
  ASSERT_THAT(view.tasks, SizeIs(1));
  EXPECT_EQ(view.state, CaseState::kGenerating);
  EXPECT_EQ(view.tasks[0].state, "done");
  ASSERT_TRUE(view.tasks[0].outcome.has_value());
  EXPECT_EQ(view.tasks[0].outcome->worker, "w1");

  worker.Finish(task, Answered());
  PumpUntil("the second one too", [&] { return worker.acks.size() == 2; });
  EXPECT_EQ(worker.acks[1].disposition, "duplicate");
}

TEST_F(BrokerWorkerTest, AWorkerNeverHoldsMoreThanItsSlotsAndEveryTaskIsDone) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& small = AddWorker("w1", "alpha", 2);
  ScriptedWorker& large = AddWorker("w2", "alpha", 3);
  constexpr int kCases = 60;
  for (int i = 0; i < kCases; ++i) client.Send(SubmitRequest{CaseOf("c" + std::to_string(i))});
  std::set<std::string> done;
  std::map<ScriptedWorker*, std::size_t> finished;
  PumpUntil("all are done", [&] {
    for (ScriptedWorker* worker : {&small, &large}) {
      for (std::size_t& next = finished[worker]; next < worker->tasks.size(); ++next) {
        worker->Finish(worker->tasks[next], Answered());
      }
      for (const ResultAck& ack : worker->acks) done.insert(ack.task);
    }
    return done.size() == kCases;
  });
  EXPECT_LE(small.most_held, 2U);
  EXPECT_LE(large.most_held, 3U);
  EXPECT_EQ(small.tasks.size() + large.tasks.size(), kCases) << "no task went out twice";
  EXPECT_GT(small.tasks.size(), 5U) << "both work";
}

TEST_F(BrokerWorkerTest, ABacklogWaitsForCredit) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 0);
  Submit(client, CaseOf("c1"));
  PumpFor(milliseconds(400));
  EXPECT_THAT(worker.tasks, IsEmpty());
  worker.Slots(1);
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
}

TEST_F(BrokerWorkerTest, AFailedTaskIsTriedAgainAndEndsDeadAfterTheLastAttempt) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  EXPECT_EQ(worker.tasks[0].attempts, 0);
  worker.Retry(worker.tasks[0], Failed(true));
  PumpUntil("it comes again", [&] { return worker.tasks.size() == 2; });
  EXPECT_EQ(worker.Disposition(worker.tasks[0]), "retry");
  EXPECT_EQ(worker.tasks[1].fence, 2);
  EXPECT_EQ(worker.tasks[1].attempts, 1);
  worker.GiveUp(worker.tasks[1], Failed(true));
  PumpUntil("it is given up", [&] { return !worker.Disposition(worker.tasks[1]).empty(); });
  EXPECT_EQ(worker.Disposition(worker.tasks[1]), "dead");
  const CaseView view = Fetch(client, "c1");
  ASSERT_THAT(view.tasks, SizeIs(1));
  EXPECT_EQ(view.tasks[0].state, "dead");
  EXPECT_EQ(view.tasks[0].attempts, 1);
  EXPECT_EQ(view.tasks[0].outcome->code, "http_500");
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->dead, 1);
}

TEST_F(BrokerWorkerTest, APermanentFailureIsFinalAtOnce) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  worker.Finish(worker.tasks[0], Failed(false));
  PumpUntil("it is stored", [&] { return !worker.Disposition(worker.tasks[0]).empty(); });
  EXPECT_EQ(worker.Disposition(worker.tasks[0]), "stored");
  EXPECT_EQ(Fetch(client, "c1").tasks[0].outcome->status, OutcomeStatus::kRefused);
}

TEST_F(BrokerWorkerTest, ASuccessIsStoredWhateverElseTheResultSays) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  worker.Retry(worker.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return !worker.Disposition(worker.tasks[0]).empty(); });
  EXPECT_EQ(worker.Disposition(worker.tasks[0]), "stored");
}

TEST_F(BrokerWorkerTest, AResultThatIsNoneEndsItsAttempt) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  Outcome empty = Answered();
  empty.answer.reset();
  worker.Finish(worker.tasks[0], empty);
  PumpUntil("it is stored", [&] { return !worker.Disposition(worker.tasks[0]).empty(); });
  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.tasks[0].outcome->status, OutcomeStatus::kMalformed);
  EXPECT_EQ(view.tasks[0].outcome->text, "ok without an answer");
}

TEST_F(BrokerWorkerTest, CancellingACaseStopsItsTaskAndFreesTheCredit) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  Submit(client, CaseOf("c2"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c1"}).ok());
  PumpUntil("the worker is told", [&] { return worker.cancels.size() == 1; });
  EXPECT_EQ(worker.cancels[0].task, "c1|generate|1|alpha");
  EXPECT_EQ(worker.cancels[0].fence, 1);
  PumpUntil("the next task comes", [&] { return worker.tasks.size() == 2; });
  EXPECT_EQ(worker.tasks[1].task, "c2|generate|1|alpha");
  worker.Finish(worker.tasks[1], Answered());
  PumpUntil("it is stored", [&] { return worker.acks.size() == 1; });
  PumpFor(milliseconds(400));
  EXPECT_EQ(worker.tasks.size(), 2U) << "the cancelled task does not come back";
}

TEST_F(BrokerWorkerTest, ACancelAtAnotherBrokerStopsTheTaskHere) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  RedisConnection connection(redis_.address(), Store::Scripts());
  Store store(connection);
  ASSERT_TRUE(connection.Call({"PING"}, std::chrono::seconds(10)).ok());
  bool cancelled = false;
  store.Cancel({"c1"}, [&](const Result<CancelReply>& reply) { cancelled = reply.ok(); });
  ASSERT_TRUE(connection.Call({"PING"}, std::chrono::seconds(10)).ok());
  ASSERT_TRUE(cancelled);
  PumpUntil("the worker is told", [&] { return worker.cancels.size() == 1; });
}

TEST_F(BrokerWorkerTest, TheTaskOfAWorkerThatVanishesGoesToAnother) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& first = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return first.tasks.size() == 1; });
  ScriptedWorker& second = AddWorker("w2", "alpha", 1);
  first.silent = true;
  PumpUntil("it comes to the other", [&] { return second.tasks.size() == 1; });
  EXPECT_EQ(second.tasks[0].fence, 2);
  EXPECT_EQ(Fetch(client, "c1").tasks[0].crashes, 1);

  // The first was only slow. Its failure counts no more; a success of any fence may win.
  first.silent = false;
  first.Retry(first.tasks[0], Failed(true));
  PumpUntil("it is asked who it is", [&] { return first.asked_who > 0 && first.welcomed; });
  first.Retry(first.tasks[0], Failed(true));
  PumpUntil("it is told",
            [&] { return !first.cancels.empty() || !first.Disposition(first.tasks[0]).empty(); });
  if (first.cancels.empty()) {
    EXPECT_EQ(first.Disposition(first.tasks[0]), "stale");
  }
  second.Finish(second.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return !second.Disposition(second.tasks[0]).empty(); });
  EXPECT_EQ(second.Disposition(second.tasks[0]), "stored");
}

TEST_F(BrokerWorkerTest, ATaskThatTakesDownAsManyWorkersAsItMayIsDead) {
  config_.broker.crashes_max = 1;
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  worker.silent = true;
  CaseView view;
  PumpUntil("it is dead", [&] {
    view = Fetch(client, "c1");
    return view.tasks[0].state != "leased";
  });
  EXPECT_EQ(view.tasks[0].state, "dead");
  EXPECT_EQ(view.tasks[0].outcome->code, "worker_lost");
  EXPECT_EQ(view.tasks[0].outcome->text, "the workers that took this task disappeared");
}

TEST_F(BrokerWorkerTest, AGoodbyeAndAReleaseHandBackWithoutCounting) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& first = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return first.tasks.size() == 1; });
  ScriptedWorker& second = AddWorker("w2", "alpha", 1);
  first.silent = true;
  ASSERT_TRUE(first.Send(Goodbye{}));
  PumpUntil("it comes to the other", [&] { return second.tasks.size() == 1; });

  ScriptedWorker& third = AddWorker("w3", "alpha", 1);
  second.Slots(0);
  PumpFor(milliseconds(20));
  ASSERT_TRUE(second.Send(ReleaseMessage{second.tasks[0].task, second.tasks[0].fence}));
  PumpUntil("it comes to the third", [&] { return third.tasks.size() == 1; });
  EXPECT_EQ(second.Disposition(second.tasks[0]), "released");
  EXPECT_EQ(third.tasks[0].fence, 3);
  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.tasks[0].crashes, 0);
  EXPECT_EQ(view.tasks[0].attempts, 0);
}

TEST_F(BrokerWorkerTest, ATaskThatItsWorkerDoesNotKnowIsLeasedAgain) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  worker.forgetful = true;
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes again", [&] { return worker.tasks.size() == 2; });
  EXPECT_EQ(worker.tasks[1].fence, 2);
  EXPECT_EQ(Fetch(client, "c1").tasks[0].crashes, 0);
}

TEST_F(BrokerWorkerTest, AWorkerOfAnUnknownModelIsRefused) {
  Start();
  const ScriptedWorker& worker = AddWorker("w1", "zulu", 1);
  ASSERT_THAT(worker.errors, SizeIs(1));
  EXPECT_EQ(worker.errors[0].code, "invalid");
  EXPECT_EQ(worker.errors[0].text, "model = \"zulu\", expected a configured model (alpha, bravo)");
  EXPECT_FALSE(worker.welcomed);
}

TEST_F(BrokerWorkerTest, MessagesThatMakeNoSenseAreRefusedAndChangeNothing) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  ASSERT_TRUE(worker.Send(ResultMessage{"nonsense", 1, Answered(), std::nullopt}));
  ASSERT_TRUE(worker.Send(ResultMessage{"c1|generate|1|bravo", 1, Answered(), std::nullopt}));
  ASSERT_TRUE(worker.Send(StatusRequest{}));
  PumpUntil("all are refused", [&] { return worker.errors.size() == 3; });
  EXPECT_EQ(worker.errors[0].text, "task = \"nonsense\", expected case|stage|round|model");
  EXPECT_EQ(worker.errors[1].text, "task = \"c1|generate|1|bravo\", expected one of model alpha");
  EXPECT_EQ(worker.errors[2].text,
            "type = \"status\", expected hello, heartbeat, result, release or goodbye");
  ASSERT_TRUE(worker.Send(ResultMessage{"c1|generate|1|alpha", 1, Answered(), std::nullopt}));
  PumpUntil("it is answered", [&] { return worker.acks.size() == 1; });
  EXPECT_EQ(worker.acks[0].disposition, "unknown");
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
}

TEST_F(BrokerWorkerTest, ABrokerCrashCostsNoCall) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 2);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  Stop();
  Start();
  PumpUntil("the new broker adopts it", [&] { return worker.asked_who > 0 && worker.welcomed; });
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return !worker.Disposition(worker.tasks[0]).empty(); });
  EXPECT_EQ(worker.Disposition(worker.tasks[0]), "stored");
  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.tasks[0].leases, 1);
  EXPECT_EQ(view.tasks[0].crashes, 0);
}

TEST_F(BrokerWorkerTest, TheLeasesOfABrokerThatIsGoneAreTakenBackUncounted) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& first = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return first.tasks.size() == 1; });
  // Broker and worker go together; nobody adopts.
  Stop();
  workers_.clear();
  Start();
  ScriptedWorker& second = AddWorker("w2", "alpha", 1);
  PumpUntil("it comes to the other", [&] { return second.tasks.size() == 1; });
  EXPECT_EQ(second.tasks[0].fence, 2);
  EXPECT_EQ(Fetch(client, "c1").tasks[0].crashes, 0);
}

TEST_F(BrokerWorkerTest, ATaskWhoseLeaseWasLostWithTheConnectionComesBackUncounted) {
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok()) << status.error().text;
  // Leased in this broker's name, and the reply does not reach it.
  RedisConnection connection(redis_.address(), Store::Scripts());
  Store store(connection);
  ASSERT_TRUE(connection.Call({"PING"}, std::chrono::seconds(10)).ok());
  std::size_t leased = 0;
  store.Lease("alpha", status->broker, 1, [&](const Result<std::vector<LeasedTask>>& tasks) {
    leased = tasks.ok() ? tasks->size() : 0;
  });
  ASSERT_TRUE(connection.Call({"PING"}, std::chrono::seconds(10)).ok());
  ASSERT_EQ(leased, 1U);
  redis_.Kill();
  PumpUntil("the broker notices", [this] { return !broker_->ready(); });
  redis_.Restart();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  EXPECT_EQ(worker.tasks[0].fence, 2);
  EXPECT_EQ(Fetch(client, "c1").tasks[0].crashes, 0) << "nobody crashed";
}

TEST_F(BrokerWorkerTest, AResultThatRedisCouldNotTakeIsStoredWhenItIsBack) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  redis_.Kill();
  PumpUntil("the broker notices", [this] { return !broker_->ready(); });
  worker.Finish(worker.tasks[0], Answered());
  PumpFor(milliseconds(300));
  EXPECT_THAT(worker.acks, IsEmpty()) << "no acknowledgement of what is not stored";
  redis_.Restart();
  PumpUntil("the broker is ready again", [this] { return broker_->ready(); });
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return !worker.Disposition(worker.tasks[0]).empty(); });
  EXPECT_EQ(worker.Disposition(worker.tasks[0]), "stored");
  EXPECT_EQ(Fetch(client, "c1").tasks[0].leases, 1);
}

TEST_F(BrokerWorkerTest, AWorkerThatVanishesWhileRedisIsAwayStillGivesItsTaskBack) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& first = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return first.tasks.size() == 1; });
  redis_.Kill();
  PumpUntil("the broker notices", [this] { return !broker_->ready(); });
  first.silent = true;
  PumpFor(milliseconds(limits::kPeerSilenceMax) + milliseconds(500));
  redis_.Restart();
  ScriptedWorker& second = AddWorker("w2", "alpha", 1);
  PumpUntil("it comes to the other", [&] { return second.tasks.size() == 1; });
  EXPECT_EQ(Fetch(client, "c1").tasks[0].crashes, 1);
}

TEST_F(BrokerWorkerTest, ABrokerThatStoodStillStartsAfresh) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  // The loop does not turn, as if the process were stopped; the worker goes on.
  const TimePoint until = Now() + milliseconds(limits::kPeerSilenceMax) + milliseconds(300);
  while (Now() < until) worker.Turn();
  PumpUntil("the worker is asked who it is",
            [&] { return worker.asked_who > 0 && worker.welcomed; });
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return !worker.Disposition(worker.tasks[0]).empty(); });
  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.tasks[0].crashes, 0) << "the worker was not to blame";
  EXPECT_EQ(view.tasks[0].leases, 1);
}

TEST_F(BrokerWorkerTest, ALaneThatWasDeletedIsMadeAgain) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  RedisConnection connection(redis_.address(), {});
  const auto deleted =
      connection.Call({"DEL", "consilium:{0}:lane:generate:alpha"}, std::chrono::seconds(10));
  ASSERT_TRUE(deleted.ok());
  ASSERT_EQ(deleted->integer, 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
}

TEST_F(BrokerWorkerTest, ADrainingBrokerLeasesNothingButTakesResults) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  Submit(client, CaseOf("c2"));
  PumpUntil("the task comes", [&] { return worker.tasks.size() == 1; });
  broker_->Stop();
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return !worker.Disposition(worker.tasks[0]).empty(); });
  PumpUntil("it is drained", [this] { return broker_->drained(); });
  EXPECT_THAT(worker.tasks, SizeIs(1));
  Stop();
  Start();
  PumpUntil("the next broker goes on", [&] { return worker.tasks.size() == 2; });
}

}  // namespace
}  // namespace consilium
