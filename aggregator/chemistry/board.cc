#include "aggregator/chemistry/board.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "shared/limits.h"

namespace consilium {
namespace {

// Starts of a climb in one piece, times models: what a step of it takes grows with them.
constexpr std::size_t kPieceStarts = 8192;

bool Has(const std::vector<std::string>& sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

std::size_t Position(const std::vector<std::string>& sorted, const std::string& name) {
  return static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), name) -
                                  sorted.begin());
}

// The models of the pool with a profile, the most accurate first.
std::vector<ChemistryModel> RankByPerformance(const ChemistryReport& report,
                                              const std::vector<std::string>& pool) {
  std::vector<ChemistryModel> models;
  for (const ChemistryModel& model : report.models) {
    if (model.accuracy && model.quality && Has(pool, model.model)) models.push_back(model);
  }
  std::sort(models.begin(), models.end(), [](const ChemistryModel& a, const ChemistryModel& b) {
    return std::make_tuple(-*a.accuracy, -*a.quality, std::string_view(a.model)) <
           std::make_tuple(-*b.accuracy, -*b.quality, std::string_view(b.model));
  });
  return models;
}

// Of these models alone: chemistry is a maximum over the sets that there can be.
ChemistryMatrix MatrixOf(const std::vector<ChemistryModel>& models, const BoardRules& rules) {
  std::vector<ModelProfile> profiles;
  profiles.reserve(models.size());
  for (const ChemistryModel& model : models) {
    profiles.push_back({model.model, *model.quality, *model.accuracy});
  }
  auto matrix = ComputeChemistry(profiles, rules.variant, rules.usage_threshold);
  return matrix ? *std::move(matrix) : ChemistryMatrix();
}

// The sets that sat, as far as the matrix knows their models, where there is any chemistry: those
// that ClimbOfSize starts from.
std::vector<std::vector<std::string>> PastSets(const std::vector<RecordedCase>& window,
                                               const ChemistryMatrix& matrix) {
  std::set<std::vector<std::size_t>> sets;
  for (const RecordedCase& recorded : window) {
    std::set<std::size_t> known;
    for (const std::string& model : recorded.evidence.seated) {
      const std::size_t at = matrix.Find(model);
      if (at < matrix.size()) known.insert(at);
    }
    sets.emplace(known.begin(), known.end());
  }
  std::vector<std::vector<std::string>> past;
  for (const std::vector<std::size_t>& set : sets) {
    double chemistry = 0.0;
    for (const std::size_t a : set) {
      for (const std::size_t b : set) chemistry += matrix.at(a, b);
    }
    if (!(chemistry > 0.0)) continue;
    auto& names = past.emplace_back();
    for (const std::size_t at : set) names.push_back(matrix.models()[at]);
  }
  return past;
}

// What is known of the models of the pool, by name.
std::vector<SeatCost> CostsOf(const ChemistryReport& report, const std::vector<std::string>& pool) {
  std::vector<SeatCost> costs;
  costs.reserve(pool.size());
  for (const std::string& model : pool) costs.push_back({model, std::nullopt, std::nullopt});
  for (const ChemistryModel& model : report.models) {
    if (!Has(pool, model.model)) continue;
    SeatCost& cost = costs[Position(pool, model.model)];
    cost.latency_ms_p95 = model.latency_ms_p95;
    cost.cost_usd_mean = model.cost_usd;
  }
  return costs;
}

// How often each pair of the pool answered together; the diagonal: each model.
std::vector<std::int64_t> TogetherOf(const ChemistryReport& report,
                                     const std::vector<std::string>& pool) {
  const std::size_t n = pool.size();
  std::vector<std::int64_t> together(n * n, 0);
  for (const ChemistryModel& model : report.models) {
    if (!Has(pool, model.model)) continue;
    const std::size_t at = Position(pool, model.model);
    together[at * n + at] = model.answered;
  }
  for (const auto& row : report.pairs) {
    for (const ChemistryPair& pair : row) {
      if (!Has(pool, pair.a) || !Has(pool, pair.b)) continue;
      const std::size_t a = Position(pool, pair.a);
      const std::size_t b = Position(pool, pair.b);
      together[a * n + b] = pair.together;
      together[b * n + a] = pair.together;
    }
  }
  return together;
}

// Sets of one size, of models that sat together least: the pair that did so least of all, then
// whoever sat least with those chosen.
class Explorer {
 public:
  Explorer(const std::vector<SeatCost>& costs, const Budget& budget, std::size_t size)
      : models_(costs.size()), size_(size) {
    if (budget.cost_usd_max) most_ = *budget.cost_usd_max * (1 + 1e-9);  // 0.1 + 0.2 costs 0.3
    for (std::size_t m = 0; m < models_; ++m) {
      const auto& latency = costs[m].latency_ms_p95;
      if (budget.latency_ms_max && latency && !(*latency <= *budget.latency_ms_max)) continue;
      allowed_.push_back(m);
    }
    for (const SeatCost& cost : costs) costs_.push_back(cost.cost_usd_mean.value_or(0.0));
    cheapest_ = allowed_;
    std::stable_sort(cheapest_.begin(), cheapest_.end(),
                     [this](std::size_t a, std::size_t b) { return costs_[a] < costs_[b]; });
    if (size_ < 2) return;
    joint_.assign(models_ * models_, 0);
    for (const std::size_t a : allowed_) {
      for (const std::size_t b : allowed_) {
        if (a != b) joint_[a * models_ + b] = HasRoom({a, b}) ? 1 : 0;
      }
    }
  }

  // `seen`: models x models. Empty when no set is within the budget.
  std::vector<std::size_t> Next(const std::vector<std::int64_t>& seen) const {
    std::vector<std::size_t> chosen;
    while (chosen.size() < size_) {
      std::optional<std::size_t> best;
      std::pair<std::int64_t, std::int64_t> least;
      for (const std::size_t m : allowed_) {
        if (std::find(chosen.begin(), chosen.end(), m) != chosen.end()) continue;
        std::vector<std::size_t> with = chosen;
        with.push_back(m);
        if (!HasRoom(with)) continue;
        const std::int64_t sum = chosen.empty() ? Rarest(m, seen) : SeenWith(m, chosen, seen);
        const std::pair<std::int64_t, std::int64_t> rank{sum, seen[m * models_ + m]};
        if (best && !(rank < least)) continue;
        best = m;
        least = rank;
      }
      if (!best) return {};
      chosen.push_back(*best);
    }
    return chosen;
  }

 private:
  // Whether some set of the size with these members is within the budget.
  bool HasRoom(const std::vector<std::size_t>& members) const {
    double cost = 0.0;
    for (const std::size_t m : members) cost += costs_[m];
    std::size_t seats = size_ - members.size();
    for (const std::size_t m : cheapest_) {
      if (seats == 0) break;
      if (std::find(members.begin(), members.end(), m) != members.end()) continue;
      cost += costs_[m];
      --seats;
    }
    return seats == 0 && (!most_ || cost <= *most_);
  }

  // How often it sat with the partner that it may have and sat with least.
  std::int64_t Rarest(std::size_t m, const std::vector<std::int64_t>& seen) const {
    std::optional<std::int64_t> rarest;
    for (std::size_t o = 0; size_ > 1 && o < models_; ++o) {
      const std::int64_t times = seen[m * models_ + o];
      if (joint_[m * models_ + o] != 0 && (!rarest || times < *rarest)) rarest = times;
    }
    return rarest.value_or(0);
  }

  std::int64_t SeenWith(std::size_t m, const std::vector<std::size_t>& chosen,
                        const std::vector<std::int64_t>& seen) const {
    std::int64_t sum = 0;
    for (const std::size_t c : chosen) sum += seen[m * models_ + c];
    return sum;
  }

  std::size_t models_;
  std::size_t size_;
  std::optional<double> most_;
  std::vector<double> costs_;  // 0 = not known
  std::vector<std::size_t> allowed_;
  std::vector<std::size_t> cheapest_;  // allowed_, the cheapest first
  std::vector<std::uint8_t> joint_;    // whether two may sit in one set
};

}  // namespace

BoardMaker::BoardMaker(const ChemistryReport& report, std::vector<RecordedCase> window,
                       std::vector<std::string> pool, const BoardRules& rules)
    : kind_(report.kind),
      cases_(report.cases),
      rules_(rules),
      window_(std::move(window)),
      pool_(std::move(pool)) {
  if (cases_ < rules.cold_start_cases) return;
  std::sort(pool_.begin(), pool_.end());
  pool_.erase(std::unique(pool_.begin(), pool_.end()), pool_.end());
  sizes_ = std::min(pool_.size(), limits::kBoardSizesMax);
  rules_.budget.size = sizes_;
  costs_ = CostsOf(report, pool_);
  known_ = RankByPerformance(report, pool_);
  together_ = TogetherOf(report, pool_);
}

bool BoardMaker::Step(std::vector<SeatingEntry>& entries) {
  if (recommended_ == sizes_) return false;
  if (!matrix_) {
    MakeMatrix();
  } else if (!search_) {
    search_.emplace(window_, costs_, rules_.budget);
  } else if (!searched_) {
    searched_ = !search_->Step();
  } else if (!Climb()) {
    Recommend(++recommended_, entries);
    climbed_.reset();
    starts_ = 0;
  }
  return recommended_ < sizes_;
}

void BoardMaker::MakeMatrix() {
  matrix_ = MatrixOf(known_, rules_);
  past_ = PastSets(window_, *matrix_);
}

// From some of the past sets; false when all were tried.
bool BoardMaker::Climb() {
  const std::size_t size = recommended_ + 1;
  if (size > matrix_->size() || (climbed_ && starts_ == past_.size())) return false;
  const std::size_t most = std::max<std::size_t>(1, kPieceStarts / matrix_->size());
  const std::size_t count = std::min(past_.size() - starts_, most);
  const ChemistryLoss loss(*matrix_, LossWeights{});
  auto chosen = loss.ClimbOfSize(std::span(past_).subspan(starts_, count), size);
  starts_ += count;
  if (!chosen) return false;
  if (!climbed_ || loss.Prefers(*chosen, *climbed_)) climbed_ = *std::move(chosen);
  return true;
}

void BoardMaker::Recommend(std::size_t size, std::vector<SeatingEntry>& entries) const {
  SeatingEntry entry;
  entry.kind = kind_;
  entry.size = static_cast<std::int64_t>(size);
  entry.cases = cases_;
  AddPerformance(entry, entries);
  AddChemistry(entry, entries);
  AddUtility(entry, entries);
  AddExploring(entry, entries);
}

void BoardMaker::AddPerformance(SeatingEntry entry, std::vector<SeatingEntry>& entries) const {
  const auto size = static_cast<std::size_t>(entry.size);
  if (size > known_.size()) return;
  entry.strategy = "performance";
  for (std::size_t i = 0; i < size; ++i) entry.models.push_back(known_[i].model);
  std::sort(entry.models.begin(), entry.models.end());
  entry.reason = "the most accurate on record";
  entries.push_back(std::move(entry));
}

void BoardMaker::AddChemistry(SeatingEntry entry, std::vector<SeatingEntry>& entries) const {
  if (!climbed_) return;
  entry.strategy = "chemistry";
  entry.models = climbed_->models;
  entry.reason = "the least published loss among the sets that were tried";
  entries.push_back(std::move(entry));
}

void BoardMaker::AddUtility(SeatingEntry entry, std::vector<SeatingEntry>& entries) const {
  auto chosen = search_->ChoiceOf(static_cast<std::size_t>(entry.size));
  if (chosen) {
    entry.cases = chosen->cases;
    entry.models = std::move(chosen->models);
    entry.reason = std::move(chosen->reason);
    const bool alone = entry.models.size() == 1;
    entry.expected = alone ? chosen->held_out_single : chosen->held_out;
    if (!alone) entry.expected_error = chosen->advantage_error;
  } else {
    entry.reason = chosen.error().text;
  }
  entry.strategy = "utility";
  if (entry.size == 1) {
    SeatingEntry single = entry;
    single.strategy = "single";
    entries.push_back(std::move(single));
  }
  entries.push_back(std::move(entry));
}

// Each set counts for the next ones.
void BoardMaker::AddExploring(const SeatingEntry& entry, std::vector<SeatingEntry>& entries) const {
  const Explorer explorer(costs_, rules_.budget, static_cast<std::size_t>(entry.size));
  std::vector<std::int64_t> seen = together_;
  for (std::size_t set = 0; set < kExploreSets; ++set) {
    const std::vector<std::size_t> chosen = explorer.Next(seen);
    if (chosen.empty()) return;
    SeatingEntry explore = entry;
    explore.strategy = "explore";
    explore.reason = "models that sat together least";
    for (const std::size_t a : chosen) {
      explore.models.push_back(pool_[a]);
      for (const std::size_t b : chosen) ++seen[a * pool_.size() + b];
    }
    std::sort(explore.models.begin(), explore.models.end());
    entries.push_back(std::move(explore));
  }
}

}  // namespace consilium
