#include "gateway/fhir/json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/fhir/fhir_fixture.h"

namespace consilium {
namespace {

std::string Problem(const std::string& json, const FhirJsonLimits& limits = {}) {
  const FhirJsonResult read = ReadFhirJson(json, limits);
  const FhirIssue* const issue = std::get_if<FhirIssue>(&read);
  return issue == nullptr ? "none" : LineOf(*issue);
}

TEST(FhirJsonTest, DecimalsKeepTheirPrecision) {
  const FhirJsonResult read = ReadFhirJson(
      R"({"resourceType":"X","a":0.50,"b":1.0,"c":1e2,"d":-7,"e":100000000000000000000.25,"f":18446744073709551615})");
  const FhirValue* const value = std::get_if<FhirValue>(&read);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->Find("a")->text, "0.50");
  EXPECT_EQ(value->Find("b")->text, "1.0");
  EXPECT_EQ(value->Find("c")->text, "1e2");
  EXPECT_EQ(value->Find("d")->text, "-7");
  EXPECT_EQ(value->Find("e")->text, "100000000000000000000.25");
  EXPECT_EQ(value->Find("f")->text, "18446744073709551615");
}

TEST(FhirJsonTest, MemberThatIsThereTwiceIsNamed) {
  EXPECT_EQ(
      Problem(R"({"resourceType":"Patient","name":[{"family":"A"},{"family":"A","family":"B"}]})"),
      "fatal invalid Patient.name[1].family: the member is there twice");
}

TEST(FhirJsonTest, NameOfAMemberIsNotRepeatedWhenItIsNoName) {
  EXPECT_EQ(Problem(R"({"resourceType":"Patient","Jane Doe":""})"),
            "fatal value Patient.?: an empty text, expected one or nothing");
}

TEST(FhirJsonTest, WhatIsNoJsonIsRefusedAtItsByte) {
  EXPECT_EQ(Problem(R"({"resourceType":"Patient",})"),
            "fatal invalid Patient.resourceType: not JSON at byte 27");
  EXPECT_EQ(Problem(""), "fatal invalid Resource: not JSON at byte 1");
  EXPECT_EQ(Problem("{\"resourceType\":\"P\"} x"), "fatal invalid P: not JSON at byte 22");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":NaN})"), "fatal invalid P.a: not JSON at byte 25");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":1e999})"), "fatal invalid P.a: not JSON at byte 29");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":"\ud800"})"),
            "fatal invalid P.a: not JSON at byte 32");
}

TEST(FhirJsonTest, NameWithoutAValueIsRefused) {
  EXPECT_EQ(Problem(R"({"resourceType";"Bundle"})"),
            "fatal invalid Resource.resourceType: not JSON at byte 16");
}

TEST(FhirJsonTest, BytesThatAreNotUtf8AreRefused) {
  EXPECT_EQ(Problem("{\"resourceType\":\"P\",\"a\":\"caf\xE9\"}"),
            "fatal invalid : not UTF-8 at byte 29");
}

TEST(FhirJsonTest, DepthBombIsRefusedAtTheLimit) {
  const std::string deep = R"({"resourceType":"P","a":)" + std::string(100000, '[');
  EXPECT_EQ(Problem(deep).substr(0, 26), "fatal too-costly P.a[0][0]");
  std::string text = "1";
  for (int i = 0; i < 63; ++i) text = R"({"a":)" + text + "}";
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":)" + text + "}"), "none") << "64 levels";
  text = R"({"a":)" + text + "}";
  EXPECT_NE(Problem(R"({"resourceType":"P","a":)" + text + "}").find("nested deeper than 64"),
            std::string::npos);
}

TEST(FhirJsonTest, SizesAreBounded) {
  const std::string json = R"({"resourceType":"P","a":[1,2,3],"b":4})";
  EXPECT_EQ(Problem(json, {.bytes_max = 10}), "fatal too-long : 38 bytes, expected at most 10");
  EXPECT_EQ(Problem(json, {.values_max = 5}), "fatal too-costly P.a[2]: more than 5 values");
  EXPECT_EQ(Problem(json, {.members_max = 2}),
            "fatal too-costly P.a: an object with more than 2 members");
  EXPECT_EQ(Problem(json, {.bytes_max = 38, .values_max = 7, .members_max = 3}), "none");
}

TEST(FhirJsonTest, EmptyThingsAreRefusedWhereTheyAre) {
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":{"b":{}}})"),
            "fatal structure P.a.b: an empty object, expected members or nothing");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":[{"b":[]}]})"),
            "fatal structure P.a[0].b: an empty array, expected items or nothing");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":""})"),
            "fatal value P.a: an empty text, expected one or nothing");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":null})"),
            "fatal structure P.a: null, expected a value or nothing");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":[[1]]})"),
            "fatal structure P.a[0]: an array in an array");
}

TEST(FhirJsonTest, NullFillsOnlyThePlaceOfWhatItsTwinSays) {
  EXPECT_EQ(Problem(R"({"resourceType":"P","given":["A",null],"_given":[null,{"id":"x"}]})"),
            "none");
  EXPECT_EQ(Problem(R"({"resourceType":"P","given":["A",null],"_given":[{"id":"x"},null]})"),
            "fatal structure P.given[1]: null, expected a value or nothing");
  EXPECT_EQ(Problem(R"({"resourceType":"P","given":["A",null]})"),
            "fatal structure P.given[1]: null, expected a value or nothing");
}

TEST(FhirJsonTest, ControlCharactersAreRefused) {
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":"x\u0000y"})"),
            "fatal value P.a: a control character, expected none but tab and line ends");
  EXPECT_EQ(Problem(R"({"resourceType":"P","a":"x\t\r\ny"})"), "none");
}

TEST(FhirJsonTest, ResourceTypeIsMandatory) {
  EXPECT_EQ(Problem(R"({"id":"1"})"), "fatal required Resource.resourceType: missing");
  EXPECT_EQ(Problem(R"({"resourceType":5})"), "fatal required Resource.resourceType: missing");
  EXPECT_EQ(Problem(R"({"resourceType":"<b>"})"),
            "fatal value ?.resourceType: expected the name of a type");
  EXPECT_EQ(Problem("[]"), "fatal structure Resource: expected a resource, which is an object");
}

}  // namespace
}  // namespace consilium
