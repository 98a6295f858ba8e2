// What the doors keep, against a real redis-server: each step, twice, at once with another, and
// across a crash.
#include "gateway/feed_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "shared/store.h"
#include "tests/redis/door_rig.h"

namespace consilium {
namespace {

using std::chrono::hours;
using Kind = AdmitReply::Kind;

const std::string kBytes("sealed\0bytes\r\n\xff", 15);

class FeedStoreTest : public DoorRig {
 protected:
  static Admission AdmissionOf(const std::string& message) {
    Admission admission;
    admission.door = "hl7";
    admission.message = message;
    admission.plan = "plan of " + message;
    admission.remember_ms = 100000;
    admission.context_ms = 200000;
    admission.retention_ms = 300000;
    return admission;
  }
  static Admission Stating(const std::string& message, const std::string& patient,
                           std::int64_t from, const std::string& context) {
    Admission admission = AdmissionOf(message);
    admission.patients.push_back({patient, from, context});
    return admission;
  }
  AdmitReply Admit(const Admission& admission) {
    return Await<AdmitReply>([&](auto done) { store_.Admit(admission, done); });
  }
  FeedView Look(const std::string& message, std::vector<std::string> patients = {},
                std::vector<std::string> documents = {}) {
    return Await<FeedView>([&](auto done) {
      store_.Look({message, "", "", std::move(patients), std::move(documents)}, done);
    });
  }
  void Finish(const std::string& message) {
    Await<Nothing>([&](auto done) { store_.Finish(message, done); });
  }
  std::vector<std::string> TakeOpen(milliseconds idle, std::int64_t count = 10) {
    std::vector<std::string> names;
    for (const OpenPlan& open : Await<std::vector<OpenPlan>>(
             [&](auto done) { store_.TakeOpenPlans(idle, count, done); })) {
      EXPECT_EQ(open.plan, "plan of " + open.message);
      EXPECT_GT(open.admitted_ms, 1600000000000);
      names.push_back(open.message);
    }
    return names;
  }
  DoorsStatus Describe() {
    return Await<DoorsStatus>([&](auto done) { store_.Describe(done); });
  }
  std::vector<std::optional<std::string>> Origins(const std::vector<std::string>& ids) {
    return Await<std::vector<std::optional<std::string>>>(
        [&](auto done) { store_.OriginsOf(ids, done); });
  }

  FeedStore store_{connection_};
};

TEST_F(FeedStoreTest, NothingIsKnownOfWhatWasNeverAdmitted) {
  const FeedView view = Look("m", {"p", "q"}, {"d"});
  EXPECT_GT(view.now_ms, 1600000000000);
  EXPECT_FALSE(view.plan.has_value());
  EXPECT_FALSE(view.id_reused);
  ASSERT_EQ(view.patients.size(), 2u);
  EXPECT_EQ(view.patients[1].version, 0);
  EXPECT_FALSE(view.patients[1].bytes.has_value());
  ASSERT_EQ(view.documents.size(), 1u);
  EXPECT_EQ(view.documents[0].version, 0);
  EXPECT_FALSE(view.documents[0].bytes.has_value());
  EXPECT_EQ(Tell({"DBSIZE"}).integer, 0) << "looking leaves nothing";
}

TEST_F(FeedStoreTest, WhatIsAdmittedIsFoundByteForByte) {
  Admission admission = AdmissionOf("m");
  admission.plan = kBytes;
  admission.patients = {{"p", 0, kBytes + "p"}, {"q", 0, std::nullopt}, {"r", 0, kBytes + "r"}};
  // Of the name of a patient, and another thing.
  admission.documents = {{"p", 0, kBytes + "d"}, {"e", 0, std::nullopt}, {"f", 0, ""}};
  admission.cases = {{"case-1", kBytes + "1"}, {"case-2", kBytes + "2"}};
  const AdmitReply admitted = Admit(admission);
  EXPECT_EQ(admitted.kind, Kind::kAdmitted);
  EXPECT_GT(admitted.now_ms, 1600000000000);

  const FeedView view = Look("m", {"p", "q", "r"}, {"f", "e", "p"});
  EXPECT_EQ(view.plan, kBytes);
  EXPECT_EQ(view.patients.at(0).bytes, kBytes + "p");
  EXPECT_GT(view.patients.at(0).version, 0);
  EXPECT_EQ(view.patients.at(1).version, 0) << "the plan only rests on it";
  EXPECT_EQ(view.patients.at(2).bytes, kBytes + "r");
  EXPECT_EQ(view.documents.at(0).bytes, "");
  EXPECT_GT(view.documents.at(0).version, 0);
  EXPECT_EQ(view.documents.at(1).version, 0);
  EXPECT_EQ(view.documents.at(2).bytes, kBytes + "d");
  EXPECT_EQ(Origins({"case-2", "never", "case-1"}),
            (std::vector<std::optional<std::string>>{kBytes + "2", std::nullopt, kBytes + "1"}));
  EXPECT_TRUE(Origins({}).empty());
}

TEST_F(FeedStoreTest, AMessageAdmittedAgainFindsItsPlanAndChangesNothing) {
  Admission admission = Stating("m", "p", 0, "first");
  admission.documents = {{"d", 0, "case-1"}};
  admission.cases = {{"case-1", "origin"}};
  EXPECT_EQ(Admit(admission).kind, Kind::kAdmitted);
  const FeedView before = Look("m", {"p"}, {"d"});
  // As sent twice, and as another plan of the same message.
  EXPECT_EQ(Admit(admission).kind, Kind::kSeen);
  Admission other = Stating("m", "p", before.patients[0].version, "second");
  other.plan = "another";
  other.documents = {{"d", before.documents[0].version, "case-2"}};
  other.forget = {"q"};
  const AdmitReply seen = Admit(other);
  EXPECT_EQ(seen.kind, Kind::kSeen);
  EXPECT_EQ(seen.plan, "plan of m");
  EXPECT_GT(seen.now_ms, 1600000000000);
  const FeedView view = Look("m", {"p"}, {"d"});
  EXPECT_EQ(view.patients[0].bytes, "first");
  EXPECT_EQ(view.patients[0].version, before.patients[0].version);
  EXPECT_EQ(view.documents[0].bytes, "case-1");
  EXPECT_EQ(Describe().counters,
            (std::map<std::string, std::int64_t>{{"hl7:admitted", 1}, {"hl7:seen", 2}}));
  EXPECT_EQ(Describe().open, 1);
}

TEST_F(FeedStoreTest, AnIdThatComesWithOtherBytesIsKnown) {
  const auto reused = [&](const std::string& message, const std::string& id) {
    return Await<FeedView>([&](auto done) {
             store_.Look({message, id, "", {}, {}}, done);
           })
        .id_reused;
  };
  Admission admission = AdmissionOf("m");
  Admit(admission);
  EXPECT_FALSE(reused("m", "")) << "it has no id";
  EXPECT_FALSE(reused("n", ""));
  admission = AdmissionOf("n");
  admission.message_id = "id";
  Admit(admission);
  EXPECT_FALSE(reused("n", "id")) << "its own";
  EXPECT_FALSE(reused("o", "other id"));
  EXPECT_TRUE(reused("o", "id"));
}

TEST_F(FeedStoreTest, OfTwoAdmissionsAtOnceOnOneContextOneWinsAndTheOtherLooksAgain) {
  PumpUntil([&] { return connection_.up(); });
  EXPECT_EQ(Admit(Stating("m0", "p", 0, "0")).kind, Kind::kAdmitted);
  const std::int64_t version = Look("", {"p"}).patients[0].version;
  // On connections of their own, as two gateways.
  RedisConnection other(redis_.address(), FeedStore::Scripts());
  FeedStore second(other);
  const auto turn = [&] {
    other.Tick(Now());
    pollfd polled{other.fd(), other.events(), 0};
    poll(&polled, 1, 1);
    if (polled.revents != 0) other.OnReady(polled.revents);
  };
  PumpUntil([&] {
    turn();
    return other.up();
  });
  std::vector<AdmitReply> replies;
  const auto keep = [&](Result<AdmitReply> reply) {
    ASSERT_TRUE(reply.ok()) << reply.error().text;
    replies.push_back(*reply);
  };
  store_.Admit(Stating("m1", "p", version, "1"), keep);
  second.Admit(Stating("m2", "p", version, "2"), keep);
  PumpUntil([&] {
    turn();
    return replies.size() == 2;
  });
  std::vector<Kind> kinds = {replies.at(0).kind, replies.at(1).kind};
  EXPECT_TRUE(std::is_permutation(kinds.begin(), kinds.end(),
                                  std::vector{Kind::kAdmitted, Kind::kMoved}.begin()));
  const FeedView after = Look("m1", {"p"});
  const std::string loser = after.plan ? "m2" : "m1";
  EXPECT_EQ(after.patients[0].bytes, after.plan ? "1" : "2");
  EXPECT_GT(after.patients[0].version, version);
  EXPECT_FALSE(Look(loser).plan.has_value());
  EXPECT_EQ(Admit(Stating(loser, "p", after.patients[0].version, "both")).kind, Kind::kAdmitted);
  EXPECT_EQ(Look("", {"p"}).patients[0].bytes, "both");
}

TEST_F(FeedStoreTest, WhatAPlanOnlyRestsOnMustStillBeWhatWasRead) {
  EXPECT_EQ(Admit(Stating("m1", "p", 0, "1")).kind, Kind::kAdmitted);
  Admission rests = AdmissionOf("m2");
  rests.patients = {{"p", 0, std::nullopt}};
  EXPECT_EQ(Admit(rests).kind, Kind::kMoved);
  rests.patients = {{"p", Look("", {"p"}).patients[0].version, std::nullopt}};
  rests.documents = {{"d", 5, std::nullopt}};
  EXPECT_EQ(Admit(rests).kind, Kind::kMoved) << "nothing is known of the document";
  rests.documents = {{"d", 0, "case-2"}};
  EXPECT_EQ(Admit(rests).kind, Kind::kAdmitted);
  // Two replacements of one document: the second must withdraw the case of the first.
  Admission late = AdmissionOf("m3");
  late.documents = {{"d", 0, "case-3"}};
  EXPECT_EQ(Admit(late).kind, Kind::kMoved);
  EXPECT_EQ(Look("", {}, {"d"}).documents[0].bytes, "case-2");
  EXPECT_EQ(Look("", {"p"}).patients[0].bytes, "1");
}

TEST_F(FeedStoreTest, AMovedAdmissionWritesNothing) {
  Admission moved = Stating("m", "p", 7, "1");
  moved.message_id = "id";
  moved.patients.insert(moved.patients.begin(), {"q", 0, "q"});
  moved.documents = {{"d", 0, "case-1"}};
  moved.cases = {{"case-1", "origin"}};
  moved.forget = {"r"};
  EXPECT_EQ(Admit(moved).kind, Kind::kMoved);
  EXPECT_EQ(Tell({"DBSIZE"}).integer, 0);
}

TEST_F(FeedStoreTest, AForgottenContextNeverComesBackUnderItsVersion) {
  EXPECT_EQ(Admit(Stating("m1", "p", 0, "1")).kind, Kind::kAdmitted);
  const std::int64_t version = Look("", {"p"}).patients[0].version;
  Admission merge = AdmissionOf("m2");
  merge.forget = {"p", "never known"};
  EXPECT_EQ(Admit(merge).kind, Kind::kAdmitted);
  EXPECT_EQ(Look("", {"p"}).patients[0].version, 0);
  EXPECT_EQ(Admit(Stating("m3", "p", version, "stale")).kind, Kind::kMoved);
  EXPECT_EQ(Admit(Stating("m4", "p", 0, "new")).kind, Kind::kAdmitted);
  EXPECT_GT(Look("", {"p"}).patients[0].version, version);
  EXPECT_EQ(Admit(Stating("m5", "p", version, "stale")).kind, Kind::kMoved);
}

TEST_F(FeedStoreTest, EverythingButTheCountersExpires) {
  Admission admission = Stating("m", "p", 0, "1");
  admission.message_id = "id";
  admission.documents = {{"d", 0, "case-1"}};
  admission.cases = {{"case-1", "origin"}};
  admission.withdrawn = {{"case-0", "replaced by case-1"}};
  Admit(admission);
  const std::string uuid = "0e7a1f6c-94d8-4c62-8d3e-2f6f5b0a9c11";
  Await<Nothing>([&](auto done) { store_.PutCard(uuid, "card", hours(24), done); });
  Await<bool>([&](auto done) { store_.UseToken("t", "a", hours(1), done); });
  EXPECT_EQ(KeysWithoutExpiry(), std::vector<std::string>{"consilium:{0}:door:counters"});
  const auto left = [&](const std::string& key) {
    return Tell({"PTTL", "consilium:{0}:door:" + key}).integer;
  };
  const auto near = [](std::int64_t ms, std::int64_t whole) {
    return ms <= whole && ms > whole - 20000;
  };
  EXPECT_TRUE(near(left("message:m"), 100000));
  EXPECT_TRUE(near(left("id:id"), 100000));
  EXPECT_TRUE(near(left("open"), 100000));
  EXPECT_TRUE(near(left("open:due"), 100000));
  EXPECT_TRUE(near(left("patient:p"), 200000));
  EXPECT_TRUE(near(left("document:d"), 300000));
  EXPECT_TRUE(near(left("case:case-1"), 300000));
  EXPECT_TRUE(near(left("withdrawn:case-0"), 300000));
  EXPECT_TRUE(near(left("card:" + uuid), 86400000));
  EXPECT_TRUE(near(left("jti:t"), 3600000));
  // A plan that is remembered for less does not shorten what holds the others.
  Admission brief = AdmissionOf("n");
  brief.remember_ms = 1;
  Admit(brief);
  EXPECT_TRUE(near(left("open"), 100000));
}

TEST_F(FeedStoreTest, AllKeysAreOfShardZeroHoweverManyThereAre) {
  for (std::size_t shard = 0; shard < 3; ++shard) {
    Admission admission = Stating("m" + std::to_string(shard), "p" + std::to_string(shard), 0, "1");
    for (int i = 0; i < 8; ++i) {
      const std::string id = "case-" + std::to_string(shard) + "-" + std::to_string(i);
      admission.documents.push_back({"d" + id, 0, id});
      admission.cases.push_back({id, "origin"});
    }
    EXPECT_EQ(Admit(admission).kind, Kind::kAdmitted);
  }
  const auto keys = Tell({"KEYS", "*"}).items;
  EXPECT_EQ(keys.size(), 3u + 3u + 24u + 24u + 3u);
  for (const RedisReply& key : keys) {
    EXPECT_TRUE(key.text.starts_with("consilium:{0}:door:")) << key.text;
  }
}

TEST_F(FeedStoreTest, WhatWasAdmittedSurvivesKillMinusNineOfRedis) {
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(Admit(Stating("m" + n, "p" + n, 0, "context " + n)).kind, Kind::kAdmitted);
  }
  KillRedis();
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    const FeedView view = Look("m" + n, {"p" + n});
    EXPECT_EQ(view.plan, "plan of m" + n);
    EXPECT_EQ(view.patients[0].bytes, "context " + n);
    EXPECT_EQ(Admit(Stating("m" + n, "p" + n, 0, "again")).kind, Kind::kSeen);
  }
  EXPECT_EQ(Describe().open, 20);
}

TEST_F(FeedStoreTest, APlanIsOpenUntilItIsFinished) {
  for (const char* message : {"m1", "m2", "m3"}) Admit(AdmissionOf(message));
  DoorsStatus status = Describe();
  EXPECT_EQ(status.open, 3);
  EXPECT_LE(status.oldest_ms, status.now_ms);
  EXPECT_GT(status.oldest_ms, status.now_ms - 20000);
  EXPECT_TRUE(TakeOpen(hours(1)).empty()) << "whoever admitted them is still at it";
  Finish("m2");
  Finish("m2");
  Finish("never admitted");
  EXPECT_EQ(TakeOpen(milliseconds(0)), (std::vector<std::string>{"m1", "m3"}));
  EXPECT_EQ(Describe().open, 2);
  Finish("m1");
  Finish("m3");
  EXPECT_EQ(Describe().open, 0);
  EXPECT_EQ(Describe().oldest_ms, 0);
}

TEST_F(FeedStoreTest, APlanThatIsTakenUpGoesBehindTheOthers) {
  for (const char* message : {"m1", "m2", "m3"}) Admit(AdmissionOf(message));
  const DoorsStatus before = Describe();
  PumpUntil([&] { return Look("").now_ms > before.now_ms; });
  EXPECT_EQ(TakeOpen(milliseconds(0), 2).size(), 2u);
  EXPECT_TRUE(TakeOpen(hours(1)).empty()) << "taken up a moment ago, or admitted";
  EXPECT_EQ(TakeOpen(milliseconds(0), 1), std::vector<std::string>{"m3"});
  EXPECT_EQ(Describe().open, 3) << "taking up is not finishing";
  EXPECT_EQ(Describe().oldest_ms, before.oldest_ms)
      << "it is as old as it is, however often taken up";
}

TEST_F(FeedStoreTest, APlanThatIsNoLongerRememberedIsNotOpen) {
  Admission brief = AdmissionOf("brief");
  brief.remember_ms = 30;
  Admit(brief);
  Admit(AdmissionOf("m"));
  AwaitGone("consilium:{0}:door:message:brief");
  EXPECT_EQ(Describe().open, 2) << "until somebody looks";
  EXPECT_EQ(TakeOpen(milliseconds(0)), std::vector<std::string>{"m"});
  EXPECT_EQ(Describe().open, 1);
  // Or by the next messages, where nobody takes plans up.
  brief.message = "brief too";
  Admit(brief);
  AwaitGone("consilium:{0}:door:message:brief too");
  Finish("m");
  Admit(AdmissionOf("m"));
  Admit(AdmissionOf("n"));
  EXPECT_EQ(Describe().open, 1);
  Finish("n");
  Tell({"ZADD", "consilium:{0}:door:open", "1", "m"});
  Tell({"ZADD", "consilium:{0}:door:open:due", "1", "m"});
  // Half of a lost Finish().
  Tell({"ZREM", "consilium:{0}:door:open", "m"});
  EXPECT_TRUE(TakeOpen(milliseconds(0)).empty());
  EXPECT_EQ(Tell({"EXISTS", "consilium:{0}:door:open:due"}).integer, 0);
}

TEST_F(FeedStoreTest, ARedisShortOfMemoryRefusesWhatIsNewAndAnswersWhatIsKnown) {
  Admit(Stating("m1", "p", 0, "1"));
  Tell({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused =
      Ask<AdmitReply>([&](auto done) { store_.Admit(Stating("m2", "q", 0, "2"), done); });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error(),
            (Error{ErrorCode::kQueueFull, "Redis has no memory left (maxmemory); try later"}));
  EXPECT_EQ(Admit(Stating("m1", "p", 0, "1")).kind, Kind::kSeen);
  EXPECT_EQ(TakeOpen(milliseconds(0)), std::vector<std::string>{"m1"});
  Finish("m1");
  const auto token = Ask<bool>([&](auto done) { store_.UseToken("t", "a", hours(1), done); });
  EXPECT_EQ(token.error().code, ErrorCode::kQueueFull);
  const auto card = Ask<Nothing>([&](auto done) {
    store_.PutCard("0e7a1f6c-94d8-4c62-8d3e-2f6f5b0a9c11", "card", hours(1), done);
  });
  EXPECT_EQ(card.error().code, ErrorCode::kQueueFull);
  Tell({"CONFIG", "SET", "maxmemory", "0"});
  const FeedView view = Look("m2", {"q"});
  EXPECT_FALSE(view.plan.has_value()) << "nothing of it was written";
  EXPECT_EQ(view.patients[0].version, 0);
  EXPECT_EQ(Describe().open, 0);
}

TEST_F(FeedStoreTest, AWithdrawnCaseIsMarkedWithThePlanThatWithdrawsItOrNotAtAll) {
  const auto reason = [&](const std::string& case_id) {
    return Await<std::optional<std::string>>(
        [&](auto done) { store_.WithdrawnFor(case_id, done); });
  };
  Admission admission = Stating("m", "p", 0, "1");
  admission.cases = {{"case-2", "origin"}};
  admission.withdrawn = {{"case-0", "retracted"}, {"case-1", "replaced by case-2"}};
  EXPECT_EQ(Admit(admission).kind, Kind::kAdmitted);
  EXPECT_EQ(reason("case-0"), "retracted");
  EXPECT_EQ(reason("case-1"), "replaced by case-2");
  EXPECT_EQ(reason("case-2"), std::nullopt);
  const auto withdrawn = [&](const char* case_id) {
    return Await<FeedView>([&](auto done) {
             store_.Look({"x", "", case_id, {}, {}}, done);
           })
        .case_withdrawn;
  };
  EXPECT_TRUE(withdrawn("case-1"));
  EXPECT_FALSE(withdrawn("case-2"));
  EXPECT_EQ(Origins({"case-2"}).front(), "origin");
  Admission late = Stating("n", "p", 0, "2");  // of a context that has moved
  late.withdrawn = {{"case-3", "retracted"}};
  EXPECT_EQ(Admit(late).kind, Kind::kMoved);
  EXPECT_EQ(reason("case-3"), std::nullopt);
}

TEST_F(FeedStoreTest, ACardIsFoundByItsUuidUntilItExpires) {
  const std::string uuid = "0E7A1F6C-94d8-4c62-8d3e-2f6f5b0a9c11";
  const auto get = [&](const std::string& id) {
    return Await<std::optional<std::string>>([&](auto done) { store_.GetCard(id, done); });
  };
  EXPECT_FALSE(get(uuid).has_value());
  Await<Nothing>([&](auto done) { store_.PutCard(uuid, kBytes, hours(1), done); });
  EXPECT_EQ(get(uuid), kBytes);
  Await<Nothing>([&](auto done) { store_.PutCard(uuid, "later", milliseconds(1), done); });
  AwaitGone("consilium:{0}:door:card:" + uuid);
  EXPECT_FALSE(get(uuid).has_value());
  for (const char* wrong : {"", "x", "0e7a1f6c-94d8-4c62-8d3e-2f6f5b0a9c1", "*",
                            "0e7a1f6c+94d8-4c62-8d3e-2f6f5b0a9c11"}) {
    EXPECT_FALSE(get(wrong).has_value()) << wrong;
  }
  const auto put = Ask<Nothing>([&](auto done) { store_.PutCard("a:b", "card", hours(1), done); });
  EXPECT_EQ(put.error(), Invalid("card = \"a:b\", expected a UUID"));
}

TEST_F(FeedStoreTest, ATokenIsUsedOnceAndWhoAsksAgainGetsTheSameAnswer) {
  const auto use = [&](const std::string& token, const std::string& by) {
    return Await<bool>([&](auto done) { store_.UseToken(token, by, hours(1), done); });
  };
  EXPECT_TRUE(use("t", "call-1"));
  EXPECT_TRUE(use("t", "call-1")) << "sent twice";
  EXPECT_FALSE(use("t", "call-2"));
  EXPECT_TRUE(use("u", "call-2"));
  EXPECT_TRUE(use("t", "call-1"));
}

TEST_F(FeedStoreTest, CountersAddUp) {
  const auto count = [&](const std::string& name, std::int64_t add) {
    Await<Nothing>([&](auto done) { store_.Count(name, add, done); });
  };
  count("hl7:refused", 1);
  count("hl7:refused", 2);
  count("cds:refused", 1);
  EXPECT_EQ(Describe().counters,
            (std::map<std::string, std::int64_t>{{"cds:refused", 1}, {"hl7:refused", 3}}));
}

}  // namespace
}  // namespace consilium
