// The files of the chemistry commands: profiles in JSON, histories in CSV.
// Errors name the file, or its line or entry, and what was expected.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/chemistry/history_csv.h"
#include "aggregator/chemistry/profile.h"
#include "cli/commands.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kProfilesBytesMax = 64u << 20;
inline constexpr std::size_t kHistoryBytesMax = std::size_t{1} << 30;

// A list of {model, quality, accuracy}, or an object with such a list as `models`; other fields are
// ignored. Checked (CheckProfiles), in the order of the file. An empty list is no error.
Result<std::vector<ModelProfile>> ParseProfiles(std::string_view text, const std::string& name);
// "-" is standard input.
Result<std::vector<ModelProfile>> LoadProfiles(const std::string& file);

// The rows that a command looks at, and the profiles of their models.
struct LoadedHistory {
  LoadedHistory() = default;
  LoadedHistory(LoadedHistory&&) = default;  // `history` points into `table`
  LoadedHistory& operator=(LoadedHistory&&) = default;

  HistoryTable table;
  TaskHistory history;
  ProfileBasis basis = ProfileBasis::kBest;
  std::vector<ModelProfile> profiles;  // by model
};
// "-" is standard input. Errors: as ParseHistory and SelectTask; kInvalid when there are rows and
// none can be used; kTooLarge for more than limits::kModelsMax models.
Result<LoadedHistory> ReadHistory(std::string_view text, const HistoryOptions& options);
Result<LoadedHistory> LoadHistory(const HistoryOptions& options);

// One line about the rows that were left out; "" when there are none.
std::string SkippedSentence(const HistoryTable& table, const std::string& file);

}  // namespace consilium
