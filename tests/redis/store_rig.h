// A store on a private redis-server, turned by the test's own thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/ids.h"
#include "shared/store.h"
#include "tests/support/private_redis.h"
#include "tests/support/redis_fixture.h"

namespace consilium {

class StoreRig : public RedisFixture {
 protected:
  RedisConnection& connection() override { return *connection_; }

  void SetUp() override {
    auto address = ParseRedisUrl(redis_.url());
    ASSERT_TRUE(address.ok()) << address.error().text;
    connection_.emplace(*address, Store::Scripts());
    store_.emplace(*connection_);
    Await<Nothing>([&](auto done) { store_->Prepare({"alpha", "beta", "gamma"}, done); });
  }

  static NewCase CaseOf(const std::string& id,
                        std::vector<std::string> models = {"alpha", "beta"}) {
    NewCase c;
    c.id = id;
    c.digest = Sha256Hex("content of " + id);
    c.vignette.text = "A 40-year-old with a cough.";
    c.gold_medications = std::vector<std::string>{"secret-gold"};
    c.strategy = "named";
    c.ensemble = std::move(models);
    c.deadline_ms = 60000;
    c.answers_ms = 30000;
    c.live_cases_max = 1000;
    return c;
  }
  Result<SubmitReply> Submit(const NewCase& c) {
    return Ask<SubmitReply>([&](auto done) { store_->Submit(c, done); });
  }
  std::vector<LeasedTask> Lease(const std::string& model, std::int64_t count = 10,
                                const std::string& owner = "b1") {
    return Await<std::vector<LeasedTask>>(
        [&](auto done) { store_->Lease(model, owner, count, done); });
  }
  Disposition End(AttemptEnd end) {
    return Await<Disposition>([&](auto done) { store_->EndAttempt(end, done); });
  }
  CaseView Fetch(const std::string& id) {
    return Await<CaseView>([&](auto done) { store_->Fetch(id, done); });
  }
  std::vector<std::string> Events() {
    std::vector<std::string> cases;
    for (const auto& e : Await<std::vector<Store::Event>>(
             [&](auto done) { store_->TakeEvents("a1", 100, true, done); })) {
      cases.push_back(e.case_id);
    }
    return cases;
  }
  StatusReply Describe() {
    return Await<StatusReply>([&](auto done) {
      store_->Describe({"alpha", "beta", "gamma"}, done);
    });
  }
  Store::RestoreReply Restore() {
    Store::RestoreReply all;
    do {
      const auto page =
          Await<Store::RestoreReply>([&](auto done) { store_->Restore(all.cursor, done); });
      all = {page.cursor, all.restored + page.restored, all.told + page.told};
    } while (all.cursor != "0");
    return all;
  }
  bool Apply(const CaseUpdate& update) {
    return Await<bool>([&](auto done) { store_->Apply(update, done); });
  }
  ReapReply Reap(std::int64_t lease_ms, std::int64_t orphan_ms, std::int64_t crashes_max = 3,
                 const Store::Judge& judge = {"judge", 0}) {
    Outcome lost;
    lost.status = OutcomeStatus::kError;
    lost.code = "worker_lost";
    return Await<ReapReply>([&](auto done) {
      store_->Reap("alpha", judge, lease_ms, orphan_ms, crashes_max, lost, done);
    });
  }

  static Outcome OkOutcome(const std::string& ingredient) {
    Outcome outcome;
    outcome.status = OutcomeStatus::kOk;
    outcome.answer = Answer{};
    outcome.answer->medications.push_back(Medication{ingredient, "", "", "", "", "", ""});
    return outcome;
  }
  static Outcome ErrorOutcome(const std::string& code) {
    Outcome outcome;
    outcome.status = OutcomeStatus::kError;
    outcome.code = code;
    return outcome;
  }
  static AttemptEnd EndOf(const LeasedTask& lease, AttemptEnd::Kind kind,
                          std::optional<Outcome> outcome = {}) {
    AttemptEnd end;
    end.kind = kind;
    end.task = lease.task;
    end.fence = lease.fence;
    end.outcome = std::move(outcome);
    end.crashes_max = 3;
    return end;
  }
  static const TaskView& TaskOf(const CaseView& view, const std::string& model) {
    const auto found = std::find_if(view.tasks.begin(), view.tasks.end(),
                                    [&](const TaskView& t) { return t.task.model == model; });
    EXPECT_NE(found, view.tasks.end()) << model;
    return *found;
  }
  static CaseUpdate UpdateOf(const CaseView& view, CaseState state) {
    CaseUpdate update;
    update.case_id = view.id;
    update.version = view.version;
    update.state = state;
    update.retention_ms = 60000;
    update.publish = Recommendation{};
    update.publish->case_id = view.id;
    update.publish->status = state;
    return update;
  }

  PrivateRedis redis_;
  std::optional<RedisConnection> connection_;
  std::optional<Store> store_;
};

}  // namespace consilium
