// A recommendation as a message for the hospital's systems: an unsolicited result (ORU^R01) or a
// document (MDM^T02), HL7 v2.5.1, UTF-8. Never an order: no ORC, RXO, RXE, OMP, RDE, ORM.
//
// - MSH-10 is made from case and revision: the message that is sent again can be told.
// - PID is what the source message stated, nothing else.
// - ORU: OBR-3 is the case, so that it overwrites no result of another filler; the orders of the
//   source message are its parent (OBR-29). OBX-11: F at first, C in a revision, D for a line that
//   the revision does not have any more; withdrawn: W for the lines that there were, OBR-25 X.
// - MDM: TXA-12 is the case, ".<revision>" behind it from the second one on, as a replacement is a
//   document of its own (T10; TXA-13 = what it replaces). TXA-13 of the first is the source
//   document. Withdrawn: T11 for the last one, without content, TXA-19 CA.
//
// Source: HL7 v2.5.1 chapters 2, 3, 7 and 9; tables 0078, 0085, 0123, 0271, 0273, 0301.
// Threads: functions without state.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/clinical/plan.h"
#include "shared/domain.h"

namespace consilium {

enum class ResultForm { kOru, kMdm };
inline constexpr const char* kResultFormNames[] = {"oru", "mdm"};

// Between whom, and as what.
struct ResultHeader {
  ResultForm form = ResultForm::kOru;
  std::string application = "CONSILIUM";  // MSH-3
  std::string facility;                   // MSH-4
  std::string receiving_application;      // MSH-5
  std::string receiving_facility;         // MSH-6
  std::string processing_id = "P";        // MSH-11: "P", "T" or "D"
  std::string document_type = "CDS";      // TXA-2, of the receiver's table 0270
};

// 20 characters of [0-9A-F].
std::string ResultControlId(const std::string& case_id, std::int64_t revision);

// One message; every segment ends in CR. `before`: the revision before, so that what it said and
// this one does not is taken back line by line; nullptr where it is not known or this is the first.
// `link`: where all of it can be seen; "" = nowhere. `made_ms`: now, Unix milliseconds.
std::string WriteResultMessage(const ResultHeader& header, const CaseOrigin& origin,
                               const Recommendation& recommendation, const Recommendation* before,
                               const std::string& link, std::int64_t made_ms);

}  // namespace consilium
