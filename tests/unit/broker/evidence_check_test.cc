#include "broker/evidence_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/unit/broker/cluster.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

constexpr std::int64_t kNow = 100 * kDayMs;

ImportRequest Good() {
  ImportRequest request;
  request.cases = {
      EvidenceBuilder("c-1").At(kDayMs).Judged("alpha", "000", true, 0.9).Build(),
      EvidenceBuilder("c-2").At(kDayMs).Graded("never-configured", "000", 0.4).Build()};
  return request;
}

Error Refusal(const std::function<void(ImportRequest&)>& spoil) {
  ImportRequest request = Good();
  spoil(request);
  const Status checked = CheckImport(request, FiveModels(), kNow);
  EXPECT_FALSE(checked.ok());
  return checked.ok() ? Error{} : checked.error();
}

TEST(EvidenceCheckTest, GoodEvidencePassesAlsoOfModelsThatAreNotConfigured) {
  EXPECT_TRUE(CheckImport(Good(), FiveModels(), kNow));
}

TEST(EvidenceCheckTest, AnswersThatNobodyGradedPass) {
  ImportRequest request = Good();
  request.cases[0].answers[0].grade.reset();
  request.cases[0].answers[0].right.reset();
  EXPECT_TRUE(CheckImport(request, FiveModels(), kNow));
}

TEST(EvidenceCheckTest, RefusalsNameTheCaseTheFieldTheValueAndWhatIsAllowed) {
  EXPECT_EQ(Refusal([](auto& r) { r.cases.clear(); }), Invalid("cases: 0 listed, expected 1..256"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases.resize(257, r.cases[0]); }),
            Invalid("cases: 257 listed, expected 1..256"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[1].kind = "surgery"; }),
            Invalid("cases[1].kind = \"surgery\", expected one of medication (council.kinds)"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].decided_ms = -5; }),
            Invalid("cases[0].decided_ms = -5, expected 0..8726400000"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].options = 27; }),
            Invalid("cases[0].options = 27, expected 0..26"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].options = -1; }),
            Invalid("cases[0].options = -1, expected 0..26"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].decided_ms = kNow + 2 * kDayMs; }),
            Invalid("cases[0].decided_ms = 8812800000, expected 0..8726400000"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].answers.push_back(r.cases[0].answers[0]); }),
            Invalid("cases[0].answers: \"alpha\" twice, expected each model once"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].answers[0].grade = 7; }),
            Invalid("cases[0].answers: \"alpha\".grade is not within 0..1"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].source.assign(300, 'x'); }),
            Invalid("cases[0].source: 300 bytes, expected at most 256"));
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].seated.assign(257, "a"); }),
            Invalid("cases[0]: more than 256 models"));
}

TEST(EvidenceCheckTest, NumbersThatAreNoneAreRefused) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -0.1}) {
    EXPECT_EQ(Refusal([bad](auto& r) { r.cases[0].answers[0].weight = bad; }),
              Invalid("cases[0].answers: \"alpha\".weight is not within 0..1"));
    EXPECT_EQ(Refusal([bad](auto& r) { r.cases[0].answers[0].latency_ms = bad; }),
              Invalid("cases[0].answers: \"alpha\".latency_ms is not within 0..1000000000000"));
  }
}

TEST(EvidenceCheckTest, IdsAndNamesMustBeSuch) {
  EXPECT_EQ(Refusal([](auto& r) { r.cases[0].case_id = "a|b"; }).text.rfind("cases[0].", 0), 0U);
  EXPECT_EQ(
      Refusal([](auto& r) { r.cases[0].seated = {"a b"}; }).text.rfind("cases[0].seated: ", 0), 0U);
  EXPECT_EQ(Refusal([](auto& r) {
              r.cases[0].answers[0].model = "a|b";
            }).text.rfind("cases[0].answers", 0),
            0U);
}

}  // namespace
}  // namespace consilium
