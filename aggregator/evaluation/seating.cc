#include "aggregator/evaluation/seating.h"

#include <algorithm>
#include <utility>

#include "aggregator/chemistry/board.h"
#include "aggregator/chemistry/ledger.h"
#include "aggregator/chemistry/report.h"

namespace consilium {
namespace {

std::optional<double> WeightOf(const TrackRecord* record, const std::string& model) {
  if (record == nullptr || record->calibration.empty()) return std::nullopt;
  for (const VoteWeight& vote : record->votes) {
    if (vote.model == model) return vote.weight;
  }
  return std::nullopt;
}

void GradeByAgreement(CaseEvidence& evidence) {
  const auto others = static_cast<double>(evidence.answers.size()) - 1;
  for (EvidenceAnswer& answer : evidence.answers) {
    if (answer.grade || others < 1) continue;
    const auto same = std::count_if(evidence.answers.begin(), evidence.answers.end(),
                                    [&](const EvidenceAnswer& o) { return o.key == answer.key; });
    answer.grade = (static_cast<double>(same) - 1) / others;
  }
}

std::vector<RecordedCase> Taught(std::span<const JudgedCase* const> cases,
                                 const TrackRecord* record) {
  std::vector<RecordedCase> taught;
  taught.reserve(cases.size());
  for (const JudgedCase* judged : cases) {
    RecordedCase& one = taught.emplace_back();
    one.evidence = judged->evidence;
    one.evidence.kind = kRecordedKind;
    for (EvidenceAnswer& answer : one.evidence.answers) {
      if (!answer.grade) answer.score = WeightOf(record, answer.model);
    }
    GradeByAgreement(one.evidence);
  }
  return taught;
}

ChemistryReport ReportOf(const std::vector<RecordedCase>& taught) {
  Ledger ledger{LedgerRules{}};
  for (const RecordedCase& one : taught) ledger.Learn({one.evidence, std::nullopt});
  const auto sums = ledger.kinds().find(kRecordedKind);
  return MakeReport(kRecordedKind, sums == ledger.kinds().end() ? KindSums{} : sums->second, {});
}

std::vector<SeatingEntry> BoardOf(const ChemistryReport& report,
                                  const std::vector<RecordedCase>& taught,
                                  const std::vector<std::string>& pool,
                                  const SeatingBudget& budget) {
  BoardRules rules;
  rules.cold_start_cases = 1;
  rules.budget.latency_ms_max = budget.latency_ms_max;
  rules.budget.cost_usd_max = budget.cost_usd_max;
  BoardMaker maker(report, taught, pool, rules);
  std::vector<SeatingEntry> entries;
  while (maker.Step(entries)) {
  }
  return entries;
}

// Of the largest size that has an entry.
std::vector<std::string> UtilityOf(const std::vector<SeatingEntry>& entries) {
  const SeatingEntry* largest = nullptr;
  for (const SeatingEntry& entry : entries) {
    if (entry.strategy != "utility") continue;
    if (largest == nullptr || entry.size > largest->size) largest = &entry;
  }
  return largest == nullptr ? std::vector<std::string>{} : largest->models;
}

}  // namespace

Seats FindSeats(std::span<const JudgedCase* const> cases, const std::vector<std::string>& pool,
                const TrackRecord* record, const SeatingBudget& budget) {
  const std::vector<RecordedCase> taught = Taught(cases, record);
  const ChemistryReport report = ReportOf(taught);
  const std::vector<SeatingEntry> free = BoardOf(report, taught, pool, {});
  Seats seats;
  for (const SeatingEntry& entry : free) {
    if (entry.strategy != "chemistry") continue;
    seats.chemistry[static_cast<std::size_t>(entry.size)] = entry.models;
  }
  seats.utility = UtilityOf(free);
  if (budget.latency_ms_max || budget.cost_usd_max) {
    seats.utility_budget = UtilityOf(BoardOf(report, taught, pool, budget));
  }
  return seats;
}

std::vector<std::vector<std::optional<double>>> ChemistryOf(
    std::span<const JudgedCase* const> cases, const std::vector<std::string>& pool,
    const TrackRecord* record) {
  const ChemistryReport report = ReportOf(Taught(cases, record));
  std::vector<std::vector<std::optional<double>>> matrix(
      pool.size(), std::vector<std::optional<double>>(pool.size()));
  const auto place = [&pool](const std::string& model) {
    return static_cast<std::size_t>(std::find(pool.begin(), pool.end(), model) - pool.begin());
  };
  for (const auto& row : report.pairs) {
    for (const ChemistryPair& pair : row) {
      const std::size_t a = place(pair.a);
      const std::size_t b = place(pair.b);
      if (a < pool.size() && b < pool.size()) matrix[a][b] = matrix[b][a] = pair.chemistry;
    }
  }
  return matrix;
}

}  // namespace consilium
