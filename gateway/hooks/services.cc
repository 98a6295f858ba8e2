#include "gateway/hooks/services.h"

#include <algorithm>

#include "gateway/hooks/json_text.h"

namespace consilium {
namespace {

constexpr std::string_view kPatientToken = "{{context.patientId}}";
constexpr std::string_view kEncounterToken = "{{context.encounterId}}";

bool Replace(std::string& text, std::string_view token, std::string_view value) {
  for (std::size_t at = text.find(token); at != text.npos; at = text.find(token, at)) {
    if (value.empty()) return false;
    text.replace(at, token.size(), value);
    at += value.size();
  }
  return true;
}

}  // namespace

// LOINC: eGFR 33914-3, 48642-3, 48643-1, 62238-1, 69405-9, 77147-7, 88293-6, 88294-4, 98979-8;
// creatinine 2160-0 (mg/dL), 14682-9 (umol/L); body weight 29463-7, 3141-9; pregnancy status
// 82810-3, 11449-6.
const std::vector<PrefetchTemplate>& PrefetchTemplates() {
  static const std::vector<PrefetchTemplate> templates = {
      {kPrefetchPatient, "Patient/{{context.patientId}}", "Patient", false},
      {kPrefetchConditions, "Condition?patient={{context.patientId}}", "Condition", false},
      {"allergies", "AllergyIntolerance?patient={{context.patientId}}", "AllergyIntolerance",
       false},
      {"medicationRequests", "MedicationRequest?patient={{context.patientId}}&status=active",
       "MedicationRequest", false},
      {"medicationStatements", "MedicationStatement?patient={{context.patientId}}&status=active",
       "MedicationStatement", false},
      {"renal",
       "Observation?patient={{context.patientId}}&code=33914-3,48642-3,48643-1,62238-1,69405-9,"
       "77147-7,88293-6,88294-4,98979-8,2160-0,14682-9&_sort=-date&_count=10",
       "Observation", true},
      {"weight",
       "Observation?patient={{context.patientId}}&code=29463-7,3141-9&_sort=-date&_count=1",
       "Observation", true},
      {"pregnancy",
       "Observation?patient={{context.patientId}}&code=82810-3,11449-6&_sort=-date&_count=1",
       "Observation", true},
      {kPrefetchEncounter, "Encounter/{{context.encounterId}}", "Encounter", false},
  };
  return templates;
}

const std::vector<HookService>& HookServices() {
  static const std::vector<HookService> services = {
      {kHookServiceId, "patient-view", "Medication council",
       "Asks a council of language models which medication fits the patient whose record is "
       "opened, and shows what they agree on, where they differ and what speaks against it. "
       "AI-generated, for review by a clinician; not for emergencies."},
      {kHookServiceId, "order-select", "Medication council",
       "Puts the medications that are being selected before a council of language models and shows "
       "what it would give and what speaks against it. AI-generated, for review by a clinician; "
       "not "
       "for emergencies."},
      {kHookServiceId, "order-sign", "Medication council",
       "Puts the medications that are about to be signed before a council of language models and "
       "shows what it would give and what speaks against it. AI-generated, for review by a "
       "clinician; not for emergencies."},
  };
  return services;
}

const HookService* FindHookService(std::string_view id, std::string_view hook) {
  const auto& services = HookServices();
  const auto found = std::find_if(
      services.begin(), services.end(),
      [&](const HookService& service) { return service.id == id && service.hook == hook; });
  return found == services.end() ? nullptr : &*found;
}

bool IsHookService(std::string_view id) {
  const auto& services = HookServices();
  return std::any_of(services.begin(), services.end(),
                     [id](const HookService& service) { return service.id == id; });
}

std::string HooksOf(std::string_view id) {
  std::string hooks;
  for (const HookService& service : HookServices()) {
    if (service.id != id) continue;
    hooks += hooks.empty() ? "" : ", ";
    hooks += service.hook;
  }
  return hooks;
}

std::string DiscoveryJson() {
  using nlohmann::ordered_json;
  ordered_json prefetch = ordered_json::object();
  for (const PrefetchTemplate& one : PrefetchTemplates()) {
    prefetch[std::string(one.key)] = std::string(one.query);
  }
  ordered_json list = ordered_json::array();
  for (const HookService& service : HookServices()) {
    list.push_back(
        {{"hook", std::string(service.hook)},
         {"title", std::string(service.title)},
         {"description", std::string(service.description)},
         {"id", std::string(service.id)},
         {"prefetch", prefetch},
         {"usageRequirements",
          "FHIR R4. Needs the patient, and conditions or an encounter with a reason, by prefetch "
          "or from the FHIR server. An answer may take longer than the call: a card then "
          "links to the page where it appears."}});
  }
  return JsonBytes(ordered_json{{"services", list}});
}

std::string PrefetchQuery(const PrefetchTemplate& prefetch, std::string_view patient,
                          std::string_view encounter) {
  std::string query(prefetch.query);
  if (!Replace(query, kPatientToken, patient) || !Replace(query, kEncounterToken, encounter)) {
    return "";
  }
  return query;
}

}  // namespace consilium
