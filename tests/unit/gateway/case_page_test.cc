#include "gateway/case_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/page_samples.h"
#include "tests/support/xml_check.h"

namespace consilium {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile =
    "</style></p><script>alert(1)</script><img src=x onerror='a()'/> & \xE2\x80\xAE\xff\x01";

XmlElement Read(const std::string& page) {
  const auto read = ReadXml(page);
  EXPECT_TRUE(read.ok()) << read.error().text << "\n" << page;
  return read.ok() ? *read : XmlElement{};
}

// All text below the element, in the order of its parts.
std::string WordsOf(const XmlElement& element) {
  std::string words = element.text;
  for (const XmlElement& child : element.children) words += " " + WordsOf(child);
  return words;
}

std::vector<std::string> HeadingsOf(const XmlElement& root) {
  std::vector<std::string> texts;
  for (const XmlElement* element : Named(root, "h2")) texts.push_back(element->text);
  return texts;
}

// "" where there is none.
std::string SectionOf(const XmlElement& root, const std::string& id) {
  for (const XmlElement* section : Named(root, "section")) {
    if (section->Attribute("id") == id) return WordsOf(*section);
  }
  return "";
}

std::vector<std::string> ClassesOf(const XmlElement& root, std::string_view name) {
  std::vector<std::string> classes;
  for (const XmlElement* one : Named(root, name)) classes.push_back(one->Attribute("class"));
  return classes;
}

bool Refreshes(const XmlElement& root) {
  for (const XmlElement* meta : Named(root, "meta")) {
    if (meta->Attribute("http-equiv") == "refresh") {
      EXPECT_EQ(meta->Attribute("content"), "2");
      return true;
    }
  }
  return false;
}

TEST(CasePageTest, ADecidedCaseShowsAllThatItRestsOnInOrder) {
  const XmlElement root = Read(CasePage(PageSample(CaseState::kComplete)));
  EXPECT_FALSE(Refreshes(root));
  EXPECT_THAT(HeadingsOf(root),
              ElementsAre("Recommendation", "Safety", "Alternatives", "Disagreement", "Each model",
                          "Not heard", "What went in", "Versions"));
  const std::string words = WordsOf(root);
  EXPECT_THAT(words,
              HasSubstr("Not an order, not for emergencies. Independently review the basis"));
  const std::string made = SectionOf(root, "recommendation");
  for (const char* part :
       {"Amoxicillin", "Dose 500 mg", "Route by mouth", "Frequency three times a day",
        "Duration 7 days", "For community-acquired pneumonia", "Route not stated",
        "First line at this severity.", "Watch the QT interval.", "Confidence 0.90.",
        "calibrated on 412 cases", "Support 0.81", "2 grave safety flags"}) {
    EXPECT_THAT(made, HasSubstr(part));
  }
  EXPECT_THAT(SectionOf(root, "alternatives"), HasSubstr("doxycycline 100 mg by mouth"));
  EXPECT_THAT(SectionOf(root, "disagreement"), HasSubstr("llama answered doxycycline"));
  EXPECT_THAT(
      SectionOf(root, "disagreement"),
      HasSubstr("dose: 0.50 of those who recommend this agree; stated were 500 mg / 250-500 mg"));
  const std::string models = SectionOf(root, "models");
  for (const char* part :
       {"claude (claude-2026-10-01)", "0.62", "timed_out", "graded only", "Because gpt thinks so.",
        "llama: 0.80, well reasoned", "llama: 0.30, warns of serious harm, QT prolongation"}) {
    EXPECT_THAT(models, HasSubstr(part));
  }
  EXPECT_THAT(SectionOf(root, "missing"),
              HasSubstr("qwen (generate): timed_out, no answer in 60 s"));
  const std::string input = SectionOf(root, "input");
  for (const char* part : {"A 67-year-old woman", "Which antibiotic", "Age 67 years",
                           "eGFR 41.5 mL/min", "warfarin, metoprolol",
                           "Pregnancy, Weight, Allergies. That nothing is stated does not mean"}) {
    EXPECT_THAT(input, HasSubstr(part));
  }
}

TEST(CasePageTest, SafetyFlagsSayTheirSeverityInWordsTheGravestFirst) {
  const XmlElement root = Read(CasePage(PageSample(CaseState::kComplete)));
  std::vector<std::string> severities;
  for (const XmlElement* one : Named(root, "span")) {
    if (one->Attribute("class") == "severity") severities.push_back(one->text);
  }
  EXPECT_THAT(severities, ElementsAre("contraindicated", "high", "caution", "info"));
  CaseView none = PageSample(CaseState::kComplete);
  none.recommendations.back().safety.clear();
  EXPECT_THAT(SectionOf(Read(CasePage(none)), "safety"),
              HasSubstr("No rule found anything. The tables of rules that find these flags are not "
                        "complete."));
}

TEST(CasePageTest, WhileTheCouncilSitsItCountsAndAsksAgainAndShowsNoAnswer) {
  CaseView view = PageSample(CaseState::kGenerating);
  const TaskView answered = view.tasks[0];
  view.tasks = {answered, SampleTask(Stage::kGenerate, "gpt", "leased"),
                SampleTask(Stage::kGenerate, "llama", "delayed"),
                SampleTask(Stage::kGenerate, "qwen", "pending")};
  const XmlElement root = Read(CasePage(view));
  EXPECT_TRUE(Refreshes(root));
  EXPECT_THAT(HeadingsOf(root), ElementsAre("The council sits", "What went in", "Versions"));
  const std::string progress = SectionOf(root, "progress");
  EXPECT_THAT(progress, HasSubstr("1 of 4 answers and 0 of 0 gradings"));
  EXPECT_THAT(progress, HasSubstr("failed, is tried again"));
  EXPECT_THAT(progress, HasSubstr("waits for a model that is free"));
  EXPECT_THAT(WordsOf(root), Not(HasSubstr("moxicillin"))) << "one model's answer is no advice";
}

TEST(CasePageTest, WhatWasWithdrawnIsMarkedAndNotRepeatedAsARecommendation) {
  CaseView view = PageSample(CaseState::kComplete);
  view.state = CaseState::kCancelled;
  view.cancel_reason = "retracted by its sender";
  Recommendation gone;
  gone.revision = 2;
  gone.status = CaseState::kCancelled;
  view.recommendations.push_back(gone);
  const XmlElement root = Read(CasePage(view));
  EXPECT_FALSE(Refreshes(root));
  EXPECT_EQ(Named(root, "title").at(0)->text, "Withdrawn: case feed-0001");
  EXPECT_THAT(ClassesOf(root, "p"), Contains("banner withdrawn"));
  EXPECT_THAT(WordsOf(root), HasSubstr("WITHDRAWN"));
  EXPECT_THAT(WordsOf(root), HasSubstr("Reason: retracted by its sender"));
  EXPECT_THAT(HeadingsOf(root), ElementsAre("Revisions", "What went in", "Versions"));
  ASSERT_EQ(Named(root, "s").size(), 1u);
  EXPECT_EQ(Named(root, "s")[0]->text, "amoxicillin + azithromycin");
  EXPECT_THAT(WordsOf(root), Not(HasSubstr("500 mg")));
}

TEST(CasePageTest, ACaseThatWasCancelledBeforeItsEndSaysSo) {
  CaseView view = PageSample(CaseState::kCancelled);
  view.recommendations.clear();
  const std::string words = WordsOf(Read(CasePage(view)));
  EXPECT_THAT(words, HasSubstr("CANCELLED"));
  EXPECT_THAT(words, Not(HasSubstr("WITHDRAWN")));
}

TEST(CasePageTest, AnAbstentionAndAFailureSayWhyThereIsNothing) {
  for (const CaseState state : {CaseState::kInsufficient, CaseState::kFailed}) {
    CaseView view = PageSample(state);
    Recommendation& made = view.recommendations.back();
    made.reason = "Support 0.31 is below 0.50.";
    made.medications.clear();
    made.confidence.reset();
    made.confidence_note = "12 of 50 needed outcomes are known";
    const XmlElement root = Read(CasePage(view));
    EXPECT_EQ(HeadingsOf(root).at(0), "No recommendation");
    const std::string said = SectionOf(root, "recommendation");
    EXPECT_THAT(said, HasSubstr("Support 0.31 is below 0.50."));
    EXPECT_THAT(said, HasSubstr("No confidence can be stated."));
    EXPECT_THAT(said, HasSubstr("12 of 50 needed outcomes are known"));
    EXPECT_THAT(HeadingsOf(root), Contains("What was answered"));
  }
}

TEST(CasePageTest, NoMedicationIsARecommendation) {
  CaseView view = PageSample(CaseState::kComplete);
  Recommendation& made = view.recommendations.back();
  made.medications.clear();
  made.ingredients.clear();
  made.no_medication = true;
  const XmlElement root = Read(CasePage(view));
  EXPECT_EQ(HeadingsOf(root).at(0), "Recommendation");
  EXPECT_THAT(SectionOf(root, "recommendation"), HasSubstr("No medication"));
}

TEST(CasePageTest, SimulatedModelsAreSaid) {
  CaseView view = PageSample(CaseState::kComplete);
  EXPECT_THAT(WordsOf(Read(CasePage(view))), Not(HasSubstr("SIMULATED")));
  view.recommendations.back().simulated = true;
  view.recommendations.back().models[0].simulated = true;
  const XmlElement root = Read(CasePage(view));
  EXPECT_THAT(ClassesOf(root, "p"), Contains("banner simulated"));
  EXPECT_THAT(SectionOf(root, "models"), HasSubstr("claude (claude-2026-10-01) SIMULATED"));
}

TEST(CasePageTest, EarlierRevisionsStandBelowStruckOut) {
  CaseView view = PageSample(CaseState::kComplete);
  Recommendation second = view.recommendations.back();
  second.revision = 2;
  second.ingredients = {"doxycycline"};
  view.recommendations.push_back(second);
  const XmlElement root = Read(CasePage(view));
  ASSERT_EQ(Named(root, "s").size(), 1u);
  EXPECT_EQ(Named(root, "s")[0]->text, "amoxicillin + azithromycin");
  EXPECT_THAT(SectionOf(root, "revisions"), HasSubstr("(replaced)"));
}

// Every text of a case is hostile; the page has the elements and attributes that it has of a
// harmless one.
TEST(CasePageTest, NoTextBecomesMarkupWhereverItStands) {
  const auto fill = [](CaseView view, const std::string& text) {
    view.source = view.kind = view.strategy = view.cancel_reason = text;
    view.vignette.text = text;
    view.vignette.question = text;
    view.vignette.options = {{text, text}};
    view.vignette.patient.sex = text;
    view.vignette.patient.allergies = {text};
    view.vignette.patient.medications = {text};
    view.ensemble = {text};
    for (TaskView& task : view.tasks) {
      if (!task.outcome) continue;
      task.outcome->text = task.outcome->prompt_version = text;
      for (Grade& grade : task.outcome->grades) grade.comment = text;
      if (!task.outcome->answer) continue;
      task.outcome->answer->rationale = task.outcome->answer->cautions = text;
      task.outcome->answer->option = text;
      task.outcome->answer->medications = {{text, text, text, text, text, text, text}};
    }
    for (Recommendation& made : view.recommendations) {
      made.reason = made.rationale = made.cautions = made.confidence_note = text;
      made.medication_table = text;
      made.option = text;
      made.medications = {{text, text, text, text, text, text, text}};
      made.ingredients = {text};
      made.dissent = {text};
      made.agreement = {{text, 0.5, {text, text}}};
      made.missing = {{text, text, text, text}};
      for (SafetyFlag& flag : made.safety) flag = {text, text, {text}, text, text};
      for (Candidate& one : made.candidates) one.ingredients = {text};
      for (ModelResult& one : made.models) {
        one.stage_status = one.model_served = text;
        one.ingredients = {text};
      }
    }
    view.outcomes = {{text, CaseOutcomeVerdict::kStated, {{text}}, text, 1, 1'795'860'900'123}};
    return view;
  };
  const std::function<std::string(const XmlElement&)> shape = [&](const XmlElement& element) {
    std::string out = "<" + element.name;
    for (const auto& [name, value] : element.attributes) out += " " + name;
    out += ">";
    for (const XmlElement& child : element.children) out += shape(child);
    return out;
  };
  for (const CaseState state : {CaseState::kGenerating, CaseState::kComplete,
                                CaseState::kInsufficient, CaseState::kCancelled}) {
    const std::string page = CasePage(fill(PageSample(state), kHostile));
    EXPECT_EQ(shape(Read(page)), shape(Read(CasePage(fill(PageSample(state), "plain")))));
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, Not(HasSubstr("\xE2\x80\xAE")));
  }
}

TEST(CasePageTest, ThePolicyAllowsThisStyleAndNothingElse) {
  EXPECT_THAT(CasePagePolicy(),
              testing::MatchesRegex("default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]*='; "
                                    "img-src data:; base-uri 'none'; form-action 'none'; "
                                    "frame-ancestors 'none'"));
  const std::string page = CasePage(PageSample(CaseState::kComplete));
  EXPECT_THAT(page, Not(HasSubstr(" style=")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
}

TEST(CasePageTest, WhatGoesWrongIsAPageToo) {
  const XmlElement root = Read(ProblemPage("There is no such case", "case <x>: not known"));
  EXPECT_EQ(Named(root, "h1").at(0)->text, "There is no such case");
  EXPECT_EQ(Named(root, "p").at(0)->text, "case <x>: not known");
}

}  // namespace
}  // namespace consilium
