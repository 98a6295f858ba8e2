#include "cli/history_export.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include "aggregator/chemistry/judge.h"
#include "aggregator/chemistry/replay.h"
#include "shared/codec.h"
#include "shared/limits.h"
#include "shared/number_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kColumns = 19;
constexpr std::array<const char*, kColumns> kTitles = {
    "trial",    "model",           "task",
    "latency",  "temperature",     "id",
    "result",   "quality",         "generation_accuracy",
    "variance", "review_accuracy", "accuracy",
    "elapsed",  "strategy",        "created",
    "case_id",  "weight",          "version",
    "simulated"};
constexpr std::size_t kVersionBytesMax = 128;  // of history_csv.h

// The shortest decimal that reads back as the same number; "" when it is not known or, as no reader
// takes it, not within 0..max.
std::string Number(const std::optional<double>& value, double max) {
  if (!value || !(*value >= 0.0 && *value <= max)) return "";
  return ShortestDecimal(*value);
}

std::string Cell(const std::string& written) {
  std::string text = ToValidUtf8(written);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string Row(const std::array<std::string, kColumns>& cells) {
  std::string row;
  for (std::size_t i = 0; i < cells.size(); ++i) row += (i == 0 ? "" : ",") + Cell(cells[i]);
  return row + "\r\n";
}

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// To the millisecond; "" when not known.
std::string UtcText(std::int64_t unix_ms) {
  if (unix_ms <= 0) return "";
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  std::array<char, 64> text{};
  std::string utc(text.data(),
                  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts));
  if (const auto ms = static_cast<int>(unix_ms % 1000); ms != 0) {
    std::snprintf(text.data(), text.size(), ".%03d", ms);
    utc += text.data();
  }
  return utc;
}

// Positions of the answers by key, then as they stand.
std::vector<std::size_t> ByKey(const CaseEvidence& evidence) {
  std::vector<std::size_t> order(evidence.answers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return evidence.answers[a].key < evidence.answers[b].key;
  });
  return order;
}

std::optional<double> Scaled(const std::optional<double>& value, double factor) {
  return value ? std::optional<double>(*value * factor) : std::nullopt;
}

}  // namespace

std::string HistoryTitles() {
  std::array<std::string, kColumns> titles;
  std::copy(kTitles.begin(), kTitles.end(), titles.begin());
  return Row(titles);
}

HistoryRows RowsOf(const CaseEvidence& evidence) {
  const Replay replay(evidence);
  const auto leading_key = LeadingKey(replay, evidence);
  HistoryRows rows;
  // Readers compare results by their letters and digits alone, so keys are numbered.
  std::size_t number = 0;
  std::optional<std::string_view> key;
  for (const std::size_t at : ByKey(evidence)) {
    const EvidenceAnswer& answer = evidence.answers[at];
    if (key != answer.key) ++number;
    key = answer.key;
    ++rows.answers;
    const std::optional<double> grade = GradeOf(answer);
    if (!grade) ++rows.ungraded;
    const Judgement judgement = JudgeAnswer(answer, leading_key);
    rows.csv += Row(
        {evidence.case_id, answer.model, evidence.kind,
         Number(Scaled(answer.latency_ms, 1e-3), 1e9), "", answer.key,
         "answer " + std::to_string(number), Number(Scaled(grade, 10.0), 10.0),
         answer.right ? (*answer.right ? "1" : "0") : "", "", Number(answer.reliability, 1.0),
         grade ? Number(judgement.accuracy, 1.0) : "", "", Upper(evidence.strategy),
         UtcText(evidence.decided_ms), evidence.case_id, Number(answer.weight, 1.0),
         std::string(CutUtf8(answer.version, kVersionBytesMax)), evidence.simulated ? "1" : "0"});
  }
  return rows;
}

void LastWords::Count(const EvidenceLine& line) {
  ++lines_;
  ++left_[line.evidence.case_id];
  kinds_.insert(line.evidence.kind);
}

bool LastWords::IsLast(const EvidenceLine& line) {
  const auto found = left_.find(line.evidence.case_id);
  return found != left_.end() && found->second > 0 && --found->second == 0;
}

std::string MatrixName(const std::string& kind) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string name = "chemistry-";
  for (const char c : kind) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
        c == '-' || c == '.') {
      name += c;
    } else {
      name += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return name;
}

std::vector<std::size_t> ImportPortions(const std::vector<CaseEvidence>& cases,
                                        std::size_t bytes_max) {
  std::vector<std::size_t> ends;
  std::size_t start = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::size_t size = Pack(cases[i]).size();
    if (i > start && (i - start == limits::kImportBatchMax || bytes + size > bytes_max)) {
      ends.push_back(i);
      start = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (!cases.empty()) ends.push_back(cases.size());
  return ends;
}

}  // namespace consilium
