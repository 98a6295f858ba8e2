// A case lives in one Redis of three; lists, limits and what is learned are of all of them.
#include <gmock/gmock.h>

#include <set>

#include "tests/redis/shards_rig.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

using testing::StartsWith;

class ShardCasesTest : public ShardsRig {};

// Shard 0, where it is learned, hears of it a moment later, or much later when it hangs.
TEST_F(ShardCasesTest, ACaseThatEndedIsNotImportedThoughItsEvidenceWaitsInItsShard) {
  Start();
  StartAggregator();
  AddWorker("w-alpha", "alpha", 8);
  AddWorker("w-bravo", "bravo", 8);
  TestClient& client = AddClient();
  const std::string id = NextId(1);
  redis_.Pause();
  ASSERT_TRUE(AskRunning<SubmitReply>(client, SubmitRequest{CaseOf(id)}).ok());
  RunUntil("it ended", [&] { return Raw(1, {"XLEN", "consilium:{1}:evidence"}) == "1"; });
  aggregator_.reset();
  redis_.Resume();
  const ImportRequest import{
      {EvidenceBuilder(id).At(kDayMs).Judged("alpha", "000", true, 0.9).Build(),
       EvidenceBuilder(NextId(1)).At(kDayMs).Judged("alpha", "000", true, 0.9).Build(),
       EvidenceBuilder(NextId(0)).At(kDayMs).Judged("alpha", "000", true, 0.9).Build()}};
  auto reply = Ask<ImportReply>(client, import);
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_EQ(reply->imported, 2);
  EXPECT_EQ(reply->duplicate, 1);
  StartAggregator();
  RunUntil("its evidence is in shard 0", [&] {
    return Raw(1, {"XLEN", "consilium:{1}:evidence"}) == "0";
  });
  EXPECT_EQ(Raw(0, {"XLEN", "consilium:{0}:evidence"}), "3");
  EXPECT_EQ(Raw(1, {"SCARD", "consilium:{1}:learned"}), "0");
  reply = Ask<ImportReply>(client, import);
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_EQ(reply->duplicate, 3);
  // What cannot be known is not guessed.
  more_[0].Kill();
  PumpUntil("its shard is missed", [&] {
    return Refusal<ImportReply>(client, import).find("shard 1: Redis does not answer: ") == 0;
  });
}

TEST_F(ShardCasesTest, AnOutcomeIsRecordedWhereItsCaseIsAndLearnedInTheFirst) {
  Start();
  StartAggregator();
  AddWorker("w-alpha", "alpha", 8);
  AddWorker("w-bravo", "bravo", 8);
  TestClient& client = AddClient();
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    CaseRequest request = CaseOf(NextId(shard));
    request.gold_medications.reset();
    ASSERT_TRUE(AskRunning<SubmitReply>(client, SubmitRequest{request}).ok());
    RunUntil("it ended", [&] {
      return AskRunning<CaseView>(client, FetchRequest{request.id})->recommendations.size() == 1;
    });
    const CaseOutcomeRequest accepted{request.id, "cli", CaseOutcomeVerdict::kAccepted, {}, "", 1};
    const auto reply = AskRunning<CaseOutcomeReply>(client, accepted);
    ASSERT_TRUE(reply.ok()) << reply.error().text;
    RunUntil("it was looked at", [&] {
      const auto view = AskRunning<CaseView>(client, FetchRequest{request.id});
      return view.ok() && view->known && view->known->outcomes == 1;
    });
    EXPECT_EQ(AskRunning<CaseOutcomeReply>(client, accepted)->contradictory,
              std::optional<bool>(false));
  }
  HistoryReply history;
  RunUntil("all lines are in shard 0", [&] {
    history = *AskRunning<HistoryReply>(client, HistoryRequest{"", 100});
    return history.items.size() == 2 * kShards;
  });
  std::map<std::string, CaseEvidence> said;
  for (const EvidenceLine& line : history.items) {
    const auto before = said.find(line.evidence.case_id);
    EXPECT_EQ(line.replaces.has_value(), before != said.end());
    if (before != said.end()) {
      EXPECT_EQ(line.replaces, before->second);
    }
    for (const EvidenceAnswer& answer : line.evidence.answers) {
      EXPECT_EQ(answer.right.has_value(), before != said.end());
    }
    said[line.evidence.case_id] = line.evidence;
  }
  EXPECT_EQ(said.size(), kShards);
}

TEST_F(ShardCasesTest, EachShardHasItsShareOfTheLimit) {
  config_.broker.live_cases_max = 5;  // two each, rounded up
  Start();
  TestClient& client = AddClient();
  Submit(client, CaseOf(NextId(2)));
  Submit(client, CaseOf(NextId(2)));
  EXPECT_FALSE(Ask<SubmitReply>(client, SubmitRequest{CaseOf(NextId(2))}).ok());
  EXPECT_EQ(last_error_.code, "queue_full");
  EXPECT_THAT(last_error_.text, StartsWith("the queue of shard 2 holds 2 live cases"));
  Submit(client, CaseOf(NextId(0)));
}

TEST_F(ShardCasesTest, ACursorOfAnotherNumberOfShardsIsRefused) {
  Start();
  TestClient& client = AddClient();
  EXPECT_EQ(Ask<WatchReply>(client, WatchRequest{"1-0", 0, 1}).error(),
            Invalid("after = \"1-0\", expected \"\", \"$\" or a cursor of an earlier reply"));
  const auto end = Ask<WatchReply>(client, WatchRequest{"$", 0, 1});
  ASSERT_TRUE(end.ok()) << end.error().text;
  EXPECT_EQ(end->cursor, "0-0,0-0,0-0");
}

TEST_F(ShardCasesTest, TheListMergesAllShardsAndSaysWhichItIsWithout) {
  Start();
  TestClient& client = AddClient();
  std::vector<std::string> newest_first;
  for (int i = 0; i < 9; ++i) {
    const std::string id = NextId(static_cast<std::size_t>(i) % kShards);
    Submit(client, CaseOf(id));
    newest_first.insert(newest_first.begin(), id);
    PumpFor(milliseconds(2));  // another time of acceptance
  }
  const auto list = [&](CaseListRequest request, std::vector<std::string>& ids) {
    for (int pages = 0; pages < 100; ++pages) {
      const auto reply = Ask<CaseListReply>(client, request);
      EXPECT_TRUE(reply.ok()) << reply.error().text;
      if (!reply) break;
      for (const CaseSummary& item : reply->items) ids.push_back(item.id);
      request.after = reply->cursor;
      if (reply->end) return *reply;
    }
    return CaseListReply{};
  };
  CaseListRequest request;
  request.max = 2;
  std::vector<std::string> ids;
  EXPECT_FALSE(list(request, ids).partly);
  EXPECT_EQ(ids, newest_first);

  more_[0].Kill();
  PumpUntil("it is noticed", [&] {
    const auto status = Ask<StatusReply>(client, StatusRequest{});
    return status && status->partly;
  });
  ids.clear();
  const CaseListReply without = list(request, ids);
  EXPECT_TRUE(without.partly);
  std::vector<std::string> others;
  for (const std::string& id : newest_first) {
    if (ShardOf(id, kShards) != 1) others.push_back(id);
  }
  EXPECT_EQ(ids, others);

  more_[0].Restart();
  PumpUntil("it is back", [&] { return broker_->ready(); });
  ids.clear();
  request.after = without.cursor;
  EXPECT_FALSE(list(request, ids).partly);
  std::vector<std::string> missed;
  for (const std::string& id : newest_first) {
    if (ShardOf(id, kShards) == 1) missed.push_back(id);
  }
  EXPECT_EQ(ids, missed) << "late, but all of them, and nothing twice";
}

TEST_F(ShardCasesTest, ACancelReachesTheCaseWhereverItIs) {
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w", "alpha", 8);
  std::set<std::string> ids;
  for (std::size_t shard = 0; shard < kShards; ++shard) ids.insert(NextId(shard));
  for (const std::string& id : ids) Submit(client, CaseOf(id));
  PumpUntil("the worker has them all", [&] { return worker.tasks.size() == kShards; });
  for (const std::string& id : ids) {
    const auto reply = Ask<CancelReply>(client, CancelRequest{id});
    EXPECT_TRUE(reply.ok() && reply->cancelled) << id;
  }
  PumpUntil("the worker stops them", [&] { return worker.cancels.size() == kShards; });
}

TEST_F(ShardCasesTest, LeasesOfEveryShardAreAdoptedByANewBroker) {
  config_.broker.lease_ms = 3000;
  Start();
  TestClient& client = AddClient();
  ScriptedWorker& worker = AddWorker("w", "alpha", 8);
  for (std::size_t shard = 0; shard < kShards; ++shard) Submit(client, CaseOf(NextId(shard)));
  PumpUntil("the worker has them all", [&] { return worker.tasks.size() == kShards; });
  Stop();
  Start();
  // Longer than a lease: without renewal in every shard a task would come again.
  PumpFor(milliseconds(5000));
  EXPECT_EQ(worker.tasks.size(), kShards);
  for (const TaskMessage& task : worker.tasks) {
    worker.Finish(task, Answered());
    PumpUntil("it is stored", [&] { return worker.Disposition(task) == "stored"; });
  }
}

}  // namespace
}  // namespace consilium
