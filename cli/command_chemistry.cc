// chemistry: of profiles, of a history, of a running cluster.
#include <unistd.h>

#include <utility>

#include "aggregator/chemistry/ledger.h"
#include "aggregator/chemistry/report.h"
#include "cli/chemistry_files.h"
#include "cli/chemistry_json.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/heat_map.h"
#include "cli/output.h"
#include "cli/render_chemistry.h"
#include "cli/render_learned.h"

namespace consilium {
namespace {

constexpr double kNoDecayDays = 36500;

// What is wrong with a file or a flag; never the broker's fault.
int InputError(const Error& error, bool json) {
  ReportError(error, json, "");
  return kExitUsage;
}

ChemistryVariant VariantOf(const ChemistryOptions& options) {
  return options.variant == "nonempty" ? ChemistryVariant::kNonempty : ChemistryVariant::kPublished;
}

double ThresholdOf(const ChemistryOptions& options) {
  return options.usage_threshold.value_or(kUsageThreshold);
}

// Every trial of the history as a case; old ones count as much as new ones.
ChemistryReport SynergyOf(const LoadedHistory& loaded, const ChemistryOptions& options) {
  const std::string kind = "history";  // a task's text may be longer than a kind
  LedgerRules rules;
  rules.half_life_d = kNoDecayDays;
  rules.version_weight = 1.0;
  Ledger ledger(rules);
  for (CaseEvidence& evidence : MakeEvidence(loaded.history, kind)) {
    EvidenceLine line;
    line.evidence = std::move(evidence);
    ledger.Learn(line);
  }
  ReportRules report;
  report.variant = VariantOf(options);
  report.usage_threshold = ThresholdOf(options);
  const auto found = ledger.kinds().find(kind);
  return MakeReport(loaded.history.task, found == ledger.kinds().end() ? KindSums{} : found->second,
                    report);
}

// Draws when a file was asked for.
Status Draw(const ChemistryOptions& options, const HeatMap& map) {
  const std::string& file = options.live.svg;
  if (file.empty()) return Ok();
  if (auto written = WriteFileAtomically(file, DrawHeatMap(map)); !written) return written;
  PrintErr("consilium: drawn to " + file + "\n");
  return Ok();
}

int OfProfiles(const ChemistryOptions& options) {
  const bool json = options.live.ask.json;
  if (options.live.svg_of == "synergy") {
    return InputError(Invalid("svg-of = synergy, but profiles have no recorded trials"), json);
  }
  const auto profiles = LoadProfiles(options.profiles);
  if (!profiles) return InputError(profiles.error(), json);
  const auto matrix = ComputeChemistry(*profiles, VariantOf(options), ThresholdOf(options));
  if (!matrix) return InputError(matrix.error(), json);
  const HeatMap map = MatrixMap(*matrix, VariantOf(options), options.profiles);
  if (auto drawn = Draw(options, map); !drawn) return InputError(drawn.error(), json);
  PrintOut(json ? ChemistryJson(*matrix, VariantOf(options), nullptr, nullptr)
                : RenderMatrix(*matrix, VariantOf(options), ThresholdOf(options),
                               LookOf(STDOUT_FILENO)));
  return kExitOk;
}

int OfHistory(const ChemistryOptions& options) {
  const bool json = options.live.ask.json;
  const auto loaded = LoadHistory(options.history);
  if (!loaded) return InputError(loaded.error(), json);
  if (const std::string skipped = SkippedSentence(loaded->table, options.history.file);
      !skipped.empty()) {
    PrintErr("consilium: warning: " + skipped + "\n");
  }
  const auto matrix = ComputeChemistry(loaded->profiles, VariantOf(options), ThresholdOf(options));
  if (!matrix) return InputError(matrix.error(), json);
  const ChemistryReport synergy = SynergyOf(*loaded, options);
  const HeatMap map = options.live.svg_of == "synergy"
                          ? SynergyMap(synergy)
                          : MatrixMap(*matrix, VariantOf(options), loaded->history.task);
  if (auto drawn = Draw(options, map); !drawn) return InputError(drawn.error(), json);
  if (json) {
    PrintOut(ChemistryJson(*matrix, VariantOf(options), &*loaded, &synergy));
    return kExitOk;
  }
  const Look look = LookOf(STDOUT_FILENO);
  PrintOut(RenderHistory(*loaded, look) +
           RenderMatrix(*matrix, VariantOf(options), ThresholdOf(options), look) +
           RenderSynergy(synergy, look));
  return kExitOk;
}

}  // namespace

int RunChemistry(const ChemistryOptions& options) {
  const bool json = options.live.ask.json;
  if (!options.profiles.empty()) return OfProfiles(options);
  if (!options.history.file.empty()) return OfHistory(options);
  for (const auto& [flag, given] :
       {std::pair{"variant", options.variant.has_value()},
        std::pair{"usage-threshold", options.usage_threshold.has_value()}}) {
    if (given) {
      return InputError(Invalid(std::string(flag) +
                                ": needs --profiles or --history; a running cluster has its own"),
                        json);
    }
  }
  LiveChemistryOptions live = options.live;
  if (live.svg_of.empty()) live.svg_of = "synergy";
  return RunLiveChemistry(live);
}

}  // namespace consilium
