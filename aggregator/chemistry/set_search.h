// Finds the sets of models whose recorded answers come out best: what utility.h and history_eval.h
// choose with.
//
// A set X is worth the weighted mean over cases of v(X and who answered) (replay.h), a case
// counting (|X and who answered| / |X|)^exponent times its weight. It is ranked by that mean as if
// `prior_cases` more cases of weight 1 had come out as the average single answer does: what few
// cases show does not pass for the best. Sets grow by one model in a beam, and the best of each
// size is improved by swapping one member; every set is looked at once on all cases, with one sum
// per fold, so that choosing on all folds but one costs nothing more. The best set of a size does
// not depend on how many sizes are asked for. Equal values (to 2^-40) go to the names in order.
// Threads: none of its own.
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

// Work is counted in outcomes looked up or worked out: each 20 to 300 ns. A caller that may not be
// held up does so much at a time.
inline constexpr std::size_t kPieceOutcomes = 16384;

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

// Which of many models do best alone, from cases as they come.
class AloneScores {
 public:
  // `models`: sorted, distinct. `heaviest`: of the weights of all cases.
  AloneScores(std::vector<std::string> models, double heaviest);
  void Add(const RecordedCase& recorded);
  // The best kSearchModelsMax, ties by name; sorted. Not more are kept as they are.
  std::vector<std::string> Best() const;

 private:
  std::vector<std::string> models_;
  double heaviest_;
  std::vector<std::pair<double, double>> sums_;  // value, weight
  std::vector<std::uint8_t> seated_;
};

// The same of all cases at once.
std::vector<std::string> BestAlone(const std::vector<const RecordedCase*>& cases,
                                   std::vector<std::string> models);

class SetSearch {
  struct Scored {
    ModelSet set = 0;
    std::int64_t score = 0;
  };

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

  // The same in pieces: a search that is under way.
  class Growth {
   public:
    Growth(std::size_t size, std::optional<std::size_t> left_out)
        : size_(size), left_out_(left_out) {}
    const std::vector<ModelSet>& best() const { return best_; }  // by size

   private:
    friend class SetSearch;
    std::size_t size_;
    std::optional<std::size_t> left_out_;
    std::vector<ModelSet> best_;
    std::vector<Scored> beam_{Scored{}};
    std::optional<Scored> swapped_;  // the best of this size so far; absent: the beam is to grow
    int swaps_ = 0;
    std::vector<ModelSet> sets_;  // to be looked at for the next step
    std::size_t looked_ = 0;      // so many of them are
    bool begun_ = false;
  };
  // Goes on until it is done (false), or `outcomes` is used up (true), by at most one set too much.
  bool Advance(Growth& growth, std::size_t& outcomes);

 private:
  static bool Before(const Scored& a, const Scored& b);
  static std::pair<double, double> Total(const Sums& sums, std::optional<std::size_t> left_out);

  bool Fits(ModelSet set) const;
  const Sums& Singles();
  std::optional<Scored> Score(ModelSet set, std::optional<std::size_t> left_out);
  std::vector<ModelSet> Grown(const std::vector<Scored>& beam) const;
  std::vector<ModelSet> Swapped(ModelSet set) const;
  bool LookAt(Growth& growth, std::size_t& outcomes);
  void EndGrow(Growth& growth);
  void EndSwap(Growth& growth);
  void Evaluate(ModelSet set, Sums& sums);

  OutcomeTable& table_;
  Rules rules_;
  Price price_;
  std::optional<Sums> singles_;               // over all models
  std::unordered_map<ModelSet, Sums> known_;  // only looked up, never walked
};

}  // namespace consilium
