#include "cli/render_dead.h"

#include <gtest/gtest.h>

#include "cli/screen.h"

namespace consilium {
namespace {

constexpr Look kLook{};

DeadLetter ALetter() {
  DeadLetter letter;
  letter.id = "0:1764254400000-12";
  letter.task = {"case-0123456789abcdef0123456789", Stage::kReview, 2, "llama3.3:70b-instruct"};
  letter.died_ms = 1764254400000;
  letter.attempts = 3;
  letter.crashes = 1;
  letter.outcome.code = "http_500";
  letter.outcome.text = "the provider said 500\x1b[31m";
  letter.outcome.worker = "llama-17";
  letter.errors = {{1764254390000, "worker_lost", "it fell silent", ""},
                   {1764254400000, "http_500", "the provider said 500", "llama-17"}};
  return letter;
}

void ExpectFits(const std::string& text) {
  std::size_t from = 0;
  for (std::size_t to = text.find('\n'); to != std::string::npos; to = text.find('\n', from)) {
    EXPECT_LE(DisplayWidth(text.substr(from, to - from)), 80u) << text.substr(from, to - from);
    from = to + 1;
  }
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "control characters are removed";
}

TEST(RenderDeadTest, AListHasOneLineALetterWithinTheScreen) {
  const std::string text = RenderDeadList({ALetter(), ALetter()}, kLook);
  ExpectFits(text);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_NE(text.find("0:1764254400000-12  11-27 14:40"), std::string::npos) << text;
  EXPECT_EQ(RenderDeadList({}, kLook), "");
}

TEST(RenderDeadTest, OneLetterShowsAllItsErrors) {
  const std::string text = RenderDeadLetter(ALetter(), kLook);
  ExpectFits(text);
  for (const char* part :
       {"review 2, llama3.3:70b-instruct", "2025-11-27 14:40:00 UTC",
        "3 failed and were tried again, 1 lost their worker", "http_500: the provider said 500",
        "llama-17", "2025-11-27 14:39:50", "worker_lost"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(RenderDeadTest, LettersAreCountedByModelAndCode) {
  DeadLetter other = ALetter();
  other.outcome.code = "";
  other.outcome.status = OutcomeStatus::kTimedOut;
  EXPECT_EQ(RenderDeadCounts({ALetter(), other, ALetter()}, kLook),
            "  model                  code       letters\n"
            "  llama3.3:70b-instruct  http_500         2\n"
            "  llama3.3:70b-instruct  timed_out        1\n");
}

TEST(RenderDeadTest, EveryDispositionIsASentence) {
  EXPECT_EQ(RequeueSentence({"1-0", "c|generate|1|m", "requeued", 1764254400000}),
            "1-0 (c|generate|1|m): requeued, until 2025-11-27 14:40:00 UTC");
  EXPECT_EQ(RequeueSentence({"1-0", "c|generate|1|m", "before", std::nullopt}),
            "1-0 (c|generate|1|m): was requeued before");
  EXPECT_EQ(RequeueSentence({"1-0", "", "unknown", std::nullopt}), "1-0: no such letter");
}

}  // namespace
}  // namespace consilium
