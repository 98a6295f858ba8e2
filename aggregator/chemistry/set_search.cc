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

std::vector<std::string> BestAlone(const std::vector<const RecordedCase*>& cases,
                                   std::vector<std::string> models) {
  if (models.size() <= kSearchModelsMax) return models;
  std::vector<std::pair<double, double>> sums(models.size());  // value, weight
  std::vector<std::uint8_t> seated;
  const double heaviest = HeaviestOf(cases);
  for (const RecordedCase* recorded : cases) {
    const Replay replay(recorded->evidence);
    seated.assign(replay.size(), 0);
    for (std::size_t i = 0; i < replay.size(); ++i) {
      const std::string& name = recorded->evidence.answers[replay.members()[i]].model;
      const auto found = std::lower_bound(models.begin(), models.end(), name);
      if (found == models.end() || *found != name) continue;
      auto& [value, weight] = sums[static_cast<std::size_t>(found - models.begin())];
      seated[i] = 1;
      value += recorded->weight / heaviest * replay.Value(seated);
      weight += recorded->weight / heaviest;
      seated[i] = 0;
    }
  }
  std::vector<std::pair<std::int64_t, std::string>> order;  // the best first, who has none last
  for (std::size_t i = 0; i < models.size(); ++i) {
    const auto& [value, weight] = sums[i];
    order.emplace_back(weight > 0 ? -std::llround(std::ldexp(value / weight, 40)) : 1, models[i]);
  }
  std::sort(order.begin(), order.end());
  order.resize(kSearchModelsMax);
  models.clear();
  for (const auto& [score, name] : order) models.push_back(name);
  std::sort(models.begin(), models.end());
  return models;
}

SetSearch::SetSearch(OutcomeTable& table, Rules rules, Price price)
    : table_(table), rules_(rules), price_(std::move(price)) {
  CHECK(price_.costs.size() == table.models().size(), "each model has a cost");
  for (std::size_t i = 0; i < table.models().size(); ++i) {
    const Sums& sums = SumsOf(BitOf(i));
    for (std::size_t fold = 0; fold < sums.value.size(); ++fold) {
      singles_.value[fold] += sums.value[fold];
      singles_.weight[fold] += sums.weight[fold];
    }
  }
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
  const auto [single_value, single_weight] = Total(singles_, left_out);
  const double prior = single_value / single_weight;  // who is in the set is among the singles
  const double score = (value + rules_.prior_cases * prior) / (weight + rules_.prior_cases);
  // Whole numbers, so that what differs by rounding only is equal.
  return Scored{set, std::llround(std::ldexp(std::clamp(score, 0.0, 1.0), 40))};
}

std::vector<SetSearch::Scored> SetSearch::Grow(const std::vector<Scored>& beam,
                                               std::optional<std::size_t> left_out) {
  std::vector<ModelSet> sets;
  for (const Scored& start : beam) {
    for (std::size_t i = 0; i < table_.models().size(); ++i) {
      const ModelSet grown = start.set | BitOf(i);
      if (grown != start.set && Fits(grown)) sets.push_back(grown);
    }
  }
  std::sort(sets.begin(), sets.end());
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  std::vector<Scored> grown;
  for (const ModelSet set : sets) {
    if (const auto scored = Score(set, left_out)) grown.push_back(*scored);
  }
  std::sort(grown.begin(), grown.end(), Before);
  if (grown.size() > kBeamWidth) grown.resize(kBeamWidth);
  return grown;
}

SetSearch::Scored SetSearch::Swap(Scored best, std::optional<std::size_t> left_out) {
  const std::size_t models = table_.models().size();
  for (int step = 0; step < kSwapsMax; ++step) {
    Scored next = best;
    for (std::size_t out = 0; out < models; ++out) {
      if ((best.set & BitOf(out)) == 0) continue;
      for (std::size_t in = 0; in < models; ++in) {
        if ((best.set & BitOf(in)) != 0) continue;
        const ModelSet swapped = (best.set ^ BitOf(out)) | BitOf(in);
        if (!Fits(swapped)) continue;
        const auto scored = Score(swapped, left_out);
        if (scored && Before(*scored, next)) next = *scored;
      }
    }
    if (next.set == best.set) break;
    best = next;
  }
  return best;
}

std::vector<ModelSet> SetSearch::BestBySize(std::size_t size, std::optional<std::size_t> left_out) {
  std::vector<ModelSet> best;
  std::vector<Scored> beam{Scored{}};
  for (std::size_t k = 1; k <= std::min(size, table_.models().size()); ++k) {
    beam = Grow(beam, left_out);
    if (beam.empty()) break;
    const Scored swapped = Swap(beam.front(), left_out);
    if (swapped.set != beam.front().set) beam.insert(beam.begin(), swapped);
    best.push_back(swapped.set);
  }
  return best;
}

}  // namespace consilium
