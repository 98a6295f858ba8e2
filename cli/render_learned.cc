#include "cli/render_learned.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "cli/render_parts.h"
#include "shared/number_text.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using render::Field;
using render::Fixed;
using render::Section;
using render::Shown;

constexpr std::size_t kPairsShown = 8;

std::string WithError(const std::optional<double>& value, const std::optional<double>& error,
                      int digits, bool sign = false) {
  if (!value) return "-";
  return Fixed(*value, digits, sign) + (error ? " ±" + Fixed(*error, digits) : "");
}

std::string ModelTable(const ChemistryReport& report, const Look& look) {
  Table table({{"model", false, true},
               {"asked", true, false},
               {"answered", true, false},
               {"quality", true, false},
               {"accuracy", true, false},
               {"median", true, false},
               {"95 %", true, false}});
  for (const ChemistryModel& model : report.models) {
    table.Row({model.model, std::to_string(model.seated), std::to_string(model.answered),
               Shown(model.quality, 1), WithError(model.accuracy, model.accuracy_error, 2),
               render::Duration(model.latency_ms), render::Duration(model.latency_ms_p95)});
  }
  return Section("Models", look) + table.Text(look);
}

std::string PairTable(const std::string& title, const std::vector<const ChemistryPair*>& pairs,
                      const Look& look) {
  Table table({{"pair", false, true},
               {"with", false, true},
               {"cases", true, false},
               {"synergy", true, false},
               {"chem", true, false},
               {"same wrong", true, false}});
  for (const ChemistryPair* pair : pairs) {
    table.Row({pair->a, pair->b, std::to_string(pair->synergy_cases),
               WithError(pair->synergy, pair->synergy_error, 3, true), Shown(pair->chemistry, 3),
               Shown(pair->same_wrong, 2)});
  }
  return Section(title, look) + table.Text(look);
}

std::string Names(const std::vector<std::string>& models) { return Joined(models, ", "); }

HeatMap MapOf(const ChemistryReport& report, bool synergy) {
  HeatMap map;
  map.is_signed = synergy;
  map.title = synergy ? "Synergy of " + report.kind : "Chemistry of " + report.kind;
  map.subtitle =
      std::to_string(report.cases) + " cases, " + std::to_string(report.gold_cases) +
      " with a known answer" +
      (report.simulated_cases > 0 ? ", " + std::to_string(report.simulated_cases) + " SIMULATED"
                                  : "");
  for (const ChemistryModel& model : report.models) map.names.push_back(model.model);
  const std::size_t n = map.names.size();
  map.values.resize(n * n);
  for (std::size_t a = 0; a < report.pairs.size() && a < n; ++a) {
    for (std::size_t i = 0; i < report.pairs[a].size() && a + 1 + i < n; ++i) {
      const ChemistryPair& pair = report.pairs[a][i];
      const std::size_t b = a + 1 + i;
      map.values[a * n + b] = map.values[b * n + a] = synergy ? pair.synergy : pair.chemistry;
    }
  }
  return map;
}

std::string Exact(const std::optional<double>& value) {
  return value ? ShortestDecimal(*value) : "";
}

}  // namespace

std::string RenderChemistryReport(const ChemistryReport& report, const Look& look) {
  std::string text = Field("Kind", report.kind, look);
  text += Field("Cases",
                std::to_string(report.cases) + ", of " + std::to_string(report.gold_cases) +
                    " the right answer is known",
                look);
  if (report.simulated_cases > 0) {
    text += Field("Note",
                  std::to_string(report.simulated_cases) +
                      " of them were answered by "
                      "SIMULATED models",
                  look, Tint::kYellow);
  }
  if (report.left_out > 0) {
    text += Field("Left out", std::to_string(report.left_out) + " models with fewer cases", look);
  }
  if (report.unreadable > 0) {
    text += Field("Skipped", std::to_string(report.unreadable) + " lines that cannot be read", look,
                  Tint::kRed);
  }
  text += Field("Made", UtcText(report.made_ms), look);
  text += ModelTable(report, look);

  std::vector<const ChemistryPair*> known;
  for (const auto& row : report.pairs) {
    for (const ChemistryPair& pair : row) {
      if (pair.synergy) known.push_back(&pair);
    }
  }
  if (known.empty()) {
    return text + Section("Synergy", look) +
           "  not known yet: it takes cases that three or more models answered\n";
  }
  std::stable_sort(known.begin(), known.end(),
                   [](const auto* a, const auto* b) { return *a->synergy > *b->synergy; });
  if (known.size() <= 2 * kPairsShown) {
    text += PairTable("Synergy, the strongest first", known, look);
  } else {
    text += PairTable("Strongest together", {known.begin(), known.begin() + kPairsShown}, look);
    text += PairTable("Weakest together", {known.end() - kPairsShown, known.end()}, look);
  }
  return text +
         "  Synergy: above 0 the pair adds more together than apart. ± is its standard\n"
         "  error; few cases are shrunk towards 0. chem: the published measure, " +
         report.variant + ".\n";
}

std::string RenderBoard(const SeatingBoard& board, const Look& look) {
  Table table({{"kind", false, true},
               {"strategy", false, false},
               {"size", true, false},
               {"expected", true, false},
               {"models", false, true}});
  std::set<std::string> reasons;        // why nobody is seated
  const SeatingEntry* above = nullptr;  // several sets to explore stand beside each other
  for (const SeatingEntry& entry : board.entries) {
    const bool same = above != nullptr && above->strategy == entry.strategy &&
                      above->size == entry.size && above->models == entry.models;
    above = &entry;
    if (same) continue;
    table.Row({entry.kind, entry.strategy, std::to_string(entry.size), Shown(entry.expected, 3),
               entry.models.empty() ? "nobody" : Names(entry.models)});
    if (entry.models.empty()) reasons.insert(entry.reason);
  }
  if (board.entries.empty()) {
    return "  nothing recommended yet: until enough cases have ended\n"
           "  (chemistry.cold_start_cases), ensembles are drawn at random\n";
  }
  std::string text = Field("Made", UtcText(board.made_ms), look) + table.Text(look);
  for (const std::string& reason : reasons) text += Field("Nobody", reason, look, Tint::kYellow);
  return text;
}

HeatMap SynergyMap(const ChemistryReport& report) { return MapOf(report, true); }
HeatMap ChemistryMap(const ChemistryReport& report) { return MapOf(report, false); }

std::string PairsCsv(const ChemistryReport& report) {
  std::string text =
      "a,b,together,chemistry,synergy,synergy_error,synergy_cases,gold_cases,disagreement,"
      "double_fault,same_wrong,q_statistic,kappa\r\n";
  for (const auto& row : report.pairs) {
    for (const ChemistryPair& p : row) {
      text += p.a + "," + p.b + "," + std::to_string(p.together) + "," + Exact(p.chemistry) + "," +
              Exact(p.synergy) + "," + Exact(p.synergy_error) + "," +
              std::to_string(p.synergy_cases) + "," + std::to_string(p.gold_cases) + "," +
              Exact(p.disagreement) + "," + Exact(p.double_fault) + "," + Exact(p.same_wrong) +
              "," + Exact(p.q_statistic) + "," + Exact(p.kappa) + "\r\n";
    }
  }
  return text;
}

}  // namespace consilium
