// An HL7 v2 message as what it says about patients. Threads: functions without state.
//
// Read: MSH, EVN-1, PID, MRG, PV1, PV2-3, RF1-10, DG1, AL1, IAM, PRB, ORC, RXO, RXE, RXD, RXG, RXA,
// RXR, RXC, TQ1, OBR, OBX, TXA, NTE; whatever the message type, and nothing else of it: relatives,
// insurances, staff and places are not. Source: HL7 v2.5 to v2.8.2; clinical.md 1.4 to 1.6.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/clinical/record.h"
#include "gateway/hl7/message.h"

namespace consilium {

inline constexpr std::size_t kFeedRecordsMax = 64;  // patients of one message
inline constexpr std::size_t kFeedIdsMax = 1024;    // of one patient, or merged into one
inline constexpr std::size_t kFeedFactsMax = 4096;  // of one patient, as of a packed list

// Why nothing of a message is read, as ERR of its acknowledgement has it. Nothing of a value is in
// the text but codes.
struct FeedFault {
  std::string segment;     // ERR-2.1
  std::size_t number = 1;  // ERR-2.2: which one of that name
  std::size_t field = 0;   // ERR-2.3; 0 = the segment
  // Table 0357: 100 segment sequence, 101 required field (or segment) missing, 103 table value,
  // 198 cardinality (a bound), 200 message type, 202 processing id, 203 version. Never 207: the
  // same bytes are refused again.
  int code = 199;
  std::string text;
};

// `payload`: the bytes of which `message` was read; the message's digest is theirs.
//  - MSH-9 and MSH-10 have to be there (101). A message type that says nothing about patients is
//  200,
//    as is an acknowledgement: none may be acknowledged. "ADT" alone takes its event from EVN-1, or
//    from MSH-9.3.
//  - MSH-11: T and D are not production; another code than P, T, D is 202; none is production with
//    the remark "processing_id_missing".
//  - MSH-12: 2.1 to 2.9 ("2.5.1" is of them); any other, and none, is 203.
//  - Segments belong to the PID before them. Those before the first PID belong to it if it is the
//    only one, else the message is refused (100): never to another patient.
//  - PID has to be there (101) in ADT, BAR, DFT, MDM, ORU, PPR, REF, VXU; elsewhere a message
//  without
//    one has no records and the remark "no_patient". TXA has to be there (101) in MDM.
// Remarks: those of the parser, of the readers beside this file, and "processing_id_missing",
// "sender_missing", "no_patient".
std::variant<FeedMessage, FeedFault> ReadFeed(const Hl7Message& message, std::string_view payload);

}  // namespace consilium
