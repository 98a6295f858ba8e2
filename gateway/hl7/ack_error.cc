#include "gateway/hl7/ack_error.h"

#include <algorithm>
#include <cstddef>

#include "gateway/hl7/escape.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kFaultsMax = 20;
constexpr std::size_t kTextMax = 250;  // of ERR-8 in 2.5

std::string_view NameOf(Hl7FaultCode code) {
  switch (code) {
    case Hl7FaultCode::kSegmentSequence:
      return "Segment sequence error";
    case Hl7FaultCode::kRequiredFieldMissing:
      return "Required field missing";
    case Hl7FaultCode::kDataType:
      return "Data type error";
    case Hl7FaultCode::kTableValue:
      return "Table value not found";
    case Hl7FaultCode::kValueTooLong:
      return "Value too long";
    case Hl7FaultCode::kCardinality:
      return "Non-Conformant Cardinality";
    case Hl7FaultCode::kOtherHl7Error:
      return "Other HL7 Error";
    case Hl7FaultCode::kUnsupportedMessageType:
      return "Unsupported message type";
    case Hl7FaultCode::kUnsupportedEvent:
      return "Unsupported event code";
    case Hl7FaultCode::kUnsupportedProcessingId:
      return "Unsupported processing id";
    case Hl7FaultCode::kUnsupportedVersion:
      return "Unsupported version id";
    case Hl7FaultCode::kUnknownKey:
      return "Unknown key identifier";
    case Hl7FaultCode::kDuplicateKey:
      return "Duplicate key identifier";
    case Hl7FaultCode::kRecordLocked:
      return "Application record locked";
    case Hl7FaultCode::kApplicationError:
      return "Application internal error";
  }
  return "Application internal error";
}

// "2.3.1" is before 2.5, "2.10" is not, what is no version is not.
bool IsBefore25(std::string_view version) {
  version = Trimmed(version);
  if (version.substr(0, 2) != "2.") return false;
  version.remove_prefix(2);
  const std::string_view minor = version.substr(0, version.find('.'));
  return minor.size() == 1 && minor[0] >= '0' && minor[0] < '5';
}

std::string NumberOr(int number) { return number > 0 ? std::to_string(number) : std::string(); }

std::string Code(const Hl7Fault& fault, char divider) {
  return JoinHl7(
      {std::to_string(static_cast<int>(fault.code)), std::string(NameOf(fault.code)), "HL70357"},
      divider);
}

// ELD of 2.4 and earlier.
std::string OldLocation(const Hl7Fault& fault, const Hl7Delimiters& d) {
  const std::string code = d.subcomponent == '\0' ? std::to_string(static_cast<int>(fault.code))
                                                  : Code(fault, d.subcomponent);
  if (fault.segment.empty()) return JoinHl7({"", "", "", code}, d.component);
  return JoinHl7(
      {EscapeHl7(fault.segment, d), NumberOr(fault.sequence), NumberOr(fault.field), code},
      d.component);
}

// ERL.
std::string Location(const Hl7Fault& fault, const Hl7Delimiters& d) {
  if (fault.segment.empty()) return {};
  std::vector<std::string> parts = {EscapeHl7(fault.segment, d), NumberOr(fault.sequence)};
  if (fault.field > 0) {
    parts.push_back(NumberOr(fault.field));
    parts.push_back(
        NumberOr(fault.component > 0 ? std::max(fault.repetition, 1) : fault.repetition));
    parts.push_back(NumberOr(fault.component));
  }
  return JoinHl7(parts, d.component);
}

}  // namespace

std::string ErrorSegments(const std::vector<Hl7Fault>& faults, const Hl7Delimiters& d,
                          std::string_view version) {
  std::string segments;
  const std::size_t count = std::min(faults.size(), kFaultsMax);
  if (IsBefore25(version)) {
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0 && d.repetition == '\0') break;
      segments += i == 0 ? std::string("ERR") + d.field : std::string(1, d.repetition);
      segments += OldLocation(faults[i], d);
    }
    if (count > 0) segments += '\r';
    return segments;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Hl7Fault& fault = faults[i];
    const std::string parts[] = {"",
                                 Location(fault, d),
                                 Code(fault, d.component),
                                 std::string(1, fault.severity),
                                 "",
                                 "",
                                 "",
                                 EscapeHl7(CutUtf8(fault.text, kTextMax), d)};
    segments += "ERR";
    for (const std::string& part : parts) {
      segments += d.field;
      segments += part;
    }
    while (segments.back() == d.field) segments.pop_back();
    segments += '\r';
  }
  return segments;
}

}  // namespace consilium
