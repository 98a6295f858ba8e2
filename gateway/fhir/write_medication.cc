// MedicationRequest as a proposal: https://hl7.org/fhir/R4/medicationrequest.html
#include <charconv>
#include <optional>

#include "gateway/fhir/write_parts.h"
#include "shared/text.h"

namespace consilium {
namespace {

// A plain positive decimal and nothing else: "500", "2.5".
std::optional<double> Decimal(std::string_view text) {
  text = Trimmed(text);
  if (text.empty() || text.find_first_not_of("0123456789.") != text.npos) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

FhirJson Quantity(double value, const std::string& unit) {
  FhirJson quantity = FhirJson::object();
  const auto whole = static_cast<std::int64_t>(value < 1e15 ? value : 0);
  if (static_cast<double>(whole) == value) {
    quantity["value"] = whole;
  } else {
    quantity["value"] = value;
  }
  SetText(quantity, "unit", unit);
  return quantity;
}

// doseAndRate where the dose is a number or a range of two; null otherwise: the text has it.
FhirJson Dose(const Medication& medication) {
  if (const auto value = Decimal(medication.dose)) {
    return {{"doseQuantity", Quantity(*value, medication.unit)}};
  }
  const std::size_t dash = medication.dose.find('-');
  if (dash == std::string::npos) return nullptr;
  const auto low = Decimal(std::string_view(medication.dose).substr(0, dash));
  const auto high = Decimal(std::string_view(medication.dose).substr(dash + 1));
  if (!low || !high || *low > *high) return nullptr;
  return {{"doseRange",
           {{"low", Quantity(*low, medication.unit)}, {"high", Quantity(*high, medication.unit)}}}};
}

FhirJson Dosage(const Medication& medication) {
  std::string text = FhirText(medication.dose);
  const std::string unit = FhirText(medication.unit);
  if (!unit.empty()) text += (text.empty() ? "" : " ") + unit;
  const auto add = [&](const char* label, const std::string& part) {
    const std::string clean = FhirText(part);
    if (!clean.empty()) text += (text.empty() ? "" : ", ") + (label + clean);
  };
  add("", medication.route);
  add("", medication.frequency);
  add("for ", medication.duration);
  if (text.empty()) return nullptr;
  FhirJson dosage = {{"text", text}};
  const std::string frequency = FhirText(medication.frequency);
  if (!frequency.empty()) dosage["timing"] = {{"code", {{"text", frequency}}}};
  const std::string route = FhirText(medication.route);
  if (!route.empty()) dosage["route"] = {{"text", route}};
  FhirJson dose = Dose(medication);
  if (!dose.is_null()) dosage["doseAndRate"] = FhirJson::array({std::move(dose)});
  return dosage;
}

}  // namespace

FhirJson MedicationProposal(const FhirProposal& proposal, const FhirSubject& subject) {
  const Medication& medication = proposal.medication;
  FhirJson request = LabelledResource("MedicationRequest", proposal.id);
  request["status"] = "draft";
  request["intent"] = "proposal";
  const std::string name = FhirText(medication.ingredient);
  request["medicationCodeableConcept"] = {{"text", name.empty() ? "(not named)" : name}};
  request["subject"] = PatientReference(subject, proposal.case_id);
  if (!subject.encounter.empty()) request["encounter"] = {{"reference", subject.encounter}};
  const std::string indication = FhirText(medication.indication);
  if (!indication.empty()) {
    request["reasonCode"] = FhirJson::array({ConceptOfText(indication)});
  }
  FhirJson notes = FhirJson::array();
  if (proposal.simulated) {
    notes.push_back({{"text",
                      "SIMULATED: at least one model of this council was simulated or "
                      "replayed. Not for the care of a patient."}});
  }
  if (proposal.alternative) {
    notes.push_back({{"text",
                      "Alternative: the council did not recommend this. It has no dose, and "
                      "the safety checks of the result are not about it."}});
  }
  notes.push_back({{"text",
                    "Proposed by a council of language models. A clinician decides, and "
                    "orders."}});
  request["note"] = std::move(notes);
  FhirJson dosage = Dosage(medication);
  if (!dosage.is_null()) request["dosageInstruction"] = FhirJson::array({std::move(dosage)});
  return request;
}

}  // namespace consilium
