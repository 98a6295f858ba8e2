// What each policy of seating and voting would have recommended on recorded cases, out of sample.
//
// The cases are dealt at random into parts; each part is decided on by what was learned from the
// others: accuracies, track records (weights of votes, calibration, risk limit), chemistry,
// utility. So no case takes part in a choice that it is scored by. Repeated with other deals. Same
// cases and rules, same bits, whatever the number of threads. docs/evaluation.md describes the
// policies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/evaluation/judged_case.h"
#include "aggregator/evaluation/policy_tally.h"
#include "aggregator/evaluation/single_choice.h"
#include "aggregator/statistics/measures.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kKnownMin = 20;  // cases whose right answer is known

struct PolicyRules {
  std::vector<std::size_t> sizes{1, 3, 5, 10};  // of councils, distinct; above the models: all
  std::size_t folds = 10;                       // 2..cases
  std::size_t repeats = 3;                      // 1..100
  std::size_t draws = 20;                       // sets of a random policy for each part
  std::uint64_t seed = 1;
  double risk_target = 0.01;       // as council.risk_target
  std::int64_t outcomes_min = 50;  // as council.outcomes_min
  // Models placed so; a policy whose list is empty is left out.
  std::vector<std::string> local;
  std::vector<std::string> remote;
  std::vector<double> deadlines_s{1, 2, 5, 10, 30, 60};  // ascending
  std::size_t threads = 1;
};

enum class Policy {
  kAverageSingle,  // one model, drawn at random: the mean over all
  kBestSingle,     // the most accurate one elsewhere
  kRandomPlain,    // k drawn at random, every answer a vote
  kTopPlain,       // the k most accurate, every answer a vote
  kTopWeighted,    // the k most accurate, by their track record
  kLocal,          // all that are placed so, by their track record; likewise below
  kRemote,
  kChemistry,      // the k that strategy chemistry seats
  kUtility,        // those that strategy utility seats, at most as many as there are
  kUtilityBudget,  // the same at a fifth of the latency and a third of the cost of all
  kOracle,         // right where any model is: what no policy can beat
};
inline constexpr std::string_view kPolicyNames[] = {
    "average_single", "best_single", "random_plain", "top_plain",      "top_weighted", "local",
    "remote",         "chemistry",   "utility",      "utility_budget", "oracle"};

struct PolicyResult {
  Policy policy = Policy::kAverageSingle;
  std::size_t size = 1;  // models asked for; of utility the most it may seat
  // By known case: how often it was right, over repeats and draws; absent where nobody of the
  // council ever answered.
  std::vector<std::optional<double>> right;
  std::vector<Forecast> forecasts;  // one for each known case and repeat that had a confidence
  std::vector<double> accuracy;     // of each repeat
  PolicyMeans means;
};

// The council of all by its track record, if it had been decided at this time.
struct DeadlineResult {
  double deadline_s = 0.0;
  std::vector<std::optional<double>> right;  // by known case; 0 where nobody had answered
  double latency_s = 0.0;                    // mean, of the answer that was waited for last
  double answers = 0.0;                      // mean
};

// Cases whose right answer is not known, decided by the council of all with what the known ones
// teach.
struct UnknownResult {
  std::size_t cases = 0;
  PolicyMeans means;
  std::optional<double> confidence;  // mean
};

struct PolicyEval {
  std::vector<std::size_t> known;  // of the recorded cases, those whose right answer is known
  std::vector<PolicyResult> results;
  SingleChoice single;                    // as best_single chose, over the known cases
  std::vector<DeadlineResult> deadlines;  // empty where latencies are not told
  UnknownResult unknown;
  std::vector<double> accuracy;  // of each model, over those that it answered
  TrackRecord record;            // of all models, from all known cases
  std::vector<std::vector<std::optional<double>>> chemistry;  // models x models, from these
  std::optional<double> budget_latency_s;  // of utility_budget (95th percentile), from these
  std::optional<double> budget_cost_usd;
};

// `progress` is told how many of how many parts are done, by the calling thread. Errors: kInvalid
// for rules out of range and fewer than kKnownMin cases with a
// known answer.
Result<PolicyEval> EvaluatePolicies(
    const RecordedAnswers& recorded, const PolicyRules& rules,
    const std::function<void(std::size_t, std::size_t)>& progress = nullptr);

}  // namespace consilium
