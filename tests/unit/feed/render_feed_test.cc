#include "cli/feed/render_feed.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

using std::chrono::milliseconds;

FeedTally ATally() {
  FeedTally tally;
  tally.doors[0] = {12, 9, 0, 2, 1};
  tally.doors[2] = {3, 3, 0, 0, 0};
  tally.codes = {{"AE", 1}, {"AR", 1}};
  tally.unreadable = 4;
  tally.known = 1;
  tally.resent = 5;
  tally.left_out = 6;
  tally.messages_left = 14;
  tally.files_left = 1;
  return tally;
}

TEST(RenderFeedTest, ALineSaysHowFarItHasCome) {
  EXPECT_EQ(FeedLine(ATally(), milliseconds(70000), kLook),
            "12 accepted, 2 refused, 5 not sent  left: 14 messages, 1 file  0.2/s  1:10");
  EXPECT_EQ(FeedLine({}, milliseconds(0), kLook), "0 accepted  0/s  0:00");
  EXPECT_LE(FeedLine(ATally(), milliseconds(70000), {false, 30}).size(), 30u);
}

TEST(RenderFeedTest, TheTableHasEveryMessageOnce) {
  const std::string text = RenderFeed(ATally(), kLook);
  EXPECT_EQ(text,
            "  door          messages  accepted  refused  not sent\n"
            "  HL7 v2              12         9        2         1\n"
            "  FHIR Bundles         3         3        0         0\n"
            "  not read             4         0        0         4\n"
            "  all                 19        12        2         5\n"
            "  Refused     1 AE, 1 AR\n"
            "  Left out    6 parts of what was accepted\n"
            "  Again       5 tried again\n"
            "  Before      1 message sent before (--state)\n");
  ExpectAtMost80Columns(text);
  EXPECT_EQ(RenderFeed({}, kLook), "");
  FeedTally before;
  before.known = 3;
  before.known_refused = 1;
  EXPECT_EQ(RenderFeed(before, kLook),
            "  Before      3 messages sent before (--state), 1 of them refused\n");
  ExpectAtMost80Columns(RenderFeed(before, kLook));
  FeedTally unconfirmed;
  unconfirmed.doors[0] = {3, 1, 2, 0, 0};
  EXPECT_EQ(RenderFeed(unconfirmed, kLook),
            "  door    messages  accepted  unconfirmed  refused  not sent\n"
            "  HL7 v2         3         1            2        0         0\n");
}

TEST(RenderFeedTest, ProgramsGetTheSame) {
  EXPECT_EQ(
      FeedJson(ATally(), "done", milliseconds(1500)),
      R"({"ended":"done","messages":19,"accepted":12,"unconfirmed":0,"refused":2,"not_sent":5,"not_read":4,)"
      R"("left_out":6,"sent_again":5,"sent_before":1,"refused_before":0,"messages_left":14,"files_left":1,)"
      R"("codes":{"AE":1,"AR":1},)"
      R"("doors":{"hl7":{"messages":12,"accepted":9,"unconfirmed":0,"refused":2,"not_sent":1},)"
      R"("fhir":{"messages":3,"accepted":3,"unconfirmed":0,"refused":0,"not_sent":0}},"seconds":1.5})");
}

}  // namespace
}  // namespace consilium
