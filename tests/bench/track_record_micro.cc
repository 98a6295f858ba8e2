// What confidence costs: making a track record from the latest known cases, and deciding with one.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "aggregator/council/decision.h"
#include "aggregator/council/track_record.h"
#include "shared/ids.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

std::string ModelName(std::size_t number) {
  std::string name = "vendor/model-";
  name += static_cast<char>('a' + number);
  return name;
}

// Open questions with five likely answers, the first of which is right; models of unlike skill.
CaseEvidence KnownCase(std::int64_t number, std::size_t models, bool reviewed) {
  SeededRandom random(7, "known|" + std::to_string(number));
  CaseEvidence evidence;
  evidence.case_id = "known-" + std::to_string(number);
  evidence.kind = "medication";
  evidence.decided_ms = number;
  for (std::size_t m = 0; m < models; ++m) {
    const double skill = 0.95 - 0.4 * static_cast<double>(m) / static_cast<double>(models);
    EvidenceAnswer answer;
    answer.model = ModelName(m);
    answer.version = "2026-01";
    answer.key = random.Unit() < skill ? "0" : std::to_string(1 + random.Below(4));
    answer.right = answer.key == "0";
    if (reviewed) {
      answer.grade = (*answer.right ? 0.5 : 0.3) + 0.4 * random.Unit();
      answer.weight = random.Unit();
    }
    evidence.answers.push_back(std::move(answer));
  }
  return evidence;
}

std::vector<CaseEvidence> KnownCases(std::int64_t cases, std::size_t models, bool reviewed) {
  std::vector<CaseEvidence> known;
  for (std::int64_t i = 0; i < cases; ++i) known.push_back(KnownCase(i, models, reviewed));
  return known;
}

TrackRecordRules RulesOf(bool reviewed) {
  TrackRecordRules rules;
  rules.reviewed = reviewed;
  rules.risk_target = 0.05;
  return rules;
}

void MakeRecord(benchmark::State& state) {
  const bool reviewed = state.range(2) != 0;
  const auto cases = KnownCases(state.range(0), static_cast<std::size_t>(state.range(1)), reviewed);
  for (auto _ : state) {
    benchmark::DoNotOptimize(MakeTrackRecord("medication", cases, RulesOf(reviewed)));
  }
}
BENCHMARK(MakeRecord)
    ->ArgsProduct({{500}, {10}, {0, 1}})
    ->ArgNames({"cases", "models", "reviewed"})
    ->Unit(benchmark::kMillisecond);

// The piece that holds the aggregator's loop longest.
void LongestPieceOfARecord(benchmark::State& state) {
  const bool reviewed = state.range(2) != 0;
  const auto cases = KnownCases(state.range(0), static_cast<std::size_t>(state.range(1)), reviewed);
  for (auto _ : state) {
    TimePoint before = Now();
    TimePoint::duration longest{0};
    const auto piece = [&] {
      longest = std::max(longest, Now() - before);
      before = Now();
    };
    TrackRecordMaker maker("medication", cases, RulesOf(reviewed));
    piece();
    while (maker.Step()) piece();
    piece();
    state.SetIterationTime(std::chrono::duration<double>(longest).count());
  }
}
BENCHMARK(LongestPieceOfARecord)
    ->ArgsProduct({{500}, {10}, {0, 1}})
    ->ArgNames({"cases", "models", "reviewed"})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// A council of five that was reviewed by three each; the argument: with a track record.
void DecideACase(benchmark::State& state) {
  constexpr std::size_t kModels = 5;
  std::vector<std::string> pool;
  for (std::size_t m = 0; m < kModels; ++m) pool.push_back(ModelName(m));
  Council council = MakeCouncil(pool);
  CaseView view = MakeCase(pool);
  for (std::size_t m = 0; m < kModels; ++m) {
    AnswerWith(view, pool[m], {m < 3 ? "amoxicillin" : "doxycycline"});
    FindTask(view, Stage::kGenerate, 1, pool[m]).outcome->model_served = "2026-01";
  }
  Step(view, council, kAccepted + 10);
  GradeAll(view);
  if (state.range(0) != 0) {
    council.track_records["medication"] =
        MakeTrackRecord("medication", KnownCases(500, kModels, true), RulesOf(true));
  }
  const bool confident = Decide(view, council, kAccepted + 20).confidence.has_value();
  if (confident != (state.range(0) != 0)) state.SkipWithError("the record was not used as meant");
  for (auto _ : state) benchmark::DoNotOptimize(Decide(view, council, kAccepted + 20));
}
BENCHMARK(DecideACase)->Arg(0)->Arg(1)->ArgName("record")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace consilium
