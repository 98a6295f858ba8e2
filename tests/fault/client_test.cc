// What clients do: die before they read, come all at once, call their cases off.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/fault/checks.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"
#include "tests/support/fault_llm.h"

namespace consilium::fault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A client that dies before it reads its acknowledgement asks again with the same id; an id with
// other content is a conflict.
TEST(ClientTest, F10CaseOfADeadClientIsOneCase) {
  Rig rig;
  FaultRun run("F10", rig);
  SeededRandom random(Seed(), "F10");
  const int cases = Scaled(200);
  LoadOptions again = LoadOf(rig, 0);
  again.most = static_cast<std::size_t>(cases);
  for (int i = 0; i < cases; ++i) {
    const std::string broker = rig.clients(static_cast<int>(random.Below(2)));
    SendAndDie(broker, {again.prefix + std::to_string(i)},
               milliseconds(random.Below(2) * random.Below(4)));
  }
  Load load(again);
  load.Start();
  EXPECT_TRUE(Eventually([&] { return load.exhausted(); }, seconds(30)));
  run.Settle(rig, {&load});
  for (int i = 0; i < std::min(cases, 20); ++i) {
    CaseRequest other = KnownCase(again.prefix + std::to_string(i));
    other.vignette.question = "Other content?";
    const auto reply =
        AskBroker(rig.clients(i % 2), MakeFrame(SubmitRequest{other}, other.id), seconds(5));
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().code, ErrorCode::kConflict) << reply.error().text;
  }
  EXPECT_GT(load.Count("duplicate"), 0u) << "some had come in before";
  EXPECT_EQ(rig.Counter("accepted"), cases);
}

// A burst while nobody works, and Redis takes its time: what the brokers do not let wait is told to
// come later, and they stay small. In the end all is taken and worked off.
TEST(ClientTest, F17BurstIsTakenAndWorkedOffLater) {
  RigOptions options;
  options.models = 1;
  options.latency_ms = 1;
  options.concurrency = 64;
  Rig rig(options);
  FaultRun run("F17", rig);
  for (int i = 0; i < options.workers; ++i) rig.Kill(Part::kWorker, i);
  LoadOptions burst = LoadOf(rig, 0);
  burst.most = AtLength() ? 50000 : 10000;
  burst.window = 10000;  // both brokers let 4096 wait for Redis
  burst.patience = seconds(10);
  Load load(burst);
  rig.Pause(Part::kRedis);
  load.Start();
  EXPECT_TRUE(Eventually([&] { return load.busy() > 100; }, seconds(60))) << "nothing is refused";
  rig.Resume(Part::kRedis);
  const TimePoint resumed = Now();
  EXPECT_TRUE(Eventually([&] { return load.exhausted(); }, seconds(120)));
  EXPECT_TRUE(load.Finish(seconds(120)));
  run.Note("accepted_s", std::chrono::duration<double>(Now() - resumed).count());
  for (int i = 0; i < 2; ++i) {
    const std::int64_t resident = ResidentKib(rig.Pid(Part::kBroker, i));
    run.Note("broker_mib", static_cast<double>(resident) / 1024);
    if (kMeasureMemory) {
      EXPECT_LT(resident, 256 * 1024);
    }
  }
  for (int i = 0; i < options.workers; ++i) rig.Start(Part::kWorker, i);
  run.Settle(rig, {&load}, seconds(120));
  run.Note("busy", static_cast<double>(load.busy()));
}

enum class Moment { kQueued, kLeased, kEnding };
constexpr const char* kMomentNames[] = {"queued", "leased", "ending"};

// A case of which a task waits in its lane, is with a worker, or is the last one and with a worker,
// as the lanes of m1 have it. Empty when there is none just now.
std::string CaseAt(Rig& rig, Moment moment, SeededRandom& random) {
  const std::string lane = std::string("consilium:{0}:lane:") +
                           (moment == Moment::kEnding ? "review" : "generate") + ":m1";
  RedisReply found;
  if (moment == Moment::kQueued) {
    // Further from its head than a worker takes at once.
    if (rig.Ask({"XLEN", lane}).integer < 80) return "";
    found = rig.Ask({"XREVRANGE", lane, "+", "-", "COUNT", "20"});
  } else {
    found = rig.Ask({"XPENDING", lane, "w", "-", "+", "64"});
  }
  if (found.items.empty()) return "";
  RedisReply entry = found.items[random.Below(found.items.size())];
  if (moment != Moment::kQueued) {
    const std::string at = entry.items.at(0).text;
    found = rig.Ask({"XRANGE", lane, at, at});
    if (found.items.empty()) return "";
    entry = found.items[0];
  }
  const std::string task = entry.items.at(1).items.at(1).text;
  return task.substr(0, task.find('|'));
}

// Cases are called off while they wait, while models answer, and while the last result comes in.
TEST(ClientTest, F21CancelledCasesAreCancelledOrDoneAndNeverBoth) {
  RigOptions options;
  options.latency_ms = 250;
  options.concurrency = 8;
  Trial trial("F21", 60, options);  // more than the workers can do
  const int each = AtLength() ? 1000 : 30;
  struct Asked {
    Moment moment;
    bool cancelled;
  };
  std::map<std::string, Asked> asked;
  std::map<Moment, int> count;
  const TimePoint until = Now() + (AtLength() ? seconds(1200) : seconds(120));
  for (const Moment moment : {Moment::kQueued, Moment::kLeased, Moment::kEnding}) {
    // The race is there once one of them had ended before.
    int ended = moment == Moment::kEnding ? 0 : 1;
    while ((count[moment] < each || ended == 0) && Now() < until) {
      const std::string id = CaseAt(trial, moment, trial.random);
      if (id.empty() || asked.count(id) != 0) {
        Sleep(milliseconds(5));
        continue;
      }
      if (moment == Moment::kEnding) Sleep(milliseconds(trial.random.Below(300)));
      const auto frame = AskBroker(trial.clients(static_cast<int>(trial.random.Below(2))),
                                   MakeFrame(CancelRequest{id}, id), seconds(30));
      ASSERT_TRUE(frame.ok()) << frame.error().text;
      const auto reply = Unpack<CancelReply>(frame->body);
      ASSERT_TRUE(reply.ok());
      asked.emplace(id, Asked{moment, reply->cancelled});
      ++count[moment];
      if (!reply->cancelled) ++ended;
    }
    EXPECT_GE(count[moment], each) << kMomentNames[static_cast<std::size_t>(moment)];
  }
  trial.Settle();
  std::int64_t cancelled = 0;
  int ended_before = 0;
  for (const auto& [id, what] : asked) {
    const auto found = trial.feed().cases().find(id);
    ASSERT_NE(found, trial.feed().cases().end()) << id;
    const std::string state = trial.Ask({"HGET", "consilium:{0}:case:" + id, "state"}).text;
    EXPECT_EQ(state == "cancelled", what.cancelled) << id << " is " << state;
    EXPECT_EQ(found->second.firsts, what.cancelled ? 0 : 1) << id;
    cancelled += what.cancelled ? 1 : 0;
    ended_before += !what.cancelled && what.moment == Moment::kEnding ? 1 : 0;
  }
  for (const auto& [moment, times] : count) {
    trial.Note(kMomentNames[static_cast<std::size_t>(moment)], times);
  }
  trial.Note("ended_before", ended_before);
  EXPECT_GT(ended_before, 0) << "there was no race";
  EXPECT_LT(ended_before, count[Moment::kEnding]) << "there was no race";
  EXPECT_EQ(trial.Counter("cancelled"), cancelled);
}

// A call to a model ends when its case is called off: its server sees the connection close.
TEST(ClientTest, F21CallsOfCancelledCasesAreAborted) {
  FaultLlmOptions slow;
  slow.latency = seconds(120);
  const FaultLlm llm(slow);
  RigOptions options;
  options.models = 1;
  options.workers = 2;
  options.concurrency = 32;
  options.llm = llm.url();
  Rig rig(options);
  FaultRun run("F21 calls", rig);
  LoadOptions some = LoadOf(rig, 0);
  some.shape = [](CaseRequest& request, std::size_t) {
    request.vignette.text += " marker:" + request.id;
  };
  const std::size_t batch = 40;
  some.most = batch * static_cast<std::size_t>(AtLength() ? 25 : 1);
  Load load(some);
  load.Start();
  ASSERT_TRUE(Eventually([&] { return load.exhausted(); }, seconds(60)));
  // When the last broker said `cancelled`, and when the connection of its call was closed.
  std::map<std::string, TimePoint> said;
  std::vector<double> took_ms;
  std::set<std::string> closed;
  const auto look = [&] {
    for (const FaultEntry& entry : llm.ledger()) {
      const auto found = said.find(entry.key.marker);
      if (!entry.ended || found == said.end() || !closed.insert(entry.key.marker).second) continue;
      took_ms.push_back(std::chrono::duration<double, std::milli>(Now() - found->second).count());
    }
    return took_ms.size() == said.size();
  };
  while (said.size() < some.most) {
    std::vector<std::string> under_way;
    ASSERT_TRUE(Eventually(
        [&] {
          under_way.clear();
          for (const FaultEntry& entry : llm.ledger()) {
            if (said.count(entry.key.marker) == 0) under_way.push_back(entry.key.marker);
          }
          return under_way.size() >= std::min(batch, some.most - said.size());
        },
        seconds(60)));
    for (const std::string& id : under_way) {
      const auto frame = AskBroker(rig.clients(static_cast<int>(said.size() % 2)),
                                   MakeFrame(CancelRequest{id}, id), seconds(30));
      ASSERT_TRUE(frame.ok()) << frame.error().text;
      said[id] = Now();
      look();
    }
    EXPECT_TRUE(Eventually(look, seconds(10))) << closed.size() << " of " << said.size();
  }
  run.Settle(rig, {&load});
  run.Note("aborted", static_cast<double>(took_ms.size()));
  run.Note("median_ms", Quantile(took_ms, 0.5));
  run.Note("longest_ms", Quantile(took_ms, 1));
  // The one that had to wait longest may have waited for this machine.
  EXPECT_LE(Quantile(took_ms, 0.9), 1000);
  EXPECT_EQ(llm.counts().in_flight(), 0u);
  EXPECT_EQ(rig.Counter("cancelled"), static_cast<std::int64_t>(some.most));
}

// Far more than the workers can do, with little time: what cannot be done in time is said so in
// time.
TEST(ClientTest, F22DeadlinesPassUnderOverloadAndAreReported) {
  RigOptions options;
  options.workers = 2;
  options.concurrency = 2;
  options.latency_ms = 100;
  Rig rig(options);
  FaultRun run("F22", rig);
  LoadOptions many = LoadOf(rig, 60);
  const auto deadline_ms = [](std::size_t n) {
    return static_cast<std::int64_t>(1000 +
                                     SeededRandom(Seed(), "F22 " + std::to_string(n)).Below(2800));
  };
  many.shape = [&](CaseRequest& request, std::size_t n) {
    request.deadline_s = static_cast<double>(deadline_ms(n)) / 1000;
  };
  Load load(many);
  load.Start();
  Sleep(Scaled(milliseconds(5000)));
  run.Settle(rig, {&load});
  std::vector<double> late_ms;
  std::size_t missed = 0;
  for (std::size_t n = 0; n < load.submitted(); ++n) {
    const auto found = run.feed().cases().find("case-" + std::to_string(n));
    if (found == run.feed().cases().end()) continue;
    late_ms.push_back(static_cast<double>(found->second.published_ms -
                                          found->second.recommendation.accepted_ms -
                                          deadline_ms(n)));
    missed += found->second.recommendation.status == CaseState::kComplete ? 0u : 1u;
  }
  run.Note("missed", static_cast<double>(missed));
  run.Note("late_ms_p98", Quantile(late_ms, 0.98));
  run.Note("latest_ms", Quantile(late_ms, 1));
  EXPECT_GT(missed, 0u) << "it was no overload";
  // The very last ones may have waited for this machine.
  EXPECT_LE(Quantile(late_ms, 0.98), 1000);
}

}  // namespace
}  // namespace consilium::fault
