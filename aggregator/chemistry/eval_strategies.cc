#include "aggregator/chemistry/eval_strategies.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "aggregator/chemistry/held_out.h"
#include "aggregator/chemistry/loss.h"
#include "aggregator/chemistry/set_search.h"

namespace consilium {
namespace {

// By accuracy, then quality, best first; ties by name.
std::vector<std::string> Ranked(std::vector<ModelProfile> profiles) {
  std::sort(profiles.begin(), profiles.end(), [](const ModelProfile& a, const ModelProfile& b) {
    if (a.accuracy != b.accuracy) return a.accuracy > b.accuracy;
    if (a.quality != b.quality) return a.quality > b.quality;
    return a.model < b.model;
  });
  std::vector<std::string> names;
  names.reserve(profiles.size());
  for (ModelProfile& profile : profiles) names.push_back(std::move(profile.model));
  return names;
}

// What a history does not tell stays unknown: there is no budget but the size.
Result<std::vector<std::string>> Utility(const std::vector<RecordedCase>& cases,
                                         const std::vector<std::string>& pool, std::size_t size) {
  std::vector<SeatCost> seats;
  seats.reserve(pool.size());
  for (const std::string& model : pool) seats.push_back({model, std::nullopt, std::nullopt});
  Budget budget;
  budget.size = size;
  auto choice = ChooseByUtility(cases, seats, budget);
  if (choice.ok()) return std::move(choice->models);
  // No usable answer in this half: nobody to seat.
  if (choice.error().code == ErrorCode::kNotFound) return std::vector<std::string>{};
  return choice.error();
}

}  // namespace

std::vector<std::string> BestOfSize(const std::vector<RecordedCase>& cases,
                                    std::vector<std::string> models, std::size_t size,
                                    SetSearch::Rules rules) {
  std::vector<const RecordedCase*> order;
  order.reserve(cases.size());
  for (const RecordedCase& recorded : cases) order.push_back(&recorded);
  OutcomeTable table(BestAlone(order, std::move(models)));
  for (const RecordedCase& recorded : cases) table.Add(recorded.evidence, recorded.weight, 0);
  SetSearch::Price free;
  free.costs.assign(table.models().size(), 0.0);
  SetSearch search(table, rules, std::move(free));
  const auto best = search.BestBySize(size, std::nullopt);
  if (best.empty()) return {};
  return NamesOf(best.back(), table.models());
}

TrainedStrategies::TrainedStrategies(const TaskHistory& half,
                                     const std::vector<RecordedCase>& cases)
    : half_(half), cases_(cases), placement_(FindPlacement(half)) {}

Result<TrainedStrategies> TrainedStrategies::Train(const TaskHistory& half,
                                                   const std::vector<RecordedCase>& cases) {
  TrainedStrategies trained(half, cases);
  const auto means = MakeProfiles(half, ProfileBasis::kMean);
  const auto bests = MakeProfiles(half, ProfileBasis::kBest);
  for (const ModelProfile& profile : means) trained.pool_.push_back(profile.model);
  std::sort(trained.pool_.begin(), trained.pool_.end());
  trained.by_mean_ = Ranked(means);
  trained.by_best_ = Ranked(bests);
  for (const auto& status :
       {trained.AddPublished("chemistry", bests, ProfileBasis::kBest, ChemistryVariant::kPublished),
        trained.AddPublished("chemistry-nonempty", bests, ProfileBasis::kBest,
                             ChemistryVariant::kNonempty),
        trained.AddPublished("chemistry-mean", means, ProfileBasis::kMean,
                             ChemistryVariant::kNonempty)}) {
    if (!status.ok()) return status.error();
  }
  return trained;
}

Status TrainedStrategies::AddPublished(const std::string& strategy,
                                       const std::vector<ModelProfile>& profiles,
                                       ProfileBasis basis, ChemistryVariant variant) {
  auto matrix = ComputeChemistry(profiles, variant, kUsageThreshold);
  if (!matrix.ok()) return matrix.error();
  published_.push_back({strategy, std::move(matrix).value(), PastSets(half_, basis)});
  return Ok();
}

std::vector<std::string> TrainedStrategies::Top(std::size_t size,
                                                const std::vector<std::string>& ranked,
                                                const std::vector<std::string>& among) const {
  std::vector<std::string> top;
  for (const std::string& model : ranked) {
    if (top.size() == size) break;
    if (std::binary_search(among.begin(), among.end(), model)) top.push_back(model);
  }
  std::sort(top.begin(), top.end());
  return top;
}

Result<std::vector<NamedSet>> TrainedStrategies::Choose(std::size_t size) const {
  std::vector<NamedSet> sets;
  sets.push_back({"performance", Top(size, by_mean_, pool_)});
  sets.push_back({"performance-best", Top(size, by_best_, pool_)});
  sets.push_back({"local", Top(size, by_mean_, placement_.local)});
  sets.push_back({"remote", Top(size, by_mean_, placement_.remote)});
  auto single = Utility(cases_, pool_, 1);
  if (!single.ok()) return single.error();
  sets.push_back({"single", std::move(single).value()});
  for (const Published& published : published_) {
    const ChemistryLoss loss(published.matrix, LossWeights{});
    sets.push_back({published.strategy, {}});
    if (published.matrix.size() == 0) continue;
    auto chosen = loss.ClimbOfSize(published.past, std::min(size, published.matrix.size()));
    if (!chosen.ok()) return chosen.error();
    sets.back().models = std::move(chosen->models);
  }
  auto utility = Utility(cases_, pool_, size);
  if (!utility.ok()) return utility.error();
  sets.push_back({"utility", std::move(utility).value()});
  sets.push_back(
      {"utility-exact", BestOfSize(cases_, pool_, size, {kOverlapExponent, kPriorCases})});
  sets.push_back({"all", pool_});
  return sets;
}

}  // namespace consilium
