// Tasks that say nearly the same: GroupTasks and SelectTask of history_csv.h.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "aggregator/chemistry/history_csv.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kTasksNamed = 10;  // in an error

using Term = std::pair<std::size_t, double>;  // number of a word, its weight

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return words;
}

// Vectors of length 1 (or 0), rare words first: the rarer a word, the lower its number.
std::vector<std::vector<Term>> TfIdf(const std::vector<std::string>& tasks) {
  std::vector<std::map<std::string, double>> counts(tasks.size());
  std::map<std::string, std::size_t> frequency;  // tasks with the word
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    for (const std::string& word : Words(tasks[i])) counts[i][word] += 1.0;
    for (const auto& [word, count] : counts[i]) ++frequency[word];
  }
  std::vector<std::pair<std::size_t, std::string>> by_rarity;
  by_rarity.reserve(frequency.size());
  for (const auto& [word, tasks_with] : frequency) by_rarity.emplace_back(tasks_with, word);
  std::sort(by_rarity.begin(), by_rarity.end());
  std::map<std::string, std::size_t> numbers;
  for (const auto& [tasks_with, word] : by_rarity) numbers.emplace(word, numbers.size());

  std::vector<std::vector<Term>> vectors(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    for (const auto& [word, count] : counts[i]) {
      const double with = static_cast<double>(1 + frequency[word]);
      const double idf = std::log(static_cast<double>(tasks.size()) / with);
      if (idf != 0.0) vectors[i].emplace_back(numbers[word], count * idf);
    }
    std::sort(vectors[i].begin(), vectors[i].end());
    double squares = 0.0;
    for (const auto& [number, weight] : vectors[i]) squares += weight * weight;
    for (auto& [number, weight] : vectors[i]) weight /= std::sqrt(squares);
  }
  return vectors;
}

double Dot(const std::vector<Term>& a, const std::vector<Term>& b) {
  double sum = 0.0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].first == b[j].first) {
      sum += a[i++].second * b[j++].second;
    } else if (a[i].first < b[j].first) {
      ++i;
    } else {
      ++j;
    }
  }
  return sum;
}

// The stand-ins so far, found by their words.
class StandIns {
 public:
  explicit StandIns(const std::vector<std::vector<Term>>& vectors) : vectors_(vectors) {}

  // The most similar at cosine >= kNearCosine, the earliest of equals; `task` when there is none.
  // A stand-in that shares only the last words of the vector cannot be similar enough once these
  // are shorter than kNearCosine together (Cauchy-Schwarz), so only the rarer ones are looked up.
  std::size_t Nearest(std::size_t task) const {
    std::vector<std::size_t> candidates;
    double left = 1.0;  // squared length of the words not yet looked up
    for (const auto& [word, weight] : vectors_[task]) {
      if (left < kNearCosine * kNearCosine - 1e-9) break;
      left -= weight * weight;
      if (const auto found = with_.find(word); found != with_.end()) {
        candidates.insert(candidates.end(), found->second.begin(), found->second.end());
      }
    }
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    std::size_t best = task;
    double most = 0.0;
    for (const std::size_t candidate : candidates) {
      const double cosine = Dot(vectors_[task], vectors_[candidate]);
      if (cosine < kNearCosine || cosine <= most) continue;
      most = cosine;
      best = candidate;
    }
    return best;
  }

  void Add(std::size_t task) {
    for (const auto& [word, weight] : vectors_[task]) with_[word].push_back(task);
  }

 private:
  const std::vector<std::vector<Term>>& vectors_;
  std::map<std::size_t, std::vector<std::size_t>> with_;  // word -> stand-ins
};

std::string NameTasks(const HistoryTable& table, const std::vector<std::size_t>& groups) {
  std::string names;
  std::size_t count = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] != i || ++count > kTasksNamed) continue;
    names += (names.empty() ? "" : ", ") + Quoted(table.tasks[i]);
  }
  if (count == 0) return "but the history has no rows";
  if (count > kTasksNamed) names += " and " + std::to_string(count - kTasksNamed) + " more";
  return "expected one of " + names;
}

std::size_t LargestGroup(const HistoryTable& table, const std::vector<std::size_t>& groups) {
  std::vector<std::size_t> rows(groups.size(), 0);
  for (const HistoryRow& row : table.rows) ++rows[groups[row.task]];
  return static_cast<std::size_t>(std::max_element(rows.begin(), rows.end()) - rows.begin());
}

std::string Stripped(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::vector<std::size_t> GroupTasks(const std::vector<std::string>& tasks, TaskGrouping grouping) {
  std::vector<std::size_t> groups(tasks.size());
  std::map<std::string, std::size_t> first;  // of equal texts
  std::vector<std::string> distinct;
  std::vector<std::size_t> position;  // of a distinct text in `tasks`
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto [found, is_new] = first.emplace(tasks[i], distinct.size());
    groups[i] = found->second;
    if (!is_new) continue;
    distinct.push_back(tasks[i]);
    position.push_back(i);
  }
  // Of two texts every word is in half of them (weight 0) or in both: nothing tells them apart.
  const bool near = grouping == TaskGrouping::kNear && distinct.size() > 2;
  std::vector<std::size_t> stands(distinct.size());
  const auto vectors = near ? TfIdf(distinct) : std::vector<std::vector<Term>>();
  StandIns stand_ins(vectors);
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    stands[i] = near ? stand_ins.Nearest(i) : i;
    if (near && stands[i] == i) stand_ins.Add(i);
  }
  for (std::size_t& group : groups) group = position[stands[group]];
  return groups;
}

Result<TaskHistory> SelectTask(const HistoryTable& table, TaskGrouping grouping,
                               const std::optional<std::string>& task) {
  TaskHistory history;
  const std::vector<std::size_t> groups = GroupTasks(table.tasks, grouping);
  std::size_t chosen = 0;
  if (task) {
    const auto found = std::find(table.tasks.begin(), table.tasks.end(), Stripped(*task));
    if (found == table.tasks.end()) {
      return Error{ErrorCode::kNotFound,
                   "task = " + Quoted(*task) + ", " + NameTasks(table, groups)};
    }
    chosen = groups[static_cast<std::size_t>(found - table.tasks.begin())];
  } else if (groups.empty()) {
    return history;
  } else {
    chosen = LargestGroup(table, groups);
  }
  history.task = table.tasks[chosen];
  for (const HistoryRow& row : table.rows) {
    if (groups[row.task] == chosen) history.rows.push_back(&row);
  }
  return history;
}

}  // namespace consilium
