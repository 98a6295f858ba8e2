#include "gateway/fhir/write_result.h"

#include <algorithm>
#include <utility>

#include "gateway/fhir/result_writer.h"

namespace consilium {
namespace {

const char* GuidanceStatus(CaseState state) {
  switch (state) {
    case CaseState::kAccepted:
    case CaseState::kGenerating:
    case CaseState::kReviewing:
      return "in-progress";
    case CaseState::kComplete:
    case CaseState::kDegraded:
      return "success";
    case CaseState::kInsufficient:
      return "data-required";
    case CaseState::kCancelled:
      return "entered-in-error";
    case CaseState::kFailed:
      break;
  }
  return "failure";
}

bool SameName(const std::string& a, const std::string& b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c + 0; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

ResultWriter::ResultWriter(const CaseView& view, const FhirSubject& subject,
                           const FhirOutput& output)
    : view_(view), subject_(subject), output_(output), state_(view.state) {
  if (!view.recommendations.empty()) {
    last_ = &view.recommendations.back();
    revision_ = last_->revision;
    state_ = last_->status;  // also while it is being decided again
  }
  if (view.state == CaseState::kCancelled) state_ = CaseState::kCancelled;
  // What can be got by the case's id has it, as long as FHIR allows that.
  const bool place = IsFhirId(view.id);
  const std::string guidance_uuid = DerivedId(view.id, 0, "guidance");
  guidance_id_ = place ? view.id : guidance_uuid;
  guidance_url_ = place && !output.base.empty() ? output.base + "/GuidanceResponse/" + view.id
                                                : UrnOf(guidance_uuid);
  group_id_ = Id("group");
}

std::string ResultWriter::Id(const std::string& what) const {
  return DerivedId(view_.id, revision_, what);
}

bool ResultWriter::Recommends() const {
  return last_ != nullptr && (state_ == CaseState::kComplete || state_ == CaseState::kDegraded) &&
         (last_->no_medication || !last_->medications.empty());
}

void ResultWriter::Add(FhirJson resource) {
  const std::string url = UrnOf(resource["id"]);
  entries_.push_back({{"fullUrl", url}, {"resource", std::move(resource)}});
}

FhirJson ResultWriter::Identifier(const char* what, const std::string& value) const {
  return {{"system", output_.module + "/" + what}, {"value", FhirText(value)}};
}

FhirJson ResultWriter::Message() const {
  const char* severity = "information";
  const char* code = "informational";
  std::string text = last_ != nullptr ? FhirText(last_->reason) : "";
  switch (state_) {
    case CaseState::kComplete:
      return nullptr;
    case CaseState::kDegraded:
      severity = "warning";
      code = "incomplete";
      break;
    case CaseState::kInsufficient:
      severity = "warning";
      code = "business-rule";
      if (text.empty()) text = "The council abstains.";
      break;
    case CaseState::kFailed:
      severity = "error";
      code = "processing";
      if (text.empty()) text = "No model gave an answer that can be used.";
      break;
    case CaseState::kCancelled:
      text =
          "Withdrawn: what this was made of was retracted, replaced or cancelled. Do not use it.";
      break;
    case CaseState::kAccepted:
    case CaseState::kGenerating:
    case CaseState::kReviewing:
      text = "The council is at work.";
      break;
  }
  if (text.empty()) text = kCaseStateNames[static_cast<std::size_t>(state_)];
  return {{"resourceType", "OperationOutcome"},
          {"id", "outcome"},
          {"issue", {{{"severity", severity}, {"code", code}, {"diagnostics", text}}}}};
}

FhirJson ResultWriter::GuidanceNotes() const {
  FhirJson notes = FhirJson::array();
  const auto add = [&](const std::string& label, const std::string& text) {
    const std::string clean = FhirText(text);
    if (!clean.empty()) notes.push_back({{"text", label + clean}});
  };
  if (last_ == nullptr || state_ == CaseState::kCancelled || !IsFinal(state_)) return notes;
  if (last_->simulated) {
    add("",
        "SIMULATED: at least one model of this council was simulated or replayed. Not for the "
        "care of a patient.");
  }
  add("Confidence: ", last_->confidence_note);
  if (Recommends()) add("Cautions, as the model wrote them: ", last_->cautions);
  for (const std::string& sentence : last_->dissent) add("Dissent: ", sentence);
  for (const Absence& absence : last_->missing) {
    add("Missing: ", absence.model + " (" + absence.stage +
                         "): " + (absence.text.empty() ? absence.why : absence.text));
  }
  return notes;
}

void ResultWriter::Guidance() {
  FhirJson guidance = LabelledResource("GuidanceResponse", guidance_id_);
  guidance["meta"]["versionId"] = std::to_string(revision_);
  FhirJson message = Message();
  if (!message.is_null()) guidance["contained"] = FhirJson::array({std::move(message)});
  guidance["requestIdentifier"] = Identifier("case", view_.id);
  guidance["identifier"] =
      FhirJson::array({Identifier("recommendation", view_.id + "/" + std::to_string(revision_))});
  guidance["moduleUri"] = output_.module;
  guidance["status"] = GuidanceStatus(state_);
  guidance["subject"] = PatientRef();
  if (!subject_.encounter.empty()) guidance["encounter"] = {{"reference", subject_.encounter}};
  const std::int64_t when = last_ != nullptr ? last_->decided_ms : view_.accepted_ms;
  if (when > 0) guidance["occurrenceDateTime"] = FhirInstant(when);
  FhirJson notes = GuidanceNotes();
  if (!notes.empty()) guidance["note"] = std::move(notes);
  if (guidance.contains("contained")) {
    guidance["evaluationMessage"] = FhirJson::array({{{"reference", "#outcome"}}});
  }
  if (Recommends()) {
    guidance["result"] = ReferenceTo(UrnOf(group_id_));
    guidance["result"]["display"] = "In the Bundle of this case";
  }
  entries_.push_back({{"fullUrl", guidance_url_}, {"resource", std::move(guidance)}});
}

void ResultWriter::DetectedIssues() {
  struct Code {
    const char* flag;
    const char* code;
  };
  // Source: CodeSystem v3-ActCode. A renal rule is about a state of the patient; what is not here
  // has no code there and stays text.
  constexpr Code kCodes[] = {{"allergy", "ALGY"},    {"cross_reaction", "RREACT"},
                             {"interaction", "DRG"}, {"qt", "DRG"},
                             {"pregnancy", "PREG"},  {"renal", "COND"},
                             {"age", "AGE"}};
  for (std::size_t i = 0; i < last_->safety.size(); ++i) {
    const SafetyFlag& flag = last_->safety[i];
    const char* code = nullptr;
    for (const Code& one : kCodes) {
      if (flag.code == one.flag) code = one.code;
    }
    if (flag.code == "duplicate") {
      code = flag.rule == "same_ingredient" ? "DUPTHPGEN" : "DUPTHPCLS";
    }
    FhirJson issue = LabelledResource("DetectedIssue", Id("issue|" + std::to_string(i)));
    issue["status"] = "final";
    issue["code"] = code == nullptr ? ConceptOfText(flag.code)
                                    : ConceptOf("http://terminology.hl7.org/CodeSystem/v3-ActCode",
                                                code, flag.code);
    issue["severity"] = flag.severity == "contraindicated" || flag.severity == "high" ? "high"
                        : flag.severity == "caution"                                  ? "moderate"
                                                                                      : "low";
    issue["patient"] = PatientRef();
    if (last_->decided_ms > 0) issue["identifiedDateTime"] = FhirInstant(last_->decided_ms);
    FhirJson implicated = FhirJson::array();
    for (const std::string& ingredient : flag.ingredients) {
      FhirJson reference = {{"display", FhirText(ingredient)}};
      for (const Proposed& one : proposed_) {
        if (one.candidate == 0 && SameName(one.name, ingredient)) {
          reference.update(ReferenceTo(UrnOf(one.id)));
        }
      }
      if (reference["display"] != "") implicated.push_back(std::move(reference));
    }
    if (!implicated.empty()) issue["implicated"] = std::move(implicated);
    SetText(issue, "detail",
            flag.severity + ": " + flag.text + (flag.rule.empty() ? "" : " [" + flag.rule + "]"));
    Add(std::move(issue));
  }
}

FhirJson ResultWriter::Bundle() {
  Guidance();
  if (Recommends()) Group();
  if (last_ != nullptr && IsFinal(state_) && state_ != CaseState::kCancelled) {
    DetectedIssues();
    Provenances();
  }
  FhirJson bundle = LabelledResource("Bundle", IsFhirId(view_.id) ? view_.id : Id("bundle"));
  bundle["identifier"] = Identifier(
      "result", view_.id + "/" + std::to_string(revision_) + "/" + GuidanceStatus(state_));
  bundle["type"] = "collection";
  const std::int64_t when = last_ != nullptr ? last_->decided_ms : view_.accepted_ms;
  if (when > 0) bundle["timestamp"] = FhirInstant(when);
  bundle["entry"] = std::move(entries_);
  return bundle;
}

std::string WriteResult(const CaseView& view, const FhirSubject& subject,
                        const FhirOutput& output) {
  return ResultWriter(view, subject, output)
      .Bundle()
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace consilium
