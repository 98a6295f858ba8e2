// The list of cases against a real redis-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/redis/broker_rig.h"

namespace consilium {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr const char* kIndex = "consilium:{0}:index";

class CaseListTest : public BrokerRig {
 protected:
  CaseListReply List(TestClient& client, const CaseListRequest& request = {}) {
    const auto reply = Ask<CaseListReply>(client, request);
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? *reply : CaseListReply{};
  }
  std::int64_t Tell(std::vector<std::string> command) {
    RedisConnection other(redis_.address(), {});
    const auto done = other.Call(std::move(command), seconds(5));
    EXPECT_TRUE(done) << done.error().text;
    return done ? done->integer : 0;
  }
  // All pages of so many, and how many pages that were.
  std::vector<std::string> All(TestClient& client, CaseListRequest request, int* pages = nullptr) {
    std::vector<std::string> ids;
    for (int page = 1;; ++page) {
      const CaseListReply reply = List(client, request);
      for (const CaseSummary& item : reply.items) ids.push_back(item.id);
      request.after = reply.cursor;
      if (pages != nullptr) *pages = page;
      if (reply.end || page > 1000) return ids;
    }
  }
};

TEST_F(CaseListTest, SaysOfEachCaseWhatItIsAndHowItStands) {
  Start();
  TestClient& client = AddClient();
  CaseRequest request = CaseOf("c1");
  request.source = "hl7";
  const SubmitReply accepted = Submit(client, request);
  Submit(client, CaseOf("c2"));
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c2"}).ok());
  const CaseListReply reply = List(client);
  ASSERT_THAT(reply.items, SizeIs(2));
  EXPECT_EQ(reply.items[0].id, "c2");
  EXPECT_EQ(reply.items[0].state, CaseState::kCancelled);
  const CaseSummary& first = reply.items[1];
  EXPECT_EQ(first.id, "c1");
  EXPECT_EQ(first.source, "hl7");
  EXPECT_EQ(first.kind, config_.council.kinds.front());
  EXPECT_EQ(first.strategy, "named");
  EXPECT_EQ(first.state, CaseState::kAccepted);
  EXPECT_EQ(first.accepted_ms, accepted.accepted_ms);
  EXPECT_EQ(first.deadline_ms, accepted.deadline_ms);
  EXPECT_EQ(first.revision, 0);
  EXPECT_TRUE(reply.end);
  EXPECT_FALSE(reply.partly);
}

TEST_F(CaseListTest, PagesAreStableWhileCasesArrive) {
  Start();
  TestClient& client = AddClient();
  std::set<std::string> before;
  for (int i = 0; i < 25; ++i) before.insert(Submit(client, CaseOf("c" + std::to_string(i))).id);
  CaseListRequest request;
  request.max = 4;
  std::vector<std::string> found;
  for (int page = 0; page < 100; ++page) {
    const CaseListReply reply = List(client, request);
    for (const CaseSummary& item : reply.items) found.push_back(item.id);
    request.after = reply.cursor;
    if (reply.end) break;
    Submit(client, CaseOf("late" + std::to_string(page)));
  }
  EXPECT_THAT(found, SizeIs(25)) << "each once";
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), before);
}

TEST_F(CaseListTest, CasesOfOneInstantAreSortedByIdAndNoneIsSkipped) {
  Start();
  TestClient& client = AddClient();
  // As bytes, not as words: "Z" comes before "a", and "-" counts.
  const std::vector<std::string> sorted = {"b", "a:", "a.x", "a-x", "a", "Z", "10", "1"};
  for (const std::string& id : sorted) {
    Submit(client, CaseOf(id));
    Tell({"ZADD", kIndex, "1764254400000", id});
  }
  for (const std::int64_t max : {1, 2, 3, 7, 8, 9}) {
    CaseListRequest request;
    request.max = max;
    EXPECT_EQ(All(client, request), sorted) << "pages of " << max;
  }
  // A place whose case is not there any more.
  CaseListRequest request;
  request.after = "1764254400000:a0";
  EXPECT_THAT(All(client, request), ElementsAre("a.x", "a-x", "a", "Z", "10", "1"));
}

TEST_F(CaseListTest, TheFiltersAreExactAndACallLooksAtNoMoreThanAsked) {
  Start();
  TestClient& client = AddClient();
  for (int i = 0; i < 9; ++i) {
    CaseRequest request = CaseOf("c" + std::to_string(i));
    request.source = i % 3 == 0 ? "hl7 LAB|NORTH" : "hl7 EHR|NORTH";
    Submit(client, request);
  }
  ASSERT_TRUE(Ask<CancelReply>(client, CancelRequest{"c3"}).ok());
  CaseListRequest request;
  request.source = "hl7";
  EXPECT_EQ(All(client, request).size(), 9u) << "up to a space";
  request.source = "hl";
  EXPECT_THAT(All(client, request), IsEmpty());
  request.source = "hl7 LAB|NORTH";
  request.max = 2;
  int pages = 0;
  EXPECT_THAT(All(client, request, &pages), ElementsAre("c6", "c3", "c0"));
  EXPECT_EQ(pages, 5) << "nine cases, two at a time";
  request.state = CaseState::kCancelled;
  EXPECT_THAT(All(client, request), ElementsAre("c3"));
  request.kind = "nothing";
  EXPECT_THAT(All(client, request), IsEmpty());
}

TEST_F(CaseListTest, WhoseRecordExpiredLeavesTheIndexWhenItIsMet) {
  Start();
  TestClient& client = AddClient();
  for (const char* id : {"c1", "c2", "c3"}) Submit(client, CaseOf(id));
  Tell({"DEL", "consilium:{0}:case:c2"});
  EXPECT_THAT(All(client, {}), ElementsAre("c3", "c1"));
  EXPECT_EQ(Tell({"ZCARD", kIndex}), 2);
}

TEST_F(CaseListTest, AnIndexThatNobodyListsDoesNotGrowWithoutBound) {
  Start();
  TestClient& client = AddClient();
  for (int i = 0; i < 400; ++i) {
    const std::string id = "c" + std::to_string(i);
    Submit(client, CaseOf(id));
    Tell({"DEL", "consilium:{0}:case:" + id});
    Tell({"ZREM", "consilium:{0}:timers", id});
  }
  EXPECT_LT(Tell({"ZCARD", kIndex}), 40) << "no record is left";
}

TEST_F(CaseListTest, AnswersAlsoWhereTheRecordIsNoRecord) {
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf("c1"));
  Tell({"ZADD", kIndex, "1", "c0"});
  Tell({"SET", "consilium:{0}:case:c0", "what"});
  EXPECT_THAT(All(client, {}), ElementsAre("c1"));
}

TEST_F(CaseListTest, BadRequestsAreRefusedWithValueAndLimit) {
  Start();
  TestClient& client = AddClient();
  CaseListRequest request;
  request.max = 0;
  EXPECT_EQ(Ask<CaseListReply>(client, request).error(), Invalid("max = 0, expected 1..256"));
  request.max = 257;
  EXPECT_EQ(Ask<CaseListReply>(client, request).error(), Invalid("max = 257, expected 1..256"));
  request.max = 1;
  request.after = "yesterday";
  EXPECT_EQ(Ask<CaseListReply>(client, request).error(),
            Invalid("after = \"yesterday\", expected \"\" or a cursor of an earlier reply"));
}

}  // namespace
}  // namespace consilium
