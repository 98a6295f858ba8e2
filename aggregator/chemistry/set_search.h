// Finds the sets of models whose recorded answers come out best: what utility.h and history_eval.h
// choose with.
//
// A set X is worth the weighted mean over cases of v(X and who answered) (replay.h), a case
// counting (|X and who answered| / |X|)^exponent times its weight. It is ranked by that mean as if
// `prior_cases` more cases of weight 1 had come out as the average single answer does: what few
// cases show does not pass for the best. Sets grow by one model in a
// beam, and the best of each size is improved by swapping one member; every set is looked at once
// on all cases, with one sum per fold, so that choosing on all folds but one costs nothing more.
// Equal values (to 2^-40) go to the names in order. Threads: none of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "aggregator/chemistry/replay.h"
#include "aggregator/chemistry/utility.h"
#include "shared/domain.h"

namespace consilium {

// A set of models: bit i is the i-th model by name.
using ModelSet = std::uint32_t;
// Of one search; beyond, time would grow with little to gain.
inline constexpr std::size_t kSearchModelsMax = 24;

inline constexpr std::size_t kBeamWidth = 8;
inline constexpr int kSwapsMax = 16;  // on the best set of one size

std::vector<std::string> NamesOf(ModelSet set, const std::vector<std::string>& models);
std::size_t SizeOf(ModelSet set);

// The outcomes of recorded cases for any set of models, each worked out once.
class OutcomeTable {
 public:
  // `models`: sorted, distinct, at most kSearchModelsMax (CHECKed).
  explicit OutcomeTable(std::vector<std::string> models);

  // Cases in which no model of the table has an answer are left out. `weight` > 0.
  void Add(const CaseEvidence& evidence, double weight, std::size_t fold);

  const std::vector<std::string>& models() const { return models_; }
  std::size_t size() const { return cases_.size(); }
  double weight(std::size_t index) const { return cases_[index].weight; }
  std::size_t fold(std::size_t index) const { return cases_[index].fold; }
  ModelSet answered(std::size_t index) const { return cases_[index].answered; }
  // v of those of `set` who answered. In [0, 1].
  double Value(std::size_t index, ModelSet set);

 private:
  struct Case {
    Replay replay;
    double weight;
    std::size_t fold;
    ModelSet answered;
    std::vector<std::uint8_t> seats;  // of the members among models_, by name: where in the replay
    std::array<std::uint8_t, kSearchModelsMax> place;  // of a model in `seats`
    std::optional<std::size_t> known;                  // where its values stand in known_
  };
  double Compute(const Case& recorded, std::uint32_t present);

  std::vector<std::string> models_;
  std::vector<Case> cases_;
  std::vector<double> known_;  // by case and subset of its members; < 0: not yet
  std::vector<std::uint8_t> seated_;
};

// The greatest weight. Weights are taken relative to it, so that neither sums nor squares leave the
// range of double.
double HeaviestOf(const std::vector<const RecordedCase*>& cases);

// Of `models` (sorted, distinct) the kSearchModelsMax that do best alone, ties by name; sorted. Not
// more are kept as they are.
std::vector<std::string> BestAlone(const std::vector<const RecordedCase*>& cases,
                                   std::vector<std::string> models);

class SetSearch {
 public:
  struct Sums {
    std::array<double, kFolds> value{};
    std::array<double, kFolds> weight{};
  };
  // What the answers of a set may cost together; no limit without `most`.
  struct Price {
    std::vector<double> costs;  // by model of the table
    std::optional<double> most;
  };

  struct Rules {
    int exponent = 3;
    double prior_cases = 0.0;
  };

  // Borrows the table. Folds of the table are below kFolds.
  SetSearch(OutcomeTable& table, Rules rules, Price price);

  const Sums& SumsOf(ModelSet set);
  // Over all folds but `left_out`, without prior cases; nullopt when no case has an answer of the
  // set.
  std::optional<double> Mean(ModelSet set, std::optional<std::size_t> left_out);
  // The best set of each size 1..size, so far as the models and their price go: the result may be
  // shorter.
  std::vector<ModelSet> BestBySize(std::size_t size, std::optional<std::size_t> left_out);

 private:
  struct Scored {
    ModelSet set = 0;
    std::int64_t score = 0;
  };
  static bool Before(const Scored& a, const Scored& b);
  static std::pair<double, double> Total(const Sums& sums, std::optional<std::size_t> left_out);

  bool Fits(ModelSet set) const;
  std::optional<Scored> Score(ModelSet set, std::optional<std::size_t> left_out);
  std::vector<Scored> Grow(const std::vector<Scored>& beam, std::optional<std::size_t> left_out);
  Scored Swap(Scored best, std::optional<std::size_t> left_out);
  void Evaluate(ModelSet set, Sums& sums);

  OutcomeTable& table_;
  Rules rules_;
  Price price_;
  Sums singles_;                              // over all models
  std::unordered_map<ModelSet, Sums> known_;  // only looked up, never walked
};

}  // namespace consilium
