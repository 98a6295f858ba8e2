#include "gateway/hooks/draft_reader.h"

#include <algorithm>
#include <utility>

#include "gateway/fhir/resource_reader.h"
#include "gateway/hooks/card_escape.h"
#include "gateway/hooks/request.h"

namespace consilium {
namespace {

constexpr std::string_view kWhere = "context.draftOrders";
constexpr std::size_t kTextMax = 300;

void AddRemark(std::vector<Remark>& remarks, const char* code, std::string where,
               std::string text) {
  if (remarks.size() < kFhirRemarksMax) {
    remarks.push_back({code, std::move(where), std::move(text)});
  }
}

bool IsCancelled(const std::string& status) {
  return status == "entered-in-error" || status == "cancelled" || status == "stopped" ||
         status == "completed";
}

// Whether `request` is about this patient; a remark when it is not.
bool IsAbout(const FhirNode& request, std::string_view patient, std::string_view base,
             std::vector<Remark>& remarks) {
  const FhirReference subject = ReadReference(request.Object("subject"));
  if (subject.type != "Patient" || subject.id.empty()) {
    AddRemark(remarks, "subject_missing", request.PathOf("subject"),
              "names no patient: the order is left out, and nobody is guessed");
    return false;
  }
  if (subject.id == patient && (subject.base.empty() || base.empty() || subject.base == base)) {
    return true;
  }
  AddRemark(remarks, "other_patient", request.PathOf("subject"),
            "is another patient than that of the context: the order is left out");
  return false;
}

bool IsSelected(const std::vector<std::string>* selections, const std::string& id) {
  if (selections == nullptr) return true;
  return !id.empty() &&
         std::any_of(selections->begin(), selections->end(), [&id](const std::string& one) {
           return one == id || one == "MedicationRequest/" + id;
         });
}

std::string Dosages(const FhirNode& request) {
  std::string all;
  for (const FhirNode& dosage : request.Objects("dosageInstruction")) {
    AddPart(all, "", ReadDosage(dosage));
  }
  return CleanLine(all, kTextMax);
}

}  // namespace

std::vector<DraftOrder> ReadDraftOrders(const FhirValue& bundle,
                                        const std::vector<std::string>* selections,
                                        std::string_view patient, std::string_view base,
                                        std::vector<Remark>& remarks) {
  std::vector<DraftOrder> drafts;
  const FhirValue* const entries = bundle.Find("entry");
  if (entries == nullptr || entries->kind != FhirValue::Kind::kArray) return drafts;
  FhirIndex index;  // medications may be resources of their own beside the orders
  for (std::size_t i = 0; i < entries->items.size(); ++i) {
    const FhirValue* const resource = entries->items[i].Find("resource");
    if (resource == nullptr || resource->kind != FhirValue::Kind::kObject) continue;
    index.Add(MakeEntry(*resource, entries->items[i].TextOf("fullUrl"),
                        std::string(kWhere) + ".entry[" + std::to_string(i) + "].resource"));
  }
  index.IndexIdentifiers();
  for (const FhirEntry& entry : index.entries()) {
    if (entry.type != "MedicationRequest") continue;
    // What a draft lacks for R4 does not matter: it is no fact, only what is asked about.
    std::vector<FhirIssue> issues;
    const FhirNode request(entry.resource, entry.path, issues);
    if (!CheckModifiers(request)) {
      AddRemark(remarks, "draft_unreadable", entry.path, "has modifiers that are not known here");
      continue;
    }
    if (!IsAbout(request, patient, base, remarks)) continue;
    if (IsCancelled(request.Text("status")) || request.Flag("doNotPerform").value_or(false)) {
      continue;
    }
    if (drafts.size() == kDraftOrdersMax) {
      AddRemark(
          remarks, "draft_unreadable", std::string(kWhere),
          "more than " + std::to_string(kDraftOrdersMax) + " medications: the rest is left out");
      break;
    }
    const FhirContext context{index, entry, remarks};
    const FhirConcept named = ReadMedicationChoice(request, context);
    DraftOrder draft;
    draft.text = CleanLine(named.text, kTextMax);
    if (draft.text.empty()) {
      AddRemark(remarks, "draft_unreadable", entry.path, "names no medication: left out");
      continue;
    }
    if (!entry.id.empty()) draft.reference = "MedicationRequest/" + entry.id;
    draft.code = named.code;
    draft.system = named.system;
    draft.dosage = Dosages(request);
    draft.selected = IsSelected(selections, entry.id);
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

}  // namespace consilium
