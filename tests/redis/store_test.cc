// The atomic steps of shared/store against a real redis-server: what each promises, and that doing
// it twice changes nothing twice.
#include "shared/store.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"
#include "shared/ids.h"
#include "tests/support/private_redis.h"

namespace consilium {
namespace {

using std::chrono::seconds;

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto address = ParseRedisUrl(redis_.url());
    ASSERT_TRUE(address.ok()) << address.error().text;
    connection_.emplace(*address, Store::Scripts());
    store_.emplace(*connection_);
    Await<Nothing>([&](auto done) { store_->Prepare({"alpha", "beta", "gamma"}, done); });
  }

  void PumpUntil(const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + seconds(20);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "no reply from Redis: " << connection_->reason();
      connection_->Tick(Now());
      pollfd polled{connection_->fd(), connection_->events(), 0};
      poll(&polled, 1, 5);
      if (polled.revents != 0) connection_->OnReady(polled.revents);
    }
  }

  // Sends a request once the connection is up and waits for its reply.
  template <class T, class Send>
  Result<T> Ask(Send send) {
    PumpUntil([&] { return connection_->up(); });
    std::optional<Result<T>> reply;
    send([&](Result<T> result) { reply.emplace(std::move(result)); });
    PumpUntil([&] { return reply.has_value(); });
    if (!reply) return Error{ErrorCode::kTimeout, "no reply"};
    return std::move(*reply);
  }
  // The same when it must succeed.
  template <class T, class Send>
  T Await(Send send) {
    auto reply = Ask<T>(send);
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? std::move(*reply) : T{};
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
  void Tell(std::vector<std::string> command) {
    EXPECT_TRUE(connection_->Call(std::move(command), seconds(5)).ok());
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

TEST_F(StoreTest, AcceptedCaseHasARecordATaskPerModelAndATimer) {
  const auto reply = Submit(CaseOf("c1"));
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_FALSE(reply->duplicate);
  EXPECT_EQ(reply->deadline_ms - reply->accepted_ms, 60000);
  const CaseView view = Fetch("c1");
  EXPECT_EQ(view.state, CaseState::kAccepted);
  EXPECT_EQ(view.ensemble, (std::vector<std::string>{"alpha", "beta"}));
  ASSERT_EQ(view.tasks.size(), 2u);
  EXPECT_EQ(view.tasks[0].state, "pending");
  EXPECT_EQ(view.tasks[0].deadline_ms, reply->deadline_ms);
  const StatusReply status = Describe();
  EXPECT_EQ(status.live, 1);
  EXPECT_EQ(status.lanes[0].waiting, 1);
  EXPECT_TRUE(status.balanced);
}

TEST_F(StoreTest, SameContentIsADuplicateAndOtherContentAConflict) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto again = Submit(CaseOf("c1"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->ensemble, (std::vector<std::string>{"alpha", "beta"}));
  NewCase other = CaseOf("c1");
  other.digest = Sha256Hex("something else");
  const auto conflict = Submit(other);
  ASSERT_FALSE(conflict.ok());
  EXPECT_EQ(conflict.error().code, ErrorCode::kConflict);
  EXPECT_EQ(conflict.error().text,
            "case c1 was accepted before with other content; use another id, or send exactly the "
            "same content");
  EXPECT_EQ(Describe().lanes[0].waiting, 1);
  EXPECT_EQ(Describe().counters["accepted"], 1);
}

TEST_F(StoreTest, FullQueueRefusesAndWritesNothing) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  NewCase second = CaseOf("c2");
  second.live_cases_max = 1;
  const auto full = Submit(second);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::kQueueFull);
  EXPECT_EQ(full.error().text,
            "the queue holds 1 live cases, its limit (broker.live_cases_max); try later");
  const auto missing = Ask<CaseView>([&](auto done) { store_->Fetch("c2", done); });
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().text, "no case c2");
}

TEST_F(StoreTest, LeaseCarriesTheVignetteAndNeverTheGold) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto leases = Lease("alpha");
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases[0].task.case_id, "c1");
  EXPECT_EQ(leases[0].fence, 1);
  EXPECT_EQ(leases[0].vignette.text, "A 40-year-old with a cough.");
  EXPECT_GT(leases[0].time_left_ms, 50000);
  EXPECT_EQ(Fetch("c1").state, CaseState::kGenerating);
  EXPECT_TRUE(Lease("alpha").empty()) << "a leased task is not leased twice";
  EXPECT_EQ(Fetch("c1").gold_medications, std::vector<std::string>{"secret-gold"});
}

TEST_F(StoreTest, FirstSuccessWinsAndTheSecondIsADuplicate) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto lease = Lease("alpha").at(0);
  EXPECT_EQ(End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))), "stored");
  EXPECT_EQ(End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("aspirin"))), "duplicate");
  const CaseView view = Fetch("c1");
  EXPECT_EQ(TaskOf(view, "alpha").state, "done");
  EXPECT_EQ(TaskOf(view, "alpha").outcome->answer->medications[0].ingredient, "amoxicillin");
  EXPECT_EQ(Events(), std::vector<std::string>{"c1"});
  EXPECT_EQ(Describe().lanes[0].leased, 0);
}

TEST_F(StoreTest, LateSuccessOfAnOldFenceWinsButItsFailureIsStale) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto first = Lease("alpha").at(0);
  EXPECT_EQ(Reap(0, 0).requeued, 1);
  const auto second = Lease("alpha").at(0);
  EXPECT_EQ(second.fence, 2);
  EXPECT_EQ(End(EndOf(first, AttemptEnd::Kind::kFinal, ErrorOutcome("http_500"))), "stale");
  EXPECT_EQ(End(EndOf(first, AttemptEnd::Kind::kRelease)), "stale");
  EXPECT_EQ(End(EndOf(first, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))), "stored");
  EXPECT_EQ(End(EndOf(second, AttemptEnd::Kind::kFinal, OkOutcome("aspirin"))), "duplicate");
  EXPECT_EQ(Describe().lanes[0].waiting + Describe().lanes[0].leased, 0);
}

TEST_F(StoreTest, AFenceThatWasNeverIssuedIsUnknown) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  LeasedTask lease = Lease("alpha").at(0);
  lease.fence = 7;
  EXPECT_EQ(End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))), "unknown");
  lease.task.case_id = "nobody";
  EXPECT_EQ(End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))), "unknown");
}

TEST_F(StoreTest, RetryWaitsItsDelayAndCountsTheAttempt) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto lease = Lease("alpha").at(0);
  AttemptEnd retry = EndOf(lease, AttemptEnd::Kind::kRetry, ErrorOutcome("http_500"));
  retry.delay_ms = 30;
  EXPECT_EQ(End(retry), "retry");
  EXPECT_EQ(End(retry), "stale") << "sent twice, counted once";
  EXPECT_TRUE(Lease("alpha").empty());
  EXPECT_EQ(TaskOf(Fetch("c1"), "alpha").state, "delayed");
  EXPECT_EQ(TaskOf(Fetch("c1"), "alpha").outcome->code, "http_500");
  Store::PromoteReply promoted;
  const TimePoint give_up = Now() + seconds(10);
  while (promoted.moved == 0 && Now() < give_up) {
    promoted = Await<Store::PromoteReply>([&](auto done) { store_->Promote(done); });
  }
  EXPECT_EQ(promoted.moved, 1);
  EXPECT_EQ(promoted.next_ms, -1);
  const auto again = Lease("alpha").at(0);
  EXPECT_EQ(again.attempts, 1);
  EXPECT_EQ(again.fence, 2);
}

TEST_F(StoreTest, TasksThatSomebodyTookOutOfRedisArePutBack) {
  for (const char* id : {"waits", "leased", "delayed"}) ASSERT_TRUE(Submit(CaseOf(id)).ok());
  const auto leases = Lease("alpha", 2);  // of the first two
  AttemptEnd retry = EndOf(leases.at(0), AttemptEnd::Kind::kRetry, ErrorOutcome("http_500"));
  retry.delay_ms = 3600000;
  EXPECT_EQ(End(retry), "retry");
  EXPECT_EQ(Restore().restored, 0) << "nothing is missing";

  const std::string lane = "consilium:{0}:lane:generate:alpha";
  Tell({"XGROUP", "DELCONSUMER", lane, "w", "b1"});
  EXPECT_EQ(Restore().restored, 1) << "leased, and held by nobody";
  Tell({"XTRIM", lane, "MAXLEN", "0"});
  EXPECT_EQ(Restore().restored, 2) << "trimmed";
  Tell({"DEL", "consilium:{0}:delayed"});
  EXPECT_EQ(Restore().restored, 1) << "delayed, without its time";
  EXPECT_EQ(Restore().restored, 0);
  Await<Store::PromoteReply>([&](auto done) { store_->Promote(done); });
  const auto again = Lease("alpha", 10);
  ASSERT_EQ(again.size(), 3u);
  EXPECT_EQ(Restore().told, 0);
  // What the worker of before comes back with still counts, once.
  EXPECT_EQ(End(EndOf(leases.at(1), AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))), "stored");
  for (const LeasedTask& lease : again) {
    End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin")));
  }
  EXPECT_EQ(Events().size(), 3u);
}

TEST_F(StoreTest, ACaseWhoseEventSomebodyDeletedIsToldAgain) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  for (const char* model : {"alpha", "beta"}) {
    for (const LeasedTask& lease : Lease(model)) {
      End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin")));
    }
  }
  EXPECT_EQ(Restore().told, 0) << "its event waits";
  Tell({"XTRIM", "consilium:{0}:events", "MAXLEN", "0"});
  EXPECT_EQ(Restore().told, 1);
  Tell({"XTRIM", "consilium:{0}:events", "MAXLEN", "0"});
  EXPECT_EQ(Restore().told, 0) << "once for each version of the record";
  Tell({"HINCRBY", "consilium:{0}:case:c1", "v", "1"});
  // What makes no sense stops nobody.
  Tell({"HSET", "consilium:{0}:case:c1", "s:generate|1xalpha", "pending"});
  Tell({"ZADD", "consilium:{0}:timers", "1", "gone"});
  Tell({"ZADD", "consilium:{0}:timers", "1", "text"});
  Tell({"SET", "consilium:{0}:case:text", "no hash"});
  EXPECT_EQ(Restore().told, 1);
  EXPECT_EQ(Restore().told, 0);
  Tell({"DEL", "consilium:{0}:case:text"});
  EXPECT_EQ(Events(), std::vector<std::string>{"c1"});
}

TEST_F(StoreTest, ADamagedAnswerIsAnOutcomeOfItsOwnAndADamagedCaseSpoilsAllAnswers) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto damage = [&](const std::string& field) {
    const std::string key = "consilium:{0}:case:c1";
    const auto was = connection_->Call({"HGET", key, field}, seconds(5));
    ASSERT_TRUE(was.ok());
    std::string text = was->text;
    text.at(text.size() / 2) = static_cast<char>(text[text.size() / 2] ^ 4);
    Tell({"HSET", key, field, text});
  };
  for (const char* model : {"alpha", "beta"}) {
    End(EndOf(Lease(model).at(0), AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin")));
  }
  damage("o:generate|1|alpha");
  CaseView view = Fetch("c1");
  EXPECT_EQ(TaskOf(view, "alpha").outcome->code, "corrupt");
  EXPECT_FALSE(TaskOf(view, "alpha").outcome->answer.has_value());
  EXPECT_EQ(TaskOf(view, "beta").outcome->answer->medications[0].ingredient, "amoxicillin");
  damage("vignette");
  view = Fetch("c1");
  EXPECT_EQ(TaskOf(view, "beta").outcome->code, "corrupt");
  EXPECT_EQ(view.vignette.text, "");
  damage("ensemble");
  const auto damaged = Ask<CaseView>([&](auto done) { store_->Fetch("c1", done); });
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().text,
            "case c1: field ensemble of its record: damaged: not what its checksum says");
}

TEST_F(StoreTest, ADamagedEntryOfTheFeedDoesNotHoldUpTheOthers) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  Tell({"XADD", "consilium:{0}:out", "*", "r", "what nobody can read"});
  Await<CancelReply>([&](auto done) { store_->Cancel("c1", done); });
  const auto slice = Await<WatchSlice>([&](auto done) { store_->Watch("0-0", 10, done); });
  ASSERT_EQ(slice.items.size(), 1u);
  EXPECT_EQ(slice.items[0].case_id, "c1");
  EXPECT_EQ(slice.entries, std::vector<std::string>{slice.cursor});
}

TEST_F(StoreTest, AClaimThatIsRefusedWritesNothing) {
  Store third(*connection_, 2, 3);
  const auto claim = [&](Store& store, bool known) {
    return Ask<std::int64_t>([&](auto done) { store.Claim(known, done); });
  };
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  EXPECT_EQ(claim(third, false).error().code, ErrorCode::kConflict) << "it has data of one Redis";
  EXPECT_EQ(connection_->Call({"EXISTS", "consilium:shard"}, seconds(5))->integer, 0);
  EXPECT_EQ(claim(*store_, false).value(), 1) << "a case was ever accepted";
  EXPECT_EQ(connection_->Call({"GET", "consilium:shard"}, seconds(5))->text, "0 of 1");
}

TEST_F(StoreTest, ReleaseCountsNothingAndCrashesEndInTheDeadLetters) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  EXPECT_EQ(End(EndOf(Lease("alpha").at(0), AttemptEnd::Kind::kRelease)), "released");
  for (int crash = 1; crash <= 3; ++crash) {
    const auto lease = Lease("alpha").at(0);
    EXPECT_EQ(lease.attempts, 0);
    EXPECT_EQ(End(EndOf(lease, AttemptEnd::Kind::kCrash, ErrorOutcome("worker_lost"))),
              crash < 3 ? "released" : "dead");
  }
  const CaseView view = Fetch("c1");
  EXPECT_EQ(TaskOf(view, "alpha").state, "dead");
  EXPECT_EQ(TaskOf(view, "alpha").crashes, 3);
  EXPECT_EQ(TaskOf(view, "alpha").outcome->code, "worker_lost");
  EXPECT_EQ(Describe().dead, 1);
  EXPECT_EQ(Events(), std::vector<std::string>{"c1"});
  EXPECT_TRUE(Lease("alpha").empty());
}

TEST_F(StoreTest, RenewedLeaseIsNotReapedAndAnotherBrokerMayAdoptIt) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto lease = Lease("alpha", 1, "old-broker").at(0);
  Await<std::int64_t>([&](auto done) {
    store_->SendBeat("brokers", Beat{"new-broker", {}, true, ""}, done);
  });
  const auto stop = Await<std::vector<HeldTask>>([&](auto done) {
    store_->Renew("alpha", "new-broker", {{ToRef(lease.task), lease.fence}}, done);
  });
  EXPECT_TRUE(stop.empty());
  EXPECT_EQ(Reap(60000, 5000).requeued, 0) << "its broker is alive";
  EXPECT_EQ(End(EndOf(lease, AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))), "stored");
}

TEST_F(StoreTest, LeaseOfASilentBrokerGoesBackUncounted) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  ASSERT_EQ(Lease("alpha", 1, "dead-broker").size(), 1u);
  EXPECT_EQ(Reap(60000, 0).requeued, 1);
  EXPECT_EQ(TaskOf(Fetch("c1"), "alpha").crashes, 0);
  EXPECT_EQ(Lease("alpha").size(), 1u);
}

TEST_F(StoreTest, NobodyJudgesLeasesWhoHasNotBeatenForAWhile) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  ASSERT_EQ(Lease("alpha", 1, "dead-broker").size(), 1u);
  const Store::Judge judge{"b1", 400};
  EXPECT_EQ(Reap(60000, 0, 3, judge).requeued, 0) << "it has never beaten";
  const auto beat = [&] {
    Await<std::int64_t>([&](auto done) {
      store_->SendBeat("brokers", Beat{"b1", {}, true, ""}, done);
    });
  };
  beat();
  EXPECT_EQ(Reap(60000, 0, 3, judge).requeued, 0) << "as after Redis stood still";
  std::int64_t requeued = 0;
  for (const TimePoint give_up = Now() + seconds(10); requeued == 0 && Now() < give_up;) {
    beat();
    requeued = Reap(60000, 0, 3, judge).requeued;
  }
  EXPECT_EQ(requeued, 1) << "once it has beaten for long enough";
}

TEST_F(StoreTest, IdleLeaseOfALiveBrokerCountsAsACrash) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  Await<std::int64_t>([&](auto done) {
    store_->SendBeat("brokers", Beat{"b1", {}, true, ""}, done);
  });
  ASSERT_EQ(Lease("alpha").size(), 1u);
  EXPECT_EQ(Reap(0, 60000).requeued, 1);
  EXPECT_EQ(TaskOf(Fetch("c1"), "alpha").crashes, 1);
  ASSERT_EQ(Lease("alpha").size(), 1u);
  const ReapReply last = Reap(0, 60000, 2);
  EXPECT_EQ(last.dead, 1);
  EXPECT_EQ(TaskOf(Fetch("c1"), "alpha").outcome->code, "worker_lost");
}

TEST_F(StoreTest, RenewStopsWhatIsCancelledOrTakenOver) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const auto lease = Lease("alpha").at(0);
  EXPECT_EQ(Reap(0, 0).requeued, 1);
  auto stop = Await<std::vector<HeldTask>>([&](auto done) {
    store_->Renew("alpha", "b1", {{ToRef(lease.task), lease.fence}}, done);
  });
  ASSERT_EQ(stop.size(), 1u);
  EXPECT_EQ(stop[0].task, ToRef(lease.task));
  const auto next = Lease("alpha").at(0);
  Await<CancelReply>([&](auto done) { store_->Cancel("c1", done); });
  stop = Await<std::vector<HeldTask>>([&](auto done) {
    store_->Renew("alpha", "b1", {{ToRef(next.task), next.fence}}, done);
  });
  EXPECT_EQ(stop.size(), 1u);
}

TEST_F(StoreTest, TaskPastItsDeadlineExpiresInItsLane) {
  NewCase brief = CaseOf("c1");
  brief.deadline_ms = 0;
  brief.answers_ms = 0;
  ASSERT_TRUE(Submit(brief).ok());
  EXPECT_TRUE(Lease("alpha").empty());
  EXPECT_EQ(TaskOf(Fetch("c1"), "alpha").state, "expired");
  EXPECT_FALSE(TaskOf(Fetch("c1"), "alpha").outcome.has_value());
  EXPECT_EQ(Events(), std::vector<std::string>{"c1"});
}

TEST_F(StoreTest, CancelEndsALiveCaseOnceAndPublishesIt) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  auto cancel = Await<CancelReply>([&](auto done) { store_->Cancel("c1", done); });
  EXPECT_TRUE(cancel.cancelled);
  cancel = Await<CancelReply>([&](auto done) { store_->Cancel("c1", done); });
  EXPECT_TRUE(cancel.cancelled) << "asked twice, answered alike";
  EXPECT_EQ(Describe().counters["cancelled"], 1);
  EXPECT_TRUE(Lease("alpha").empty());
  EXPECT_EQ(Describe().live, 0);
  EXPECT_TRUE(Describe().balanced);
  const auto slice = Await<WatchSlice>([&](auto done) { store_->Watch("", 10, done); });
  ASSERT_EQ(slice.items.size(), 1u);
  EXPECT_EQ(slice.items[0].status, CaseState::kCancelled);
  const auto unknown = Ask<CancelReply>([&](auto done) { store_->Cancel("c9", done); });
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST_F(StoreTest, CancelOfAnEndedCaseSaysHowItEnded) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  ASSERT_TRUE(Apply(UpdateOf(Fetch("c1"), CaseState::kComplete)));
  const auto cancel = Await<CancelReply>([&](auto done) { store_->Cancel("c1", done); });
  EXPECT_FALSE(cancel.cancelled);
  EXPECT_EQ(cancel.state, CaseState::kComplete);
}

TEST_F(StoreTest, LanesOfAModelWithoutWorkersLoseWhatIsOver) {
  NewCase brief = CaseOf("c1", {"alpha"});
  brief.deadline_ms = 0;
  brief.answers_ms = 0;
  ASSERT_TRUE(Submit(brief).ok());
  ASSERT_TRUE(Submit(CaseOf("c2", {"alpha"})).ok());
  ASSERT_TRUE(Submit(CaseOf("c3", {"alpha"})).ok());
  Await<CancelReply>([&](auto done) { store_->Cancel("c2", done); });
  EXPECT_EQ(Reap(60000, 60000).requeued, 0);
  EXPECT_EQ(TaskOf(Fetch("c1"), "alpha").state, "expired");
  EXPECT_EQ(Describe().lanes[0].waiting, 1) << "only c3 can still be worked on";
  ASSERT_EQ(Lease("alpha").size(), 1u);
}

TEST_F(StoreTest, UpdateAppliesOnlyToTheVersionThatWasRead) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  const CaseView before = Fetch("c1");
  EXPECT_EQ(End(EndOf(Lease("alpha").at(0), AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))),
            "stored");
  EXPECT_FALSE(Apply(UpdateOf(before, CaseState::kComplete))) << "an answer came meanwhile";
  EXPECT_TRUE(Apply(UpdateOf(Fetch("c1"), CaseState::kComplete)));
  EXPECT_EQ(Fetch("c1").state, CaseState::kComplete);
  EXPECT_EQ(Fetch("c1").recommendations.size(), 1u);
  EXPECT_EQ(Describe().live, 0);
  EXPECT_EQ(Describe().counters["complete"], 1);
  EXPECT_TRUE(Describe().balanced);
}

TEST_F(StoreTest, RevisionMovesTheCaseBetweenFinalCounts) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  ASSERT_TRUE(Apply(UpdateOf(Fetch("c1"), CaseState::kInsufficient)));
  CaseUpdate revision = UpdateOf(Fetch("c1"), CaseState::kDegraded);
  revision.publish->revision = 2;
  ASSERT_TRUE(Apply(revision));
  StatusReply status = Describe();
  EXPECT_EQ(status.counters["insufficient"], 0);
  EXPECT_EQ(status.counters["degraded"], 1);
  EXPECT_TRUE(status.balanced);
  EXPECT_EQ(Fetch("c1").recommendations.size(), 2u);
}

TEST_F(StoreTest, ReviewTasksAreServedBeforeGenerateTasksAndKeepTheirAuthorsSecret) {
  ASSERT_TRUE(Submit(CaseOf("c1", {"alpha"})).ok());
  ASSERT_TRUE(Submit(CaseOf("c2", {"beta"})).ok());
  const CaseView view = Fetch("c2");
  CaseUpdate update;
  update.case_id = "c2";
  update.version = view.version;
  update.state = CaseState::kReviewing;
  NewTask review;
  review.task = {"c2", Stage::kReview, 1, "alpha"};
  review.deadline_ms = view.deadline_ms;
  review.packet = ReviewPacket{};
  review.packet->answers.push_back({"K7", Answer{}});
  review.labels = {"K7"};
  review.authors = {"beta"};
  update.tasks.push_back(review);
  ASSERT_TRUE(Apply(update));
  const auto leases = Lease("alpha", 1);
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases[0].task, review.task);
  ASSERT_TRUE(leases[0].review.has_value());
  EXPECT_EQ(leases[0].review->answers[0].label, "K7");
  const CaseView after = Fetch("c2");
  EXPECT_EQ(TaskOf(after, "alpha").authors, std::vector<std::string>{"beta"});
  EXPECT_EQ(TaskOf(after, "alpha").labels, std::vector<std::string>{"K7"});
  EXPECT_EQ(Describe().live, 2) << "a live state keeps its timer";
}

TEST_F(StoreTest, EventsOfASilentAggregatorAreTakenByAnother) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  EXPECT_EQ(End(EndOf(Lease("alpha").at(0), AttemptEnd::Kind::kFinal, OkOutcome("amoxicillin"))),
            "stored");
  const auto taken = Await<std::vector<Store::Event>>(
      [&](auto done) { store_->TakeEvents("a1", 10, true, done); });
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_TRUE(Await<std::vector<Store::Event>>([&](auto done) {
                store_->TakeEvents("a2", 10, true, done);
              }).empty());
  Await<Nothing>([&](auto done) { store_->AckEvents(taken, done); });
  EXPECT_TRUE(Events().empty());
}

TEST_F(StoreTest, DueTimersNameTheCasesAndTheNextOne) {
  NewCase soon = CaseOf("c1");
  soon.answers_ms = 0;
  ASSERT_TRUE(Submit(soon).ok());
  ASSERT_TRUE(Submit(CaseOf("c2")).ok());
  const auto due = Await<Store::DueTimers>([&](auto done) { store_->Due(10, done); });
  EXPECT_EQ(due.cases, std::vector<std::string>{"c1"});
  EXPECT_GT(due.next_ms, 20000);
  EXPECT_LE(due.next_ms, 30000);
}

TEST_F(StoreTest, WatchKeepsTheCallersCursor) {
  auto start = Await<WatchSlice>([&](auto done) { store_->Watch("$", 10, done); });
  EXPECT_EQ(start.cursor, "0-0");
  for (const char* id : {"c1", "c2", "c3"}) {
    ASSERT_TRUE(Submit(CaseOf(id)).ok());
    ASSERT_TRUE(Apply(UpdateOf(Fetch(id), CaseState::kComplete)));
  }
  const auto two = Await<WatchSlice>([&](auto done) { store_->Watch(start.cursor, 2, done); });
  ASSERT_EQ(two.items.size(), 2u);
  EXPECT_EQ(two.items[1].case_id, "c2");
  const auto rest = Await<WatchSlice>([&](auto done) { store_->Watch(two.cursor, 10, done); });
  ASSERT_EQ(rest.items.size(), 1u);
  EXPECT_EQ(rest.items[0].case_id, "c3");
  EXPECT_FALSE(rest.gap);
  const auto wrong = Ask<WatchSlice>([&](auto done) { store_->Watch("yesterday", 10, done); });
  EXPECT_EQ(wrong.error().text,
            "after = \"yesterday\", expected \"\", \"$\" or a cursor of an earlier reply");
}

TEST_F(StoreTest, EverythingAcceptedSurvivesKillMinusNineOfRedis) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Submit(CaseOf("c" + std::to_string(i))).ok());
  ASSERT_EQ(Lease("alpha", 20).size(), 20u);
  const std::int64_t before = connection_->generation();
  redis_.Kill();
  redis_.Restart();
  PumpUntil([&] { return connection_->up() && connection_->generation() > before; });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Fetch("c" + std::to_string(i)).tasks.size(), 2u);
  const StatusReply status = Describe();
  EXPECT_EQ(status.live, 50);
  EXPECT_EQ(status.lanes[0].leased, 20) << "leases are as durable as cases";
  EXPECT_EQ(status.lanes[0].waiting, 30);
}

}  // namespace
}  // namespace consilium
