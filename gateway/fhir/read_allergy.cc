// AllergyIntolerance: https://hl7.org/fhir/R4/allergyintolerance.html
#include <utility>

#include "gateway/fhir/resource_reader.h"

namespace consilium {
namespace {

struct NegationCode {
  std::string_view system;
  std::string_view code;
};
constexpr std::string_view kAbsent = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";

// "There is none", of all allergies or of those to drugs. Source: the negation codes of the value
// set allergyintolerance-code, and CodeSystem absent-unknown-uv-ips of the IPS.
constexpr NegationCode kNoneKnown[] = {{kSnomed, "716186003"},  // no known allergy
                                       {kSnomed, "160244002"},  // the same, retired
                                       {kSnomed, "409137002"},  // no known drug allergy
                                       {kAbsent, "no-known-allergies"},
                                       {kAbsent, "no-known-medication-allergies"}};
// None of one kind that is no drug: to say "none known" for it would say too much.
constexpr NegationCode kNoneOfAKind[] = {{kSnomed, "429625007"},  // food
                                         {kSnomed, "428607008"},  // environment
                                         {kSnomed, "716184000"},  // latex
                                         {kSnomed, "716220001"},  // animals
                                         {kAbsent, "no-known-environmental-allergies"},
                                         {kAbsent, "no-known-food-allergies"}};
constexpr NegationCode kNothingKnown[] = {{kAbsent, "no-allergy-info"},
                                          {kSnomed, "1631000175102"}};  // patient not asked

template <std::size_t n>
bool HasAny(const FhirNode& code, const NegationCode (&codes)[n]) {
  for (const NegationCode& one : codes) {
    if (HasCoding(code, one.system, one.code)) return true;
  }
  return false;
}

std::string ReadReaction(const FhirNode& reaction) {
  std::string text = ReadConceptTexts(reaction, "manifestation");
  const std::string severity = reaction.Code("severity", {"mild", "moderate", "severe"});
  const std::string description = reaction.Text("description");
  if (text.empty()) text = description;
  if (!text.empty() && !severity.empty()) text += " (" + severity + ")";
  return text;
}

// Whether some substance caused a reaction that was severe, and so on: for people.
std::string ReadDetail(const FhirNode& allergy, const std::string& verified,
                       const std::string& clinical) {
  std::string detail;
  const std::string type = allergy.Code("type", {"allergy", "intolerance"});
  AddPart(detail, "", type == "intolerance" ? type : "");
  AddPart(detail, "", verified == "unconfirmed" || verified == "refuted" ? verified : "");
  AddPart(detail, "", clinical == "active" ? "" : clinical);
  AddPart(detail,
          "criticality: ", allergy.Code("criticality", {"low", "high", "unable-to-assess"}));
  std::string reactions;
  for (const FhirNode& reaction : allergy.Objects("reaction")) {
    const std::string text = ReadReaction(reaction);
    if (!text.empty()) reactions += (reactions.empty() ? "" : ", ") + text;
  }
  AddPart(detail, "reaction: ", reactions);
  AddPart(detail, "", ReadAnnotations(allergy));
  return detail;
}

}  // namespace

void ReadAllergy(const FhirNode& allergy, const FhirContext& context, FeedRecord& record) {
  const std::string clinical =
      ReadStatusConcept(allergy.Object("clinicalStatus"),
                        "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                        {"active", "inactive", "resolved"});
  const std::string verified =
      ReadStatusConcept(allergy.Object("verificationStatus"),
                        "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
                        {"unconfirmed", "confirmed", "refuted", "entered-in-error"});
  const FhirNode code = allergy.Object("code");
  FhirConcept named = ReadConcept(code, kRxNorm);
  for (const FhirNode& reaction : allergy.Objects("reaction")) {
    if (named.text.empty()) named = ReadConcept(reaction.Object("substance"), kRxNorm);
  }
  Fact fact;
  fact.kind = FactKind::kAllergy;
  fact.text = named.text;
  fact.code = named.code;
  fact.system = named.system;
  fact.time = allergy.Time("recordedDate");
  if (fact.time.empty()) fact.time = ReadTimeChoice(allergy, "onset");
  fact.detail = ReadDetail(allergy, verified, clinical);
  if (fact.text.empty()) {
    context.Note("no_code", allergy.PathOf("code"), "states no substance");
    return;
  }
  if (verified == "entered-in-error") {
    fact.status = FactStatus::kWithdrawn;
  } else if (HasAny(code, kNothingKnown)) {
    return;
  } else if (HasAny(code, kNoneOfAKind)) {
    context.Note("none_known_partial", allergy.PathOf("code"),
                 "says that there is none of one kind only: not used");
    return;
  } else if (verified == "refuted" || clinical == "inactive" || clinical == "resolved") {
    fact.status = FactStatus::kInactive;
  } else if (HasAny(code, kNoneKnown)) {
    fact.status = FactStatus::kNoneKnown;
  }
  record.facts.push_back(std::move(fact));
}

}  // namespace consilium
