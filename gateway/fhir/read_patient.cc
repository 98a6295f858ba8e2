// Patient: https://hl7.org/fhir/R4/patient.html
#include "gateway/fhir/resource_reader.h"

namespace consilium {
namespace {

std::string TypeOf(const FhirNode& identifier) {
  return ReadConcept(identifier.Object("type"), "http://terminology.hl7.org/CodeSystem/v2-0203")
      .code;
}

// How well a name stands for the person: official, usual, any that is not given up.
int RankOf(const std::string& use) {
  if (use == "official") return 4;
  if (use == "usual") return 3;
  if (use.empty()) return 2;
  return use == "old" || use == "maiden" ? 0 : 1;
}

// Each is compared with each when patients are merged.
constexpr std::size_t kPatientIdsMax = 256;

std::size_t CountOf(const FhirNode& parent, const char* name) {
  const FhirValue* const member = parent.value()->Find(name);
  return member == nullptr ? 0 : member->items.size();
}

}  // namespace

Demographics ReadPatient(const FhirNode& patient) {
  Demographics result;
  if (CountOf(patient, "identifier") > kPatientIdsMax) {
    patient.Refuse("too-costly", "identifier",
                   "expected at most " + std::to_string(kPatientIdsMax) + " identifiers");
    return result;
  }
  for (const FhirNode& identifier : patient.Objects("identifier")) {
    const std::string use =
        identifier.Code("use", {"usual", "official", "temp", "secondary", "old"});
    PatientId id{identifier.Text("system"), identifier.Text("value"), TypeOf(identifier)};
    if (!id.value.empty() && use != "old") result.ids.push_back(std::move(id));
  }
  int best = -1;
  for (const FhirNode& name : patient.Objects("name")) {
    const int rank = RankOf(
        name.Code("use", {"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"}));
    if (rank <= best) continue;
    best = rank;
    result.family = name.Text("family");
    result.given.clear();
    for (const std::string& given : name.Texts("given")) {
      result.given += (result.given.empty() ? "" : " ") + given;
    }
  }
  result.sex = patient.Code("gender", {"male", "female", "other", "unknown"});
  if (const std::optional<bool> deceased = patient.Flag("deceasedBoolean")) {
    result.deceased = *deceased ? "yes" : "no";
  }
  if (!patient.Time("deceasedDateTime").empty()) result.deceased = "yes";
  result.birth_date = patient.Time("birthDate");
  if (result.birth_date.size() > 10) {
    patient.Refuse("value", "birthDate", "expected a date without a time of day");
    result.birth_date.clear();
  }
  return result;
}

}  // namespace consilium
