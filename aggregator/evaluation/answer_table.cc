#include "aggregator/evaluation/answer_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "aggregator/chemistry/csv_reader.h"
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

// The question, or why the line is none.
Result<Question> ReadLine(const CsvReader& reader, const Columns& columns,
                          const std::vector<std::string>& models) {
  if (reader.oversized() || reader.unclosed() || reader.loose()) return Invalid("broken quotes");
  if (reader.count() != columns.count) {
    return Invalid(std::to_string(reader.count()) + " fields, expected " +
                   std::to_string(columns.count));
  }
  const auto field = [&](std::size_t column) { return CsvText(reader.fields()[column]); };
  Question question;
  question.id = field(columns.item);
  if (question.id.empty()) return Invalid("item: empty");
  if (columns.dataset != kNone) question.id = field(columns.dataset) + "/" + question.id;
  const auto option_of = [&](const std::string& name, std::size_t column) -> Result<char> {
    const std::string text = field(column);
    if (const auto option = ReadOption(text)) return *option;
    return Invalid(name + " = " + Quoted(text, 64) + ", expected a letter A..Z");
  };
  const auto gold = option_of("gold", columns.gold);
  if (!gold) return gold.error();
  question.gold = *gold;
  for (std::size_t m = 0; m < models.size(); ++m) {
    const auto option = option_of(models[m], columns.option[m]);
    if (!option) return option.error();
    auto& answer = question.answers.emplace_back();
    if (*option == 0) continue;
    answer.emplace().option = *option;
    if (columns.latency[m] == kNone) continue;
    const std::string seconds = field(columns.latency[m]);
    if (seconds.empty()) continue;
    answer->latency_s = ReadSeconds(seconds);
    if (!answer->latency_s) {
      return Invalid(std::string(kLatency) + models[m] + " = " + Quoted(seconds, 64) +
                     ", expected seconds");
    }
  }
  return question;
}

// As many options as the letters of its data set reach.
void CountOptions(std::vector<Question>& questions) {
  std::map<std::string, std::size_t> highest;
  const auto set_of = [](const Question& question) {
    return question.id.substr(0, question.id.rfind('/'));
  };
  for (const Question& question : questions) {
    char last = std::max(question.gold, 'B');
    for (const auto& answer : question.answers) {
      if (answer) last = std::max(last, answer->option);
    }
    std::size_t& most = highest[set_of(question)];
    most = std::max(most, static_cast<std::size_t>(last - 'A' + 1));
  }
  for (Question& question : questions) question.options = highest[set_of(question)];
}

}  // namespace

Result<AnswerTable> ReadAnswerMatrix(std::string_view csv) {
  CsvReader reader(csv);
  if (!reader.Next()) return Invalid("answers: the file is empty");
  AnswerTable table;
  const auto columns = ReadHeader(reader, table.models);
  if (!columns) return columns.error();
  std::set<std::string> seen;
  while (reader.Next()) {
    auto question = ReadLine(reader, *columns, table.models);
    if (question && !seen.insert(question->id).second) {
      question = Invalid("question " + Quoted(question->id, 128) + " was there before");
    }
    if (!question) {
      ++table.bad_count;
      if (table.bad.size() < kBadLinesKept) {
        table.bad.push_back({reader.line(), question.error().text});
      }
      continue;
    }
    if (table.questions.size() == kQuestionsMax) {
      return Invalid("answers: more than " + std::to_string(kQuestionsMax) + " questions");
    }
    for (const auto& answer : question->answers) table.missing += answer ? 0u : 1u;
    table.questions.push_back(std::move(*question));
  }
  if (table.questions.empty()) {
    return Invalid(table.bad.empty()
                       ? "answers: no question, only the line of column names"
                       : "answers: no line is good; line " + std::to_string(table.bad[0].line) +
                             ": " + table.bad[0].why);
  }
  CountOptions(table.questions);
  return table;
}

}  // namespace consilium
