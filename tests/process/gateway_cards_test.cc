// CDS Hooks where not all is well: what is no call is named, and a call always gets its card.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/hook_body.h"
#include "tests/support/http_exchange.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;

const char* const kJson = "Content-Type: application/json";
const char* const kService = "/cds-services/medication-council";

class GatewayCardsTest : public testing::Test {
 protected:
  void SetUp() override {
    SimulatedOptions options;
    options.gateway = true;
    options.models = 2;
    options.ensemble = 2;
    cluster_.emplace(folder_.Write("c.toml", SimulatedCluster(options)));
    ASSERT_EQ(cluster_->Start(), "");
  }
  WireExchange Ask(const std::string& method, const std::string& path, const std::string& body = "",
                   const std::string& type = kJson) {
    WireOptions options;
    options.headers = {type};
    options.silent_after = std::chrono::seconds(30);
    return Exchange(cluster_->http(), method, path, body, options);
  }
  json Cards(const json& call) {
    const auto began = std::chrono::steady_clock::now();
    const WireExchange reply = Ask("POST", kService, call.dump());
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
    return json::parse(reply.body)["cards"];
  }
  // The case that a note of the patient of MakeHookBody() started; it has ended.
  std::string CaseOfNote(MllpSender& sender, const std::string& document) {
    const auto ack =
        sender.Ask("MSH|^~\\&|HIS|W|||20261128||MDM^T02|" + document +
                   "|P|2.5.1\rPID|1||MRN-88123^^^urn:mrn^MR||Zimmermann^Ottilie||19741225|F\rTXA|1|"
                   "PN|TX|||||||||" +
                   document + "|||||AU\rOBX|1|TX|N||A cough since day " + document + "||||||F\r");
    EXPECT_EQ(Hl7Field(ack.value_or(""), "MSA", 1), "AA");
    const json items = json::parse(Ask("GET", "/v1/cases?limit=1").body)["items"];
    const std::string id = items.at(0)["id"];
    EXPECT_EQ(Ask("GET", "/v1/cases/" + id + "?wait=30s").status, 200);
    return id;
  }
  TestFolder folder_;
  std::optional<ClusterProcess> cluster_;
};

TEST_F(GatewayCardsTest, WhatIsNoCallIsNamed) {
  const auto problem = [&](const std::string& body, const std::string& type = kJson) {
    const WireExchange reply = Ask("POST", kService, body, type);
    return std::to_string(reply.status) + " " +
           json::parse(reply.body)["detail"].get<std::string>();
  };
  const std::string hooks = ", expected one of patient-view, order-select, order-sign";
  EXPECT_EQ(problem(""), "400 body: expected a JSON object");
  EXPECT_EQ(problem("{}"), "400 hook: missing" + hooks);
  EXPECT_EQ(problem(R"({"hook":"order-dispatch"})"), "400 hook = \"order-dispatch\"" + hooks);
  EXPECT_EQ(problem("{}", "Content-Type: text/plain"),
            "415 Content-Type \"text/plain\", expected application/json");
}

TEST_F(GatewayCardsTest, WhileNobodyAnswersTheCardSaysThatTheCouncilSits) {
  const std::vector<pid_t> brokers = cluster_->PidsOf("broker");
  for (const pid_t pid : brokers) ::kill(pid, SIGSTOP);
  const json cards = Cards(MakeHookBody());
  for (const pid_t pid : brokers) ::kill(pid, SIGCONT);
  ASSERT_EQ(cards.size(), 1u);
  EXPECT_EQ(cards[0]["indicator"], "info");
  EXPECT_NE(cards[0]["summary"].get<std::string>().find("council sits"), std::string::npos);
  const std::string url = cards[0]["links"][0]["url"];
  const std::string id = url.substr(url.rfind('/') + 1);
  EXPECT_TRUE(Eventually([&] { return Ask("GET", "/v1/cases/" + id).status == 200; },
                         std::chrono::seconds(60)))
      << "and it does: " << id;
}

TEST_F(GatewayCardsTest, WithoutRedisTheCardSaysThatTheCouncilCouldNotBeAsked) {
  for (const pid_t pid : cluster_->PidsOf("redis")) ::kill(pid, SIGSTOP);
  const json cards = Cards(MakeHookBody());
  for (const pid_t pid : cluster_->PidsOf("redis")) ::kill(pid, SIGCONT);
  ASSERT_EQ(cards.size(), 1u);
  EXPECT_EQ(cards[0]["indicator"], "info");
  EXPECT_EQ(cards[0]["summary"], "The medication council could not be asked");
}

TEST_F(GatewayCardsTest, WhereTheLatestCaseWasWithdrawnTheOneBeforeItIsShownAsWell) {
  MllpSender sender(cluster_->mllp());
  const std::string first = CaseOfNote(sender, "1");
  const std::string second = CaseOfNote(sender, "2");
  json chart = MakeHookBody();
  const auto case_of = [](const json& card) {
    const std::string url = card["links"][0]["url"];
    return url.substr(url.rfind('/') + 1);
  };
  json cards = Cards(chart);
  ASSERT_EQ(cards.size(), 1u) << cards;
  EXPECT_EQ(case_of(cards[0]), second);
  ASSERT_EQ(Ask("DELETE", "/v1/cases/" + second + "?withdraw=true").status, 200);
  cards = Cards(chart);
  ASSERT_EQ(cards.size(), 2u) << cards;
  EXPECT_EQ(case_of(cards[0]), first);
  EXPECT_EQ(case_of(cards[1]), second);
  EXPECT_NE(cards[1]["summary"].get<std::string>().find("Withdrawn: "), std::string::npos)
      << cards[1];
}

}  // namespace
}  // namespace consilium
