// The CDS services that a client can discover, and what they ask to be fetched beforehand.
//
// One service under three hooks with the same id: where a later hook is answered, the client drops
// the cards of the earlier one (CDS Hooks 2.0, "Update stale guidance").
//
// A case needs the patient and something to ask about: a condition, or the reason of the encounter.
// Without allergies, medications and measurements it is made, and the card says what was not known.
// Medications about to be ordered are part of the question. Notes are not asked for: in a chart
// they are often a scan or an address, and no case is made without a note that came with it
// (record.h, Unread).
//
// Source: CDS Hooks 2.0, "Discovery", "Prefetch Template" and its query restrictions.
// Threads: constants, functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace consilium {

inline constexpr std::string_view kHookServiceId = "medication-council";

struct PrefetchTemplate {
  std::string_view key;
  std::string_view query;  // with {{context.patientId}} and {{context.encounterId}}
  std::string_view type;   // of the resources that it brings
  // Only the latest few are asked for (_count): a further page is not missed.
  bool latest = false;
};
const std::vector<PrefetchTemplate>& PrefetchTemplates();
inline constexpr std::string_view kPrefetchPatient = "patient";
inline constexpr std::string_view kPrefetchConditions = "conditions";
inline constexpr std::string_view kPrefetchEncounter = "encounter";

struct HookService {
  std::string_view id;
  std::string_view hook;
  std::string_view title;
  std::string_view description;
};
const std::vector<HookService>& HookServices();
// Null for an id that no service has.
const HookService* FindHookService(std::string_view id, std::string_view hook);
bool IsHookService(std::string_view id);
// "patient-view, order-select, order-sign"
std::string HooksOf(std::string_view id);

// The body of GET {base}/cds-services.
std::string DiscoveryJson();

// The template with the ids in place of its tokens; "" when it needs an id that is "". Ids must be
// FHIR ids: they are put in as they are.
std::string PrefetchQuery(const PrefetchTemplate& prefetch, std::string_view patient,
                          std::string_view encounter);

}  // namespace consilium
