// The list of medications of a reply. Included by .cc files only: it needs nlohmann/json.
// Threads: functions without state.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "worker/answer_parser.h"

namespace consilium {

// Reads "medications" of `reply` into `answer`: objects, strings that hold a whole prescription
// (prescription.h), or one of these without a list. Words for "no medication" mean the empty list
// when nothing else is in it; so do null and blank entries, but not in a `closed` choice that names
// an option: that may be a medication. A field that is too long, or no scalar and not clearly to be
// read as one, is a problem: a dose is neither cut nor dropped.
std::optional<ParseProblem> ReadMedications(const nlohmann::json& reply, bool closed,
                                            Answer& answer);

}  // namespace consilium
