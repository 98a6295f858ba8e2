// Holds JSON against the tables of CDS Hooks 2.0 (required, optional, types, "SHALL NOT be null or
// empty") and of the FHIR R4 profile of MedicationRequest. Shares nothing with the writers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace consilium {

// One line a problem: "cards[0].summary: 150 characters".
std::vector<std::string> CheckDiscovery(const nlohmann::json& body);
std::vector<std::string> CheckCards(const nlohmann::json& body);

}  // namespace consilium
