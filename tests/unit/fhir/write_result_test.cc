#include "gateway/fhir/write_result.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "gateway/fhir/capability.h"
#include "gateway/fhir/read_bundle.h"
#include "gateway/fhir/resource_reader.h"
#include "gateway/fhir/write_outcome.h"
#include "gateway/fhir/write_parts.h"
#include "tests/support/fhir_samples.h"
#include "tests/unit/fhir/fhir_fixture.h"

namespace consilium {
namespace {

using nlohmann::json;

const FhirOutput kOutput{"https://council.example/fhir", "https://council.example/council"};

json Written(const std::string& name) {
  for (const FhirSample& sample : FhirSamples()) {
    if (sample.name == name) return json::parse(WriteResult(sample.view, sample.subject, kOutput));
  }
  ADD_FAILURE() << name << ": no such sample";
  return json();
}
std::vector<json> Of(const json& bundle, const std::string& type) {
  std::vector<json> found;
  for (const json& entry : bundle["entry"]) {
    if (entry["resource"]["resourceType"] == type) found.push_back(entry["resource"]);
  }
  return found;
}
std::map<std::string, int> Counts(const json& bundle) {
  std::map<std::string, int> counts;
  for (const json& entry : bundle["entry"]) {
    ++counts[entry["resource"]["resourceType"].get<std::string>()];
  }
  return counts;
}
// "status: message" of the GuidanceResponse.
std::string Ended(const std::string& name) {
  const json guidance = Of(Written(name), "GuidanceResponse").at(0);
  std::string text = guidance["status"];
  if (guidance.contains("contained")) {
    const json& issue = guidance["contained"][0]["issue"][0];
    text += ": " + issue["severity"].get<std::string>() + " " + issue["code"].get<std::string>() +
            " " + issue["diagnostics"].get<std::string>();
  }
  return text;
}
using Types = std::map<std::string, int>;

TEST(WriteResultTest, GuidanceSaysHowTheCaseEnded) {
  EXPECT_EQ(Ended("complete"), "success");
  EXPECT_EQ(Ended("degraded"),
            "success: warning incomplete One of four models did not answer in time.");
  EXPECT_EQ(Ended("insufficient"),
            "data-required: warning business-rule Support 0.31 is below 0.50.");
  EXPECT_EQ(Ended("failed"), "failure: error processing No usable answer.");
  EXPECT_EQ(Ended("cancelled"),
            "entered-in-error: information informational Withdrawn: what this was made of was "
            "retracted, replaced or cancelled. Do not use it.");
  EXPECT_EQ(Ended("running"), "in-progress: information informational The council is at work.");
}

TEST(WriteResultTest, WhatIsGotByTheCaseHasItsIdAndTheRestIsNamedWithinTheBundle) {
  for (const FhirSample& sample : FhirSamples()) {
    const json bundle = json::parse(WriteResult(sample.view, sample.subject, kOutput));
    const std::string id = sample.view.id;
    EXPECT_EQ(bundle["id"], id);
    std::set<std::string> urls;
    for (const json& entry : bundle["entry"]) {
      urls.insert(entry["fullUrl"].get<std::string>());
      const json& resource = entry["resource"];
      if (resource["resourceType"] == "GuidanceResponse") {
        EXPECT_EQ(resource["id"], id);
        EXPECT_EQ(entry["fullUrl"], kOutput.base + "/GuidanceResponse/" + id);
      } else {
        EXPECT_EQ(entry["fullUrl"], "urn:uuid:" + resource["id"].get<std::string>());
      }
    }
    for (const json& guidance : Of(bundle, "GuidanceResponse")) {
      if (guidance.contains("result")) {
        EXPECT_EQ(urls.count(guidance["result"]["reference"].get<std::string>()), 1u);
      }
    }
    for (const json& provenance : Of(bundle, "Provenance")) {
      for (const json& target : provenance["target"]) {
        EXPECT_EQ(urls.count(target["reference"].get<std::string>()), 1u) << target;
      }
    }
  }
  FhirSample odd = FhirSamples()[0];
  odd.view.id = "ward_3:7";
  const json bundle = json::parse(WriteResult(odd.view, odd.subject, kOutput));
  EXPECT_TRUE(IsFhirId(bundle["entry"][0]["resource"]["id"].get<std::string>()))
      << "FHIR does not allow the id of this case";
}

TEST(WriteResultTest, OnlyARecommendationHasMedications) {
  EXPECT_EQ(Counts(Written("complete")), (Types{{"GuidanceResponse", 1},
                                                {"RequestGroup", 1},
                                                {"MedicationRequest", 3},
                                                {"DetectedIssue", 4},
                                                {"Provenance", 4}}));
  EXPECT_EQ(Counts(Written("insufficient")),
            (Types{{"GuidanceResponse", 1}, {"DetectedIssue", 4}, {"Provenance", 4}}));
  EXPECT_EQ(Counts(Written("failed")), (Types{{"GuidanceResponse", 1}}));
  EXPECT_EQ(Counts(Written("cancelled")), (Types{{"GuidanceResponse", 1}}));
  EXPECT_EQ(Counts(Written("running")), (Types{{"GuidanceResponse", 1}}));
}

TEST(WriteResultTest, EveryRequestIsADraftProposalAndEverythingIsLabelled) {
  for (const FhirSample& sample : FhirSamples()) {
    const json bundle = json::parse(WriteResult(sample.view, sample.subject, kOutput));
    std::vector<json> all = {bundle};
    for (const json& entry : bundle["entry"]) all.push_back(entry["resource"]);
    for (const json& resource : all) {
      EXPECT_EQ(resource["meta"]["security"][0]["code"], "AIAST") << sample.name;
      if (!resource.contains("intent")) continue;
      EXPECT_EQ(resource["intent"], "proposal") << sample.name;
      EXPECT_EQ(resource["status"], "draft") << sample.name;
    }
  }
}

TEST(WriteResultTest, RequestHasWhatTheModelStatedAndNothingElse) {
  const std::vector<json> requests = Of(Written("complete"), "MedicationRequest");
  EXPECT_EQ(requests[0]["medicationCodeableConcept"], json({{"text", "Amoxicillin"}}));
  EXPECT_EQ(requests[0]["dosageInstruction"],
            json::parse(R"([{"text":"500 mg, by mouth, three times a day, for 7 days",
              "timing":{"code":{"text":"three times a day"}},"route":{"text":"by mouth"},
              "doseAndRate":[{"doseQuantity":{"value":500,"unit":"mg"}}]}])"));
  EXPECT_EQ(requests[0]["reasonCode"], json::parse(R"([{"text":"community-acquired pneumonia"}])"));
  EXPECT_EQ(requests[1]["dosageInstruction"],
            json::parse(R"([{"text":"250-500 mg","doseAndRate":[{"doseRange":
              {"low":{"value":250,"unit":"mg"},"high":{"value":500,"unit":"mg"}}}]}])"));
  EXPECT_FALSE(requests[1].contains("reasonCode"));
  EXPECT_FALSE(requests[2].contains("dosageInstruction")) << "an alternative has no dose";
  EXPECT_EQ(requests[2]["note"][0]["text"],
            "Alternative: the council did not recommend this. It has no dose, and the safety "
            "checks of the result are not about it.");
}

TEST(WriteResultTest, DoseIsANumberOnlyWhereItIsOne) {
  const auto dose = [](const std::string& stated) {
    FhirProposal proposal;
    proposal.id = "x";
    proposal.medication = {"A", stated, "mg", "", "", "", ""};
    const json request = json::parse(MedicationProposal(proposal, {}).dump());
    const json& dosage = request["dosageInstruction"][0];
    return dosage["text"].get<std::string>() + " " +
           (dosage.contains("doseAndRate") ? dosage["doseAndRate"][0].dump() : "");
  };
  EXPECT_EQ(dose("2.5"), R"(2.5 mg {"doseQuantity":{"unit":"mg","value":2.5}})");
  for (const char* words : {"one", "1e3", "-5", "5-", "10-5", "1.2.3", "1,000", "5 to 10", "."}) {
    EXPECT_EQ(dose(words), std::string(words) + " mg ") << "only in words";
  }
}

TEST(WriteResultTest, CandidatesAreActionsInTheirOrderOfWhichAtMostOneIsTaken) {
  const json group = Of(Written("complete"), "RequestGroup").at(0);
  const json& choice = group["action"][0];
  EXPECT_EQ(choice["selectionBehavior"], "at-most-one");
  Lines lines;
  for (const json& action : choice["action"]) {
    std::string line = action["title"].get<std::string>() + " (" +
                       action["documentation"][0]["display"].get<std::string>() + ")";
    if (action.contains("action")) {
      for (const json& one : action["action"]) line += " " + one["title"].get<std::string>();
    }
    lines.push_back(line);
  }
  EXPECT_EQ(lines,
            (Lines{"Recommended: amoxicillin + azithromycin (Support 0.81, best grade 0.90, "
                   "confidence 0.90; by claude, gpt) Amoxicillin azithromycin",
                   "Alternative, not recommended: doxycycline (Support 0.10, best grade 0.90; by "
                   "llama) doxycycline",
                   "Alternative, not recommended: no medication (Support 0.05, best grade 0.90; by "
                   "phi)"}));
  EXPECT_EQ(choice["action"][0]["description"],
            "First line at this severity.\nCovers atypical organisms.");
}

TEST(WriteResultTest, NoMedicationIsAnActionWithoutARequest) {
  const json bundle = Written("no_medication");
  const json action = Of(bundle, "RequestGroup").at(0)["action"][0]["action"][0];
  EXPECT_EQ(action["title"], "Recommended: no medication");
  EXPECT_EQ(action["resource"], json({{"display", "No medication"}}));
  EXPECT_EQ(Of(bundle, "MedicationRequest").at(0)["medicationCodeableConcept"]["text"],
            "ibuprofen");
}

TEST(WriteResultTest, SafetyFlagsAreDetectedIssues) {
  const json bundle = Written("complete");
  Lines lines;
  for (const json& issue : Of(bundle, "DetectedIssue")) {
    std::string line = issue["severity"].get<std::string>() + "|";
    if (issue["code"].contains("coding")) {
      line += issue["code"]["coding"][0]["code"].get<std::string>();
    }
    line +=
        "|" + issue["code"]["text"].get<std::string>() + "|" + issue["detail"].get<std::string>();
    for (const json& one : issue.value("implicated", json::array())) {
      line += "|" + one["display"].get<std::string>() + (one.contains("reference") ? "*" : "");
    }
    lines.push_back(line);
  }
  EXPECT_EQ(
      lines,
      (Lines{"high|DRG|interaction|high: INR rise [interactions.toml:12]|azithromycin*|warfarin",
             "high|ALGY|allergy|contraindicated: stated as penicillin [same_class]|amoxicillin*",
             "moderate|DUPTHPGEN|duplicate|caution: the patient already takes it "
             "[same_ingredient]|azithromycin*",
             "low||unknown_medication|info: a name that is not known [unknown_medication]"}));
}

TEST(WriteResultTest, EachModelThatTookPartHasItsProvenance) {
  Lines lines;
  for (const json& one : Of(Written("complete"), "Provenance")) {
    const json& device = one["contained"][0];
    lines.push_back(device["deviceName"][0]["name"].get<std::string>() + " " +
                    device["version"][0]["value"].get<std::string>() + " " +
                    one["activity"]["text"].get<std::string>() + " targets " +
                    std::to_string(one["target"].size()));
  }
  EXPECT_EQ(lines, (Lines{"claude claude-2026-10-01 Answered the case targets 3",
                          "gpt gpt-2026-10-01 Answered the case targets 3",
                          "llama llama-2026-10-01 Answered the case targets 2",
                          "phi phi-2026-10-01 Graded the answers of the others targets 1"}));
}

TEST(WriteResultTest, SimulationIsSaidInEveryPartThatAPersonReads) {
  const json bundle = Written("simulated");
  for (const char* type : {"GuidanceResponse", "RequestGroup", "MedicationRequest"}) {
    for (const json& resource : Of(bundle, type)) {
      EXPECT_EQ(resource["note"][0]["text"].get<std::string>().rfind("SIMULATED", 0), 0u) << type;
    }
  }
  EXPECT_EQ(Of(bundle, "Provenance").at(0)["contained"][0]["note"][0]["text"],
            "SIMULATED: no real model answered.");
  EXPECT_EQ(WriteResult(FhirSamples()[0].view, FhirSamples()[0].subject, kOutput).find("SIMULATED"),
            std::string::npos);
}

TEST(WriteResultTest, WrittenAgainItIsTheSame) {
  std::set<std::string> ids;
  for (const FhirSample& sample : FhirSamples()) {
    EXPECT_EQ(WriteResult(sample.view, sample.subject, kOutput),
              WriteResult(sample.view, sample.subject, kOutput));
  }
  const json bundle = Written("complete");
  for (const json& entry : bundle["entry"]) {
    EXPECT_TRUE(ids.insert(entry["resource"]["id"].get<std::string>()).second);
  }
  const std::string version = Of(bundle, "GuidanceResponse").at(0)["meta"]["versionId"];
  EXPECT_EQ(DerivedId("feed-0001", std::stoll(version), "bundle"),
            "dac954af-afda-8ec0-8168-7d788f3c24d1")
      << "forever";
}

TEST(WriteResultTest, SubjectIsSaidByPlaceByIdentifierOrInWords) {
  EXPECT_EQ(Of(Written("complete"), "GuidanceResponse").at(0)["subject"],
            json::parse(R"({"reference":"Patient/123","type":"Patient",
              "identifier":{"system":"urn:oid:1.2.3","value":"MRN-77"}})"));
  EXPECT_EQ(Of(Written("degraded"), "GuidanceResponse").at(0)["subject"],
            json::parse(
                R"({"type":"Patient","identifier":{"system":"urn:oid:1.2.3","value":"MRN-77"}})"));
  EXPECT_EQ(Of(Written("bare"), "GuidanceResponse").at(0)["subject"],
            json({{"display", "The patient of case feed-0001"}}));
}

TEST(WriteResultTest, PlaceInTheBundleThatWasSentIsNoPlaceInTheResult) {
  FhirSample sample = FhirSamples()[0];
  const auto subject = [&] {
    return Of(json::parse(WriteResult(sample.view, sample.subject, kOutput)), "GuidanceResponse")
        .at(0)["subject"];
  };
  const std::string urn = "urn:uuid:0b8c8f6e-6f0e-4c1e-8a36-0c0f6a1c2d3e";
  sample.subject.patient = urn;
  EXPECT_EQ(subject(),
            json::parse(
                R"({"type":"Patient","identifier":{"system":"urn:oid:1.2.3","value":"MRN-77"}})"));
  sample.subject.ids.clear();
  EXPECT_EQ(subject(), json({{"type", "Patient"},
                             {"identifier", {{"system", "urn:ietf:rfc:3986"}, {"value", urn}}}}));
}

TEST(WriteResultTest, TextIsFitForFhir) {
  const json request = Of(Written("bare"), "MedicationRequest").at(0);
  EXPECT_EQ(request["medicationCodeableConcept"]["text"], "Paracetamol  \xEF\xBF\xBD");
  EXPECT_FALSE(request.contains("dosageInstruction"));
}

TEST(WriteResultTest, WhatComesBackToUsIsNotTakenForAMedicationOfThePatient) {
  const FhirSample sample = FhirSamples()[0];
  json bundle = json::parse(WriteResult(sample.view, sample.subject, kOutput));
  bundle["entry"].push_back({{"fullUrl", "https://council.example/fhir/Patient/123"},
                             {"resource", {{"resourceType", "Patient"}, {"id", "123"}}}});
  const FhirBundleReading reading = ReadBundle(bundle.dump());
  ASSERT_EQ(LinesOf(reading.issues), Lines{});
  EXPECT_EQ(LinesOf(reading.message->records.at(0).facts), Lines{});
}

TEST(WriteOutcomeTest, IssuesAndRemarksAreSaid) {
  EXPECT_EQ(WriteOutcome({{"error", "value", "Patient.birthDate", "expected a date"}},
                         {{"no_value", "Bundle.entry[1]", "has no value"}}),
            R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value",)"
            R"("diagnostics":"expected a date","expression":["Patient.birthDate"]},)"
            R"({"severity":"warning","code":"informational","diagnostics":"has no value",)"
            R"("expression":["Bundle.entry[1]"],"details":{"text":"no_value"}}]})");
  EXPECT_EQ(LineOf(IssueOf({ErrorCode::kQueueFull, "try later"})), "error throttled : try later");
}

TEST(WriteCapabilityTest, NamesEveryTypeThatIsRead) {
  const json statement =
      json::parse(WriteCapability({.base = "b", .version = "1", .date = "2026"}));
  std::set<std::string> named;
  for (const json& one : statement["rest"][0]["resource"]) named.insert(one["type"]);
  for (const std::string_view type : ClinicalTypes()) {
    EXPECT_EQ(named.count(std::string(type)), 1u) << type;
  }
  EXPECT_EQ(named.count("Patient"), 1u);
  EXPECT_EQ(statement["fhirVersion"], "4.0.1");
  EXPECT_EQ(statement["rest"][0]["operation"][0]["name"], "process-message");
  std::map<std::string, std::string> can;
  for (const json& one : statement["rest"][0]["resource"]) {
    for (const json& code : one.value("interaction", json::array())) {
      can[one["type"]] += code["code"].get<std::string>() + " ";
    }
  }
  EXPECT_EQ(can, (std::map<std::string, std::string>{{"Bundle", "create read "},
                                                     {"GuidanceResponse", "read delete "}}));
}

}  // namespace
}  // namespace consilium
