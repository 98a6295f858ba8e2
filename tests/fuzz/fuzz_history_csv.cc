// Any text as a history: rows within their ranges, and profiles, sets and cases that follow from
// them, or what is wrong.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "aggregator/chemistry/history_csv.h"
#include "shared/check.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace {

using namespace consilium;  // NOLINT(google-build-using-namespace): a program of its own

bool IsShare(double value) { return value >= 0.0 && value <= 1.0; }

void CheckRows(const HistoryTable& table) {
  CHECK(table.bad.size() == std::min<std::size_t>(table.bad_count, 1000), "bad rows are counted");
  for (const BadRow& bad : table.bad) {
    CHECK(bad.line > 1 && !bad.why.empty(), "a bad row says where and why");
    CHECK(FindInvalidUtf8(bad.why) == std::string_view::npos, "reasons are for people");
  }
  for (const HistoryRow& row : table.rows) {
    CHECK(row.line > 1 && row.task < table.tasks.size() && row.result < table.results,
          "indices are within the table");
    CHECK(CheckModelName(row.model).ok() && !row.trial.empty(), "names are good");
    CHECK(row.quality >= 0.0 && row.quality <= 10.0 && IsShare(row.accuracy),
          "numbers are within their ranges");
    CHECK(row.created_ms >= 0, "times are after 1970");
  }
}

void CheckTask(const HistoryTable& table, TaskGrouping grouping) {
  const auto history = SelectTask(table, grouping, std::nullopt);
  CHECK(history.ok(), "the largest group is always there");
  for (const ProfileBasis basis : {ProfileBasis::kBest, ProfileBasis::kMean}) {
    for (const ModelProfile& profile : MakeProfiles(*history, basis)) {
      CHECK(profile.quality >= 0.0 && profile.quality <= 10.0 && IsShare(profile.accuracy),
            "profiles are within their ranges");
    }
    for (const auto& set : PastSets(*history, basis)) CHECK(!set.empty(), "somebody sat there");
  }
  for (const CaseEvidence& one : MakeEvidence(*history, "fuzz")) {
    CHECK(CheckCaseId(one.case_id).ok() && !one.answers.empty(), "a case is good");
    for (const EvidenceAnswer& answer : one.answers) {
      CHECK(IsShare(answer.weight) && IsShare(answer.grade.value_or(2.0)),
            "evidence is within its ranges");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = ParseHistory(text, "fuzz.csv");
  if (!table) {
    CHECK(table.error().text.rfind("fuzz.csv:", 0) == 0, "a problem names its file");
    return 0;
  }
  CheckRows(*table);
  CheckTask(*table, TaskGrouping::kNear);
  CheckTask(*table, TaskGrouping::kExact);
  return 0;
}
