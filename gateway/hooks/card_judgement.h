// What a case means for a card, before anything is written. Threads: functions without state.
#pragma once

#include <string>
#include <vector>

#include "gateway/hooks/draft_order.h"
#include "shared/messages.h"

namespace consilium {

enum class CardKind { kRunning, kRecommends, kAbstained, kFailed, kWithdrawn };

CardKind KindOf(const CaseView& view);
// The recommendation that counts; null while there is none.
const Recommendation* LastRecommendation(const CaseView& view);

// "info", "warning", "critical".
std::string IndicatorOf(const CaseView& view, const std::vector<DraftOrder>& drafts);

// A draft order names an ingredient that a flag calls contraindicated.
bool ContradictsDraft(const Recommendation& recommendation, const std::vector<DraftOrder>& drafts);

// The medications of the best-graded answer of candidate `index`; {} when no answer of it is in the
// record.
std::vector<Medication> RegimenOf(const CaseView& view, std::size_t index);

bool IsSimulated(const CaseView& view);

}  // namespace consilium
