// Dose, route, frequency and duration as prescribers write them, each in one form.
//
// "PO" and "by mouth" are "oral", "BID" is "twice daily", "x 1 wk" is "7 days". The tables are in
// regimen_words.h, one row per form. A text counts as read only when all of it is understood; what
// has two readings has no row: "OD" is daily in a frequency but the right eye as a route, "U" may
// be a zero, "1.000" may be a thousand. Such texts stay as written. Source: ISMP list of
// error-prone abbreviations, for what is not read. Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/domain.h"

namespace consilium {

struct Amount {
  std::string dose;  // "500", "5-10", "875/125"
  std::string unit;  // "mg", "mg/kg/day", "puffs"
};

// The one form of a text that is understood in full; empty for every other. Reading a form again
// gives the same form.
std::optional<Amount> ReadAmount(std::string_view text);      // "1,000mg": "1000", "mg"
std::optional<std::string> ReadRoute(std::string_view text);  // "p.o.": "oral"
std::optional<std::string> ReadFrequency(
    std::string_view text);  // "q4-6h prn": "every 4-6 hours ..."
std::optional<std::string> ReadDuration(std::string_view text);  // "5/7": "5 days"

// Whether a duration can be told from a strength or a condition without its field: "x 5/7",
// "for 10 days", "10 days", but neither "5/7" nor "30 minutes".
bool IsPlainlyDuration(std::string_view text);

// Whether a frequency says "OD" and nothing tells that it is not the right eye: a route by mouth,
// in a vein and so on does, the eye's own or "topical" or none at all does not.
bool MayNameTheRightEye(std::string_view frequency, std::string_view route);

// Dose to duration of `medication` in their one form; what is not understood stays as written.
void PutInOneForm(Medication& medication);

// One statement of a field: as people read it, and what it is compared by. Both are "" when nothing
// is stated. "500 mg" and "0.5 g" share a key, so do "every 12 hours" and "twice daily": the two
// are written apart because they are not the same order, yet no disagreement either.
struct Stated {
  std::string text;  // in its one form, lower case
  std::string key;
};
Stated StatedDose(const Medication& medication);
Stated StatedRoute(const Medication& medication);
Stated StatedFrequency(const Medication& medication);
Stated StatedDuration(const Medication& medication);

}  // namespace consilium
