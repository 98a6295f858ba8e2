// Calls of the service as clients make them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace consilium {

inline nlohmann::json MakeResource(const std::string& type, const std::string& id,
                                   nlohmann::json more) {
  more["resourceType"] = type;
  more["id"] = id;
  return more;
}

inline nlohmann::json MakeSearchset(const std::vector<nlohmann::json>& resources) {
  nlohmann::json bundle = {{"resourceType", "Bundle"}, {"type", "searchset"}};
  if (!resources.empty()) bundle["entry"] = nlohmann::json::array();
  for (const nlohmann::json& one : resources) {
    bundle["entry"].push_back(
        {{"fullUrl", "https://fhir.example.org/r4/" + one["resourceType"].get<std::string>() + "/" +
                         one["id"].get<std::string>()},
         {"resource", one}});
  }
  return bundle;
}

inline nlohmann::json MakePatient(const std::string& id = "123") {
  return MakeResource("Patient", id,
                      {{"gender", "female"},
                       {"birthDate", "1974-12-25"},
                       {"name", {{{"family", "Zimmermann"}, {"given", {"Ottilie"}}}}},
                       {"identifier", {{{"system", "urn:mrn"}, {"value", "MRN-88123"}}}}});
}

inline nlohmann::json MakeCondition(const std::string& id = "c1",
                                    const std::string& patient = "Patient/123") {
  return MakeResource("Condition", id,
                      {{"subject", {{"reference", patient}}},
                       {"code", {{"text", "Community acquired pneumonia"}}},
                       {"clinicalStatus",
                        {{"coding",
                          {{{"system", "http://terminology.hl7.org/CodeSystem/condition-clinical"},
                            {"code", "active"}}}}}}});
}

inline nlohmann::json MakeDraft(const std::string& id, const std::string& medication,
                                const std::string& patient = "Patient/123") {
  return MakeResource("MedicationRequest", id,
                      {{"status", "draft"},
                       {"intent", "order"},
                       {"medicationCodeableConcept", {{"text", medication}}},
                       {"subject", {{"reference", patient}}}});
}

// A Bundle of draft orders has no type in the examples of the hooks.
inline nlohmann::json MakeDrafts(const std::vector<nlohmann::json>& orders) {
  nlohmann::json bundle = {{"resourceType", "Bundle"}, {"entry", nlohmann::json::array()}};
  for (const nlohmann::json& one : orders) bundle["entry"].push_back({{"resource", one}});
  return bundle;
}

inline nlohmann::json MakeHookBody(const std::string& hook = "patient-view") {
  nlohmann::json body = {
      {"hookInstance", "D1577C69-dfbe-44ad-ba6d-3e05e953b2ea"},
      {"hook", hook},
      {"fhirServer", "https://fhir.example.org/r4/"},
      {"fhirAuthorization",
       {{"access_token", "TopSecretToken.abc-_~"},
        {"token_type", "Bearer"},
        {"expires_in", 300},
        {"scope", "user/Patient.read user/Observation.read"},
        {"subject", "cds-service4"}}},
      {"context",
       {{"userId", "Practitioner/example"}, {"patientId", "123"}, {"encounterId", "89284"}}},
      {"prefetch", {{"patient", MakePatient()}, {"conditions", MakeSearchset({MakeCondition()})}}}};
  if (hook != "patient-view") {
    body["context"]["draftOrders"] = MakeDrafts({MakeDraft("o1", "Amoxicillin 500 MG")});
  }
  if (hook == "order-select") body["context"]["selections"] = {"MedicationRequest/o1"};
  return body;
}

}  // namespace consilium
