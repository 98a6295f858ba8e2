// What the live matrix pays for one more case: it depends on the size of the council, not on how
// many cases were learned before.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <map>
#include <string>

#include "aggregator/chemistry/ledger.h"
#include "aggregator/chemistry/replay.h"
#include "aggregator/chemistry/report.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr std::int64_t kHourMs = 3600000;

// `models` of twenty, beginning with `first`; keys of four, the first of which is right.
EvidenceLine SampleLine(std::int64_t number, std::size_t first, std::size_t models) {
  std::string id = "case-";
  id += std::to_string(number);
  SeededRandom random(7, id);
  EvidenceLine line;
  CaseEvidence& evidence = line.evidence;
  evidence.case_id = id;
  evidence.kind = "medication";
  evidence.decided_ms = (450000 + number / 10) * kHourMs;
  for (std::size_t i = 0; i < models; ++i) {
    EvidenceAnswer answer;
    answer.model = "vendor/model-";
    answer.model += static_cast<char>('a' + (first + i) % 20);
    answer.version = "2025-01";
    const std::uint64_t key = random.Below(4);
    answer.key = "ingredient-";
    answer.key += static_cast<char>('a' + key);
    answer.weight = random.Unit();
    answer.grade = random.Unit();
    answer.right = key == 0;
    answer.reliability = answer.weight;
    answer.latency_ms = 1000 + 9000 * random.Unit();
    answer.cost_usd = 0.01 * random.Unit();
    evidence.seated.push_back(answer.model);
    evidence.answers.push_back(answer);
  }
  return line;
}

// Twenty models in councils of three.
Ledger LedgerAfter(std::int64_t cases) {
  Ledger ledger{LedgerRules{}};
  for (std::int64_t i = 0; i < cases; ++i) {
    ledger.Learn(SampleLine(i, static_cast<std::size_t>(i % 20), 3));
  }
  ledger.Learn(SampleLine(cases, 0, 20));  // so that every pair is there
  ledger.TakeChanges();
  return ledger;
}

// Learned once a process for all measurements.
const Ledger& SharedLedger(std::int64_t cases) {
  static std::map<std::int64_t, Ledger> ledgers;
  const auto found = ledgers.find(cases);
  if (found != ledgers.end()) return found->second;
  return ledgers.emplace(cases, LedgerAfter(cases)).first->second;
}

// One finished case with the fields that go to Redis; arguments: members, cases learned before.
void LearnACase(benchmark::State& state) {
  Ledger ledger = SharedLedger(state.range(1));
  const EvidenceLine line = SampleLine(1000000, 0, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    ledger.Learn(line);
    benchmark::DoNotOptimize(ledger.TakeChanges());
  }
}
BENCHMARK(LearnACase)
    ->ArgsProduct({{5, 20}, {10, 100000}})
    ->ArgNames({"models", "cases"})
    ->Unit(benchmark::kMicrosecond);

void SynergyOfACase(benchmark::State& state) {
  const EvidenceLine line = SampleLine(1, 0, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(MeasureSynergy(Replay(line.evidence), line.evidence));
  }
}
BENCHMARK(SynergyOfACase)->Arg(5)->Arg(12)->Arg(20)->Unit(benchmark::kMicrosecond);

void MatrixThroughFields(benchmark::State& state) {
  const Ledger& ledger = SharedLedger(10);
  for (auto _ : state) {
    const auto fields = ledger.AllFields();
    benchmark::DoNotOptimize(Ledger::FromFields(LedgerRules{}, {fields.begin(), fields.end()}));
  }
}
BENCHMARK(MatrixThroughFields)->Unit(benchmark::kMicrosecond);

void ReportOfTwentyModels(benchmark::State& state) {
  const KindSums& sums = SharedLedger(10).kinds().at("medication");
  for (auto _ : state) benchmark::DoNotOptimize(MakeReport("medication", sums, ReportRules{}));
}
BENCHMARK(ReportOfTwentyModels)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace consilium
