// Which tasks of a history count as one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "aggregator/chemistry/history_csv.h"
#include "shared/ids.h"

namespace consilium {
namespace {

using Groups = std::vector<std::size_t>;

// The definition, written out: every vector over all words, every stand-in compared.
Groups GroupedByDefinition(const std::vector<std::string>& tasks) {
  std::vector<std::map<std::string, double>> vectors;
  std::map<std::string, double> frequency;
  for (const std::string& task : tasks) {
    std::map<std::string, double> counts;
    std::istringstream words(task);
    for (std::string word; words >> word;) counts[word] += 1.0;
    for (const auto& [word, count] : counts) frequency[word] += 1.0;
    vectors.push_back(counts);
  }
  const auto n = static_cast<double>(tasks.size());
  for (auto& vector : vectors) {
    for (auto& [word, weight] : vector) weight *= std::log(n / (1.0 + frequency[word]));
  }
  const auto product = [](const auto& a, const auto& b) {
    double sum = 0.0;
    for (const auto& [word, weight] : a) {
      if (const auto found = b.find(word); found != b.end()) sum += weight * found->second;
    }
    return sum;
  };
  Groups groups;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    std::size_t best = i;
    double most = 0.0;
    for (std::size_t j = 0; j < i; ++j) {
      if (groups[j] != j) continue;
      const double norms =
          std::sqrt(product(vectors[i], vectors[i]) * product(vectors[j], vectors[j]));
      const double cosine = norms > 0.0 ? product(vectors[i], vectors[j]) / norms : 0.0;
      if (cosine < kNearCosine || cosine <= most) continue;
      most = cosine;
      best = j;
    }
    groups.push_back(best);
  }
  return groups;
}

TEST(GroupTasksTest, NearDuplicatesShareTheFirstOfThem) {
  std::vector<std::string> tasks = {
      "classify a short statement into a category of fakeness",
      "fix the buggy program given below quickly",
      "Classify a short statement into a category of Fakeness",  // words in lower case
      "recommend one medication for the patient",
      "classify a short statement into a category of fakeness please",
      "summarise that long report in two sentences",
      "translate this letter to French",
      "count every bird on these pictures",
      "order my books by year",
      "draw some heat map",
  };
  EXPECT_EQ(GroupTasks(tasks, TaskGrouping::kNear), (Groups{0, 1, 0, 3, 0, 5, 6, 7, 8, 9}));
  EXPECT_EQ(GroupTasks(tasks, TaskGrouping::kExact), (Groups{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  tasks.resize(5);  // among few texts one word more counts for much
  EXPECT_EQ(GroupTasks(tasks, TaskGrouping::kNear), (Groups{0, 1, 0, 3, 4}));
}

TEST(GroupTasksTest, OneOrTwoTasksAreOneGroupOnlyWhenEqual) {
  for (const TaskGrouping grouping : {TaskGrouping::kNear, TaskGrouping::kExact}) {
    EXPECT_EQ(GroupTasks({}, grouping), Groups{});
    EXPECT_EQ(GroupTasks({"fix it"}, grouping), Groups{0});
    EXPECT_EQ(GroupTasks({"fix it", "fix that"}, grouping), (Groups{0, 1}));
    EXPECT_EQ(GroupTasks({"fix it", "fix it", "fix that"}, grouping), (Groups{0, 0, 2}));
  }
}

TEST(GroupTasksTest, WordsThatAllTasksButOneShareSayNothing) {
  // N = 3, a word in two of three: ln(3/3) = 0.
  EXPECT_EQ(GroupTasks({"a a a x", "a a a y", "z"}, TaskGrouping::kNear), (Groups{0, 1, 2}));
  EXPECT_EQ(GroupTasks({"", " ", "z"}, TaskGrouping::kNear), (Groups{0, 1, 2}));
}

TEST(GroupTasksTest, LookingUpRareWordsFindsWhatComparingAllFinds) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SeededRandom random(seed, "tasks");
    std::vector<std::string> tasks;
    std::set<std::string> seen;
    const std::size_t count = 3 + random.Below(40);
    while (tasks.size() < count) {
      std::string task;
      // Most tasks are another one with a word or two changed.
      if (!tasks.empty() && random.Below(3) != 0) {
        task = tasks[random.Below(tasks.size())];
        task += " w" + std::to_string(random.Below(30));
      } else {
        const std::size_t words = 1 + random.Below(12);
        for (std::size_t i = 0; i < words; ++i)
          task += "w" + std::to_string(random.Below(30)) + " ";
      }
      if (seen.insert(task).second) tasks.push_back(task);
    }
    EXPECT_EQ(GroupTasks(tasks, TaskGrouping::kNear), GroupedByDefinition(tasks))
        << "seed " << seed;
  }
}

HistoryTable Table(const std::vector<std::string>& row_tasks) {
  std::string text = "trial,model,task,quality,accuracy\n";
  for (const std::string& task : row_tasks) text += "t,m," + task + ",5,0.5\n";
  auto table = ParseHistory(text, "h.csv");
  EXPECT_TRUE(table.ok());
  return table.ok() ? *std::move(table) : HistoryTable{};
}

TEST(SelectTaskTest, WithoutANameTheGroupWithTheMostRowsIsTaken) {
  const HistoryTable table = Table({"one", "two", "two", "three", "two", "one", "one"});
  const auto history = SelectTask(table, TaskGrouping::kNear, std::nullopt);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->task, "one") << "the earlier of equals";
  ASSERT_EQ(history->rows.size(), 3u);
  EXPECT_EQ(history->rows[0], &table.rows[0]);
  EXPECT_EQ(history->rows[2], &table.rows[6]);
}

TEST(SelectTaskTest, AnyMemberNamesItsGroup) {
  const std::string near = "Classify a short statement";
  const HistoryTable table =
      Table({"fix the program", "classify a short statement", near, "recommend one drug", near});
  const auto history = SelectTask(table, TaskGrouping::kNear, " " + near + " ");
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->task, "classify a short statement");
  EXPECT_EQ(history->rows.size(), 3u);
  const auto exact = SelectTask(table, TaskGrouping::kExact, near);
  ASSERT_TRUE(exact.ok());
  EXPECT_EQ(exact->task, near);
  EXPECT_EQ(exact->rows.size(), 2u);
}

TEST(SelectTaskTest, AnUnknownTaskNamesThoseThatThereAre) {
  const auto unknown = SelectTask(Table({"one", "two", "one"}), TaskGrouping::kExact, "four");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error(),
            (Error{ErrorCode::kNotFound, "task = \"four\", expected one of \"one\", \"two\""}));
  std::vector<std::string> many;
  many.reserve(13);
  for (int i = 0; i < 13; ++i) many.push_back("t" + std::to_string(i));
  const auto cut = SelectTask(Table(many), TaskGrouping::kExact, "four");
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().text,
            "task = \"four\", expected one of \"t0\", \"t1\", \"t2\", \"t3\", \"t4\", \"t5\", "
            "\"t6\", \"t7\", \"t8\", \"t9\" and 3 more");
}

TEST(SelectTaskTest, AHistoryWithoutRowsHasNoTask) {
  const auto nothing = SelectTask(HistoryTable{}, TaskGrouping::kNear, std::nullopt);
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(nothing->task, "");
  EXPECT_TRUE(nothing->rows.empty());
  const auto named = SelectTask(HistoryTable{}, TaskGrouping::kNear, "fix");
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error(),
            (Error{ErrorCode::kNotFound, "task = \"fix\", but the history has no rows"}));
}

}  // namespace
}  // namespace consilium
