// What cases with a known right answer teach about a council's votes: how much each vote counts,
// what the probability that they give is worth as a confidence, and from which confidence on a
// stated risk is kept.
//
// The confidence is calibrated on cases that the weights were not fitted on. Same ballots in the
// same order, same bits; ballot i is in part i mod kVotingFolds, so their order must not depend on
// what they say. Threads: functions without state. docs/evaluation.md has the formulas.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "aggregator/statistics/calibration.h"
#include "aggregator/statistics/measures.h"
#include "aggregator/statistics/vote_model.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kVotingFolds = 5;

// A ballot and what is known of its answers: which one is right (ballot.right), or, where that is
// not known, at most that one of them is wrong.
struct KnownBallot {
  Ballot ballot;
  bool complete = true;  // ballot.right says what is right: an answer, or none of those given
  std::optional<std::size_t> wrong;  // of an incomplete one
};

struct Voting {
  std::vector<double> weights;  // by voter
  double ridge = 0.0;
  Calibration calibration;
  std::size_t cases = 0;  // complete ballots
  // Of ballots that the weights were not fitted on, where it is known whether the likeliest answer
  // is right; calibrated.
  std::vector<Forecast> unseen;
};

// Learns in pieces, each one fit: some milliseconds for 500 cases of 10 models (tests/bench).
//
// The ridge is the one of 0.5, 2, 8, ... 512 under which the right answers of each part are
// likeliest by the weights of the others; among equals the larger.
class VotingMaker {
 public:
  VotingMaker(std::vector<KnownBallot> ballots, std::size_t voters);

  // Does one piece; true while there is more.
  bool Step();
  // Then. kInvalid as FitVotes, and below kVotingFolds complete ballots.
  Result<Voting> Take() { return std::move(made_); }

 private:
  void TryRidge();
  void ForecastPart();
  void Finish();
  std::vector<Ballot> Others(std::size_t fold) const;

  std::vector<KnownBallot> ballots_;
  std::size_t voters_;
  std::vector<std::vector<double>> weights_;  // by fold, of the ridge tried last
  std::size_t tried_ = 0;                     // fits so far
  std::vector<double> loss_;                  // by ridge
  std::size_t forecast_ = 0;                  // folds
  Result<Voting> made_;
};

Result<Voting> LearnVoting(std::vector<KnownBallot> ballots, std::size_t voters);

// The likeliest answer and its probability before calibration. The ballot has answers.
struct Likeliest {
  std::size_t answer = 0;
  double probability = 0.0;  // [0, 1]
};
Likeliest LikeliestOf(std::span<const double> probabilities);

// Up to what confidence answers are held back so that of those given at most a share `risk` is
// wrong: the lowest confidence at which (wrong + 1) / (answered + 1) <= risk, counted on forecasts.
// The ones stand for the next case: for exchangeable cases and a threshold fixed beforehand the
// expected risk is then at most the stated one (Angelopoulos et al., Conformal risk control, 2022).
struct RiskLimit {
  std::optional<double> confidence_min;  // absent: none keeps it
  // Forecasts at least so sure, and the wrong ones among them; where none keeps it, those of the
  // confidence that comes nearest.
  std::size_t answered = 0;
  std::size_t wrong = 0;
};
RiskLimit LimitRisk(std::span<const Forecast> forecasts, double risk);
// Answers without an error that a risk in (0, 1) needs at least.
std::size_t AnswersForRisk(double risk);

}  // namespace consilium
