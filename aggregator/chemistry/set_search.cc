#include "aggregator/chemistry/set_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

// Values are kept for cases with few members, and up to 16 MiB in all; others are worked out again.
constexpr std::size_t kKnownMembersMax = 12;
constexpr std::size_t kKnownValuesMax = 2u << 20;

ModelSet BitOf(std::size_t model) { return ModelSet{1} << model; }

}  // namespace

std::size_t SizeOf(ModelSet set) { return static_cast<std::size_t>(std::popcount(set)); }

std::vector<std::string> NamesOf(ModelSet set, const std::vector<std::string>& models) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if ((set & BitOf(i)) != 0) names.push_back(models[i]);
  }
  return names;
}

OutcomeTable::OutcomeTable(std::vector<std::string> models) : models_(std::move(models)) {
  CHECK(models_.size() <= kSearchModelsMax, "a set must fit its bits");
}

void OutcomeTable::Add(const CaseEvidence& evidence, double weight, std::size_t fold) {
  Case recorded{Replay(evidence), weight, fold, 0, {}, {}, std::nullopt};
  const auto& members = recorded.replay.members();
  std::vector<std::pair<std::size_t, std::size_t>> seats;  // model, place in the replay
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string& name = evidence.answers[members[i]].model;
    const auto found = std::lower_bound(models_.begin(), models_.end(), name);
    if (found == models_.end() || *found != name) continue;
    const auto model = static_cast<std::size_t>(found - models_.begin());
    // A model has one answer; the replay's seats are counted in one byte.
    if (i > 255 || (recorded.answered & BitOf(model)) != 0) continue;
    recorded.answered |= BitOf(model);
    seats.emplace_back(model, i);
  }
  if (seats.empty()) return;
  std::sort(seats.begin(), seats.end());
  for (const auto& [model, seat] : seats) {
    recorded.place[model] = static_cast<std::uint8_t>(recorded.seats.size());
    recorded.seats.push_back(static_cast<std::uint8_t>(seat));
  }
  if (seats.size() <= kKnownMembersMax) {
    const std::size_t subsets = std::size_t{1} << seats.size();
    if (known_.size() + subsets <= kKnownValuesMax) {
      recorded.known = known_.size();
      known_.resize(known_.size() + subsets, -1.0);
    }
  }
  cases_.push_back(std::move(recorded));
}

double OutcomeTable::Compute(const Case& recorded, std::uint32_t present) {
  seated_.assign(recorded.replay.size(), 0);
  for (std::size_t i = 0; i < recorded.seats.size(); ++i) {
    if ((present & BitOf(i)) != 0) seated_[recorded.seats[i]] = 1;
  }
  return recorded.replay.Value(seated_);
}

double OutcomeTable::Value(std::size_t index, ModelSet set) {
  const Case& recorded = cases_[index];
  std::uint32_t present = 0;
  for (ModelSet rest = set & recorded.answered; rest != 0; rest &= rest - 1) {
    present |= BitOf(recorded.place[static_cast<std::size_t>(std::countr_zero(rest))]);
  }
  if (!recorded.known) return Compute(recorded, present);
  double& known = known_[*recorded.known + present];
  if (known < 0) known = Compute(recorded, present);
  return known;
}

double HeaviestOf(const std::vector<const RecordedCase*>& cases) {
  double heaviest = 0.0;
  for (const RecordedCase* recorded : cases) heaviest = std::max(heaviest, recorded->weight);
  return heaviest;
}

AloneScores::AloneScores(std::vector<std::string> models, double heaviest)
    : models_(std::move(models)), heaviest_(heaviest), sums_(models_.size()) {}

void AloneScores::Add(const RecordedCase& recorded) {
  const Replay replay(recorded.evidence);
  seated_.assign(replay.size(), 0);
  for (std::size_t i = 0; i < replay.size(); ++i) {
    const std::string& name = recorded.evidence.answers[replay.members()[i]].model;
    const auto found = std::lower_bound(models_.begin(), models_.end(), name);
    if (found == models_.end() || *found != name) continue;
    auto& [value, weight] = sums_[static_cast<std::size_t>(found - models_.begin())];
    seated_[i] = 1;
    value += recorded.weight / heaviest_ * replay.Value(seated_);
    weight += recorded.weight / heaviest_;
    seated_[i] = 0;
  }
}

std::vector<std::string> AloneScores::Best() const {
  if (models_.size() <= kSearchModelsMax) return models_;
  std::vector<std::pair<std::int64_t, std::string>> order;  // the best first, who has none last
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const auto& [value, weight] = sums_[i];
    order.emplace_back(weight > 0 ? -std::llround(std::ldexp(value / weight, 40)) : 1, models_[i]);
  }
  std::sort(order.begin(), order.end());
  order.resize(kSearchModelsMax);
  std::vector<std::string> best;
  best.reserve(order.size());
  for (const auto& [score, name] : order) best.push_back(name);
  std::sort(best.begin(), best.end());
  return best;
}

std::vector<std::string> BestAlone(const std::vector<const RecordedCase*>& cases,
                                   std::vector<std::string> models) {
  if (models.size() <= kSearchModelsMax) return models;
  AloneScores scores(std::move(models), HeaviestOf(cases));
  for (const RecordedCase* recorded : cases) scores.Add(*recorded);
  return scores.Best();
}

SetSearch::SetSearch(OutcomeTable& table, Rules rules, Price price)
    : table_(table), rules_(rules), price_(std::move(price)) {
  CHECK(price_.costs.size() == table.models().size(), "each model has a cost");
}

// Only when first needed: by then a search in pieces has looked at each of them.
const SetSearch::Sums& SetSearch::Singles() {
  if (singles_) return *singles_;
  Sums all;
  for (std::size_t i = 0; i < table_.models().size(); ++i) {
    const Sums& sums = SumsOf(BitOf(i));
    for (std::size_t fold = 0; fold < sums.value.size(); ++fold) {
      all.value[fold] += sums.value[fold];
      all.weight[fold] += sums.weight[fold];
    }
  }
  singles_ = all;
  return *singles_;
}

bool SetSearch::Before(const Scored& a, const Scored& b) {
  if (a.score != b.score) return a.score > b.score;
  const ModelSet differ = a.set ^ b.set;
  return (a.set & differ & (~differ + 1)) != 0;  // the first name that only one of them has
}

bool SetSearch::Fits(ModelSet set) const {
  if (!price_.most) return true;
  double sum = 0.0;
  for (std::size_t i = 0; i < price_.costs.size(); ++i) {
    if ((set & BitOf(i)) != 0) sum += price_.costs[i];
  }
  return sum <= *price_.most * (1 + 1e-9);  // 0.1 + 0.2 costs 0.3
}

void SetSearch::Evaluate(ModelSet set, Sums& sums) {
  const std::size_t size = SizeOf(set);
  std::array<double, kSearchModelsMax + 1> overlap{};
  for (std::size_t i = 1; i <= size; ++i) {
    overlap[i] = std::pow(static_cast<double>(i) / static_cast<double>(size), rules_.exponent);
  }
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const ModelSet present = set & table_.answered(i);
    if (present == 0) continue;
    const double weight = table_.weight(i) * overlap[SizeOf(present)];
    sums.value[table_.fold(i)] += weight * table_.Value(i, present);
    sums.weight[table_.fold(i)] += weight;
  }
}

const SetSearch::Sums& SetSearch::SumsOf(ModelSet set) {
  const auto [found, is_new] = known_.try_emplace(set);
  if (is_new) Evaluate(set, found->second);
  return found->second;
}

// Value and weight over all folds but one.
std::pair<double, double> SetSearch::Total(const Sums& sums, std::optional<std::size_t> left_out) {
  double value = 0.0;
  double weight = 0.0;
  for (std::size_t fold = 0; fold < sums.value.size(); ++fold) {
    if (fold == left_out) continue;
    value += sums.value[fold];
    weight += sums.weight[fold];
  }
  return {value, weight};
}

std::optional<double> SetSearch::Mean(ModelSet set, std::optional<std::size_t> left_out) {
  const auto [value, weight] = Total(SumsOf(set), left_out);
  if (!(weight > 0)) return std::nullopt;
  return std::clamp(value / weight, 0.0, 1.0);
}

std::optional<SetSearch::Scored> SetSearch::Score(ModelSet set,
                                                  std::optional<std::size_t> left_out) {
  const auto [value, weight] = Total(SumsOf(set), left_out);
  if (!(weight > 0)) return std::nullopt;
  const auto [single_value, single_weight] = Total(Singles(), left_out);
  const double prior = single_value / single_weight;  // who is in the set is among the singles
  const double score = (value + rules_.prior_cases * prior) / (weight + rules_.prior_cases);
  // Whole numbers, so that what differs by rounding only is equal.
  return Scored{set, std::llround(std::ldexp(std::clamp(score, 0.0, 1.0), 40))};
}

std::vector<ModelSet> SetSearch::Grown(const std::vector<Scored>& beam) const {
  std::vector<ModelSet> sets;
  for (const Scored& start : beam) {
    for (std::size_t i = 0; i < table_.models().size(); ++i) {
      const ModelSet grown = start.set | BitOf(i);
      if (grown != start.set && Fits(grown)) sets.push_back(grown);
    }
  }
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  return sets;
}

std::vector<ModelSet> SetSearch::Swapped(ModelSet set) const {
  std::vector<ModelSet> sets;
  const std::size_t models = table_.models().size();
  for (std::size_t out = 0; out < models; ++out) {
    if ((set & BitOf(out)) == 0) continue;
    for (std::size_t in = 0; in < models; ++in) {
      if ((set & BitOf(in)) != 0) continue;
      const ModelSet swapped = (set ^ BitOf(out)) | BitOf(in);
      if (Fits(swapped)) sets.push_back(swapped);
    }
  }
  return sets;
}

// Works out what the next step compares; false when there is not enough left for all of it.
bool SetSearch::LookAt(Growth& growth, std::size_t& outcomes) {
  while (growth.looked_ < growth.sets_.size()) {
    if (outcomes == 0) return false;
    const ModelSet set = growth.sets_[growth.looked_++];
    const std::size_t work = known_.contains(set) ? 1 : table_.size() + 1;
    SumsOf(set);
    outcomes -= std::min(outcomes, work);
  }
  return true;
}

// The beam moves on to sets of one model more, the best of which may then be improved.
void SetSearch::EndGrow(Growth& growth) {
  std::vector<Scored> grown;
  for (const ModelSet set : growth.sets_) {
    if (const auto scored = Score(set, growth.left_out_)) grown.push_back(*scored);
  }
  std::sort(grown.begin(), grown.end(), Before);
  if (grown.size() > kBeamWidth) grown.resize(kBeamWidth);
  growth.beam_ = std::move(grown);
  if (growth.beam_.empty()) return;
  growth.swapped_ = growth.beam_.front();
  growth.swaps_ = 0;
  growth.sets_ = Swapped(growth.swapped_->set);
}

// Swaps once more, or is done with this size and grows the beam for the next one.
void SetSearch::EndSwap(Growth& growth) {
  Scored next = *growth.swapped_;
  for (const ModelSet set : growth.sets_) {
    const auto scored = Score(set, growth.left_out_);
    if (scored && Before(*scored, next)) next = *scored;
  }
  const bool better = next.set != growth.swapped_->set;
  growth.swapped_ = next;
  if (better && ++growth.swaps_ < kSwapsMax) {
    growth.sets_ = Swapped(next.set);
    return;
  }
  if (next.set != growth.beam_.front().set) growth.beam_.insert(growth.beam_.begin(), next);
  growth.best_.push_back(next.set);
  growth.swapped_.reset();
  growth.sets_ = Grown(growth.beam_);
}

bool SetSearch::Advance(Growth& growth, std::size_t& outcomes) {
  if (!growth.begun_) growth.sets_ = Grown(growth.beam_);
  growth.begun_ = true;
  while (growth.best_.size() < std::min(growth.size_, table_.models().size())) {
    if (!LookAt(growth, outcomes)) return true;
    growth.looked_ = 0;
    if (growth.swapped_) {
      EndSwap(growth);
    } else {
      EndGrow(growth);
      if (growth.beam_.empty()) break;
    }
  }
  return false;
}

std::vector<ModelSet> SetSearch::BestBySize(std::size_t size, std::optional<std::size_t> left_out) {
  Growth growth(size, left_out);
  std::size_t outcomes = 0;
  do {
    outcomes = kPieceOutcomes;
  } while (Advance(growth, outcomes));
  return growth.best();
}

}  // namespace consilium
