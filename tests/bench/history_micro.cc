// Loading a history: the target is 100,000 rows within 1 s on one core.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "aggregator/chemistry/history_csv.h"
#include "shared/ids.h"

namespace consilium {
namespace {

// Rows like the reference's: about 350 bytes, 12 models, 6 rows a trial, some quoted fields.
std::string HistoryText(std::int64_t rows) {
  SeededRandom random(7, "history");
  std::string text =
      "trial,model,task,latency,temperature,id,result,quality,generation_accuracy,variance,"
      "review_accuracy,accuracy,elapsed,strategy,created\n";
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::string statement(100 + random.Below(50), 'x');
    text += "Trial_" + std::to_string(i / 60) + " " + std::to_string(i / 6 % 10);
    text += ",model-" + std::to_string(random.Below(12));
    text += ",classify a short statement into a category of fakeness,";
    text += std::to_string(random.Below(600)) + ".0,0.6,Item_3,\"'Says that, " + statement;
    text += "' is labeled as ''" + std::to_string(random.Below(6)) + "''.\",";
    text += std::to_string(random.Unit() * 10) + ",1.0,2.872405259884072e-07,";
    text += std::to_string(random.Unit()) + "," + std::to_string(random.Unit());
    text += ",7m 19s,RANDOM,2025-07-11 09:43:21\n";
  }
  return text;
}

void LoadHistory(benchmark::State& state) {
  const std::string text = HistoryText(state.range(0));
  for (auto _ : state) {
    const auto table = ParseHistory(text, "bench.csv");
    if (!table || !table->bad.empty()) return state.SkipWithError("the history must be read");
    benchmark::DoNotOptimize(table->rows.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(LoadHistory)->Arg(100'000)->Unit(benchmark::kMillisecond);

void HistoryToProfilesAndEvidence(benchmark::State& state) {
  const auto table = ParseHistory(HistoryText(state.range(0)), "bench.csv");
  if (!table) return state.SkipWithError(table.error().text.c_str());
  for (auto _ : state) {
    const auto history = SelectTask(*table, TaskGrouping::kNear, std::nullopt);
    if (!history) return state.SkipWithError(history.error().text.c_str());
    benchmark::DoNotOptimize(MakeProfiles(*history, ProfileBasis::kBest));
    benchmark::DoNotOptimize(MakeEvidence(*history, "bench"));
  }
}
BENCHMARK(HistoryToProfilesAndEvidence)->Arg(100'000)->Unit(benchmark::kMillisecond);

void GroupNearTasks(benchmark::State& state) {
  SeededRandom random(7, "tasks");
  std::vector<std::string> tasks;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    std::string task = "number " + std::to_string(i);
    for (int word = 0; word < 20; ++word) task += " w" + std::to_string(random.Below(5000));
    tasks.push_back(task);
  }
  for (auto _ : state) benchmark::DoNotOptimize(GroupTasks(tasks, TaskGrouping::kNear));
}
BENCHMARK(GroupNearTasks)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace consilium
