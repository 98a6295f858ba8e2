// What each policy of seating and voting would have recommended for recorded questions, out of
// sample.
//
// The questions are dealt at random into parts; each part is answered by what was learned from the
// others: accuracies, the weights of votes, their ridge, the calibration of their confidence. So no
// question takes part in a choice that it is scored by. Repeated with other deals. Same table and
// rules, same bits. Threads: functions without state. docs/evaluation.md describes the policies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/evaluation/answer_table.h"
#include "aggregator/statistics/measures.h"
#include "shared/result.h"

namespace consilium {

struct PolicyRules {
  std::vector<std::size_t> sizes{1, 3, 5,
                                 10};  // of councils, distinct; larger than the models: all
  std::size_t folds = 10;              // 2..questions
  std::size_t repeats = 5;             // 1..100
  std::size_t draws = 50;              // sets of a random policy for each part
  std::uint64_t seed = 1;
};

enum class Policy {
  kAverageSingle,  // one model, drawn at random: the mean over all
  kBestSingle,     // the most accurate one elsewhere
  kRandomPlain,    // k drawn at random, the answer that most of them gave
  kTopPlain,       // the k most accurate, the answer that most gave
  kTopWeighted,    // the k most accurate, votes weighed (vote_model.h), confidence calibrated
  kOracle,         // right where any model is: what no policy can beat
};
inline constexpr std::string_view kPolicyNames[] = {
    "average_single", "best_single", "random_plain", "top_plain", "top_weighted", "oracle"};

struct PolicyResult {
  Policy policy = Policy::kAverageSingle;
  std::size_t size = 1;  // models seated
  // By question with a known answer (questions()): how often it was right, over repeats and draws,
  // with ties shared; absent where nobody of the council ever answered.
  std::vector<std::optional<double>> right;
  // One for each question and repeat that it answered with a confidence: the share of votes, or the
  // calibrated probability.
  std::vector<Forecast> forecasts;
  std::vector<double> accuracy;        // of each repeat
  std::optional<double> latency_mean;  // s, of the slowest that was seated; absent where not told
  double calls = 0.0;                  // per question
};

struct PolicyEval {
  std::vector<std::size_t> questions;  // of the table, those whose answer is known
  std::vector<PolicyResult> results;
  std::vector<double> accuracy;  // of each model, over those that it answered
};

// `progress` is told how many of how many parts are done, after each. Errors: kInvalid for rules
// out of range and fewer than 20 questions with a known answer.
Result<PolicyEval> EvaluatePolicies(
    const AnswerTable& table, const PolicyRules& rules,
    const std::function<void(std::size_t, std::size_t)>& progress = nullptr);

}  // namespace consilium
