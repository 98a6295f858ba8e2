// Evidence on its way between two real Redis: each line arrives once and in its order, wherever a
// mover stops.
#include "aggregator/evidence_mover.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/support/private_redis.h"

namespace consilium {
namespace {

using std::chrono::seconds;

// One aggregator's part in it.
class MoverRig {
 public:
  MoverRig(const RedisAddress& from, const RedisAddress& to)
      : from_(from, AllScripts()), to_(to, AllScripts()), store_(to_), mover_(from_, 1, store_) {}

  bool up() const { return from_.up() && to_.up(); }
  void Turn(bool moves = true) {
    from_.Tick(Now());
    to_.Tick(Now());
    if (up() && moves) mover_.Tick(Now());
    pollfd polled[] = {{from_.fd(), from_.events(), 0}, {to_.fd(), to_.events(), 0}};
    poll(polled, 2, 1);
    from_.OnReady(polled[0].revents);
    to_.OnReady(polled[1].revents);
  }
  RedisConnection& from() { return from_; }
  ChemistryStore& store() { return store_; }

 private:
  RedisConnection from_;
  RedisConnection to_;
  ChemistryStore store_;
  EvidenceMover mover_;
};

class EvidenceMoverTest : public testing::Test {
 protected:
  std::unique_ptr<MoverRig> Start() const {
    return std::make_unique<MoverRig>(from_.address(), to_.address());
  }
  // A line of every case and, for some, a second one that revises it.
  void Fill(int cases) {
    RedisConnection connection(from_.address(), {});
    for (int i = 0; i < cases; ++i) {
      EvidenceLine line;
      line.evidence.kind = "medication";
      line.evidence.case_id = "case-" + std::to_string(i);
      Add(connection, line);
      if (i % 3 != 0) continue;
      line.replaces = line.evidence;
      Add(connection, line);
    }
  }
  void Add(RedisConnection& connection, const EvidenceLine& line) {
    const auto added =
        connection.Call({"XADD", "consilium:{1}:evidence", "*", "e", Pack(line)}, seconds(10));
    ASSERT_TRUE(added.ok()) << added.error().text;
    expected_.push_back(Pack(line));
  }
  std::vector<std::string> Arrived() const {
    RedisConnection connection(to_.address(), {});
    const auto entries =
        connection.Call({"XRANGE", "consilium:{0}:evidence", "-", "+"}, seconds(10));
    std::vector<std::string> lines;
    if (!entries.ok()) return lines;
    for (const RedisReply& entry : entries->items) lines.push_back(entry.items[1].items[1].text);
    return lines;
  }
  std::int64_t Count(const PrivateRedis& redis, std::vector<std::string> command) const {
    RedisConnection connection(redis.address(), {});
    const auto count = connection.Call(std::move(command), seconds(10));
    return count.ok() ? count->integer : -1;
  }
  std::int64_t Waiting() const { return Count(from_, {"XLEN", "consilium:{1}:evidence"}); }
  void Until(const std::vector<MoverRig*>& movers, const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + seconds(60);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "it did not come to that";
      for (MoverRig* mover : movers) mover->Turn();
    }
  }

  PrivateRedis from_;
  PrivateRedis to_;
  std::vector<std::string> expected_;
};

TEST_F(EvidenceMoverTest, BringsEveryLineInItsOrderAndForgetsItThere) {
  Fill(200);
  const auto mover = Start();
  Until({mover.get()}, [this] { return Waiting() == 0; });
  EXPECT_EQ(Arrived(), expected_);
  EXPECT_EQ(Count(to_, {"SCARD", "consilium:{0}:learned"}), 200);
}

TEST_F(EvidenceMoverTest, OneThatStopsBetweenTheTwoStepsRepeatsNothing) {
  Fill(30);
  {
    // The first two steps of a mover that is killed before the third.
    const auto dies = Start();
    while (!dies->up()) dies->Turn(/*moves=*/false);
    ChemistryStore there(dies->from(), 1);
    std::optional<std::int64_t> taken;
    there.ReadWaiting(20, [&](const Result<std::vector<WaitingEvidence>>& lines) {
      ASSERT_TRUE(lines.ok());
      ASSERT_EQ(lines->size(), 20u);
      dies->store().Take(1, *lines, [&](const Result<std::int64_t>& count) {
        ASSERT_TRUE(count.ok()) << count.error().text;
        taken = *count;
      });
    });
    while (!taken && !HasFatalFailure()) dies->Turn(/*moves=*/false);
    EXPECT_EQ(taken, 20);
  }
  EXPECT_EQ(Waiting(), static_cast<std::int64_t>(expected_.size()));
  const auto next = Start();
  Until({next.get()}, [this] { return Waiting() == 0; });
  EXPECT_EQ(Arrived(), expected_);
}

TEST_F(EvidenceMoverTest, OnesThatAreKilledAnywhereLoseAndRepeatNothing) {
  Fill(600);
  SeededRandom random(5, "kills");
  int killed = 0;
  while (Waiting() > 0 && killed < 500) {
    const auto mover = Start();
    while (!mover->up()) mover->Turn();
    for (auto turns = random.Below(6); turns > 0; --turns) mover->Turn();
    ++killed;  // with whatever it had under way
  }
  EXPECT_GT(killed, 5);
  EXPECT_EQ(Arrived(), expected_);
}

TEST_F(EvidenceMoverTest, SeveralAtOnceBringEachLineOnce) {
  Fill(300);
  const auto a = Start();
  const auto b = Start();
  const auto c = Start();
  Until({a.get(), b.get(), c.get()}, [this] { return Waiting() == 0; });
  Fill(40);  // the same cases again are lines of their own: what counts is where they stood
  Until({a.get(), b.get(), c.get()}, [this] { return Waiting() == 0; });
  EXPECT_EQ(Arrived(), expected_);
}

TEST_F(EvidenceMoverTest, ARedisThatDiesOnEitherSideCostsNothing) {
  Fill(300);
  const auto mover = Start();
  Until({mover.get()}, [this] { return Count(to_, {"XLEN", "consilium:{0}:evidence"}) > 0; });
  to_.Kill();
  for (int i = 0; i < 20; ++i) mover->Turn();
  to_.Restart();
  Until({mover.get()}, [this] { return Arrived().size() > 64; });
  from_.Kill();
  for (int i = 0; i < 20; ++i) mover->Turn();
  from_.Restart();
  Until({mover.get()}, [this] { return Waiting() == 0; });
  EXPECT_EQ(Arrived(), expected_);
}

TEST_F(EvidenceMoverTest, ALineThatCannotBeReadIsBroughtAsItIs) {
  RedisConnection connection(from_.address(), {});
  ASSERT_TRUE(
      connection.Call({"XADD", "consilium:{1}:evidence", "*", "e", "rubbish"}, seconds(10)).ok());
  expected_.emplace_back("rubbish");
  Fill(3);
  const auto mover = Start();
  Until({mover.get()}, [this] { return Waiting() == 0; });
  EXPECT_EQ(Arrived(), expected_);
  EXPECT_EQ(Count(to_, {"SCARD", "consilium:{0}:learned"}), 3);
}

}  // namespace
}  // namespace consilium
