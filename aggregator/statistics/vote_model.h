// How much the vote of each model counts, fitted on cases whose right answer is known.
//
// A conditional logit: with models m that chose answer c of a case,
//
//     score(c) = sum of w_m x_m(c), x_m(c) = 1 where model m chose c, else 0
//     P(c)     = exp(score(c)) / (sum over chosen c' of exp(score(c')) + rest)
//
// What else is known of an answer (a consensus grade) is one more voter, who says a number of each.
//
// `rest` is the answers that were possible and that nobody chose: each counts exp(0) = 1. The
// weights are those under which the right answers were likeliest, all at once: two models that err
// together share what they know, so each gets less than alone, and a vote of many weak ones need
// not outweigh one strong one. No weight is below 0: a vote for an answer never speaks against it.
// A ridge holds the weights near their common mean where there are few cases. Source: McFadden,
// Conditional logit analysis of qualitative choice behavior, 1974; docs/evaluation.md has the
// formulas.
//
// Same ballots, same bits. Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "shared/result.h"

namespace consilium {

// One case as a vote: who chose which of the answers that were given.
struct Ballot {
  struct Vote {
    std::size_t model = 0;   // below the number of models
    std::size_t answer = 0;  // below `answers`
    double value = 1.0;      // x, finite
  };
  std::vector<Vote> votes;  // at most one for each model and answer, at least one in all
  std::size_t answers = 0;  // different ones that were given
  // Answers that nobody gave and that were possible: the options that are left in closed choice, 1
  // ("something else") otherwise.
  std::size_t rest = 1;
  // The right one; none of those given where it is absent, which needs a rest.
  std::optional<std::size_t> right;
};

struct VoteRules {
  // Pull of each weight towards their mean, in units of cases; > 0.
  double ridge = 8.0;
  std::vector<double> start = {};  // where to look first, by model; missing ones are 1
};

struct VoteModel {
  std::vector<double> weights;  // by model, finite, >= 0
  double ridge = 0.0;
  std::size_t cases = 0;
  double log_loss = 0.0;  // mean over the cases that it was fitted on
};

// Errors: kInvalid for no ballots, a model, an answer or a right answer out of range, two votes of
// a model, a ballot without a vote, a right answer that nobody gave without a rest, a ridge that is
// not positive and finite.
Result<VoteModel> FitVotes(std::span<const Ballot> ballots, std::size_t models,
                           const VoteRules& rules);

// P of each answer given. They and the rest add up to 1.
std::vector<double> AnswerProbabilities(const Ballot& ballot, std::span<const double> weights);

// -ln P(right).
double LogLoss(const Ballot& ballot, std::span<const double> weights);

}  // namespace consilium
