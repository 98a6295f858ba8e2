// The whole way round: vignettes fed as HL7 v2 notes, decided, received back by an HL7 system, and
// shown as cards of CDS Hooks in the chart of the same patient.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/gateway_rig.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr int kVignettes = 60;

// A chart as an EHR sends it: the patient, by the identifier that the feed uses, and nothing else.
std::string Chart(const std::string& patient, const std::string& authority) {
  const json body = {
      {"hook", "patient-view"},
      {"hookInstance", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"},
      {"context", {{"userId", "Practitioner/1"}, {"patientId", patient}}},
      {"prefetch",
       {{"patient",
         {{"resourceType", "Patient"},
          {"id", patient},
          {"identifier",
           json::array(
               {{{"system", authority},
                 {"value", patient},
                 {"type",
                  {{"coding",
                    json::array({{{"system", "http://terminology.hl7.org/CodeSystem/v2-0203"},
                                  {"code", "PI"}}})}}}}})}}},
        {"conditions", nullptr}}}};
  return body.dump();
}

class GatewayRoundTest : public GatewayRig {};

TEST_F(GatewayRoundTest, VignettesComeInAsNotesAndGoOutAsResultsAndCards) {
  MllpReceiver receiver;
  SimulatedOptions options;
  options.gateway_lines = "authorities = [\"CONSILIUM-DEMO\"]\nreceiver = \"127.0.0.1:" +
                          std::to_string(receiver.port()) + "\"";
  Start(options);
  const std::string file = folder_.Write("vignettes.jsonl", DemoCases(kVignettes));
  const CommandResult fed =
      RunningCommand("consilium", {"feed", file, "--as", "mdm", "--mllp",
                                   "127.0.0.1:" + std::to_string(cluster_->mllp())})
          .Wait(std::chrono::seconds(60));
  ASSERT_EQ(fed.exit_code, 0) << fed.out << fed.err;

  ASSERT_TRUE(Eventually([&] { return receiver.Messages().size() >= kVignettes; },
                         std::chrono::seconds(90)))
      << receiver.Messages().size() << " results came";
  // Else what came twice would come after it was looked for.
  const auto waiting = [&] { return json::parse(Ask("GET", "/v1/outbox").body)["waiting"]; };
  ASSERT_TRUE(Eventually([&] { return waiting() == 0; })) << waiting();
  std::map<std::string, std::string> results;  // by patient
  std::string authority;
  for (const std::string& message : receiver.Messages()) {
    const std::string id = Hl7Field(message, "PID", 3);
    const std::string patient = id.substr(0, id.find('^'));
    authority = id.substr(id.find("^^^") + 3);
    authority = authority.substr(0, authority.find('^'));
    EXPECT_TRUE(results.emplace(patient, message).second) << "a second result of " << patient;
    EXPECT_EQ(Hl7Field(message, "MSH", 9), "ORU^R01^ORU_R01");
    EXPECT_NE(message.find("SIMULATED"), std::string::npos) << "simulated models are labelled";
    EXPECT_NE(message.find("not an order"), std::string::npos);
  }
  EXPECT_EQ(results.size(), static_cast<std::size_t>(kVignettes));

  int with_suggestion = 0;
  double slowest_ms = 0;
  for (const auto& [patient, result] : results) {
    const auto began = std::chrono::steady_clock::now();
    const WireExchange reply = Ask("POST", "/cds-services/medication-council",
                                   Chart(patient, authority), {"Content-Type: application/json"});
    slowest_ms =
        std::max(slowest_ms,
                 std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
                     .count());
    ASSERT_EQ(reply.status, 200) << reply.body;
    const json cards = json::parse(reply.body)["cards"];
    ASSERT_EQ(cards.size(), 1u) << patient;
    const std::string summary = cards[0]["summary"];
    EXPECT_NE(summary.find("SIMULATED"), std::string::npos) << summary;
    if (!cards[0].contains("suggestions")) continue;
    ++with_suggestion;
    for (const json& suggestion : cards[0]["suggestions"]) {
      for (const json& action : suggestion["actions"]) {
        EXPECT_EQ(action["resource"]["status"], "draft");
        EXPECT_EQ(action["resource"]["intent"], "proposal");
        // What the card proposes is what the result said.
        const std::string name = action["resource"]["medicationCodeableConcept"]["text"];
        EXPECT_NE(result.find(name.substr(0, name.find(' '))), std::string::npos)
            << name << " is not in " << result;
      }
    }
  }
  std::cout << "results: " << results.size() << ", cards with a suggestion: " << with_suggestion
            << ", slowest card: " << slowest_ms << " ms\n";
  EXPECT_GT(with_suggestion, kVignettes / 2);
  const json status = json::parse(cluster_->Run({"status", "--json"}).out);
  EXPECT_EQ(status["counters"]["accepted"], kVignettes) << "opening a chart started no case";
}

}  // namespace
}  // namespace consilium
