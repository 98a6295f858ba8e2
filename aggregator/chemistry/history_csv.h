// Performance histories in the reference's CSV form (RFC 4180): one row per answer of a model in a
// trial.
//
// Columns, by the names of the first line, in any order; others are ignored: trial, model, task,
// latency (s), result, quality (0..10), generation_accuracy (0 or 1), review_accuracy (0..1),
// accuracy (0..1), strategy, created ("YYYY-MM-DD hh:mm:ss", UTC, a fraction of a second may
// follow), and what `consilium export` adds: case_id, weight (0..1), version (at most 128 bytes),
// simulated (0 or 1); needed: trial, model, task, quality, accuracy. A row that is malformed (wrong
// number of fields, a name that no model may have, a number out of range or not finite, a strategy
// that is a time: shifted columns, a case id that its trial does not have or that another trial
// has) is counted, remembered with its line and left out. Bounded: 1 GiB, 5,000,000 rows, 1 MiB a
// field.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/chemistry/profile.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

struct HistoryRow {
  std::size_t line = 0;  // of the file, where the row begins, from 1
  std::string trial;
  std::string model;
  std::size_t task = 0;  // index in HistoryTable::tasks
  // Index among all of the text folded to lower-case letters and digits: equal ones mean the same
  // answer. A blank one is an answer of its own.
  std::size_t result = 0;
  std::optional<double> latency_s;
  double quality = 0.0;
  double accuracy = 0.0;
  std::optional<double> generation_accuracy;
  std::optional<double> review_accuracy;
  std::optional<double> weight;
  std::string strategy;         // upper case as written; "" = not stated
  std::string case_id;          // the same in all rows of a trial; "" = none that a case may have
  std::string version;          // "" = not stated
  std::int64_t created_ms = 0;  // Unix; 0 = not stated
  bool simulated = false;
};

struct BadRow {
  std::size_t line = 0;
  std::string why;  // "quality = 12, expected 0..10"
};

struct HistoryTable {
  std::vector<std::string> tasks;  // distinct texts in the order of their first row
  std::vector<HistoryRow> rows;    // in file order
  std::size_t bad_count = 0;
  std::vector<BadRow> bad;  // the first 1000
  std::size_t results = 0;  // number of distinct answers
};

// Errors: kInvalid when the first line lacks a needed column or names one twice, when the text is
// empty, not UTF-8 or ends inside quotes; kTooLarge beyond the bounds. `name` stands in front of
// messages.
Result<HistoryTable> ParseHistory(std::string_view text, const std::string& name);

// --- tasks that say nearly the same
enum class TaskGrouping { kNear, kExact };
inline constexpr double kNearCosine = 0.85;
// For each task the index of the one that stands for its group, itself or an earlier one. kNear:
// greedy in file order, TF-IDF over lower-case words (idf = ln(N / (1 + df))), the most similar
// stand-in at cosine >= 0.85, as the reference groups them; equal texts are always one group, and
// of one or two distinct texts, where the weights tell nothing apart, only equal ones are.
std::vector<std::size_t> GroupTasks(const std::vector<std::string>& tasks, TaskGrouping grouping);

// The rows of one group of tasks (see GroupTasks). Errors: kNotFound naming the tasks there are.
// Without `task` the group with the most rows.
struct TaskHistory {
  std::string task;                     // that stands for the group
  std::vector<const HistoryRow*> rows;  // borrowed from the table, in file order
};
Result<TaskHistory> SelectTask(const HistoryTable& table, TaskGrouping grouping,
                               const std::optional<std::string>& task);

// --- profiles of a history
// kBest: as the reference does it, per model the first row with the highest accuracy, rows of
// strategy CHEMISTRY left out, accuracy floored at 0.1. kMean: means over all rows.
enum class ProfileBasis { kBest, kMean };
inline constexpr const char* kProfileBasisNames[] = {"best", "mean"};
std::vector<ModelProfile> MakeProfiles(const TaskHistory& history, ProfileBasis basis);  // by model
// The sets of models that sat together: of kBest, the trials of the chosen rows, as the reference
// does it; of kMean all trials. Distinct, sorted.
std::vector<std::vector<std::string>> PastSets(const TaskHistory& history, ProfileBasis basis);

// --- trials as evidence
// One case per trial (rows of one trial with different created times are one trial). Rows of one
// model in one trial are one answer: the first row's quality, generation accuracy and version, the
// mean of the review accuracies and of the weights, the longest latency. weight = as stated, else
// review accuracy, else 1; grade = quality / 10; right = generation accuracy >= 0.5 where stated,
// else absent. `kind` becomes the evidence's kind. case_id = as stated, else "import-" + 32 hex
// digits of a digest of the task and the trial's rows. source "import"; strategy in lower case; simulated
// when any row is. Keys of answers sort as their first rows stand. In the order of first rows.
std::vector<CaseEvidence> MakeEvidence(const TaskHistory& history, const std::string& kind);

// Who ran locally, as far as the strategies LOCAL and REMOTE of a history show it.
struct Placement {
  std::vector<std::string> local;   // seen in LOCAL trials; sorted
  std::vector<std::string> remote;  // seen in REMOTE trials and not in LOCAL ones; sorted
};
Placement FindPlacement(const TaskHistory& history);

}  // namespace consilium
