#include "broker/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr TimePoint kStart = TimePoint() + seconds(1000);
constexpr milliseconds kLease{30000};

TaskId Task(const std::string& case_id, const std::string& model = "alpha") {
  return {case_id, Stage::kGenerate, 1, model};
}

HeldTask Held(const std::string& case_id, std::int64_t fence = 1,
              const std::string& model = "alpha") {
  return {ToRef(Task(case_id, model)), fence};
}

LeasedTask Leased(const std::string& case_id, std::int64_t fence = 1,
                  const std::string& model = "alpha") {
  LeasedTask task;
  task.task = Task(case_id, model);
  task.fence = fence;
  task.time_left_ms = 60000;
  return task;
}

Hello HelloOf(const std::string& worker, std::int64_t slots, const std::string& model = "alpha") {
  Hello hello;
  hello.worker = worker;
  hello.model = model;
  hello.provider = "simulated";
  hello.placement = "local";
  hello.slots = slots;
  return hello;
}

std::vector<std::string> Refs(const std::vector<HeldTask>& tasks) {
  std::vector<std::string> refs;
  refs.reserve(tasks.size());
  for (const HeldTask& task : tasks) refs.push_back(task.task);
  return refs;
}

class RosterTest : public testing::Test {
 protected:
  void Greet(const std::string& peer, const Hello& hello) {
    const auto pulse = roster_.Greet(peer, hello, now_);
    ASSERT_TRUE(pulse.ok()) << pulse.error().text;
  }
  Roster::Pulse Beat(const std::string& peer, std::int64_t slots, std::vector<HeldTask> held) {
    const auto pulse = roster_.Hear(peer, Heartbeat{slots, std::move(held), trouble_}, now_);
    EXPECT_TRUE(pulse.ok()) << pulse.error().text;
    return pulse.ok() ? *pulse : Roster::Pulse{};
  }

  Roster roster_{{"alpha", "bravo"}, kLease};
  TimePoint now_ = kStart;
  std::string trouble_;
};

TEST_F(RosterTest, CreditsAreSlotsMinusWhatIsHeld) {
  EXPECT_EQ(roster_.Free("alpha"), 0);
  Greet("p1", HelloOf("w1", 2));
  EXPECT_EQ(roster_.Free("alpha"), 2);
  EXPECT_EQ(roster_.Free("bravo"), 0);
  EXPECT_EQ(roster_.Give(Leased("c1"), now_), "p1");
  EXPECT_EQ(roster_.Give(Leased("c2"), now_), "p1");
  EXPECT_EQ(roster_.Give(Leased("c3"), now_), std::nullopt);
  EXPECT_TRUE(roster_.Take("p1", Held("c1")).has_value());
  EXPECT_EQ(roster_.Free("alpha"), 1);
  EXPECT_FALSE(roster_.Take("p1", Held("c1")).has_value());
}

TEST_F(RosterTest, AGivenTaskKeepsItsAttemptsAndDeadline) {
  Greet("p1", HelloOf("w1", 1));
  ASSERT_EQ(roster_.Give(Leased("c1", 3), now_), "p1");
  EXPECT_EQ(roster_.Find("p1", Held("c1", 2)), nullptr) << "another fence is another lease";
  const Holding* holding = roster_.Find("p1", Held("c1", 3));
  ASSERT_NE(holding, nullptr);
}

TEST_F(RosterTest, TheWorkerWithMostFreeCreditsIsChosenAndAmongEqualsTheOneThatWaitsLongest) {
  Greet("p1", HelloOf("w1", 1));
  Greet("p2", HelloOf("w2", 3));
  Greet("p3", HelloOf("w3", 2));
  std::vector<std::string> order;
  order.reserve(6);
  for (int i = 0; i < 6; ++i) {
    order.push_back(*roster_.Give(Leased("c" + std::to_string(i)), now_));
  }
  // p2 has 3 free; then p3 (2, waits longer than p2); p1, p2, p3 with one each, p1 waits longest.
  EXPECT_THAT(order, ElementsAre("p2", "p3", "p2", "p1", "p3", "p2"));
  EXPECT_EQ(roster_.Free("alpha"), 0);
}

TEST_F(RosterTest, AHeartbeatSetsTheSlots) {
  Greet("p1", HelloOf("w1", 4));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  Beat("p1", 0, {Held("c1")});
  EXPECT_EQ(roster_.Free("alpha"), 0);
  EXPECT_EQ(roster_.Give(Leased("c2"), now_), std::nullopt);
  Beat("p1", 2, {Held("c1")});
  EXPECT_EQ(roster_.Free("alpha"), 1);
}

TEST_F(RosterTest, LeasesAreRenewedWhenNewAndThreeTimesPerLease) {
  Greet("p1", HelloOf("w1", 4));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  now_ += seconds(1);
  EXPECT_THAT(Refs(Beat("p1", 4, {Held("c1")}).renew), ElementsAre(Held("c1").task));
  now_ += seconds(1);
  ASSERT_TRUE(roster_.Give(Leased("c2"), now_).has_value());
  EXPECT_THAT(Refs(Beat("p1", 4, {Held("c1"), Held("c2")}).renew), ElementsAre(Held("c2").task));
  now_ += seconds(1);
  EXPECT_THAT(Beat("p1", 4, {Held("c1"), Held("c2")}).renew, IsEmpty());
  now_ = kStart + seconds(10);
  EXPECT_THAT(Beat("p1", 4, {Held("c1"), Held("c2")}).renew, SizeIs(2));
  now_ += seconds(1);
  EXPECT_THAT(Beat("p1", 4, {Held("c1"), Held("c2")}).renew, IsEmpty());
  roster_.RenewSoon("p1");
  EXPECT_THAT(Beat("p1", 4, {Held("c1"), Held("c2")}).renew, SizeIs(2));
  roster_.RenewAllSoon();
  EXPECT_THAT(Beat("p1", 4, {Held("c1"), Held("c2")}).renew, SizeIs(2));
}

TEST_F(RosterTest, ATaskThatHeartbeatsDoNotListForFiveSecondsIsLost) {
  Greet("p1", HelloOf("w1", 2));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  now_ += milliseconds(5000);
  EXPECT_THAT(Beat("p1", 2, {}).lost, IsEmpty()) << "it may be on its way";
  now_ += milliseconds(1);
  const auto pulse = Beat("p1", 2, {});
  ASSERT_THAT(pulse.lost, SizeIs(1));
  EXPECT_EQ(pulse.lost[0].task, Task("c1"));
  EXPECT_EQ(pulse.lost[0].fence, 1);
  EXPECT_EQ(roster_.Free("alpha"), 2);
}

TEST_F(RosterTest, ATaskWhoseEndIsOnTheWayIsNeitherRenewedNorLost) {
  Greet("p1", HelloOf("w1", 2));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  roster_.Find("p1", Held("c1"))->ending = true;
  EXPECT_THAT(Beat("p1", 2, {Held("c1")}).renew, IsEmpty());
  now_ += seconds(3);
  Beat("p1", 2, {});
  now_ += seconds(3);
  EXPECT_THAT(Beat("p1", 2, {}).lost, IsEmpty());
  EXPECT_EQ(roster_.Free("alpha"), 1) << "its credit is free when Redis has it";
}

TEST_F(RosterTest, AnUnknownTaskIsAskedOfRedisOnlyWhenListedTwice) {
  Greet("p1", HelloOf("w1", 2));
  EXPECT_THAT(Beat("p1", 2, {Held("c9")}).renew, IsEmpty())
      << "once is a result that crossed its acknowledgement";
  EXPECT_EQ(roster_.Free("alpha"), 2) << "and costs no credit";
  EXPECT_THAT(Refs(Beat("p1", 2, {Held("c9")}).renew), ElementsAre(Held("c9").task));
  roster_.Adopt("p1", Held("c9"), now_);
  EXPECT_EQ(roster_.Free("alpha"), 1);
  roster_.Adopt("nobody", Held("c9"), now_);
}

// Redis may answer a renewal after it has told how the task ended.
TEST_F(RosterTest, ARenewalThatIsLateAdoptsNothingThatEndedMeanwhile) {
  Greet("p1", HelloOf("w1", 2));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  EXPECT_THAT(Refs(Beat("p1", 2, {Held("c1")}).renew), ElementsAre(Held("c1").task));
  ASSERT_TRUE(roster_.Take("p1", Held("c1")).has_value());
  // A heartbeat that crossed the acknowledgement does not change that.
  Beat("p1", 2, {Held("c1")});
  roster_.Adopt("p1", Held("c1"), now_);
  EXPECT_EQ(roster_.Free("alpha"), 2);

  Beat("p1", 2, {Held("c9")});
  EXPECT_THAT(Refs(Beat("p1", 2, {Held("c9")}).renew), ElementsAre(Held("c9").task));
  EXPECT_FALSE(roster_.Take("p1", Held("c9")).has_value()) << "its result is stored";
  roster_.Adopt("p1", Held("c9"), now_);
  EXPECT_EQ(roster_.Free("alpha"), 2);
}

TEST_F(RosterTest, AHelloAdoptsWhatTheWorkerHolds) {
  Hello hello = HelloOf("w1", 1);
  hello.in_flight = {Held("c1", 4), Held("c2", 1)};
  const auto pulse = roster_.Greet("p1", hello, now_);
  ASSERT_TRUE(pulse.ok());
  EXPECT_THAT(pulse->renew, SizeIs(2));
  EXPECT_EQ(roster_.Free("alpha"), 0) << "more than its slots: facts, not a debt";
  const Holding* holding = roster_.Find("p1", Held("c1", 4));
  ASSERT_NE(holding, nullptr);
}

TEST_F(RosterTest, AWorkerThatComesBackUnderAnotherPeerHasMoved) {
  Greet("p1", HelloOf("w1", 3));
  ASSERT_TRUE(roster_.Give(Leased("kept"), now_).has_value());
  ASSERT_TRUE(roster_.Give(Leased("gone"), now_).has_value());
  ASSERT_TRUE(roster_.Give(Leased("ended"), now_).has_value());
  roster_.Find("p1", Held("ended"))->ending = true;
  Hello hello = HelloOf("w1", 3);
  hello.in_flight = {Held("kept"), Held("ended")};
  const auto pulse = roster_.Greet("p2", hello, now_);
  ASSERT_TRUE(pulse.ok());
  EXPECT_EQ(roster_.size(), 1U);
  EXPECT_EQ(roster_.About("p1"), nullptr);
  EXPECT_NE(roster_.Find("p2", Held("kept")), nullptr) << "still known";
  EXPECT_FALSE(roster_.Find("p2", Held("ended"))->ending) << "the worker sends it again";
  ASSERT_THAT(pulse->lost, SizeIs(1));
  EXPECT_EQ(pulse->lost[0].task, Task("gone"));
}

TEST_F(RosterTest, ARepeatedHelloKeepsWhatIsPerhapsOnItsWay) {
  Greet("p1", HelloOf("w1", 3));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  const auto pulse = roster_.Greet("p1", HelloOf("w1", 3), now_);
  ASSERT_TRUE(pulse.ok());
  EXPECT_THAT(pulse->lost, IsEmpty());
  EXPECT_EQ(roster_.Free("alpha"), 2);
}

TEST_F(RosterTest, AnotherWorkerUnderTheSamePeerReplacesTheFirst) {
  Greet("p1", HelloOf("w1", 3));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  const auto pulse = roster_.Greet("p1", HelloOf("w2", 3), now_);
  ASSERT_TRUE(pulse.ok());
  EXPECT_THAT(pulse->lost, SizeIs(1));
  EXPECT_EQ(roster_.size(), 1U);
  EXPECT_EQ(roster_.About("p1")->worker, "w2");
}

TEST_F(RosterTest, SilentWorkersAreTakenOutWithWhatTheyHeld) {
  Greet("p1", HelloOf("w1", 2));
  Greet("p2", HelloOf("w2", 2));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  ASSERT_TRUE(roster_.Give(Leased("c2"), now_).has_value());
  roster_.Find("p1", Held("c1"))->ending = true;
  EXPECT_EQ(roster_.next_silence(), kStart + limits::kPeerSilenceMax);
  now_ = kStart + seconds(3);
  EXPECT_TRUE(roster_.Hear("p2", now_));
  now_ = kStart + limits::kPeerSilenceMax;
  EXPECT_THAT(roster_.TakeSilent(now_), IsEmpty());
  now_ += milliseconds(1);
  const auto first = roster_.TakeSilent(now_);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].about.worker, "w1");
  EXPECT_THAT(first[0].held, IsEmpty()) << "its result is on the way to Redis";
  EXPECT_EQ(roster_.next_silence(), kStart + seconds(3) + limits::kPeerSilenceMax);
  now_ = kStart + seconds(8);
  const auto second = roster_.TakeSilent(now_);
  ASSERT_THAT(second, SizeIs(1));
  ASSERT_THAT(second[0].held, SizeIs(1));
  EXPECT_EQ(second[0].held[0].task, Task("c2"));
  EXPECT_EQ(roster_.next_silence(), TimePoint::max());
  EXPECT_FALSE(roster_.Hear("p1", now_));
  EXPECT_EQ(roster_.Hear("p1", Heartbeat{}, now_).error().code, ErrorCode::kNotFound);
}

TEST_F(RosterTest, AnUnreachableWorkerGetsNothingUntilItIsHeard) {
  Greet("p1", HelloOf("w1", 2));
  roster_.SetUnreachable("p1");
  EXPECT_EQ(roster_.Free("alpha"), 0);
  EXPECT_EQ(roster_.Give(Leased("c1"), now_), std::nullopt);
  Beat("p1", 2, {});
  EXPECT_EQ(roster_.Free("alpha"), 2);
}

TEST_F(RosterTest, TheHoldersOfACaseAreFound) {
  Greet("p1", HelloOf("w1", 9));
  Greet("p2", HelloOf("w2", 9, "bravo"));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  ASSERT_TRUE(roster_.Give(Leased("c1-b"), now_).has_value());
  ASSERT_TRUE(roster_.Give(Leased("c0"), now_).has_value());
  ASSERT_TRUE(roster_.Give(Leased("c1", 2, "bravo"), now_).has_value());
  const auto places = roster_.HoldersOf("c1");
  ASSERT_THAT(places, SizeIs(2));
  EXPECT_EQ(places[0].peer, "p1");
  EXPECT_EQ(places[1].peer, "p2");
  EXPECT_EQ(places[1].task.fence, 2);
  EXPECT_THAT(roster_.HoldersOf("c"), IsEmpty());
}

TEST_F(RosterTest, StatusShowsEveryWorkerByModelAndName) {
  Greet("p1", HelloOf("w2", 9, "bravo"));
  Greet("p2", HelloOf("w1", 9, "bravo"));
  Greet("p3", HelloOf("w3", 5));
  ASSERT_TRUE(roster_.Give(Leased("c1"), now_).has_value());
  trouble_ = "breaker open: " + std::string(1000, 'x');
  Beat("p1", 9, {});
  const auto workers = roster_.Describe("broker-1");
  ASSERT_THAT(workers, SizeIs(3));
  EXPECT_EQ(workers[0].trouble, "");
  EXPECT_EQ(workers[2].trouble, trouble_.substr(0, 256));
  EXPECT_EQ(workers[0].worker, "w3");
  EXPECT_EQ(workers[0].in_flight, 1);
  EXPECT_EQ(workers[0].slots, 5);
  EXPECT_EQ(workers[0].broker, "broker-1");
  EXPECT_EQ(workers[1].worker, "w1");
  EXPECT_EQ(workers[2].worker, "w2");
  roster_.Clear();
  EXPECT_THAT(roster_.Describe("broker-1"), IsEmpty());
  EXPECT_EQ(roster_.Free("alpha"), 0);
}

TEST_F(RosterTest, HellosThatCannotBeTrueAreRefused) {
  const auto text = [this](const Hello& hello) {
    const auto pulse = roster_.Greet("p1", hello, now_);
    EXPECT_FALSE(pulse.ok());
    return pulse.ok() ? "" : pulse.error().text;
  };
  EXPECT_EQ(text(HelloOf("w1", 1, "zulu")),
            "model = \"zulu\", expected a configured model (alpha, bravo)");
  EXPECT_EQ(text(HelloOf("w1", -1)), "slots = -1, expected 0..1024");
  EXPECT_EQ(text(HelloOf("w1", 1025)), "slots = 1025, expected 0..1024");
  EXPECT_EQ(text(HelloOf("", 1)), "worker: 0 bytes, expected 1..128");
  Hello hello = HelloOf("w1", 1);
  hello.placement = "moon";
  EXPECT_EQ(text(hello), "placement = \"moon\", expected local or remote");
  hello = HelloOf("w1", 1);
  hello.in_flight = {{"nonsense", 1}};
  EXPECT_EQ(text(hello), "in_flight: task = \"nonsense\", expected case|stage|round|model");
  hello.in_flight = {Held("c1", 1, "bravo")};
  EXPECT_EQ(text(hello), "in_flight: task \"c1|generate|1|bravo\", expected tasks of model alpha");
  hello.in_flight = {Held("c1", 0)};
  EXPECT_EQ(text(hello),
            "in_flight: fence = 0 of task \"c1|generate|1|alpha\", expected at least 1");
  hello.in_flight = {Held("c1"), Held("c1")};
  EXPECT_EQ(text(hello), "in_flight: task \"c1|generate|1|alpha\" twice, expected once");
  hello.in_flight.assign(1025, Held("c1"));
  EXPECT_EQ(text(hello), "in_flight: 1025 tasks, expected at most 1024");
  EXPECT_EQ(roster_.size(), 0U);
}

TEST_F(RosterTest, ARefusedHeartbeatChangesNothing) {
  Greet("p1", HelloOf("w1", 2));
  EXPECT_EQ(roster_.Hear("p1", Heartbeat{5000, {}, ""}, now_).error(),
            Invalid("slots = 5000, expected 0..1024"));
  EXPECT_EQ(roster_.Free("alpha"), 2);
}

// Whatever workers say and however they come and go, Give() never takes one over its slots, and no
// credit is lost or made up.
TEST(RosterPropertyTest, CreditsAreNeverOvercommitted) {
  constexpr std::uint64_t kSeeds = 30;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed, "roster");
    Roster roster({"alpha", "bravo"}, kLease);
    TimePoint now = kStart;
    struct Shadow {
      std::string model;
      std::int64_t slots = 0;
      std::set<std::pair<std::string, std::int64_t>> held;
    };
    std::map<std::string, Shadow> shadows;  // by peer
    std::int64_t fence = 0;
    const auto pick = [&]() {
      auto it = shadows.begin();
      std::advance(it, static_cast<std::ptrdiff_t>(random.Below(shadows.size())));
      return it;
    };
    for (int step = 0; step < 3000; ++step) {
      now += milliseconds(random.Below(50));
      const std::uint64_t what = random.Below(100);
      if (shadows.empty() || (what < 3 && shadows.size() < 8)) {
        const std::string name = std::to_string(step);
        const std::string model = random.Below(2) == 0 ? "alpha" : "bravo";
        const auto slots = static_cast<std::int64_t>(random.Below(6));
        ASSERT_TRUE(roster.Greet("p" + name, HelloOf("w" + name, slots, model), now).ok());
        shadows["p" + name] = {model, slots, {}};
      } else if (what < 50) {
        const std::string model = random.Below(2) == 0 ? "alpha" : "bravo";
        const LeasedTask task = Leased("c" + std::to_string(random.Below(40)), ++fence, model);
        const auto peer = roster.Give(task, now);
        if (peer) {
          Shadow& shadow = shadows.at(*peer);
          EXPECT_EQ(shadow.model, model);
          shadow.held.emplace(ToRef(task.task), task.fence);
          ASSERT_LE(static_cast<std::int64_t>(shadow.held.size()), shadow.slots);
        }
      } else if (what < 75) {
        Shadow& shadow = pick()->second;
        if (shadow.held.empty()) continue;
        const auto [ref, held_fence] = *shadow.held.begin();
        for (auto& [peer, other] : shadows) {
          EXPECT_EQ(roster.Take(peer, {ref, held_fence}).has_value(),
                    other.held.erase({ref, held_fence}) > 0);
        }
      } else if (what < 97) {
        const auto it = pick();
        Heartbeat beat;
        beat.slots = static_cast<std::int64_t>(random.Below(6));
        for (const auto& [ref, held_fence] : it->second.held)
          beat.in_flight.push_back({ref, held_fence});
        const auto pulse = roster.Hear(it->first, beat, now);
        ASSERT_TRUE(pulse.ok());
        EXPECT_THAT(pulse->lost, IsEmpty());
        it->second.slots = beat.slots;
      } else if (what < 98) {
        const auto it = pick();
        const auto leaver = roster.Leave(it->first);
        ASSERT_TRUE(leaver.has_value());
        EXPECT_EQ(leaver->held.size(), it->second.held.size());
        shadows.erase(it);
      } else {
        for (const auto& leaver : roster.TakeSilent(now)) {
          EXPECT_EQ(leaver.held.size(), shadows.at(leaver.peer).held.size());
          shadows.erase(leaver.peer);
        }
      }
      for (const char* model : {"alpha", "bravo"}) {
        std::int64_t free = 0;
        for (const auto& [peer, shadow] : shadows) {
          if (shadow.model != model) continue;
          free += std::max<std::int64_t>(
              0, shadow.slots - static_cast<std::int64_t>(shadow.held.size()));
        }
        ASSERT_EQ(roster.Free(model), free) << "step " << step;
      }
    }
  }
}

// Whatever happens, credits are what slots and tasks say, and the next task goes to who has most.
TEST_F(RosterTest, CreditsAndTurnsAreRightAfterAnything) {
  SeededRandom random(1, "roster");
  std::map<std::string, std::set<std::string>> held;  // peer -> cases
  std::map<std::string, std::int64_t> slots;
  std::set<std::string> unreachable;
  std::map<std::string, int> turn;  // when it last joined or got a task
  const auto free_of = [&](const std::string& peer) -> std::int64_t {
    if (unreachable.count(peer) != 0) return 0;
    return std::max<std::int64_t>(0, slots[peer] - static_cast<std::int64_t>(held[peer].size()));
  };
  const auto listed = [&](const std::string& peer) {
    std::vector<HeldTask> tasks;
    for (const std::string& id : held[peer]) tasks.push_back(Held(id));
    return tasks;
  };
  for (int step = 0; step < 20000; ++step) {
    const std::string peer = "p" + std::to_string(random.Below(12));
    const bool known = slots.count(peer) != 0;
    switch (random.Below(6)) {
      case 0: {
        Hello hello = HelloOf("w" + peer, static_cast<std::int64_t>(random.Below(6)));
        hello.in_flight = listed(peer);
        Greet(peer, hello);
        slots[peer] = hello.slots;
        turn[peer] = step;
        unreachable.erase(peer);
        break;
      }
      case 1: {
        if (!known) break;
        slots[peer] = static_cast<std::int64_t>(random.Below(6));
        Beat(peer, slots[peer], listed(peer));
        unreachable.erase(peer);
        break;
      }
      case 2: {
        const std::string id = "c" + std::to_string(step);
        const auto given = roster_.Give(Leased(id), now_);
        std::int64_t most = 0;
        for (const auto& [one, count] : slots) most = std::max(most, free_of(one));
        ASSERT_EQ(given.has_value(), most > 0);
        if (!given) break;
        ASSERT_EQ(free_of(*given), most);
        for (const auto& [one, count] : slots) {
          if (free_of(one) < most) continue;
          ASSERT_LE(turn[*given], turn[one]) << one << " waits longer";
        }
        turn[*given] = step;
        held[*given].insert(id);
        break;
      }
      case 3: {
        if (held[peer].empty()) break;
        const std::string id = *held[peer].begin();
        ASSERT_TRUE(roster_.Take(peer, Held(id)));
        ASSERT_FALSE(roster_.Take(peer, Held(id)));
        held[peer].erase(id);
        break;
      }
      case 4: {
        roster_.SetUnreachable(peer);
        if (known) unreachable.insert(peer);
        break;
      }
      default: {
        if (random.Below(4) != 0) break;
        roster_.Leave(peer);
        held.erase(peer);
        slots.erase(peer);
        unreachable.erase(peer);
      }
    }
    std::int64_t free = 0;
    for (const auto& [one, count] : slots) free += free_of(one);
    ASSERT_EQ(roster_.Free("alpha"), free) << "step " << step;
  }
}

}  // namespace
}  // namespace consilium
