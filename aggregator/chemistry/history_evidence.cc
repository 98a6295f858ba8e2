// What a history says about its models: profiles, past sets, evidence and placement of
// history_csv.h.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "aggregator/chemistry/history_csv.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr double kAccuracyFloor = 0.1;

using Rows = std::vector<const HistoryRow*>;

// By model, its first row with the highest accuracy outside strategy CHEMISTRY.
std::map<std::string_view, const HistoryRow*> BestRows(const TaskHistory& history) {
  std::map<std::string_view, const HistoryRow*> best;
  for (const HistoryRow* row : history.rows) {
    if (row->strategy == "CHEMISTRY") continue;
    const auto [found, is_new] = best.emplace(row->model, row);
    if (!is_new && row->accuracy > found->second->accuracy) found->second = row;
  }
  return best;
}

// In the order of their first rows. Tasks that are one by their near texts may both have a trial of
// that name; different case ids tell them apart.
std::vector<Rows> Trials(const TaskHistory& history) {
  std::vector<Rows> trials;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> position;
  for (const HistoryRow* row : history.rows) {
    const std::pair<std::string_view, std::string_view> name(row->trial, row->case_id);
    const auto [found, is_new] = position.emplace(name, trials.size());
    if (is_new) trials.emplace_back();
    trials[found->second].push_back(row);
  }
  return trials;
}

struct Mean {
  double sum = 0.0;
  double count = 0.0;
  void Add(double value) {
    sum += value;
    count += 1.0;
  }
  // Rounding must not lead out of the range of what was added.
  double Within(double max) const { return std::min(sum / count, max); }
};

std::string Exact(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  return text.data();
}

std::string Exact(const std::optional<double>& value) { return value ? Exact(*value) : "-"; }

// "0001" for the first answer that a trial shows, so that names sort as they came.
std::string AnswerKey(std::size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

EvidenceAnswer MakeAnswer(const Rows& rows, std::string key) {
  const HistoryRow& first = *rows.front();
  EvidenceAnswer answer;
  answer.model = first.model;
  answer.version = first.version;
  answer.key = std::move(key);
  answer.grade = first.quality / 10.0;
  if (first.generation_accuracy) answer.right = *first.generation_accuracy >= 0.5;
  Mean review;
  Mean weight;
  for (const HistoryRow* row : rows) {
    if (row->review_accuracy) review.Add(*row->review_accuracy);
    if (row->weight) weight.Add(*row->weight);
    if (!row->latency_s) continue;
    answer.latency_ms = std::max(answer.latency_ms.value_or(0.0), *row->latency_s * 1000.0);
  }
  if (review.count > 0.0) answer.reliability = review.Within(1.0);
  answer.weight = weight.count > 0.0 ? weight.Within(1.0) : answer.reliability.value_or(1.0);
  return answer;
}

// One trial: its rows by model, and the number of each row's answer in the order of the trial.
CaseEvidence MakeCase(const Rows& trial, const std::string& task, const std::string& kind) {
  CaseEvidence one;
  one.kind = kind;
  one.source = "import";
  one.strategy = trial.front()->strategy;
  for (char& c : one.strategy) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  std::map<std::size_t, std::size_t> numbers;  // of the table's results in this trial, from 1
  std::map<std::string_view, Rows> by_model;
  std::string content = task + '\n' + trial.front()->trial + '\n';
  for (const HistoryRow* row : trial) {
    const std::size_t number = numbers.emplace(row->result, numbers.size() + 1).first->second;
    by_model[row->model].push_back(row);
    one.decided_ms = std::max(one.decided_ms, row->created_ms);
    one.simulated = one.simulated || row->simulated;
    content += row->model + '|' + std::to_string(number) + '|' + Exact(row->latency_s) + '|' +
               Exact(row->quality) + '|' + Exact(row->accuracy) + '|' +
               Exact(row->generation_accuracy) + '|' + Exact(row->review_accuracy) + '|' +
               row->strategy + '|' + std::to_string(row->created_ms) + '|' + Exact(row->weight) +
               '|' + row->version + '|' + (row->simulated ? '1' : '0') + '\n';
  }
  for (const auto& [model, rows] : by_model) {
    one.seated.emplace_back(model);
    one.answers.push_back(MakeAnswer(rows, AnswerKey(numbers[rows.front()->result])));
  }
  one.case_id = trial.front()->case_id;
  if (one.case_id.empty()) one.case_id = "import-" + Sha256Hex(content).substr(0, 32);
  return one;
}

}  // namespace

std::vector<ModelProfile> MakeProfiles(const TaskHistory& history, ProfileBasis basis) {
  std::vector<ModelProfile> profiles;
  if (basis == ProfileBasis::kBest) {
    for (const auto& [model, row] : BestRows(history)) {
      profiles.push_back(
          {std::string(model), row->quality, std::max(row->accuracy, kAccuracyFloor)});
    }
    return profiles;
  }
  std::map<std::string_view, std::pair<Mean, Mean>> means;  // quality, accuracy
  for (const HistoryRow* row : history.rows) {
    auto& [quality, accuracy] = means[row->model];
    quality.Add(row->quality);
    accuracy.Add(row->accuracy);
  }
  for (const auto& [model, mean] : means) {
    profiles.push_back({std::string(model), mean.first.Within(10.0), mean.second.Within(1.0)});
  }
  return profiles;
}

std::vector<std::vector<std::string>> PastSets(const TaskHistory& history, ProfileBasis basis) {
  std::set<std::string_view> chosen;
  if (basis == ProfileBasis::kBest) {
    for (const auto& [model, row] : BestRows(history)) chosen.insert(row->trial);
  }
  std::map<std::string_view, std::set<std::string>> members;
  for (const HistoryRow* row : history.rows) {
    if (basis == ProfileBasis::kMean || chosen.count(row->trial) != 0) {
      members[row->trial].insert(row->model);
    }
  }
  std::set<std::vector<std::string>> sets;
  for (const auto& [trial, models] : members) sets.emplace(models.begin(), models.end());
  return {sets.begin(), sets.end()};
}

std::vector<CaseEvidence> MakeEvidence(const TaskHistory& history, const std::string& kind) {
  std::vector<CaseEvidence> cases;
  for (const Rows& trial : Trials(history)) cases.push_back(MakeCase(trial, history.task, kind));
  return cases;
}

Placement FindPlacement(const TaskHistory& history) {
  std::set<std::string> local;
  std::set<std::string> remote;
  for (const HistoryRow* row : history.rows) {
    if (row->strategy == "LOCAL") local.insert(row->model);
    if (row->strategy == "REMOTE") remote.insert(row->model);
  }
  Placement placement;
  placement.local.assign(local.begin(), local.end());
  std::set_difference(remote.begin(), remote.end(), local.begin(), local.end(),
                      std::back_inserter(placement.remote));
  return placement;
}

}  // namespace consilium
