#include "cli/render_cases.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

CaseSummary ACase() {
  CaseSummary summary;
  summary.id = "case-0123456789abcdef";
  summary.source = "hl7";
  summary.kind = "medication";
  summary.state = CaseState::kDegraded;
  summary.strategy = "named";
  summary.accepted_ms = 1764254400000;
  summary.deadline_ms = 1764254460000;
  summary.revision = 2;
  return summary;
}

TEST(RenderCasesTest, ALineACase) {
  CaseSummary live = ACase();
  live.state = CaseState::kGenerating;
  live.revision = 0;
  live.source = "";
  EXPECT_EQ(RenderCases({ACase(), live}, kLook),
            "  case                   accepted     state       rev  kind        source\n"
            "  case-0123456789abcdef  11-27 14:40  degraded      2  medication  hl7\n"
            "  case-0123456789abcdef  11-27 14:40  generating    -  medication  -\n");
  EXPECT_EQ(RenderCases({}, kLook), "");
}

TEST(RenderCasesTest, LongAndHostileTextFitsTheScreen) {
  CaseSummary summary = ACase();
  summary.id = "hl7-" + std::string(24, 'b');  // as long as those that a gateway makes
  summary.source = "ward\x1b[31m 3 " + std::string(200, 'y');
  summary.kind = std::string(64, 'k');
  summary.strategy = "complementarity";
  summary.state = CaseState::kInsufficient;
  const std::string text = RenderCases({summary}, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find(summary.id + " "), std::string::npos) << "whole: other commands need it";
  summary.id = std::string(128, 'x');
  EXPECT_NE(RenderCases({summary}, kLook).find(summary.id + " "), std::string::npos);
}

}  // namespace
}  // namespace consilium
