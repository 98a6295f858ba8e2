#include "aggregator/chemistry/board.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "aggregator/chemistry/loss.h"

namespace consilium {
namespace {

bool Has(const std::vector<std::string>& sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

std::size_t Position(const std::vector<std::string>& sorted, const std::string& name) {
  return static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), name) -
                                  sorted.begin());
}

std::vector<std::string> RankByPerformance(const ChemistryReport& report,
                                           const std::vector<std::string>& pool) {
  std::vector<const ChemistryModel*> models;
  for (const ChemistryModel& model : report.models) {
    if (model.accuracy && model.quality && Has(pool, model.model)) models.push_back(&model);
  }
  std::sort(models.begin(), models.end(), [](const ChemistryModel* a, const ChemistryModel* b) {
    return std::make_tuple(-*a->accuracy, -*a->quality, std::string_view(a->model)) <
           std::make_tuple(-*b->accuracy, -*b->quality, std::string_view(b->model));
  });
  std::vector<std::string> names;
  for (const ChemistryModel* model : models) names.push_back(model->model);
  return names;
}

std::vector<std::vector<std::string>> PastSets(const std::vector<RecordedCase>& window) {
  std::set<std::vector<std::string>> sets;
  for (const RecordedCase& recorded : window) {
    std::vector<std::string> seated = recorded.evidence.seated;
    std::sort(seated.begin(), seated.end());
    sets.insert(std::move(seated));
  }
  return {sets.begin(), sets.end()};
}

// The values of the report for the models of the pool.
ChemistryMatrix MatrixOf(const ChemistryReport& report, std::vector<std::string> models) {
  std::sort(models.begin(), models.end());
  ChemistryMatrix matrix(std::move(models));
  for (const auto& row : report.pairs) {
    for (const ChemistryPair& pair : row) {
      const std::size_t a = matrix.Find(pair.a);
      const std::size_t b = matrix.Find(pair.b);
      if (pair.chemistry && a < matrix.size() && b < matrix.size()) {
        matrix.Set(a, b, *pair.chemistry);
      }
    }
  }
  return matrix;
}

}  // namespace

BoardMaker::BoardMaker(const ChemistryReport& report, std::vector<RecordedCase> window,
                       std::vector<std::string> pool, const BoardRules& rules)
    : kind_(report.kind), cases_(report.cases), window_(std::move(window)), pool_(std::move(pool)) {
  std::sort(pool_.begin(), pool_.end());
  pool_.erase(std::unique(pool_.begin(), pool_.end()), pool_.end());
  if (cases_ < rules.cold_start_cases) return;
  sizes_ = std::min(pool_.size(), kBoardSizesMax);
  budget_ = rules.budget;
  ranked_ = RankByPerformance(report, pool_);
  past_ = PastSets(window_);
  matrix_ = MatrixOf(report, ranked_);
  for (const std::string& model : pool_) {
    const auto known = std::find_if(report.models.begin(), report.models.end(),
                                    [&model](const ChemistryModel& m) { return m.model == model; });
    if (known == report.models.end()) continue;
    costs_.push_back({model, known->latency_ms_p95, known->cost_usd});
  }
  together_.assign(pool_.size() * pool_.size(), 0);
  for (const ChemistryModel& model : report.models) {
    if (!Has(pool_, model.model)) continue;
    const std::size_t at = Position(pool_, model.model);
    together_[at * pool_.size() + at] = model.answered;
  }
  for (const auto& row : report.pairs) {
    for (const ChemistryPair& pair : row) {
      if (!Has(pool_, pair.a) || !Has(pool_, pair.b)) continue;
      const std::size_t a = Position(pool_, pair.a);
      const std::size_t b = Position(pool_, pair.b);
      together_[a * pool_.size() + b] = pair.together;
      together_[b * pool_.size() + a] = pair.together;
    }
  }
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
  if (size > ranked_.size()) return;
  entry.strategy = "performance";
  entry.models.assign(ranked_.begin(), ranked_.begin() + entry.size);
  std::sort(entry.models.begin(), entry.models.end());
  entry.reason = "the most accurate on record";
  entries.push_back(std::move(entry));
}

void BoardMaker::AddChemistry(SeatingEntry entry, std::vector<SeatingEntry>& entries) const {
  const ChemistryLoss loss(matrix_, LossWeights{});
  auto chosen = loss.ClimbOfSize(past_, static_cast<std::size_t>(entry.size));
  if (!chosen) return;
  entry.strategy = "chemistry";
  entry.models = std::move(chosen->models);
  entry.reason = "the least published loss among the sets that were tried";
  entries.push_back(std::move(entry));
}

void BoardMaker::AddUtility(SeatingEntry entry, std::vector<SeatingEntry>& entries) const {
  Budget budget = budget_;
  budget.size = static_cast<std::size_t>(entry.size);
  auto chosen = ChooseByUtility(window_, costs_, budget);
  if (!chosen) return;
  entry.cases = chosen->cases;
  entry.models = std::move(chosen->models);
  entry.reason = std::move(chosen->reason);
  const bool alone = entry.models.size() == 1;
  entry.expected = alone ? chosen->held_out_single : chosen->held_out;
  if (!alone) entry.expected_error = chosen->advantage_error;
  entry.strategy = "utility";
  if (entry.size == 1) {
    SeatingEntry single = entry;
    single.strategy = "single";
    entries.push_back(std::move(single));
  }
  entries.push_back(std::move(entry));
}

// Greedy: the pair that sat together least, then whoever sat least with those chosen; each set
// counts for the next ones.
void BoardMaker::AddExploring(const SeatingEntry& entry, std::vector<SeatingEntry>& entries) const {
  const std::size_t n = pool_.size();
  const auto size = static_cast<std::size_t>(entry.size);
  std::vector<std::int64_t> seen = together_;
  for (std::size_t set = 0; set < kExploreSets; ++set) {
    std::vector<std::size_t> chosen;
    while (chosen.size() < size) {
      std::size_t best = n;
      std::pair<std::int64_t, std::int64_t> least;
      for (std::size_t m = 0; m < n; ++m) {
        if (std::find(chosen.begin(), chosen.end(), m) != chosen.end()) continue;
        // The first seat goes to the model that sat least with its rarest partner.
        std::int64_t sum = 0;
        if (chosen.empty() && size > 1) {
          sum = seen[m * n + (m == 0 ? 1 : 0)];
          for (std::size_t o = 0; o < n; ++o) {
            if (o != m) sum = std::min(sum, seen[m * n + o]);
          }
        }
        for (const std::size_t c : chosen) sum += seen[m * n + c];
        const std::pair<std::int64_t, std::int64_t> rank{sum, seen[m * n + m]};
        if (best == n || rank < least) {
          best = m;
          least = rank;
        }
      }
      chosen.push_back(best);
    }
    SeatingEntry explore = entry;
    explore.strategy = "explore";
    explore.reason = "models that sat together least";
    for (const std::size_t a : chosen) {
      explore.models.push_back(pool_[a]);
      for (const std::size_t b : chosen) ++seen[a * n + b];
    }
    std::sort(explore.models.begin(), explore.models.end());
    entries.push_back(std::move(explore));
  }
}

}  // namespace consilium
