// Acknowledgements of HL7 v2 messages: those we give, and those that receivers give us.
// Source: HL7 v2.5 chapter 2.9 and 2.15 (MSA, ERR), tables 0008, 0155, 0357, 0516; clinical.md 1.4.
//
// Which code is given, and whether there is one at all:
//  - Original mode (MSH-15 and MSH-16 empty): always AA, AE or AR.
//  - Enhanced mode, MSH-15 asks for an accept acknowledgement (AL, ER, SU): CA, CE or CR when its
//    condition holds. What MSH-16 asks for is an application acknowledgement, a message of its own
//    that may come much later: it is not part of this answer. The recommendation that we send is.
//  - MSH-15 empty or NE, and MSH-16 AL, ER or SU: the one answer is the application's: AA, AE or AR
//    when the condition holds. (NE with AL is by definition the original mode.)
//  - MSH-15 and MSH-16 both NE, or one NE and the other empty: none.
//  - A value that table 0155 does not have counts as AL: a sender that waits in vain sends again.
//  - An acknowledgement is never acknowledged.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/hl7/charset.h"
#include "gateway/hl7/message.h"
#include "shared/result.h"

namespace consilium {

enum class Hl7Verdict {
  kAccept,  // it is in safe storage: AA, CA
  kError,   // its content is wrong, or we cannot right now: AE, CE
  kReject,  // these bytes will never be accepted: AR, CR
};

// Table 0357.
enum class Hl7FaultCode {
  kSegmentSequence = 100,
  kRequiredFieldMissing = 101,
  kDataType = 102,
  kTableValue = 103,
  kValueTooLong = 104,
  kCardinality = 198,
  kOtherHl7Error = 199,
  kUnsupportedMessageType = 200,
  kUnsupportedEvent = 201,
  kUnsupportedProcessingId = 202,
  kUnsupportedVersion = 203,
  kUnknownKey = 204,
  kDuplicateKey = 205,
  kRecordLocked = 206,
  kApplicationError = 207,
};

// What is wrong, and where: goes into ERR.
struct Hl7Fault {
  Hl7FaultCode code = Hl7FaultCode::kApplicationError;
  char severity = 'E';  // table 0516: E error, F fatal, I information, W warning
  std::string segment;  // "PID"; "" = the message
  int sequence = 1;     // which one of that name
  int field = 0;        // 0 = the segment
  int repetition = 0;   // 0 = the field
  int component = 0;    // 0 = the field or repetition
  std::string text;     // for people, UTF-8; no patient's data
};

struct AckContent {
  Hl7Verdict verdict = Hl7Verdict::kAccept;
  std::vector<Hl7Fault> faults;  // told unless the verdict is kAccept; at most 20 of them
  std::string text;              // MSA-3, short, UTF-8; "" = none
  std::string control_id;        // MSH-10 of the acknowledgement
  std::string time;              // its MSH-7: "20261128101500+0100"
  // Who we are, where the message does not say whom it was for (MSH-5, MSH-6).
  std::string application;
  std::string facility;
};

// Whether an acknowledgement is due, and its MSA-1; nullopt = none is.
std::optional<std::string_view> AckCode(const Hl7Message& message, Hl7Verdict verdict);

// The acknowledgement, in the sender's delimiters and character set, every segment ended by CR;
// nullopt = none is due. MSH-3 to MSH-6 change places, MSH-11, MSH-12 and MSH-18 are the message's.
// The same message and content give the same bytes. ERR has the form of 2.5 (ERR-2, 3, 4, 8; one
// ERR a fault) unless MSH-12 states an earlier version (ERR-1).
std::optional<std::string> AckFor(const Hl7Message& message, const AckContent& content);

// For bytes that ParseHl7 or the frame reader refused; kAccept counts as kReject. When their first
// 4 KiB have an MSH that can be read, it is answered as above. Else the answer has our names only,
// an empty MSA-2, AE or AR, and the delimiters and version of a 2.5.1 message.
std::optional<std::string> AckForUnreadable(std::string_view bytes, const AckContent& content,
                                            const Hl7Charset* default_charset = nullptr);

// For a batch without a message, which nothing else would answer: its sender waits all the same.
// MSA-2 is `id`, that of the batch (BHS-11), in usual delimiters.
std::string AckForEmptyBatch(std::string_view id, const AckContent& content);

// What a receiver answered.
struct Hl7Ack {
  std::string code;        // AA AE AR CA CE CR
  std::string control_id;  // MSA-2: of the message that it is about; "" only when not accepted
  std::string text;        // MSA-3, else what ERR says, from the other side: not for a log

  bool accepted() const { return code == "AA" || code == "CA"; }
};

// Reads an acknowledgement of either mode, with any delimiters, with or without its last CR.
// Errors: those of ParseHl7; kInvalid without exactly one MSA, with another code, or when one that
// accepts does not say what. Whatever is malformed is no success.
Result<Hl7Ack> ReadAck(std::string_view bytes, const Hl7Charset* default_charset = nullptr);

}  // namespace consilium
