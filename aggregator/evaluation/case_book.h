// The recorded cases of an evaluation, by number: where each model's answer is, who was right, and
// what some of the cases teach. Borrows what it is made of. Threads: const after construction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/council/track_record.h"
#include "aggregator/evaluation/council_replay.h"
#include "aggregator/evaluation/policies.h"
#include "aggregator/evaluation/seating.h"

namespace consilium {

// Of strategy utility with a budget: parts of what seating all takes.
inline constexpr double kBudgetLatencyShare = 0.2;
inline constexpr double kBudgetCostShare = 1.0 / 3;

using Set = std::vector<std::size_t>;  // models

class CaseBook {
 public:
  CaseBook(const RecordedAnswers& recorded, const PolicyRules& rules)
      : recorded_(recorded), rules_(rules) {
    for (std::size_t i = 0; i < recorded.cases.size(); ++i) {
      (recorded.cases[i].known ? known_ : unknown_).push_back(i);
      std::vector<std::optional<std::size_t>>& place = place_.emplace_back(models().size());
      const auto& answers = recorded.cases[i].evidence.answers;
      for (std::size_t a = 0; a < answers.size(); ++a) {
        const auto model = std::lower_bound(models().begin(), models().end(), answers[a].model);
        place[static_cast<std::size_t>(model - models().begin())] = a;
      }
    }
  }

  const PolicyRules& rules() const { return rules_; }
  const std::vector<std::string>& models() const { return recorded_.models; }
  bool reviewed() const { return recorded_.reviewed; }
  const std::vector<std::size_t>& known() const { return known_; }
  const std::vector<std::size_t>& unknown() const { return unknown_; }
  const JudgedCase& Case(std::size_t i) const { return recorded_.cases[i]; }
  // Known case number `c`.
  const JudgedCase& At(std::size_t c) const { return Case(known_[c]); }

  // Positions of the answers of these models to case `i`, ascending.
  std::vector<std::size_t> Answers(std::size_t i, std::span<const std::size_t> set) const {
    std::vector<std::size_t> answers;
    for (const std::size_t model : set) {
      if (place_[i][model]) answers.push_back(*place_[i][model]);
    }
    std::sort(answers.begin(), answers.end());
    return answers;
  }
  std::optional<bool> Right(std::size_t c, std::size_t model) const {
    const auto& place = place_[known_[c]][model];
    if (!place) return std::nullopt;
    return At(c).evidence.answers[*place].right.value_or(false);
  }

  // The same of all models and known cases.
  std::vector<std::vector<std::optional<bool>>> RightOfAll() const {
    std::vector<std::vector<std::optional<bool>>> right(models().size());
    for (std::size_t m = 0; m < right.size(); ++m) {
      for (std::size_t c = 0; c < known_.size(); ++c) right[m].push_back(Right(c, m));
    }
    return right;
  }

  // Right and wrong answers of a model to these known cases.
  std::pair<double, double> Count(std::size_t model, std::span<const std::size_t> some) const {
    std::pair<double, double> count{0, 0};
    for (const std::size_t c : some) {
      const auto right = Right(c, model);
      if (right) (*right ? count.first : count.second) += 1;
    }
    return count;
  }
  // What these known cases teach about a council of `set`.
  TrackRecord Learn(std::span<const std::size_t> some, std::span<const std::size_t> set) const {
    std::vector<CaseEvidence> taught;
    taught.reserve(some.size());
    for (const std::size_t c : some) {
      const auto answers = Answers(known_[c], set);
      if (!answers.empty()) taught.push_back(Restrict(At(c).evidence, answers));
    }
    TrackRecordRules rules;
    rules.needed = rules_.outcomes_min;
    rules.risk_target = rules_.risk_target;
    rules.reviewed = reviewed();
    return MakeTrackRecord(kRecordedKind, taught, rules);
  }
  SeatingBudget Budget(std::span<const std::size_t> some) const {
    std::vector<double> slowest;
    WeightedMean cost;
    bool priced = true;
    for (const std::size_t c : some) {
      const auto answers = Answers(known_[c], All());
      if (const auto one = SlowestMs(At(c), answers)) slowest.push_back(*one);
      const auto one = CostOf(At(c), answers);
      cost.Add(one, 1);
      priced = priced && (one || answers.empty());
    }
    SeatingBudget budget;
    if (!slowest.empty()) {
      // Models are left out by their 95th percentile, so that of all is what it is a part of.
      const auto at = slowest.begin() + static_cast<std::ptrdiff_t>(slowest.size() * 95 / 100);
      std::nth_element(slowest.begin(), at, slowest.end());
      budget.latency_ms_max = *at * kBudgetLatencyShare;
    }
    if (const auto mean = cost.Value(); mean && priced)
      budget.cost_usd_max = *mean * kBudgetCostShare;
    return budget;
  }
  std::vector<const JudgedCase*> Cases(std::span<const std::size_t> some) const {
    std::vector<const JudgedCase*> cases;
    for (const std::size_t c : some) cases.push_back(&At(c));
    return cases;
  }
  Set All() const {
    Set all(models().size());
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  Set Find(const std::vector<std::string>& names) const {
    Set set;
    for (std::size_t m = 0; m < models().size(); ++m) {
      if (std::find(names.begin(), names.end(), models()[m]) != names.end()) set.push_back(m);
    }
    return set;
  }

 private:
  const RecordedAnswers& recorded_;
  const PolicyRules& rules_;
  std::vector<std::size_t> known_;
  std::vector<std::size_t> unknown_;
  std::vector<std::vector<std::optional<std::size_t>>> place_;  // by case, model
};

}  // namespace consilium
