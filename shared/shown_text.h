// Values as people read them: alike on the command line, a page, a card and a result.
// Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace consilium {

// "a, b, c". Nothing stands between empty parts at the start and what follows.
std::string Joined(const std::vector<std::string>& parts, std::string_view between);

// "amoxicillin + ibuprofen"; "no medication" for none.
std::string IngredientsText(const std::vector<std::string>& ingredients);

// A share, probability or grade, "0.83"; "-" when not known.
std::string ShareText(const std::optional<double>& share);

// "2026-11-28 03:16:46 UTC"; "-" when not known.
std::string UtcText(std::int64_t unix_ms);

}  // namespace consilium
