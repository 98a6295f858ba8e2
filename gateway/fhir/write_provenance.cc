// Provenance of each model: https://hl7.org/fhir/R4/provenance.html
#include <utility>

#include "gateway/fhir/result_writer.h"

namespace consilium {

void ResultWriter::ModelProvenance(const ModelResult& model, bool answered) {
  FhirJson device = {{"resourceType", "Device"},
                     {"id", "model"},
                     {"deviceName", {{{"name", FhirText(model.model)}, {"type", "model-name"}}}},
                     {"type", {{"text", "Large language model"}}}};
  const std::string version = FhirText(model.model_served);
  if (!version.empty()) device["version"] = FhirJson::array({{{"value", version}}});
  if (model.simulated) {
    device["note"] = FhirJson::array({{{"text", "SIMULATED: no real model answered."}}});
  }
  FhirJson provenance = LabelledResource(
      "Provenance", Id(std::string(answered ? "answer|" : "grades|") + model.model));
  provenance["contained"] = FhirJson::array({std::move(device)});
  FhirJson targets = FhirJson::array({ReferenceTo(guidance_url_)});
  for (const Proposed& one : proposed_) {
    if (answered && model.candidate &&
        static_cast<std::size_t>(*model.candidate) == one.candidate) {
      targets.push_back(ReferenceTo(UrnOf(one.id)));
    }
  }
  provenance["target"] = std::move(targets);
  provenance["recorded"] = FhirInstant(last_->decided_ms);
  provenance["activity"] =
      ConceptOf("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "CREATE",
                answered ? "Answered the case" : "Graded the answers of the others");
  const char* role = answered ? "author" : "verifier";
  provenance["agent"] = FhirJson::array(
      {{{"type",
         ConceptOf("http://terminology.hl7.org/CodeSystem/provenance-participant-type", role, "")},
        {"who", {{"reference", "#model"}}}}});
  provenance["entity"] = FhirJson::array(
      {{{"role", "source"},
        {"what",
         {{"identifier", Identifier("case", view_.id)}, {"display", "The case as submitted"}}}}});
  Add(std::move(provenance));
}

void ResultWriter::Provenances() {
  for (const ModelResult& model : last_->models) {
    if (model.stage_status == "ok") ModelProvenance(model, true);
  }
  for (const ModelResult& model : last_->reviewers_only) {
    if (model.stage_status == "ok") ModelProvenance(model, false);
  }
}

}  // namespace consilium
