// Which models the strategies would have seated, learned from recorded cases the way the aggregator
// learns: evidence, ledger, report, board.
//
// Where answers were not graded, the quality that the published chemistry needs is the share of the
// other models that gave the same answer, as if each had reviewed by what it would have given
// itself; outcomes of councils are those of votes weighed by `record`.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aggregator/evaluation/judged_case.h"

namespace consilium {

// The kind of task that recorded cases are taken to be of.
inline constexpr const char* kRecordedKind = "recorded";

// What a set may cost, for strategy utility.
struct SeatingBudget {
  std::optional<double> latency_ms_max;
  std::optional<double> cost_usd_max;
};

struct Seats {
  std::map<std::size_t, std::vector<std::string>> chemistry;  // by size
  std::vector<std::string> utility;
  std::vector<std::string> utility_budget;  // within the budget; empty: it seats nobody
};

// `cases` taught; `pool` may be seated, sorted. `record` of the whole pool, or null.
Seats FindSeats(std::span<const JudgedCase* const> cases, const std::vector<std::string>& pool,
                const TrackRecord* record, const SeatingBudget& budget);

// The published chemistry of the pool (variant nonempty), row by row; absent where it cannot be
// known. For the picture: learned from all of `cases`.
std::vector<std::vector<std::optional<double>>> ChemistryOf(
    std::span<const JudgedCase* const> cases, const std::vector<std::string>& pool,
    const TrackRecord* record);

}  // namespace consilium
