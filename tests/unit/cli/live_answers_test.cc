#include "cli/live_answers.h"

#include <gtest/gtest.h>

#include "cli/read_answers.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

const std::string kVignettes =
    R"({"id":"v1","text":"Sneezing.","question":"Which?","options":{"A":"x","B":"y"},)"
    R"("gold_option":"B","gold_medications":["ketotifen"],"strategy":"random","models":["m9"]})"
    "\n"
    R"({"id":"v2","text":"A valve.","patient":{"age":61},"gold_medications":["warfarin"],)"
    R"("acceptable":[["apixaban"]],"must_not":["ibuprofen"],"kind":"medication"})"
    "\n";

LiveVignettes Read(const std::string& text) {
  auto read = ReadLiveVignettes(text, "v.jsonl", "run-1", "all", 90.0, Medications());
  EXPECT_TRUE(read.ok()) << read.error().text;
  return read.ok() ? *read : LiveVignettes{};
}

// An answer that counted, and what the decision said of it.
void Give(CaseView& view, const std::string& model, const std::string& medication,
          const std::optional<std::string>& option, std::int64_t candidate) {
  TaskView task;
  task.task = {view.id, Stage::kGenerate, 1, model};
  task.outcome.emplace().status = OutcomeStatus::kOk;
  task.outcome->usage = {100, 7, std::nullopt};
  Answer& answer = task.outcome->answer.emplace();
  answer.medications.emplace_back().ingredient = medication;
  answer.option = option;
  view.tasks.push_back(task);
  view.ensemble.push_back(model);
  ModelResult& result = view.recommendations.back().models.emplace_back();
  result.model = model;
  result.stage_status = "ok";
  result.candidate = candidate;
  result.grade = 0.75;
  result.weight = 0.5;
  result.score = 9.0;
  result.reliability = 0.25;
  result.latency_ms = 1500;
  result.cost_usd = 0.125;
  result.model_served = model + "-2026";
}

void Miss(CaseView& view, const std::string& model, const std::string& status) {
  view.ensemble.push_back(model);
  ModelResult& result = view.recommendations.back().models.emplace_back();
  result.model = model;
  result.stage_status = status;
}

CaseView Ended(const LiveVignette& vignette) {
  CaseView view;
  view.id = vignette.request.id;
  view.state = CaseState::kComplete;
  view.vignette = vignette.request.vignette;
  view.recommendations.emplace_back().simulated = true;
  view.recommendations.back().candidates.resize(2);
  return view;
}

TEST(LiveAnswersTest, WhatIsRightIsNoPartOfWhatIsSubmitted) {
  const LiveVignettes vignettes = Read(kVignettes);
  ASSERT_EQ(vignettes.all.size(), 2u);
  const CaseRequest& first = vignettes.all[0].request;
  EXPECT_EQ(first.id, "eval:run-1:v1");
  EXPECT_EQ(first.source, "eval");
  EXPECT_EQ(first.strategy, "all") << "who answers is the evaluation's choice";
  EXPECT_TRUE(first.models.empty());
  EXPECT_EQ(first.deadline_s, 90.0);
  EXPECT_FALSE(first.gold_medications);
  EXPECT_EQ(first.vignette.text, "Sneezing.");
  EXPECT_EQ(first.vignette.question, "Which?");
  EXPECT_EQ(first.vignette.options.size(), 2u);
  EXPECT_EQ(vignettes.all[0].gold.option, "B");
  EXPECT_EQ(vignettes.all[1].request.kind, "medication");
  EXPECT_EQ(vignettes.all[1].request.vignette.patient.age, 61.0);
}

TEST(LiveAnswersTest, LinesWithoutAGoldThatMakesSenseAreLeftOutAndOthersRefuse) {
  const LiveVignettes some =
      Read(kVignettes + R"({"id":"v3","text":"x","gold_medications":["a"],"must_not":"b"})");
  EXPECT_EQ(some.all.size(), 2u);
  ASSERT_EQ(some.left_out.bad_count, 1u);
  EXPECT_EQ(some.left_out.bad[0].why, "vignettes: must_not: expected an array of names");
  const auto refusal = [](const std::string& text) {
    const auto read = ReadLiveVignettes(text, "v.jsonl", "r", "all", {}, Medications());
    return read.ok() ? "ok" : read.error().text;
  };
  EXPECT_EQ(refusal(R"({"text":"x"})"), "v.jsonl: no vignette; line 1 of vignettes: id: missing");
  EXPECT_EQ(refusal(R"({"id":"v","text":""})"), "v.jsonl:1: text: empty, expected the vignette");
}

TEST(LiveAnswersTest, AnswersCountAsTheDecisionSaysAndAreJudgedByTheVignette) {
  const LiveVignettes vignettes = Read(kVignettes);
  LiveAnswers answers(vignettes.all, Medications());
  CaseView open = Ended(vignettes.all[1]);
  Give(open, "m1", "Coumadin", std::nullopt, 0);
  Give(open, "m2", "Advil", std::nullopt, 1);
  Miss(open, "m3", "timed_out");
  Miss(open, "m4", "ok");
  CaseView closed = Ended(vignettes.all[0]);
  Give(closed, "m1", "ketotifen", "b", 0);
  Give(closed, "m2", "ketotifen", "A", 0);
  Give(closed, "m3", "ketotifen", "Z", 0);
  answers.Add(1, open);
  answers.Add(0, closed);
  answers.Add(0, closed);  // again, after a revision
  const auto recorded = answers.Recorded();
  ASSERT_TRUE(recorded.ok()) << recorded.error().text;
  EXPECT_EQ(recorded->models, (std::vector<std::string>{"m1", "m2"}));
  EXPECT_TRUE(recorded->reviewed);
  ASSERT_EQ(recorded->cases.size(), 2u);
  const JudgedCase& first = recorded->cases[0];
  EXPECT_EQ(first.evidence.case_id, "v1");
  EXPECT_TRUE(first.evidence.simulated);
  ASSERT_EQ(first.evidence.answers.size(), 2u) << "a letter that is no option is no answer";
  EXPECT_EQ(first.evidence.answers[0].key, "B");
  EXPECT_EQ(first.evidence.answers[0].right, true);
  EXPECT_EQ(first.evidence.answers[1].right, false) << "the right drug by the wrong letter";
  const JudgedCase& second = recorded->cases[1];
  ASSERT_EQ(second.evidence.answers.size(), 2u);
  const EvidenceAnswer& right = second.evidence.answers[0];
  EXPECT_EQ(right.right, true) << "a brand name is its ingredient";
  EXPECT_EQ(right.grade, 0.75);
  EXPECT_EQ(right.weight, 0.5);
  EXPECT_EQ(right.reliability, 0.25);
  EXPECT_EQ(right.latency_ms, 1500.0);
  EXPECT_EQ(right.cost_usd, 0.125);
  EXPECT_EQ(right.version, "m1-2026");
  EXPECT_FALSE(right.score) << "policies learn from the other cases only";
  EXPECT_EQ(second.tokens[0].completion, 7.0);
  EXPECT_EQ(second.evidence.answers[1].right, false);
  for (const JudgedKey& key : second.keys) {
    EXPECT_EQ(key.unsafe, key.key == second.evidence.answers[1].key) << key.key;
  }
  const std::map<std::string, std::map<std::string, std::size_t>> why = {
      {"m3", {{"no_option", 1}, {"timed_out", 1}}}, {"m4", {{"late", 1}}}};
  EXPECT_EQ(recorded->missing_why, why);
}

TEST(LiveAnswersTest, ACaseWithoutARecommendationHasNoAnswers) {
  const LiveVignettes vignettes = Read(kVignettes);
  LiveAnswers answers(vignettes.all, Medications());
  CaseView view = Ended(vignettes.all[0]);
  view.recommendations.clear();
  view.state = CaseState::kCancelled;
  view.ensemble = {"m1", "m2"};
  answers.Add(0, view);
  EXPECT_EQ(answers.Recorded().error().text, "answers: none to any of these vignettes");
  EXPECT_EQ(answers.Lines(),
            "{\"vignette\":\"v1\",\"model\":\"m1\",\"status\":\"cancelled\"}\n"
            "{\"vignette\":\"v1\",\"model\":\"m2\",\"status\":\"cancelled\"}\n");
}

TEST(LiveAnswersTest, TheSavedLinesReadAsWhatWasCollected) {
  const LiveVignettes vignettes = Read(kVignettes);
  LiveAnswers answers(vignettes.all, Medications());
  CaseView open = Ended(vignettes.all[1]);
  Give(open, "m2", "apixaban", std::nullopt, 0);
  Give(open, "m1", "warfarin sodium", std::nullopt, 1);
  Miss(open, "m3", "refused");
  CaseView closed = Ended(vignettes.all[0]);
  Give(closed, "m2", "ketotifen", "B", 0);
  Give(closed, "m1", "erythromycin", "A", 1);
  Miss(closed, "m3", "refused");
  answers.Add(0, closed);
  answers.Add(1, open);
  const auto live = answers.Recorded();
  const auto read = ReadAnswers(kVignettes, answers.Lines(), Medications());
  ASSERT_TRUE(live.ok() && read.ok());
  EXPECT_EQ(read->bad_count, 0u) << (read->bad.empty() ? "" : read->bad[0].why);
  EXPECT_EQ(read->models, live->models);
  EXPECT_EQ(read->missing, live->missing);
  EXPECT_EQ(read->missing_why, live->missing_why);
  for (std::size_t c = 0; c < 2; ++c) {
    EXPECT_EQ(read->cases[c].evidence.simulated, live->cases[c].evidence.simulated);
    ASSERT_EQ(read->cases[c].evidence.answers.size(), live->cases[c].evidence.answers.size());
    ASSERT_EQ(read->cases[c].keys.size(), live->cases[c].keys.size());
    for (std::size_t a = 0; a < 2; ++a) {
      const EvidenceAnswer& saved = read->cases[c].evidence.answers[a];
      const EvidenceAnswer& heard = live->cases[c].evidence.answers[a];
      EXPECT_EQ(saved.model, heard.model);
      EXPECT_EQ(saved.key, heard.key);
      EXPECT_EQ(saved.right, heard.right);
      EXPECT_EQ(saved.grade, heard.grade);
      EXPECT_EQ(saved.weight, heard.weight);
      EXPECT_EQ(saved.reliability, heard.reliability);
      EXPECT_EQ(saved.version, heard.version);
      EXPECT_EQ(saved.latency_ms, heard.latency_ms);
      EXPECT_EQ(saved.cost_usd, heard.cost_usd);
      EXPECT_EQ(read->cases[c].tokens[a].prompt, live->cases[c].tokens[a].prompt);
      EXPECT_EQ(read->cases[c].keys[a].unsafe, live->cases[c].keys[a].unsafe);
    }
  }
}

}  // namespace
}  // namespace consilium
