// Learners on a private redis-server, with evidence made by a seed, all turned by the test's own
// thread.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/learner.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/support/private_redis.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {

inline Config SomeConfig() {
  Config config;
  for (const char* model : {"a", "b", "c", "d"}) {
    BackendConfig backend;
    backend.model = model;
    config.backends.push_back(backend);
  }
  config.chemistry.cold_start_cases = 20;
  return config;
}

// One aggregator's part in learning.
class LearnerRig {
 public:
  LearnerRig(const RedisAddress& address, Config config)
      : config_(std::move(config)),
        connection_(address, AllScripts()),
        store_(connection_),
        learner_(config_, store_) {}

  ChemistryStore& store() { return store_; }
  RedisConnection& connection() { return connection_; }
  bool up() const { return connection_.up(); }
  // `learns`: or only talks to the store.
  void Turn(bool learns) {
    connection_.Tick(Now());
    if (connection_.up() && learns) learner_.Tick(Now());
    pollfd polled{connection_.fd(), connection_.events(), 0};
    poll(&polled, 1, 1);
    if (polled.revents != 0) connection_.OnReady(polled.revents);
  }
  void Hint() { learner_.OnHint(); }

 private:
  Config config_;
  RedisConnection connection_;
  ChemistryStore store_;
  Learner learner_;
};

inline CaseEvidence SomeEvidence(int number) {
  SeededRandom random(7, "evidence " + std::to_string(number));
  EvidenceBuilder builder("case-" + std::to_string(number));
  builder.At(kDayMs * (20000 + number / 50));
  for (const char* model : {"a", "b", "c", "d"}) {
    if (random.Unit() < 0.1) {
      builder.Seat(model);
      continue;
    }
    const bool right = random.Unit() < 0.6;
    builder.Judged(model, right ? "right" : "wrong", right, random.Unit(), random.Unit())
        .Version(number < 60 ? "v1" : "v2")
        .LatencyMs(100 + 900 * random.Unit());
  }
  return builder.Build();
}

inline std::vector<CaseEvidence> SomeCases(int first, int count) {
  std::vector<CaseEvidence> cases;
  for (int i = first; i < first + count; ++i) cases.push_back(SomeEvidence(i));
  return cases;
}

using Fields = std::map<std::string, std::string>;

inline Fields Folded(const std::vector<CaseEvidence>& cases, const Config& config) {
  Ledger ledger(LedgerRules{config.chemistry.half_life_d, config.chemistry.version_weight});
  for (const CaseEvidence& evidence : cases) ledger.Learn({evidence, std::nullopt});
  const auto fields = ledger.AllFields();
  return {fields.begin(), fields.end()};
}

class LearnerFixture : public testing::Test {
 protected:
  void SetUp() override {
    auto address = ParseRedisUrl(redis_.url());
    ASSERT_TRUE(address.ok()) << address.error().text;
    address_ = *address;
    desk_ = Start(SomeConfig());
  }

  std::unique_ptr<LearnerRig> Start(const Config& config) const {
    return std::make_unique<LearnerRig>(address_, config);
  }

  // Turns the desk and all of `learners` until `condition`.
  void Until(const std::vector<LearnerRig*>& learners, const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "it did not come to that";
      desk_->Turn(/*learns=*/false);
      for (LearnerRig* learner : learners) learner->Turn(/*learns=*/true);
    }
  }

  template <class T, class Send>
  T Ask(const std::vector<LearnerRig*>& learners, Send send) {
    Until(learners, [this] { return desk_->up(); });
    std::optional<Result<T>> reply;
    send([&reply](Result<T> result) { reply.emplace(std::move(result)); });
    Until(learners, [&reply] { return reply.has_value(); });
    EXPECT_TRUE(reply && reply->ok()) << (reply ? reply->error().text : "no reply");
    return reply && reply->ok() ? std::move(**reply) : T{};
  }

  ImportReply Import(const std::vector<CaseEvidence>& cases) {
    return Ask<ImportReply>({}, [&](auto done) { desk_->store().Import(cases, done); });
  }
  // Until Redis has them: what a broken connection left open is asked again, and taken once.
  void ImportSurely(const std::vector<CaseEvidence>& cases) {
    bool done = false;
    while (!done && !HasFatalFailure()) {
      std::optional<bool> there;
      Until({}, [this] { return desk_->up(); });
      desk_->store().Import(cases, [&](const Result<ImportReply>& reply) { there = reply.ok(); });
      Until({}, [&] { return there.has_value(); });
      done = there.value_or(false);
    }
  }
  StoredLedger Stored(const std::vector<LearnerRig*>& learners = {}) {
    return Ask<StoredLedger>(learners, [&](auto done) { desk_->store().ReadLedger(done); });
  }
  // As the script that publishes a recommendation does.
  void Append(const EvidenceLine& line) {
    Ask<RedisReply>({}, [&](auto done) {
      desk_->connection().Send({"XADD", "consilium:{0}:evidence", "*", "e", Pack(line)}, done);
    });
  }
  void Damage(const StoredLedger& stored, const std::string& field, const std::string& value) {
    LedgerUpdate damage;
    damage.from = stored.place;
    damage.to = stored.place.cursor;
    damage.fields = {{field, value}};
    EXPECT_TRUE(Ask<bool>({}, [&](auto done) { desk_->store().WriteLedger(damage, done); }));
  }
  RebuildReply Rebuilt(const std::vector<LearnerRig*>& learners, const std::string& id) {
    RebuildReply reply;
    const TimePoint give_up = Now() + std::chrono::seconds(30);
    while (reply.state != "done" && Now() < give_up) {
      reply = Ask<RebuildReply>(learners, [&](auto done) { desk_->store().AskRebuild(id, done); });
    }
    EXPECT_EQ(reply.state, "done");
    return reply;
  }
  ChemistryReport Report(const std::vector<LearnerRig*>& learners) {
    return Ask<ChemistryReport>(learners,
                                [&](auto done) { desk_->store().ReadReport("medication", done); });
  }
  // Until what stands published was made after `made_ms`.
  std::int64_t AwaitBoard(const std::vector<LearnerRig*>& learners, std::int64_t made_ms) {
    SeatingBoard board;
    const TimePoint give_up = Now() + std::chrono::seconds(30);
    while (board.made_ms <= made_ms && Now() < give_up) {
      board = Ask<SeatingBoard>(learners, [&](auto done) { desk_->store().ReadBoard(done); });
    }
    EXPECT_GT(board.made_ms, made_ms);
    return board.made_ms;
  }
  // Until the ledger that stands in Redis has learned `count` cases.
  void AwaitLearned(const std::vector<LearnerRig*>& learners, const Fields& expected) {
    const TimePoint give_up = Now() + std::chrono::seconds(30);
    while (Stored(learners).fields != expected && Now() < give_up) {
    }
    EXPECT_EQ(Stored(learners).fields, expected);
  }

  PrivateRedis redis_;
  RedisAddress address_;
  std::unique_ptr<LearnerRig> desk_;  // a broker's view
};

}  // namespace consilium
