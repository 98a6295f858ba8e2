// What is remembered of a card that was shown, so that feedback about it can be understood.
// Threads: plain data, functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct ShownSuggestion {
  std::string uuid;
  bool recommended = false;              // what the council recommends, not an alternative
  std::vector<std::string> medications;  // as named; what taking it means

  friend bool operator==(const ShownSuggestion&, const ShownSuggestion&) = default;
};

struct ShownCard {
  std::string uuid;
  std::string case_id;
  std::int64_t revision = 0;  // of the recommendation; 0 = there was none yet
  // Something was recommended, which may be to give nothing: only that can be accepted or
  // overridden.
  bool recommends = false;
  std::vector<ShownSuggestion> suggestions;

  friend bool operator==(const ShownCard&, const ShownCard&) = default;
};

// As kept in the store, and back. Errors: kInvalid for bytes that are not that.
std::string PackShownCard(const ShownCard& card);
Result<ShownCard> UnpackShownCard(std::string_view bytes);

}  // namespace consilium
