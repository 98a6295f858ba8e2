// What the confidence rests on, as people read it.
#include "cli/render_trust.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "cli/render.h"
#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

TrackRecord Calibrated() {
  TrackRecord record;
  record.kind = "medication";
  record.rules = "1";
  record.cases = 212;
  record.needed = 50;
  record.votes = {{"alpha", "alpha-2026", 0.5, 212},
                  {"bravo", "", std::log(12), 200},
                  {"charlie", "c-1", 0.0, 150},
                  {"delta", "d-2", 0.0, 19}};
  record.support = 1.0;
  record.calibration = "isotonic";
  record.knots = {{0.3, 0.2}, {0.9, 0.97}};
  record.risk_target = 0.05;
  record.risk_needed = 19;
  record.confidence_min = 0.8712;
  record.answered = 130;
  record.wrong = 2;
  return record;
}

TrackRecords Of(TrackRecord record) {
  TrackRecords records;
  records.made_ms = 1767225600000;
  records.items.push_back(std::move(record));
  return records;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(RenderTrustTest, AKindThatIsNotThereIsSaidWithThoseThatAre) {
  TrackRecords records = Of(Calibrated());
  records.items.push_back(Calibrated());
  records.items.back().kind = "oncology";
  EXPECT_EQ(RecordsOf("", records)->items.size(), 2u);
  const auto one = RecordsOf("oncology", records);
  ASSERT_TRUE(one.ok());
  ASSERT_EQ(one->items.size(), 1u);
  EXPECT_EQ(one->items[0].kind, "oncology");
  const auto typo = RecordsOf("medicaton", records);
  ASSERT_FALSE(typo.ok());
  EXPECT_EQ(typo.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(typo.error().text,
            "nothing is known of kind \"medicaton\"; known: medication, oncology");
  EXPECT_EQ(RecordsOf("x", {}).error().text, "nothing is known of kind \"x\"; known: none yet");
}

TEST(RenderTrustTest, SaysWhatTheConfidenceRestsOn) {
  const std::string text = RenderTrust(Of(Calibrated()), kLook);
  EXPECT_EQ(text,
            "  Made        2026-01-01 00:00:00 UTC\n"
            "\n"
            "medication\n"
            "  Outcomes    212 known\n"
            "  Calibrated  by 2 steps (isotonic)\n"
            "  Answers     reviewed: full support multiplies the odds by 2.7\n"
            "  Risk        at most 0.05 may be wrong: kept from 0.871 on; of 212 known\n"
            "              outcomes 130 were at least so sure, 2 of these wrong\n"
            "  model    version     known  weight  its vote\n"
            "  bravo    not said      200    2.48  multiplies the odds by 12\n"
            "  alpha    alpha-2026    212    0.50  multiplies the odds by 1.6\n"
            "  charlie  c-1           150    0.00  changes nothing\n"
            "  delta    d-2            19       -  needs 1 more\n"
            "\n"
            "  A vote multiplies the odds of its answer against any other. A model has a vote\n"
            "  once 20 of its answers are known, in the version that answered last.\n");
}

TEST(RenderTrustTest, BeforeItIsCalibratedItSaysHowManyOutcomesAreMissing) {
  TrackRecord record = Calibrated();
  record.cases = 31;
  record.calibration = "";
  record.knots.clear();
  record.support.reset();
  record.confidence_min.reset();
  record.risk_target = 0.01;
  record.risk_needed = 99;
  for (VoteWeight& vote : record.votes) vote.weight = 0;
  const std::string text = RenderTrust(Of(record), kLook);
  EXPECT_TRUE(Has(text, "  Outcomes    31 known, at least 50 are needed: 19 more\n")) << text;
  EXPECT_TRUE(Has(text,
                  "  Calibrated  not yet: recommendations have no confidence; support decides\n"
                  "              (council.support_min)\n"))
      << text;
  EXPECT_TRUE(
      Has(text,
          "  Risk        at most 0.01 may be wrong: to judge it takes 99 known outcomes, 68\n"
          "              more; until then support decides (council.support_min)\n"))
      << text;
  EXPECT_TRUE(Has(text, "  alpha    alpha-2026    212       -  not weighed yet\n")) << text;
  EXPECT_TRUE(Has(text, "  delta    d-2            19       -  needs 1 more\n")) << text;
  record.cases = 60;
  EXPECT_TRUE(Has(RenderTrust(Of(record), kLook),
                  "  Outcomes    60 known, at least 50 are needed of models with 20 known answers\n"
                  "              each\n"));
}

TEST(RenderTrustTest, ATargetThatNothingKeepsSaysWhatItWouldTake) {
  TrackRecord record = Calibrated();
  record.confidence_min.reset();
  record.answered = 40;
  record.wrong = 6;
  EXPECT_EQ(
      RiskText(record),
      "at most 0.05 may be wrong: no confidence keeps it, so the council abstains; of 212 "
      "known outcomes the 40 surest ones had 6 wrong, which would do among 139. It takes more "
      "outcomes, better models or a higher council.risk_target");
  EXPECT_LE(7.0 / 140, 0.05);
  EXPECT_GT(7.0 / 139, 0.05);
  EXPECT_TRUE(Has(RenderTrust(Of(record), {true, 80}), "\x1b[33mat most 0.05 may be wrong"));
}

TEST(RenderTrustTest, WithoutATargetNothingIsHeldBack) {
  TrackRecord record = Calibrated();
  record.risk_target = 1;
  record.risk_needed = 0;
  record.confidence_min = 0;
  EXPECT_EQ(RiskText(record), "any: nothing is held back for lack of confidence");
}

TEST(RenderTrustTest, SimulatedOutcomesOtherRulesAndUngradedAnswersAreNamed) {
  TrackRecord record = Calibrated();
  record.simulated = 200;
  record.rules = "0";
  record.reviewed = false;
  record.support.reset();
  record.calibration = "platt";
  record.a = 0.6;
  record.knots.clear();
  const std::string text = RenderTrust(Of(record), kLook);
  EXPECT_TRUE(Has(text, "  Note        200 of them were answered by SIMULATED models\n")) << text;
  EXPECT_TRUE(Has(text, "  Answers     not reviewed: every answer is a vote\n")) << text;
  EXPECT_TRUE(
      Has(text, "  Calibrated  by a line in log odds (platt): the votes alone are too sure\n"))
      << text;
  EXPECT_TRUE(
      Has(text,
          "  Rules       0, this program decides by 1: not used until an aggregator of this\n"
          "              version learns it again\n"))
      << text;
}

TEST(RenderTrustTest, NothingKnownSaysWhatHasToHappen) {
  EXPECT_EQ(RenderTrust({}, kLook),
            "  nothing is known yet: until the right answer of enough ended cases is known\n"
            "  (council.outcomes_min), recommendations have no confidence\n");
}

TEST(RenderTrustTest, LongNamesStayInEightyColumns) {
  TrackRecord record = Calibrated();
  record.votes[0].model = std::string(64, 'm');
  record.votes[0].version = std::string(200, 'v') + "\x1b[2J";
  record.votes[1].weight = 1e6;
  record.cases = record.answered = record.wrong = 123456789;
  record.confidence_min.reset();
  const std::string text = RenderTrust(Of(record), kLook);
  ExpectAtMost80Columns(text);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(RenderTrustTest, VotesAreToldAsOdds) {
  EXPECT_EQ(VoteText(std::log(12)), "multiplies the odds by 12");
  EXPECT_EQ(VoteText(std::log(2.04)), "multiplies the odds by 2.0");
  EXPECT_EQ(VoteText(0.01), "changes nothing");
  EXPECT_EQ(VoteText(0), "changes nothing");
  EXPECT_EQ(VoteText(5000), "multiplies the odds by more than 1000000");
}

TEST(RenderTrustTest, ARecommendationSaysItsConfidenceAndWhatTheOthersHad) {
  Recommendation one;
  one.case_id = "case-1";
  one.status = CaseState::kComplete;
  one.reason = "all that was asked for: 3 answers, 6 grades";
  one.no_medication = true;
  one.support = 0.72;
  one.confidence = 0.974;
  one.confidence_note = "calibrated on 212 known outcomes of medication cases";
  one.track_record = Calibrated();
  one.candidates.push_back({{}, true, 0.72, 0.9, {"alpha", "bravo"}, 0.9, {}, {}});
  one.candidates.push_back({{"azithromycin"}, true, 0.2, 0.0512, {"charlie"}, 0.4, {}, {}});
  const std::string text = RenderRecommendation(one, kLook);
  EXPECT_TRUE(Has(text,
                  "  Confidence  0.97, calibrated on 212 known outcomes of medication cases\n"
                  "  Risk        at most 0.05 may be wrong: kept from 0.871 on; of 212 known\n"
                  "              outcomes 130 were at least so sure, 2 of these wrong\n"))
      << text;
  EXPECT_TRUE(Has(text, "  Instead     azithromycin 0.20, probability 0.05 (charlie)\n")) << text;
  // Not judged: the note says so.
  one.track_record->risk_needed = 999;
  EXPECT_FALSE(Has(RenderRecommendation(one, kLook), "  Risk "));
}

}  // namespace
}  // namespace consilium
