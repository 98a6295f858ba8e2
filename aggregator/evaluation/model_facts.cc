#include "aggregator/evaluation/model_facts.h"

#include <charconv>
#include <cmath>
#include <vector>

#include "aggregator/chemistry/csv_reader.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr double kPriceMax = 1e6;

Result<std::optional<double>> PriceOf(const std::string& column, const std::string& text) {
  if (text.empty()) return std::optional<double>();
  double value = 0.0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = problem == std::errc() && stop == text.data() + text.size();
  if (!whole || !(value >= 0 && value <= kPriceMax)) {
    return Invalid(column + " = " + Quoted(text, 64) + ", expected 0..1000000 USD");
  }
  return std::optional<double>(value);
}

Status ReadFact(const std::string& column, const std::string& text, std::string& model,
                ModelFacts& facts) {
  if (column == "model") {
    model = text;
    return CheckModelName(text);
  }
  if (column == "placement") {
    facts.placement = text;
    if (text.empty() || text == "local" || text == "remote") return Ok();
    return Invalid("placement = " + Quoted(text, 64) + ", expected local or remote");
  }
  const bool prompt = column == "usd_per_million_prompt";
  if (!prompt && column != "usd_per_million_completion") return Ok();
  const auto price = PriceOf(column, text);
  if (!price.ok()) return price.error();
  (prompt ? facts.usd_per_million_prompt : facts.usd_per_million_completion) = *price;
  return Ok();
}

}  // namespace

Result<std::map<std::string, ModelFacts>> ReadModelFacts(std::string_view csv) {
  CsvReader reader(csv);
  if (!reader.Next()) return Invalid("models: the file is empty");
  std::vector<std::string> columns;
  bool named = false;
  for (const auto& field : reader.fields()) {
    columns.push_back(CsvText(field));
    named = named || columns.back() == "model";
  }
  if (!named) return Invalid("models: no column \"model\"");
  std::map<std::string, ModelFacts> all;
  while (reader.Next()) {
    const std::string line = "models: line " + std::to_string(reader.line()) + ": ";
    if (reader.oversized() || reader.unclosed() || reader.loose()) {
      return Invalid(line + "broken quotes");
    }
    if (reader.count() != columns.size()) {
      return Invalid(line + std::to_string(reader.count()) + " fields, expected " +
                     std::to_string(columns.size()));
    }
    std::string model;
    ModelFacts facts;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Status read = ReadFact(columns[i], CsvText(reader.fields()[i]), model, facts);
      if (!read) return Invalid(line + read.error().text);
    }
    if (!all.emplace(model, facts).second) {
      return Invalid(line + "model " + Quoted(model, 128) + " twice, expected once");
    }
  }
  return all;
}

void AddCosts(const std::map<std::string, ModelFacts>& facts, RecordedAnswers& recorded) {
  for (JudgedCase& judged : recorded.cases) {
    for (std::size_t i = 0; i < judged.evidence.answers.size(); ++i) {
      EvidenceAnswer& answer = judged.evidence.answers[i];
      const auto found = facts.find(answer.model);
      const Tokens& tokens = judged.tokens[i];
      if (answer.cost_usd || found == facts.end() || !tokens.prompt || !tokens.completion) continue;
      const auto& [placement, prompt, completion] = found->second;
      if (!prompt || !completion) continue;
      answer.cost_usd = (*tokens.prompt * *prompt + *tokens.completion * *completion) / 1e6;
    }
  }
}

}  // namespace consilium
