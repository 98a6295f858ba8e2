#include "cli/progress.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

constexpr Look kLook{false, 80};

Tally Sixty() {
  Tally tally;
  tally.total = 60;
  tally.accepted = 60;
  tally.ended = 15;
  tally.states[CaseState::kComplete] = 12;
  tally.states[CaseState::kInsufficient] = 3;
  return tally;
}

TEST(ProgressBarTest, ShowsShareStatesRateAndTime) {
  EXPECT_EQ(ProgressBar(Sixty(), milliseconds(10000), kLook),
            "[######..................] 15/60  12 complete, 3 insufficient  1.5/s  0:10");
}

TEST(ProgressBarTest, BeforeTheFirstEndShowsWhatIsAccepted) {
  Tally tally;
  tally.total = 60;
  tally.accepted = 41;
  EXPECT_EQ(ProgressBar(tally, milliseconds(500), kLook),
            "[........................] 0/60  41 accepted  0:00");
}

TEST(ProgressBarTest, RefusedCasesCountAsGone) {
  Tally tally;
  tally.total = 2;
  tally.refused = 2;
  EXPECT_EQ(ProgressBar(tally, milliseconds(0), kLook),
            "[########################] 2/2  2 refused  0:00");
}

TEST(ProgressBarTest, TheBarGivesWayToTheFigures) {
  Tally tally = Sixty();
  tally.states[CaseState::kDegraded] = 2;
  EXPECT_EQ(ProgressBar(tally, milliseconds(10000), {false, 70}),
            "[##......] 15/60  12 complete, 2 degraded, 3 insufficient  1.5/s  0:10");
}

TEST(ProgressBarTest, FitsANarrowTerminal) {
  EXPECT_LE(DisplayWidth(ProgressBar(Sixty(), milliseconds(10000), {false, 40})), 40u);
}

TEST(ProgressSentenceTest, SaysHowFarItIs) {
  EXPECT_EQ(ProgressSentence(Sixty(), milliseconds(9400)),
            "15 of 60 ended (12 complete, 3 insufficient), 45 under way, 9 s");
}

TEST(TallyTextTest, LeavesOutWhatIsZero) {
  EXPECT_EQ(TallyText(Tally{}), "");
  EXPECT_EQ(TallyText(Sixty()), "12 complete, 3 insufficient");
}

}  // namespace
}  // namespace consilium
