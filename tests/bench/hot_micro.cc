// The steps that every task or case pays for.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "aggregator/council/consensus.h"
#include "aggregator/council/medication.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/messages.h"

namespace consilium {
namespace {

TaskMessage SampleTask() {
  TaskMessage task;
  task.task = "case-0815|generate|1|llama3.3:70b";
  task.fence = 3;
  task.time_left_ms = 118000;
  task.vignette.text = std::string(900, 'v');
  task.vignette.patient.age = 67;
  task.vignette.patient.allergies = {"penicillin"};
  task.vignette.patient.medications = {"warfarin", "metoprolol succinate"};
  return task;
}

void PackTask(benchmark::State& state) {
  const TaskMessage task = SampleTask();
  for (auto _ : state) benchmark::DoNotOptimize(Pack(task));
}
BENCHMARK(PackTask);

void UnpackTask(benchmark::State& state) {
  const std::string bytes = Pack(SampleTask());
  for (auto _ : state) benchmark::DoNotOptimize(Unpack<TaskMessage>(bytes));
}
BENCHMARK(UnpackTask);

void ConsensusOfACouncil(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  SeededRandom random(7, "bench");
  std::vector<Review> reviews;
  for (int r = 0; r < size; ++r) {
    for (int i = 0; i < size; ++i) {
      if (r == i) continue;
      std::string reviewer = "model";
      std::string item = "model";
      reviewer += std::to_string(r);
      item += std::to_string(i);
      reviews.push_back({reviewer, item, random.Unit()});
    }
  }
  for (auto _ : state) benchmark::DoNotOptimize(ComputeConsensus(reviews, ConsensusOptions{}));
}
BENCHMARK(ConsensusOfACouncil)->Arg(3)->Arg(10)->Arg(50);

void NormaliseAName(benchmark::State& state) {
  static const auto table = MedicationTable::Load(CONSILIUM_SOURCE_DIR "/configs/medications");
  if (!table) {
    state.SkipWithError(table.error().text.c_str());
    return;
  }
  const std::vector<std::string> names = {"Amoxicillin 500 mg capsules", "Augmentin",
                                          "metoprolol succinate ER", "TMP-SMX", "no such drug"};
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(table->Normalise(names[next++ % names.size()]));
}
BENCHMARK(NormaliseAName);

}  // namespace
}  // namespace consilium
