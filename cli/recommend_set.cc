#include "cli/recommend_set.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "aggregator/chemistry/interaction.h"
#include "aggregator/chemistry/loss.h"
#include "cli/render_parts.h"
#include "shared/ids.h"
#include "shared/number_text.h"
#include "shared/shown_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

using render::Count;
using Names = std::vector<std::string>;

// What strategies choose: names, and how that came about.
struct Choice {
  Names models;
  std::string reason;
  std::optional<double> loss;
  std::optional<UtilityChoice> utility;
};

Names NamesOf(const std::vector<ModelProfile>& profiles) {
  Names names;
  for (const ModelProfile& profile : profiles) names.push_back(profile.model);
  return names;
}

Status CheckOptions(const LoadedHistory& loaded, const RecommendOptions& options) {
  const auto wrong = [](const char* flag, double value, const char* expected) {
    return Invalid(std::string(flag) + " = " + ShortestDecimal(value) + ", expected " + expected);
  };
  if (!(options.alpha >= 0.0 && options.alpha <= 1.0)) return wrong("alpha", options.alpha, "0..1");
  if (!(options.beta >= 0.0 && std::isfinite(options.beta))) {
    return wrong("beta", options.beta, "0 or more");
  }
  for (const auto& [flag, value] : {std::pair{"latency-max", options.latency_ms_max},
                                    std::pair{"cost-max", options.cost_usd_max}}) {
    if (!value) continue;
    if (!(*value >= 0.0 && std::isfinite(*value))) return wrong(flag, *value, "0 or more");
    if (options.strategy != "utility") {
      return Invalid(std::string(flag) + ": only strategy utility keeps to a budget, not " +
                     options.strategy);
    }
  }
  const bool sized = options.strategy != "chemistry" && options.strategy != "single";
  if (sized && !options.size)
    return Invalid("size: missing; strategy " + options.strategy + " needs it");
  if (options.size && *options.size < 1) {
    return Invalid("size = " + std::to_string(*options.size) + ", expected 1 or more");
  }
  const std::size_t models = loaded.profiles.size();
  const auto size = static_cast<std::size_t>(options.size.value_or(1));
  if (size > models) {
    return Invalid("size = " + std::to_string(size) + ", but the history has " +
                   Count(models, "model") + " with a profile");
  }
  return Ok();
}

// Models that ran locally and the others, by flag or as the history shows.
Result<Placement> PlacementOf(const LoadedHistory& loaded, const RecommendOptions& options) {
  if (options.local.empty()) return FindPlacement(loaded.history);
  const Names known = NamesOf(loaded.profiles);
  const std::set<std::string> local(options.local.begin(), options.local.end());
  Placement placement;
  for (const std::string& model : local) {
    if (std::find(known.begin(), known.end(), model) == known.end()) {
      return Invalid("local = " + Quoted(model) + ", expected some of " + Joined(known, ", "));
    }
  }
  placement.local.assign(local.begin(), local.end());
  for (const std::string& model : known) {
    if (local.count(model) == 0) placement.remote.push_back(model);
  }
  return placement;
}

Choice Best(std::vector<ModelProfile> ranked, std::size_t size, const std::string& among) {
  Choice choice;
  const std::size_t there = ranked.size();
  ranked.resize(std::min(size, there));
  choice.models = NamesOf(ranked);
  choice.reason = there < size ? "all " + Count(there, among + "model") + " there are, of " +
                                     std::to_string(size) + " asked for"
                               : "the " + (size == 1 ? "" : std::to_string(size) + " ") +
                                     "most accurate of " + Count(there, among + "model");
  return choice;
}

Result<Choice> ByPlacement(const LoadedHistory& loaded, const RecommendOptions& options) {
  const auto placement = PlacementOf(loaded, options);
  if (!placement) return placement.error();
  const bool local = options.strategy == "local";
  const Names& pool = local ? placement->local : placement->remote;
  std::vector<ModelProfile> ranked = RankProfiles(loaded.profiles);
  std::erase_if(ranked, [&](const ModelProfile& profile) {
    return !std::binary_search(pool.begin(), pool.end(), profile.model);
  });
  if (ranked.empty()) {
    return Invalid(local ? "strategy local: the history shows no model that ran locally; name them "
                           "with --local"
                         : "strategy remote: the history shows no model that ran remotely");
  }
  return Best(std::move(ranked), static_cast<std::size_t>(*options.size), options.strategy + " ");
}

Choice AtRandom(const LoadedHistory& loaded, const RecommendOptions& options) {
  Choice choice;
  choice.models = NamesOf(loaded.profiles);
  SeededRandom(options.seed, "recommend").Shuffle(choice.models);
  choice.models.resize(static_cast<std::size_t>(*options.size));
  choice.reason = "drawn from " + Count(loaded.profiles.size(), "model") + " with seed " +
                  std::to_string(options.seed);
  return choice;
}

Result<Choice> ByChemistry(const LoadedHistory& loaded, const RecommendOptions& options) {
  const auto variant =
      options.variant == "nonempty" ? ChemistryVariant::kNonempty : ChemistryVariant::kPublished;
  const auto matrix = ComputeChemistry(loaded.profiles, variant, kUsageThreshold);
  if (!matrix) return matrix.error();
  const ChemistryLoss loss(*matrix, {options.alpha, options.beta});
  const auto past = PastSets(loaded.history, loaded.basis);
  std::optional<ChosenSet> chosen;
  if (options.size) {
    auto sized = loss.ClimbOfSize(past, static_cast<std::size_t>(*options.size));
    if (!sized) return sized.error();
    chosen = std::move(sized).value();
  } else {
    chosen = loss.Climb(past);
  }
  if (!chosen) {
    return Invalid(
        "strategy chemistry: no past council has two models with chemistry to start "
        "from; give --size");
  }
  Choice choice;
  choice.models = chosen->models;
  choice.loss = chosen->loss;
  choice.reason = std::string("the lowest loss that the hill climb from ") +
                  Count(past.size(), "past council") + " finds" +
                  (options.size ? " for this size" : "") +
                  (std::isfinite(chosen->loss)
                       ? ""
                       : "; it is infinite: no set of this size keeps within the published bounds");
  return choice;
}

std::vector<RecordedCase> CasesOf(const LoadedHistory& loaded) {
  std::vector<RecordedCase> cases;
  for (CaseEvidence& one : MakeEvidence(loaded.history, "history")) {
    cases.push_back({std::move(one), 1.0});
  }
  return cases;
}

// Histories state no cost. The 95th percentile is the least latency that 95 % of the answers keep.
std::vector<SeatCost> CostsOf(const LoadedHistory& loaded, const std::vector<RecordedCase>& cases) {
  std::map<std::string, std::vector<double>> latencies;
  for (const RecordedCase& one : cases) {
    for (const EvidenceAnswer& answer : one.evidence.answers) {
      if (answer.latency_ms) latencies[answer.model].push_back(*answer.latency_ms);
    }
  }
  std::vector<SeatCost> costs;
  for (const ModelProfile& profile : loaded.profiles) {
    SeatCost cost;
    cost.model = profile.model;
    if (auto found = latencies.find(profile.model); found != latencies.end()) {
      std::vector<double>& all = found->second;
      std::sort(all.begin(), all.end());
      cost.latency_ms_p95 = all[(all.size() * 95 + 99) / 100 - 1];
    }
    costs.push_back(std::move(cost));
  }
  return costs;
}

Result<Choice> ByUtility(const LoadedHistory& loaded, const RecommendOptions& options,
                         const std::vector<RecordedCase>& cases) {
  Budget budget;
  budget.size = static_cast<std::size_t>(*options.size);
  budget.latency_ms_max = options.latency_ms_max;
  budget.cost_usd_max = options.cost_usd_max;
  auto utility = ChooseByUtility(cases, CostsOf(loaded, cases), budget);
  if (!utility) return utility.error();
  Choice choice;
  choice.models = utility->models;
  choice.reason = utility->reason;
  choice.utility = std::move(utility).value();
  return choice;
}

Result<Choice> Choose(const LoadedHistory& loaded, const RecommendOptions& options,
                      const std::vector<RecordedCase>& cases) {
  if (options.strategy == "utility") return ByUtility(loaded, options, cases);
  if (options.strategy == "chemistry") return ByChemistry(loaded, options);
  if (options.strategy == "random") return AtRandom(loaded, options);
  if (options.strategy == "performance" || options.strategy == "single") {
    const std::int64_t size = options.strategy == "single" ? 1 : *options.size;
    return Best(RankProfiles(loaded.profiles), static_cast<std::size_t>(size), "");
  }
  if (options.strategy == "local" || options.strategy == "remote") {
    return ByPlacement(loaded, options);
  }
  return Invalid("strategy = " + Quoted(options.strategy) + ", expected one of " +
                 Joined({std::begin(kRecommendStrategies), std::end(kRecommendStrategies)}, ", "));
}

}  // namespace

Result<RecommendedSet> RecommendSet(const LoadedHistory& loaded, const RecommendOptions& options) {
  if (auto good = CheckOptions(loaded, options); !good) return good.error();
  const std::vector<RecordedCase> cases = CasesOf(loaded);
  auto choice = Choose(loaded, options, cases);
  if (!choice) return choice.error();
  std::sort(choice->models.begin(), choice->models.end());
  RecommendedSet set;
  for (const ModelProfile& profile : loaded.profiles) {
    if (std::binary_search(choice->models.begin(), choice->models.end(), profile.model)) {
      set.members.push_back(profile);
    }
  }
  set.loss = choice->loss;
  set.utility = std::move(choice->utility);
  set.expected = MeasureSet(cases, choice->models);
  set.complementarity = MeasureComplementarity(set.members);
  set.reason = std::move(choice->reason);
  return set;
}

std::vector<ModelProfile> RankProfiles(std::vector<ModelProfile> profiles) {
  std::sort(profiles.begin(), profiles.end(), [](const ModelProfile& a, const ModelProfile& b) {
    return std::tie(b.accuracy, b.quality, a.model) < std::tie(a.accuracy, a.quality, b.model);
  });
  return profiles;
}

Result<std::vector<TopSet>> RankSets(const std::vector<ModelProfile>& ranked,
                                     const std::vector<std::int64_t>& k) {
  std::vector<TopSet> sets;
  for (const std::int64_t one : k) {
    if (one < 1) return Invalid("k = " + std::to_string(one) + ", expected 1 or more");
    TopSet set;
    set.k = one;
    const auto count = std::min(static_cast<std::size_t>(one), ranked.size());
    set.members.assign(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(count));
    set.complementarity = MeasureComplementarity(set.members);
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace consilium
