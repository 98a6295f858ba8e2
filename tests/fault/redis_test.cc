// Redis itself goes wrong: no memory, other settings, keys that somebody cut or deleted, damaged
// files, clocks that jump.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/seal.h"
#include "tests/fault/checks.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"
#include "tests/redis/broker_rig.h"

namespace consilium::fault {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Error RefusalOf(const Rig& rig, int broker, const std::string& id) {
  const auto reply =
      AskBroker(rig.clients(broker), MakeFrame(SubmitRequest{KnownCase(id)}, id), seconds(5));
  return reply ? Error{ErrorCode::kInternal, "accepted"} : reply.error();
}

// The file that Redis appends to.
std::string Tail(const Rig& rig) {
  std::string newest;
  for (const auto& entry : fs::directory_iterator(rig.redis_data() + "/appendonlydir")) {
    if (entry.path().string().find(".incr.aof") != std::string::npos) newest = entry.path();
  }
  return newest;
}

std::string Slurp(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void Spill(const std::string& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

TEST(RedisTest, F18FullMemoryRefusesCasesAndFinishesWork) {
  Rig rig;
  FaultRun run("F18", rig);
  for (int i = 0; i < rig.Count(Part::kWorker); ++i) rig.Kill(Part::kWorker, i);
  Load load(LoadOf(rig, 200));
  load.Start();
  Sleep(milliseconds(1000));
  const std::string info = rig.Ask({"INFO", "memory"}).text;
  const long used = std::atol(info.c_str() + info.find("used_memory:") + 12);
  rig.Ask({"CONFIG", "SET", "maxmemory", std::to_string(used + 200000)});
  // No more than fits is accepted; then each is told to come later.
  EXPECT_TRUE(Eventually(
      [&] {
        const std::size_t before = load.acknowledged();
        Sleep(milliseconds(700));
        return load.acknowledged() == before;
      },
      seconds(20)));
  const Error refused = RefusalOf(rig, 0, "never");
  EXPECT_TRUE(refused.code == ErrorCode::kUnavailable || refused.code == ErrorCode::kQueueFull)
      << refused.text;
  const std::set<std::string> accepted = load.LedgerIds();
  run.Note("accepted_when_full", static_cast<double>(accepted.size()));
  // Brokers that come back to a full Redis finish work, too.
  for (int i = 0; i < rig.Count(Part::kBroker); ++i) {
    rig.Kill(Part::kBroker, i);
    rig.Start(Part::kBroker, i);
  }
  for (int i = 0; i < rig.Count(Part::kWorker); ++i) rig.Start(Part::kWorker, i);
  EXPECT_TRUE(Eventually(
      [&] {
        run.feed().Follow(rig);
        return std::all_of(accepted.begin(), accepted.end(), [&](const std::string& id) {
          return run.feed().cases().count(id) == 1;
        });
      },
      seconds(30)))
      << "work cannot be finished while Redis is full";
  rig.Ask({"CONFIG", "SET", "maxmemory", "0"});
  run.Settle(rig, {&load});
}

// How far ahead the clock of a broker is, by what it writes to its log when a worker joins it.
seconds AheadByItsLog(const Rig& rig, int broker) {
  static int visits = 0;
  const std::string name = "visitor-" + std::to_string(++visits);
  ZmqContext context;
  ScriptedWorker visitor(context, rig.workers(broker), name, "m1", 0);
  std::string line;
  const bool joined = Eventually(
      [&] {
        visitor.Turn();
        const std::string log = rig.Log(Part::kBroker, broker);
        const std::size_t at = log.find(name);
        if (at == log.npos) return false;
        line = log.substr(log.rfind('\n', at) + 1);
        return true;
      },
      seconds(20));
  visitor.Send(Goodbye{});
  std::tm time{};
  if (!joined || strptime(line.c_str(), "%Y-%m-%dT%H:%M:%S", &time) == nullptr) return seconds(0);
  return seconds(timegm(&time) - std::time(nullptr));
}

// The clock of a broker is an hour wrong in either direction and jumps; nobody depends on it.
TEST(RedisTest, F27ClockOfABrokerIsWrong) {
  RigOptions options;
  options.lease_ms = 30000;
  Rig rig(options);
  Machine machine(rig.folder().File("broker-machine"));
  machine.SetClockAhead(hours(1));
  rig.Under(Part::kBroker, 0, machine.Environment());
  FaultRun run("F27 broker", rig);
  Load load(LoadOf(rig, 50));
  load.Start();
  for (const auto ahead : {hours(1), -hours(1), hours(1), hours(0)}) {
    machine.SetClockAhead(ahead);
    Sleep(Scaled(milliseconds(1200)));
    const seconds seen = AheadByItsLog(rig, 0);
    EXPECT_LE(std::abs((seen - ahead).count()), 60) << "the clock did not jump: " << seen.count();
    EXPECT_LE(std::abs(AheadByItsLog(rig, 1).count()), 60);
  }
  run.Settle(rig, {&load});
  EXPECT_EQ(rig.Counter("crashed"), 0);
  EXPECT_EQ(CountDispatches(rig, load.LedgerIds()).again, 0);
}

// The clock of Redis decides. When it jumps ten minutes, all leases look overdue once: they go out
// again, and nothing is lost.
TEST(RedisTest, F27ClockOfRedisJumps) {
  RigOptions options;
  options.latency_ms = 300;
  options.lease_ms = 30000;
  options.broker = "crashes_max = 100";
  Trial trial("F27 redis", 40, options);
  Sleep(milliseconds(2500));
  const auto redis_s = [&] { return std::atoll(trial.Ask({"TIME"}).items.at(0).text.c_str()); };
  const std::int64_t before = redis_s();
  trial.machine().SetClockAhead(minutes(10));
  ASSERT_TRUE(Eventually([&] { return redis_s() >= before + 590; }, seconds(5)))
      << "the clock does not jump";
  Sleep(Scaled(milliseconds(3000)));
  trial.Settle();
  const Dispatches dispatches = CountDispatches(trial, trial.load.LedgerIds());
  trial.Note("again", static_cast<double>(dispatches.again));
  EXPECT_LE(dispatches.most, 3);
}

// A write that was cut short by a crash: Redis leaves it out, and it was never acknowledged.
TEST(RedisTest, F28TornTailOfTheFileCostsNothingAccepted) {
  Trial trial("F28 tail", 60);
  for (int round = 0; round < Scaled(2); ++round) {
    Sleep(milliseconds(1000 + trial.random.Below(500)));
    trial.Kill(Part::kRedis);
    const std::string torn = "*5\r\n$4\r\nHSET\r\n$20\r\nconsilium:{0}:case:x\r\n$200\r\n" +
                             std::string(trial.random.Below(150), 'x');
    std::ofstream(Tail(trial), std::ios::binary | std::ios::app)
        << torn.substr(0, 1 + trial.random.Below(torn.size()));
    ASSERT_TRUE(trial.StartRedis()) << trial.Log(Part::kRedis);
  }
  trial.Settle();
}

// A broken frame in the middle: Redis does not start rather than guess, brokers say so, and go on
// when an operator has put the file back.
TEST(RedisTest, F28BrokenFrameStopsEverythingLoudly) {
  Trial trial("F28 frame", 60);
  Sleep(milliseconds(1500));
  trial.Kill(Part::kRedis);
  const std::string file = Tail(trial);
  const std::string good = Slurp(file);
  std::string bad = good;
  const std::size_t at = bad.find("\r\n$", bad.size() / 2);
  ASSERT_NE(at, std::string::npos);
  bad[at + 2] = static_cast<char>(bad[at + 2] ^ 1);
  Spill(file, bad);
  EXPECT_FALSE(trial.StartRedis(seconds(5))) << "Redis takes a broken file";
  const std::size_t before = trial.load.acknowledged();
  const Error refused = RefusalOf(trial, 0, "never");
  EXPECT_EQ(refused.code, ErrorCode::kUnavailable) << refused.text;
  EXPECT_EQ(trial.load.acknowledged(), before);
  Spill(file, good);
  ASSERT_TRUE(trial.StartRedis()) << trial.Log(Part::kRedis);
  trial.Settle();
}

// A flipped bit in a text: Redis loads it without a word. The checksum of the case tells; no model
// is asked, and the task is among the dead.
TEST(RedisTest, F28FlippedBitInATextIsNeverDispatched) {
  Rig rig;
  FaultRun run("F28 text", rig);
  for (int i = 0; i < rig.Count(Part::kWorker); ++i) rig.Kill(Part::kWorker, i);
  LoadOptions few = LoadOf(rig, 0);
  few.most = 20;
  Load load(few);
  load.Start();
  ASSERT_TRUE(Eventually([&] { return load.acknowledged() == few.most; }, seconds(10)));
  rig.Kill(Part::kRedis);
  const std::string file = Tail(rig);
  std::string bytes = Slurp(file);
  const std::string text = KnownCase("x").vignette.text.substr(0, 40);
  const std::size_t record = bytes.find("case:case-7\r\n");
  ASSERT_NE(record, std::string::npos);
  const std::size_t at = bytes.find(text, record);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 20] = static_cast<char>(bytes[at + 20] ^ 1);
  Spill(file, bytes);
  ASSERT_TRUE(rig.StartRedis()) << rig.Log(Part::kRedis);
  for (int i = 0; i < rig.Count(Part::kWorker); ++i) rig.Start(Part::kWorker, i);
  run.Settle(rig, {&load});
  for (const char* model : {"m1", "m2"}) {
    const std::string task = "generate|1|" + std::string(model);
    EXPECT_EQ(rig.Ask({"HGET", "consilium:{0}:case:case-7", "s:" + task}).text, "dead");
    const auto outcome =
        UnpackSealed<Outcome>(rig.Ask({"HGET", "consilium:{0}:case:case-7", "o:" + task}).text);
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->code, "corrupt");
    EXPECT_EQ(outcome->worker, "");
  }
  EXPECT_EQ(rig.Counter("dead"), 2);
  EXPECT_EQ(run.feed().cases().at("case-7").recommendation.status, CaseState::kFailed);
}

// A flipped bit in an answer that waits for the others: it is left out, and said to be corrupt.
TEST(RedisTest, F28FlippedBitInAnAnswerIsLeftOut) {
  Rig rig;
  FaultRun run("F28 answer", rig);
  for (int i = 1; i < rig.Count(Part::kWorker); i += 2) rig.Kill(Part::kWorker, i);  // of m2
  LoadOptions few = LoadOf(rig, 0);
  few.most = 20;
  Load load(few);
  load.Start();
  ASSERT_TRUE(Eventually(
      [&] {
        return rig.Ask({"HGET", "consilium:{0}:case:case-7", "s:generate|1|m1"}).text == "done";
      },
      seconds(20)));
  rig.Kill(Part::kRedis);
  const std::string file = Tail(rig);
  std::string bytes = Slurp(file);
  std::size_t at = bytes.find("case:case-7\r\n");
  for (; at != std::string::npos; at = bytes.find("case:case-7\r\n", at + 1)) {
    const std::size_t field = bytes.find("o:generate|1|m1\r\n", at);
    if (field != std::string::npos && field < at + 200) break;
  }
  ASSERT_NE(at, std::string::npos);
  const std::size_t answer = bytes.find("o:generate|1|m1\r\n", at) + 100;
  bytes[answer] = static_cast<char>(bytes[answer] ^ 1);
  Spill(file, bytes);
  ASSERT_TRUE(rig.StartRedis()) << rig.Log(Part::kRedis);
  for (int i = 1; i < rig.Count(Part::kWorker); i += 2) rig.Start(Part::kWorker, i);
  run.Settle(rig, {&load});
  EXPECT_NE(run.feed().cases().at("case-7").recommendation.status, CaseState::kComplete);
  EXPECT_NE(
      rig.Log(Part::kAggregator).find("record_damaged text=\"case case-7: field o:generate|1|m1"),
      std::string::npos)
      << rig.Log(Part::kAggregator);
}

// Somebody puts an older file back. What was accepted since is gone, and the brokers say how much.
TEST(RedisTest, F28OlderFileThatIsPutBackIsToldLoudly) {
  Rig rig;
  FaultRun run("F28 older file", rig);
  const auto loaded = [&rig](const char* name) {
    LoadOptions options = LoadOf(rig, 60);
    options.prefix = name;
    options.ledger = rig.folder().File(name);
    return options;
  };
  const auto some = [](Load& load) {
    load.Start();
    Sleep(milliseconds(1000));
    EXPECT_TRUE(load.Finish(seconds(10)));
  };
  const fs::path data = fs::path(rig.redis_data()) / "appendonlydir";
  const fs::path older = rig.folder().File("older");
  Load kept(loaded("kept-"));
  some(kept);
  ASSERT_TRUE(Drained(rig, seconds(20)));
  fs::copy(data, older);
  Load lost(loaded("lost-"));
  some(lost);
  const auto forgotten = static_cast<std::int64_t>(lost.acknowledged());
  ASSERT_GT(forgotten, 0);
  ASSERT_TRUE(Drained(rig, seconds(20)));
  const std::int64_t all = rig.Counter("accepted");
  Sleep(milliseconds(2500));  // two beats: the brokers know of all
  rig.Kill(Part::kRedis);
  fs::remove_all(data);
  fs::copy(older, data);
  ASSERT_TRUE(rig.StartRedis()) << rig.Log(Part::kRedis);
  EXPECT_EQ(rig.Counter("accepted"), all - forgotten);
  for (int i = 0; i < rig.Count(Part::kBroker); ++i) {
    EXPECT_TRUE(Eventually([&] {
      const StatusReply status = StatusOf(rig, i);
      return !status.redis.empty() && status.redis[0].lost == forgotten;
    })) << rig.Log(Part::kBroker, i);
  }
  Load after(loaded("after-"));
  after.Start();
  Sleep(milliseconds(1000));
  run.Settle(rig, {&kept, &after});
  run.Note("forgotten_and_told", static_cast<double>(forgotten));
}

TEST(RedisTest, F29WrongSettingsStopAcceptingUntilTheyAreRight) {
  Trial trial("F29 settings", 60);
  Sleep(milliseconds(1000));
  int probes = 0;
  struct Setting {
    const char* name;
    const char* wrong;
    const char* right;
  };
  for (const Setting& setting : {Setting{"appendfsync", "everysec", "always"},
                                 Setting{"maxmemory-policy", "allkeys-lru", "noeviction"}}) {
    trial.Ask({"CONFIG", "SET", setting.name, setting.wrong});
    Error refused;
    EXPECT_TRUE(Eventually(
        [&] {
          // Accepted until the brokers have noticed: cases like all others.
          const std::string id = "probe-" + std::to_string(++probes);
          trial.AlsoSubmitted(id);
          refused = RefusalOf(trial, 1, id);
          // A broker may still speak of the setting before.
          return refused.code == ErrorCode::kUnavailable &&
                 refused.text.find(setting.name) != std::string::npos;
        },
        seconds(10)))
        << setting.name << ": " << refused.text;
    trial.Ask({"CONFIG", "SET", setting.name, setting.right});
    const std::size_t before = trial.load.acknowledged();
    EXPECT_TRUE(Eventually([&] { return trial.load.acknowledged() > before + 10; }, seconds(10)))
        << "it goes on by itself";
  }
  trial.Settle();
}

// Somebody trims a lane and deletes consumers. Brokers compare records with lanes and put the tasks
// back; nothing runs into its deadline.
TEST(RedisTest, F29TrimmedLanesAndDeletedConsumersAreRestored) {
  RigOptions options;
  options.latency_ms = 100;
  options.concurrency = 2;  // so that tasks wait in the lanes
  Trial trial("F29 trim", 40, options);
  trial.KeysAreCut();
  std::int64_t trimmed = 0;
  std::int64_t held = 0;
  for (int i = 0; i < Scaled(4); ++i) {
    Sleep(milliseconds(700));
    trimmed += trial.Ask({"XTRIM", "consilium:{0}:lane:generate:m1", "MAXLEN", "0"}).integer;
    const std::string lane = "consilium:{0}:lane:generate:m2";
    const RedisReply consumers = trial.Ask({"XINFO", "CONSUMERS", lane, "w"});
    for (const RedisReply& consumer : consumers.items) {
      if (consumer.items.size() < 2) continue;
      held += trial.Ask({"XGROUP", "DELCONSUMER", lane, "w", consumer.items[1].text}).integer;
    }
  }
  trial.Settle();
  trial.Note("trimmed", static_cast<double>(trimmed));
  trial.Note("leases_deleted", static_cast<double>(held));
  trial.Note("restored", static_cast<double>(trial.Counter("restored")));
  EXPECT_GT(trimmed, 0);
  EXPECT_GT(held, 0);
  EXPECT_GE(trial.Counter("restored"), 1);
  for (const char* missed : {"degraded", "failed", "expired"}) {
    EXPECT_EQ(trial.Counter(missed), 0) << missed;
  }
}

// Everything is deleted: that cannot be mended, but the cluster goes on with what comes after.
TEST(RedisTest, F29FlushedRedisTakesNewCases) {
  Rig rig;
  FaultRun run("F29 flush", rig);
  LoadOptions before = LoadOf(rig, 60);
  before.prefix = "before-";
  before.ledger = rig.folder().File("before");
  Load lost(before);
  lost.Start();
  Sleep(milliseconds(1500));
  EXPECT_TRUE(lost.Finish(seconds(10)));
  EXPECT_TRUE(Drained(rig, seconds(20)));
  rig.Ask({"FLUSHALL"});
  Load load(LoadOf(rig, 60));
  load.Start();
  Sleep(Scaled(milliseconds(2000)));
  run.Settle(rig, {&load});
}

}  // namespace
}  // namespace consilium::fault
