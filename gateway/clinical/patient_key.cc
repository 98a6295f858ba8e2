#include "gateway/clinical/patient_key.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "gateway/clinical/authority.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kCaseIdHex = 24;
constexpr std::size_t kRepeatedMin = 5;

std::string Digest(std::initializer_list<std::string_view> parts) {
  std::string bytes;
  for (const std::string_view part : parts) {
    bytes += std::to_string(part.size());
    bytes += ':';
    bytes += part;
  }
  return Sha256Hex(bytes);
}

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Values that stand where there is no number.
bool IsPlaceholder(std::string_view value) {
  static constexpr std::array<std::string_view, 16> kWords = {
      "UNKNOWN", "UNK",  "UNKN",      "NA",   "N/A",           "NONE", "NULL", "NIL",
      "TEST",    "ANON", "ANONYMOUS", "TEMP", "NOT AVAILABLE", "TBD",  "X",    "\"\""};
  const std::string upper = Upper(value);
  if (IsOneOf(upper, kWords)) return true;
  if (upper.find_first_not_of("0 .-_*?/") == std::string::npos) return true;
  return upper.size() >= kRepeatedMin &&
         upper.find_first_not_of(upper.front()) == std::string::npos;
}

// Table 0203: numbers that are not the patient's at one place (see the header), and numbers that
// are of something else than a person.
bool IsOfAnotherThing(const PatientId& id) {
  static constexpr std::array<std::string_view, 20> kTypes = {
      "SS", "SSN", "DL",  "DLN", "PPN", "MA", "MC", "MCD", "MCR", "TAX",
      "AN", "ANC", "AND", "ANT", "VN",  "BA", "BC", "AM",  "DS",  "MS"};
  static constexpr std::array<std::string_view, 5> kAuthorities = {
      "SSA", "USSSA", "SSN", "2.16.840.1.113883.4.1", "HTTP://HL7.ORG/FHIR/SID/US-SSN"};
  return IsOneOf(Upper(Trimmed(id.type)), kTypes) ||
         IsOneOf(Upper(ReadAuthority(Trimmed(id.authority)).id), kAuthorities);
}

bool IsMedicalRecordNumber(const PatientId& id) {
  static constexpr std::array<std::string_view, 5> kTypes = {"MR", "MRN", "PI", "PT", "EMPI"};
  return IsOneOf(Upper(Trimmed(id.type)), kTypes);
}

// "" = the id does not count.
std::string KeyOf(std::string_view name, std::string_view value, const IdScope& scope) {
  if (name.empty()) {
    return scope.sender.empty() ? "" : Digest({"patient of sender", scope.sender, value});
  }
  const Authority authority = ReadAuthority(name);
  // RFC 9562: upper and lower case of a UUID are the same.
  if (authority.kind == AuthorityKind::kUuid) {
    return Digest({"patient", LowerAscii(authority.id), value});
  }
  if (authority.everywhere() ||
      std::find(scope.shared.begin(), scope.shared.end(), name) != scope.shared.end()) {
    return Digest({"patient", authority.id, value});
  }
  const std::string_view domain = scope.domain.empty() ? scope.sender : scope.domain;
  return domain.empty() ? "" : Digest({"patient of domain", domain, name, value});
}

}  // namespace

IdScope ScopeOf(const FeedMessage& message, const std::vector<std::string>& shared) {
  return {message.sender, message.domain, shared};
}

std::vector<std::string> PatientKeys(const std::vector<PatientId>& ids, const IdScope& scope) {
  std::vector<std::string> records;
  std::vector<std::string> others;
  for (const PatientId& id : ids) {
    const std::string_view value = Trimmed(id.value);
    const std::string_view authority = Trimmed(id.authority);
    if (value.empty() || IsPlaceholder(value) || IsOfAnotherThing(id)) continue;
    const std::string key = KeyOf(authority, value, scope);
    if (key.empty()) continue;
    auto& keys = IsMedicalRecordNumber(id) ? records : others;
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  auto& keys = records.empty() ? others : records;
  if (keys.size() > kPatientKeysMax) keys.resize(kPatientKeysMax);
  return keys;
}

std::string DocumentKey(std::string_view source, std::string_view document) {
  return Digest({"document", source, Trimmed(document)});
}

const std::string& SourceOf(const FeedMessage& message) {
  return message.source.empty() ? message.sender : message.source;
}

std::string MessageKey(const FeedMessage& message) {
  if (message.id.empty()) return Digest({"message", message.sender, message.digest});
  return Digest({"message", message.sender, message.id, message.digest});
}

std::optional<std::string> MessageIdKey(const FeedMessage& message) {
  if (message.id.empty()) return std::nullopt;
  return Digest({"message id", message.sender, message.id});
}

std::string FeedCaseId(const FeedMessage& message, std::size_t record) {
  const std::string digest =
      Digest({"case", message.sender, message.id, message.digest, std::to_string(record)});
  return message.door + "-" + digest.substr(0, kCaseIdHex);
}

}  // namespace consilium
