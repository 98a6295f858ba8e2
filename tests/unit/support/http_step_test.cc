#include "tests/support/http_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace consilium {
namespace {

using testing::ElementsAre;

// All that is sent, each time as much as is due, with the milliseconds at which it is.
std::vector<std::pair<int, std::string>> Sent(const HttpStep& step, std::size_t times_max = 100) {
  const TimePoint start;
  TimePoint now = start;
  HttpSender sender(step, now);
  std::vector<std::pair<int, std::string>> all;
  while (!sender.finished() && all.size() < times_max) {
    now = std::max(now, sender.next());
    const std::string due(sender.Due(now));
    if (due.empty()) break;
    all.emplace_back((now - start) / milliseconds(1), due);
    sender.Sent(due.size(), now);
  }
  return all;
}

std::string Text(const HttpStep& step) {
  std::string all;
  for (const auto& [at, bytes] : Sent(step)) all += bytes;
  return all;
}

TEST(HttpStepTest, LengthIsThatOfBodyAndParts) {
  HttpStep step;
  step.headers = {"A: b"};
  step.body = "one";
  step.parts = {{"two", 2}, {"", 5}};
  EXPECT_EQ(Text(step), "HTTP/1.1 200 Scripted\r\nA: b\r\nContent-Length: 9\r\n\r\nonetwotwo");
}

TEST(HttpStepTest, EachPartIsAChunk) {
  HttpStep step;
  step.framing = HttpStep::Framing::kChunked;
  step.parts = {{"one"}, {"seventeen bytes..", 1}};
  EXPECT_EQ(Text(step),
            "HTTP/1.1 200 Scripted\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\none\r\n11\r\nseventeen bytes..\r\n0\r\n\r\n");
  step.bytes = 5;
  EXPECT_EQ(Text(step),
            "HTTP/1.1 200 Scripted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n2\r\nse\r\n")
      << "what is cut has no last chunk";
}

TEST(HttpStepTest, PartsComeInTheirGap) {
  HttpStep step;
  step.framing = HttpStep::Framing::kUntilClose;
  step.first = milliseconds(100);
  step.gap = milliseconds(10);
  step.parts = {{"one"}, {"two"}};
  EXPECT_THAT(Sent(step), ElementsAre(std::pair(100, std::string("HTTP/1.1 200 Scripted\r\n"
                                                                 "Connection: close\r\n\r\none")),
                                      std::pair(110, std::string("two"))));
}

TEST(HttpStepTest, BytesDripInChunks) {
  HttpStep step;
  step.body = "abc";
  step.chunk = 20;
  step.gap = milliseconds(5);
  EXPECT_THAT(Sent(step), ElementsAre(std::pair(0, std::string("HTTP/1.1 200 Scripte")),
                                      std::pair(5, std::string("d\r\nContent-Length: 3")),
                                      std::pair(10, std::string("\r\n\r\nabc"))));
}

TEST(HttpStepTest, EndlessPartNeverFinishes) {
  HttpStep step;
  step.framing = HttpStep::Framing::kChunked;
  step.parts = {{"x", HttpPart::kForEver}};
  EXPECT_EQ(Sent(step, 1000).size(), 1000u);
}

TEST(HttpStepTest, MuteSaysNothing) {
  HttpStep step;
  step.body = "abc";
  step.mute = true;
  const HttpSender sender(step, TimePoint());
  EXPECT_TRUE(sender.finished());
  EXPECT_FALSE(sender.whole());
}

TEST(HttpStepTest, WholeMeansThatNothingIsLeftOut) {
  HttpStep step;
  step.body = "abc";
  EXPECT_TRUE(HttpSender(step, TimePoint()).whole());
  step.bytes = 3;
  EXPECT_TRUE(HttpSender(step, TimePoint()).whole());
  step.bytes = 2;
  EXPECT_FALSE(HttpSender(step, TimePoint()).whole());
}

}  // namespace
}  // namespace consilium
