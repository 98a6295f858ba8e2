// What an operator asks of a broker and sees: dead letters, drain, status, watermarks, the clocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/redis/broker_rig.h"

namespace consilium {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class OperatorTest : public BrokerRig {
 protected:
  RedisReply Tell(std::vector<std::string> command) {
    RedisConnection other(redis_.address(), {});
    const auto done = other.Call(std::move(command), seconds(5));
    EXPECT_TRUE(done) << done.error().text;
    return done ? *done : RedisReply{};
  }
  StatusReply Status(TestClient& client) {
    const auto status = Ask<StatusReply>(client, StatusRequest{});
    EXPECT_TRUE(status.ok()) << status.error().text;
    return status.ok() ? *status : StatusReply{};
  }
  DeadListReply Dead(TestClient& client, const DeadListRequest& request = {}) {
    const auto list = Ask<DeadListReply>(client, request);
    EXPECT_TRUE(list.ok()) << list.error().text;
    return list.ok() ? *list : DeadListReply{};
  }
  RequeuedLetter Requeue(TestClient& client, const std::string& id) {
    const auto reply = Ask<DeadRequeueReply>(client, DeadRequeueRequest{{id}});
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() && reply->items.size() == 1 ? reply->items[0] : RequeuedLetter{};
  }
  static std::string StateOf(const CaseView& view) { return view.tasks.at(0).state; }
  // The worker fails the next task that it gets so that it is dead.
  void Kill(ScriptedWorker& worker, std::size_t nth, const std::string& code = "http_500") {
    PumpUntil("the task comes", [&] { return worker.tasks.size() > nth; });
    Outcome failed = Failed(true);
    failed.code = code;
    failed.worker = "w1";
    worker.GiveUp(worker.tasks[nth], failed);
    PumpUntil("it is dead", [&] { return worker.Disposition(worker.tasks[nth]) == "dead"; });
  }
};

// --- dead letters

TEST_F(OperatorTest, ADeadLetterKeepsAllErrorsAndIsRequeuedOnce) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  for (std::size_t attempt = 0; attempt < 2; ++attempt) {
    PumpUntil("an attempt", [&] { return worker.tasks.size() == attempt + 1; });
    Outcome failed = Failed(true);
    failed.text = "failure " + std::to_string(attempt);
    failed.worker = "w1";
    worker.Retry(worker.tasks[attempt], failed, 1);
  }
  Kill(worker, 2, "http_503");
  const DeadListReply list = Dead(client);
  ASSERT_THAT(list.items, SizeIs(1));
  EXPECT_TRUE(list.end);
  const DeadLetter& letter = list.items[0];
  EXPECT_EQ(letter.task, (TaskId{"c1", Stage::kGenerate, 1, "alpha"}));
  EXPECT_EQ(letter.attempts, 2);
  EXPECT_EQ(letter.crashes, 0);
  EXPECT_EQ(letter.outcome.code, "http_503");
  EXPECT_EQ(letter.outcome.worker, "w1");
  ASSERT_THAT(letter.errors, SizeIs(3));
  EXPECT_EQ(letter.errors[0].text, "failure 0");
  EXPECT_EQ(letter.errors[1].text, "failure 1");
  EXPECT_EQ(letter.errors[2].code, "http_503");
  EXPECT_LE(letter.errors[0].at_ms, letter.errors[2].at_ms);
  EXPECT_GT(letter.errors[0].at_ms, 1600000000000);

  const RequeuedLetter first = Requeue(client, letter.id);
  EXPECT_EQ(first.disposition, "requeued");
  EXPECT_EQ(first.task, "c1|generate|1|alpha");
  EXPECT_EQ(first.deadline_ms, Fetch(client, "c1").deadline_ms) << "there is time left";
  EXPECT_EQ(Requeue(client, letter.id).disposition, "before");
  PumpUntil("it is tried again", [&] { return worker.tasks.size() == 4; });
  EXPECT_EQ(worker.tasks[3].attempts, 0) << "as if it were new";
  EXPECT_EQ(worker.tasks[3].fence, 4) << "but the fence goes on";
  worker.Finish(worker.tasks[3], Answered());
  PumpUntil("it is stored", [&] { return worker.Disposition(worker.tasks[3]) == "stored"; });
  EXPECT_EQ(StateOf(Fetch(client, "c1")), "done");
  EXPECT_EQ(Requeue(client, letter.id).disposition, "before");
  PumpFor(milliseconds(300));
  EXPECT_THAT(worker.tasks, SizeIs(4));
  EXPECT_THAT(Dead(client).items, IsEmpty());
  EXPECT_EQ(Status(client).counters["requeued"], 1);
}

TEST_F(OperatorTest, LettersThatAreTooMuchForOneMessageComeInPages) {
  Start();
  TestClient& client = AddClient();
  AttemptError error;
  error.text = std::string(2000, 'x');
  std::string errors;
  while (errors.size() < 60000) {
    const std::string one = "1764254400000 " + Pack(error);
    errors += std::to_string(one.size()) + ":" + one;
  }
  constexpr int kLetters = 100;  // 6 MB
  for (int i = 0; i < kLetters; ++i) {
    Tell({"XADD", "consilium:{0}:dead", std::to_string(i + 1) + "-0", "t",
          "c" + std::to_string(i) + "|generate|1|alpha", "a", "30", "c", "0", "x", errors});
  }
  DeadListRequest request;
  request.max = limits::kDeadBatchMax;
  std::vector<std::string> found;
  int pages = 0;
  for (bool end = false; !end && pages < kLetters; ++pages) {
    const DeadListReply page = Dead(client, request);
    ASSERT_THAT(page.items, testing::Not(IsEmpty()));
    for (const DeadLetter& letter : page.items) found.push_back(letter.task.case_id);
    EXPECT_GT(page.items.back().errors.size(), 20u);
    request.after = page.cursor;
    end = page.end;
  }
  ASSERT_THAT(found, SizeIs(kLetters));
  for (int i = 0; i < kLetters; ++i)
    EXPECT_EQ(found[static_cast<std::size_t>(i)], "c" + std::to_string(i));
  EXPECT_LE(pages, 5);
}

TEST_F(OperatorTest, ALetterMayDieAgain) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  Kill(worker, 0);
  const std::string first = Dead(client).items.at(0).id;
  EXPECT_EQ(Requeue(client, first).disposition, "requeued");
  Kill(worker, 1);
  const DeadListReply list = Dead(client);
  ASSERT_THAT(list.items, SizeIs(1));
  EXPECT_NE(list.items[0].id, first);
  EXPECT_THAT(list.items[0].errors, SizeIs(1)) << "those before it was requeued are gone";
  EXPECT_EQ(Requeue(client, first).disposition, "before");
  EXPECT_EQ(Requeue(client, list.items[0].id).disposition, "requeued");
}

TEST_F(OperatorTest, ATaskWhoseDeadlineIsOverGetsAsMuchTimeAsItsCaseHad) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  CaseRequest request = CaseOf("c1");
  request.deadline_s = 1;
  const SubmitReply accepted = Submit(client, request);
  Kill(worker, 0);
  PumpUntil("the deadline is over",
            [&] { return Status(client).now_ms > accepted.deadline_ms + 20; });
  const RequeuedLetter letter = Requeue(client, Dead(client).items.at(0).id);
  EXPECT_EQ(letter.disposition, "requeued");
  ASSERT_TRUE(letter.deadline_ms);
  EXPECT_GE(*letter.deadline_ms, accepted.deadline_ms + 1000);
  PumpUntil("it is tried again", [&] { return worker.tasks.size() == 2; });
}

TEST_F(OperatorTest, WhatNobodyCouldUseIsNotRequeued) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  Kill(worker, 0);
  Submit(client, CaseOf("c2"));
  Kill(worker, 1);
  const DeadListReply list = Dead(client);
  ASSERT_THAT(list.items, SizeIs(2));
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c1"}).ok());
  Tell({"DEL", "consilium:{0}:case:c2"});
  EXPECT_EQ(Requeue(client, list.items[0].id).disposition, "cancelled");
  EXPECT_EQ(Requeue(client, list.items[1].id).disposition, "gone");
  EXPECT_EQ(Requeue(client, "0:1-1").disposition, "unknown");
  EXPECT_THAT(Dead(client).items, SizeIs(2)) << "they stay until they are purged";
  PumpFor(milliseconds(300));
  EXPECT_THAT(worker.tasks, SizeIs(2));
}

TEST_F(OperatorTest, LettersAreListedInPortionsFilteredAndPurged) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  ScriptedWorker& other = AddWorker("w2", "bravo", 1);
  for (int i = 0; i < 3; ++i) {
    Submit(client, CaseOf("c" + std::to_string(i)));
    Kill(worker, static_cast<std::size_t>(i), i == 1 ? "stalled" : "http_500");
  }
  Submit(client, CaseOf("c3", {"bravo"}));
  Kill(other, 0);
  const auto count = [&](const DeadListRequest& request) {
    return Dead(client, request).items.size();
  };
  DeadListRequest by_model;
  by_model.model = "bravo";
  EXPECT_EQ(count(by_model), 1u);
  DeadListRequest by_code;
  by_code.code = "stalled";
  EXPECT_EQ(count(by_code), 1u);
  DeadListRequest by_case;
  by_case.case_id = "c0";
  EXPECT_EQ(count(by_case), 1u);
  std::vector<std::string> ids;
  DeadListRequest page;
  page.max = 3;
  DeadListReply reply;
  for (int pages = 0; !reply.end; ++pages) {
    ASSERT_LT(pages, 3);
    reply = Dead(client, page);
    for (const DeadLetter& letter : reply.items) ids.push_back(letter.id);
    page.after = reply.cursor;
  }
  ASSERT_THAT(ids, SizeIs(4));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  DeadListRequest one;
  one.id = ids[1];
  const DeadListReply found = Dead(client, one);
  ASSERT_THAT(found.items, SizeIs(1));
  EXPECT_EQ(found.items[0].task.case_id, "c1");

  const auto purge = [&](std::vector<std::string> letters) {
    return Ask<DeadPurgeReply>(client, DeadPurgeRequest{std::move(letters)})->purged;
  };
  EXPECT_EQ(purge({ids[0], ids[1]}), 2);
  EXPECT_EQ(purge({ids[0], ids[1], ids[2]}), 1) << "the others were purged before";
  EXPECT_EQ(purge({}), 0);
  EXPECT_EQ(Requeue(client, ids[0]).disposition, "unknown");
  EXPECT_EQ(Dead(client).items.at(0).id, ids[3]);
  EXPECT_EQ(StateOf(Fetch(client, "c0")), "dead") << "the record stays as it is";
}

TEST_F(OperatorTest, BadQuestionsAboutLettersAreRefused) {
  Start();
  TestClient& client = AddClient();
  DeadListRequest list;
  list.id = "yesterday";
  EXPECT_EQ(
      Ask<DeadListReply>(client, list).error(),
      Invalid("id = \"yesterday\", expected the id of a dead letter, e.g. 0:1764254400000-0"));
  for (const char* cursor : {"5:1-0", "0:1-x", ":1-0", "0", "-1:1-0"}) {
    list = {};
    list.after = cursor;
    EXPECT_EQ(Ask<DeadListReply>(client, list).error().code, ErrorCode::kInvalid) << cursor;
  }
  list = {};
  list.max = 257;
  EXPECT_EQ(Ask<DeadListReply>(client, list).error(), Invalid("max = 257, expected 1..256"));
  EXPECT_EQ(Ask<DeadRequeueReply>(client, DeadRequeueRequest{{"0:1-0", "*"}}).error(),
            Invalid("ids = \"*\", expected the id of a dead letter, e.g. 0:1764254400000-0"));
  EXPECT_EQ(
      Ask<DeadPurgeReply>(client, DeadPurgeRequest{std::vector<std::string>(257, "0:1-0")}).error(),
      Invalid("ids: 257, expected at most 256"));
  EXPECT_EQ(Ask<DrainReply>(client, DrainRequest{-1, false}).error(),
            Invalid("limit_ms = -1, expected 0..86400000"));
}

// F19: a task that takes its workers down.
TEST_F(OperatorTest, APoisonTaskIsDeadAfterThreeWorkersAndOthersGoOn) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& good = AddWorker("good", "bravo", 4);
  Submit(client, CaseOf("poison"));
  for (int i = 0; i < 40; ++i) Submit(client, CaseOf("c" + std::to_string(i), {"bravo"}));
  std::size_t finished = 0;
  const auto work = [&] {
    for (; finished < good.tasks.size(); ++finished) {
      good.Finish(good.tasks[finished], Answered());
    }
  };
  for (int crash = 1; crash <= 3; ++crash) {
    ScriptedWorker& victim = AddWorker("victim" + std::to_string(crash), "alpha", 1);
    PumpUntil("it takes the poison", [&] {
      work();
      return victim.tasks.size() == 1;
    });
    victim.silent = victim.deaf = true;
    PumpUntil("its end is noticed", [&] {
      work();
      const CaseView view = Fetch(client, "poison");
      return view.tasks.at(0).crashes == crash;
    });
  }
  const DeadListReply list = Dead(client);
  ASSERT_THAT(list.items, SizeIs(1));
  EXPECT_EQ(list.items[0].task.case_id, "poison");
  EXPECT_EQ(list.items[0].crashes, 3);
  EXPECT_EQ(list.items[0].outcome.code, "worker_lost");
  EXPECT_EQ(list.items[0].outcome.worker, "victim3");
  EXPECT_THAT(list.items[0].errors, SizeIs(3));
  EXPECT_THAT(good.tasks, SizeIs(40)) << "the others went on";
  EXPECT_EQ(Status(client).counters["crashed"], 3);

  ScriptedWorker& mended = AddWorker("mended", "alpha", 1);
  EXPECT_EQ(Requeue(client, list.items[0].id).disposition, "requeued");
  PumpUntil("it comes", [&] { return mended.tasks.size() == 1; });
  mended.Finish(mended.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return mended.Disposition(mended.tasks[0]) == "stored"; });
  EXPECT_EQ(Requeue(client, list.items[0].id).disposition, "before");
}

// --- status

TEST_F(OperatorTest, StatusShowsLeasesCreditsAgesAndTheRoomOfRedis) {
  Start();
  TestClient& client = AddClient();
  AddWorker("w1", "alpha", 2);
  AddWorker("w2", "alpha", 1);
  for (int i = 0; i < 5; ++i) Submit(client, CaseOf("c" + std::to_string(i)));
  StatusReply status;
  PumpUntil("three are leased and Redis was looked at", [&] {
    status = Status(client);
    return status.brokers.size() == 1 && status.brokers[0].leases == 3 &&
           status.redis.at(0).used_bytes.has_value();
  });
  PumpFor(milliseconds(200));
  status = Status(client);
  EXPECT_TRUE(status.brokers[0].alive);
  EXPECT_TRUE(status.brokers[0].accepting);
  EXPECT_EQ(status.brokers[0].id, status.broker);
  const LaneStatus& lane = status.lanes.at(0);
  EXPECT_EQ(lane.model, "alpha");
  EXPECT_EQ(lane.waiting, 2);
  EXPECT_EQ(lane.leased, 3);
  ASSERT_TRUE(lane.oldest_ms);
  EXPECT_GE(*lane.oldest_ms, 200);
  EXPECT_LT(*lane.oldest_ms, 60000);
  EXPECT_FALSE(status.lanes.at(1).oldest_ms) << "an empty lane has no age";
  EXPECT_FALSE(status.lanes.at(2).oldest_ms) << "a lane whose tasks are all leased, or none";
  ASSERT_THAT(status.credits, SizeIs(2));
  EXPECT_EQ(status.credits[0].model, "alpha");
  EXPECT_EQ(status.credits[0].workers, 2);
  EXPECT_EQ(status.credits[0].slots, 3);
  EXPECT_EQ(status.credits[0].used, 3);
  EXPECT_EQ(status.credits[1].workers, 0);
  EXPECT_EQ(status.live, 5);
  EXPECT_EQ(status.live_max, 1000000);
  const RedisStatus& redis = status.redis.at(0);
  EXPECT_TRUE(redis.up);
  EXPECT_EQ(redis.settings, "good");
  EXPECT_GT(*redis.used_bytes, 100000);
  EXPECT_GT(*redis.bound_bytes, *redis.used_bytes);
  EXPECT_TRUE(redis.file_bytes.has_value());
  EXPECT_GT(redis.disk_bytes.value_or(0), redis.disk_free_bytes.value_or(0))
      << "this Redis is here, over a Unix socket";
  EXPECT_EQ(redis.pressure, "");
}

TEST_F(OperatorTest, ARedisThatForgetsWhatItAcceptedIsTold) {
  Start();
  TestClient& client = AddClient();
  for (const char* id : {"c1", "c2", "c3"}) Submit(client, CaseOf(id));
  PumpFor(milliseconds(2500));  // two beats
  EXPECT_EQ(Status(client).redis.at(0).lost, 0);
  Tell({"FLUSHALL"});
  PumpUntil("it is told", [&] { return Status(client).redis.at(0).lost == 3; });
  PumpUntil("new cases are taken", [&] {
    return Ask<SubmitReply>(client, SubmitRequest{CaseOf("c4")}).ok();
  });
  PumpFor(milliseconds(2500));
  EXPECT_EQ(Status(client).redis.at(0).lost, 3) << "said until the broker is restarted";
}

TEST_F(OperatorTest, ABrokerThatReconnectsIsShownOnce) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("it is leased", [&] { return worker.tasks.size() == 1; });
  const std::string before = Status(client).broker;
  Tell({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  StatusReply status;
  PumpUntil("it has reconnected", [&] {
    const auto reply = Ask<StatusReply>(client, StatusRequest{});
    if (reply) status = *reply;
    return reply && status.broker != before && status.redis.at(0).up && !status.brokers.empty() &&
           status.brokers[0].id == status.broker;
  });
  ASSERT_THAT(status.brokers, SizeIs(1));
  EXPECT_EQ(status.brokers[0].leases, 1) << "under whichever of its names";
}

TEST_F(OperatorTest, ABrokerThatIsGoneIsShownWhileItHasLeases) {
  Start();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(AddClient(), CaseOf("c1"));
  PumpUntil("it is leased", [&] { return worker.tasks.size() == 1; });
  worker.silent = true;
  Tell({"XGROUP", "CREATECONSUMER", "consilium:{0}:lane:generate:alpha", "w", "gone.1"});
  const std::string entry =
      Tell({"XPENDING", "consilium:{0}:lane:generate:alpha", "w", "-", "+", "1"})
          .items.at(0)
          .items.at(0)
          .text;
  Tell({"XCLAIM", "consilium:{0}:lane:generate:alpha", "w", "gone.1", "0", entry});
  const StatusReply status = Status(AddClient());
  ASSERT_THAT(status.brokers, SizeIs(2));
  const auto gone = std::find_if(status.brokers.begin(), status.brokers.end(),
                                 [](const BrokerStatus& broker) { return broker.id == "gone.1"; });
  ASSERT_NE(gone, status.brokers.end());
  EXPECT_FALSE(gone->alive);
  EXPECT_EQ(gone->leases, 1);
}

// --- watermarks (F18)

// It can do what makes room, so it is in service.
TEST_F(OperatorTest, ABrokerThatStartsWhileRedisIsShortOfMemoryHasNoTrouble) {
  const std::int64_t used = *ReadRoom(Tell({"INFO", "memory"}).text).used;
  Tell({"CONFIG", "SET", "maxmemory", std::to_string(used + used / 4)});
  Start();
  TestClient& client = AddClient();
  PumpUntil("Redis was looked at",
            [&] { return Status(client).redis.at(0).used_bytes.has_value(); });
  EXPECT_FALSE(Status(client).accepting);
  EXPECT_EQ(broker_->Trouble(), "");
}

TEST_F(OperatorTest, RedisShortOfMemoryGetsNoNewCasesAndEndsTheOldOnes) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  Submit(client, CaseOf("c2"));
  PumpUntil("Redis was looked at",
            [&] { return Status(client).redis.at(0).used_bytes.has_value(); });
  const std::int64_t used = *ReadRoom(Tell({"INFO", "memory"}).text).used;
  Tell({"CONFIG", "SET", "maxmemory", std::to_string(used + used / 4)});
  PumpUntil("it is noticed", [&] { return !Status(client).accepting; });
  const auto refused = Ask<SubmitReply>(client, SubmitRequest{CaseOf("c3")});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kQueueFull);
  EXPECT_THAT(refused.error().text, HasSubstr("more than 70 % (redis.memory_share)"));
  EXPECT_EQ(last_error_.retry_after_ms, 5000);
  EXPECT_THAT(Status(client).reason, HasSubstr("redis.memory_share"));
  EXPECT_THAT(Status(client).redis.at(0).pressure, HasSubstr("redis.memory_share"));
  EXPECT_TRUE(Submit(client, CaseOf("c1")).duplicate) << "what was accepted stays so";

  // Now Redis itself refuses.
  Tell({"CONFIG", "SET", "maxmemory", "1"});
  const auto full = Ask<SubmitReply>(client, SubmitRequest{CaseOf("c3")});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::kQueueFull);
  EXPECT_TRUE(Submit(client, CaseOf("c1")).duplicate) << "also then";
  for (std::size_t i = 0; i < 2; ++i) {
    PumpUntil("the backlog goes on", [&] { return worker.tasks.size() == i + 1; });
    worker.Finish(worker.tasks[i], Answered());
    PumpUntil("it is stored", [&] { return worker.Disposition(worker.tasks[i]) == "stored"; });
  }
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c1"})->cancelled);

  Tell({"CONFIG", "SET", "maxmemory", "0"});
  PumpUntil("accepting goes on", [&] { return Status(client).accepting; });
  Submit(client, CaseOf("c3"));
  EXPECT_TRUE(Status(client).balanced);
}

// Before the broker has noticed: the refusal of Redis is told as what it is.
TEST_F(OperatorTest, ARefusalOfRedisForWantOfMemoryIsQueueFull) {
  Start();
  TestClient& client = AddClient();
  RedisConnection other(redis_.address(), {});
  ASSERT_TRUE(other.Call({"CONFIG", "SET", "maxmemory", "1"}, seconds(5)).ok());
  const auto full = Ask<SubmitReply>(client, SubmitRequest{CaseOf("c1")});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::kQueueFull);
  EXPECT_TRUE(last_error_.retry_after_ms.has_value());
  EXPECT_EQ(Ask<CaseView>(client, FetchRequest{"c1"}).error().code, ErrorCode::kNotFound);
}

// --- the queue-wait clock (F22)

TEST_F(OperatorTest, ATaskThatNobodyTakesInTimeExpires) {
  config_.council.queue_wait_s = 1;
  Start();
  TestClient& client = AddClient();
  const TimePoint submitted = Now();
  Submit(client, CaseOf("c1"));
  PumpUntil("it is given up", [&] { return StateOf(Fetch(client, "c1")) == "expired"; });
  const auto took = std::chrono::duration_cast<milliseconds>(Now() - submitted).count();
  EXPECT_GE(took, 1000);
  EXPECT_LT(took, 2500) << "a second late at most, and some for a busy machine";
  EXPECT_EQ(Status(client).counters["expired"], 1);
  EXPECT_EQ(Tell({"XLEN", "consilium:{0}:events"}).integer, 1) << "the aggregator hears of it";
}

TEST_F(OperatorTest, TasksBehindOnesThatAreAtWorkersExpireToo) {
  config_.council.queue_wait_s = 1;
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("held"));
  PumpUntil("it is held", [&] { return worker.tasks.size() == 1; });
  Submit(client, CaseOf("waits"));
  PumpUntil("it is given up", [&] { return StateOf(Fetch(client, "waits")) == "expired"; });
  EXPECT_EQ(StateOf(Fetch(client, "held")), "leased") << "the clock is of the lane only";
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return worker.Disposition(worker.tasks[0]) == "stored"; });
}

// --- cancel

// The hint was lost: only the record and the stream of cancels say so.
TEST_F(OperatorTest, ACancelWhoseHintWasLostStopsTheCallWithinASecond) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("it is held", [&] { return worker.tasks.size() == 1; });
  PumpFor(milliseconds(1500));  // its first heartbeat has listed it: the next renewal is far
  Tell({"HSET", "consilium:{0}:case:c1", "state", "cancelled"});
  const TimePoint cancelled = Now();
  Tell({"XADD", "consilium:{0}:cancels", "*", "c", "c1"});
  PumpUntil("the call is stopped", [&] { return worker.cancels.size() == 1; });
  EXPECT_LT(Now() - cancelled, milliseconds(1000));
}

// --- drain

TEST_F(OperatorTest, ADrainWaitsForResultsAndCanBeUndone) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  Submit(client, CaseOf("c2"));
  PumpUntil("it is held", [&] { return worker.tasks.size() == 1; });
  const DrainRequest drain{60000, false};
  auto report = Ask<DrainReply>(client, drain);
  ASSERT_TRUE(report.ok()) << report.error().text;
  EXPECT_TRUE(report->draining);
  EXPECT_FALSE(report->drained);
  EXPECT_EQ(report->held, 1);
  EXPECT_EQ(Ask<SubmitReply>(client, SubmitRequest{CaseOf("c3")}).error().code,
            ErrorCode::kDraining);
  // Longer than the beats of a broker may be away: its leases are not taken for orphans.
  PumpFor(seconds(9));
  EXPECT_TRUE(Status(client).brokers.at(0).alive);
  EXPECT_FALSE(Status(client).brokers.at(0).accepting);
  EXPECT_EQ(Ask<DrainReply>(client, drain)->held, 1);
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("it is drained", [&] { return Ask<DrainReply>(client, drain)->drained; });
  EXPECT_EQ(Ask<DrainReply>(client, drain)->handed_over, 0);
  EXPECT_THAT(worker.tasks, SizeIs(1)) << "nothing new is handed out";
  EXPECT_EQ(Fetch(client, "c1").tasks.at(0).leases, 1);

  EXPECT_FALSE(Ask<DrainReply>(client, DrainRequest{std::nullopt, true})->draining);
  PumpUntil("it works again", [&] { return worker.tasks.size() == 2; });
  Submit(client, CaseOf("c3"));
}

// Whoever has other brokers gives them the room that this one does not use.
TEST_F(OperatorTest, WorkersAreToldOfADrainAtOnceAlsoWhenTheyHoldNothing) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  PumpFor(milliseconds(50));
  worker.silent = true;  // so that it is not told in a reply
  PumpUntil("it drains", [&] { return Ask<DrainReply>(client, DrainRequest{})->drained; });
  PumpUntil("the worker knows", [&] { return worker.draining; });
  EXPECT_TRUE(AddWorker("w2", "alpha", 1).draining) << "a welcome says so, too";
  EXPECT_FALSE(Ask<DrainReply>(client, DrainRequest{std::nullopt, true})->draining);
  PumpUntil("the worker knows", [&] { return !worker.draining; });
}

TEST_F(OperatorTest, WhatIsLeftAtTheLimitIsHandedOverUncounted) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w1", "alpha", 1);
  Submit(client, CaseOf("c1"));
  PumpUntil("it is held", [&] { return worker.tasks.size() == 1; });
  const DrainRequest drain{200, false};
  PumpUntil("it is drained", [&] { return Ask<DrainReply>(client, drain)->drained; });
  EXPECT_EQ(Ask<DrainReply>(client, drain)->handed_over, 1);
  // A worker without another broker says hello with what it holds, and the result is taken here.
  PumpUntil("the worker is back", [&] { return Ask<DrainReply>(client, drain)->held == 1; });
  worker.Finish(worker.tasks[0], Answered());
  PumpUntil("it is stored", [&] { return worker.Disposition(worker.tasks[0]) == "stored"; });
  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.tasks.at(0).leases, 1);
  EXPECT_EQ(view.tasks.at(0).crashes, 0);
  const StatusReply status = Status(client);
  EXPECT_EQ(status.counters.count("released"), 0u);
  EXPECT_EQ(status.counters.count("orphaned"), 0u);
}

}  // namespace
}  // namespace consilium
