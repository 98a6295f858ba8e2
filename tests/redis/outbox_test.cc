// Results on their way out, against a real redis-server: filled once, sent in order by one, set
// aside and put back.
#include "gateway/outbox.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/redis/door_rig.h"

namespace consilium {
namespace {

using Kind = FillReply::Kind;
using std::chrono::hours;

const std::string kBytes("MSH|\r\0\xff", 8);

class OutboxTest : public DoorRig {
 protected:
  static OutboxMessage MessageOf(const std::string& case_id, std::int64_t revision = 1) {
    return {case_id, revision, kBytes + case_id + std::to_string(revision)};
  }
  FillReply Fill(const std::string& from, const std::string& to,
                 const std::vector<OutboxMessage>& messages) {
    return Await<FillReply>([&](auto done) { outbox_.Fill(from, to, messages, hours(24), done); });
  }
  std::int64_t Hold(const std::string& gateway) {
    return Await<OutboxTurn>([&](auto done) { outbox_.Hold(gateway, done); }).token;
  }
  HeadReply Head(std::int64_t token) {
    return Await<HeadReply>([&](auto done) { outbox_.Head(token, done); });
  }
  // The entry at the head, which is of this case and revision.
  std::string HeadOf(std::int64_t token, const std::string& case_id, std::int64_t revision = 1) {
    const HeadReply reply = Head(token);
    EXPECT_TRUE(reply.holds && reply.head);
    if (!reply.head) return "";
    EXPECT_EQ(reply.head->message.case_id, case_id);
    EXPECT_EQ(reply.head->message.revision, revision);
    EXPECT_EQ(reply.head->message.bytes, MessageOf(case_id, revision).bytes);
    return reply.head->entry;
  }
  bool Sent(std::int64_t token, const std::string& entry) {
    return Await<bool>([&](auto done) { outbox_.Sent(token, entry, done); });
  }
  bool Retry(std::int64_t token, const std::string& entry, DeliveryTries tried,
             const std::string& why = "AE") {
    return Await<bool>([&](auto done) { outbox_.Retry(token, entry, tried, why, done); });
  }
  bool SetAside(std::int64_t token, const std::string& entry, const std::string& why = "AR") {
    return Await<bool>([&](auto done) { outbox_.SetAside(token, entry, {3, 2}, why, done); });
  }
  std::vector<AsideMessage> Aside(const std::string& after = "", std::int64_t count = 100) {
    return Await<std::vector<AsideMessage>>(
        [&](auto done) { outbox_.ListAside(after, count, done); });
  }
  std::string Requeue(const std::string& entry) {
    return Await<std::string>([&](auto done) { outbox_.Requeue(entry, done); });
  }
  OutboxBegin Begin(milliseconds up) {
    return Await<OutboxBegin>([&](auto done) { outbox_.Begin(up, done); });
  }
  OutboxStatus Describe() {
    return Await<OutboxStatus>([&](auto done) { outbox_.Describe(done); });
  }
  std::int64_t Counter(const std::string& name) {
    return Await<DoorsStatus>([&](auto done) { feed_.Describe(done); }).counters[name];
  }
  // Makes a former gateway look silent for longer than it may be.
  void Silence() {
    Tell({"HINCRBY", "consilium:{0}:door:outbox:state", "seen",
          std::to_string(-Outbox::kSilence.count())});
  }

  Outbox outbox_{connection_};
  FeedStore feed_{connection_};
};

TEST_F(OutboxTest, IsEmptyAndANewReceiverBeginsWithWhatIsDecidedFromTheStartOn) {
  const OutboxBegin begin = Begin(milliseconds(60000));
  EXPECT_EQ(begin.cursor, "");
  EXPECT_TRUE(begin.first);
  EXPECT_LE(begin.since_ms, Describe().now_ms - 60000);
  EXPECT_GT(begin.since_ms, Describe().now_ms - 120000);
  EXPECT_EQ(Describe().since_ms, begin.since_ms);
  const OutboxBegin other = Begin(milliseconds(5));
  EXPECT_FALSE(other.first);
  EXPECT_EQ(other.since_ms, begin.since_ms) << "one says it for all gateways";
  const std::int64_t token = Hold("g1");
  const HeadReply head = Head(token);
  EXPECT_TRUE(head.holds);
  EXPECT_FALSE(head.head.has_value());
  const OutboxStatus status = Describe();
  EXPECT_EQ(status.waiting, 0);
  EXPECT_EQ(status.oldest_ms, 0);
  EXPECT_EQ(status.sender, "g1");
}

TEST_F(OutboxTest, APieceOfTheFeedIsFilledOnceByHoweverManyGateways) {
  const FillReply filled = Fill("", "5-0", {MessageOf("a"), MessageOf("b")});
  EXPECT_EQ(filled.kind, Kind::kFilled);
  EXPECT_EQ(filled.cursor, "5-0");
  EXPECT_EQ(filled.added, 2);
  const FillReply again = Fill("", "5-0", {MessageOf("a"), MessageOf("b")});
  EXPECT_EQ(again.kind, Kind::kMoved);
  EXPECT_EQ(again.cursor, "5-0");
  // Another one that read further from the same place.
  EXPECT_EQ(Fill("", "9-0", {MessageOf("a"), MessageOf("b"), MessageOf("c")}).kind, Kind::kMoved);
  EXPECT_EQ(Fill("5-0", "9-0", {MessageOf("c")}).kind, Kind::kFilled);
  EXPECT_EQ(Fill("9-0", "10-0", {}).kind, Kind::kFilled) << "nothing in it was for the receiver";
  const OutboxBegin next = Begin(milliseconds(0));
  EXPECT_EQ(next.cursor, "10-0");
  EXPECT_EQ(next.since_ms, 0) << "whoever has a cursor leaves nothing out";
  EXPECT_EQ(Describe().waiting, 3);
}

TEST_F(OutboxTest, ARevisionThatWasAddedIsNotAddedAgainWhereverTheCursorStands) {
  EXPECT_EQ(Fill("", "1-0", {MessageOf("a", 1), MessageOf("a", 2)}).added, 2);
  Tell({"HDEL", "consilium:{0}:door:outbox:state", "cursor"});
  EXPECT_EQ(Fill("", "2-0", {MessageOf("a", 1), MessageOf("a", 2), MessageOf("a", 3)}).added, 1);
  const std::int64_t token = Hold("g1");
  for (std::int64_t revision = 1; revision <= 3; ++revision) {
    EXPECT_TRUE(Sent(token, HeadOf(token, "a", revision)));
  }
  EXPECT_EQ(Describe().waiting, 0);
}

TEST_F(OutboxTest, ACaseThatWasCancelledBeforeItSaidAnythingHasNoMessage) {
  EXPECT_EQ(Fill("", "1-0", {MessageOf("a", 0), MessageOf("b", 1)}).added, 1);
  const std::int64_t token = Hold("g1");
  HeadOf(token, "b");
}

TEST_F(OutboxTest, AFullOutboxLeavesTheFeedWhereItIs) {
  Outbox small(connection_, Outbox::kSilence, 2);
  const auto fill = [&](const std::string& from, const std::string& to, const std::string& id) {
    return Await<FillReply>(
        [&](auto done) { small.Fill(from, to, {MessageOf(id)}, hours(24), done); });
  };
  EXPECT_EQ(fill("", "1-0", "a").kind, Kind::kFilled);
  EXPECT_EQ(fill("1-0", "2-0", "b").kind, Kind::kFilled);
  EXPECT_EQ(fill("2-0", "3-0", "c").kind, Kind::kFull);
  EXPECT_EQ(Describe().cursor, "2-0");
  const std::int64_t token = Hold("g1");
  Sent(token, HeadOf(token, "a"));
  EXPECT_EQ(fill("2-0", "3-0", "c").kind, Kind::kFilled);
}

TEST_F(OutboxTest, MessagesLeaveInTheirOrderAndNothingPassesTheHead) {
  Fill("", "1-0", {MessageOf("a"), MessageOf("b"), MessageOf("c")});
  const std::int64_t token = Hold("g1");
  const std::string a = HeadOf(token, "a");
  EXPECT_EQ(HeadOf(token, "a"), a) << "looking is not taking";
  EXPECT_TRUE(Sent(token, a));
  EXPECT_TRUE(Sent(token, a)) << "sent twice, done once";
  const std::string b = HeadOf(token, "b");
  EXPECT_TRUE(Retry(token, b, {1, 0}, "timeout"));
  EXPECT_EQ(HeadOf(token, "b"), b);
  EXPECT_TRUE(SetAside(token, b));
  EXPECT_TRUE(SetAside(token, b));
  EXPECT_TRUE(Sent(token, HeadOf(token, "c")));
  EXPECT_FALSE(Head(token).head.has_value());
  EXPECT_EQ(Aside().size(), 1u);
  EXPECT_EQ(Counter("outbox:sent"), 2);
  EXPECT_EQ(Counter("outbox:aside"), 1);
  EXPECT_GT(Describe().sent_ms, 1600000000000);
}

TEST_F(OutboxTest, TriesAreCountedOnceAndStayWithTheirMessage) {
  Fill("", "1-0", {MessageOf("a"), MessageOf("b")});
  const std::int64_t token = Hold("g1");
  const std::string a = HeadOf(token, "a");
  EXPECT_TRUE(Retry(token, a, {1, 1}, "AE"));
  EXPECT_TRUE(Retry(token, a, {1, 1}, "AE"));
  EXPECT_TRUE(Retry(token, a, {2, 1}, "no answer in 30 s"));
  EXPECT_EQ(Head(token).head->tried, (DeliveryTries{2, 1}));
  EXPECT_EQ(Describe().tried, (DeliveryTries{2, 1}));
  EXPECT_EQ(Describe().why, "no answer in 30 s");
  EXPECT_EQ(Counter("outbox:retried"), 2);
  // Whoever sends next goes on counting.
  Silence();
  const std::int64_t next = Hold("g2");
  EXPECT_EQ(Head(next).head->tried, (DeliveryTries{2, 1}));
  EXPECT_TRUE(Sent(next, a));
  EXPECT_EQ(Head(next).head->tried, DeliveryTries{});
  EXPECT_EQ(Describe().why, "");
  EXPECT_TRUE(Retry(next, a, {5, 5})) << "of a message that has left";
  EXPECT_EQ(Head(next).head->tried, DeliveryTries{});
}

TEST_F(OutboxTest, OneSendsAndASilentOneIsTakenOverFrom) {
  Fill("", "1-0", {MessageOf("a"), MessageOf("b")});
  const std::int64_t first = Hold("g1");
  EXPECT_GT(first, 0);
  EXPECT_EQ(Hold("g1"), first) << "renewed";
  const auto waits = Await<OutboxTurn>([&](auto done) { outbox_.Hold("g2", done); });
  EXPECT_EQ(waits.token, 0);
  EXPECT_GT(waits.again_in, Outbox::kSilence - std::chrono::seconds(10));
  EXPECT_LE(waits.again_in, Outbox::kSilence);
  const std::string a = HeadOf(first, "a");
  Silence();
  const std::int64_t second = Hold("g2");
  EXPECT_GT(second, first);
  EXPECT_EQ(Hold("g1"), 0);

  EXPECT_FALSE(Head(first).holds);
  EXPECT_FALSE(Retry(first, a, {7, 7}));
  EXPECT_FALSE(SetAside(first, a));
  EXPECT_EQ(HeadOf(second, "a"), a) << "what a former sender says about failures changes nothing";
  EXPECT_EQ(Describe().tried, DeliveryTries{});
  EXPECT_FALSE(Sent(first, a)) << "but what the receiver took is done";
  HeadOf(second, "b");
}

TEST_F(OutboxTest, ASenderThatStopsLetsTheNextBeginAtOnce) {
  const std::int64_t first = Hold("g1");
  const auto release = [&](std::int64_t token) {
    return Await<bool>([&](auto done) { outbox_.Release(token, done); });
  };
  EXPECT_TRUE(release(first));
  EXPECT_FALSE(Head(first).holds);
  const std::int64_t second = Hold("g2");
  EXPECT_GT(second, first);
  EXPECT_FALSE(release(first)) << "it is no longer its own";
  EXPECT_TRUE(Head(second).holds);
  EXPECT_TRUE(release(second));
  EXPECT_GT(Hold("g2"), second) << "a new turn is a new token";
}

TEST_F(OutboxTest, WhatIsSetAsideIsListedAndPutBackOnce) {
  Fill("", "1-0", {MessageOf("a"), MessageOf("b"), MessageOf("c")});
  const std::int64_t token = Hold("g1");
  SetAside(token, HeadOf(token, "a"), "AR, ERR-3 207");
  SetAside(token, HeadOf(token, "b"), "AE 5 times");
  const auto aside = Aside();
  ASSERT_EQ(aside.size(), 2u);
  EXPECT_EQ(aside[0].message.case_id, "a");
  EXPECT_EQ(aside[0].message.revision, 1);
  EXPECT_EQ(aside[0].message.bytes, MessageOf("a").bytes);
  EXPECT_EQ(aside[0].why, "AR, ERR-3 207");
  EXPECT_EQ(aside[0].tries, 3);
  EXPECT_GT(aside[0].aside_ms, 1600000000000);
  EXPECT_EQ(aside[1].why, "AE 5 times");
  EXPECT_EQ(Aside("", 1).size(), 1u);
  EXPECT_EQ(Aside(aside[0].entry).at(0).message.case_id, "b");
  EXPECT_EQ(Describe().aside, 2);
  EXPECT_EQ(Describe().oldest_aside_ms, aside[0].aside_ms);

  EXPECT_EQ(Requeue(aside[0].entry), "requeued");
  EXPECT_EQ(Requeue(aside[0].entry), "before");
  EXPECT_EQ(Requeue("1-0"), "unknown");
  Sent(token, HeadOf(token, "c"));
  Sent(token, HeadOf(token, "a"));
  const auto purge = [&](const std::string& entry) {
    return Await<bool>([&](auto done) { outbox_.Purge(entry, done); });
  };
  EXPECT_TRUE(purge(aside[1].entry));
  EXPECT_FALSE(purge(aside[1].entry));
  EXPECT_EQ(Requeue(aside[1].entry), "unknown");
  EXPECT_TRUE(Aside().empty());
  for (const std::string& wrong : {std::string("*"), std::string("-"), std::string("a b")}) {
    const auto refused = Ask<std::string>([&](auto done) { outbox_.Requeue(wrong, done); });
    EXPECT_EQ(refused.error(),
              Invalid("entry = \"" + wrong + "\", expected one of an earlier reply"));
  }
}

TEST_F(OutboxTest, AnOlderRevisionIsNeverPutBehindANewerOne) {
  Fill("", "1-0", {MessageOf("a", 1)});
  const std::int64_t token = Hold("g1");
  SetAside(token, HeadOf(token, "a", 1));
  Fill("1-0", "2-0", {MessageOf("a", 2)});
  const std::string old = Aside().at(0).entry;
  EXPECT_EQ(Requeue(old), "superseded") << "the newer one waits";
  Sent(token, HeadOf(token, "a", 2));
  EXPECT_EQ(Requeue(old), "superseded") << "the newer one was delivered";
  EXPECT_EQ(Aside().size(), 1u);
  EXPECT_EQ(Describe().waiting, 0);
}

TEST_F(OutboxTest, AMessageIsThereUntilItIsSentWhateverDies) {
  std::vector<OutboxMessage> messages;
  for (int i = 0; i < 20; ++i) messages.push_back(MessageOf("c" + std::to_string(i)));
  Fill("", "1-0", messages);
  const std::int64_t token = Hold("g1");
  Retry(token, HeadOf(token, "c0"), {1, 1});
  KillRedis();
  EXPECT_EQ(Fill("", "1-0", messages).kind, Kind::kMoved);
  EXPECT_EQ(Hold("g1"), token);
  EXPECT_EQ(Head(token).head->tried, (DeliveryTries{1, 1}));
  for (int i = 0; i < 20; ++i) Sent(token, HeadOf(token, "c" + std::to_string(i)));
  EXPECT_EQ(Describe().waiting, 0);
}

TEST_F(OutboxTest, OnlyWhatMustStayHasNoExpiry) {
  Fill("", "1-0", {MessageOf("a"), MessageOf("b")});
  const std::int64_t token = Hold("g1");
  SetAside(token, HeadOf(token, "a"));
  Requeue(Aside().at(0).entry);
  SetAside(token, HeadOf(token, "b"));
  const std::string p = "consilium:{0}:door:";
  EXPECT_EQ(KeysWithoutExpiry(), (std::vector<std::string>{p + "aside", p + "counters",
                                                           p + "outbox", p + "outbox:state"}));
  for (const RedisReply& key : Tell({"KEYS", "*"}).items) {
    EXPECT_TRUE(key.text.starts_with(p)) << key.text;
  }
}

TEST_F(OutboxTest, ARedisShortOfMemoryIsFilledNoFurtherAndSendsOn) {
  Fill("", "1-0", {MessageOf("a"), MessageOf("b"), MessageOf("c")});
  Tell({"CONFIG", "SET", "maxmemory", "1"});
  const auto full = Ask<FillReply>(
      [&](auto done) { outbox_.Fill("1-0", "2-0", {MessageOf("d")}, hours(24), done); });
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, ErrorCode::kQueueFull);
  const std::int64_t token = Hold("g1");
  EXPECT_TRUE(Sent(token, HeadOf(token, "a")));
  EXPECT_TRUE(Retry(token, HeadOf(token, "b"), {1, 1}));
  EXPECT_TRUE(SetAside(token, HeadOf(token, "b")));
  const std::string aside = Aside().at(0).entry;
  const auto refused = Ask<std::string>([&](auto done) { outbox_.Requeue(aside, done); });
  EXPECT_EQ(refused.error().code, ErrorCode::kQueueFull);
  Tell({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(Describe().cursor, "1-0");
  EXPECT_EQ(Describe().waiting, 1);
  EXPECT_EQ(Requeue(aside), "requeued");
}

TEST_F(OutboxTest, AStateThatSomebodyDeletedStartsAgainWithoutSendingTwice) {
  Fill("", "1-0", {MessageOf("a"), MessageOf("b")});
  const std::int64_t token = Hold("g1");
  Sent(token, HeadOf(token, "a"));
  Tell({"DEL", "consilium:{0}:door:outbox:state"});
  EXPECT_FALSE(Head(token).holds);
  EXPECT_EQ(Fill("", "1-0", {MessageOf("a"), MessageOf("b")}).added, 0);
  const std::int64_t next = Hold("g1");
  EXPECT_GT(next, token);
  HeadOf(next, "b");
}

}  // namespace
}  // namespace consilium
