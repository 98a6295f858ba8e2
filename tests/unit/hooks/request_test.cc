#include "gateway/hooks/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "tests/support/hook_body.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Result<HookRequest> Read(const json& body) {
  const std::string hook = body.is_object() ? body.value("hook", "") : "";
  const HookService* service = FindHookService(kHookServiceId, hook);
  if (service == nullptr) service = FindHookService(kHookServiceId, "patient-view");
  return ReadHookRequest(body.dump(), *service);
}
std::string Problem(const json& body) {
  const auto read = Read(body);
  return read ? "ok" : std::to_string(HookHttpStatus(read.error().code)) + " " + read.error().text;
}
std::vector<std::string> Remarks(const HookRequest& request) {
  std::vector<std::string> all;
  for (const Remark& one : request.remarks) {
    all.push_back(one.code + " " + one.where + " " + one.text);
  }
  return all;
}
using Texts = std::vector<std::string>;

TEST(HookRequestTest, CallSaysWhoAndWhere) {
  const auto request = Read(MakeHookBody());
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_EQ(request->hook, "patient-view");
  EXPECT_EQ(request->instance, "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea");
  EXPECT_EQ(request->user, "Practitioner/example");
  EXPECT_EQ(request->patient, "123");
  EXPECT_EQ(request->encounter, "89284");
  EXPECT_EQ(request->fhir_server, "https://fhir.example.org/r4");
  ASSERT_TRUE(request->access);
  EXPECT_EQ(request->access->token.Reveal(), "TopSecretToken.abc-_~");
  EXPECT_EQ(request->access->expires_in_s, 300);
  EXPECT_EQ(Remarks(*request), Texts{});
  EXPECT_TRUE(request->drafts.empty());
}

TEST(HookRequestTest, WhatIsOptionalMayBeMissingOrNull) {
  json body = MakeHookBody();
  for (const char* field : {"fhirServer", "fhirAuthorization", "prefetch"}) body.erase(field);
  body["context"].erase("encounterId");
  auto request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_FALSE(request->access);
  EXPECT_EQ(request->fhir_server, "");
  EXPECT_EQ(request->encounter, "");
  for (const char* field : {"fhirServer", "fhirAuthorization", "prefetch"}) body[field] = nullptr;
  body["context"]["encounterId"] = nullptr;
  body["extension"] = {{"com.example.x", 1}};
  request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_EQ(request->encounter, "");
  for (const PrefetchItem& item : request->prefetch) {
    EXPECT_EQ(item.state, PrefetchState::kMissing);
  }
}

TEST(HookRequestTest, PrefetchMayHaveHoles) {
  json body = MakeHookBody();
  body["prefetch"]["allergies"] = nullptr;
  body["prefetch"]["medicationRequests"] = {
      {"resourceType", "OperationOutcome"},
      {"issue", {{{"severity", "error"}, {"code", "timeout"}}}}};
  body["prefetch"]["weight"] = "123";
  body["prefetch"]["renal"] = MakeResource("Condition", "x", json::object());
  body["prefetch"]["user"] = MakeResource("Practitioner", "example", json::object());
  const auto request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  std::map<std::string, PrefetchState> states;
  for (const PrefetchItem& item : request->prefetch) {
    states[std::string(item.prefetch->key)] = item.state;
  }
  EXPECT_EQ(states,
            (std::map<std::string, PrefetchState>{{"patient", PrefetchState::kGiven},
                                                  {"conditions", PrefetchState::kGiven},
                                                  {"allergies", PrefetchState::kNoData},
                                                  {"medicationRequests", PrefetchState::kFailed},
                                                  {"medicationStatements", PrefetchState::kMissing},
                                                  {"renal", PrefetchState::kMissing},
                                                  {"weight", PrefetchState::kMissing},
                                                  {"pregnancy", PrefetchState::kMissing},
                                                  {"encounter", PrefetchState::kMissing}}));
  EXPECT_EQ(
      Remarks(*request),
      (Texts{"prefetch_failed prefetch.medicationRequests an OperationOutcome in the place of "
             "data",
             "prefetch_type prefetch.renal expected Observation or a Bundle: not read",
             "prefetch_type prefetch.weight expected Observation or a Bundle: not read",
             "prefetch_unknown prefetch 1 keys that were not asked for: not read"}));
}

TEST(HookRequestTest, WhatIsWrongIsNamed) {
  const auto with = [](const char* path, const json& value) {
    json body = MakeHookBody();
    body[json::json_pointer(path)] = value;
    return Problem(body);
  };
  EXPECT_EQ(with("/hook", "order-dispatch"),
            "400 hook = \"order-dispatch\", expected patient-view");
  EXPECT_EQ(with("/hookInstance", "1"), "400 hookInstance: expected a UUID");
  EXPECT_EQ(with("/context", json::array()), "400 context: expected an object");
  EXPECT_EQ(with("/context/userId", ""),
            "400 context.userId: expected a text like Practitioner/abc");
  EXPECT_EQ(with("/context/patientId", nullptr), "400 context.patientId: missing");
  const std::string id = ": expected a FHIR id, 1..64 letters, digits, '-' and '.'";
  for (const json& bad : {json("../../Patient/1"), json("1?x=y"), json(""), json(7),
                          json(std::string(65, 'a')), json("Patient/"), json("1 2")}) {
    EXPECT_EQ(with("/context/patientId", bad), "400 context.patientId" + id) << bad;
    EXPECT_EQ(with("/context/encounterId", bad), "400 context.encounterId" + id) << bad;
  }
  EXPECT_EQ(with("/prefetch", json::array()), "400 prefetch: expected an object");
  EXPECT_EQ(Problem(json::array()), "400 body: expected a JSON object");
  EXPECT_EQ(with("/fhirAuthorization", "x"), "400 fhirAuthorization: expected an object");
  EXPECT_EQ(with("/fhirAuthorization/token_type", "MAC"),
            "400 fhirAuthorization.token_type: expected Bearer");
  EXPECT_EQ(with("/fhirServer", nullptr),
            "400 fhirServer: missing, expected with fhirAuthorization");
}

TEST(HookRequestTest, PatientIdMayComeAsAReference) {
  json body = MakeHookBody();
  body["context"]["patientId"] = "Patient/123";
  EXPECT_EQ(Read(body)->patient, "123");
  body["context"]["patientId"] = "Practitioner/123";
  EXPECT_THAT(Problem(body), HasSubstr("400 context.patientId"));
}

TEST(HookRequestTest, FhirServerIsAnAddressAndNothingElse) {
  for (const char* bad :
       {"ftp://a.example", "https://", "https://user:pw@a.example/", "https://a.example/?x=1",
        "https://a.example/#x", "//a.example", "fhir", "https://a b.example", "https:///r4"}) {
    json body = MakeHookBody();
    body["fhirServer"] = bad;
    EXPECT_EQ(Problem(body),
              "400 fhirServer: expected an absolute http or https URL without query and fragment")
        << bad;
  }
  json body = MakeHookBody();
  body["fhirServer"] = "http://127.0.0.1:8080/baseR4";
  EXPECT_EQ(Read(body)->fhir_server, "http://127.0.0.1:8080/baseR4");
}

TEST(HookRequestTest, TokenIsFitForAHeaderAndShownNowhere) {
  json body = MakeHookBody();
  for (const std::string& bad :
       {std::string("a\r\nX: y"), std::string("a b"), std::string(), std::string(16385, 'a')}) {
    body["fhirAuthorization"]["access_token"] = bad;
    EXPECT_EQ(Problem(body),
              "400 fhirAuthorization.access_token: expected 1..16384 visible ASCII characters");
  }
  body["fhirAuthorization"] = {{"access_token", "TopSecretToken"}, {"token_type", "bearer"}};
  const auto request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  for (const std::string& remark : Remarks(*request)) {
    EXPECT_THAT(remark, Not(HasSubstr("TopSecret")));
  }
  EXPECT_EQ(request->remarks.size(), 3u);  // what else the specification wants beside it
  body["fhirAuthorization"]["token_type"] = "x";
  EXPECT_THAT(Problem(body), Not(HasSubstr("TopSecret")));
  static_assert(!std::is_copy_constructible_v<AccessToken>);
  static_assert(!std::is_convertible_v<AccessToken, std::string_view>);
}

TEST(HookRequestTest, MovedTokenIsInOnePlace) {
  AccessToken first("short");
  AccessToken second(std::move(first));
  EXPECT_EQ(second.Reveal(), "short");
  EXPECT_EQ(first.Reveal(), "");  // NOLINT(bugprone-use-after-move): that is the claim
  second = AccessToken("other");
  EXPECT_EQ(second.Reveal(), "other");
}

TEST(HookRequestTest, OrderHooksNeedTheirOrders) {
  json body = MakeHookBody("order-sign");
  body["context"].erase("draftOrders");
  EXPECT_EQ(Problem(body), "400 context.draftOrders: expected a Bundle");
  body = MakeHookBody("order-select");
  body["context"].erase("selections");
  EXPECT_EQ(Problem(body), "400 context.selections: expected an array of at most 256 texts");
  body["context"]["selections"] = {1};
  EXPECT_EQ(Problem(body), "400 context.selections: expected an array of at most 256 texts");
}

TEST(HookRequestTest, SelectedOrdersAreToldFromTheOthers) {
  json body = MakeHookBody("order-select");
  json other = MakeDraft("o2", "Warfarin 5 MG");
  // The dosage as the example of order-select has it, with an object where R4 wants an array.
  other["dosageInstruction"] = {
      {{"text", "5 mg daily"}, {"doseAndRate", {{"doseQuantity", {{"value", 5}}}}}}};
  other["medicationCodeableConcept"]["coding"] = {
      {{"system", "http://www.nlm.nih.gov/research/umls/rxnorm"}, {"code", "855332"}}};
  body["context"]["draftOrders"] = MakeDrafts(
      {MakeDraft("o1", "Amoxicillin 500 MG"), other,
       MakeResource("NutritionOrder", "n1", {{"patient", {{"reference", "Patient/123"}}}})});
  body["context"]["selections"] = {"NutritionOrder/n1", "MedicationRequest/o1"};
  const auto request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_EQ(request->drafts,
            (std::vector<DraftOrder>{
                {"MedicationRequest/o1", "Amoxicillin 500 MG", "", "", "", true},
                {"MedicationRequest/o2", "Warfarin 5 MG", "855332",
                 "http://www.nlm.nih.gov/research/umls/rxnorm", "5 mg daily", false}}));
  EXPECT_EQ(Remarks(*request), Texts{});
  // Everything is about to be signed with order-sign.
  body["hook"] = "order-sign";
  body["context"].erase("selections");
  EXPECT_TRUE(Read(body)->drafts.at(1).selected);
}

TEST(HookRequestTest, OrderOfAnotherPatientIsNeverTaken) {
  json body = MakeHookBody("order-sign");
  json nobody = MakeDraft("o3", "Digoxin");
  nobody.erase("subject");
  body["context"]["draftOrders"] =
      MakeDrafts({MakeDraft("o1", "Warfarin", "Patient/999"),
                  MakeDraft("o2", "Amoxicillin", "https://elsewhere.example/r4/Patient/123"),
                  nobody, MakeDraft("o4", "Ramipril", "https://fhir.example.org/r4/Patient/123")});
  const auto request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  ASSERT_EQ(request->drafts.size(), 1u);
  EXPECT_EQ(request->drafts[0].text, "Ramipril");
  EXPECT_EQ(
      Remarks(*request),
      (Texts{"other_patient context.draftOrders.entry[0].resource.subject is another patient "
             "than that of the context: the order is left out",
             "other_patient context.draftOrders.entry[1].resource.subject is another patient "
             "than that of the context: the order is left out",
             "subject_missing context.draftOrders.entry[2].resource.subject names no patient: "
             "the order is left out, and nobody is guessed"}));
}

TEST(HookRequestTest, OrdersThatAreNoneAreLeftOut) {
  json body = MakeHookBody("order-sign");
  json cancelled = MakeDraft("o1", "Warfarin");
  cancelled["status"] = "cancelled";
  json forbidden = MakeDraft("o2", "Digoxin");
  forbidden["doNotPerform"] = true;
  json modified = MakeDraft("o3", "Ramipril");
  modified["modifierExtension"] = {{{"url", "http://x.example"}, {"valueBoolean", true}}};
  json nameless = MakeDraft("o4", "x");
  nameless["medicationCodeableConcept"] = {{"id", "y"}};
  body["context"]["draftOrders"] = MakeDrafts({cancelled, forbidden, modified, nameless});
  const auto request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_TRUE(request->drafts.empty());
  EXPECT_THAT(Remarks(*request),
              testing::Contains("draft_unreadable context.draftOrders.entry[2].resource has "
                                "modifiers that are not known here"));
  EXPECT_THAT(Remarks(*request),
              testing::Contains("draft_unreadable context.draftOrders.entry[3].resource names no "
                                "medication: left out"));
}

TEST(HookRequestTest, MedicationMayStandBesideTheOrder) {
  json body = MakeHookBody("order-sign");
  json order = MakeDraft("o1", "x");
  order.erase("medicationCodeableConcept");
  order["contained"] = {MakeResource("Medication", "m", {{"code", {{"text", "Warfarin 5 MG"}}}})};
  order["medicationReference"] = {{"reference", "#m"}};
  body["context"]["draftOrders"] = MakeDrafts({order});
  const auto request = Read(body);
  ASSERT_TRUE(request) << request.error().text;
  ASSERT_EQ(request->drafts.size(), 1u);
  EXPECT_EQ(request->drafts[0].text, "Warfarin 5 MG");
}

TEST(HookRequestTest, EverythingIsBounded) {
  std::vector<json> orders;
  for (int i = 0; i < 70; ++i) orders.push_back(MakeDraft("o" + std::to_string(i), "Warfarin"));
  json body = MakeHookBody("order-sign");
  body["context"]["draftOrders"] = MakeDrafts(orders);
  EXPECT_EQ(Read(body)->drafts.size(), kDraftOrdersMax);
  const HookService& service = *FindHookService(kHookServiceId, "patient-view");
  const auto huge = ReadHookRequest(std::string(kHookBodyBytesMax + 1, ' '), service);
  ASSERT_FALSE(huge);
  EXPECT_EQ(HookHttpStatus(huge.error().code), 413);
  const auto deep = ReadHookRequest(std::string(100000, '['), service);
  ASSERT_FALSE(deep);
  EXPECT_EQ(HookHttpStatus(deep.error().code), 413);
  const auto twice = ReadHookRequest(R"({"hook":"patient-view","hook":"x"})", service);
  ASSERT_FALSE(twice);
  EXPECT_EQ(HookHttpStatus(twice.error().code), 400);
}

}  // namespace
}  // namespace consilium
