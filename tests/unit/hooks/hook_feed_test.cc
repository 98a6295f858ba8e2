#include "gateway/hooks/hook_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/clinical/case_maker.h"
#include "gateway/clinical/routing.h"
#include "tests/support/hook_body.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

HookRequest Read(const json& body) {
  const HookService* const service =
      FindHookService(kHookServiceId, body["hook"].get<std::string>());
  auto request = ReadHookRequest(body.dump(), *service);
  EXPECT_TRUE(request) << (request ? "" : request.error().text);
  return std::move(request).value();
}
Result<HookFeed> Feed(const json& body, const std::vector<FhirFetched>& fetched = {}) {
  return ToHookFeed(Read(body), fetched, "https://ehr.example.com/");
}
std::string Problem(const json& body, const std::vector<FhirFetched>& fetched = {}) {
  const auto feed = Feed(body, fetched);
  return feed ? "ok" : std::to_string(HookHttpStatus(feed.error().code)) + " " + feed.error().text;
}
std::string DigestOf(const json& body) {
  const auto feed = Feed(body);
  EXPECT_TRUE(feed);
  return feed->message.digest;
}
std::vector<std::string> Codes(const HookFeed& feed) {
  std::vector<std::string> codes;
  for (const Remark& one : feed.message.remarks) codes.push_back(one.code + " " + one.where);
  return codes;
}
std::vector<std::string> FactTexts(const HookFeed& feed) {
  std::vector<std::string> texts;
  for (const Fact& fact : feed.message.records.at(0).facts) texts.push_back(fact.text);
  return texts;
}
using Texts = std::vector<std::string>;

TEST(HookFeedTest, PrefetchBecomesOneRecordOfThePatient) {
  const auto feed = Feed(MakeHookBody());
  ASSERT_TRUE(feed) << feed.error().text;
  const FeedMessage& message = feed->message;
  EXPECT_EQ(message.door, "cds");
  EXPECT_EQ(message.sender, "https://ehr.example.com/");
  EXPECT_EQ(message.id, "");
  EXPECT_EQ(message.digest.size(), 64u);
  EXPECT_EQ(message.type, "patient-view");
  EXPECT_TRUE(message.production);
  EXPECT_TRUE(message.remarks.empty());
  ASSERT_EQ(message.records.size(), 1u);
  const FeedRecord& record = message.records[0];
  EXPECT_EQ(record.reference, "Patient/123");
  EXPECT_EQ(record.patient.birth_date, "1974-12-25");
  EXPECT_EQ(record.patient.sex, "female");
  EXPECT_EQ(FactTexts(*feed), Texts{"Community acquired pneumonia"});
  EXPECT_TRUE(feed->asks);
  EXPECT_EQ(feed->question, "");
}

TEST(HookFeedTest, ResourcesOfAnotherPatientAreNeverTaken) {
  json body = MakeHookBody();
  body["prefetch"]["conditions"] =
      MakeSearchset({MakeCondition("c1"), MakeCondition("c2", "Patient/999"), MakePatient("999")});
  const auto feed = Feed(body);
  ASSERT_TRUE(feed) << feed.error().text;
  EXPECT_EQ(FactTexts(*feed).size(), 1u);
  EXPECT_THAT(Codes(*feed), Contains(HasSubstr("other_patient prefetch.conditions.entry[1]")));
  // Nor where the other Patient was not sent.
  body["prefetch"]["conditions"] =
      MakeSearchset({MakeCondition("c1"), MakeCondition("c2", "Patient/999")});
  EXPECT_EQ(FactTexts(*Feed(body)).size(), 1u);
  EXPECT_EQ(Feed(body)->message.remarks.size(), 1u);
}

TEST(HookFeedTest, AnotherPatientInThePlaceOfThePatientIs412) {
  json body = MakeHookBody();
  body["prefetch"]["patient"] = MakePatient("999");
  EXPECT_EQ(Problem(body),
            "412 prefetch.patient: unreadable or another patient, expected that of the context");
}

TEST(HookFeedTest, WhatLacksIsNamed) {
  json body = MakeHookBody();
  body["prefetch"].erase("patient");
  const std::string expected = ", expected the Patient of the context, there or at fhirServer";
  EXPECT_EQ(Problem(body), "412 prefetch.patient: missing" + expected);
  body["prefetch"]["patient"] = nullptr;
  EXPECT_EQ(Problem(body), "412 prefetch.patient: null" + expected);
  body["prefetch"]["patient"] = {{"resourceType", "OperationOutcome"}};
  EXPECT_EQ(Problem(body), "412 prefetch.patient: could not be got" + expected);
  body = MakeHookBody();
  body["prefetch"].erase("conditions");
  EXPECT_EQ(Problem(body),
            "412 prefetch.conditions: missing, expected conditions or an encounter with a reason, "
            "there or at fhirServer");
}

TEST(HookFeedTest, NothingToAskAboutIsNoError) {
  json body = MakeHookBody("order-sign");
  body["prefetch"]["conditions"] = nullptr;
  auto feed = Feed(body);
  ASSERT_TRUE(feed) << feed.error().text;
  EXPECT_FALSE(feed->asks);
  body["prefetch"]["conditions"] = MakeSearchset({});
  feed = Feed(body);
  ASSERT_TRUE(feed) << feed.error().text;
  EXPECT_FALSE(feed->asks);
}

TEST(HookFeedTest, ReasonOfTheEncounterIsEnoughToAsk) {
  json body = MakeHookBody();
  body["prefetch"].erase("conditions");
  body["prefetch"]["encounter"] = MakeResource("Encounter", "89284",
                                               {{"status", "in-progress"},
                                                {"class", {{"code", "AMB"}}},
                                                {"subject", {{"reference", "Patient/123"}}},
                                                {"reasonCode", {{{"text", "Painful ear"}}}}});
  const auto feed = Feed(body);
  ASSERT_TRUE(feed) << feed.error().text;
  EXPECT_TRUE(feed->asks);
  EXPECT_EQ(feed->message.records[0].reason, "Painful ear");
}

TEST(HookFeedTest, MissingKeysAreReadFromTheServer) {
  json body = MakeHookBody();
  body["prefetch"] = {{"allergies", nullptr},
                      {"weight", {{"resourceType", "OperationOutcome"}}},
                      {"medicationStatements", MakeSearchset({})}};
  const HookRequest request = Read(body);
  EXPECT_EQ(
      ReadsToMake(request),
      (std::vector<FhirRead>{
          {"patient", "Patient/123", true},
          {"conditions", "Condition?patient=123", true},
          {"medicationRequests", "MedicationRequest?patient=123&status=active", false},
          {"renal",
           "Observation?patient=123&code=33914-3,48642-3,48643-1,62238-1,69405-9,77147-7,"
           "88293-6,88294-4,98979-8,2160-0,14682-9&_sort=-date&_count=10",
           false},
          {"pregnancy", "Observation?patient=123&code=82810-3,11449-6&_sort=-date&_count=1", false},
          {"encounter", "Encounter/89284", false}}));
  body["context"].erase("encounterId");
  EXPECT_EQ(ReadsToMake(Read(body)).size(), 5u);
  body.erase("fhirAuthorization");
  body.erase("fhirServer");
  EXPECT_TRUE(ReadsToMake(Read(body)).empty());
}

TEST(HookFeedTest, WhatWasFetchedFillsTheHoles) {
  json body = MakeHookBody();
  body["prefetch"] = json::object();
  const std::vector<FhirFetched> fetched = {
      {"patient", MakePatient().dump()},
      {"conditions", MakeSearchset({MakeCondition()}).dump()},
      {"allergies", "<html>"},
      {"renal", json{{"resourceType", "OperationOutcome"}}.dump()},
      {"unknown", "{}"}};
  const auto feed = Feed(body, fetched);
  ASSERT_TRUE(feed) << feed.error().text;
  EXPECT_EQ(FactTexts(*feed), Texts{"Community acquired pneumonia"});
  EXPECT_EQ(Codes(*feed), (Texts{"fetch_failed fetched.allergies", "fetch_failed fetched.renal"}));
  // The same data is the same case, wherever it came from.
  EXPECT_EQ(feed->message.digest, DigestOf(MakeHookBody()));
  // What the client sent is not replaced.
  body["prefetch"]["conditions"] = MakeSearchset({});
  EXPECT_TRUE(FactTexts(*Feed(body, fetched)).empty());
}

TEST(HookFeedTest, MorePagesAreARemarkExceptWhereTheLatestWereAskedFor) {
  json body = MakeHookBody();
  const json next = {{{"relation", "next"}, {"url", "https://fhir.example.org/r4?page=2"}}};
  body["prefetch"]["conditions"]["link"] = next;
  body["prefetch"]["renal"] = MakeSearchset({});
  body["prefetch"]["renal"]["link"] = next;
  EXPECT_EQ(Codes(*Feed(body)), Texts{"more_pages prefetch.conditions.link[0]"});
}

TEST(HookFeedTest, DraftOrdersAreTheQuestionAndNoFacts) {
  json body = MakeHookBody("order-select");
  json first = MakeDraft("o1", "Amoxicillin 500 MG");
  first["dosageInstruction"] = {{{"text", "1 capsule for Ottilie Zimmermann, MRN-88123"}}};
  body["context"]["draftOrders"] = MakeDrafts({first, MakeDraft("o2", "Ibuprofen 400 MG")});
  const auto feed = Feed(body);
  ASSERT_TRUE(feed) << feed.error().text;
  EXPECT_EQ(FactTexts(*feed), Texts{"Community acquired pneumonia"});
  EXPECT_THAT(feed->question, HasSubstr("About to be ordered: Amoxicillin 500 MG (1 capsule for "));
  EXPECT_THAT(feed->question, HasSubstr("Also drafted, not ordered yet: Ibuprofen 400 MG."));
  EXPECT_THAT(feed->question, HasSubstr("None of these is given yet."));
  // Names and numbers of the patient do not reach a model.
  EXPECT_THAT(feed->question, Not(HasSubstr("Zimmermann")));
  EXPECT_THAT(feed->question, Not(HasSubstr("Ottilie")));
  EXPECT_THAT(feed->question, Not(HasSubstr("88123")));
}

TEST(HookFeedTest, SameDataIsTheSameMessage) {
  const std::string digest = DigestOf(MakeHookBody());
  json body = MakeHookBody();
  body["hookInstance"] = "00000000-0000-4000-8000-000000000000";
  body["fhirAuthorization"]["access_token"] = "another";
  body["prefetch"]["conditions"]["id"] = "search-2";
  body["prefetch"]["conditions"]["meta"] = {{"lastUpdated", "2026-11-28T00:00:00Z"}};
  body["prefetch"]["conditions"]["total"] = 1;
  body["context"]["userId"] = "Practitioner/other";
  body["context"].erase("encounterId");
  EXPECT_EQ(DigestOf(body), digest);
  // In another order.
  json two = MakeHookBody();
  json second = MakeCondition("c2");
  second["code"]["text"] = "Asthma";
  two["prefetch"]["conditions"] = MakeSearchset({MakeCondition(), second});
  json turned = two;
  turned["prefetch"]["conditions"] = MakeSearchset({second, MakeCondition()});
  EXPECT_EQ(DigestOf(two), DigestOf(turned));
  EXPECT_NE(DigestOf(two), digest);
  // Of another hook, with nothing about to be ordered.
  json sign = MakeHookBody("order-sign");
  sign["context"]["draftOrders"] = MakeDrafts({});
  EXPECT_EQ(DigestOf(sign), digest);
}

TEST(HookFeedTest, OtherDataOrOtherOrdersAreAnotherMessage) {
  const std::string digest = DigestOf(MakeHookBody());
  EXPECT_NE(DigestOf(MakeHookBody("order-sign")), digest);
  json body = MakeHookBody("order-sign");
  body["context"]["draftOrders"] = MakeDrafts({MakeDraft("o1", "Warfarin")});
  EXPECT_NE(DigestOf(body), DigestOf(MakeHookBody("order-sign")));
  json patient = MakeHookBody();
  patient["prefetch"]["patient"]["birthDate"] = "1974-12-26";
  EXPECT_NE(DigestOf(patient), digest);
  const auto other = ToHookFeed(Read(MakeHookBody()), {}, "https://other.example.com/");
  ASSERT_TRUE(other);
  EXPECT_NE(other->message.digest, digest);
}

TEST(HookFeedTest, TheMessageStartsACaseThatNamesNobody) {
  const auto feed = Feed(MakeHookBody());
  ASSERT_TRUE(feed) << feed.error().text;
  const auto routing = ParseRouting(DefaultRouting());
  ASSERT_TRUE(routing);
  EXPECT_TRUE(StartsCase(*routing, feed->message));
  constexpr std::int64_t kNow = 1'800'000'000'000;  // 2027-01-15
  const FeedRecord& record = feed->message.records.at(0);
  const auto made = MakeVignette(record, JoinContext(record, {}, kNow, 3'600'000), kNow);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_THAT(made->vignette.text, HasSubstr("Community acquired pneumonia"));
  EXPECT_THAT(made->vignette.text, Not(HasSubstr("Zimmermann")));
  EXPECT_EQ(made->vignette.patient.age, 52);
  EXPECT_EQ(made->vignette.patient.sex, "female");
}

TEST(HookFeedTest, UnreadableResourcesAreSaidAndLeftOut) {
  json body = MakeHookBody();
  json bad = MakeCondition("c2");
  bad["modifierExtension"] = {{{"url", "http://x.example"}, {"valueBoolean", true}}};
  body["prefetch"]["conditions"] = MakeSearchset({MakeCondition(), bad});
  const auto feed = Feed(body);
  ASSERT_TRUE(feed) << feed.error().text;
  EXPECT_EQ(FactTexts(*feed).size(), 1u);
  EXPECT_THAT(Codes(*feed),
              Contains(HasSubstr("unreadable_resource prefetch.conditions.entry[1]")));
}

}  // namespace
}  // namespace consilium
