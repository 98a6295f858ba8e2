// From graded answers to ranked clusters: the Vancouver consensus, the weight of each author's
// answer, the support of each ingredient set. docs/decision.md has the formulas.
//
// Threads: functions without state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/coding.h"
#include "aggregator/council/record.h"

namespace consilium {

struct WeighedAnswer {
  CodedAnswer coded;
  std::optional<double> grade;     // consensus, [0, 1]; absent: nobody graded it
  std::optional<double> variance;  // of `grade`
  std::int64_t grades = 0;         // received
  double weight = 1.0;             // r of its author, [0, 1]
  std::string version;             // that served it; "" = not reported
  // False: it came after the first decision and nobody graded it yet, so it changes no support.
  bool counted = true;
};

struct Weighing {
  std::vector<WeighedAnswer> answers;  // by model
  // Of this case's reviewers that could be compared with others, [0, 1].
  std::map<std::string, double, std::less<>> reliability;
  bool graded = false;   // at least one grade counts
  bool reviewed = true;  // false: no grades are asked for, every answer counts as a vote
};

Weighing Weigh(const CaseView& view, const CaseRecord& record, const MedicationTable& table,
               bool reviewed = true);

// Answers that mean the same.
struct Cluster {
  std::string key;
  double support = 0.0;                       // [0, 1]
  std::vector<const WeighedAnswer*> answers;  // best first, never empty

  const WeighedAnswer& Best() const { return *answers.front(); }
  const IngredientSet& Set() const { return Best().coded.set; }
  std::vector<std::string> Models() const;  // sorted
};

// Best first: by support, then the best grade, then the number of answers, then the key. The
// clusters point into `weighing`.
std::vector<Cluster> RankClusters(const Weighing& weighing);

// Best first by what is given for each, equal ones as they were; `probability` comes along.
void RankBy(std::vector<double>& probability, std::vector<Cluster>& clusters);

}  // namespace consilium
