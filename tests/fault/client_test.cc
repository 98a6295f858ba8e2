// What clients do: die before they read, come all at once, call their cases off.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/fault/checks.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"

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

// A burst while nobody works: each case is accepted or told to come later, and the broker stays
// small.
TEST(ClientTest, F17BurstIsTakenAndWorkedOffLater) {
  RigOptions options;
  options.latency_ms = 1;
  options.concurrency = 64;
  Rig rig(options);
  FaultRun run("F17", rig);
  for (int i = 0; i < options.workers; ++i) rig.Kill(Part::kWorker, i);
  LoadOptions burst = LoadOf(rig, 0);
  burst.most = static_cast<std::size_t>(Scaled(2000));
  burst.window = 8192;  // more than both brokers let wait for Redis
  burst.patience = seconds(10);
  Load load(burst);
  const TimePoint started = Now();
  load.Start();
  EXPECT_TRUE(Eventually([&] { return load.exhausted(); }, seconds(60)));
  EXPECT_TRUE(load.Finish(seconds(60)));
  run.Note("accepted_s", std::chrono::duration<double>(Now() - started).count());
  for (int i = 0; i < 2; ++i) {
    const std::int64_t resident = ResidentKib(rig.Pid(Part::kBroker, i));
    run.Note("broker_mib", static_cast<double>(resident) / 1024);
    EXPECT_LT(resident, 256 * 1024);
  }
  for (int i = 0; i < options.workers; ++i) rig.Start(Part::kWorker, i);
  run.Settle(rig, {&load}, seconds(120));
  run.Note("busy", static_cast<double>(load.Count("queue_full")));
}

// Cases are called off while they wait, while models answer, and while the last result comes in.
TEST(ClientTest, F21CancelledCasesAreCancelledOrDoneAndNeverBoth) {
  RigOptions options;
  options.latency_ms = 250;
  options.concurrency = 8;
  Rig rig(options);
  FaultRun run("F21", rig);
  Load load(LoadOf(rig, 50));
  SeededRandom random(Seed(), "F21");
  load.Start();
  std::map<std::string, CancelReply> replies;
  for (const TimePoint until = Now() + Scaled(milliseconds(6000)); Now() < until;) {
    const std::size_t known = load.acknowledged();
    if (known < 60) continue;
    const std::string id = "case-" + std::to_string(known - 1 - random.Below(60));
    const auto frame = AskBroker(rig.clients(static_cast<int>(random.Below(2))),
                                 MakeFrame(CancelRequest{id}, id), seconds(5));
    // The latest ones may be acknowledged out of order.
    if (!frame && frame.error().code == ErrorCode::kNotFound) continue;
    ASSERT_TRUE(frame.ok()) << frame.error().text;
    const auto reply = Unpack<CancelReply>(frame->body);
    ASSERT_TRUE(reply.ok());
    replies.emplace(id, *reply);
  }
  run.Settle(rig, {&load});
  std::size_t cancelled = 0;
  for (const auto& [id, reply] : replies) {
    const auto found = run.feed().cases().find(id);
    ASSERT_NE(found, run.feed().cases().end()) << id;
    const std::string state = rig.Ask({"HGET", "consilium:{0}:case:" + id, "state"}).text;
    EXPECT_EQ(state == "cancelled", reply.cancelled) << id << " is " << state;
    EXPECT_EQ(found->second.firsts, reply.cancelled ? 0 : 1) << id;
    cancelled += reply.cancelled ? 1 : 0;
  }
  run.Note("asked", static_cast<double>(replies.size()));
  run.Note("cancelled", static_cast<double>(cancelled));
  EXPECT_GT(cancelled, 0u);
  EXPECT_LT(cancelled, replies.size()) << "some had ended before";
  EXPECT_EQ(rig.Counter("cancelled"), static_cast<std::int64_t>(cancelled));
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
  std::int64_t latest = 0;
  std::size_t missed = 0;
  for (std::size_t n = 0; n < load.submitted(); ++n) {
    const auto found = run.feed().cases().find("case-" + std::to_string(n));
    if (found == run.feed().cases().end()) continue;
    const std::int64_t late =
        found->second.published_ms - found->second.recommendation.accepted_ms - deadline_ms(n);
    latest = std::max(latest, late);
    missed += found->second.recommendation.status == CaseState::kComplete ? 0u : 1u;
  }
  run.Note("missed", static_cast<double>(missed));
  run.Note("latest_ms", static_cast<double>(latest));
  EXPECT_GT(missed, 0u) << "it was no overload";
  EXPECT_LE(latest, 1000);
}

}  // namespace
}  // namespace consilium::fault
