// The set of models that a strategy recommends from a recorded history, and what is known of it.
//
//   chemistry    the published loss and hill climb on the matrix of the profiles, of exactly `size`
//                models, or of any number without a size
//   utility      ChooseByUtility (utility.h): at most `size` models within the budget
//   performance  the most accurate by profile, then of the highest quality, then by name
//   single       the first of these
//   local,       the same among the models that ran locally, or did not; all of them when they are
//   remote       fewer than `size`
//   random       drawn by the seed
// Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/chemistry/complementarity.h"
#include "aggregator/chemistry/profile.h"
#include "aggregator/chemistry/utility.h"
#include "cli/chemistry_files.h"
#include "cli/commands.h"
#include "shared/result.h"

namespace consilium {

inline constexpr const char* kRecommendStrategies[] = {
    "chemistry", "utility", "performance", "random", "local", "remote", "single"};

struct RecommendedSet {
  std::vector<ModelProfile> members;     // by name
  std::optional<double> loss;            // of strategy chemistry; may be infinite
  std::optional<UtilityChoice> utility;  // of strategy utility
  std::optional<SetValue> expected;      // outcome on the recorded trials; absent: none tells
  Complementarity complementarity;
  std::string reason;  // one sentence for people
};

// Errors: kInvalid, naming the flag, its value and what was expected, or a size above the number of
// models; as ChooseByUtility.
Result<RecommendedSet> RecommendSet(const LoadedHistory& loaded, const RecommendOptions& options);

// Best first: by accuracy, then quality, then name.
std::vector<ModelProfile> RankProfiles(std::vector<ModelProfile> profiles);

// The best k models; fewer when there are not so many.
struct TopSet {
  std::int64_t k = 0;                 // asked for
  std::vector<ModelProfile> members;  // best first
  Complementarity complementarity;
};
// Errors: kInvalid for a k below 1.
Result<std::vector<TopSet>> RankSets(const std::vector<ModelProfile>& ranked,
                                     const std::vector<std::int64_t>& k);

}  // namespace consilium
