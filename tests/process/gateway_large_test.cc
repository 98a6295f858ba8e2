// What is too large to be parsed between other things: HL7 messages, calls of CDS Hooks
// and Bundles far beyond Loop::kParseHereBytesMax, through the real programs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/gateway_rig.h"
#include "tests/support/hl7_notes.h"
#include "tests/support/hook_body.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr std::size_t kLarge = 4u << 20;
// For calls, which have 400 ms until they are answered without a card.
constexpr std::size_t kBeyond = 256u << 10;

class GatewayLargeTest : public GatewayRig {
 protected:
  void SetUp() override {
    Start();
    pid_ = cluster_->PidsOf("gateway").at(0);
  }
  void TearDown() override {
    EXPECT_EQ(cluster_->PidsOf("gateway").at(0), pid_) << "it never fell";
    EXPECT_EQ(cluster_->Stop(), 0);
  }
  pid_t pid_ = 0;
};

std::string NoteOf(const std::string& id) { return Note("T02", id, id, id); }
// With segments that nobody reads.
std::string Large(std::string message) {
  const std::string line = "ZPD|1|" + std::string(1000, 'x') + "\r";
  while (message.size() < kLarge) message += line;
  return message;
}

TEST_F(GatewayLargeTest, MessagesOfAnySizeAreAnsweredInTheirOrder) {
  MllpSender sender(cluster_->mllp());
  for (const std::string& message :
       {NoteOf("m-1"), Large(NoteOf("m-2")), NoteOf("m-3"), Large(Msh("QBP^Q11", "m-4") + Pid("4")),
        NoteOf("m-5"),
        "BHS|^~\\&|HIS|WARD\r" + NoteOf("b-1") + Large(NoteOf("b-2")) + NoteOf("b-3") + "BTS|3",
        "no message " + std::string(kLarge, 'x'), Large(NoteOf("m-6"))}) {
    sender.Send(message);
  }
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
  EXPECT_EQ(Cases().size(), 8u) << "each note is a case";
  EXPECT_NE(Ask("GET", "/metrics").body.find("\"bytes_held\"} 0\n"), std::string::npos)
      << "all is answered and taken, though the connection stays";
}

TEST_F(GatewayLargeTest, AConnectionThatEndsWhileItsMessageIsParsedHarmsNobody) {
  std::vector<std::string> notes;
  for (int i = 0; i < 10; ++i) {
    notes.push_back(Large(NoteOf("g-" + std::to_string(i))));
    MllpSender sender(cluster_->mllp());
    sender.Send(notes.back());
    sender.Reset();
  }
  // Each thread that parses has done what came before.
  MllpSender sender(cluster_->mllp());
  for (const char* id : {"last-1", "last-2", "last-3"}) {
    EXPECT_EQ(Hl7Field(sender.Ask(Large(NoteOf(id))).value_or(""), "MSA", 1), "AA");
  }
  // One may have been taken just before its connection ended.
  EXPECT_LT(Cases().size(), 3 + notes.size()) << "who is gone is not told, so nothing is taken";
  for (const std::string& note : notes) {
    EXPECT_EQ(Hl7Field(sender.Ask(note).value_or(""), "MSA", 1), "AA") << "it comes again";
  }
  EXPECT_EQ(Cases().size(), 3 + notes.size());
  // Stopped while some are parsed.
  MllpSender one(cluster_->mllp());
  MllpSender other(cluster_->mllp());
  one.Send(Large(NoteOf("e-1")));
  other.Send(Large(NoteOf("e-2")));
}

TEST_F(GatewayLargeTest, ACallOfCdsHooksIsAnsweredAlikeWhateverItsSize) {
  json call = MakeHookBody();
  const auto ask = [&](std::size_t padding) {
    json padded = call;
    if (padding > 0) padded["extension"] = {{"org.example", std::string(padding, 'x')}};
    return Ask("POST", "/cds-services/medication-council", padded.dump(),
               {"Content-Type: application/json"});
  };
  const auto first = ask(kBeyond);
  ASSERT_EQ(first.status, 200) << first.body;
  ASSERT_EQ(json::parse(first.body)["cards"].size(), 1u) << first.body;
  const json items = Cases();
  ASSERT_EQ(items.size(), 1u);
  EndedCase(items[0]["id"]);
  const auto card = [](const WireExchange& reply) {
    json one = json::parse(reply.body)["cards"].at(0);
    one.erase("uuid");  // new with every card
    return one;
  };
  const json small = card(ask(0));
  EXPECT_NE(small["detail"].get<std::string>().find("revision 1"), std::string::npos) << small;
  EXPECT_EQ(card(ask(kBeyond)), small);

  call["prefetch"].erase("patient");
  const auto refused = ask(0);
  EXPECT_EQ(refused.status, 412) << refused.body;
  const auto large = ask(kBeyond);
  EXPECT_EQ(large.status, refused.status);
  EXPECT_EQ(large.body, refused.body);
  call["hook"] = "none";
  EXPECT_EQ(ask(kBeyond).status, 400);
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
    const auto reply = Ask("POST", "/fhir", bundle.dump(), {"Content-Type: application/fhir+json"});
    ASSERT_EQ(reply.status, 200) << reply.body;
    const json answer = json::parse(reply.body);
    EXPECT_EQ(answer["type"], "transaction-response");
    EXPECT_EQ(answer["entry"].size(), 2u);
  }
}

}  // namespace
}  // namespace consilium
