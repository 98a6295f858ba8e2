#include "aggregator/council/cluster.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "aggregator/council/consensus.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

// All answers in, reviewed by everybody else; the grades are still to come.
CaseView Reviewing(const std::map<std::string, std::vector<std::string>>& answers,
                   const std::vector<std::string>& idle = {}) {
  std::vector<std::string> ensemble;
  ensemble.reserve(answers.size());
  for (const auto& [model, ingredients] : answers) ensemble.push_back(model);
  CaseView view = MakeCase(ensemble);
  for (const auto& [model, ingredients] : answers) AnswerWith(view, model, ingredients);
  std::vector<std::string> pool = ensemble;
  pool.insert(pool.end(), idle.begin(), idle.end());
  Council council = MakeCouncil(pool);
  council.config.graders = 16;
  Step(view, council, kAccepted + 1);
  return view;
}

std::vector<Cluster> Rank(const Weighing& weighing) { return RankClusters(weighing); }

Weighing WeighCase(const CaseView& view) { return Weigh(view, ReadRecord(view), Medications()); }

std::vector<std::string> Keys(const std::vector<Cluster>& clusters) {
  std::vector<std::string> keys;
  keys.reserve(clusters.size());
  for (const Cluster& cluster : clusters) keys.push_back(IngredientKey(cluster.Set().ingredients));
  return keys;
}

TEST(CodingTest, SameIngredientsUnderOtherNamesHaveOneKey) {
  const auto key = [](const std::vector<std::string>& names) {
    return CodeAnswer("a", MakeAnswer(names), {}, Medications()).key;
  };
  EXPECT_EQ(key({"Paracetamol"}), key({"acetaminophen"}));
  EXPECT_EQ(key({"Augmentin"}), key({"clavulanate", "amoxicillin"}));
  EXPECT_EQ(key({"ibuprofen", "Advil"}), key({"ibuprofen"}));
  EXPECT_NE(key({"amoxicillin"}), key({"amoxicillin", "ibuprofen"}));
  EXPECT_NE(key({"amoxicillin"}), key({}));
}

TEST(CodingTest, UnknownNamesStayAsStatedAndMergeWithNothingElse) {
  const Answer answer = MakeAnswer({"Xyzzylin"});
  const CodedAnswer coded = CodeAnswer("a", answer, {}, Medications());
  EXPECT_FALSE(coded.set.known);
  EXPECT_EQ(coded.set.ingredients, (std::vector<std::string>{"xyzzylin"}));
  ASSERT_EQ(coded.set.flags.size(), 1u);
  EXPECT_EQ(coded.set.flags[0].code, "unknown_medication");
  EXPECT_EQ(coded.set.flags[0].severity, "caution");
  EXPECT_NE(coded.key, CodeAnswer("a", MakeAnswer({"xyzzylol"}), {}, Medications()).key);
  EXPECT_EQ(coded.key, CodeAnswer("a", MakeAnswer({" XYZZYLIN "}), {}, Medications()).key);
}

TEST(CodingTest, AlternativesDoNotMergeWithBothTogether) {
  const auto key = [](const std::vector<std::string>& names) {
    return CodeAnswer("a", MakeAnswer(names), {}, Medications()).key;
  };
  EXPECT_NE(key({"amoxicillin or ibuprofen"}), key({"amoxicillin", "ibuprofen"}));
}

TEST(CodingTest, NameWithoutAnyLetterIsUnknownNotNothing) {
  const CodedAnswer coded = CodeAnswer("a", MakeAnswer({"---"}), {}, Medications());
  EXPECT_FALSE(coded.set.known);
  EXPECT_EQ(coded.set.ingredients, (std::vector<std::string>{"---"}));
}

TEST(CodingTest, ClosedChoiceTellsAnswersWithoutMedicationsApartByOption) {
  const std::map<std::string, std::string> options = {{"A", "Surgery"}, {"B", "Reassurance"}};
  const auto key = [&](const char* option, const std::vector<std::string>& names) {
    Answer answer = MakeAnswer(names);
    answer.option = option;
    return CodeAnswer("a", answer, options, Medications()).key;
  };
  EXPECT_NE(key("A", {}), key("B", {}));
  EXPECT_EQ(key("A", {}), key(" a ", {}));
  EXPECT_EQ(key("A", {"amoxicillin"}), key("B", {"amoxicillin"}));
  // Without options a letter means nothing.
  Answer open = MakeAnswer({});
  open.option = "A";
  EXPECT_EQ(CodeAnswer("a", open, {}, Medications()).key, "");
}

TEST(ClusterTest, FullAgreementWithPerfectGradesHasSupportOne) {
  CaseView view =
      Reviewing({{"a", {"amoxicillin"}}, {"b", {"amoxicillin"}}, {"c", {"amoxicillin"}}});
  GradeAll(view, {}, 1.0);
  const Weighing weighing = WeighCase(view);
  const auto clusters = Rank(weighing);
  ASSERT_EQ(clusters.size(), 1u);
  EXPECT_DOUBLE_EQ(clusters[0].support, 1.0);
}

TEST(ClusterTest, EqualGradesGiveEveryAuthorTheSameWeight) {
  CaseView view = Reviewing({{"a", {"amoxicillin"}}, {"b", {"ibuprofen"}}, {"c", {"amoxicillin"}}});
  GradeAll(view, {}, 0.8);
  const Weighing weighing = WeighCase(view);
  EXPECT_TRUE(weighing.reliability.empty());
  const auto clusters = Rank(weighing);
  ASSERT_EQ(Keys(clusters), (std::vector<std::string>{"amoxicillin", "ibuprofen"}));
  EXPECT_NEAR(clusters[0].support, 0.8 * 2 / 3, 1e-12);
  EXPECT_NEAR(clusters[1].support, 0.8 / 3, 1e-12);
  EXPECT_EQ(clusters[0].Models(), (std::vector<std::string>{"a", "c"}));
}

TEST(ClusterTest, SupportIsTheReliabilityWeightedMeanOfConsensusGrades) {
  CaseView view = Reviewing(
      {{"a", {"amoxicillin"}}, {"b", {"ibuprofen"}}, {"c", {"amoxicillin"}}, {"d", {}}}, {"e"});
  GradeWith(view, 1, "a", {{"b", 0.3}, {"c", 0.9}, {"d", 0.1}});
  GradeWith(view, 1, "b", {{"a", 0.8}, {"c", 0.7}, {"d", 0.4}});
  GradeWith(view, 1, "c", {{"a", 0.9}, {"b", 0.4}, {"d", 0.2}});
  GradeWith(view, 1, "e", {{"a", 0.85}, {"b", 0.3}, {"c", 0.9}, {"d", 0.1}});
  const std::vector<Review> reviews = {
      {"a", "b", 0.3}, {"a", "c", 0.9}, {"a", "d", 0.1}, {"b", "a", 0.8}, {"b", "c", 0.7},
      {"b", "d", 0.4}, {"c", "a", 0.9}, {"c", "b", 0.4}, {"c", "d", 0.2}, {"e", "a", 0.85},
      {"e", "b", 0.3}, {"e", "c", 0.9}, {"e", "d", 0.1}};
  const auto consensus = ComputeConsensus(reviews, ConsensusOptions{});
  ASSERT_TRUE(consensus.ok());
  std::map<std::string, double> grade;
  for (const ItemConsensus& item : consensus->items) grade[item.id] = item.grade;
  std::map<std::string, double> r;
  double mean = 0;
  for (const ReviewerConsensus& reviewer : consensus->reviewers) {
    r[reviewer.id] = reviewer.quality.value();
    mean += reviewer.quality.value() / 4;
  }
  r["d"] = mean;  // did not review
  const double total = r["a"] + r["b"] + r["c"] + r["d"];

  const Weighing weighing = WeighCase(view);
  const auto clusters = Rank(weighing);
  ASSERT_EQ(Keys(clusters), (std::vector<std::string>{"amoxicillin", "ibuprofen", ""}));
  EXPECT_NEAR(clusters[0].support, (r["a"] * grade["a"] + r["c"] * grade["c"]) / total, 1e-12);
  EXPECT_NEAR(clusters[1].support, r["b"] * grade["b"] / total, 1e-12);
  EXPECT_NEAR(clusters[2].support, r["d"] * grade["d"] / total, 1e-12);
  EXPECT_EQ(weighing.reliability.count("d"), 0u);
}

TEST(ClusterTest, UngradedAnswerAddsToTheWholeAndNothingToItsCluster) {
  CaseView view = Reviewing({{"a", {"amoxicillin"}}, {"b", {"ibuprofen"}}});
  GradeWith(view, 1, "b", {{"a", 0.8}});
  const Weighing weighing = WeighCase(view);
  const auto clusters = Rank(weighing);
  EXPECT_NEAR(clusters[0].support, 0.4, 1e-12);
  EXPECT_EQ(clusters[1].support, 0.0);
  EXPECT_EQ(clusters[1].Best().grade, std::nullopt);
}

TEST(ClusterTest, AnswerAfterTheDecisionChangesNoSupportBeforeItIsGraded) {
  CaseView view = Reviewing({{"a", {"amoxicillin"}}, {"b", {"ibuprofen"}}});
  GradeWith(view, 1, "b", {{"a", 0.8}});
  Recommendation decided;
  decided.decided_ms = kDeadline;
  view.recommendations.push_back(decided);
  FindTask(view, Stage::kGenerate, 1, "b").arrived_ms = kDeadline + 1;
  const Weighing weighing = WeighCase(view);
  EXPECT_FALSE(weighing.answers[1].counted);
  EXPECT_NEAR(Rank(weighing)[0].support, 0.8, 1e-12);
}

TEST(ClusterTest, ReviewerWhoWasComparedWithNobodyHasNoReliability) {
  CaseView view = Reviewing({{"a", {"amoxicillin"}}, {"b", {"ibuprofen"}}});
  GradeWith(view, 1, "a", {{"b", 0.2}});
  GradeWith(view, 1, "b", {{"a", 0.8}});
  const Weighing weighing = WeighCase(view);
  EXPECT_TRUE(weighing.reliability.empty());
  EXPECT_EQ(weighing.answers[0].weight, 1.0);
}

TEST(RecordTest, TaskIsSettledWhenItEndedOrWaitsPastItsDeadline) {
  struct Row {
    const char* state;
    bool before;
    bool after;
  };
  const Row rows[] = {{"pending", false, true}, {"delayed", false, true}, {"leased", false, false},
                      {"done", true, true},     {"dead", true, true},     {"expired", true, true}};
  for (const Row& row : rows) {
    TaskView task = MakeTask("case-1", Stage::kGenerate, 1, "a", kDeadline);
    task.state = row.state;
    EXPECT_EQ(IsSettled(task, kDeadline - 1), row.before) << row.state;
    EXPECT_EQ(IsSettled(task, kDeadline), row.after) << row.state;
  }
}

TEST(ClusterTest, BadGradesCountForNothing) {
  CaseView view = Reviewing({{"a", {"amoxicillin"}}, {"b", {"amoxicillin"}}, {"c", {"ibuprofen"}}});
  GradeAll(view, {}, 0.8);
  TaskView& task = FindTask(view, Stage::kReview, 1, "a");
  task.outcome->grades[0].grade = std::nan("");
  task.outcome->grades[1].label = "QQ9";
  TaskView& other = FindTask(view, Stage::kReview, 1, "b");
  other.outcome->grades[0].grade = 1.5;
  other.outcome->grades.push_back(other.outcome->grades[1]);  // twice under one label
  const CaseRecord record = ReadRecord(view);
  ASSERT_EQ(record.grades.size(), 2u);
  EXPECT_EQ(record.grades[0].reviewer, "c");
  EXPECT_EQ(record.grades[1].reviewer, "c");
  EXPECT_EQ(Judge(record, task, kAccepted + 3).why, "malformed");
  EXPECT_EQ(Judge(record, task, kAccepted + 3).text, "0 of 2 grades can be used");
}

TEST(ClusterTest, GradeOfTheAuthorItselfIsNotCounted) {
  CaseView view = Reviewing({{"a", {"amoxicillin"}}, {"b", {"ibuprofen"}}});
  FindTask(view, Stage::kReview, 1, "a").authors = {"a"};
  GradeAll(view, {}, 0.8);
  EXPECT_EQ(ReadRecord(view).grades.size(), 1u);
}

TEST(ClusterTest, TiesGoToTheBetterGradeThenToMoreModelsThenByName) {
  CaseView view = Reviewing({{"a", {"metformin"}}, {"b", {"ibuprofen"}}, {"c", {"amoxicillin"}}});
  GradeAll(view, {}, 0.6);
  const Weighing weighing = WeighCase(view);
  EXPECT_EQ(Keys(Rank(weighing)),
            (std::vector<std::string>{"amoxicillin", "ibuprofen", "metformin"}));
  // Nobody graded: only the number of models tells them apart.
  CaseView silent = Reviewing({{"a", {"metformin"}}, {"b", {"ibuprofen"}}, {"c", {"metformin"}}});
  const Weighing unweighed = WeighCase(silent);
  EXPECT_EQ(Keys(Rank(unweighed)), (std::vector<std::string>{"metformin", "ibuprofen"}));
  EXPECT_FALSE(unweighed.graded);
}

TEST(ClusterTest, BestAnswerHasTheHighestGradeThenTheNameInOrder) {
  CaseView view =
      Reviewing({{"a", {"amoxicillin"}}, {"b", {"amoxicillin"}}, {"c", {"amoxicillin"}}});
  GradeAll(view, {{"a", 0.7}, {"b", 0.9}, {"c", 0.7}});
  const Weighing weighing = WeighCase(view);
  const auto clusters = Rank(weighing);
  EXPECT_EQ(clusters[0].Best().coded.model, "b");
  CaseView tied = Reviewing({{"a", {"amoxicillin"}}, {"b", {"amoxicillin"}}});
  GradeAll(tied, {}, 0.7);
  const Weighing even = WeighCase(tied);
  EXPECT_EQ(Rank(even)[0].Best().coded.model, "a");
}

}  // namespace
}  // namespace consilium
