// What clients do: die before they read, come all at once, call their cases off.
#include <gtest/gtest.h>

#include <algorithm>

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
    // The client that dies: it sends and is gone, at once or a moment later.
    const std::string id = again.prefix + std::to_string(i);
    ZmqContext context;
    DealerSocket socket(context, rig.clients(static_cast<int>(random.Below(2))));
    const Frame frame = MakeFrame(SubmitRequest{KnownCase(id)}, id);
    Eventually([&] { return socket.Send(frame) == SendResult::kSent; }, seconds(5));
    if (random.Below(2) == 0) Sleep(milliseconds(random.Below(4)));
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

}  // namespace
}  // namespace consilium::fault
