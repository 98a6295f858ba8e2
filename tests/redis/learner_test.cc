// The live matrix against a real redis-server: a line of evidence counts once, however many learn
// and wherever one stops.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/redis/learner_rig.h"

namespace consilium {
namespace {

using std::chrono::seconds;

using LearnerTest = LearnerFixture;

TEST_F(LearnerTest, TheMatrixIsTheFoldOfTheEvidenceInItsOrder) {
  const auto cases = SomeCases(0, 300);
  EXPECT_EQ(Import(cases).imported, 300);
  auto learner = Start(SomeConfig());
  AwaitLearned({learner.get()}, Folded(cases, SomeConfig()));
}

TEST_F(LearnerTest, ImportingAgainAddsNothing) {
  const auto cases = SomeCases(0, 40);
  EXPECT_EQ(Import(cases).imported, 40);
  const ImportReply again = Import(SomeCases(20, 40));
  EXPECT_EQ(again.imported, 20);
  EXPECT_EQ(again.duplicate, 20);
  auto learner = Start(SomeConfig());
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 60), SomeConfig()));
}

TEST_F(LearnerTest, ImportedAsAnotherKindACaseIsNew) {
  std::vector<CaseEvidence> cases = SomeCases(0, 5);
  EXPECT_EQ(Import(cases).imported, 5);
  for (CaseEvidence& evidence : cases) evidence.kind = "oncology";
  EXPECT_EQ(Import(cases).imported, 5);
  EXPECT_EQ(Import(cases).duplicate, 5);
}

TEST_F(LearnerTest, TwoLearnersCountEveryCaseOnce) {
  auto one = Start(SomeConfig());
  auto two = Start(SomeConfig());
  for (int portion = 0; portion < 10; ++portion) {
    Import(SomeCases(portion * 30, 30));
    one->Hint();
    two->Hint();
    for (int turn = 0; turn < 20; ++turn) {
      one->Turn(true);
      two->Turn(true);
    }
  }
  AwaitLearned({one.get(), two.get()}, Folded(SomeCases(0, 300), SomeConfig()));
}

// A learner is stopped at every kind of moment; the next one goes on from what stands in Redis.
TEST_F(LearnerTest, AStoppedLearnerLosesAndRepeatsNothing) {
  constexpr int kPortions = 25;
  SeededRandom random(3, "stops");
  for (int portion = 0; portion < kPortions; ++portion) {
    Import(SomeCases(portion * 10, 10));
    auto learner = Start(SomeConfig());
    const auto turns = static_cast<int>(random.Below(40));
    for (int turn = 0; turn < turns; ++turn) learner->Turn(true);
  }
  auto last = Start(SomeConfig());
  AwaitLearned({last.get()}, Folded(SomeCases(0, kPortions * 10), SomeConfig()));
}

TEST_F(LearnerTest, WhoStandsByTakesOverWhenTheOtherStops) {
  auto one = Start(SomeConfig());
  auto two = Start(SomeConfig());
  Import(SomeCases(0, 50));
  AwaitLearned({one.get()}, Folded(SomeCases(0, 50), SomeConfig()));
  // The second one loaded an empty matrix before, and finds that it moved.
  Until({two.get()}, [&] { return two->up(); });
  one.reset();
  Import(SomeCases(50, 50));
  AwaitLearned({two.get()}, Folded(SomeCases(0, 100), SomeConfig()));
}

TEST_F(LearnerTest, ARebuildComesOutIdentical) {
  Import(SomeCases(0, 300));
  auto learner = Start(SomeConfig());
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 300), SomeConfig()));
  const RebuildReply reply = Rebuilt({learner.get()}, "again");
  EXPECT_EQ(reply.lines, 300);
  EXPECT_TRUE(reply.identical);
  EXPECT_EQ(reply.before, reply.after);
  EXPECT_EQ(reply.before.size(), 64U);
  EXPECT_EQ(Stored({learner.get()}).fields, Folded(SomeCases(0, 300), SomeConfig()));
}

TEST_F(LearnerTest, ARebuildFindsAndMendsWhatIsWrong) {
  Import(SomeCases(0, 60));
  {
    auto learner = Start(SomeConfig());
    AwaitLearned({learner.get()}, Folded(SomeCases(0, 60), SomeConfig()));
  }
  const StoredLedger stored = Stored();
  Damage(stored, "p|medication|a|b", stored.fields.at("p|medication|c|d"));
  auto learner = Start(SomeConfig());
  const RebuildReply reply = Rebuilt({learner.get()}, "mend");
  EXPECT_FALSE(reply.identical);
  EXPECT_NE(reply.before, reply.after);
  EXPECT_EQ(Stored({learner.get()}).fields, Folded(SomeCases(0, 60), SomeConfig()));
}

TEST_F(LearnerTest, OtherRulesMakeTheMatrixAgainFromTheEvidence) {
  Import(SomeCases(0, 80));
  {
    auto learner = Start(SomeConfig());
    AwaitLearned({learner.get()}, Folded(SomeCases(0, 80), SomeConfig()));
  }
  Config other = SomeConfig();
  other.chemistry.half_life_d = 30;
  auto learner = Start(other);
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 80), other));
}

TEST_F(LearnerTest, ADamagedFieldIsMadeAgainFromTheEvidence) {
  Import(SomeCases(0, 80));
  {
    auto learner = Start(SomeConfig());
    AwaitLearned({learner.get()}, Folded(SomeCases(0, 80), SomeConfig()));
  }
  Damage(Stored(), "m|medication|a", "not a number");
  auto learner = Start(SomeConfig());
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 80), SomeConfig()));
}

// A learner that was idle meanwhile must not write what it holds over the replaced matrix.
TEST_F(LearnerTest, WhoSleptThroughAReplacementDoesNotWriteOverIt) {
  Import(SomeCases(0, 40));
  auto sleeper = Start(SomeConfig());
  AwaitLearned({sleeper.get()}, Folded(SomeCases(0, 40), SomeConfig()));
  Config other = SomeConfig();
  other.chemistry.half_life_d = 30;
  {
    auto learner = Start(other);
    AwaitLearned({learner.get()}, Folded(SomeCases(0, 40), other));
  }
  Import(SomeCases(40, 20));
  sleeper->Hint();
  for (int turn = 0; turn < 50; ++turn) sleeper->Turn(true);
  // Nothing was mixed: the sums are those of one set of rules, before or after it takes over.
  const Fields stands = Stored({sleeper.get()}).fields;
  EXPECT_TRUE(stands == Folded(SomeCases(0, 40), other) ||
              stands == Folded(SomeCases(0, 60), SomeConfig()));
  AwaitLearned({sleeper.get()}, Folded(SomeCases(0, 60), SomeConfig()));
}

TEST_F(LearnerTest, ARevisionTakesThePlaceOfWhatTheCaseSaid) {
  const CaseEvidence first = SomeEvidence(0);
  CaseEvidence second = first;
  for (EvidenceAnswer& answer : second.answers) {
    answer.right = !*answer.right;
    answer.key = *answer.right ? "right" : "wrong";
  }
  Append({first, std::nullopt});
  Append({SomeEvidence(1), std::nullopt});
  Append({second, first});
  auto learner = Start(SomeConfig());
  const TimePoint give_up = Now() + seconds(30);
  Ledger expected(LedgerRules{});
  expected.Learn({first, std::nullopt});
  expected.Learn({SomeEvidence(1), std::nullopt});
  expected.Learn({second, first});
  EXPECT_EQ(expected.kinds().at("medication").cases, 2);
  const auto fields = expected.AllFields();
  while (Stored({learner.get()}).fields != Fields(fields.begin(), fields.end()) &&
         Now() < give_up) {
  }
  EXPECT_EQ(Stored({learner.get()}).fields, Fields(fields.begin(), fields.end()));
  EXPECT_TRUE(Rebuilt({learner.get()}, "revised").identical);
}

TEST_F(LearnerTest, ALineThatCannotBeReadIsCountedAndSkipped) {
  Import(SomeCases(0, 10));
  Ask<RedisReply>({}, [&](auto done) {
    desk_->connection().Send({"XADD", "consilium:{0}:evidence", "*", "e", "garbage"}, done);
  });
  Import(SomeCases(10, 10));
  auto learner = Start(SomeConfig());
  Fields expected = Folded(SomeCases(0, 20), SomeConfig());
  expected["unreadable"] = "1";
  AwaitLearned({learner.get()}, expected);
  EXPECT_TRUE(Rebuilt({learner.get()}, "with garbage").identical);
}

TEST_F(LearnerTest, KindsAreKeptApart) {
  std::vector<CaseEvidence> cases = SomeCases(0, 30);
  for (std::size_t i = 0; i < cases.size(); i += 3) cases[i].kind = "oncology";
  Import(cases);
  auto learner = Start(SomeConfig());
  AwaitLearned({learner.get()}, Folded(cases, SomeConfig()));
  AwaitBoard({learner.get()}, 0);
  EXPECT_EQ(Report({learner.get()}).cases, 20);
}

TEST_F(LearnerTest, OfTwoLearnersOneRebuildsAndTheReportSaysWhatItFound) {
  Import(SomeCases(0, 60));
  {
    auto learner = Start(SomeConfig());
    AwaitLearned({learner.get()}, Folded(SomeCases(0, 60), SomeConfig()));
  }
  const StoredLedger stored = Stored();
  Damage(stored, "p|medication|a|b", stored.fields.at("p|medication|c|d"));
  auto one = Start(SomeConfig());
  auto two = Start(SomeConfig());
  Until({one.get(), two.get()}, [&] { return one->up() && two->up(); });
  EXPECT_FALSE(Rebuilt({one.get(), two.get()}, "both").identical);
  EXPECT_EQ(Stored({one.get(), two.get()}).fields, Folded(SomeCases(0, 60), SomeConfig()));
  EXPECT_EQ(Stored({one.get(), two.get()}).place.epoch, stored.place.epoch + 1);
  EXPECT_FALSE(Rebuilt({one.get(), two.get()}, "both").identical) << "the same question";
}

TEST_F(LearnerTest, ARebuildThatWasAskedForBeforeAnybodyLearnedIsDone) {
  Import(SomeCases(0, 30));
  const auto asked =
      Ask<RebuildReply>({}, [&](auto done) { desk_->store().AskRebuild("early", done); });
  EXPECT_EQ(asked.state, "waiting");
  auto learner = Start(SomeConfig());
  const RebuildReply reply = Rebuilt({learner.get()}, "early");
  EXPECT_TRUE(reply.identical);
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 30), SomeConfig()));
}

TEST_F(LearnerTest, WhoAsksDuringARebuildGetsOneOfItsOwn) {
  Import(SomeCases(0, 30));
  Ask<RebuildReply>({}, [&](auto done) { desk_->store().AskRebuild("first", done); });
  Ask<RebuildReply>({}, [&](auto done) { desk_->store().AskRebuild("second", done); });
  auto learner = Start(SomeConfig());
  EXPECT_EQ(Rebuilt({learner.get()}, "second").id, "second");
}

TEST_F(LearnerTest, AMendedMatrixIsPublishedAgain) {
  Import(SomeCases(0, 60));
  auto learner = Start(SomeConfig());
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 60), SomeConfig()));
  std::int64_t made = AwaitBoard({learner.get()}, 0);
  Rebuilt({learner.get()}, "again");
  AwaitBoard({learner.get()}, made);
}

TEST_F(LearnerTest, OtherModelsOrSettingsArePublishedWithoutWaitingForACase) {
  Import(SomeCases(0, 60));
  std::int64_t made = 0;
  {
    auto learner = Start(SomeConfig());
    AwaitLearned({learner.get()}, Folded(SomeCases(0, 60), SomeConfig()));
    made = AwaitBoard({learner.get()}, 0);
  }
  Config other = SomeConfig();
  other.backends.pop_back();
  auto learner = Start(other);
  AwaitBoard({learner.get()}, made);
  const auto board =
      Ask<SeatingBoard>({learner.get()}, [&](auto done) { desk_->store().ReadBoard(done); });
  for (const SeatingEntry& entry : board.entries) {
    EXPECT_EQ(std::count(entry.models.begin(), entry.models.end(), "d"), 0) << entry.strategy;
  }
}

TEST_F(LearnerTest, IdleLearnersWithOtherSettingsDoNotOutdoEachOther) {
  Import(SomeCases(0, 40));
  auto one = Start(SomeConfig());
  AwaitLearned({one.get()}, Folded(SomeCases(0, 40), SomeConfig()));
  const std::int64_t first = AwaitBoard({one.get()}, 0);
  Config other = SomeConfig();
  other.chemistry.shrinkage = 5;
  auto two = Start(other);
  const std::int64_t second = AwaitBoard({one.get(), two.get()}, first);
  // More than twice the pause between publications.
  const TimePoint quiet = Now() + std::chrono::milliseconds(2500);
  Until({one.get(), two.get()}, [quiet] { return Now() >= quiet; });
  EXPECT_EQ(AwaitBoard({one.get(), two.get()}, first), second);
}

TEST_F(LearnerTest, TheWindowOfEveryKindIsReadAgainAlsoWhereIdsAreShared) {
  Config config = SomeConfig();
  config.council.kinds = {"medication", "oncology"};
  std::vector<CaseEvidence> cases = SomeCases(0, 60);
  Import(cases);
  for (CaseEvidence& evidence : cases) evidence.kind = "oncology";
  Import(cases);
  {
    auto learner = Start(config);
    AwaitBoard({learner.get()}, 0);
  }
  auto learner = Start(config);
  Import(SomeCases(60, 1));
  std::map<std::string, std::int64_t> rests_on;
  const TimePoint give_up = Now() + seconds(30);
  while (rests_on["medication"] < 61 && Now() < give_up) {
    const auto board =
        Ask<SeatingBoard>({learner.get()}, [&](auto done) { desk_->store().ReadBoard(done); });
    for (const SeatingEntry& entry : board.entries) {
      if (entry.strategy == "utility" && entry.size == 4) rests_on[entry.kind] = entry.cases;
    }
  }
  EXPECT_EQ(rests_on["medication"], 61);
  EXPECT_EQ(rests_on["oncology"], 60);
}

TEST_F(LearnerTest, ARedisThatCrashesInBetweenCostsNothing) {
  auto learner = Start(SomeConfig());
  for (int portion = 0; portion < 4; ++portion) {
    ImportSurely(SomeCases(portion * 50, 50));
    learner->Hint();
    for (int turn = 0; turn < 5 * portion; ++turn) learner->Turn(true);
    redis_.Kill();
    for (int turn = 0; turn < 5; ++turn) learner->Turn(true);
    redis_.Restart();
  }
  ImportSurely(SomeCases(200, 1));
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 201), SomeConfig()));
  EXPECT_TRUE(Rebuilt({learner.get()}, "after").identical);
}

TEST_F(LearnerTest, LearningGoesOnWhileEnsemblesAreMade) {
  auto learner = Start(SomeConfig());
  for (int portion = 0; portion < 20; ++portion) {
    Import(SomeCases(portion * 20, 20));
    learner->Hint();
    for (int turn = 0; turn < 10; ++turn) learner->Turn(true);
  }
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 400), SomeConfig()));
  const TimePoint give_up = Now() + seconds(30);
  while (Report({learner.get()}).cases != 400 && Now() < give_up) {
  }
  EXPECT_EQ(Report({learner.get()}).cases, 400);
}

TEST_F(LearnerTest, AfterTheColdStartReportAndBoardArePublished) {
  auto learner = Start(SomeConfig());
  Import(SomeCases(0, 19));
  AwaitLearned({learner.get()}, Folded(SomeCases(0, 19), SomeConfig()));
  SeatingBoard board;
  const auto read_board = [&] {
    board = Ask<SeatingBoard>({learner.get()}, [&](auto done) { desk_->store().ReadBoard(done); });
  };
  const TimePoint give_up = Now() + seconds(30);
  while (board.made_ms == 0 && Now() < give_up) read_board();
  EXPECT_GT(board.made_ms, 0);
  EXPECT_TRUE(board.entries.empty());
  Import(SomeCases(19, 31));
  learner->Hint();
  while (board.entries.empty() && Now() < give_up) read_board();
  std::map<std::string, int> strategies;
  for (const SeatingEntry& entry : board.entries) {
    ++strategies[entry.strategy];
    EXPECT_EQ(entry.kind, "medication");
  }
  EXPECT_EQ(strategies, (std::map<std::string, int>{{"chemistry", 4},
                                                    {"explore", 4 * 8},
                                                    {"performance", 4},
                                                    {"single", 1},
                                                    {"utility", 4}}));
  const auto report = Ask<ChemistryReport>(
      {learner.get()}, [&](auto done) { desk_->store().ReadReport("medication", done); });
  EXPECT_EQ(report.cases, 50);
  EXPECT_EQ(report.models.size(), 4U);
  EXPECT_EQ(report.cursor, Stored({learner.get()}).place.cursor);
}

}  // namespace
}  // namespace consilium
