// The record of one case as its Redis hash holds it, made into a CaseView. The field names are
// those of shared/store.h; what is made by a program is sealed (seal.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// kInternal, naming case and field, when the record is damaged. A damaged outcome is one that says
// so instead, and a damaged vignette is empty and makes all answers such: nothing is decided on
// what cannot be trusted, and what can be is not lost. Both are logged.
Result<CaseView> ReadCaseRecord(const std::string& case_id,
                                const std::map<std::string, std::string>& fields);

// What stands for an outcome that cannot be trusted, or that cannot come: "corrupt".
Outcome CorruptOutcome(std::string text);

// Field l: of a review task: labels in the order shown, and whose answers they were.
std::string PackReviewKey(const std::vector<std::string>& labels,
                          const std::vector<std::string>& authors);

std::optional<CaseState> CaseStateFromName(std::string_view name);

// Redis stream ids "<ms>-<seq>".
bool IsStreamId(std::string_view id);
bool StreamIdLess(std::string_view a, std::string_view b);  // both must be stream ids

}  // namespace consilium
