// Cases in every state that a result in FHIR may speak of. Made up; nobody's. Header-only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/fhir/write_result.h"

namespace consilium {

struct FhirSample {
  std::string name;
  CaseView view;
  FhirSubject subject;
};

inline Candidate SampleCandidate(std::vector<std::string> ingredients, double support,
                                 std::vector<std::string> models) {
  Candidate candidate;
  candidate.ingredients = std::move(ingredients);
  candidate.support = support;
  candidate.grade = 0.9;
  candidate.models = std::move(models);
  return candidate;
}

inline ModelResult SampleModel(const std::string& name, const std::string& status,
                               std::optional<std::int64_t> candidate) {
  ModelResult model;
  model.model = name;
  model.stage_status = status;
  model.candidate = candidate;
  model.model_served = name + "-2026-10-01";
  return model;
}

inline Recommendation SampleRecommendation(CaseState status) {
  Recommendation made;
  made.case_id = "feed-0001";
  made.status = status;
  made.reason = "All answers and grades arrived.";
  made.medications = {{"Amoxicillin", "500", "mg", "by mouth", "three times a day", "7 days",
                       "community-acquired pneumonia"},
                      {"azithromycin", "250-500", "mg", "", "", "", ""}};
  made.ingredients = {"amoxicillin", "azithromycin"};
  made.support = 0.8125;
  made.confidence = 0.9;
  made.confidence_note = "calibrated on 412 cases";
  made.rationale = "First line at this severity.\nCovers atypical organisms.";
  made.cautions = "Watch the QT interval.";
  made.candidates = {SampleCandidate({"amoxicillin", "azithromycin"}, 0.8125, {"claude", "gpt"}),
                     SampleCandidate({"doxycycline"}, 0.1, {"llama"}),
                     SampleCandidate({}, 0.05, {"phi"})};
  made.dissent = {"llama answered doxycycline"};
  made.safety = {
      {"interaction", "high", {"azithromycin", "warfarin"}, "INR rise", "interactions.toml:12"},
      {"allergy", "contraindicated", {"amoxicillin"}, "stated as penicillin", "same_class"},
      {"duplicate", "caution", {"azithromycin"}, "the patient already takes it", "same_ingredient"},
      {"unknown_medication", "info", {}, "a name that is not known", "unknown_medication"}};
  made.missing = {{"qwen", "generate", "timed_out", "no answer in 60 s"}};
  made.models = {SampleModel("claude", "ok", 0), SampleModel("gpt", "ok", 0),
                 SampleModel("llama", "ok", 1), SampleModel("qwen", "timed_out", {})};
  made.reviewers_only = {SampleModel("phi", "ok", {})};
  made.decided_ms = 1'795'860'900'123;
  return made;
}

inline CaseView SampleCase(CaseState state) {
  CaseView view;
  view.id = "feed-0001";
  view.state = state;
  view.accepted_ms = 1'795'860'840'000;
  if (IsFinal(state)) view.recommendations = {SampleRecommendation(state)};
  return view;
}

// Without what an abstaining council leaves out.
inline CaseView AbstainingCase(CaseState state, const std::string& reason) {
  CaseView view = SampleCase(state);
  Recommendation& made = view.recommendations.back();
  made.reason = reason;
  made.medications.clear();
  made.ingredients.clear();
  made.confidence.reset();
  made.rationale.clear();
  made.cautions.clear();
  return view;
}

inline std::vector<FhirSample> FhirSamples() {
  const FhirSubject known{"Patient/123", {{"urn:oid:1.2.3", "MRN-77", "MR"}}, "Encounter/9"};
  const FhirSubject by_identifier{"", {{"urn:oid:1.2.3", "MRN-77", "MR"}}, ""};
  const FhirSubject unnamed;
  std::vector<FhirSample> samples;
  samples.push_back({"complete", SampleCase(CaseState::kComplete), known});
  CaseView degraded = SampleCase(CaseState::kDegraded);
  degraded.recommendations.back().reason = "One of four models did not answer in time.";
  samples.push_back({"degraded", degraded, by_identifier});
  samples.push_back({"insufficient",
                     AbstainingCase(CaseState::kInsufficient, "Support 0.31 is below 0.50."),
                     known});
  CaseView failed = AbstainingCase(CaseState::kFailed, "No usable answer.");
  failed.recommendations.back().candidates.clear();
  failed.recommendations.back().safety.clear();
  failed.recommendations.back().reviewers_only.clear();
  failed.recommendations.back().models = {SampleModel("qwen", "timed_out", {})};
  samples.push_back({"failed", failed, unnamed});
  samples.push_back({"cancelled", AbstainingCase(CaseState::kCancelled, "cancelled"), known});
  samples.push_back({"running", SampleCase(CaseState::kReviewing), known});
  CaseView nothing = AbstainingCase(CaseState::kComplete, "All answers and grades arrived.");
  nothing.recommendations.back().no_medication = true;
  nothing.recommendations.back().candidates = {SampleCandidate({}, 0.9, {"claude", "gpt"}),
                                               SampleCandidate({"ibuprofen"}, 0.1, {"llama"})};
  nothing.recommendations.back().safety.clear();
  samples.push_back({"no_medication", nothing, known});
  CaseView simulated = SampleCase(CaseState::kComplete);
  simulated.recommendations.back().simulated = true;
  for (ModelResult& model : simulated.recommendations.back().models) model.simulated = true;
  samples.push_back({"simulated", simulated, known});
  CaseView bare = SampleCase(CaseState::kComplete);
  Recommendation& said = bare.recommendations.back();
  said = Recommendation();
  said.status = CaseState::kComplete;
  said.medications = {{"Paracetamol\x01 \xFF", "", "", "", "", "", ""}};
  said.models = {SampleModel("claude", "ok", {})};
  said.models[0].model_served.clear();
  samples.push_back({"bare", bare, unnamed});
  return samples;
}

}  // namespace consilium
