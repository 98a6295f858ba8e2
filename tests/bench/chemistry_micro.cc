// The chemistry matrix by the number of models: the dynamic program, and the enumeration of all
// subsets that it replaces.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "aggregator/chemistry/loss.h"
#include "shared/ids.h"

namespace consilium {
namespace {

// All used, with penalties spread evenly.
std::vector<ModelProfile> SampleProfiles(std::size_t count) {
  SeededRandom random(11, "chemistry");
  std::vector<ModelProfile> profiles;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = "model";
    name += std::to_string(i);
    const double quality = 10.0 * random.Unit();
    profiles.push_back({name, quality, 0.51 + 0.49 * random.Unit()});
  }
  return profiles;
}

// The better a model the smaller its penalty, over 15 orders of magnitude: chemistry is near 0, so
// that every place after a pair counts. The slowest profiles known.
std::vector<ModelProfile> SteepProfiles(std::size_t count) {
  std::vector<ModelProfile> profiles = SampleProfiles(count);
  for (ModelProfile& profile : profiles) {
    profile.accuracy = 1.0 - 0.49 * std::pow(10.0, 1.5 * (profile.quality - 10.0));
  }
  return profiles;
}

void Measure(benchmark::State& state, const std::vector<ModelProfile>& profiles,
             ChemistryVariant variant) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(ComputeChemistry(profiles, variant, kUsageThreshold));
  }
}

void ChemistryNonempty(benchmark::State& state) {
  Measure(state, SampleProfiles(static_cast<std::size_t>(state.range(0))),
          ChemistryVariant::kNonempty);
}
BENCHMARK(ChemistryNonempty)->Arg(12)->Arg(50)->Arg(100)->Arg(200)->Unit(benchmark::kMillisecond);

void ChemistryNonemptySteep(benchmark::State& state) {
  Measure(state, SteepProfiles(static_cast<std::size_t>(state.range(0))),
          ChemistryVariant::kNonempty);
}
BENCHMARK(ChemistryNonemptySteep)->Arg(100)->Arg(200)->Unit(benchmark::kMillisecond);

void ChemistryPublished(benchmark::State& state) {
  Measure(state, SampleProfiles(static_cast<std::size_t>(state.range(0))),
          ChemistryVariant::kPublished);
}
BENCHMARK(ChemistryPublished)->Arg(100)->Unit(benchmark::kMillisecond);

// The definition as it stands, with the cost of each subset computed once.
double EnumerateSubsets(const std::vector<ModelProfile>& profiles) {
  std::vector<ModelProfile> ranked = profiles;
  std::sort(ranked.begin(), ranked.end(),
            [](const ModelProfile& a, const ModelProfile& b) { return a.quality > b.quality; });
  const std::size_t subsets = std::size_t{1} << ranked.size();
  std::vector<double> costs(subsets, 0.0);
  for (std::size_t x = 1; x < subsets; ++x) {
    double place = 0.0;
    for (std::size_t i = 0; i < ranked.size(); ++i) {
      if ((x >> i & 1u) == 0) continue;
      place += 1.0;
      costs[x] += (1.0 - ranked[i].quality / 10.0) * (1.0 - ranked[i].accuracy) / place;
    }
  }
  double sum = 0.0;
  for (std::size_t a = 0; a < ranked.size(); ++a) {
    for (std::size_t b = a + 1; b < ranked.size(); ++b) {
      const std::size_t bit_a = std::size_t{1} << a;
      const std::size_t bit_b = std::size_t{1} << b;
      double best = 0.0;
      for (std::size_t x = 1; x < subsets; ++x) {
        if ((x & (bit_a | bit_b)) != 0) continue;
        const double both = costs[x | bit_a | bit_b];
        const double change = both - costs[x | bit_a] - costs[x | bit_b] + costs[x];
        best = std::max(best, std::abs(change) / both);
      }
      sum += best;
    }
  }
  return sum;
}

void ChemistryBySubsets(benchmark::State& state) {
  const auto profiles = SampleProfiles(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(EnumerateSubsets(profiles));
}
BENCHMARK(ChemistryBySubsets)->Arg(12)->Unit(benchmark::kMillisecond);

// One search of the published hill climb from 20 past councils of 5.
void ChemistryClimb(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto matrix =
      ComputeChemistry(SampleProfiles(count), ChemistryVariant::kNonempty, kUsageThreshold);
  if (!matrix.ok()) {
    state.SkipWithError(matrix.error().text.c_str());
    return;
  }
  SeededRandom random(11, "past");
  std::vector<std::vector<std::string>> past(20);
  for (auto& council : past) {
    for (int i = 0; i < 5; ++i) council.push_back(matrix->models()[random.Below(count)]);
  }
  const ChemistryLoss loss(*matrix, LossWeights{});
  for (auto _ : state) benchmark::DoNotOptimize(loss.Climb(past));
}
BENCHMARK(ChemistryClimb)->Arg(20)->Arg(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace consilium
