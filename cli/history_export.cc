#include "cli/history_export.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <map>
#include <optional>

#include "aggregator/chemistry/judge.h"
#include "aggregator/chemistry/replay.h"
#include "shared/codec.h"

namespace consilium {
namespace {

constexpr const char* kTitles =
    "trial,model,task,latency,temperature,id,result,quality,generation_accuracy,variance,"
    "review_accuracy,accuracy,elapsed,strategy,created\r\n";

// The shortest decimal that reads back as the same number; "" when not known.
std::string Number(const std::optional<double>& value) {
  if (!value) return "";
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), *value).ptr};
}

std::string Cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string UtcText(std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), size};
}

std::string RowsOf(const CaseEvidence& evidence, HistoryExport& out) {
  const Replay replay(evidence);
  const auto leading_key = LeadingKey(replay, evidence);
  std::string rows;
  for (const EvidenceAnswer& answer : evidence.answers) {
    ++out.answers;
    if (!answer.grade) ++out.ungraded;
    const Judgement judgement = JudgeAnswer(answer, leading_key);
    const auto scaled = [](const std::optional<double>& value, double factor) {
      return value ? std::optional<double>(*value * factor) : std::nullopt;
    };
    const std::array<std::string, 15> cells = {evidence.case_id,
                                               answer.model,
                                               evidence.kind,
                                               Number(scaled(answer.latency_ms, 1e-3)),
                                               "",
                                               answer.key,
                                               "answer " + answer.key,
                                               Number(scaled(answer.grade, 10)),
                                               Number(judgement.generation),
                                               "",
                                               Number(answer.reliability),
                                               Number(judgement.accuracy),
                                               "",
                                               Upper(evidence.strategy),
                                               UtcText(evidence.decided_ms)};
    for (std::size_t i = 0; i < cells.size(); ++i) rows += (i == 0 ? "" : ",") + Cell(cells[i]);
    rows += "\r\n";
  }
  return rows;
}

}  // namespace

HistoryExport ExportHistory(const std::vector<EvidenceLine>& lines) {
  HistoryExport out;
  std::map<std::string, std::size_t> last;  // line of each case that counts
  for (std::size_t i = 0; i < lines.size(); ++i) last[lines[i].evidence.case_id] = i;
  out.cases = last.size();
  out.csv = kTitles;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out.ndjson += ToJson(lines[i]) + "\n";
    if (last[lines[i].evidence.case_id] == i) out.csv += RowsOf(lines[i].evidence, out);
  }
  return out;
}

}  // namespace consilium
