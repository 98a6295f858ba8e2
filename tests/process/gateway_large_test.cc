// What is too large to be parsed between other things: HL7 messages, calls of CDS Hooks
// and Bundles far beyond Loop::kParseHereBytesMax, through the real programs.
#include <gtest/gtest.h>

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

constexpr std::size_t kLarge = 4u << 20;

class GatewayLargeTest : public testing::Test {
 protected:
  void SetUp() override {
    SimulatedOptions options;
    options.gateway = true;
    cluster_.emplace(folder_.Write("c.toml", SimulatedCluster(options)));
    ASSERT_EQ(cluster_->Start(), "");
    pid_ = cluster_->PidsOf("gateway").at(0);
  }
  void TearDown() override {
    EXPECT_EQ(cluster_->PidsOf("gateway").at(0), pid_) << "it never fell";
    EXPECT_EQ(cluster_->Stop(), 0);
  }
  TestFolder folder_;
  std::optional<ClusterProcess> cluster_;
  pid_t pid_ = 0;
};

// A note of a demo case; `padding` bytes of it stand in segments that nobody reads.
std::string Note(const std::string& id, std::size_t padding = 0, const char* type = "MDM^T02") {
  static const std::string text = JsonLines(DemoCases(1))[0]["text"];
  std::string note = std::string("MSH|^~\\&|HIS|W|||20261128101500||") + type + "|" + id +
                     "|P|2.5.1\rPID|1||" + id +
                     "^^^HOSP^MR||Doe^Jane||19600102|F\rTXA|1|PN|TX|||||||||" + id +
                     "|||||AU\rOBX|1|TX|N||" + text + "||||||F\r";
  const std::string line = "ZPD|1|" + std::string(1000, 'x') + "\r";
  for (std::size_t size = 0; size < padding; size += line.size()) note += line;
  return note;
}
std::string Frame(const std::string& payload) { return "\x0b" + payload + "\x1c\r"; }

TEST_F(GatewayLargeTest, MessagesOfAnySizeAreAnsweredInTheirOrder) {
  MllpSender sender(cluster_->mllp());
  std::string batch = "BHS|^~\\&|HIS|WARD\r" + Note("b-1") + Note("b-2", kLarge) + Note("b-3");
  const std::string unread = "no message " + std::string(kLarge, 'x');
  sender.SendBytes(Frame(Note("m-1")) + Frame(Note("m-2", kLarge)) + Frame(Note("m-3")) +
                   Frame(Note("m-4", kLarge, "QBP^Q11")) + Frame(Note("m-5")) +
                   Frame(batch + "BTS|3") + Frame(unread) + Frame(Note("m-6")));
  std::vector<std::string> answers;
  while (answers.size() < 8) {
    const auto ack = sender.Receive();
    ASSERT_TRUE(ack.has_value()) << answers.size() << " came";
    answers.push_back(Hl7Field(*ack, "MSA", 1) + " " + Hl7Field(*ack, "MSA", 2));
    if (answers.size() != 6) continue;
    EXPECT_LT(ack->find("MSA|AA|b-1"), ack->find("MSA|AA|b-2")) << *ack;
    EXPECT_LT(ack->find("MSA|AA|b-2"), ack->find("MSA|AA|b-3")) << *ack;
    EXPECT_NE(ack->find("MSA|AA|b-3"), std::string::npos) << *ack;
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"AA m-1", "AA m-2", "AA m-3", "AR m-4", "AA m-5",
                                               "AA b-1", "AR ", "AA m-6"}));
  const auto cases = Exchange(cluster_->http(), "GET", "/v1/cases?limit=256", "");
  EXPECT_EQ(json::parse(cases.body)["items"].size(), 8u) << "each note is a case";
}

TEST_F(GatewayLargeTest, AConnectionThatEndsWhileItsMessageIsParsedHarmsNobody) {
  for (int i = 0; i < 10; ++i) {
    const std::string id = std::to_string(i);
    {
      MllpSender sender(cluster_->mllp());
      sender.SendBytes(Frame(Note("s-" + id)) + Frame(Note("t-" + id)));
      ASSERT_TRUE(sender.Receive().has_value());
      // Closed with an answer that was not read, it is reset.
      sender.SendBytes(Frame(Note("g-" + id, kLarge)));
    }
    MllpSender sender(cluster_->mllp());
    const auto ack = sender.Ask(Note("g-" + id, kLarge));
    EXPECT_EQ(Hl7Field(ack.value_or(""), "MSA", 1), "AA") << "it comes again";
  }
  const auto cases = Exchange(cluster_->http(), "GET", "/v1/cases?limit=256", "");
  EXPECT_EQ(json::parse(cases.body)["items"].size(), 30u) << "one case for each note";
  // Stopped while some are parsed.
  MllpSender one(cluster_->mllp());
  MllpSender other(cluster_->mllp());
  one.SendBytes(Frame(Note("e-1", kLarge)));
  other.SendBytes(Frame(Note("e-2", kLarge)));
}

TEST_F(GatewayLargeTest, ACallOfCdsHooksIsAnsweredAlikeWhateverItsSize) {
  json call = MakeHookBody();
  const auto ask = [&](std::size_t padding) {
    WireOptions wire;
    wire.headers = {"Content-Type: application/json"};
    json padded = call;
    if (padding > 0) padded["extension"] = {{"org.example", std::string(padding, 'x')}};
    return Exchange(cluster_->http(), "POST", "/cds-services/medication-council", padded.dump(),
                    wire);
  };
  const auto first = ask(kLarge);
  ASSERT_EQ(first.status, 200) << first.body;
  ASSERT_EQ(json::parse(first.body)["cards"].size(), 1u) << first.body;
  const auto cases = Exchange(cluster_->http(), "GET", "/v1/cases?limit=256", "");
  const json items = json::parse(cases.body)["items"];
  ASSERT_EQ(items.size(), 1u);
  const std::string place = "/v1/cases/" + items[0]["id"].get<std::string>();
  Exchange(cluster_->http(), "GET", place + "?wait=30s", "");
  const auto card = [](const WireExchange& reply) {
    json one = json::parse(reply.body)["cards"].at(0);
    one.erase("uuid");  // new with every card
    return one;
  };
  const json small = card(ask(0));
  EXPECT_NE(small["detail"].get<std::string>().find("revision 1"), std::string::npos) << small;
  EXPECT_EQ(card(ask(kLarge)), small);

  call["prefetch"].erase("patient");
  const auto refused = ask(0);
  EXPECT_EQ(refused.status, 412) << refused.body;
  const auto large = ask(kLarge);
  EXPECT_EQ(large.status, refused.status);
  EXPECT_EQ(large.body, refused.body);
  call["hook"] = "none";
  EXPECT_EQ(ask(kLarge).status, 400);
}

TEST_F(GatewayLargeTest, ATransactionIsAnsweredByOneWhateverItsSize) {
  for (const std::size_t padding : {std::size_t{10}, kLarge}) {
    json patient = MakePatient();
    patient["text"] = {{"status", "additional"}, {"div", std::string(padding, 'x')}};
    json bundle = MakeSearchset({patient, MakeCondition()});
    bundle["type"] = "transaction";
    for (json& entry : bundle["entry"]) {
      entry["request"] = {{"method", "POST"}, {"url", entry["resource"]["resourceType"]}};
    }
    WireOptions wire;
    wire.headers = {"Content-Type: application/fhir+json"};
    const auto reply = Exchange(cluster_->http(), "POST", "/fhir", bundle.dump(), wire);
    ASSERT_EQ(reply.status, 200) << reply.body;
    const json answer = json::parse(reply.body);
    EXPECT_EQ(answer["type"], "transaction-response");
    EXPECT_EQ(answer["entry"].size(), 2u);
  }
}

}  // namespace
}  // namespace consilium
