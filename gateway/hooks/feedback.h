// What became of cards: POST {base}/cds-services/{id}/feedback.
//
// Source: CDS Hooks 2.0, "Feedback". The same may come any number of times; who records it knows
// repeats (docs/protocol.md, "Outcomes"). Threads: plain data, functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/hooks/shown_card.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kFeedbackBytesMax = 1u << 20;
inline constexpr std::size_t kFeedbackItemsMax = 256;

struct CardFeedback {
  std::string card;                               // UUID, in lower case
  bool accepted = false;                          // else overridden
  std::vector<std::string> accepted_suggestions;  // UUIDs, in lower case
  std::string reason_code;                        // of overrideReason.reason; "" = none was chosen
  std::string reason_system;
  std::string reason_display;
  std::string comment;  // free text of a clinician: never logged
  std::string time;     // RFC 3339, as stated

  friend bool operator==(const CardFeedback&, const CardFeedback&) = default;
};

// Errors: kTooLarge over a limit; kInvalid with the path, what is wrong and what was allowed.
Result<std::vector<CardFeedback>> ReadFeedback(std::string_view body);

// The outcome of the case that `card` showed. `by`: who says so, as in CaseOutcomeRequest. Empty
// where the card recommended nothing that could be accepted or overridden.
//   took the recommendation   accepted
//   took an alternative       overridden, with its medications
//   dismissed it              overridden, with the reason
// Errors: kInvalid for a suggestion that the card does not have, and for several of them: a card
// allows one.
Result<std::optional<CaseOutcomeRequest>> ToCaseOutcome(const CardFeedback& feedback,
                                                        const ShownCard& card,
                                                        const std::string& by);

}  // namespace consilium
