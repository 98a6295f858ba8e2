#include "aggregator/chemistry/loss.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>

#include "shared/check.h"

namespace consilium {
namespace {

constexpr int kStepsMax = 10;
// Swaps at a fixed size: each one lowers the loss, so this only bounds the time.
constexpr int kSwapsMax = 100;
// The search compares losses in whole units of this: the same loss summed in another order is a
// tie, which is decided by size and names instead of by rounding.
constexpr double kLossUnit = 1e-9;
// The published search starts from two models and keeps at least as many.
constexpr std::size_t kMembersMin = 2;

using Set = std::vector<std::size_t>;  // sorted distinct positions

double InUnits(double loss) { return std::nearbyint(loss / kLossUnit); }

// What a loss is made of.
struct Terms {
  const ChemistryMatrix& matrix;
  const LossWeights& weights;
  const std::vector<double>& totals;
  double max_total = 0.0;
  double max_inter = 0.0;
};

struct Score {
  double excess = 0.0;  // by which brackets are negative; > 0 makes the loss infinite
  double loss = 0.0;    // as if it were not
  std::size_t size = 0;

  // By size last. Among infinite losses the one that is nearest to a finite one comes first.
  auto Key() const { return std::tuple(InUnits(excess), InUnits(loss), size); }
  bool LossBelow(const Score& other) const {
    return std::tuple(InUnits(excess), InUnits(loss)) <
           std::tuple(InUnits(other.excess), InUnits(other.loss));
  }
};

Score ScoreOf(const Terms& terms, double intra, double inter, std::size_t size) {
  const double inter_left = terms.max_inter - inter;
  const double intra_left = terms.max_total - intra;
  Score score;
  // 0 plus rounding is 0: all models together leave nothing between them and the rest.
  for (const double left : {inter_left, intra_left}) {
    if (left < -kLossUnit) score.excess -= left;
  }
  score.loss = terms.weights.alpha * std::max(0.0, inter_left) +
               (1.0 - terms.weights.alpha) * std::max(0.0, intra_left) +
               terms.weights.beta * static_cast<double>(size);
  score.size = size;
  return score;
}

struct Move {
  std::optional<std::size_t> out;
  std::optional<std::size_t> in;
};

// A set on its way, with the chemistry of every model with its members: a move is judged in
// constant time.
class Candidate {
 public:
  Candidate(const Terms& terms, const Set& start)
      : terms_(terms), seated_(terms.matrix.size(), 0), gain_(terms.matrix.size(), 0.0) {
    for (const std::size_t i : start) Apply({std::nullopt, i});
  }

  const Set& members() const { return members_; }
  double intra() const { return intra_; }
  Score score() const { return After({}); }

  Score After(const Move& move) const {
    double intra = intra_;
    double totals = totals_;
    std::size_t size = members_.size();
    if (move.out) {
      intra -= gain_[*move.out];
      totals -= terms_.totals[*move.out];
      --size;
    }
    if (move.in) {
      intra += gain_[*move.in];
      totals += terms_.totals[*move.in];
      ++size;
    }
    if (move.in && move.out) intra -= terms_.matrix.at(*move.in, *move.out);
    return ScoreOf(terms_, intra, totals - 2.0 * intra, size);
  }

  Set MembersAfter(const Move& move) const {
    Set members = members_;
    if (move.out) members.erase(std::lower_bound(members.begin(), members.end(), *move.out));
    if (move.in) {
      members.insert(std::lower_bound(members.begin(), members.end(), *move.in), *move.in);
    }
    return members;
  }

  void Apply(const Move& move) {
    members_ = MembersAfter(move);
    if (move.out) Seat(*move.out, -1.0);
    if (move.in) Seat(*move.in, 1.0);
  }

  // The best of the moves of the kinds that are asked for; the smallest set, then the first by
  // names, of equally good ones.
  struct Kinds {
    bool add = false;
    bool remove = false;
    bool swap = false;
  };
  std::optional<Move> BestMove(const Kinds& kinds) const {
    std::optional<Move> best;
    Score best_score;
    const auto consider = [&](const Move& move) {
      const Score score = After(move);
      const bool tie = best && score.Key() == best_score.Key();
      const bool better = !best || score.Key() < best_score.Key() ||
                          (tie && MembersAfter(move) < MembersAfter(*best));
      if (!better) return;
      best = move;
      best_score = score;
    };
    for (const std::size_t out : members_) {
      if (kinds.remove) consider({out, std::nullopt});
    }
    for (std::size_t in = 0; in < seated_.size(); ++in) {
      if (seated_[in] != 0) continue;
      if (kinds.add) consider({std::nullopt, in});
      for (const std::size_t out : members_) {
        if (kinds.swap) consider({out, in});
      }
    }
    return best;
  }

  // Makes the best move if it lowers the loss.
  bool Step(const Kinds& kinds) {
    const auto move = BestMove(kinds);
    if (!move || !After(*move).LossBelow(score())) return false;
    Apply(*move);
    return true;
  }

 private:
  // Adds (sign 1) or takes away (-1) what depends on one member.
  void Seat(std::size_t member, double sign) {
    intra_ += sign * gain_[member];
    totals_ += sign * terms_.totals[member];
    seated_[member] = sign > 0.0 ? 1 : 0;
    for (std::size_t i = 0; i < gain_.size(); ++i) {
      if (i != member) gain_[i] += sign * terms_.matrix.at(i, member);
    }
    if (sign < 0.0) intra_ = std::max(0.0, intra_);
  }

  const Terms& terms_;
  Set members_;
  std::vector<std::uint8_t> seated_;
  std::vector<double> gain_;  // chemistry with all members, by model
  double intra_ = 0.0;
  double totals_ = 0.0;  // of the members, each with all other models
};

std::set<Set> StartsOf(const Terms& terms, std::span<const std::vector<std::string>> past) {
  std::set<Set> starts;
  for (const auto& names : past) {
    std::set<std::size_t> known;
    for (const std::string& name : names) {
      const std::size_t position = terms.matrix.Find(name);
      if (position < terms.matrix.size()) known.insert(position);
    }
    if (known.size() < kMembersMin) continue;
    Set start(known.begin(), known.end());
    if (Candidate(terms, start).intra() > 0.0) starts.insert(std::move(start));
  }
  return starts;
}

// The better of two ends of a search.
void Keep(std::optional<Candidate>& best, Candidate candidate) {
  if (!best || std::tuple(candidate.score().Key(), candidate.members()) <
                   std::tuple(best->score().Key(), best->members())) {
    best.emplace(std::move(candidate));
  }
}

}  // namespace

ChemistryLoss::ChemistryLoss(const ChemistryMatrix& matrix, LossWeights weights)
    : matrix_(matrix), weights_(weights), totals_(matrix.size(), 0.0) {
  CHECK(weights.alpha >= 0.0 && weights.alpha <= 1.0, "alpha weighs two terms against each other");
  CHECK(weights.beta >= 0.0 && std::isfinite(weights.beta), "a member costs a finite amount");
  const std::size_t count = matrix.size();
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) totals_[a] += matrix.at(a, b);
    for (std::size_t b = a + 1; b < count; ++b) max_total_ += matrix.at(a, b);
  }
  std::vector<std::size_t> dealt(count);
  std::iota(dealt.begin(), dealt.end(), std::size_t{0});
  std::stable_sort(dealt.begin(), dealt.end(), [&](std::size_t a, std::size_t b) {
    return InUnits(totals_[a]) > InUnits(totals_[b]);
  });
  for (std::size_t i = 0; i < count; i += 2) {
    for (std::size_t j = 1; j < count; j += 2) max_inter_ += matrix.at(dealt[i], dealt[j]);
  }
}

double ChemistryLoss::Loss(std::span<const std::size_t> set) const {
  double intra = 0.0;
  double totals = 0.0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    totals += totals_[set[i]];
    for (std::size_t j = i + 1; j < set.size(); ++j) intra += matrix_.at(set[i], set[j]);
  }
  const Terms terms{matrix_, weights_, totals_, max_total_, max_inter_};
  const Score score = ScoreOf(terms, intra, totals - 2.0 * intra, set.size());
  return score.excess > 0.0 ? std::numeric_limits<double>::infinity() : score.loss;
}

ChosenSet ChemistryLoss::Describe(std::span<const std::size_t> set) const {
  ChosenSet chosen;
  for (const std::size_t i : set) chosen.models.push_back(matrix_.models()[i]);
  chosen.loss = Loss(set);
  return chosen;
}

std::optional<ChosenSet> ChemistryLoss::Climb(
    std::span<const std::vector<std::string>> past) const {
  const Terms terms{matrix_, weights_, totals_, max_total_, max_inter_};
  std::optional<Candidate> best;
  for (const Set& start : StartsOf(terms, past)) {
    Candidate candidate(terms, start);
    for (int step = 0; step < kStepsMax; ++step) {
      const bool remove = candidate.members().size() > kMembersMin;
      if (!candidate.Step({true, remove, true})) break;
    }
    Keep(best, std::move(candidate));
  }
  if (!best) return std::nullopt;
  return Describe(best->members());
}

Result<ChosenSet> ChemistryLoss::ClimbOfSize(std::span<const std::vector<std::string>> past,
                                             std::size_t size) const {
  if (size < 1 || size > matrix_.size()) {
    return Invalid("size = " + std::to_string(size) + ", expected 1.." +
                   std::to_string(matrix_.size()) + ", the number of models");
  }
  const Terms terms{matrix_, weights_, totals_, max_total_, max_inter_};
  std::set<Set> starts = StartsOf(terms, past);
  if (starts.empty()) starts.insert(Set{});
  std::optional<Candidate> best;
  for (const Set& start : starts) {
    Candidate candidate(terms, start);
    while (candidate.members().size() != size) {
      const bool add = candidate.members().size() < size;
      const auto move = candidate.BestMove({add, !add, false});
      CHECK(move.has_value(), "a set of another size has a member to lose or a model to gain");
      candidate.Apply(*move);
    }
    for (int swap = 0; swap < kSwapsMax; ++swap) {
      if (!candidate.Step({false, false, true})) break;
    }
    Keep(best, std::move(candidate));
  }
  return Describe(best->members());
}

bool ChemistryLoss::Prefers(const ChosenSet& a, const ChosenSet& b) const {
  const Terms terms{matrix_, weights_, totals_, max_total_, max_inter_};
  const auto rank = [&](const ChosenSet& set) {
    Set members;
    for (const std::string& name : set.models) {
      const std::size_t position = matrix_.Find(name);
      if (position < matrix_.size()) members.push_back(position);
    }
    const Candidate candidate(terms, members);
    return std::tuple(candidate.score().Key(), candidate.members());
  };
  return rank(a) < rank(b);
}

}  // namespace consilium
