#include "aggregator/statistics/voting.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

constexpr std::array<double, 6> kRidges = {0.5, 2, 8, 32, 128, 512};

// Whether its likeliest answer is right, if that is known.
std::optional<bool> IsRight(const KnownBallot& known, std::size_t likeliest) {
  if (known.complete) return known.ballot.right == likeliest;
  if (known.wrong == likeliest) return false;
  return std::nullopt;
}

}  // namespace

Likeliest LikeliestOf(std::span<const double> probabilities) {
  CHECK(!probabilities.empty(), "a ballot with answers");
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  return {static_cast<std::size_t>(best - probabilities.begin()), std::clamp(*best, 0.0, 1.0)};
}

VotingMaker::VotingMaker(std::vector<KnownBallot> ballots, std::size_t voters)
    : ballots_(std::move(ballots)),
      voters_(voters),
      weights_(kVotingFolds),
      loss_(kRidges.size(), 0.0),
      made_(Voting{}) {
  for (const KnownBallot& known : ballots_) made_->cases += known.complete ? 1 : 0;
  if (made_->cases >= kVotingFolds) return;
  made_ = Invalid("votes: " + std::to_string(made_->cases) +
                  " cases whose right answer is known, expected at least " +
                  std::to_string(kVotingFolds));
}

bool VotingMaker::Step() {
  if (!made_.ok()) return false;
  if (tried_ < kRidges.size() * kVotingFolds) {
    TryRidge();
  } else if (forecast_ < kVotingFolds) {
    ForecastPart();
  } else {
    Finish();
    return false;
  }
  return made_.ok();
}

std::vector<Ballot> VotingMaker::Others(std::size_t fold) const {
  std::vector<Ballot> others;
  for (std::size_t i = 0; i < ballots_.size(); ++i) {
    if (i % kVotingFolds != fold && ballots_[i].complete) others.push_back(ballots_[i].ballot);
  }
  return others;
}

// From the strongest pull on: the weights of one are near those of the next.
void VotingMaker::TryRidge() {
  const std::size_t fold = tried_ % kVotingFolds;
  const std::size_t ridge = kRidges.size() - 1 - tried_ / kVotingFolds;
  ++tried_;
  auto model = FitVotes(Others(fold), voters_, {kRidges[ridge], weights_[fold]});
  if (!model.ok()) {
    made_ = model.error();
    return;
  }
  weights_[fold] = std::move(model->weights);
  for (std::size_t i = fold; i < ballots_.size(); i += kVotingFolds) {
    if (ballots_[i].complete) loss_[ridge] += LogLoss(ballots_[i].ballot, weights_[fold]);
  }
  if (tried_ < kRidges.size() * kVotingFolds) return;
  std::size_t best = 0;
  for (std::size_t r = 1; r < kRidges.size(); ++r) best = loss_[r] <= loss_[best] ? r : best;
  made_->ridge = kRidges[best];
}

void VotingMaker::ForecastPart() {
  const std::size_t fold = forecast_++;
  const auto model = FitVotes(Others(fold), voters_, {made_->ridge, weights_[fold]});
  if (!model.ok()) {
    made_ = model.error();
    return;
  }
  for (std::size_t i = fold; i < ballots_.size(); i += kVotingFolds) {
    if (ballots_[i].ballot.answers == 0) continue;
    const Likeliest best = LikeliestOf(AnswerProbabilities(ballots_[i].ballot, model->weights));
    const std::optional<bool> right = IsRight(ballots_[i], best.answer);
    if (right) made_->unseen.push_back({best.probability, *right});
  }
}

void VotingMaker::Finish() {
  const std::size_t folds = std::min(kVotingFolds, made_->unseen.size());
  auto calibration = ChooseCalibration(made_->unseen, folds);
  auto model = FitVotes(Others(kVotingFolds), voters_, {made_->ridge, weights_[0]});
  if (!calibration.ok() || !model.ok()) {
    made_ = calibration.ok() ? model.error() : calibration.error();
    return;
  }
  made_->calibration = std::move(calibration).value();
  for (Forecast& forecast : made_->unseen) {
    forecast.confidence = made_->calibration(forecast.confidence);
  }
  made_->weights = std::move(model->weights);
}

Result<Voting> LearnVoting(std::vector<KnownBallot> ballots, std::size_t voters) {
  VotingMaker maker(std::move(ballots), voters);
  while (maker.Step()) {
  }
  return maker.Take();
}

RiskLimit LimitRisk(std::span<const Forecast> forecasts, double risk) {
  RiskLimit limit;
  std::optional<double> nearest;
  const auto all = static_cast<double>(forecasts.size());
  for (const RiskPoint& point : RiskCoverage(forecasts)) {
    const double answered = std::round(point.coverage * all);
    const double wrong = std::round(point.risk * answered);
    const double bound = (wrong + 1) / (answered + 1);
    const bool kept = bound <= risk;
    if (!kept && (limit.confidence_min || (nearest && bound >= *nearest))) continue;
    if (kept) limit.confidence_min = point.threshold;
    nearest = bound;
    limit.answered = static_cast<std::size_t>(answered);
    limit.wrong = static_cast<std::size_t>(wrong);
  }
  return limit;
}

std::size_t AnswersForRisk(double risk) {
  CHECK(risk > 0 && risk < 1, "a share");
  return static_cast<std::size_t>(std::ceil(1 / risk - 1 - 1e-9));
}

}  // namespace consilium
