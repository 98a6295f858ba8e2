// Condition: https://hl7.org/fhir/R4/condition.html
#include <utility>

#include "gateway/fhir/resource_reader.h"

namespace consilium {
namespace {

constexpr std::string_view kAbsent = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";

bool HasAbatement(const FhirNode& condition) {
  for (const char* name : {"abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange",
                           "abatementString"}) {
    if (condition.Has(name)) return true;
  }
  return false;
}

// "Family history of ..." (SNOMED CT names such situations so) is of somebody else.
bool IsFamilyHistory(std::string_view text) {
  constexpr std::string_view kBegin = "family history";
  if (text.size() < kBegin.size()) return false;
  for (std::size_t i = 0; i < kBegin.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kBegin[i]) return false;
  }
  return true;
}

}  // namespace

void ReadCondition(const FhirNode& condition, const FhirContext& context, FeedRecord& record) {
  const std::string clinical =
      ReadStatusConcept(condition.Object("clinicalStatus"),
                        "http://terminology.hl7.org/CodeSystem/condition-clinical",
                        {"active", "recurrence", "relapse", "inactive", "remission", "resolved"});
  const std::string verified = ReadStatusConcept(
      condition.Object("verificationStatus"),
      "http://terminology.hl7.org/CodeSystem/condition-ver-status",
      {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"});
  const FhirNode code = condition.Object("code");
  const FhirConcept named = ReadConcept(code);
  Fact fact;
  fact.kind = FactKind::kDiagnosis;
  fact.text = named.text;
  fact.code = named.code;
  fact.system = named.system;
  fact.time = ReadTimeChoice(condition, "onset");
  if (fact.time.empty()) fact.time = condition.Time("recordedDate");
  if (fact.text.empty()) {
    context.Note("no_code", condition.PathOf("code"), "states no condition");
    return;
  }
  if (verified == "entered-in-error") {
    fact.status = FactStatus::kWithdrawn;
  } else if (HasCoding(code, kAbsent, "no-problem-info")) {
    return;  // nothing is known, not even that there is nothing
  } else if (HasCoding(code, kAbsent, "no-known-problems") ||
             HasCoding(code, kSnomed, "160245001")) {
    fact.status = FactStatus::kNoneKnown;
  } else if (verified == "refuted" || IsFamilyHistory(fact.text) || clinical == "inactive" ||
             clinical == "remission" || clinical == "resolved" ||
             (clinical.empty() && HasAbatement(condition))) {
    fact.status = FactStatus::kInactive;
  }
  AddPart(fact.detail, "",
          verified == "confirmed" || verified == "entered-in-error" ? "" : verified);
  AddPart(fact.detail, "", clinical == "active" ? "" : clinical);
  AddPart(fact.detail, "severity: ", ReadConcept(condition.Object("severity")).text);
  AddPart(fact.detail, "", ReadAnnotations(condition));
  record.facts.push_back(std::move(fact));
}

}  // namespace consilium
