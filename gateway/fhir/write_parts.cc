#include "gateway/fhir/write_parts.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kTextBytesMax = 64u << 10;

}  // namespace

std::string FhirText(std::string_view text) {
  std::string clean = ToValidUtf8(CutUtf8(text, kTextBytesMax));
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') c = ' ';
  }
  return std::string(Trimmed(clean));
}

void SetText(FhirJson& object, const char* name, std::string_view text) {
  std::string clean = FhirText(text);
  if (!clean.empty()) object[name] = std::move(clean);
}

std::string FhirInstant(std::int64_t unix_ms) {
  std::int64_t ms = unix_ms % 1000;
  if (ms < 0) ms += 1000;
  const auto seconds = static_cast<std::time_t>((unix_ms - ms) / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[80];
  std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(ms));
  return text;
}

FhirJson ConceptOfText(std::string_view text) {
  FhirJson result = FhirJson::object();
  SetText(result, "text", text);
  return result;
}

FhirJson ConceptOf(const char* system, const char* code, std::string_view text) {
  FhirJson result = {{"coding", {{{"system", system}, {"code", code}}}}};
  SetText(result, "text", text);
  return result;
}

std::string DerivedId(std::string_view case_id, std::int64_t revision, std::string_view what) {
  std::string words(case_id);
  words += '|' + std::to_string(revision) + '|';
  words += what;
  std::string hex = Sha256Hex(words).substr(0, 32);
  hex[12] = '8';  // RFC 9562: version 8, variant 10
  constexpr std::string_view kVariant = "89ab";
  hex[16] = kVariant[static_cast<unsigned char>(hex[16]) % 4];
  for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, "-");
  return hex;
}

FhirJson LabelledResource(const char* type, const std::string& id) {
  return {{"resourceType", type},
          {"id", id},
          {"meta",
           {{"security",
             {{{"system", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"},
               {"code", "AIAST"},
               {"display", "Artificial Intelligence asserted"}}}}}}};
}

bool IsFhirId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.';
  });
}

std::string UrnOf(const std::string& id) { return "urn:uuid:" + id; }
FhirJson ReferenceTo(const std::string& url) { return {{"reference", url}}; }

FhirJson PatientReference(const FhirSubject& subject, std::string_view case_id) {
  FhirJson reference = FhirJson::object();
  FhirJson identifier = FhirJson::object();
  if (!subject.ids.empty()) {
    SetText(identifier, "system", subject.ids.front().authority);
    SetText(identifier, "value", subject.ids.front().value);
  }
  // A place inside of the Bundle that was sent leads nowhere from another one.
  const bool place = !subject.patient.starts_with("urn:");
  if (place) {
    SetText(reference, "reference", subject.patient);
  } else if (!identifier.contains("value")) {
    identifier = {{"system", "urn:ietf:rfc:3986"}};
    SetText(identifier, "value", subject.patient);
  }
  if (identifier.contains("value")) {
    reference["type"] = "Patient";
    reference["identifier"] = std::move(identifier);
  }
  if (reference.empty()) reference["display"] = "The patient of case " + FhirText(case_id);
  return reference;
}

}  // namespace consilium
