// The page of a case, for people: what cards and results link to.
//
// One document without script. While the council sits it shows what is waited for and asks again by
// itself; then the recommendation with all that it rests on, so that a clinician can review the
// basis. What was withdrawn is not repeated as a recommendation. Words of models and senders are
// escaped. Threads: functions without state; no clock.
#pragma once

#include <string>

#include "shared/messages.h"

namespace consilium {

inline constexpr int kCasePageRefreshSeconds = 2;

std::string CasePage(const CaseView& view);

// What went wrong, in the same form: "There is no such case".
std::string ProblemPage(const std::string& title, const std::string& detail);

// The Content-Security-Policy that both are sent with: nothing but this one style.
const std::string& CasePagePolicy();

}  // namespace consilium
