// RequestGroup: https://hl7.org/fhir/R4/requestgroup.html
#include <utility>

#include "gateway/fhir/result_writer.h"
#include "shared/shown_text.h"

namespace consilium {
void ResultWriter::Propose(const Medication& medication, std::size_t candidate, FhirJson& action) {
  FhirProposal proposal;
  proposal.medication = medication;
  proposal.id =
      Id("medication|" + std::to_string(candidate) + "|" + std::to_string(action["action"].size()));
  proposal.case_id = view_.id;
  proposal.alternative = candidate > 0;
  proposal.simulated = last_->simulated;
  const std::string name = FhirText(medication.ingredient);
  action["action"].push_back({{"title", name.empty() ? "(not named)" : name},
                              {"resource", ReferenceTo(UrnOf(proposal.id))}});
  proposed_.push_back({proposal.id, medication.ingredient, candidate});
  Add(MedicationProposal(proposal, subject_));
}

FhirJson ResultWriter::CandidateAction(std::size_t index) {
  const bool recommended = index == 0;
  const Candidate none;
  const Candidate& candidate = index < last_->candidates.size() ? last_->candidates[index] : none;
  const std::string names =
      index < last_->candidates.size() || !last_->ingredients.empty()
          ? (recommended && !last_->ingredients.empty() ? Joined(last_->ingredients, " + ")
                                                        : IngredientsText(candidate.ingredients))
          : "no medication";
  FhirJson action = {{"title", (recommended ? "Recommended: " : "Alternative, not recommended: ") +
                                   FhirText(names)}};
  if (recommended) SetText(action, "description", last_->rationale);
  std::string why;
  if (index < last_->candidates.size()) {
    why = "Support " + ShareText(candidate.support);
    if (candidate.probability) why += ", probability " + ShareText(*candidate.probability);
    if (candidate.grade) why += ", best grade " + ShareText(*candidate.grade);
  }
  if (recommended && last_->confidence) {
    why += (why.empty() ? "Confidence " : ", confidence ") + ShareText(*last_->confidence);
  }
  if (!candidate.models.empty())
    why += (why.empty() ? "By " : "; by ") + Joined(candidate.models, ", ");
  if (!candidate.known) why += "; a name that the medication table does not have";
  if (!why.empty()) {
    action["documentation"] =
        FhirJson::array({{{"type", "justification"}, {"display", FhirText(why)}}});
  }
  const bool empty = recommended ? last_->medications.empty() : candidate.ingredients.empty();
  if (empty) {
    action["resource"] = {{"display", "No medication"}};
    return action;
  }
  action["groupingBehavior"] = "logical-group";
  action["selectionBehavior"] = "all";
  action["action"] = FhirJson::array();
  if (recommended) {
    for (const Medication& medication : last_->medications) Propose(medication, index, action);
  } else {
    for (const std::string& ingredient : candidate.ingredients) {
      Medication medication;
      medication.ingredient = ingredient;
      Propose(medication, index, action);
    }
  }
  return action;
}

void ResultWriter::Group() {
  FhirJson group = LabelledResource("RequestGroup", group_id_);
  group["groupIdentifier"] = Identifier("case", view_.id);
  group["status"] = "draft";
  group["intent"] = "proposal";
  group["subject"] = PatientRef();
  if (!subject_.encounter.empty()) group["encounter"] = {{"reference", subject_.encounter}};
  if (last_->decided_ms > 0) group["authoredOn"] = FhirInstant(last_->decided_ms);
  if (last_->simulated) {
    group["note"] = FhirJson::array(
        {{{"text",
           "SIMULATED: at least one model of this council was simulated or replayed. Not "
           "for the care of a patient."}}});
  }
  FhirJson actions = FhirJson::array();
  const std::size_t place = entries_.size();
  const std::size_t count = last_->candidates.empty() ? 1 : last_->candidates.size();
  for (std::size_t i = 0; i < count; ++i) actions.push_back(CandidateAction(i));
  group["action"] = FhirJson::array(
      {{{"title", last_->simulated ? "SIMULATED: one of these, or none" : "One of these, or none"},
        {"groupingBehavior", "visual-group"},
        {"selectionBehavior", "at-most-one"},
        {"action", std::move(actions)}}});
  // Before the medications it speaks of.
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(place),
                  FhirJson{{"fullUrl", UrnOf(group_id_)}, {"resource", std::move(group)}});
}

}  // namespace consilium
