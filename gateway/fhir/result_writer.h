// The parts of a result's Bundle; only for write_*.cc. It needs nlohmann/json.
// Threads: one; borrows what it is made of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/fhir/write_parts.h"

namespace consilium {

class ResultWriter {
 public:
  ResultWriter(const CaseView& view, const FhirSubject& subject, const FhirOutput& output);
  FhirJson Bundle();

 private:
  // A medication that was written, and whose candidate it is of.
  struct Proposed {
    std::string id;
    std::string name;
    std::size_t candidate = 0;
  };
  bool Recommends() const;
  std::string Id(const std::string& what) const;
  void Add(FhirJson resource);
  FhirJson PatientRef() const { return PatientReference(subject_, view_.id); }
  FhirJson Identifier(const char* system, const std::string& value) const;

  void Guidance();
  FhirJson GuidanceNotes() const;
  FhirJson Message() const;  // OperationOutcome; null when there is nothing to say
  void Group();
  FhirJson CandidateAction(std::size_t index);
  void Propose(const Medication& medication, std::size_t candidate, FhirJson& action);
  void DetectedIssues();
  void Provenances();
  void ModelProvenance(const ModelResult& model, bool answered);

  const CaseView& view_;
  const FhirSubject& subject_;
  const FhirOutput& output_;
  const Recommendation* last_ = nullptr;  // null: there is none yet
  CaseState state_;
  std::int64_t revision_ = 0;
  std::string guidance_id_;
  std::string guidance_url_;
  std::string group_id_;
  std::vector<Proposed> proposed_;
  FhirJson entries_ = FhirJson::array();
};

}  // namespace consilium
