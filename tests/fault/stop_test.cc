// Processes that are there but do nothing: stopped workers, brokers and Redis, workers that do not
// listen, tasks that take their workers down, and parts that are told to stop in the middle of
// work.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/fault/checks.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"
#include "tests/redis/broker_rig.h"
#include "worker/link.h"

namespace consilium::fault {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Outcome OneAnswer() {
  Outcome outcome;
  outcome.status = OutcomeStatus::kOk;
  outcome.answer.emplace();
  outcome.answer->medications.push_back({"warfarin", "5", "mg", "oral", "once daily", "", ""});
  return outcome;
}

TEST(StopTest, F11StoppedWorkerLosesItsTasksOnceAndComesBackAsAZombie) {
  RigOptions options;
  options.lease_ms = 3000;
  options.latency_ms = 300;
  Trial trial("F11", 40, options);
  Sleep(milliseconds(1500));
  trial.Pause(Part::kWorker, 0);
  Sleep(Scaled(milliseconds(7000)));
  trial.Resume(Part::kWorker, 0);
  Sleep(milliseconds(1500));
  trial.Note("crashed", static_cast<double>(trial.Counter("crashed")));
  trial.Settle();
  const Dispatches dispatches = CountDispatches(trial, trial.load.LedgerIds());
  EXPECT_GT(dispatches.again, 0) << "it held something";
  EXPECT_LE(dispatches.most, 2) << "each task goes out again once";
}

// What a zombie says of a task that has gone to another changes nothing, least of all that it
// failed.
TEST(StopTest, F11LateFailureOfAZombieChangesNothing) {
  RigOptions options;
  options.models = 1;
  options.workers = 0;
  options.brokers = 1;
  options.lease_ms = 30000;
  Rig rig(options);
  FaultRun run("F11 failure", rig);
  ZmqContext context;
  ScriptedWorker zombie(context, rig.workers(0), "zombie", "m1", 1);
  LoadOptions one = LoadOf(rig, 0);
  one.most = 1;
  Load load(one);
  load.Start();
  const auto turn_until = [](const std::vector<ScriptedWorker*>& workers, auto condition) {
    const TimePoint until = Now() + seconds(20);
    while (!condition() && Now() < until) {
      for (ScriptedWorker* worker : workers) worker->Turn();
      Sleep(milliseconds(2));
    }
    return condition();
  };
  ASSERT_TRUE(turn_until({&zombie}, [&] { return zombie.tasks.size() == 1; }));
  const TaskMessage first = zombie.tasks[0];
  ScriptedWorker other(context, rig.workers(0), "other", "m1", 1);
  ASSERT_TRUE(turn_until({&other}, [&] { return other.tasks.size() == 1; }));
  const TaskMessage second = other.tasks[0];
  EXPECT_EQ(second.task, first.task);
  EXPECT_GT(second.fence, first.fence);
  Outcome failed;
  failed.status = OutcomeStatus::kError;
  failed.code = "http_500";
  // Until the broker knows it again, it is asked who it is.
  ASSERT_TRUE(
      turn_until({&other, &zombie}, [&] { return zombie.asked_who > 0 && zombie.welcomed; }));
  zombie.GiveUp(first, failed);
  EXPECT_TRUE(turn_until({&other, &zombie}, [&] { return !zombie.Disposition(first).empty(); }));
  EXPECT_EQ(zombie.Disposition(first), "stale");
  other.Finish(second, OneAnswer());
  EXPECT_TRUE(turn_until({&other, &zombie}, [&] { return !other.Disposition(second).empty(); }));
  EXPECT_EQ(other.Disposition(second), "stored");
  run.Settle(rig, {&load}, seconds(10));
  EXPECT_EQ(rig.Counter("dead"), 0);
}

TEST(StopTest, F12StoppedBrokerIsReplacedAndDoesNoHarmWhenItGoesOn) {
  RigOptions options;
  options.latency_ms = 200;
  options.lease_ms = 30000;
  Trial trial("F12", 40, options);
  Sleep(milliseconds(1500));
  trial.Pause(Part::kBroker, 0);
  const std::set<std::string> before = trial.load.LedgerIds();
  const TimePoint stopped = Now();
  const auto all_published = [&] {
    trial.feed().Follow(trial);
    return std::all_of(before.begin(), before.end(),
                       [&](const std::string& id) { return trial.feed().cases().count(id) == 1; });
  };
  // What it had leased without anybody knowing is taken back after 8 s without a beat.
  EXPECT_TRUE(Eventually(all_published, seconds(15)));
  const double took = std::chrono::duration<double>(Now() - stopped).count();
  trial.Note("taken_over_s", took);
  EXPECT_LE(took, 12.0);
  Sleep(std::max(milliseconds(0), Scaled(milliseconds(10000)) -
                                      std::chrono::duration_cast<milliseconds>(Now() - stopped)));
  trial.Resume(Part::kBroker, 0);
  Sleep(milliseconds(1500));
  trial.Settle();
  EXPECT_EQ(trial.Counter("crashed"), 0) << "it blames no worker for its own absence";
}

TEST(StopTest, F13StoppedRedisIsNoReasonToDispatchAgain) {
  RigOptions options;
  options.lease_ms = 3000;
  options.latency_ms = 200;
  Trial trial("F13", 50, options);
  Sleep(Scaled(milliseconds(1500)));
  trial.Pause(Part::kRedis);
  Sleep(AtLength() ? seconds(40) : Scaled(milliseconds(6000)));
  trial.Resume(Part::kRedis);
  Sleep(milliseconds(3000));
  const Dispatches paused = CountDispatches(trial, trial.load.LedgerIds());
  trial.Note("again_after_pause", static_cast<double>(paused.again));
  // Away for longer than a lease: idle times go on while nobody can renew.
  trial.Kill(Part::kRedis);
  Sleep(AtLength() ? minutes(5) : Scaled(milliseconds(5000)));
  ASSERT_TRUE(trial.StartRedis());
  Sleep(milliseconds(1000));
  trial.Settle();
  const Dispatches all = CountDispatches(trial, trial.load.LedgerIds());
  trial.Note("tasks", static_cast<double>(all.tasks));
  trial.Note("again", static_cast<double>(all.again));
  EXPECT_LE(paused.again, paused.tasks / 100) << "of " << paused.tasks;
  // Leases whose reply was on its way when Redis died are nobody's; one call per broker and model.
  // Of the few tasks of a short run that may be more than one in a hundred.
  EXPECT_LE(all.again - paused.again, all.tasks / 100 + (AtLength() ? 0 : 8)) << "of " << all.tasks;
  EXPECT_EQ(trial.Counter("crashed"), 0);
}

// A send to somebody who is gone is noticed; the task stays in its lane for the next worker.
TEST(StopTest, F16WorkerThatIsGoneGetsNothing) {
  RigOptions options;
  options.models = 1;
  options.workers = 0;
  options.brokers = 1;
  options.lease_ms = 30000;
  Rig rig(options);
  FaultRun run("F16 gone", rig);
  ZmqContext context;
  auto gone = std::make_unique<ScriptedWorker>(context, rig.workers(0), "gone", "m1", 64);
  for (const TimePoint until = Now() + seconds(5); !gone->welcomed && Now() < until;) {
    gone->Turn();
    Sleep(milliseconds(2));
  }
  ASSERT_TRUE(gone->welcomed);
  gone.reset();
  Sleep(milliseconds(500));  // its connection is closed; that it is silent is not noticed for 4 s
  LoadOptions few = LoadOf(rig, 0);
  few.most = 20;
  Load load(few);
  load.Start();
  ASSERT_TRUE(Eventually([&] { return load.acknowledged() == 20; }, seconds(5)));
  Sleep(milliseconds(300));
  const RedisReply leased = rig.Ask({"XPENDING", "consilium:{0}:lane:generate:m1", "w"});
  ASSERT_FALSE(leased.items.empty());
  EXPECT_EQ(leased.items[0].integer, 0) << "leased to a worker that is gone";
  ScriptedWorker next(context, rig.workers(0), "next", "m1", 64);
  std::size_t done = 0;
  for (const TimePoint until = Now() + seconds(10); done < 20 && Now() < until;) {
    next.Turn();
    for (; done < next.tasks.size(); ++done) next.Finish(next.tasks[done], OneAnswer());
    Sleep(milliseconds(2));
  }
  run.Settle(rig, {&load}, seconds(10));
  EXPECT_EQ(rig.Counter("crashed"), 0);
}

// A worker that joins and never reads again, with as many slots as both others together. Were tasks
// dealt to it like to the others, half of them would wait; the others must go on as without it.
// Windows with and without it take turns, so that whatever else the machine does falls on both
// kinds. They go on until the shares are told from noise; a loss stays one, however long they do.
TEST(StopTest, F16WorkerThatDoesNotListenHoldsNoMoreThanItsSlots) {
  constexpr std::int64_t kSlots = 8;
  constexpr milliseconds kWindow{1200};
  constexpr int kPairsMin = 3;
  constexpr int kPairsMax = 15;
  RigOptions options;
  options.brokers = 1;
  options.models = 1;
  options.workers = 2;
  options.concurrency = kSlots / 2;
  options.latency_ms = 100;
  Rig rig(options);
  FaultRun run("F16", rig);
  const std::string lane = "consilium:{0}:lane:generate:m1";
  const auto decided = [&] {
    run.feed().Follow(rig);
    return run.feed().cases().size();
  };
  // More than the workers can do, from the first moment on.
  Load load(LoadOf(rig, 120));
  load.Start();
  ASSERT_TRUE(Eventually([&] { return rig.Ask({"XLEN", lane}).integer >= 40; }, seconds(30)));
  ZmqContext context;
  std::int64_t most = 0;
  std::size_t with = 0;
  std::size_t without = 0;
  const auto share = [&] { return static_cast<double>(with) / static_cast<double>(without); };
  for (int pair = 0; pair < kPairsMax && (pair < kPairsMin || share() < 0.9); ++pair) {
    std::size_t before = decided();
    Sleep(kWindow);
    without += decided() - before;

    ScriptedWorker deaf(context, rig.workers(0), "deaf", "m1", kSlots);
    ASSERT_TRUE(Eventually(
        [&] {
          deaf.Turn();
          return deaf.welcomed;
        },
        seconds(10)));
    // From here on it only sends.
    before = decided();
    for (const TimePoint until = Now() + kWindow; Now() < until; Sleep(milliseconds(150))) {
      deaf.Send(Heartbeat{kSlots, {}, ""});
      for (const WorkerStatus& worker : StatusOf(rig, 0).workers) {
        if (worker.worker == "deaf") most = std::max(most, worker.in_flight);
      }
    }
    with += decided() - before;
    EXPECT_TRUE(deaf.Send(Goodbye{}));  // what it holds goes to others
    EXPECT_GT(rig.Ask({"XLEN", lane}).integer, 0) << "the workers had nothing to do";
  }
  run.Note("most_held", static_cast<double>(most));
  run.Note("decided_beside_it", static_cast<double>(with));
  run.Note("decided_without_it", static_cast<double>(without));
  run.Settle(rig, {&load}, seconds(120));
  EXPECT_GT(most, 0) << "it was given something";
  EXPECT_LE(most, kSlots);
  EXPECT_GE(share(), 0.9) << "the others do not go on";
}

// A task that takes down every worker that gets it ends among the dead after three of them, and the
// others do not notice. The workers are played: each has one slot and dies without a word.
TEST(StopTest, F19PoisonIsDeadAfterThreeWorkers) {
  RigOptions options;
  options.models = 1;
  options.workers = 0;
  options.lease_ms = 30000;
  Rig rig(options);
  FaultRun run("F19", rig);
  ZmqContext context;
  std::vector<std::unique_ptr<ScriptedWorker>> workers(8);
  std::vector<std::size_t> done(workers.size(), 0);
  int deaths = 0;
  bool harmless = false;
  LoadOptions good = LoadOf(rig, 200);
  good.most = static_cast<std::size_t>(Scaled(300));
  const std::string poison = good.prefix + std::to_string(good.most / 3);
  Load load(good);
  load.Start();
  const auto turn = [&] {
    for (std::size_t i = 0; i < workers.size(); ++i) {
      if (!workers[i]) {
        workers[i] = std::make_unique<ScriptedWorker>(context, rig.workers(static_cast<int>(i % 2)),
                                                      "w" + RandomHexId(), "m1", 1);
        done[i] = 0;
      }
      workers[i]->Turn();
      for (; workers[i] && done[i] < workers[i]->tasks.size(); ++done[i]) {
        const TaskMessage& task = workers[i]->tasks[done[i]];
        if (task.task.rfind(poison + "|", 0) == 0 && !harmless) {
          ++deaths;
          workers[i].reset();
          break;
        }
        workers[i]->Finish(task, OneAnswer());
      }
    }
    Sleep(milliseconds(1));
  };
  const TimePoint until = Now() + seconds(60);
  while (Now() < until && (!load.exhausted() || !Left(rig).empty())) {
    for (int i = 0; i < 50; ++i) turn();
  }
  run.Note("deaths", deaths);
  run.Settle(rig, {&load});
  EXPECT_EQ(deaths, 3);
  EXPECT_EQ(rig.Counter("crashed"), 3);
  EXPECT_EQ(rig.Counter("dead"), 1);
  const std::string record = "consilium:{0}:case:" + poison;
  EXPECT_EQ(rig.Ask({"HGET", record, "s:generate|1|m1"}).text, "dead");

  // Once it kills nobody any more it may be put back, once.
  const RedisReply letters = rig.Ask({"XRANGE", "consilium:{0}:dead", "-", "+"});
  ASSERT_EQ(letters.items.size(), 1u);
  const DeadRequeueRequest request{{"0:" + letters.items[0].items.at(0).text}};
  harmless = true;
  for (const char* expected : {"requeued", "before"}) {
    const auto frame = AskBroker(rig.clients(0), MakeFrame(request), seconds(10));
    ASSERT_TRUE(frame.ok()) << frame.error().text;
    const auto reply = Unpack<DeadRequeueReply>(frame->body);
    ASSERT_TRUE(reply.ok() && reply->items.size() == 1);
    EXPECT_EQ(reply->items[0].disposition, expected);
  }
  const auto state = [&] { return rig.Ask({"HGET", record, "s:generate|1|m1"}).text; };
  for (const TimePoint give_up = Now() + seconds(30); state() != "done" && Now() < give_up;) {
    for (int i = 0; i < 20; ++i) turn();
  }
  EXPECT_EQ(state(), "done");
  EXPECT_EQ(rig.Counter("requeued"), 1);
  EXPECT_EQ(deaths, 3);
  EXPECT_EQ(rig.Ask({"XLEN", "consilium:{0}:dead"}).integer, 0);
}

TEST(StopTest, F23EverythingIsRestartedInTurnUnderLoad) {
  RigOptions options;
  options.aggregators = 2;
  Trial trial("F23", 60, options);
  int restarts = 0;
  for (int round = 0; round < Scaled(1); ++round) {
    for (const Part part : {Part::kBroker, Part::kWorker, Part::kAggregator}) {
      for (int i = 0; i < trial.Count(part); ++i, ++restarts) {
        Sleep(milliseconds(300));
        EXPECT_EQ(trial.Terminate(part, i, seconds(20)), 0)
            << kPartNames[static_cast<std::size_t>(part)] << i;
        trial.Start(part, i);
      }
    }
  }
  trial.Note("restarts", restarts);
  trial.Note("longest_gap_ms", static_cast<double>(trial.load.longest_gap().count()));
  trial.Settle();
  EXPECT_EQ(trial.Counter("crashed"), 0) << "who stops hands back";
  EXPECT_EQ(trial.Counter("retried"), 0) << "no attempt is counted";
  EXPECT_EQ(trial.load.Count("queue_full"), 0u);
}

// The connection of a worker to its broker, without the rest of the worker.
class IdleWorker {
 public:
  IdleWorker(ZmqContext& context, const std::string& endpoint, const std::string& name)
      : socket_(context, endpoint), link_(Now(), SeededRandom(0, name + RandomHexId())) {
    hello_.worker = name;
    hello_.model = "m1";
    hello_.provider = "simulated";
    hello_.placement = "local";
    hello_.slots = 1;
  }
  // What a worker's loop does with its link.
  void Turn(TimePoint now) {
    while (auto frame = socket_.Receive()) {
      if (!frame->ok()) continue;
      link_.OnHeard(now);
      if ((*frame)->type == WhoAreYou::kType) link_.OnWhoAreYou(now);
      if ((*frame)->type != Welcome::kType) continue;
      link_.OnWelcome(now);
      welcomed.push_back(now);
    }
    link_.Tick(now);
    const BrokerLink::Duty duty = link_.Due(now);
    if (duty == BrokerLink::Duty::kNone) return;
    const Frame frame =
        duty == BrokerLink::Duty::kHello ? MakeFrame(hello_) : MakeFrame(Heartbeat{1, {}, ""});
    link_.OnSent(socket_.Send(frame) == SendResult::kSent, now);
  }

  std::vector<TimePoint> welcomed;

 private:
  DealerSocket socket_;
  BrokerLink link_;
  Hello hello_;
};

// As many as there are on a large site, also in a short run: the fewer, the less they could crowd.
TEST(StopTest, F26ManyWorkersComeBackToARestartedBroker) {
  constexpr std::size_t kWorkers = 500;
  constexpr std::size_t kPerContext = 100;  // libzmq has 1023 sockets in one, and monitors are some
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  RigOptions options;
  options.models = 1;
  options.workers = 0;
  options.brokers = 1;
  Rig rig(options);
  FaultRun run("F26", rig);
  std::deque<ZmqContext> contexts(kWorkers / kPerContext);
  std::deque<IdleWorker> workers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    workers.emplace_back(contexts[i / kPerContext], rig.workers(0), "many-" + std::to_string(i));
  }
  const auto all_welcomed = [&](std::size_t times, milliseconds within) {
    const TimePoint until = Now() + within;
    for (;;) {
      bool all = true;
      for (IdleWorker& worker : workers) {
        worker.Turn(Now());
        all = all && worker.welcomed.size() >= times;
      }
      if (all || Now() > until) return all;
      Sleep(milliseconds(5));
    }
  };
  ASSERT_TRUE(all_welcomed(1, seconds(60)));
  const auto turn_for = [&](milliseconds time) { all_welcomed(SIZE_MAX, time); };
  rig.Kill(Part::kBroker);
  turn_for(milliseconds(1000));
  rig.Start(Part::kBroker);
  const TimePoint back = Now();
  ASSERT_TRUE(all_welcomed(2, seconds(15)));
  std::vector<double> times;
  for (const IdleWorker& worker : workers) {
    times.push_back(std::chrono::duration<double>(worker.welcomed[1] - back).count());
  }
  std::sort(times.begin(), times.end());
  run.Note("workers", static_cast<double>(kWorkers));
  run.Note("all_back_s", times.back());
  run.Note("spread_s", times.back() - times.front());
  // Most of them within the first second would be a crowd, too.
  run.Note("middle_half_s", Quantile(times, 0.75) - Quantile(times, 0.25));
  EXPECT_GE(times.back() - times.front(), 2.0) << "they come in step";
  EXPECT_GE(Quantile(times, 0.75) - Quantile(times, 0.25), 0.7) << "they come in step";
}

}  // namespace
}  // namespace consilium::fault
