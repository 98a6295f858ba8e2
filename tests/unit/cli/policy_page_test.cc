#include "cli/policy_page.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shared/ids.h"
#include "tests/support/xml_check.h"

namespace consilium {
namespace {

// Answers of these models, wherever their names come from: right in `skill` of the cases.
PolicyReport ReportOf(const std::vector<std::string>& models, double skill, bool latencies) {
  SeededRandom random(3, "page");
  RecordedAnswers recorded;
  for (int i = 0; i < 80; ++i) {
    JudgedCase& judged = recorded.cases.emplace_back();
    judged.evidence.case_id = "q" + std::to_string(i);
    judged.evidence.options = 4;
    judged.known = true;
    for (const std::string& model : models) {
      EvidenceAnswer& answer = judged.evidence.answers.emplace_back();
      answer.model = model;
      answer.right = random.Unit() < skill;
      answer.key = *answer.right ? "A" : "B";
      if (latencies) answer.latency_ms = 100.0 + 1000.0 * random.Unit();
    }
  }
  Complete(recorded);
  PolicyReport report;
  report.file = models.front();
  report.models = recorded.models;
  report.rules.repeats = 1;
  report.draws = 100;
  report.eval = EvaluatePolicies(recorded, report.rules).value();
  report.summary = SummarisePolicies(report.eval, report.draws, 1);
  return report;
}

std::string TextOf(const XmlElement& element) {
  std::string text = element.text;
  for (const XmlElement& child : element.children) text += TextOf(child);
  return text;
}

TEST(PolicyPageTest, NamesOfModelsAreTextWhateverTheySay) {
  const std::vector<std::string> names = {
      "<b>&\"m' onload=x", "</style><script>alert(1)</script>", std::string(80, 'W'),
      "mod\xC3\xA8le-\xE8\x8D\xAF-\xF0\x9F\x92\x8A", "]]>-->\xFF\x01\t\n"};
  const std::string page = PoliciesToHtml(ReportOf(names, 0.7, true));
  const auto root = ReadXml(page);
  ASSERT_TRUE(root.ok()) << root.error().text;
  for (const char* element : {"b", "script", "object", "iframe"}) {
    EXPECT_TRUE(Named(*root, element).empty()) << element;
  }
  EXPECT_EQ(Named(*root, "style").size(), 1u);
  const std::string text = TextOf(*root);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(text.find(names[i]), std::string::npos) << names[i];
  }
  EXPECT_EQ(page.find('\xFF'), std::string::npos);
  EXPECT_EQ(page.find('\x01'), std::string::npos);
}

TEST(PolicyPageTest, WhatIsSaidOfVotesIsNotSaidOfGradedAnswers) {
  PolicyReport report = ReportOf({"a", "b", "c"}, 0.7, false);
  const auto texts = [&report] {
    return TextOf(ReadXml(PoliciesToHtml(report)).value()) + RenderPolicies(report, {false, 80});
  };
  const std::vector<std::string> of_votes = {"every answer is one vote",
                                             "the confidence is the share of the votes",
                                             "Recorded choices were not graded"};
  const std::vector<std::string> of_grades = {"decided by the grades as they were given",
                                              "the confidence is the support by the grades",
                                              "the grade that it was given"};
  for (const bool reviewed : {false, true}) {
    report.reviewed = reviewed;
    const std::string text = texts();
    for (std::size_t i = 0; i < of_votes.size(); ++i) {
      EXPECT_EQ(text.find(of_votes[i]) == std::string::npos, reviewed) << of_votes[i];
      EXPECT_EQ(text.find(of_grades[i]) == std::string::npos, !reviewed) << of_grades[i];
    }
  }
}

TEST(PolicyPageTest, OneSidedAnswersLeaveNoNumberThatIsNone) {
  for (const double skill : {0.0, 1.0}) {
    const std::string page = PoliciesToHtml(ReportOf({"a", "b"}, skill, false));
    const auto root = ReadXml(page);
    ASSERT_TRUE(root.ok()) << root.error().text;
    for (const XmlElement* picture : Named(*root, "svg")) {
      for (const char* shape : {"line", "rect", "circle", "text", "path"}) {
        for (const XmlElement* element : Named(*picture, shape)) {
          for (const auto& [name, value] : element->attributes) {
            EXPECT_EQ(value.find("nan"), std::string::npos) << shape << " " << name;
            EXPECT_EQ(value.find("inf"), std::string::npos) << shape << " " << name;
          }
        }
      }
    }
    EXPECT_EQ(page, PoliciesToHtml(ReportOf({"a", "b"}, skill, false)));
  }
}

}  // namespace
}  // namespace consilium
