// Targets of HTTP requests, and errors as HTTP says them.
#include "gateway/net/http.h"

#include <gtest/gtest.h>

#include "gateway/problem.h"

namespace consilium {
namespace {

using Words = std::vector<std::string>;

TEST(HttpTargetTest, PathAndQueryAreDecodedAfterTheyWereSplit) {
  const auto target = ParseTarget("/v1/cases/a%2Fb?wait=30s&source=a+b%26c&flag");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->segments, (Words{"v1", "cases", "a/b"}));
  EXPECT_EQ(target->query, (HttpFields{{"wait", "30s"}, {"source", "a b&c"}, {"flag", ""}}));
  EXPECT_EQ(ParseTarget("/")->segments, Words{});
  EXPECT_EQ(ParseTarget("/fhir/")->segments, (Words{"fhir"}));
  EXPECT_EQ(ParseTarget("//a")->segments, (Words{"", "a"}));
  EXPECT_EQ(ParseTarget("/a/../b")->segments, (Words{"a", "..", "b"})) << "nothing is resolved";
}

TEST(HttpTargetTest, WhatIsNotWellFormedIsNone) {
  for (const char* bad : {"", "x", "*", "http://h/x", "/%", "/%4", "/%zz", "/%00", "/%ff",
                          "/a?b=%0", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"}) {
    EXPECT_FALSE(ParseTarget(bad).has_value()) << bad;
  }
}

TEST(HttpTargetTest, AParameterThatIsMisspeltOrStandsTwiceIsNamed) {
  const auto problem = [](const HttpFields& query, const Words& known) {
    const Status checked = CheckQuery(query, known);
    return checked.ok() ? "" : checked.error().text;
  };
  EXPECT_EQ(problem({{"wait", "1"}}, {"wait"}), "");
  EXPECT_EQ(problem({}, {}), "");
  EXPECT_EQ(problem({{"wiat", "1"}}, {"wait"}),
            "\"wiat\": unknown parameter, expected one of wait");
  EXPECT_EQ(problem({{"x", ""}}, {}), "\"x\": unknown parameter, expected none");
  EXPECT_EQ(problem({{"wait", "1"}, {"wait", "2"}}, {"after", "wait"}),
            "wait: twice, expected once");
}

TEST(HttpTargetTest, WhatIsEncodedComesBack) {
  const std::string odd = "a/b c?d&e=f%\xc3\xa4";
  EXPECT_EQ(PercentEncoded(odd), "a%2Fb%20c%3Fd%26e%3Df%25%C3%A4");
  EXPECT_EQ(ParseTarget("/" + PercentEncoded(odd))->segments, (Words{odd}));
}

TEST(ProblemTest, WhatMayBeTriedAgainSaysWhen) {
  const auto header = [](const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.fields) {
      if (key == name) return value;
    }
    return std::string();
  };
  const HttpResponse full = Problem({ErrorCode::kQueueFull, "too many"}, 1500);
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(header(full, "Retry-After"), "2");
  EXPECT_EQ(full.body,
            "{\"type\":\"about:blank\",\"title\":\"The queue is full\",\"status\":429,"
            "\"detail\":\"too many\",\"code\":\"queue_full\"}\n");
  EXPECT_EQ(header(Problem({ErrorCode::kUnavailable, "x"}), "Retry-After"), "1");
  EXPECT_EQ(header(Problem(401, {ErrorCode::kForbidden, "x"}), "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(header(Problem(Invalid("x")), "Retry-After"), "");
  EXPECT_EQ(StatusOf(ErrorCode::kForbidden), 502) << "it is our key that the brokers refuse";
}

}  // namespace
}  // namespace consilium
