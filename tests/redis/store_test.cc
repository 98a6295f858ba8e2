// The atomic steps of shared/store against a real redis-server: what each promises, and that doing
// it twice changes nothing twice.
#include "shared/store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/redis/store_rig.h"

namespace consilium {
namespace {

using std::chrono::seconds;

using StoreTest = StoreRig;

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
  Await<CancelReply>([&](auto done) { store_->Cancel({"c1"}, done); });
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
  auto cancel = Await<CancelReply>([&](auto done) { store_->Cancel({"c1"}, done); });
  EXPECT_TRUE(cancel.cancelled);
  cancel = Await<CancelReply>([&](auto done) { store_->Cancel({"c1"}, done); });
  EXPECT_TRUE(cancel.cancelled) << "asked twice, answered alike";
  EXPECT_EQ(Describe().counters["cancelled"], 1);
  EXPECT_TRUE(Lease("alpha").empty());
  EXPECT_EQ(Describe().live, 0);
  EXPECT_TRUE(Describe().balanced);
  const auto slice = Await<WatchSlice>([&](auto done) { store_->Watch("", 10, done); });
  ASSERT_EQ(slice.items.size(), 1u);
  EXPECT_EQ(slice.items[0].status, CaseState::kCancelled);
  const auto unknown = Ask<CancelReply>([&](auto done) { store_->Cancel({"c9"}, done); });
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST_F(StoreTest, CancelOfAnEndedCaseSaysHowItEnded) {
  ASSERT_TRUE(Submit(CaseOf("c1")).ok());
  ASSERT_TRUE(Apply(UpdateOf(Fetch("c1"), CaseState::kComplete)));
  const auto cancel = Await<CancelReply>([&](auto done) { store_->Cancel({"c1"}, done); });
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
  Await<CancelReply>([&](auto done) { store_->Cancel({"c2"}, done); });
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

}  // namespace
}  // namespace consilium
