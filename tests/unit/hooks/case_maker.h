// A case as the council leaves it, for tests of cards and feedback.
#pragma once

#include "shared/messages.h"

namespace consilium {

inline Medication MakeMedication(const std::string& ingredient, const std::string& dose = "",
                                 const std::string& unit = "") {
  Medication medication;
  medication.ingredient = ingredient;
  medication.dose = dose;
  medication.unit = unit;
  return medication;
}

inline TaskView MakeAnswer(const std::string& model, std::vector<Medication> medications) {
  TaskView task;
  task.task = {"case-1", Stage::kGenerate, 1, model};
  task.state = "done";
  task.outcome = Outcome{};
  task.outcome->status = OutcomeStatus::kOk;
  task.outcome->prompt_version = "generate-7";
  task.outcome->answer = Answer{};
  task.outcome->answer->medications = std::move(medications);
  return task;
}

inline ModelResult MakeResult(const std::string& model, std::vector<std::string> ingredients,
                              double grade) {
  ModelResult result;
  result.model = model;
  result.stage_status = "ok";
  result.ingredients = std::move(ingredients);
  result.grade = grade;
  return result;
}

// Two of three models say amoxicillin, one says ibuprofen; one more was not heard.
inline CaseView MakeDecidedCase() {
  CaseView view;
  view.id = "case-1";
  view.state = CaseState::kDegraded;
  view.vignette.text = "A child with a painful ear.";
  view.vignette.patient.age = 4;
  view.vignette.patient.sex = "female";
  view.vignette.patient.medications = {"paracetamol"};
  Medication first = MakeMedication("amoxicillin", "500", "mg");
  first.route = "oral";
  first.frequency = "every 8 hours";
  first.duration = "7 days";
  first.indication = "otitis media";
  view.tasks = {MakeAnswer("alpha", {first}), MakeAnswer("beta", {MakeMedication("amoxicillin")}),
                MakeAnswer("gamma", {MakeMedication("ibuprofen", "200", "mg")})};
  Recommendation rec;
  rec.case_id = view.id;
  rec.revision = 2;
  rec.status = CaseState::kDegraded;
  rec.reason = "decided without: delta (timed_out)";
  rec.medications = {first};
  rec.ingredients = {"amoxicillin"};
  rec.support = 0.8;
  rec.confidence_note = "not calibrated: too few known outcomes";
  rec.rationale = "First choice.";
  rec.cautions = "Rash.";
  Candidate leading;
  leading.ingredients = {"amoxicillin"};
  leading.support = 0.8;
  leading.grade = 0.9;
  leading.models = {"alpha", "beta"};
  Candidate other = leading;
  other.ingredients = {"ibuprofen"};
  other.support = 0.1;
  other.grade = 0.3;
  other.models = {"gamma"};
  rec.candidates = {leading, other};
  rec.agreement = {{"dose", 0.5, {"500 mg", "250 mg"}}};
  rec.dissent = {"gamma recommends ibuprofen instead"};
  SafetyFlag flag;
  flag.code = "unknown_allergy";
  flag.severity = "info";
  flag.text = "no allergies are stated";
  flag.rule = "allergies";
  rec.safety = {flag};
  rec.missing = {{"delta", "generate", "timed_out", "no reply in 30 s"}};
  rec.models = {MakeResult("alpha", {"amoxicillin"}, 0.9), MakeResult("beta", {"amoxicillin"}, 0.7),
                MakeResult("gamma", {"ibuprofen"}, 0.3)};
  rec.medication_table = "0123456789abcdef0123";
  rec.decided_ms = 1'800'000'000'000;
  view.recommendations = {rec};
  return view;
}

}  // namespace consilium
