#include "gateway/feed_ack.h"

#include <algorithm>

#include "gateway/hl7/hl7_time.h"
#include "shared/ids.h"

namespace consilium {
namespace {

AckContent Begin(const GatewayConfig& own, const std::string& digest, Hl7Verdict verdict) {
  AckContent content;
  content.verdict = verdict;
  content.control_id = AckControlId(digest, verdict);
  content.application = own.application;
  content.facility = own.facility;
  return content;
}

void AddFault(AckContent& content, Hl7FaultCode code, const std::string& text,
              char severity = 'E') {
  Hl7Fault fault;
  fault.code = code;
  fault.severity = severity;
  fault.text = text;
  content.faults.push_back(std::move(fault));
}

// Why no case was started: the content's fault, which the same bytes have again. Never 207, which
// says nothing about the content and asks for the message once more.
Hl7FaultCode FaultOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnsupported:
      return Hl7FaultCode::kDataType;  // a note in a form that is not read
    case ErrorCode::kInvalid:
      return Hl7FaultCode::kRequiredFieldMissing;  // nothing to ask about
    case ErrorCode::kTooLarge:
      return Hl7FaultCode::kValueTooLong;
    default:
      return Hl7FaultCode::kOtherHl7Error;
  }
}

}  // namespace

std::string AckControlId(const std::string& digest, Hl7Verdict verdict) {
  constexpr std::size_t kCharacters = 20;
  constexpr const char* kVerdicts[] = {"accept", "error", "reject"};
  return Sha256Hex(digest + kVerdicts[static_cast<std::size_t>(verdict)]).substr(0, kCharacters);
}

AckContent AckOfAdmitted(const GatewayConfig& own, const std::string& digest,
                         const std::vector<AdmittedRecord>& records) {
  AckContent content = Begin(own, digest, Hl7Verdict::kAccept);
  std::int64_t admitted_ms = 0;
  for (const AdmittedRecord& record : records) {
    admitted_ms = std::max(admitted_ms, record.admitted_ms);
    for (const Remark& remark : record.plan.remarks) {
      // Nothing is wrong with the message, but who waits for a result is told that none comes.
      if (remark.code == "patient_deceased") content.text = remark.text;
    }
    std::optional<Error> why;
    if (const auto& refusal = record.plan.refusal) {
      why = Error{ErrorFromName(refusal->code), refusal->text};
    }
    if (record.submitted && !record.submitted->ok()) why = record.submitted->error();
    if (!why) continue;
    content.verdict = Hl7Verdict::kError;
    content.control_id = AckControlId(digest, Hl7Verdict::kError);
    AddFault(content, FaultOf(why->code), why->text);
  }
  if (content.verdict == Hl7Verdict::kError) content.text = "no case was started";
  // When it was admitted first: the answer to the same message is the same.
  if (admitted_ms > 0) content.time = Hl7Time(admitted_ms);
  return content;
}

AckContent AckOfFailure(const GatewayConfig& own, const std::string& digest, const Error& error) {
  AckContent content = Begin(own, digest, Hl7Verdict::kError);
  content.text = "not stored, send it again";
  AddFault(content, Hl7FaultCode::kApplicationError,
           std::string(ErrorName(error.code)) + ": " + error.text, 'F');
  return content;
}

AckContent AckOfFault(const GatewayConfig& own, const std::string& digest, const FeedFault& fault) {
  const auto code = static_cast<Hl7FaultCode>(fault.code);
  const bool never =
      code == Hl7FaultCode::kUnsupportedMessageType || code == Hl7FaultCode::kUnsupportedEvent ||
      code == Hl7FaultCode::kUnsupportedProcessingId || code == Hl7FaultCode::kUnsupportedVersion;
  AckContent content = Begin(own, digest, never ? Hl7Verdict::kReject : Hl7Verdict::kError);
  Hl7Fault told;
  told.code = code;
  told.segment = fault.segment;
  told.sequence = static_cast<int>(fault.number);
  told.field = static_cast<int>(fault.field);
  told.text = fault.text;
  content.faults.push_back(std::move(told));
  content.text = "not read";
  return content;
}

AckContent AckOfEmptyBatch(const GatewayConfig& own, const std::string& digest,
                           const Hl7Batch& batch) {
  const auto lost = std::find_if(batch.remarks.begin(), batch.remarks.end(),
                                 [](const Remark& remark) { return remark.code == "batch_count"; });
  const bool whole = lost == batch.remarks.end();
  AckContent content = Begin(own, digest, whole ? Hl7Verdict::kAccept : Hl7Verdict::kError);
  content.text = "a batch without a message";
  if (!whole) {
    AddFault(content, Hl7FaultCode::kOtherHl7Error, lost->where + ": " + lost->text);
  }
  return content;
}

AckContent AckOfUnreadable(const GatewayConfig& own, const std::string& digest,
                           const std::string& text) {
  AckContent content = Begin(own, digest, Hl7Verdict::kReject);
  content.text = "not an HL7 message that can be read";
  AddFault(content, Hl7FaultCode::kOtherHl7Error, text);
  return content;
}

}  // namespace consilium
