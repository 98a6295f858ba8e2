// What one resource of each type becomes.
#include <gtest/gtest.h>

#include "tests/unit/fhir/fhir_fixture.h"

namespace consilium {
namespace {

std::string Clinical(const std::string& type, const std::string& code) {
  return R"("clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/)" + type +
         R"(","code":")" + code + R"("}]},)";
}
std::string Verified(const std::string& type, const std::string& code) {
  return R"("verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/)" +
         type + R"(","code":")" + code + R"("}]},)";
}

TEST(FhirConditionTest, ClinicalStatusSaysWhetherItIsTrueNow) {
  const auto status = [](const std::string& code) {
    return FactOf("Condition", Clinical("condition-clinical", code) + R"("code":{"text":"Gout"})");
  };
  EXPECT_EQ(status("active"), "diagnosis|active|Gout||||");
  EXPECT_EQ(status("recurrence"), "diagnosis|active|Gout|||recurrence|");
  EXPECT_EQ(status("relapse"), "diagnosis|active|Gout|||relapse|");
  EXPECT_EQ(status("inactive"), "diagnosis|inactive|Gout|||inactive|");
  EXPECT_EQ(status("remission"), "diagnosis|inactive|Gout|||remission|");
  EXPECT_EQ(status("resolved"), "diagnosis|inactive|Gout|||resolved|");
  EXPECT_EQ(status("gone"),
            "error code-invalid Condition.clinicalStatus.coding[0].code: \"gone\", expected one "
            "of: active, recurrence, relapse, inactive, remission, resolved\n"
            "error code-invalid Condition.clinicalStatus: expected a code of "
            "http://terminology.hl7.org/CodeSystem/condition-clinical: active, recurrence, "
            "relapse, inactive, remission, resolved");
}

TEST(FhirConditionTest, VerificationStatusSaysWhetherItIsTrue) {
  const auto status = [](const std::string& code) {
    return FactOf("Condition",
                  Verified("condition-ver-status", code) + R"("code":{"text":"Gout"})");
  };
  EXPECT_EQ(status("confirmed"), "diagnosis|active|Gout||||");
  EXPECT_EQ(status("provisional"), "diagnosis|active|Gout|||provisional|");
  EXPECT_EQ(status("refuted"), "diagnosis|inactive|Gout|||refuted|");
  EXPECT_EQ(status("entered-in-error"), "diagnosis|withdrawn|Gout||||");
}

TEST(FhirConditionTest, WhatHasEndedWithoutStatusIsInactive) {
  EXPECT_EQ(
      FactOf("Condition",
             R"("code":{"text":"Gout"},"abatementDateTime":"2020","onsetDateTime":"2019-02")"),
      "diagnosis|inactive|Gout||||2019-02");
}

TEST(FhirConditionTest, FamilyHistoryIsNoDiagnosisOfThePatient) {
  EXPECT_EQ(FactOf("Condition", R"("code":{"text":"Family history of gout"})"),
            "diagnosis|inactive|Family history of gout||||");
}

TEST(FhirConditionTest, NoKnownProblemsIsSaidAndNoInformationSaysNothing) {
  const std::string system = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
  const auto code = [&](const char* value) {
    return R"("code":{"coding":[{"system":")" + system + R"(","code":")" + value + R"("}]})";
  };
  EXPECT_EQ(FactOf("Condition", code("no-known-problems")),
            "diagnosis|none_known|no-known-problems|no-known-problems|||");
  EXPECT_EQ(FactOf("Condition", code("no-problem-info")), "");
}

TEST(FhirConditionTest, StatusOfAnEarlierVersionIsRefused) {
  EXPECT_EQ(FactOf("Condition", R"("clinicalStatus":"active","code":{"text":"Gout"})"),
            "error structure Condition.clinicalStatus: expected an object");
}

TEST(FhirAllergyTest, ReactionSeverityTypeAndCriticalityAreItsDetail) {
  EXPECT_EQ(FactOf("AllergyIntolerance",
                   Clinical("allergyintolerance-clinical", "active") +
                       R"("type":"intolerance","criticality":"high","recordedDate":"2020-01-02",
                 "code":{"coding":[{"system":"http://snomed.info/sct","code":"1","display":"Codeine"},
                   {"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"2670","display":"codeine"}]},
                 "reaction":[{"manifestation":[{"text":"Rash"},{"text":"Nausea"}],"severity":"mild"}])"),
            "allergy|active|codeine|2670||intolerance; criticality: high; reaction: Rash, Nausea "
            "(mild)|2020-01-02");
}

TEST(FhirAllergyTest, NoneKnownIsSaidOnlyOfAllAllergiesOrOfDrugs) {
  const auto code = [](const char* value) {
    return FactOf("AllergyIntolerance",
                  std::string(R"("code":{"coding":[{"system":"http://snomed.info/sct","code":")") +
                      value + R"("}],"text":"none"})");
  };
  EXPECT_EQ(code("716186003"), "allergy|none_known|none|716186003|||");
  EXPECT_EQ(code("409137002"), "allergy|none_known|none|409137002|||");
  EXPECT_EQ(code("160244002"), "allergy|none_known|none|160244002|||");
  EXPECT_EQ(code("429625007"),
            "none_known_partial AllergyIntolerance.code: says that there is none of one kind only: "
            "not used");
  EXPECT_EQ(code("1631000175102"), "");
}

TEST(FhirAllergyTest, NoneKnownThatIsResolvedIsNotSaid) {
  EXPECT_EQ(
      FactOf("AllergyIntolerance",
             Clinical("allergyintolerance-clinical", "resolved") +
                 R"("code":{"coding":[{"system":"http://snomed.info/sct","code":"716186003"}]})"),
      "allergy|inactive|716186003|716186003||resolved|");
}

TEST(FhirAllergyTest, StatusesAreKept) {
  const auto status = [](const std::string& code) {
    return FactOf("AllergyIntolerance",
                  Verified("allergyintolerance-verification", code) + R"("code":{"text":"Nuts"})");
  };
  EXPECT_EQ(status("confirmed"), "allergy|active|Nuts||||");
  EXPECT_EQ(status("unconfirmed"), "allergy|active|Nuts|||unconfirmed|");
  EXPECT_EQ(status("refuted"), "allergy|inactive|Nuts|||refuted|");
  EXPECT_EQ(status("entered-in-error"), "allergy|withdrawn|Nuts||||");
}

TEST(FhirAllergyTest, SubstanceOfTheReactionStandsInForTheCode) {
  EXPECT_EQ(
      FactOf("AllergyIntolerance",
             R"("reaction":[{"substance":{"text":"Latex"},"manifestation":[{"text":"Rash"}]}])"),
      "allergy|active|Latex|||reaction: Rash|");
  EXPECT_EQ(FactOf("AllergyIntolerance", R"("criticality":"low")"),
            "no_code AllergyIntolerance.code: states no substance");
}

std::string Request(const std::string& status, const std::string& intent = "order") {
  return R"("status":")" + status + R"(","intent":")" + intent +
         R"(","medicationCodeableConcept":{"text":"Metformin"},)";
}

TEST(FhirMedicationTest, StatusOfARequestSaysWhetherItIsTaken) {
  const auto status = [](const std::string& code) {
    return FactOf("MedicationRequest", Request(code) + R"("authoredOn":"2026-01-02")");
  };
  EXPECT_EQ(status("active"), "medication|active|Metformin||||2026-01-02");
  EXPECT_EQ(status("unknown"), "medication|active|Metformin|||status unknown|2026-01-02");
  EXPECT_EQ(status("on-hold"), "medication|inactive|Metformin|||on-hold|2026-01-02");
  EXPECT_EQ(status("completed"), "medication|inactive|Metformin|||completed|2026-01-02");
  EXPECT_EQ(status("stopped"), "medication|inactive|Metformin|||stopped|2026-01-02");
  EXPECT_EQ(status("cancelled"), "medication|inactive|Metformin|||cancelled|2026-01-02");
  EXPECT_EQ(status("entered-in-error"), "medication|withdrawn|Metformin||||2026-01-02");
  EXPECT_EQ(status("draft"),
            "not_in_effect MedicationRequest: status draft: nothing that the patient takes");
}

TEST(FhirMedicationTest, ProposalIsNothingThatThePatientTakes) {
  EXPECT_EQ(FactOf("MedicationRequest", Request("active", "proposal") + R"("authoredOn":"2026")"),
            "not_in_effect MedicationRequest: intent proposal: nothing that the patient takes");
  EXPECT_EQ(FactOf("MedicationRequest", Request("active", "order") + R"("doNotPerform":true)"),
            "medication|inactive|Metformin|||must not be given|");
}

TEST(FhirMedicationTest, DosageIsItsTextOrWhatItStates) {
  EXPECT_EQ(
      FactOf("MedicationRequest",
             Request("active") +
                 R"("reasonCode":[{"text":"Diabetes"}],"dosageInstruction":[{"text":"one at night"},
             {"doseAndRate":[{"doseQuantity":{"value":0.50,"unit":"tablet"}}],"route":{"text":"oral"},
              "timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}},"asNeededBoolean":true},
             {"doseAndRate":[{"doseRange":{"low":{"value":1,"unit":"mg"},"high":{"value":2,"unit":"mg"}}}],
              "timing":{"code":{"text":"BID"}},"asNeededCodeableConcept":{"text":"pain"}}])"),
      "medication|active|Metformin|||one at night; 0.50 tablet, oral, 2x per d, as needed; 1 mg to "
      "2 "
      "mg, BID, as needed for pain; for: Diabetes|");
}

TEST(FhirMedicationTest, ReferenceLeadsToWhatIsContainedOrWasSentOrSaysItsName) {
  const std::string head = R"("status":"active","intent":"order",)";
  EXPECT_EQ(
      FactOf("MedicationRequest", head + R"("medicationReference":{"reference":"#m"},"contained":[
            {"resourceType":"Medication","id":"m","ingredient":[{"itemCodeableConcept":{"text":"A"}},
             {"itemCodeableConcept":{"text":"B"}}]}])"),
      "medication|active|A / B||||");
  EXPECT_EQ(
      FactOf("MedicationRequest",
             head + R"("medicationReference":{"reference":"Medication/7","display":"Aspirin"})"),
      "medication|active|Aspirin||||");
  EXPECT_EQ(FactOf("MedicationRequest", head + R"("medicationReference":{"reference":"#n"})"),
            "medication_unresolved MedicationRequest.medicationReference: leads to no Medication "
            "that was sent and has a name");
  EXPECT_EQ(FactOf("MedicationRequest", R"("status":"active","intent":"order")"),
            "error required MedicationRequest.medication[x]: missing");
}

TEST(FhirMedicationTest, StatementKeepsWhatItsStatusSays) {
  const auto status = [](const std::string& code) {
    return FactOf(
        "MedicationStatement",
        R"("status":")" + code +
            R"(","medicationCodeableConcept":{"text":"Aspirin"},"effectivePeriod":{"start":"2025-05"},
                      "statusReason":[{"text":"bleeding"}])");
  };
  EXPECT_EQ(status("active"), "medication|active|Aspirin|||because: bleeding|2025-05");
  EXPECT_EQ(status("not-taken"),
            "medication|inactive|Aspirin|||not-taken; because: bleeding|2025-05");
  EXPECT_EQ(status("stopped"), "medication|inactive|Aspirin|||stopped; because: bleeding|2025-05");
  EXPECT_EQ(status("entered-in-error"), "medication|withdrawn|Aspirin|||because: bleeding|2025-05");
  EXPECT_EQ(
      status("intended"),
      "not_in_effect MedicationStatement: status intended: nothing that the patient takes yet");
  EXPECT_EQ(FactOf("MedicationStatement",
                   R"("status":"unknown","medicationCodeableConcept":{"coding":[{"system":
            "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips","code":"no-known-medications",
            "display":"No known medications"}]})"),
            "medication|none_known|No known medications|no-known-medications||status unknown|");
}

std::string Measured(const std::string& value) {
  return FactOf(
      "Observation",
      R"("status":"final","code":{"text":"Creatinine"},"effectiveDateTime":"2026-11-28T10:15:00+01:00",)" +
          value);
}

TEST(FhirObservationTest, QuantityKeepsItsPrecisionComparatorAndUcumUnit) {
  EXPECT_EQ(
      Measured(
          R"("valueQuantity":{"value":1.20,"unit":"mg per dl","system":"http://unitsofmeasure.org","code":"mg/dL"})"),
      "measurement|active|Creatinine||1.20 mg/dL #||2026-11-28T10:15:00+01:00");
  EXPECT_EQ(Measured(R"("valueQuantity":{"value":5,"comparator":"<","unit":"ng/L"})"),
            "measurement|active|Creatinine||<5 ng/L||2026-11-28T10:15:00+01:00");
  EXPECT_EQ(Measured(R"("valueQuantity":{"value":5,"comparator":"~"})"),
            "error code-invalid Observation.valueQuantity.comparator: \"~\", expected one of: <, "
            "<=, >=, >");
  EXPECT_EQ(Measured(R"("valueQuantity":{"value":"5"})"),
            "error structure Observation.valueQuantity.value: expected a number");
}

TEST(FhirObservationTest, OtherKindsOfValueAreReadAsStated) {
  const std::string end = "||2026-11-28T10:15:00+01:00";
  const std::string begin = "measurement|active|Creatinine||";
  EXPECT_EQ(Measured(R"("valueCodeableConcept":{"coding":[{"code":"P","display":"Positive"}]})"),
            begin + "Positive" + end);
  EXPECT_EQ(Measured(R"("valueString":"trace")"), begin + "trace" + end);
  EXPECT_EQ(Measured(R"("valueBoolean":false)"), begin + "false" + end);
  EXPECT_EQ(Measured(R"("valueInteger":7)"), begin + "7 #" + end);
  EXPECT_EQ(Measured(R"("valueInteger":7.5)"),
            "error value Observation.valueInteger: expected an integer of 32 bits");
  EXPECT_EQ(
      Measured(R"("valueRange":{"low":{"value":1,"unit":"g"},"high":{"value":2,"unit":"g"}})"),
      begin + "1-2 g" + end);
  EXPECT_EQ(Measured(R"("valueRatio":{"numerator":{"value":1},"denominator":{"value":128}})"),
            begin + "1 : 128" + end);
  EXPECT_EQ(Measured(R"("valueDateTime":"2026-02-30")"),
            "error value Observation.valueDateTime: expected a date (YYYY, YYYY-MM, YYYY-MM-DD) or "
            "YYYY-MM-DDThh:mm:ss with a time zone");
}

TEST(FhirObservationTest, NoValueIsNoFact) {
  EXPECT_EQ(Measured(R"("dataAbsentReason":{"text":"not done"})"),
            "no_value Observation: has no value, and says so");
  EXPECT_EQ(Measured(R"("bodySite":{"text":"arm"})"), "no_value Observation: has no value");
}

TEST(FhirObservationTest, ALongNoteOnAPanelIsCutInItsComponents) {
  const FhirRecordReading reading =
      ReadOne("Observation", R"("status":"final","code":{"text":"Panel"},"note":[{"text":")" +
                                 std::string(5000, 'x') +
                                 R"("}],"component":[{"code":{"text":"a"},"valueInteger":1},)"
                                 R"({"code":{"text":"b"},"valueInteger":2}])");
  EXPECT_EQ(LinesOf(reading.issues), Lines{});
  ASSERT_EQ(reading.record.facts.size(), 2u);
  EXPECT_EQ(reading.record.facts[1].detail, std::string(512, 'x'));
}

TEST(FhirObservationTest, ComponentsOfAPanelAreMeasurementsOfTheirOwn) {
  EXPECT_EQ(
      FactOf(
          "Observation",
          R"("status":"amended","code":{"text":"Blood pressure"},"issued":"2026-11-28T10:15:00Z","component":[
            {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic"}]},
             "valueQuantity":{"value":120,"unit":"mmHg"},"interpretation":[{"text":"normal"}]},
            {"code":{"text":"Diastolic"},"dataAbsentReason":{"text":"error"}}])"),
      "no_value Observation.component[1]: has no value, and says so\n"
      "measurement|active|Systolic|8480-6|120 mmHg #|amended; interpretation: "
      "normal|2026-11-28T10:15:00Z");
}

TEST(FhirObservationTest, StatusSaysWhetherItMayBeUsed) {
  const auto status = [](const std::string& code) {
    return FactOf("Observation",
                  R"("status":")" + code + R"(","code":{"text":"K"},"valueQuantity":{"value":4})");
  };
  EXPECT_EQ(status("final"), "measurement|active|K||4 #||");
  EXPECT_EQ(status("corrected"), "measurement|active|K||4 #|corrected|");
  EXPECT_EQ(status("preliminary"), "measurement|active|K||4 #|preliminary|");
  EXPECT_EQ(status("entered-in-error"), "measurement|withdrawn|K||4 #||");
  EXPECT_EQ(status("cancelled"), "measurement|withdrawn|K||4 #||");
}

TEST(FhirEncounterTest, VisitIsTheOneUnderWayOrTheOnlyOne) {
  const auto encounter = [](const char* id, const char* status) {
    return std::string(R"({"resourceType":"Encounter","id":")") + id + R"(","status":")" + status +
           R"(","class":{"code":"AMB"},"subject":{"reference":"Patient/1"},"reasonCode":[{"text":"Cough )" +
           id + R"("}]})";
  };
  const auto visit = [&](const std::vector<std::pair<const char*, const char*>>& encounters) {
    FhirRecordReader reader("1", "");
    for (const auto& [id, status] : encounters) reader.TakeJson(encounter(id, status), id);
    const FhirRecordReading reading = reader.Finish();
    EXPECT_EQ(LinesOf(reading.issues), Lines{});
    return reading.record.visit + "|" + reading.record.reason;
  };
  EXPECT_EQ(visit({{"a", "finished"}}), "a|Cough a");
  EXPECT_EQ(visit({{"a", "finished"}, {"b", "in-progress"}, {"c", "finished"}}), "b|Cough b");
  EXPECT_EQ(visit({{"a", "finished"}, {"b", "finished"}}), "|");
  EXPECT_EQ(visit({{"a", "in-progress"}, {"b", "arrived"}}), "|");
  EXPECT_EQ(visit({{"a", "entered-in-error"}, {"b", "finished"}}), "b|Cough b");
}

TEST(FhirImmunizationTest, WhatWasGivenIsAFactWithItsDoseAndTime) {
  const std::string code =
      R"("vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"140"}],"text":"Influenza"},)";
  EXPECT_EQ(FactOf("Immunization", code + R"("status":"completed","occurrenceDateTime":"2026-10-01",
      "doseQuantity":{"value":0.5,"unit":"mL"},"route":{"text":"intramuscular"},
      "note":[{"text":"left arm"}])"),
            "immunization|active|Influenza|140||given 0.5 mL, intramuscular; left arm|2026-10-01");
  EXPECT_EQ(
      FactOf("Immunization", code + R"("status":"entered-in-error","occurrenceString":"2026")"),
      "immunization|withdrawn|Influenza|140|||");
  EXPECT_EQ(FactOf("Immunization", code + R"("status":"not-done","occurrenceString":"never")"),
            "not_given Immunization: refused or not given: no fact");
  EXPECT_EQ(FactOf("Immunization", R"("occurrenceString":"2026")"),
            "error required Immunization.status: missing\n"
            "error required Immunization.vaccineCode: missing");
}

TEST(FhirPatientTest, DeathIsAFlagOrATime) {
  const auto deceased = [](const char* member) {
    FhirRecordReader reader("1", "");
    reader.TakeJson(std::string(R"({"resourceType":"Patient","id":"1")") + member + "}", "p");
    return reader.Finish().record.patient.deceased;
  };
  EXPECT_EQ(deceased(""), "");
  EXPECT_EQ(deceased(R"(,"deceasedBoolean":true)"), "yes");
  EXPECT_EQ(deceased(R"(,"deceasedBoolean":false)"), "no");
  EXPECT_EQ(deceased(R"(,"deceasedDateTime":"2026-11-27")"), "yes");
}

TEST(FhirFamilyHistoryTest, IsNotReadAndTheSenderIsToldSo) {
  FhirRecordReader reader("1", "");
  reader.TakeJson(R"({"resourceType":"FamilyMemberHistory","id":"f","status":"completed",
      "patient":{"reference":"Patient/1"},"relationship":{"text":"mother"}})",
                  "x");
  EXPECT_EQ(LinesOf(reader.Finish().remarks),
            Lines{"resource_ignored x: FamilyMemberHistory: not read"});
}

}  // namespace
}  // namespace consilium
