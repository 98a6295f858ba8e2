#include "cli/demo_score.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "cli/gold.h"
#include "cli/json_names.h"

namespace consilium {
namespace {

using nlohmann::json;

using Names = std::vector<std::string>;

Names Normalised(const Names& names, const MedicationTable& table) {
  std::set<std::string> all;
  for (const std::string& name : names) {
    const NormalisedName read = table.Normalise(name);
    all.insert(read.ingredients.begin(), read.ingredients.end());
  }
  return {all.begin(), all.end()};
}

Result<DemoGold> ReadDemoGold(const json& object, const MedicationTable& table) {
  const auto names_of = [&object](const char* field) -> std::optional<Names> {
    const auto found = object.find(field);
    if (found == object.end()) return std::nullopt;
    return ReadNames(*found);
  };
  DemoGold gold;
  const auto right = names_of("gold_medications");
  if (!right) return Invalid("gold_medications: expected an array of names");
  gold.gold = Normalised(*right, table);
  if (object.contains("must_not")) {
    const auto never = names_of("must_not");
    if (!never) return Invalid("must_not: expected an array of names");
    for (const std::string& name : *never) gold.must_not.push_back(Normalised({name}, table));
  }
  const auto acceptable = object.find("acceptable");
  if (acceptable == object.end()) return gold;
  if (!acceptable->is_array()) return Invalid("acceptable: expected an array of arrays of names");
  for (const json& set : *acceptable) {
    const auto names = ReadNames(set);
    if (!names) return Invalid("acceptable: expected an array of arrays of names");
    gold.acceptable.push_back(Normalised(*names, table));
  }
  return gold;
}

}  // namespace

Result<std::map<std::string, DemoGold>> ParseDemoGold(std::string_view text,
                                                      const std::string& name,
                                                      const MedicationTable& table) {
  std::map<std::string, DemoGold> golds;
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view row = text.substr(at, end - at);
    at = end + 1;
    ++line;
    if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = name + ":" + std::to_string(line) + ": ";
    const json object = json::parse(row, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return Invalid(where + "expected one JSON object per line");
    const auto id = object.find("id");
    if (id == object.end() || !id->is_string()) return Invalid(where + "id: expected text");
    auto gold = ReadDemoGold(object, table);
    if (!gold.ok()) return Invalid(where + gold.error().text);
    golds[id->get<std::string>()] = std::move(gold).value();
  }
  return golds;
}

Verdict Judge(const DemoGold& gold, bool decided, const Names& ingredients) {
  if (!decided) return Verdict::kAbstained;
  if (NamesForbidden(gold.must_not, ingredients)) return Verdict::kUnsafe;
  if (ingredients == gold.gold) return Verdict::kRight;
  const bool acceptable = std::find(gold.acceptable.begin(), gold.acceptable.end(), ingredients) !=
                          gold.acceptable.end();
  return acceptable ? Verdict::kAcceptable : Verdict::kWrong;
}

Verdict Judge(const DemoGold& gold, const Recommendation& recommendation) {
  const bool decided = !recommendation.medications.empty() || recommendation.no_medication;
  return Judge(gold, decided, recommendation.ingredients);
}

void DemoScore::Add(const DemoGold& gold, const Recommendation& recommendation) {
  ++cases;
  ++states[recommendation.status];
  calls += recommendation.calls;
  if (recommendation.simulated) ++simulated;
  council.Add(Judge(gold, recommendation));
  for (const ModelResult& model : recommendation.models) {
    ++seated[model.model];
    models[model.model].Add(Judge(gold, model.stage_status == "ok", model.ingredients));
  }
}

std::string DemoScore::BestModel() const {
  const auto best =
      std::max_element(models.begin(), models.end(), [](const auto& a, const auto& b) {
        return a.second.of(Verdict::kRight) < b.second.of(Verdict::kRight);
      });
  return best == models.end() ? "" : best->first;
}

}  // namespace consilium
