// The page of a case as a browser asks for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/gateway_rig.h"
#include "tests/support/xml_check.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class GatewayPagesTest : public GatewayRig {
 protected:
  void Submit(const std::string& id, std::vector<std::string> headers = {}) {
    json demo = JsonLines(DemoCases(1)).back();
    json flat = {{"id", id}};
    for (const char* key : {"text", "question", "patient"}) flat[key] = demo[key];
    headers.emplace_back("Content-Type: application/json");
    ASSERT_EQ(Ask("POST", "/v1/cases", flat.dump(), std::move(headers)).status, 202);
  }
};

TEST_F(GatewayPagesTest, ACaseIsShownWhileItRunsWhenItIsDecidedAndWhenItIsWithdrawn) {
  SimulatedOptions options;
  options.latency_ms = 3000;
  Start(options);
  Submit("page-1");
  const auto running = Ask("GET", "/cases/page-1");
  ASSERT_EQ(running.status, 200) << running.body;
  EXPECT_THAT(running.head, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(running.head, HasSubstr("Content-Security-Policy: default-src 'none'; style-src "
                                      "'sha256-"));
  EXPECT_THAT(running.head, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(running.body, HasSubstr("<meta http-equiv=\"refresh\" content=\"2\"/>"));
  EXPECT_THAT(running.body, HasSubstr("The council sits"));
  EXPECT_TRUE(ReadXml(running.body).ok()) << running.body;

  ASSERT_EQ(Ask("GET", "/v1/cases/page-1?wait=60s").status, 200);
  const auto decided = Ask("GET", "/cases/page-1");
  EXPECT_THAT(decided.body, Not(HasSubstr("http-equiv=\"refresh\"")));
  EXPECT_THAT(decided.body, HasSubstr("SIMULATED"));
  EXPECT_THAT(decided.body, HasSubstr("<section id=\"recommendation\">"));
  EXPECT_TRUE(ReadXml(decided.body).ok()) << decided.body;

  ASSERT_EQ(Ask("DELETE", "/v1/cases/page-1?withdraw=true&reason=retracted").status, 200);
  EXPECT_TRUE(Eventually([&] {
    const std::string body = Ask("GET", "/cases/page-1").body;
    return body.find("WITHDRAWN") != body.npos && body.find("Reason: retracted") != body.npos;
  }));
}

TEST_F(GatewayPagesTest, WhatIsNotThereIsAPageToo) {
  Start();
  const auto unknown = Ask("GET", "/cases/none");
  EXPECT_EQ(unknown.status, 404) << unknown.body;
  EXPECT_THAT(unknown.head, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  const auto page = ReadXml(unknown.body);
  ASSERT_TRUE(page.ok()) << page.error().text;
  EXPECT_EQ(Named(*page, "h1").at(0)->text, "There is no such case");
  const auto wrong = Ask("GET", "/cases/%3Cb%3E");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("<p>id = &quot;&lt;b&gt;&quot;, expected 1..128 characters"));
  EXPECT_THAT(Ask("POST", "/cases/none").head, HasSubstr("Allow: GET\r\n"));
}

TEST_F(GatewayPagesTest, ABrowserSendsATokenAsAPasswordAndOnlyToRead) {
  const CommandResult made =
      RunningCommand("consilium", {"keys", "token", "ehr", "--role", "write", "--file",
                                   folder_.File("tokens"), "--json"})
          .Wait(std::chrono::seconds(30));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string token = json::parse(made.out).at("token");
  SimulatedOptions options;
  options.gateway_lines = "tokens_file = \"" + folder_.File("tokens") + "\"";
  Start(options);
  Submit("page-2", {"Authorization: Bearer " + token});
  const auto unknown = Ask("GET", "/cases/page-2");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_THAT(unknown.head, HasSubstr("WWW-Authenticate: Basic realm=\"Consilium\"\r\n"));
  EXPECT_THAT(unknown.body, Not(HasSubstr("page-2"))) << "it says nothing about the case";
  // base64 of "any:" and the token, made here as nobody else's is trusted.
  const std::string plain = "any:" + token;
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string coded;
  unsigned bits = 0;
  int held = 0;
  for (const char c : plain) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) coded += kDigits[bits >> (held - 6) & 63U];
  }
  if (held > 0) coded += kDigits[bits << (6 - held) & 63U];
  while (coded.size() % 4 != 0) coded += '=';
  const std::string basic = "Authorization: Basic " + coded;
  EXPECT_EQ(Ask("GET", "/cases/page-2", "", {basic}).status, 200);
  EXPECT_EQ(Ask("GET", "/v1/cases/page-2", "", {basic}).status, 200);
  EXPECT_EQ(Ask("DELETE", "/v1/cases/page-2", "", {basic}).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/cases", "{}", {basic, "Content-Type: application/json"}).status, 401);
  EXPECT_EQ(Ask("GET", "/cases/page-2", "", {"Authorization: Basic !!!"}).status, 401);
}

}  // namespace
}  // namespace consilium
