// CapabilityStatement of the FHIR door: what it reads, what it can be asked.
// Source: FHIR R4, capabilitystatement.html. Threads: functions without state.
#pragma once

#include <string>
#include <vector>

namespace consilium {

struct CapabilitySettings {
  std::string base;         // "https://host/fhir"; "" = not stated
  std::string version;      // of the program
  std::string date;         // of this statement, a FHIR dateTime: when the program started
  bool transaction = true;  // POST [base] takes transactions and batches
  bool process_message = true;
  bool result = true;  // GET [base]/GuidanceResponse/<id> gives results
  bool keys = true;    // callers need a key (Authorization: Bearer)
  bool cors = false;
};

// JSON of the CapabilityStatement.
std::string WriteCapability(const CapabilitySettings& settings);

}  // namespace consilium
