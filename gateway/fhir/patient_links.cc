#include "gateway/fhir/patient_links.h"

#include <algorithm>
#include <set>

namespace consilium {

PatientLinks ReadPatientLinks(const FhirNode& patient, const FhirEntry& entry,
                              const FhirScope& scope) {
  PatientLinks links;
  std::set<const FhirEntry*> ended;
  for (const FhirNode& link : patient.Objects("link")) {
    const std::string type = link.Code("type", {"replaced-by", "replaces", "refer", "seealso"});
    if (!link.Has("type")) link.Missing("type");
    FhirReference other = ReadReference(link.Object("other"));
    if (other.type.empty()) other.type = "Patient";
    const FhirEntry* found = scope.Find(other, entry).entry;
    if (found != nullptr && (found->type != "Patient" || found == &entry)) found = nullptr;
    if (type == "replaced-by") {
      links.replaced = true;
      links.by = found;
    } else if (type == "replaces" && found != nullptr) {
      if (ended.insert(found).second) links.ended.push_back(found);
    } else if (type == "replaces" && !other.value.empty()) {
      links.ended_ids.push_back({other.system, other.value, ""});
    }
  }
  return links;
}

bool EndIds(const std::vector<PatientId>& ids, FeedRecord& record) {
  for (const PatientId& id : ids) {
    const auto same = [&](const PatientId& other) {
      return other.authority == id.authority && other.value == id.value;
    };
    if (std::any_of(record.patient.ids.begin(), record.patient.ids.end(), same)) continue;
    if (std::any_of(record.merged.begin(), record.merged.end(), same)) continue;
    if (record.merged.size() >= kEndedIdsMax) return false;
    record.merged.push_back(id);
  }
  return true;
}

}  // namespace consilium
