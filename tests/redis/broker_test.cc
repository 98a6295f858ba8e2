// The broker as its clients see it, on a real redis-server.
#include "broker/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/redis/broker_rig.h"

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

using BrokerClientTest = BrokerRig;

TEST_F(BrokerClientTest, AnAcceptedCaseIsRecordedAndTheSecondTimeItIsTheFirst) {
  Start();
  TestClient& client = AddClient();
  const SubmitReply first = Submit(client, CaseOf("c1", {"bravo", "alpha"}));
  EXPECT_EQ(first.id, "c1");
  EXPECT_FALSE(first.duplicate);
  EXPECT_THAT(first.ensemble, ElementsAre("alpha", "bravo"));
  EXPECT_EQ(first.deadline_ms - first.accepted_ms, 600000);

  const SubmitReply second = Submit(client, CaseOf("c1", {"bravo", "alpha"}));
  EXPECT_TRUE(second.duplicate);
  EXPECT_EQ(second.accepted_ms, first.accepted_ms);
  EXPECT_EQ(second.ensemble, first.ensemble);

  const CaseView view = Fetch(client, "c1");
  EXPECT_EQ(view.state, CaseState::kAccepted);
  EXPECT_EQ(view.strategy, "named");
  EXPECT_THAT(view.tasks, SizeIs(2));
  EXPECT_EQ(view.tasks[0].state, "pending");
}

TEST_F(BrokerClientTest, OtherContentUnderTheSameIdIsAConflict) {
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  CaseRequest other = CaseOf("c1");
  other.vignette.text += " And a fever.";
  EXPECT_EQ(
      Ask<SubmitReply>(client, SubmitRequest{other}).error(),
      (Error{ErrorCode::kConflict,
             "case c1 was accepted before with other content; use another id, or send exactly "
             "the same content"}));
}

// A broker's view of a Redis whose settings change under it.
class DurabilityTest : public BrokerRig {
 protected:
  void Tell(std::vector<std::string> command) {
    RedisConnection other(redis_.address(), {});
    const auto done = other.Call(std::move(command), std::chrono::seconds(5));
    ASSERT_TRUE(done) << done.error().text;
  }
  std::string WhyNot(TestClient& client, const std::string& id) {
    const auto reply = Ask<SubmitReply>(client, SubmitRequest{CaseOf(id)});
    if (reply) return "";
    EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
    return reply.error().text;
  }
  void AwaitAccepting(TestClient& client, const std::string& id) {
    std::string why = "never asked";
    for (int i = 0; i < 100 && !why.empty(); ++i) {
      why = WhyNot(client, id);
      if (!why.empty()) PumpFor(milliseconds(100));
    }
    EXPECT_EQ(why, "");
  }
};

TEST_F(DurabilityTest, NothingIsAcceptedWhileRedisMayLoseItAndAcceptingGoesOnByItself) {
  Tell({"CONFIG", "SET", "appendfsync", "everysec"});
  Start();
  TestClient& client = AddClient();
  EXPECT_EQ(WhyNot(client, "c1"),
            "Redis may lose what it accepts: appendfsync = everysec (expected always); set it with "
            "CONFIG SET; the case was not accepted; send it again");
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok());
  EXPECT_FALSE(status->accepting);
  EXPECT_THAT(status->reason, StartsWith("Redis may lose what it accepts: appendfsync"));
  EXPECT_EQ(status->live, 0);
  Tell({"CONFIG", "SET", "appendfsync", "always"});
  AwaitAccepting(client, "c1");
}

TEST_F(DurabilityTest, SettingThatIsChangedLaterIsNoticed) {
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  Tell({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  std::string why;
  for (int i = 0; i < 100 && why.empty(); ++i) {
    PumpFor(milliseconds(100));
    why = WhyNot(client, "p" + std::to_string(i));
  }
  EXPECT_THAT(why, StartsWith("Redis may lose what it accepts: maxmemory-policy = allkeys-lru"));
  EXPECT_EQ(Fetch(client, "c1").state, CaseState::kAccepted) << "what was accepted goes on";
}

TEST_F(DurabilityTest, RedisThatDoesNotTellIsNotTrustedUnlessTheOperatorSaysSo) {
  Tell({"ACL", "SETUSER", "default", "-config"});
  Start();
  TestClient& client = AddClient();
  EXPECT_THAT(WhyNot(client, "c1"), StartsWith("Redis does not tell appendonly, appendfsync, "));
  Tell({"ACL", "SETUSER", "default", "+config"});
  AwaitAccepting(client, "c1");
}

TEST_F(DurabilityTest, RedisWhoseDefaultUserMayNotWriteForgetsAtARestart) {
  Tell({"ACL", "SETUSER", "default", "-@geo"});
  Start();
  TestClient& client = AddClient();
  EXPECT_THAT(WhyNot(client, "c1"),
              StartsWith("Redis may lose what it accepts: user default = ~* +@all -@geo "
                         "(expected ~* +@all); set it with ACL SETUSER"));
  Tell({"ACL", "SETUSER", "default", "+@all"});
  AwaitAccepting(client, "c1");
}

TEST_F(DurabilityTest, TrustedRedisIsAcceptedIntoWhateverItSays) {
  config_.redis.durability = "trusted";
  Tell({"CONFIG", "SET", "appendfsync", "everysec"});
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  EXPECT_TRUE(Ask<StatusReply>(client, StatusRequest{})->accepting);
}

TEST_F(BrokerClientTest, AFullQueueSaysWhenToTryAgain) {
  config_.broker.live_cases_max = 1;
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  EXPECT_EQ(Ask<SubmitReply>(client, SubmitRequest{CaseOf("c2")}).error(),
            (Error{ErrorCode::kQueueFull,
                   "the queue holds 1 live cases, its limit (broker.live_cases_max); try later"}));
  EXPECT_EQ(last_error_.retry_after_ms, 1000);
  EXPECT_TRUE(Submit(client, CaseOf("c1")).duplicate) << "what was accepted stays so";
}

TEST_F(BrokerClientTest, WhatIsNoRequestIsAnsweredAndCounted) {
  Start();
  TestClient& client = AddClient();
  client.Send(Frame{"order_pizza", "q1", Pack(StatusRequest{})});
  EXPECT_EQ(
      AnswerTo<SubmitReply>(client, "q1").error(),
      (Error{
          ErrorCode::kUnsupported,
          "type = \"order_pizza\", expected submit, cancel, fetch, list, outcome, watch, status, "
          "chemistry, ensembles, track_records, rebuild, import, history, dead_list, "
          "dead_requeue, dead_purge or drain"}));
  client.Send(Frame{"submit", "q2", "\xC1garbage"});
  EXPECT_EQ(AnswerTo<SubmitReply>(client, "q2").error().code, ErrorCode::kInvalid);
  client.Send(Frame{"fetch", "q3", ""});
  EXPECT_EQ(AnswerTo<CaseView>(client, "q3").error().code, ErrorCode::kInvalid);
  client.Send(Frame{"NOT A TYPE", "q4", ""});
  EXPECT_EQ(AnswerTo<CaseView>(client, "").error(),
            Invalid("message type \"NOT A TYPE\", expected 1..32 characters of a-z _"));
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok()) << status.error().text;
  EXPECT_EQ(status->counters.at("refused_messages"), 4);
}

TEST_F(BrokerClientTest, WhatOutcomesTaughtIsToldAsItWasPublished) {
  Start();
  TestClient& client = AddClient();
  const auto before = Ask<TrackRecords>(client, TrackRecordsRequest{});
  ASSERT_TRUE(before.ok()) << before.error().text;
  EXPECT_EQ(before->made_ms, 0);
  EXPECT_THAT(before->items, IsEmpty());

  TrackRecords records;
  records.made_ms = 1767225600000;
  TrackRecord record;
  record.kind = "medication";
  record.rules = "1";
  record.cases = 212;
  record.needed = 50;
  record.simulated = 3;
  record.votes = {{"alpha", "alpha-1", 2.5, 212}, {"bravo", "", 0.25, 40}};
  record.support = 1.5;
  record.calibration = "isotonic";
  record.knots = {{0.4, 0.3}, {0.9, 0.97}};
  record.risk_target = 0.05;
  record.risk_needed = 19;
  record.confidence_min = 0.87;
  record.answered = 130;
  record.wrong = 2;
  records.items = {record};
  RedisConnection other(redis_.address(), {});
  const auto set = [&](const std::string& text) {
    return other.Call({"SET", "consilium:{0}:track_records", text}, std::chrono::seconds(5));
  };
  ASSERT_TRUE(set(Pack(records)).ok());
  const auto after = Ask<TrackRecords>(client, TrackRecordsRequest{});
  ASSERT_TRUE(after.ok()) << after.error().text;
  EXPECT_EQ(ToJson(*after), ToJson(records));

  ASSERT_TRUE(set("garbage").ok());
  EXPECT_FALSE(Ask<TrackRecords>(client, TrackRecordsRequest{}).ok());
  EXPECT_TRUE(Ask<StatusReply>(client, StatusRequest{}).ok()) << "the broker lives";
}

TEST_F(BrokerClientTest, BadRequestsAreRefusedWithWhatIsAllowed) {
  Start();
  TestClient& client = AddClient();
  CaseRequest blank = CaseOf("c1");
  blank.vignette.text = " ";
  EXPECT_EQ(Ask<SubmitReply>(client, SubmitRequest{blank}).error(),
            Invalid("text: blank, expected a vignette"));
  EXPECT_EQ(Ask<CaseView>(client, FetchRequest{"c1"}).error(),
            (Error{ErrorCode::kNotFound, "no case c1"}));
  EXPECT_EQ(Ask<CancelReply>(client, CancelRequest{"c1"}).error(),
            (Error{ErrorCode::kNotFound, "no case c1"}));
  EXPECT_EQ(Ask<CaseView>(client, FetchRequest{"c 1"}).error(),
            Invalid("id = \"c 1\", expected 1..128 characters of A-Z a-z 0-9 . _ : -"));
  EXPECT_EQ(Ask<WatchReply>(client, WatchRequest{"", 60001, 1}).error(),
            Invalid("wait_ms = 60001, expected 0..60000"));
  EXPECT_EQ(Ask<WatchReply>(client, WatchRequest{"", 0, 257}).error(),
            Invalid("max = 257, expected 1..256"));
  EXPECT_EQ(Ask<WatchReply>(client, WatchRequest{"yesterday", 0, 1}).error().code,
            ErrorCode::kInvalid);
}

TEST_F(BrokerClientTest, CancelEndsACaseOnceAndAnswersTheSameAgain) {
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  const auto first = Ask<CancelReply>(client, CancelRequest{"c1"});
  ASSERT_TRUE(first.ok()) << first.error().text;
  EXPECT_TRUE(first->cancelled);
  const auto second = Ask<CancelReply>(client, CancelRequest{"c1"});
  ASSERT_TRUE(second.ok()) << second.error().text;
  EXPECT_TRUE(second->cancelled);
  EXPECT_EQ(second->state, CaseState::kCancelled);
}

TEST_F(BrokerClientTest, AWatchWaitsForTheNextRecommendation) {
  Start();
  TestClient& client = AddClient();
  TestClient& other = AddClient();
  Submit(client, CaseOf("c1"));
  Submit(client, CaseOf("c2"));
  const auto from_now = Ask<WatchReply>(client, WatchRequest{"$", 60000, 256});
  ASSERT_TRUE(from_now.ok()) << from_now.error().text;
  EXPECT_THAT(from_now->items, IsEmpty()) << "at once, to carry the cursor";

  const std::string mine = client.Send(WatchRequest{from_now->cursor, 60000, 256});
  const std::string same = other.Send(WatchRequest{from_now->cursor, 60000, 256});
  const std::string all = other.Send(WatchRequest{"", 60000, 256});
  PumpFor(milliseconds(600));  // longer than its polling
  EXPECT_EQ(client.Reply(mine), nullptr);
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c1"}).ok());
  std::string cursor;
  for (const auto& [asker, request] :
       {std::pair<TestClient*, std::string>{&client, mine}, {&other, same}, {&other, all}}) {
    const auto reply = AnswerTo<WatchReply>(*asker, request);
    ASSERT_TRUE(reply.ok()) << reply.error().text;
    ASSERT_THAT(reply->items, SizeIs(1));
    EXPECT_EQ(reply->items[0].case_id, "c1");
    EXPECT_FALSE(reply->gap);
    cursor = reply->cursor;
  }
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c2"}).ok());
  const auto next = Ask<WatchReply>(client, WatchRequest{cursor, 0, 256});
  ASSERT_TRUE(next.ok()) << next.error().text;
  ASSERT_THAT(next->items, SizeIs(1)) << "nothing is lost between two watches";
  EXPECT_EQ(next->items[0].case_id, "c2");
}

TEST_F(BrokerClientTest, AWatchThatSeesNothingEndsEmptyWithItsCursor) {
  Start();
  TestClient& client = AddClient();
  const TimePoint asked = Now();
  const auto reply = Ask<WatchReply>(client, WatchRequest{"0-0", 300, 10});
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_GE(Now() - asked, milliseconds(300));
  EXPECT_THAT(reply->items, IsEmpty());
  EXPECT_EQ(reply->cursor, "0-0");
}

TEST_F(BrokerClientTest, TooManyWatchesAreRefused) {
  Start();
  TestClient& client = AddClient();
  std::vector<std::string> parked;
  for (std::size_t i = 0; i < WatchDesk::kWatchesMax; ++i) {
    parked.push_back(client.Send(WatchRequest{"0-0", 60000, 10}));
    if (i % 128 == 0) Turn();
  }
  EXPECT_EQ(Ask<WatchReply>(client, WatchRequest{"0-0", 60000, 10}).error(),
            (Error{ErrorCode::kQueueFull, "1024 watches wait at this broker, its limit"}));
  Submit(client, CaseOf("c1"));
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c1"}).ok());
  PumpUntil("all watches are served", [&] {
    return std::all_of(parked.begin(), parked.end(),
                       [&](const std::string& r) { return client.Reply(r) != nullptr; });
  });
  for (const std::string& request : parked) EXPECT_EQ(client.Replies(request), 1U);
}

TEST_F(BrokerClientTest, StatusShowsLanesWorkersAndCounters) {
  Start();
  TestClient& client = AddClient();
  AddWorker("w1", "bravo", 3);
  Submit(client, CaseOf("c1"));
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok()) << status.error().text;
  EXPECT_TRUE(status->accepting);
  EXPECT_EQ(status->reason, "");
  EXPECT_EQ(status->live, 1);
  EXPECT_TRUE(status->balanced);
  EXPECT_EQ(status->counters.at("accepted"), 1);
  ASSERT_THAT(status->workers, SizeIs(1));
  EXPECT_EQ(status->workers[0].worker, "w1");
  EXPECT_EQ(status->workers[0].slots, 3);
  EXPECT_EQ(status->workers[0].broker, status->broker);
  const auto lane =
      std::find_if(status->lanes.begin(), status->lanes.end(),
                   [](const LaneStatus& l) { return l.model == "alpha" && l.stage == "generate"; });
  ASSERT_NE(lane, status->lanes.end());
  EXPECT_EQ(lane->waiting, 1);
}

TEST_F(BrokerClientTest, WithoutRedisNothingIsAcceptedAndTheReasonIsGiven) {
  Start();
  TestClient& client = AddClient();
  redis_.Kill();
  PumpUntil("the broker notices", [this] { return !broker_->ready(); });
  const auto refused = Ask<SubmitReply>(client, SubmitRequest{CaseOf("c1")});
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().text, StartsWith("Redis does not answer: redis: "));
  EXPECT_THAT(refused.error().text,
              testing::EndsWith("; the case was not accepted; send it again"));
  EXPECT_EQ(Ask<WatchReply>(client, WatchRequest{"$", 0, 1}).error().code, ErrorCode::kUnavailable);
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok()) << status.error().text;
  EXPECT_FALSE(status->accepting);
  EXPECT_THAT(status->reason, StartsWith("Redis does not answer: redis: "));

  redis_.Restart();
  PumpUntil("the broker is ready again", [this] { return broker_->ready(); });
  EXPECT_FALSE(Submit(client, CaseOf("c1")).duplicate);
}

TEST_F(BrokerClientTest, RequestsThatWaitForRedisAreBoundedAndAllAnswered) {
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  redis_.Pause();
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < ClientCalls::kRequestsMax; ++i) {
    requests.push_back(client.Send(FetchRequest{"c1"}));
    if (i % 128 == 0) Turn();
  }
  const auto refused = Ask<CaseView>(client, FetchRequest{"c1"});
  redis_.Resume();
  EXPECT_EQ(refused.error(), (Error{ErrorCode::kQueueFull,
                                    "4096 requests wait for Redis, the limit; send it again"}));
  EXPECT_EQ(last_error_.retry_after_ms, 200);
  PumpUntil("all are answered", [&] {
    return std::all_of(requests.begin(), requests.end(),
                       [&](const std::string& r) { return client.Reply(r) != nullptr; });
  });
  for (const std::string& request : requests) EXPECT_EQ(client.Reply(request)->type, "case");
}

TEST_F(BrokerClientTest, ADrainingBrokerRefusesCasesLetsWatchesGoAndEnds) {
  Start();
  TestClient& client = AddClient();
  const std::string watch = client.Send(WatchRequest{"0-0", 60000, 10});
  PumpFor(milliseconds(50));
  EXPECT_FALSE(broker_->drained());
  broker_->Stop();
  EXPECT_TRUE(AnswerTo<WatchReply>(client, watch).ok());
  EXPECT_EQ(Ask<SubmitReply>(client, SubmitRequest{CaseOf("c1")}).error(),
            (Error{ErrorCode::kDraining,
                   "this broker is draining; the case was not accepted; send it to another "
                   "broker"}));
  const auto status = Ask<StatusReply>(client, StatusRequest{});
  ASSERT_TRUE(status.ok()) << status.error().text;
  EXPECT_FALSE(status->accepting);
  EXPECT_EQ(status->reason, "this broker is draining");
  PumpUntil("it is drained", [this] { return broker_->drained(); });
}

}  // namespace
}  // namespace consilium
