#include "aggregator/evaluation/answer_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "aggregator/chemistry/csv_reader.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::string_view kLatency = "latency_s:";
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Columns {
  std::size_t dataset = kNone;
  std::size_t item = kNone;
  std::size_t gold = kNone;
  std::vector<std::size_t> option;   // by model
  std::vector<std::size_t> latency;  // by model; kNone = not told
  std::size_t count = 0;
};

Result<Columns> ReadHeader(const CsvReader& reader, std::vector<std::string>& models) {
  Columns columns;
  columns.count = reader.count();
  if (columns.count > CsvReader::kFieldsKept) {
    return Invalid("answers: " + std::to_string(columns.count) + " columns, expected at most " +
                   std::to_string(CsvReader::kFieldsKept));
  }
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < columns.count; ++i) {
    const std::string name = CsvText(reader.fields()[i]);
    if (!place.emplace(name, i).second) {
      return Invalid("answers: column " + Quoted(name, 128) + " twice, expected once");
    }
    if (name == "dataset") {
      columns.dataset = i;
    } else if (name == "item") {
      columns.item = i;
    } else if (name == "gold") {
      columns.gold = i;
    } else if (name != "selected_item_id" && !name.starts_with(kLatency) && !name.empty()) {
      models.push_back(name);
      columns.option.push_back(i);
    }
  }
  for (const auto& [name, found] : {std::pair{"item", columns.item}, {"gold", columns.gold}}) {
    if (found == kNone) return Invalid("answers: no column " + Quoted(name));
  }
  if (models.empty()) return Invalid("answers: no column of a model");
  if (models.size() > limits::kModelsMax) {
    return Invalid("answers: " + std::to_string(models.size()) + " models, expected at most " +
                   std::to_string(limits::kModelsMax));
  }
  for (const std::string& model : models) {
    if (const Status good = CheckModelName(model); !good) {
      return Invalid("answers: column " + Quoted(model, 128) + ": " + good.error().text);
    }
    const auto found = place.find(std::string(kLatency) + model);
    columns.latency.push_back(found == place.end() ? kNone : found->second);
  }
  return columns;
}

// The letter, 0 for an empty field, or nothing for what is no option.
std::optional<char> ReadOption(std::string_view field) {
  if (field.empty()) return '\0';
  const char letter =
      field[0] >= 'a' && field[0] <= 'z' ? static_cast<char>(field[0] - 'a' + 'A') : field[0];
  if (field.size() != 1 || letter < 'A' || letter > 'Z') return std::nullopt;
  return letter;
}

std::optional<double> ReadSeconds(std::string_view field) {
  double value = 0.0;
  const auto [stop, problem] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (problem != std::errc() || stop != field.data() + field.size()) return std::nullopt;
  if (!std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

// A line read: letters, 0 = none.
struct Line {
  std::string set;
  std::string id;
  char gold = 0;
  std::vector<char> option;  // by model
  std::vector<std::optional<double>> latency_s;
};

// The line, or why it is none.
Result<Line> ReadLine(const CsvReader& reader, const Columns& columns,
                      const std::vector<std::string>& models) {
  if (reader.oversized() || reader.unclosed() || reader.loose()) return Invalid("broken quotes");
  if (reader.count() != columns.count) {
    return Invalid(std::to_string(reader.count()) + " fields, expected " +
                   std::to_string(columns.count));
  }
  const auto field = [&](std::size_t column) { return CsvText(reader.fields()[column]); };
  Line line;
  line.id = field(columns.item);
  if (line.id.empty()) return Invalid("item: empty");
  if (columns.dataset != kNone) {
    line.set = field(columns.dataset);
    line.id = line.set + "/" + line.id;
  }
  const auto option_of = [&](const std::string& name, std::size_t column) -> Result<char> {
    const std::string text = field(column);
    if (const auto option = ReadOption(text)) return *option;
    return Invalid(name + " = " + Quoted(text, 64) + ", expected a letter A..Z");
  };
  const auto gold = option_of("gold", columns.gold);
  if (!gold.ok()) return gold.error();
  line.gold = *gold;
  for (std::size_t m = 0; m < models.size(); ++m) {
    const auto option = option_of(models[m], columns.option[m]);
    if (!option.ok()) return option.error();
    line.option.push_back(*option);
    line.latency_s.emplace_back();
    if (*option == 0 || columns.latency[m] == kNone) continue;
    const std::string seconds = field(columns.latency[m]);
    if (seconds.empty()) continue;
    line.latency_s.back() = ReadSeconds(seconds);
    if (!line.latency_s.back()) {
      return Invalid(std::string(kLatency) + models[m] + " = " + Quoted(seconds, 64) +
                     ", expected seconds");
    }
  }
  return line;
}

JudgedCase MakeCase(const Line& line, const std::vector<std::string>& models, std::size_t options) {
  JudgedCase judged;
  judged.evidence.case_id = line.id;
  judged.evidence.options = static_cast<std::int64_t>(options);
  judged.evidence.seated = models;
  judged.known = line.gold != 0;
  for (std::size_t m = 0; m < models.size(); ++m) {
    if (line.option[m] == 0) continue;
    EvidenceAnswer& answer = judged.evidence.answers.emplace_back();
    answer.model = models[m];
    answer.key = line.option[m];
    if (judged.known) answer.right = line.option[m] == line.gold;
    if (line.latency_s[m]) answer.latency_ms = *line.latency_s[m] * 1000;
  }
  return judged;
}

// As many options as the letters of each data set reach.
std::map<std::string, std::size_t> CountOptions(const std::vector<Line>& lines) {
  std::map<std::string, std::size_t> options;
  for (const Line& line : lines) {
    char last = std::max(line.gold, 'B');
    for (const char option : line.option) last = std::max(last, option);
    std::size_t& most = options[line.set];
    most = std::max(most, static_cast<std::size_t>(last - 'A' + 1));
  }
  return options;
}

}  // namespace

Result<RecordedAnswers> ReadAnswerMatrix(std::string_view csv) {
  CsvReader reader(csv);
  if (!reader.Next()) return Invalid("answers: the file is empty");
  RecordedAnswers recorded;
  std::vector<std::string> models;
  const auto columns = ReadHeader(reader, models);
  if (!columns.ok()) return columns.error();
  std::set<std::string> seen;
  std::vector<Line> lines;
  while (reader.Next()) {
    auto line = ReadLine(reader, *columns, models);
    if (line.ok() && !seen.insert(line->id).second) {
      line = Invalid("question " + Quoted(line->id, 128) + " was there before");
    }
    if (!line.ok()) {
      recorded.AddBad(reader.line(), line.error().text);
      continue;
    }
    if (lines.size() == kQuestionsMax) {
      return Invalid("answers: more than " + std::to_string(kQuestionsMax) + " questions");
    }
    lines.push_back(std::move(line).value());
  }
  if (lines.empty()) {
    return Invalid(recorded.bad.empty()
                       ? "answers: no question, only the line of column names"
                       : "answers: no line is good; line " + std::to_string(recorded.bad[0].line) +
                             ": " + recorded.bad[0].why);
  }
  const auto options = CountOptions(lines);
  for (const Line& line : lines) {
    recorded.cases.push_back(MakeCase(line, models, options.at(line.set)));
  }
  Complete(recorded);
  if (recorded.models.empty()) return Invalid("answers: no question has an answer");
  return recorded;
}

}  // namespace consilium
