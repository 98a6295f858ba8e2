#include "broker/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/unit/broker/cluster.h"

namespace consilium {
namespace {

using testing::SizeIs;

// The refusal of a case that is fine but for `spoil`.
Error Refusal(const std::function<void(CaseRequest&)>& spoil, const Config& config = FiveModels()) {
  CaseRequest request = SomeCase();
  spoil(request);
  const auto admitted = Admit(request, config, {});
  EXPECT_FALSE(admitted.ok());
  return admitted.ok() ? Error{} : admitted.error();
}

TEST(IntakeTest, AGoodCaseIsMadeReadyForTheStore) {
  CaseRequest request = SomeCase("ward-7:0001");
  request.source = "cli";
  request.deadline_s = 20;
  request.gold_medications = std::vector<std::string>{"amoxicillin"};
  request.strategy = "all";
  const Config config = FiveModels();
  const auto admitted = Admit(request, config, {});
  ASSERT_TRUE(admitted.ok()) << admitted.error().text;
  EXPECT_EQ(admitted->id, "ward-7:0001");
  EXPECT_EQ(admitted->digest, Sha256Hex(Pack(request)));
  EXPECT_EQ(admitted->vignette.text, request.vignette.text);
  EXPECT_EQ(admitted->gold_medications, request.gold_medications);
  EXPECT_EQ(admitted->source, "cli");
  EXPECT_EQ(admitted->kind, "medication");
  EXPECT_EQ(admitted->strategy, "all");
  EXPECT_EQ(admitted->seating, "stated");
  EXPECT_THAT(admitted->ensemble, SizeIs(5));
  EXPECT_EQ(admitted->deadline_ms, 20000);
  EXPECT_EQ(admitted->answers_ms, 12000);
  EXPECT_EQ(admitted->live_cases_max, config.broker.live_cases_max);
}

TEST(IntakeTest, TheKindIsOneOfTheConfiguredOnes) {
  Config config = FiveModels();
  config.council.kinds = {"medication", "oncology"};
  CaseRequest request = SomeCase();
  request.kind = "oncology";
  EXPECT_EQ(Admit(request, config, {})->kind, "oncology");
  EXPECT_EQ(Admit(SomeCase(), config, {})->kind, "medication");
  EXPECT_EQ(Refusal([](CaseRequest& c) { c.kind = "surgery"; }, config),
            Invalid("kind = \"surgery\", expected one of medication, oncology (council.kinds)"));
}

TEST(IntakeTest, WhatTheRequestLeavesOpenComesFromTheConfiguration) {
  Config config = FiveModels();
  config.council.deadline_s = 100;
  config.council.answer_share = 0.25;
  config.ensemble.strategy = "local";
  config.ensemble.size = 1;
  const auto admitted = Admit(SomeCase(), config, {});
  ASSERT_TRUE(admitted.ok()) << admitted.error().text;
  EXPECT_EQ(admitted->strategy, "local");
  EXPECT_THAT(admitted->ensemble, SizeIs(1));
  EXPECT_EQ(admitted->deadline_ms, 100000);
  EXPECT_EQ(admitted->answers_ms, 25000);
}

TEST(IntakeTest, EveryFieldOfTheRequestCountsForTheDigest) {
  const Config config = FiveModels();
  const std::string plain = Admit(SomeCase(), config, {})->digest;
  CaseRequest gold = SomeCase();
  gold.gold_medications.emplace();
  EXPECT_NE(Admit(gold, config, {})->digest, plain);
  CaseRequest source = SomeCase();
  source.source = "feed";
  EXPECT_NE(Admit(source, config, {})->digest, plain);
  EXPECT_EQ(Admit(SomeCase(), config, {})->digest, plain);
}

TEST(IntakeTest, AnEmptyOrBlankTextIsRefused) {
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.vignette.text = ""; }),
            Invalid("text: empty, expected a vignette"));
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.vignette.text = " \n\t "; }),
            Invalid("text: blank, expected a vignette"));
}

TEST(IntakeTest, ABadIdIsRefused) {
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.id = "a|b"; }),
            Invalid("id = \"a|b\", expected 1..128 characters of A-Z a-z 0-9 . _ : -"));
}

TEST(IntakeTest, AnOversizedCaseIsRefusedAtExactlyTheLimit) {
  Config config = FiveModels();
  CaseRequest request = SomeCase();
  const auto bytes = static_cast<std::int64_t>(Pack(request).size());
  config.broker.case_bytes_max = bytes;
  EXPECT_TRUE(Admit(request, config, {}).ok());
  config.broker.case_bytes_max = bytes - 1;
  EXPECT_EQ(Refusal([](CaseRequest&) {}, config),
            (Error{ErrorCode::kTooLarge,
                   "case case-1: " + std::to_string(bytes) + " bytes, expected at most " +
                       std::to_string(bytes - 1) + " (broker.case_bytes_max)"}));
}

TEST(IntakeTest, DeadlinesOutOfRangeAreRefused) {
  const auto deadline = [](double value) {
    return Refusal([value](CaseRequest& r) { r.deadline_s = value; }).text;
  };
  EXPECT_EQ(deadline(0), "deadline_s = 0, expected 1..86400");
  EXPECT_EQ(deadline(0.5), "deadline_s = 0.5, expected 1..86400");
  EXPECT_EQ(deadline(1e300), "deadline_s = 1e+300, expected 1..86400");
  EXPECT_EQ(deadline(std::numeric_limits<double>::infinity()),
            "deadline_s = inf, expected 1..86400");
  EXPECT_EQ(deadline(std::nan("")), "deadline_s = nan, expected 1..86400");
}

TEST(IntakeTest, PatientsOutOfRangeAreRefused) {
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.vignette.patient.age = 131; }).text,
            "patient.age = 131, expected 0..130");
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.vignette.patient.egfr = -1; }).text,
            "patient.egfr = -1, expected 0..250");
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.vignette.patient.weight_kg = 0.1; }).text,
            "patient.weight_kg = 0.1, expected 0.2..700");
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.vignette.patient.sex = std::string(65, 'x'); }).text,
            "patient.sex: 65 bytes, expected at most 64");
}

TEST(IntakeTest, LongOrBlankListsAreRefused) {
  EXPECT_EQ(
      Refusal([](CaseRequest& r) { r.vignette.patient.medications.assign(65, "aspirin"); }).text,
      "patient.medications: 65 entries, expected at most 64");
  EXPECT_EQ(Refusal([](CaseRequest& r) {
              r.vignette.patient.allergies = {"penicillin", " "};
            }).text,
            "patient.allergies[1]: blank, expected a name");
  EXPECT_EQ(Refusal([](CaseRequest& r) {
              r.gold_medications = std::vector<std::string>(65, "aspirin");
            }).text,
            "gold_medications: 65 entries, expected at most 64");
}

TEST(IntakeTest, OptionsAreSingleLetters) {
  const auto options = [](std::map<std::string, std::string> value) {
    return Refusal([&value](CaseRequest& r) { r.vignette.options = value; }).text;
  };
  EXPECT_EQ(options({{"AB", "x"}}), "options: key \"AB\", expected one letter A..Z");
  EXPECT_EQ(options({{"", "x"}}), "options: key \"\", expected one letter A..Z");
  EXPECT_EQ(options({{"1", "x"}}), "options: key \"1\", expected one letter A..Z");
  EXPECT_EQ(options({{"A", " "}}), "options.A: blank, expected some text");
  EXPECT_EQ(options({{"A", "x"}, {"a", "y"}}),
            "options: key \"a\" in both cases, expected each letter once");
  std::map<std::string, std::string> many;
  for (int i = 0; i < 27; ++i) many[std::string(1, static_cast<char>('A' + i))] = "x";
  EXPECT_EQ(options(many), "options: 27 entries, expected at most 26");
  many.erase(std::string(1, '['));
  CaseRequest request = SomeCase();
  request.vignette.options = many;
  EXPECT_TRUE(Admit(request, FiveModels(), {}).ok());
}

TEST(IntakeTest, ALongSourceIsRefused) {
  EXPECT_EQ(Refusal([](CaseRequest& r) { r.source = std::string(65, 's'); }).text,
            "source: 65 bytes, expected at most 64");
}

TEST(IntakeTest, NoRefusalQuotesCaseText) {
  const std::string secret = "Mrs-Secret-Patient";
  for (const auto& spoil : std::vector<std::function<void(CaseRequest&)>>{
           [](CaseRequest& r) { r.deadline_s = 0; }, [](CaseRequest& r) { r.ensemble_size = 9; },
           [](CaseRequest& r) { r.vignette.patient.age = -1; },
           [](CaseRequest& r) { r.vignette.options["AA"] = "Mrs-Secret-Patient"; }}) {
    CaseRequest request = SomeCase();
    request.vignette.text = secret;
    request.vignette.question = secret;
    spoil(request);
    const auto admitted = Admit(request, FiveModels(), {});
    ASSERT_FALSE(admitted.ok());
    EXPECT_EQ(admitted.error().text.find(secret), std::string::npos) << admitted.error().text;
  }
}

}  // namespace
}  // namespace consilium
