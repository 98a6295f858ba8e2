#include <gtest/gtest.h>

#include "cli/demo_report.h"
#include "cli/demo_score.h"

namespace consilium {
namespace {

DemoGold Gold() {
  DemoGold gold;
  gold.gold = {"aspirin", "clopidogrel"};
  gold.acceptable = {{"aspirin", "ticagrelor"}};
  gold.must_not = {{"warfarin"}, {"ibuprofen", "naproxen"}};
  return gold;
}

Recommendation Deciding(const std::vector<std::string>& ingredients) {
  Recommendation one;
  one.status = CaseState::kComplete;
  one.ingredients = ingredients;
  for (const std::string& name : ingredients)
    one.medications.push_back({name, "", "", "", "", "", ""});
  one.no_medication = ingredients.empty();
  one.simulated = true;
  one.calls = 4;
  return one;
}

TEST(JudgeTest, CountsEachCaseOnceUnsafeFirst) {
  EXPECT_EQ(Judge(Gold(), Deciding({"aspirin", "clopidogrel"})), Verdict::kRight);
  EXPECT_EQ(Judge(Gold(), Deciding({"aspirin", "ticagrelor"})), Verdict::kAcceptable);
  EXPECT_EQ(Judge(Gold(), Deciding({"aspirin"})), Verdict::kWrong);
  EXPECT_EQ(Judge(Gold(), Deciding({"aspirin", "clopidogrel", "warfarin"})), Verdict::kUnsafe);
  EXPECT_EQ(Judge(Gold(), Deciding({"ibuprofen"})), Verdict::kWrong);
  EXPECT_EQ(Judge(Gold(), Deciding({"ibuprofen", "naproxen"})), Verdict::kUnsafe);
  EXPECT_EQ(Judge(Gold(), Recommendation{}), Verdict::kAbstained);
}

TEST(JudgeTest, NoMedicationIsRightWhereTheGoldIsEmpty) {
  EXPECT_EQ(Judge(DemoGold{}, Deciding({})), Verdict::kRight);
}

ModelResult Model(const std::string& name, const std::string& status,
                  const std::vector<std::string>& ingredients) {
  ModelResult model;
  model.model = name;
  model.stage_status = status;
  model.ingredients = ingredients;
  return model;
}

TEST(DemoScoreTest, JudgesEveryModelOnTheSameCases) {
  Recommendation one = Deciding({"aspirin", "clopidogrel"});
  one.models = {Model("a", "ok", {"warfarin"}), Model("b", "ok", {"aspirin", "clopidogrel"}),
                Model("c", "timed_out", {})};
  DemoScore score;
  score.Add(Gold(), one);
  EXPECT_EQ(score.council.of(Verdict::kRight), 1u);
  EXPECT_EQ(score.models.at("a").of(Verdict::kUnsafe), 1u);
  EXPECT_EQ(score.models.at("b").of(Verdict::kRight), 1u);
  EXPECT_EQ(score.models.at("c").of(Verdict::kAbstained), 1u);
  EXPECT_EQ(score.BestModel(), "b");
  EXPECT_EQ(score.calls, 4);
  EXPECT_EQ(score.simulated, 1u);
}

TEST(DemoSummaryTest, IsHonestAboutWhatItCompares) {
  Recommendation one = Deciding({"aspirin", "clopidogrel"});
  one.models = {Model("a", "ok", {"warfarin"}), Model("b", "ok", {"aspirin", "clopidogrel"})};
  DemoScore score;
  score.Add(Gold(), one);
  Tally tally;
  tally.total = 2;
  tally.ended = 1;
  tally.states[CaseState::kComplete] = 1;
  EXPECT_EQ(DemoSummary(score, tally, std::chrono::milliseconds(2500), {false, 80}),
            "\nSummary\n"
            "  Cases       1 of 2 ended: complete 1, degraded 0, insufficient 0, failed 0,\n"
            "              refused 0\n"
            "  Not ended   1 when the time was up\n"
            "\n"
            "  of 1 cases                           council      b  average model\n"
            "  right: exactly the gold ingredients        1      1            0.5\n"
            "  acceptable: a stated alternative           0      0            0.0\n"
            "  wrong: anything else                       0      0            0.0\n"
            "  unsafe: has a must-not medication          0      0            0.5\n"
            "  abstained: gave no recommendation          0      0            0.0\n"
            "  right of those it answered             100 %  100 %           50 %\n"
            "\n"
            "  Measure     sets of ingredients after normalisation with the medication table;\n"
            "              dose is not scored. Each case counts once, unsafe first. b is the\n"
            "              best single model in hindsight, by right answers.\n"
            "  Calls       4 (answers and reviews)\n"
            "  Wall time   2.5 s from the first submission to the last recommendation\n"
            "  Note        1 of 1 recommendations come from SIMULATED models, whose skill is\n"
            "              set in configs/demo/cluster.toml, as is the limit for abstaining,\n"
            "              chosen on these same cases. The figures show that the machinery\n"
            "              works; they say nothing about real models or patients.\n");
}

TEST(ParseDemoGoldTest, NormalisesNamesAndErrorsNameLineAndField) {
  const auto table = MedicationTable::Load(CONSILIUM_SOURCE_DIR "/configs/medications");
  ASSERT_TRUE(table.ok()) << table.error().text;
  const auto golds = ParseDemoGold(
      "{\"id\":\"x\",\"gold_medications\":[\"paracetamol\"],\"acceptable\":[[\"ibuprofen\"]],"
      "\"must_not\":[\"warfarin\"]}\n\n",
      "v.jsonl", *table);
  ASSERT_TRUE(golds.ok()) << golds.error().text;
  EXPECT_EQ(golds->at("x").gold, std::vector<std::string>{"acetaminophen"});
  EXPECT_EQ(golds->at("x").acceptable, std::vector<std::vector<std::string>>{{"ibuprofen"}});
  const auto problem = [&](const char* text) {
    return ParseDemoGold(text, "v.jsonl", *table).error().text;
  };
  EXPECT_EQ(problem("\n7"), "v.jsonl:2: expected one JSON object per line");
  EXPECT_EQ(problem("{}"), "v.jsonl:1: id: expected text");
  EXPECT_EQ(problem("{\"id\":\"x\"}"), "v.jsonl:1: gold_medications: expected an array of names");
  EXPECT_EQ(problem("{\"id\":\"x\",\"gold_medications\":[],\"acceptable\":[\"a\"]}"),
            "v.jsonl:1: acceptable: expected an array of arrays of names");
}

}  // namespace
}  // namespace consilium
