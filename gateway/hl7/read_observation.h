// OBX: a value, lines of a text, or something that nobody here can read.
// Threads: functions without state.
#pragma once

#include <string>

#include "gateway/clinical/record.h"
#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/message.h"

namespace consilium {

struct Observation {
  enum class Kind {
    kNothing,     // no value, or one that names people or says nothing to people
    kFact,        // a measurement
    kText,        // lines of a note
    kUnreadable,  // ED that is no text (PDF, RTF, markup, image), RP
  };
  Kind kind = Kind::kNothing;
  Fact fact;
  std::string text;  // of kText; may be ""
  std::string name;  // OBX-3, for people
  // Table 0085, as kText needs it (a fact has its own status).
  bool deleted = false;      // D, W
  bool corrected = false;    // C, A
  bool preliminary = false;  // P, R, S, I
};

// Whether OBX-2 is one of text types (ST, TX, FT) or is missing.
bool IsTextType(const Hl7Segment& obx);
// A value of a text type that stands for one result and not for a line of a report: it has a unit,
// a range or a flag, or is an ST that is short and one line.
bool IsSingleResult(const Hl7Segment& obx);

// `as_text`: values of text types are lines of a note.
// Remarks: "value_type" (OBX-2 is missing, or not read), "value_no_number" (NM, SN),
// "observation_unnamed" (no OBX-3), "observation_identifying", "unreadable_note".
Observation ReadObservation(const Hl7Segment& obx, bool as_text, FeedRemarks& remarks);

}  // namespace consilium
