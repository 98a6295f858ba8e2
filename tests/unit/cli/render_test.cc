#include "cli/render.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

Recommendation Decided() {
  Recommendation one;
  one.case_id = "case-1";
  one.status = CaseState::kDegraded;
  one.reason = "decided without model c";
  one.medications = {{"Amoxil", "500", "mg", "oral", "three times a day", "7 days", "otitis"}};
  one.ingredients = {"amoxicillin"};
  one.support = 0.72;
  one.confidence_note = "not calibrated";
  one.rationale = "First line.";
  one.candidates.push_back({{"amoxicillin"}, true, 0.72, {}, {"a", "b"}, 0.9, {}, {}});
  one.candidates.push_back({{"azithromycin"}, true, 0.2, {}, {"d"}, 0.4, {}, {}});
  one.agreement.push_back({"dose", 0.5, {"500 mg", "250 mg"}});
  one.dissent = {"d would give azithromycin"};
  one.safety.push_back({"allergy", "high", {"amoxicillin"}, "penicillin allergy stated", "r1"});
  one.missing.push_back({"c", "generate", "timed_out", "no byte for 30 s"});
  one.simulated = true;
  for (const char* model : {"a", "b", "d"}) {
    ModelResult result;
    result.model = model;
    result.stage_status = "ok";
    one.models.push_back(result);
  }
  return one;
}

TEST(RenderRecommendationTest, SaysAllThatAClinicianNeedsInEightyColumns) {
  const std::string text = RenderRecommendation(Decided(), kLook);
  EXPECT_EQ(text,
            "case-1  DEGRADED                                   SIMULATED, not medical advice\n"
            "  Recommend   Amoxil 500 mg oral, three times a day, 7 days (for otitis)\n"
            "  Because     decided without model c\n"
            "  Support     0.72: 2 of 3 answers (a, b)\n"
            "  Confidence  not calibrated\n"
            "  Rationale   First line.\n"
            "  Safety      high allergy: penicillin allergy stated\n"
            "  Instead     azithromycin 0.20 (d)\n"
            "  Agreement   dose 50 % (500 mg | 250 mg)\n"
            "  Dissent     d would give azithromycin\n"
            "  Missing     c (generate): timed_out, no byte for 30 s\n");
  ExpectAtMost80Columns(text);
}

TEST(RenderRecommendationTest, LongWordsAndHostileTextStayInEightyColumns) {
  Recommendation one = Decided();
  one.case_id = std::string(128, 'x');
  one.rationale = std::string(500, 'y') + "\x1b[2J\n\nmore";
  one.missing[0].text = std::string(300, 'z');
  one.revision = 3;
  const std::string text = RenderRecommendation(one, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(RenderRecommendationTest, AnAbstentionSaysSoAndListsWhatItWouldHaveBeen) {
  Recommendation one = Decided();
  one.status = CaseState::kInsufficient;
  one.medications.clear();
  one.ingredients.clear();
  one.reason = "support 0.30 is below 0.50";
  const std::string text = RenderRecommendation(one, kLook);
  EXPECT_NE(text.find("  Abstains    support 0.30 is below 0.50\n"), std::string::npos);
  EXPECT_NE(text.find("  Instead     amoxicillin 0.72 (a, b)\n"), std::string::npos);
  EXPECT_EQ(text.find("Recommend"), std::string::npos);
}

TEST(RenderRecommendationTest, NoMedicationIsARecommendation) {
  Recommendation one = Decided();
  one.medications.clear();
  one.no_medication = true;
  EXPECT_NE(RenderRecommendation(one, kLook).find("  Recommend   no medication\n"),
            std::string::npos);
}

TEST(RenderRecommendationTest, ColoursOnlyWhereAsked) {
  EXPECT_EQ(RenderRecommendation(Decided(), kLook).find('\x1b'), std::string::npos);
  EXPECT_NE(RenderRecommendation(Decided(), {true, 80}).find("\x1b[33mDEGRADED\x1b[0m"),
            std::string::npos);
}

TEST(MedicationTextTest, LeavesOutWhatIsNotStated) {
  EXPECT_EQ(MedicationText({"warfarin", "", "mg", "oral", "", "", ""}), "warfarin oral");
}

TEST(RenderLineTest, LinesStandUnderEachOther) {
  EXPECT_EQ(RenderLine(Decided(), "right", Tint::kGreen, kLook),
            "  case-1        degraded      amoxicillin                       0.72  right\n");
  Recommendation none = Decided();
  none.status = CaseState::kInsufficient;
  none.medications.clear();
  EXPECT_EQ(RenderLine(none, "abstained", Tint::kYellow, kLook),
            "  case-1        insufficient  (no recommendation)               0.72  abstained\n");
  ExpectAtMost80Columns(RenderLine(Decided(), "acceptable", Tint::kPlain, kLook));
}

CaseView ACase() {
  CaseView view;
  view.id = "case-1";
  view.state = CaseState::kDegraded;
  view.vignette.text = "A child with ear pain.";
  view.vignette.question = "What to give?";
  view.vignette.options = {{"A", "amoxicillin"}, {"B", "nothing"}};
  view.vignette.patient.age = 4;
  view.vignette.patient.allergies = {"latex"};
  view.strategy = "all";
  view.ensemble = {"a", "b", "c"};
  view.accepted_ms = 1767225600000;
  view.deadline_ms = 1767225660000;
  TaskView answer;
  answer.task = {"case-1", Stage::kGenerate, 1, "a"};
  answer.state = "done";
  answer.outcome.emplace();
  answer.outcome->status = OutcomeStatus::kOk;
  answer.outcome->latency_ms = 340;
  answer.outcome->simulated = true;
  answer.outcome->answer.emplace();
  answer.outcome->answer->medications = {{"Amoxil", "", "", "", "", "", ""}};
  view.tasks.push_back(answer);
  TaskView silent;
  silent.task = {"case-1", Stage::kGenerate, 1, "c"};
  silent.state = "expired";
  view.tasks.push_back(silent);
  TaskView review;
  review.task = {"case-1", Stage::kReview, 1, "b"};
  review.state = "done";
  review.labels = {"X", "Y"};
  review.authors = {"a", "d"};
  review.outcome.emplace();
  review.outcome->status = OutcomeStatus::kOk;
  review.outcome->latency_ms = 2100;
  review.outcome->grades = {{"X", 0.9, "", false}, {"Y", 0.2, "", true}};
  view.tasks.push_back(review);
  Recommendation first = Decided();
  Recommendation second = Decided();
  second.revision = 2;
  second.models[0].ingredients = {"amoxicillin"};
  second.models[0].grade = 0.9;
  second.models[0].grades_received = 2;
  second.models[1].reliability = 0.8;
  view.recommendations = {first, second};
  return view;
}

TEST(RenderCaseTest, ExplainsAnswersReviewsAndRevisions) {
  const std::string text = RenderCase(ACase(), kLook);
  ExpectAtMost80Columns(text);
  EXPECT_EQ(text.substr(0, text.find("Recommendation, revision 2")),
            "case-1  DEGRADED                                   SIMULATED, not medical advice\n"
            "  Accepted    2026-01-01 00:00:00 UTC\n"
            "  Deadline    2026-01-01 00:01:00 UTC\n"
            "  Ensemble    all: a, b, c\n"
            "\n"
            "Vignette\n"
            "  A child with ear pain.\n"
            "  Question    What to give?\n"
            "  Options     A: amoxicillin\n"
            "              B: nothing\n"
            "  Patient     age 4; allergies: latex\n"
            "\n"
            "Answers\n"
            "  model    status   answer       grade  grades    time\n"
            "  a (sim)  ok       amoxicillin   0.90       2  340 ms\n"
            "  c        expired                   -       -       -\n"
            "\n"
            "Reviews\n"
            "  b: ok, reliability 0.80, 2.1 s\n"
            "              a 0.90, d 0.20 (warns of harm)\n"
            "\n");
  EXPECT_NE(text.find("\nEarlier\n  revision 1  degraded, amoxicillin, support 0.72, -\n"),
            std::string::npos);
}

TEST(RenderCaseTest, ShowsWhoSaidWhatWasRightAndWhetherTheyAgree) {
  CaseView view = ACase();
  const std::vector<std::string> amoxicillin = {"amoxicillin"};
  view.outcomes = {
      {"cli", CaseOutcomeVerdict::kAccepted, std::nullopt, "", 2, 1767225660000},
      {"ward 3", CaseOutcomeVerdict::kOverridden, std::vector<std::string>{}, "a rash", 1, 0}};
  const auto shown = [&view] {
    const std::string text = RenderCase(view, kLook);
    ExpectAtMost80Columns(text);
    const std::size_t at = text.find("Outcomes\n");
    return at == std::string::npos ? text : text.substr(at);
  };
  const std::string both =
      "Outcomes\n"
      "  1           cli: accepted revision 2, 2026-01-01 00:01:00 UTC\n"
      "  2           ward 3: overridden revision 1: no medication, -; reason: a rash\n";
  EXPECT_EQ(shown(),
            both + "              the latest were not looked at yet; an aggregator will\n");
  KnownRight known;
  known.status = KnownStatus::kContradictory;
  known.outcomes = 2;
  known.voices = {
      {"cli", CaseOutcomeVerdict::kAccepted, amoxicillin, std::nullopt, "A"},
      {"ward 3", CaseOutcomeVerdict::kOverridden, std::vector<std::string>{}, std::nullopt, {}}};
  view.known = known;
  EXPECT_EQ(shown(),
            both +
                "  Right       CONTRADICTORY: not learned until they agree; of each the latest\n"
                "              counts\n"
                "              cli says amoxicillin (option A)\n"
                "              ward 3 says no medication\n");
  view.known->status = KnownStatus::kRight;
  view.known->voices = {
      {"gold", std::nullopt, amoxicillin, std::nullopt, std::nullopt},
      {"cli", CaseOutcomeVerdict::kAccepted, amoxicillin, std::nullopt, std::nullopt},
      {"x",
       CaseOutcomeVerdict::kOverridden,
       std::nullopt,
       std::vector<std::string>{"aspirin"},
       {}}};
  EXPECT_EQ(shown(), both + "  Right       amoxicillin, not aspirin (says gold, cli, x)\n");
}

TEST(RenderCaseTest, AWithdrawnCaseSaysSoFirstAndStillShowsWhatItSaid) {
  CaseView view = ACase();
  const std::string before = RenderCase(view, kLook);
  view.state = CaseState::kCancelled;
  view.cancel_reason = "replaced by hl7-2";
  Recommendation notice;
  notice.revision = view.recommendations.back().revision + 1;
  notice.status = CaseState::kCancelled;
  notice.reason = view.cancel_reason;
  view.recommendations.push_back(notice);
  const std::string text = RenderCase(view, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_LT(text.find("  Withdrawn   replaced by hl7-2\n"), text.find("Vignette"));
  EXPECT_NE(text.find("CANCELLED"), std::string::npos);
  const auto answers = [](const std::string& shown) {
    return shown.substr(shown.find("Answers"), shown.find("Reviews") - shown.find("Answers"));
  };
  EXPECT_EQ(answers(text), answers(before)) << "with their grades";
  EXPECT_NE(text.find("revision 1"), std::string::npos) << text;
}

TEST(RenderCaseTest, ACancelledCaseSaysWhy) {
  CaseView view = ACase();
  view.recommendations.clear();
  view.state = CaseState::kCancelled;
  view.cancel_reason = "retracted";
  EXPECT_NE(RenderCase(view, kLook).find("  Cancelled   retracted\n"), std::string::npos);
}

TEST(RenderRecommendationTest, ACancellationIsNoReasonForAMedication) {
  Recommendation notice;
  notice.case_id = "c1";
  notice.status = CaseState::kCancelled;
  notice.reason = "retracted";
  notice.revision = 0;
  EXPECT_EQ(RenderRecommendation(notice, kLook), "c1  CANCELLED\n  Cancelled   retracted\n");
  notice.revision = 2;
  EXPECT_EQ(RenderRecommendation(notice, kLook),
            "c1 (revision 2)  CANCELLED\n  Withdrawn   retracted\n");
}

TEST(RenderCaseTest, SaysHowRealModelsWereAskedAndWhatTheyAre) {
  CaseView view = ACase();
  Outcome& outcome = *view.tasks[0].outcome;
  outcome.parameters = {0.0, 2048, "schema", 2, true};
  outcome.model_served = "a-2026-01-01";
  outcome.usage = {1203, 210, 0.00512};
  outcome.prompt_version = "2";
  Outcome& review = *view.tasks[2].outcome;
  review.parameters = {std::nullopt, 2048, "tool", 1, false};
  const std::string text = RenderCase(view, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_NE(text.find("Calls\n"
                      "  model  task    served by     form    requests    tokens     cost  prompt\n"
                      "  a      answer  a-2026-01-01  schema         2  1203+210  $0.0051  2\n"
                      "  b      review  not said      tool           1       ?+?  unknown\n"),
            std::string::npos)
      << text;
}

TEST(RenderStatusTest, ShowsWhyABrokerDoesNotAccept) {
  StatusReply status;
  status.broker = "b1";
  status.version = "0.1.0";
  status.accepting = false;
  status.reason = "redis: connection refused";
  status.balanced = false;
  status.counters = {{"accepted", 10}, {"complete", 6}, {"failed", 1}, {"crashed", 2}};
  status.live = 2;
  status.live_max = 1000;
  status.dead = 4;
  status.brokers = {
      {"b1", true, false, "redis: connection refused", 3},
      {"b0", false, false, "no sign of life; its leases are taken back or adopted", 1}};
  status.credits.push_back({"gpt-4o", 1, 8, 3});
  status.redis.push_back({0, false, "appendfsync = everysec (expected always)", 3 << 20, 4 << 20,
                          5 << 20, std::nullopt, std::nullopt, "Redis uses too much"});
  status.workers.push_back(
      {"gpt-4o-0123", "gpt-4o", "openai", "remote", false, 8, 3, "b1", "breaker open: http_500"});
  status.lanes.push_back({"gpt-4o", "generate", 12, 3, 1500});
  const std::string text = RenderStatus(status, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_NE(text.find("  Accepting   no: redis: connection refused\n"), std::string::npos);
  for (const char* part :
       {"NO: 10 cases accepted, but 6 complete + 1 failed + 2 live = 9;", "2 of at most 1000",
        "4 dead", "Came back   crashed 2\n", "does not answer, settings appendfsync = everysec",
        "3.0 MiB of 4.0 MiB, file 5.0 MiB\n", "Pressure    Redis uses too much\n",
        "  b1           3  no: redis: connection refused\n",
        "  gpt-4o        1      8     3     5\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_NE(text.find("  gpt-4o  openai    remote        3      8  0123\n"), std::string::npos);
  EXPECT_NE(text.find("  gpt-4o      breaker open: http_500 (0123)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  gpt-4o  generate       12   1.5 s       3\n"), std::string::npos) << text;
}

TEST(RenderStatusTest, ABrokerThatAcceptsTheCasesOfSomeShardsIsNotShownAsRefusingAll) {
  StatusReply status;
  status.accepting = false;
  status.partly = true;
  status.reason = "shard 1: Redis is away";
  status.brokers = {{"b1", true, false, "shard 1: Redis is away", 3, true}};
  status.shards = {{0, true, "", 4}, {1, false, "Redis is away", 0}};
  const std::string text = RenderStatus(status, kLook);
  for (const char* part : {"  Accepting   in part: shard 1: Redis is away\n",
                           "  Shard 1     0 live, accepts nothing: Redis is away\n",
                           "  b1           3  in part: shard 1: Redis is away\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(RenderStatusTest, ASoundClusterShowsItsBalance) {
  StatusReply status;
  status.counters = {{"accepted", 8}, {"complete", 6}};
  status.live = 2;
  const std::string text = RenderStatus(status, kLook);
  EXPECT_NE(text.find("  Balanced    8 accepted = 6 complete + 2 live\n"), std::string::npos)
      << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colours without a terminal";
}

TEST(RenderOptionsTest, EveryOptionFitsEightyColumns) {
  ExpectAtMost80Columns(RenderOptions(DescribeOptions(), kLook));
}

TEST(RenderOptionsTest, NameDefaultHelpAndWhatIsAllowedStandTogether) {
  const std::vector<OptionHelp> options = {
      {"broker.lease_ms", "a whole number", "1000..3600000 ms", "30000", "how long a lease lasts"}};
  EXPECT_EQ(RenderOptions(options, kLook),
            "broker.lease_ms = 30000\n    how long a lease lasts\n    a whole number, "
            "1000..3600000 ms\n");
}

}  // namespace
}  // namespace consilium
