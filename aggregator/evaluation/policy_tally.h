// Sums of what a policy did, case by case; added up in a fixed order, so same cases, same bits.
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "aggregator/evaluation/council_replay.h"
#include "aggregator/evaluation/judged_case.h"
#include "aggregator/statistics/measures.h"

namespace consilium {

// Means over the cases that tell; absent where none does.
struct PolicyMeans {
  std::optional<double> calls;      // models asked
  std::optional<double> latency_s;  // of the slowest seated
  std::optional<double> cost_usd;   // of all answers; where that of each is known
  std::optional<double> tokens;
  // Of the recommended ingredient set against the right one.
  std::optional<double> exact;
  std::optional<double> jaccard;
  std::optional<double> f1;
  std::optional<double> hit2;  // the right set is among the first two candidates, or three
  std::optional<double> hit3;
  std::optional<double> unsafe;  // share that names what must not be given
  // Where the risk target can be judged: share that is held back, and of the others those that are
  // wrong.
  std::optional<double> abstained;
  std::optional<double> risk;
};

class WeightedMean {
 public:
  void Add(const std::optional<double>& value, double weight) {
    if (!value) return;
    sum_ += weight * *value;
    weight_ += weight;
  }
  void Add(const WeightedMean& other) {
    sum_ += other.sum_;
    weight_ += other.weight_;
  }
  std::optional<double> Value() const {
    return weight_ > 0 ? std::optional<double>(sum_ / weight_) : std::nullopt;
  }

 private:
  double sum_ = 0.0;
  double weight_ = 0.0;
};

class PolicyTally {
 public:
  explicit PolicyTally(std::size_t cases) : right_(cases) {}

  // A verdict on known case number `c` by the answers at these positions of `judged`, of `seats`
  // models; `share` of all that count for the case.
  void Add(std::size_t c, const JudgedCase& judged, std::span<const std::size_t> answers,
           std::size_t seats, const CouncilVerdict& verdict, double share = 1.0);
  // Only whether it was right, and what it took.
  void AddRight(std::size_t c, const JudgedCase& judged, std::span<const std::size_t> answers,
                std::size_t seats, double right, double share = 1.0);
  // The confidence of verdicts, where the policy states one.
  void AddForecast(double confidence, bool right) { forecasts_.push_back({confidence, right}); }
  // `cases`: which of these the other's are.
  void Add(const PolicyTally& other, std::span<const std::size_t> cases);

  std::vector<std::optional<double>> Right() const;
  const std::vector<Forecast>& forecasts() const { return forecasts_; }
  std::optional<double> Accuracy() const { return accuracy_.Value(); }
  PolicyMeans Means() const;

 private:
  void AddPrice(const JudgedCase& judged, std::span<const std::size_t> answers, std::size_t seats,
                double share);

  std::vector<WeightedMean> right_;
  std::vector<Forecast> forecasts_;
  WeightedMean accuracy_;
  WeightedMean calls_, latency_, cost_, tokens_;
  WeightedMean exact_, jaccard_, f1_, hit2_, hit3_, unsafe_;
  WeightedMean abstained_, risk_;
};

// Whether the best key of the verdict is right; absent where that is not known.
std::optional<bool> IsRight(const JudgedCase& judged, const CouncilVerdict& verdict);

// Of the slowest of these answers, and of all of them; absent where none, or not each, is told.
std::optional<double> SlowestMs(const JudgedCase& judged, std::span<const std::size_t> answers);
std::optional<double> CostOf(const JudgedCase& judged, std::span<const std::size_t> answers);

}  // namespace consilium
