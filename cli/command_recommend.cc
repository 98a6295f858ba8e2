// recommend and rank: sets of models by what a history says.
#include <unistd.h>

#include "cli/chemistry_files.h"
#include "cli/chemistry_json.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/recommend_set.h"
#include "cli/render_chemistry.h"

namespace consilium {
namespace {

int InputError(const Error& error, bool json) {
  ReportError(error, json, "");
  return kExitUsage;
}

Result<LoadedHistory> LoadAndWarn(const HistoryOptions& options) {
  auto loaded = LoadHistory(options);
  if (!loaded) return loaded;
  const std::string skipped = SkippedSentence(loaded->table, options.file);
  if (!skipped.empty()) PrintErr("consilium: warning: " + skipped + "\n");
  return loaded;
}

}  // namespace

int RunRecommend(const RecommendOptions& options) {
  const auto loaded = LoadAndWarn(options.history);
  if (!loaded) return InputError(loaded.error(), options.json);
  const auto set = RecommendSet(*loaded, options);
  if (!set) return InputError(set.error(), options.json);
  PrintOut(options.json ? RecommendJson(*set, *loaded, options)
                        : RenderRecommended(*set, *loaded, options, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

int RunRank(const RankOptions& options) {
  const auto loaded = LoadAndWarn(options.history);
  if (!loaded) return InputError(loaded.error(), options.json);
  const auto ranked = RankProfiles(loaded->profiles);
  const auto sets = RankSets(ranked, options.k);
  if (!sets) return InputError(sets.error(), options.json);
  PrintOut(options.json ? RankJson(ranked, *sets, *loaded)
                        : RenderRanking(ranked, *sets, *loaded, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

}  // namespace consilium
