#include "cli/chemistry_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace consilium {
namespace {

using json = nlohmann::ordered_json;

json OrNull(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? json(*value) : json();
}

std::string Line(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

json NamesOf(const std::vector<ModelProfile>& profiles) {
  json names = json::array();
  for (const ModelProfile& profile : profiles) names.push_back(profile.model);
  return names;
}

json ProfilesOf(const std::vector<ModelProfile>& profiles) {
  json list = json::array();
  for (const ModelProfile& profile : profiles) {
    list.push_back(
        {{"model", profile.model}, {"quality", profile.quality}, {"accuracy", profile.accuracy}});
  }
  return list;
}

json ComplementarityOf(const Complementarity& measured) {
  return {{"index", measured.index}, {"hypervolume", measured.hypervolume}, {"rao", measured.rao}};
}

void AddTask(const LoadedHistory& loaded, json& object) {
  object["task"] = loaded.history.task;
  object["profile"] = kProfileBasisNames[static_cast<std::size_t>(loaded.basis)];
}

void AddRows(const LoadedHistory& loaded, json& object) {
  json rows = json::array();
  for (const BadRow& bad : loaded.table.bad) {
    rows.push_back({{"line", bad.line}, {"why", bad.why}});
  }
  object["rows"] = loaded.history.rows.size();
  object["skipped"] = {{"count", loaded.table.bad_count}, {"rows", std::move(rows)}};
}

json SynergyOf(const ChemistryReport& report) {
  json list = json::array();
  for (const std::vector<ChemistryPair>& row : report.pairs) {
    for (const ChemistryPair& pair : row) {
      list.push_back(
          {pair.a, pair.b, OrNull(pair.synergy), OrNull(pair.synergy_error), pair.synergy_cases});
    }
  }
  return list;
}

json UtilityOf(const UtilityChoice& choice) {
  return {{"held_out", OrNull(choice.held_out)},
          {"held_out_single", OrNull(choice.held_out_single)},
          {"advantage", OrNull(choice.advantage)},
          {"advantage_error", OrNull(choice.advantage_error)},
          {"cases", choice.cases},
          {"left_out", choice.left_out}};
}

}  // namespace

std::string ChemistryJson(const ChemistryMatrix& matrix, ChemistryVariant variant,
                          const LoadedHistory* loaded, const ChemistryReport* synergy) {
  json object;
  object["variant"] = kChemistryVariantNames[static_cast<std::size_t>(variant)];
  if (loaded != nullptr) AddTask(*loaded, object);
  object["models"] = matrix.models();
  json pairs = json::array();
  for (std::size_t a = 0; a < matrix.size(); ++a) {
    for (std::size_t b = a + 1; b < matrix.size(); ++b) {
      pairs.push_back({matrix.models()[a], matrix.models()[b], matrix.at(a, b)});
    }
  }
  object["chemistry"] = std::move(pairs);
  if (synergy != nullptr) object["synergy"] = SynergyOf(*synergy);
  if (loaded != nullptr) {
    object["profiles"] = ProfilesOf(loaded->profiles);
    AddRows(*loaded, object);
  }
  return Line(object);
}

std::string RecommendJson(const RecommendedSet& set, const LoadedHistory& loaded,
                          const RecommendOptions& options) {
  json object;
  object["strategy"] = options.strategy;
  object["size"] = options.size ? json(*options.size) : json();
  AddTask(loaded, object);
  object["models"] = NamesOf(set.members);
  object["profiles"] = ProfilesOf(set.members);
  object["reason"] = set.reason;
  if (options.strategy == "chemistry") {
    object["variant"] = options.variant;
    object["loss"] = OrNull(set.loss);
  }
  if (options.strategy == "random") object["seed"] = options.seed;
  if (set.utility) object["utility"] = UtilityOf(*set.utility);
  object["expected"] = set.expected ? OrNull(set.expected->mean) : json();
  object["expected_cases"] = set.expected ? set.expected->cases : 0;
  object["complementarity"] = ComplementarityOf(set.complementarity);
  AddRows(loaded, object);
  return Line(object);
}

std::string RankJson(const std::vector<ModelProfile>& ranked, const std::vector<TopSet>& sets,
                     const LoadedHistory& loaded) {
  json object;
  AddTask(loaded, object);
  object["ranking"] = ProfilesOf(ranked);
  json top = json::array();
  for (const TopSet& set : sets) {
    top.push_back({{"k", set.k},
                   {"models", NamesOf(set.members)},
                   {"complementarity", ComplementarityOf(set.complementarity)}});
  }
  object["top"] = std::move(top);
  AddRows(loaded, object);
  return Line(object);
}

}  // namespace consilium
