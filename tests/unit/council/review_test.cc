#include "aggregator/council/review.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

std::vector<std::string> Names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("model-" + std::to_string(i));
  return names;
}

CaseView AnsweredCase(const std::vector<std::string>& ensemble) {
  CaseView view = MakeCase(ensemble);
  for (const std::string& model : ensemble) AnswerWith(view, model, {"amoxicillin"});
  return view;
}

std::vector<NewTask> Plan(const CaseView& view, const Council& council) {
  return PlanReviews(view, ReadRecord(view), council, kDeadline);
}

std::map<std::string, std::set<std::string>> GradersByAuthor(const std::vector<NewTask>& tasks) {
  std::map<std::string, std::set<std::string>> graders;
  for (const NewTask& task : tasks) {
    for (const std::string& author : task.authors) graders[author].insert(task.task.model);
  }
  return graders;
}

TEST(ReviewTest, EveryAnswerGetsAsManyGradersAsAskedOrAsThereAreOthersAndNeverItsAuthor) {
  for (std::size_t seats = 1; seats <= 6; ++seats) {
    for (std::size_t pool = seats; pool <= 8; ++pool) {
      for (std::int64_t graders = 1; graders <= 8; ++graders) {
        const auto names = Names(pool);
        const std::vector<std::string> ensemble(names.begin(),
                                                names.begin() + static_cast<std::ptrdiff_t>(seats));
        Council council = MakeCouncil(names);
        council.config.graders = graders;
        const auto tasks = Plan(AnsweredCase(ensemble), council);
        const auto by_author = GradersByAuthor(tasks);
        const std::size_t wanted = std::min(static_cast<std::size_t>(graders), pool - 1);
        if (wanted == 0) {
          EXPECT_TRUE(tasks.empty());
          continue;
        }
        ASSERT_EQ(by_author.size(), seats) << seats << " of " << pool << ", k = " << graders;
        for (const auto& [author, models] : by_author) {
          EXPECT_EQ(models.size(), wanted) << seats << " of " << pool << ", k = " << graders;
          EXPECT_EQ(models.count(author), 0u);
        }
      }
    }
  }
}

TEST(ReviewTest, EachTaskShowsEveryAnswerUnderItsOwnLabelInTheRecordedOrder) {
  const auto names = Names(6);
  CaseView view = MakeCase(names);
  for (const std::string& model : names) {
    Answer answer = MakeAnswer({"amoxicillin"});
    answer.medications[0].dose = model;  // tells whose answer a packet shows
    AnswerWith(view, model, answer);
  }
  Council council = MakeCouncil(names);
  council.config.graders = 5;
  const auto tasks = Plan(view, council);
  ASSERT_EQ(tasks.size(), 6u);
  for (const NewTask& task : tasks) {
    ASSERT_TRUE(task.packet.has_value());
    ASSERT_EQ(task.packet->answers.size(), 5u);
    ASSERT_EQ(task.labels.size(), 5u);
    ASSERT_EQ(task.authors.size(), 5u);
    EXPECT_EQ(task.task.case_id, "case-1");
    EXPECT_EQ(task.task.stage, Stage::kReview);
    EXPECT_EQ(task.task.round, 1);
    EXPECT_EQ(task.deadline_ms, kDeadline);
    const std::set<std::string> labels(task.labels.begin(), task.labels.end());
    EXPECT_EQ(labels.size(), 5u);
    for (std::size_t i = 0; i < task.labels.size(); ++i) {
      EXPECT_EQ(task.packet->answers[i].label, task.labels[i]);
      EXPECT_EQ(task.packet->answers[i].answer.medications[0].dose, task.authors[i]);
      EXPECT_EQ(task.labels[i].size(), 3u);
    }
  }
}

TEST(ReviewTest, GradersSeeOrdersAndLabelsOfTheirOwn) {
  const auto names = Names(8);
  std::vector<std::string> ensemble(names.begin(), names.begin() + 6);
  Council council = MakeCouncil(names);
  council.config.graders = 7;
  const auto tasks = Plan(AnsweredCase(ensemble), council);
  const auto order_of = [&](const std::string& grader) {
    for (const NewTask& task : tasks) {
      if (task.task.model == grader) return task;
    }
    return NewTask{};
  };
  // The two idle models grade the same six answers.
  const NewTask a = order_of("model-6");
  const NewTask b = order_of("model-7");
  ASSERT_EQ(a.authors.size(), 6u);
  ASSERT_EQ(b.authors.size(), 6u);
  EXPECT_NE(a.authors, b.authors);
  EXPECT_NE(a.labels, b.labels);
}

TEST(ReviewTest, EveryPositionIsGivenToEveryAuthorAboutEquallyOften) {
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  Council council = MakeCouncil(names);
  std::map<std::string, int> first;
  for (int i = 0; i < 400; ++i) {
    CaseView view = AnsweredCase({"a", "b", "c"});
    view.id = "case-" + std::to_string(i);
    for (const NewTask& task : Plan(view, council)) {
      if (task.task.model == "d") ++first[task.authors.front()];
    }
  }
  for (const auto& [author, count] : first) EXPECT_NEAR(count, 133, 45) << author;
}

TEST(ReviewTest, SeedCaseAndRoundAloneDecideLabelsAndOrders) {
  const auto names = Names(5);
  CaseView view = AnsweredCase(names);
  Council council = MakeCouncil(names);
  const auto once = Plan(view, council);
  std::reverse(view.tasks.begin(), view.tasks.end());
  std::reverse(council.pool.begin(), council.pool.end());
  const auto again = Plan(view, council);
  ASSERT_EQ(once.size(), again.size());
  for (std::size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(once[i].labels, again[i].labels);
    EXPECT_EQ(once[i].authors, again[i].authors);
  }
  council.config.seed = 2;
  EXPECT_NE(Plan(view, council)[0].labels, once[0].labels);
  council.config.seed = 1;
  view.id = "case-2";
  EXPECT_NE(Plan(view, council)[0].labels, once[0].labels);
}

TEST(ReviewTest, MembersOfTheEnsembleGradeBeforeIdleModelsAndThoseBeforeModelsWithoutWorker) {
  Council council = MakeCouncil({"a", "b", "c", "d", "e", "f"});
  council.pool[3].live = false;  // d
  council.config.graders = 3;
  const auto graders = GradersByAuthor(Plan(AnsweredCase({"a", "b", "c"}), council));
  const std::set<std::string> idle = {"e", "f"};
  for (const auto& [author, models] : graders) {
    EXPECT_EQ(models.count("d"), 0u);
    for (const std::string member : {"a", "b", "c"}) {
      EXPECT_EQ(models.count(member), member == author ? 0u : 1u);
    }
    EXPECT_EQ(models.count("e") + models.count("f"), 1u);
  }
  // Without enough others the absent one is asked all the same.
  council.config.graders = 5;
  for (const auto& [author, models] :
       GradersByAuthor(Plan(AnsweredCase({"a", "b", "c"}), council))) {
    EXPECT_EQ(models.count("d"), 1u) << author;
  }
}

TEST(ReviewTest, MemberThatAnsweredGradesWhateverItsLastSignOfLife) {
  Council council = MakeCouncil({"a", "b", "c", "d"});
  council.config.graders = 2;
  const auto healthy = GradersByAuthor(Plan(AnsweredCase({"a", "b", "c"}), council));
  for (PoolModel& member : council.pool) member.live = member.model == "d";
  EXPECT_EQ(GradersByAuthor(Plan(AnsweredCase({"a", "b", "c"}), council)), healthy);
}

TEST(ReviewTest, MemberWhoseAnswerFailedGradesOnlyWhenIdleModelsDoNotSuffice) {
  CaseView view = MakeCase({"a", "b", "c"});
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  FailAnswer(view, "c", OutcomeStatus::kError, "HTTP 500");
  Council council = MakeCouncil({"a", "b", "c", "d"});
  council.config.graders = 2;
  auto graders = GradersByAuthor(Plan(view, council));
  EXPECT_EQ(graders["a"], (std::set<std::string>{"b", "d"}));
  council.config.graders = 3;
  graders = GradersByAuthor(Plan(view, council));
  EXPECT_EQ(graders["a"], (std::set<std::string>{"b", "c", "d"}));
}

TEST(ReviewTest, IdleGradersShareTheWork) {
  const auto names = Names(9);
  const std::vector<std::string> ensemble(names.begin(), names.begin() + 3);
  Council council = MakeCouncil(names);
  council.config.graders = 4;  // two members and two of six idle models for each of three answers
  std::map<std::string, std::size_t> load;
  for (const NewTask& task : Plan(AnsweredCase(ensemble), council)) {
    load[task.task.model] = task.authors.size();
  }
  for (std::size_t i = 3; i < 9; ++i) EXPECT_EQ(load[names[i]], 1u) << names[i];
}

TEST(ReviewTest, NextRoundShowsOnlyWhatNobodySawYet) {
  CaseView view = MakeCase({"a", "b", "c"});
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  const Council council = MakeCouncil({"a", "b", "c", "d"});
  consilium::Plan first;
  first.tasks = Plan(view, council);
  EXPECT_EQ(GradersByAuthor(first.tasks).count("c"), 0u);
  ApplyPlan(view, first);
  EXPECT_TRUE(Plan(view, council).empty());
  AnswerWith(view, "c", {"ibuprofen"});
  const auto second = Plan(view, council);
  EXPECT_EQ(GradersByAuthor(second),
            (std::map<std::string, std::set<std::string>>{{"c", {"a", "b", "d"}}}));
  for (const NewTask& task : second) EXPECT_EQ(task.task.round, 2);
}

TEST(ReviewTest, UnusableAnswersAreNotShown) {
  CaseView view = MakeCase({"a", "b", "c", "d"});
  AnswerWith(view, "a", {"amoxicillin"});
  FailAnswer(view, "b", OutcomeStatus::kRefused, "no");
  AnswerWith(view, "c", {" "});
  Outcome empty;
  empty.status = OutcomeStatus::kOk;
  End(view, FindTask(view, Stage::kGenerate, 1, "d"), empty, kAccepted + 1);
  const auto graders = GradersByAuthor(Plan(view, MakeCouncil({"a", "b", "c", "d"})));
  EXPECT_EQ(graders.size(), 1u);
  EXPECT_EQ(graders.count("a"), 1u);
}

TEST(ReviewTest, PacketHidesModelNamesAlsoAsProvidersSpellThem) {
  CaseView view = MakeCase({"strong-one", "b"});
  Answer answer = MakeAnswer({"amoxicillin"});
  answer.rationale = "Strong One, served as hidden-name-2024, with b-lactam in mind.";
  AnswerWith(view, "strong-one", answer);
  FindTask(view, Stage::kGenerate, 1, "strong-one").outcome->model_served = "hidden-name-2024";
  const auto tasks = Plan(view, MakeCouncil({"strong-one", "b"}));
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(tasks[0].packet->answers[0].answer.rationale,
            "[model], served as [model], with b-lactam in mind.");
}

}  // namespace
}  // namespace consilium
