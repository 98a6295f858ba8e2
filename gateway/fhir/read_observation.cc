// Observation: https://hl7.org/fhir/R4/observation.html
#include <charconv>
#include <cstdint>
#include <utility>

#include "gateway/clinical/patient_context.h"
#include "gateway/fhir/resource_reader.h"
#include "shared/text.h"

namespace consilium {
namespace {

// value[x] of an observation or of one of its components, into the fact. False: it has none.
bool ReadValue(const FhirNode& parent, const FhirContext& context, Fact& fact) {
  if (const FhirNode quantity = parent.Object("valueQuantity")) {
    FhirQuantity read = ReadQuantity(quantity);
    fact.value = read.number;
    fact.value_text = std::move(read.value);
    fact.unit = std::move(read.unit);
  } else if (const FhirNode named = parent.Object("valueCodeableConcept")) {
    fact.value_text = ReadConcept(named).text;
  } else if (parent.Has("valueString")) {
    fact.value_text = parent.Text("valueString");
  } else if (const std::optional<std::string> number = parent.Number("valueInteger")) {
    std::int32_t whole = 0;  // R4, integer: 32 bits
    const auto end = number->data() + number->size();
    const auto read = std::from_chars(number->data(), end, whole);
    if (read.ec != std::errc() || read.ptr != end) {
      parent.Refuse("value", "valueInteger", "expected an integer of 32 bits");
    } else {
      fact.value_text = *number;
      fact.value = whole;
    }
  } else if (const std::optional<bool> flag = parent.Flag("valueBoolean")) {
    fact.value_text = *flag ? "true" : "false";
  } else if (const FhirNode range = parent.Object("valueRange")) {
    const FhirQuantity low = ReadQuantity(range.Object("low"));
    const FhirQuantity high = ReadQuantity(range.Object("high"));
    fact.value_text = low.value + "-" + high.value;
    if (low.value.empty() && high.value.empty()) fact.value_text.clear();
    fact.unit = low.unit.empty() ? high.unit : low.unit;
  } else if (const FhirNode ratio = parent.Object("valueRatio")) {
    const std::string over = ReadQuantity(ratio.Object("numerator")).Text();
    const std::string under = ReadQuantity(ratio.Object("denominator")).Text();
    if (!over.empty() && !under.empty()) fact.value_text = over + " : " + under;
  } else if (parent.Has("valueDateTime")) {
    fact.value_text = parent.Time("valueDateTime");
  } else if (parent.Has("valueTime")) {
    fact.value_text = parent.Text("valueTime");
  } else if (parent.Has("valuePeriod") || parent.Has("valueSampledData")) {
    context.Note("value_unread", parent.path(), "a Period or SampledData as value is not read");
  }
  return !fact.value_text.empty();
}

void AddMeasurement(const FhirNode& parent, const FhirContext& context, Fact fact,
                    FeedRecord& record) {
  const FhirConcept named = ReadConcept(parent.Object("code"), kLoinc);
  fact.text = named.text;
  fact.code = named.code;
  fact.system = named.system;
  AddPart(fact.detail, "interpretation: ", ReadConceptTexts(parent, "interpretation"));
  const bool has_value = ReadValue(parent, context, fact);
  if (fact.text.empty()) {
    context.Note("no_code", parent.PathOf("code"), "states nothing that was observed");
    return;
  }
  if (!has_value && fact.status == FactStatus::kActive) {
    context.Note("no_value", parent.path(),
                 parent.Has("dataAbsentReason") ? "has no value, and says so" : "has no value");
    return;
  }
  record.facts.push_back(std::move(fact));
}

}  // namespace

void ReadObservation(const FhirNode& observation, const FhirContext& context, FeedRecord& record) {
  const std::string status =
      observation.Code("status", {"registered", "preliminary", "final", "amended", "corrected",
                                  "cancelled", "entered-in-error", "unknown"});
  if (!observation.Has("status")) observation.Missing("status");
  if (!observation.Has("code")) observation.Missing("code");
  Fact fact;
  fact.kind = FactKind::kMeasurement;
  fact.time = ReadTimeChoice(observation, "effective");
  if (fact.time.empty()) fact.time = observation.Time("effectiveInstant");
  if (fact.time.empty()) fact.time = observation.Time("issued");
  if (status == "entered-in-error" || status == "cancelled") fact.status = FactStatus::kWithdrawn;
  AddPart(fact.detail, "",
          status == "final" || fact.status == FactStatus::kWithdrawn ? "" : status);
  AddPart(fact.detail, "", ReadAnnotations(observation));
  const std::vector<FhirNode> components = observation.Objects("component");
  Fact probe;
  std::vector<FhirIssue> unseen;
  std::vector<Remark> unheard;
  const bool panel =
      !components.empty() && !ReadValue(FhirNode(observation.value(), observation.path(), unseen),
                                        {context.scope, context.entry, unheard}, probe);
  // A panel says what it says in its components: a blood pressure has no value of its own.
  if (!panel) AddMeasurement(observation, context, fact, record);
  fact.detail = CutUtf8(fact.detail, kContextTextBytesMax);  // it stands in each
  for (const FhirNode& component : components) AddMeasurement(component, context, fact, record);
}

}  // namespace consilium
