#include "aggregator/statistics/vote_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "aggregator/statistics/steady_math.h"
#include "shared/check.h"

namespace consilium {
namespace {

constexpr int kStepsMax = 100;
constexpr double kStepSmall = 1e-7;
constexpr double kInitialWeight = 1.0;
constexpr double kLog2E = 1.4426950408889634;

double Exp(double x) { return SteadyExp2(x * kLog2E); }

Status Check(std::span<const Ballot> ballots, std::size_t models) {
  if (ballots.empty()) return Invalid("votes: no case, expected at least one");
  std::size_t most = 0;
  for (const Ballot& ballot : ballots) most = std::max(most, ballot.answers);
  std::vector<std::size_t> seen(models * most, 0);  // by model and answer: the case, from 1
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    const Ballot& ballot = ballots[i];
    const auto wrong = [i](const std::string& what) {
      return Invalid("votes: case " + std::to_string(i) + ": " + what);
    };
    if (ballot.votes.empty()) return wrong("no vote, expected at least one");
    for (const Ballot::Vote& vote : ballot.votes) {
      if (vote.model >= models) {
        return wrong("model " + std::to_string(vote.model) + ", expected less than " +
                     std::to_string(models));
      }
      if (vote.answer >= ballot.answers) {
        return wrong("answer " + std::to_string(vote.answer) + ", expected less than " +
                     std::to_string(ballot.answers));
      }
      if (std::exchange(seen[vote.model * most + vote.answer], i + 1) == i + 1) {
        return wrong("two votes of model " + std::to_string(vote.model) + " for answer " +
                     std::to_string(vote.answer));
      }
      if (!std::isfinite(vote.value)) {
        return wrong("a vote of model " + std::to_string(vote.model) + " that is not finite");
      }
    }
    if (ballot.right && *ballot.right >= ballot.answers) {
      return wrong("right answer " + std::to_string(*ballot.right) + ", expected less than " +
                   std::to_string(ballot.answers));
    }
    if (!ballot.right && ballot.rest == 0) {
      return wrong("the right answer is none that was possible");
    }
  }
  return Ok();
}

// Scores, and what all chances are divided by; both shifted by the largest score, so that nothing
// overflows.
struct Chances {
  std::vector<double> of;  // by answer
  double rest = 0.0;
  double log_rest_each = 0.0;  // ln of the chance of one answer of the rest
};

Chances ChancesOf(const Ballot& ballot, std::span<const double> weights) {
  Chances chances;
  chances.of.assign(ballot.answers, 0.0);
  for (const Ballot::Vote& vote : ballot.votes) {
    chances.of[vote.answer] += weights[vote.model] * vote.value;
  }
  double top = 0.0;
  for (const double score : chances.of) top = std::max(top, score);
  double sum = 0.0;
  for (double& score : chances.of) sum += score = Exp(score - top);
  const double rest = static_cast<double>(ballot.rest) * Exp(-top);
  sum += rest;
  for (double& chance : chances.of) chance /= sum;
  chances.rest = rest / sum;
  chances.log_rest_each = -top - SteadyLn(sum);
  return chances;
}

// Ballots that say the same but for the numbers of their answers: most cases are such.
struct Alike {
  Ballot ballot;
  double count = 0.0;
};

std::vector<Alike> Merge(std::span<const Ballot> ballots) {
  // Answers numbered in the order of their first vote, then: right, rest, (model, answer, value).
  using Words = std::vector<double>;
  std::map<Words, std::size_t> places;
  std::vector<Alike> merged;
  for (const Ballot& ballot : ballots) {
    std::vector<std::size_t> number(ballot.answers, ballot.answers);
    std::size_t next = 0;
    for (const Ballot::Vote& vote : ballot.votes) {
      if (number[vote.answer] == ballot.answers) number[vote.answer] = next++;
    }
    // What nobody voted for scores as one of the rest does, and may be the right one.
    for (std::size_t& one : number) {
      if (one == ballot.answers) one = next++;
    }
    Words words = {ballot.right ? static_cast<double>(number[*ballot.right]) : -1.0,
                   static_cast<double>(ballot.rest), static_cast<double>(ballot.answers)};
    for (const Ballot::Vote& vote : ballot.votes) {
      words.push_back(static_cast<double>(vote.model));
      words.push_back(static_cast<double>(number[vote.answer]));
      words.push_back(vote.value);
    }
    const auto [place, is_new] = places.try_emplace(std::move(words), merged.size());
    if (is_new) merged.push_back({ballot, 0.0});
    merged[place->second].count += 1;
  }
  return merged;
}

double Objective(std::span<const Alike> ballots, std::span<const double> weights, double ridge) {
  double loss = 0.0;
  for (const Alike& alike : ballots) loss += alike.count * LogLoss(alike.ballot, weights);
  double mean = 0.0;
  for (const double w : weights) mean += w;
  mean /= static_cast<double>(weights.size());
  for (const double w : weights) loss += ridge / 2 * (w - mean) * (w - mean);
  // The mean itself is held by one case in a hundred thousand: without it, models that are always
  // right would have no end.
  return loss + 1e-5 * static_cast<double>(weights.size()) * mean * mean;
}

// Gradient and, by rows, the lower triangle of the Hessian of Objective().
void Derive(std::span<const Alike> ballots, std::span<const double> weights, double ridge,
            std::vector<double>& gradient, std::vector<double>& hessian) {
  const std::size_t n = weights.size();
  const auto count = static_cast<double>(n);
  double mean = 0.0;
  for (const double w : weights) mean += w;
  mean /= count;
  gradient.assign(n, 0.0);
  hessian.assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    gradient[i] = ridge * (weights[i] - mean) + 2e-5 * mean;
    for (std::size_t j = 0; j < n; ++j) {
      hessian[i * n + j] = (i == j ? ridge : 0.0) - ridge / count + 2e-5 / count;
    }
  }
  for (const Alike& alike : ballots) {
    const Ballot& ballot = alike.ballot;
    const Chances chances = ChancesOf(ballot, weights);
    for (const Ballot::Vote& a : ballot.votes) {
      const double p = chances.of[a.answer];
      const double value = alike.count * a.value;
      gradient[a.model] += value * (p - (ballot.right == a.answer ? 1.0 : 0.0));
      for (const Ballot::Vote& b : ballot.votes) {
        if (b.model > a.model) continue;
        const double both = a.answer == b.answer ? p : 0.0;
        hessian[a.model * n + b.model] += value * b.value * (both - p * chances.of[b.answer]);
      }
    }
  }
}

// Solves H x = g for a symmetric positive definite H by Cholesky's way; H is overwritten.
std::vector<double> Solve(std::vector<double>& h, std::vector<double> g) {
  const std::size_t n = g.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = h[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= h[i * n + k] * h[j * n + k];
      // What rounding leaves of nothing is held above it.
      h[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-12)) : sum / h[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) g[i] -= h[i * n + k] * g[k];
    g[i] /= h[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) g[i] -= h[k * n + i] * g[k];
    g[i] /= h[i * n + i];
  }
  return g;
}

// Weights at 0 that would go below it stay there.
void HoldAtZero(std::span<const double> weights, std::vector<double>& gradient,
                std::vector<double>& hessian) {
  const std::size_t n = weights.size();
  for (std::size_t i = 0; i < n; ++i) {
    if (weights[i] > 0.0 || gradient[i] <= 0.0) continue;
    gradient[i] = 0.0;
    for (std::size_t j = 0; j < n; ++j) hessian[i * n + j] = hessian[j * n + i] = 0.0;
    hessian[i * n + i] = 1.0;
  }
}

// Newton's way down from `weights`, which become those of the minimum.
void Minimise(std::span<const Alike> ballots, double ridge, std::vector<double>& weights) {
  std::vector<double> gradient;
  std::vector<double> hessian;
  double value = Objective(ballots, weights, ridge);
  for (int step = 0; step < kStepsMax; ++step) {
    Derive(ballots, weights, ridge, gradient, hessian);
    HoldAtZero(weights, gradient, hessian);
    const std::vector<double> way = Solve(hessian, gradient);
    double largest = 0.0;
    for (const double part : way) largest = std::max(largest, std::abs(part));
    if (largest < kStepSmall) return;
    // The objective is convex: a step that is too long is halved until it goes down.
    bool lower = false;
    for (double length = 1.0; length > 1e-6 && !lower; length /= 2) {
      std::vector<double> next = weights;
      for (std::size_t i = 0; i < next.size(); ++i) {
        next[i] = std::max(next[i] - length * way[i], 0.0);
      }
      const double reached = Objective(ballots, next, ridge);
      lower = reached < value;
      if (!lower) continue;
      value = reached;
      weights = std::move(next);
    }
    if (!lower) return;  // as low as doubles tell
  }
}

}  // namespace

std::vector<double> AnswerProbabilities(const Ballot& ballot, std::span<const double> weights) {
  return ChancesOf(ballot, weights).of;
}

double LogLoss(const Ballot& ballot, std::span<const double> weights) {
  const Chances chances = ChancesOf(ballot, weights);
  if (!ballot.right) {
    // One of the rest, whichever.
    return -(chances.log_rest_each + SteadyLn(static_cast<double>(ballot.rest)));
  }
  double score = 0.0;
  for (const Ballot::Vote& vote : ballot.votes) {
    if (vote.answer == *ballot.right) score += weights[vote.model] * vote.value;
  }
  return -(score + chances.log_rest_each);
}

Result<VoteModel> FitVotes(std::span<const Ballot> ballots, std::size_t models,
                           const VoteRules& rules) {
  if (const Status checked = Check(ballots, models); !checked) return checked.error();
  if (!std::isfinite(rules.ridge) || rules.ridge <= 0) {
    return Invalid("votes: ridge = " + std::to_string(rules.ridge) + ", expected more than 0");
  }
  VoteModel model;
  model.ridge = rules.ridge;
  model.cases = ballots.size();
  model.weights = rules.start;
  model.weights.resize(models, kInitialWeight);
  for (double& weight : model.weights) weight = std::max(weight, 0.0);
  const std::vector<Alike> merged = Merge(ballots);
  Minimise(merged, rules.ridge, model.weights);
  for (const Alike& alike : merged) {
    model.log_loss += alike.count * LogLoss(alike.ballot, model.weights);
  }
  model.log_loss /= static_cast<double>(ballots.size());
  return model;
}

}  // namespace consilium
