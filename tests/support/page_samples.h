// Cases with everything that the page of one shows. Made up; nobody's. Header-only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/fhir_samples.h"

namespace consilium {

inline TaskView SampleTask(Stage stage, const std::string& model, const std::string& state) {
  TaskView task;
  task.task = {"feed-0001", stage, 1, model};
  task.state = state;
  return task;
}

inline TaskView SampleAnswerTask(const std::string& model, std::vector<Medication> medications) {
  TaskView task = SampleTask(Stage::kGenerate, model, "done");
  Outcome outcome;
  outcome.status = OutcomeStatus::kOk;
  Answer answer;
  answer.medications = std::move(medications);
  answer.rationale = "Because " + model + " thinks so.";
  answer.confidence = 0.7;
  outcome.answer = answer;
  outcome.prompt_version = "generate-3";
  task.outcome = outcome;
  return task;
}

// Decided with a safety flag of each severity, alternatives, dissent and a model that is missing.
inline CaseView PageSample(CaseState state) {
  CaseView view = SampleCase(state);
  view.source = "hl7:LAB/WEST";
  view.kind = "medication";
  view.strategy = "chemistry";
  view.ensemble = {"claude", "gpt", "llama", "qwen"};
  view.deadline_ms = view.accepted_ms + 60'000;
  view.vignette.text =
      "A 67-year-old woman with three days of productive cough and fever of 38.9.\n"
      "Crackles at the right base; she takes warfarin for atrial fibrillation.";
  view.vignette.question = "Which antibiotic, in which dose?";
  view.vignette.patient.age = 67;
  view.vignette.patient.sex = "female";
  view.vignette.patient.egfr = 41.5;
  view.vignette.patient.medications = {"warfarin", "metoprolol"};
  const std::vector<Medication> first = {
      {"Amoxicillin", "500", "mg", "by mouth", "three times a day", "7 days", "pneumonia"},
      {"azithromycin", "500", "mg", "", "", "", ""}};
  view.tasks = {SampleAnswerTask("claude", first), SampleAnswerTask("gpt", first),
                SampleAnswerTask("llama", {{"doxycycline", "100", "mg", "by mouth", "twice a day",
                                            "7 days", "pneumonia"}})};
  TaskView late = SampleTask(Stage::kGenerate, "qwen", "done");
  late.outcome = Outcome();
  late.outcome->status = OutcomeStatus::kTimedOut;
  late.outcome->text = "no answer in 60 s";
  view.tasks.push_back(late);
  TaskView review = SampleTask(Stage::kReview, "llama", "done");
  review.labels = {"A", "B"};
  review.authors = {"claude", "gpt"};
  review.outcome = Outcome();
  review.outcome->status = OutcomeStatus::kOk;
  review.outcome->grades = {{"A", 0.8, "well reasoned", false},
                            {"B", 0.3, "QT prolongation with warfarin unaddressed", true}};
  view.tasks.push_back(review);
  if (view.recommendations.empty()) return view;
  Recommendation& made = view.recommendations.back();
  made.agreement = {{"dose", 0.5, {"500 mg", "250-500 mg"}}, {"route", 1.0, {"by mouth"}}};
  made.models[0].ingredients = made.models[1].ingredients = {"amoxicillin", "azithromycin"};
  made.models[2].ingredients = {"doxycycline"};
  made.models[0].grade = 0.8;
  made.models[0].grades_received = 1;
  made.models[0].weight = 1.0;
  made.models[2].reliability = 0.62;
  made.medication_table = "3f2a9c";
  return view;
}

}  // namespace consilium
