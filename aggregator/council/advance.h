// The life of a case as a pure function of what is recorded about it.
//
// Advance looks at the whole record and says what is to be written next. It is called for every
// event and every due timer, by any aggregator, any number of times: once its plan is applied, the
// same call asks for nothing more. What was recorded in another order leads to the same end.
// docs/decision.md has the rules; design.md section 4 the states.
// Threads: functions without state. Time: only through `now_ms`, Unix milliseconds by Redis' clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "aggregator/council/council.h"
#include "shared/messages.h"
#include "shared/store.h"

namespace consilium {

struct Plan {
  std::optional<CaseState> state;         // the new one; also set with every `publish`
  std::vector<NewTask> tasks;             // to create
  std::optional<std::int64_t> timer_ms;   // absolute, later than now; exactly while the case lives
  std::optional<Recommendation> publish;  // the first one ends the case, later ones are revisions
  std::optional<KnownRight> known;        // once outcomes came that were not looked at
  std::optional<EvidenceLine> evidence;   // with every `publish`, and when `known` changes it

  // Nothing to write but the timer.
  bool empty() const { return !state && tasks.empty() && !publish && !known && !evidence; }
};

Plan Advance(const CaseView& view, const Council& council, std::int64_t now_ms);

// When review starts with a quorum: accepted + answer_share of the time until the deadline.
std::int64_t AnswersDueMs(const CaseView& view, const CouncilConfig& config);

// One line of history, for each recommendation that is published.
HistoryRecord MakeHistory(const CaseView& view, const Recommendation& recommendation);

// The plan as the store takes it: valid for this version of the record only.
CaseUpdate MakeUpdate(const CaseView& view, Plan plan, const CouncilConfig& config);

}  // namespace consilium
