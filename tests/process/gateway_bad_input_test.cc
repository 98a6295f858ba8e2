// What comes to the doors by mistake or on purpose: the gateway answers, stays, and stays small.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/gateway_rig.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;

const char* const kJson = "Content-Type: application/json";
const char* const kFhir = "Content-Type: application/fhir+json";

class GatewayBadInputTest : public GatewayRig {
 protected:
  void SetUp() override {
    SimulatedOptions options;
    options.models = 2;
    options.ensemble = 2;
    options.gateway_lines = "request_s = 2\nidle_s = 2\nbody_bytes_max = 1048576";
    Start(options);
    pid_ = cluster_->PidsOf("gateway").at(0);
  }
  void TearDown() override {
    EXPECT_EQ(Ask("GET", "/readyz").status, 200);
    EXPECT_EQ(cluster_->PidsOf("gateway").at(0), pid_) << "it never fell";
  }
  WireExchange Raw(const std::string& bytes) {
    const int fd = SendRaw(cluster_->http(), bytes);
    WireExchange reply = ReadReply(fd);
    ::close(fd);
    return reply;
  }
  // Resident memory of the gateway, MiB.
  std::size_t MemoryMib() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
    std::size_t pages = 0;
    std::size_t resident = 0;
    file >> pages >> resident;
    return resident * 4096 >> 20;
  }
  pid_t pid_ = 0;
};

TEST_F(GatewayBadInputTest, HttpThatIsNoneOrTooMuchIsRefusedInItsForm) {
  EXPECT_EQ(Raw("nonsense\r\n\r\n").status, 400);
  EXPECT_EQ(Raw("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400);
  EXPECT_EQ(Raw("GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400);
  EXPECT_EQ(Raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100000, 'x') + "\r\n\r\n")
                .status,
            431);
  // Two lengths, or a length and chunks: whoever is in front may read it otherwise.
  EXPECT_EQ(Raw("POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
                .status,
            400);
  EXPECT_EQ(Raw("POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                .status,
            400);
  EXPECT_EQ(Ask("POST", "/v1/cases", "{}", {kJson, "Content-Encoding: gzip"}).status, 415);
  EXPECT_EQ(Ask("POST", "/fhir", "{}", {"Content-Type: application/xml"}).status, 415);
}

TEST_F(GatewayBadInputTest, WhatNeverEndsIsNotKept) {
  // The extensions of a chunk have no end.
  std::string chunk =
      "POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5;" +
      std::string(100000, 'x');
  EXPECT_EQ(Raw(chunk).status, 431);
  EXPECT_EQ(Raw("POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\nGET ")
                .status,
            400);
  const auto head = Ask("HEAD", "/v1/events");
  EXPECT_EQ(head.status, 200);
}

TEST_F(GatewayBadInputTest, ABundleThatIsNoMessageIsNotProcessedAsOne) {
  const auto reply = Ask("POST", "/fhir/$process-message",
                         R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":
                         "urn:uuid:1","resource":{"resourceType":"Patient","id":"1"}}]})",
                         {kFhir});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(json::parse(reply.body)["issue"][0]["expression"][0], "Bundle.type") << reply.body;
}

TEST_F(GatewayBadInputTest, APageOfTheWebChangesNothing) {
  const std::string one = R"({"id":"page-1","text":"A cough."})";
  EXPECT_EQ(Ask("POST", "/v1/cases", one, {kJson, "Origin: https://evil.example"}).status, 403);
  EXPECT_EQ(Ask("POST", "/fhir/bulk", "{}", {"Content-Type: text/plain"}).status, 415);
  EXPECT_EQ(Ask("GET", "/v1/cases/page-1").status, 404);
  EXPECT_EQ(Ask("POST", "/v1/cases", one, {kJson, "Origin: http://127.0.0.1"}).status, 202)
      << "our own pages may";
}

TEST_F(GatewayBadInputTest, ALineAfterLineThatNobodyReadsGoesOnOnceItIsRead) {
  // Refused lines are answered at once; the answers fill what the client does not read.
  std::string lines;
  for (int i = 0; i < 20000; ++i) lines += "{\"txt\":1}\n";
  const int fd = SendRaw(cluster_->http(),
                         "POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                         "application/x-ndjson\r\nContent-Length: " +
                             std::to_string(lines.size()) + "\r\n\r\n" + lines);
  WireOptions options;
  options.silent_after = std::chrono::seconds(20);
  const WireExchange reply = ReadReply(fd, options);
  ::close(fd);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(JsonLines(reply.body).size(), 20000u);
}

TEST_F(GatewayBadInputTest, ABodyOf100MebibytesIsRefusedBeforeItIsRead) {
  const int fd =
      SendRaw(cluster_->http(),
              "POST /fhir HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"
              "Content-Length: 104857600\r\n\r\n{\"resourceType\":");
  const WireExchange reply = ReadReply(fd);
  ::close(fd);
  EXPECT_EQ(reply.status, 413);
  const json outcome = json::parse(reply.body);
  EXPECT_EQ(outcome["resourceType"], "OperationOutcome");
  EXPECT_EQ(outcome["issue"][0]["code"], "too-long") << outcome;
  // The same without saying how much it will be.
  std::string chunks =
      "POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "10000\r\n" + std::string(65536, ' ') + "\r\n";
  for (int i = 0; i < 20; ++i) chunks += chunk;
  const int chunked = SendRaw(cluster_->http(), chunks);
  EXPECT_EQ(ReadReply(chunked).status, 413);
  ::close(chunked);
  // A frame of HL7 that is too large.
  MllpSender sender(cluster_->mllp());
  sender.SendBytes("\x0bMSH|^~\\&|HIS|W|||1||MDM^T02|big|P|2.5.1\rNTE|1||" +
                   std::string(2u << 20, 'x') + "\x1c\r");
  const auto ack = sender.Receive();
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(Hl7Field(*ack, "MSA", 1), "AR") << *ack;
  EXPECT_EQ(Hl7Field(*ack, "MSA", 2), "big") << "what can be told is told";
  EXPECT_LT(MemoryMib(), 200u);
}

TEST_F(GatewayBadInputTest, BombsOfDepthAndTrapsOfJsonAreRefusedByName) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(Ask("POST", "/v1/cases", "{\"text\":" + deep + "}", {kJson}).status, 400);
  const auto bomb =
      Ask("POST", "/fhir", "{\"resourceType\":\"Bundle\",\"entry\":" + deep + "}", {kFhir});
  EXPECT_EQ(bomb.status, 400);
  EXPECT_EQ(json::parse(bomb.body)["issue"][0]["code"], "too-costly") << bomb.body;
  for (const char* bad :
       {"", "[]", "{", "null", R"({"resourceType":"Patient"})",
        R"({"resourceType":"Bundle","type":"collection","type":"message"})",
        R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"id":"1"}}]})",
        R"({"resourceType":"Bundle","type":"collection","entry":[null]})", "\xff\xfe{}"}) {
    const auto reply = Ask("POST", "/fhir", bad, {kFhir});
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_EQ(json::parse(reply.body)["resourceType"], "OperationOutcome") << bad;
  }
  EXPECT_EQ(Ask("POST", "/v1/cases", R"({"text":"a","text":"b"})", {kJson}).status, 400);
  EXPECT_EQ(Ask("POST", "/cds-services/medication-council", deep, {kJson}).status, 400);
  EXPECT_EQ(Ask("POST", "/cds-services/other", "{}", {kJson}).status, 404);
}

TEST_F(GatewayBadInputTest, SlowClientsAreLetGoAndTheOthersAreServed) {
  std::vector<int> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(SendRaw(cluster_->http(), "POST /v1/cases HTTP/1.1\r\nHost: loc"));
  }
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  EXPECT_TRUE(Eventually(
      [&] {
        const auto metrics = Ask("GET", "/metrics").body;
        return metrics.find("consilium_gateway{what=\"http_connections\"} 1\n") !=
               std::string::npos;
      },
      std::chrono::seconds(40)))
      << "all of them were closed";
  const WireExchange told = ReadReply(slow[0]);
  EXPECT_EQ(told.status, 408);
  for (const int fd : slow) ::close(fd);
}

// Sends a byte every half second, and says after how long it was answered.
WireExchange Trickle(int fd, char byte, std::chrono::milliseconds& took) {
  const auto began = std::chrono::steady_clock::now();
  std::thread sending([fd, byte] {
    for (int i = 0; i < 40; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      if (::send(fd, &byte, 1, MSG_NOSIGNAL) != 1) return;
    }
  });
  WireOptions options;
  options.silent_after = std::chrono::seconds(15);
  WireExchange reply = ReadReply(fd, options);
  took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               began);
  ::shutdown(fd, SHUT_RDWR);
  sending.join();
  ::close(fd);
  return reply;
}

TEST_F(GatewayBadInputTest, ACaseThatTricklesInIsGivenUpAndSoIsALineOfAStream) {
  std::chrono::milliseconds took{0};
  const WireExchange one =
      Trickle(SendRaw(cluster_->http(),
                      "POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      "application/json\r\nContent-Length: 5000\r\n\r\n{"),
              ' ', took);
  EXPECT_EQ(one.status, 408) << one.body;
  EXPECT_LT(took.count(), 8000);
  const WireExchange stream =
      Trickle(SendRaw(cluster_->http(),
                      "POST /v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      "application/x-ndjson\r\nContent-Length: 5000\r\n\r\n{\"txt\":1}\n{"),
              ' ', took);
  EXPECT_LT(took.count(), 8000);
  const std::vector<json> lines = JsonLines(stream.body);
  ASSERT_EQ(lines.size(), 2u) << stream.body;
  EXPECT_EQ(lines[1]["line"], 2);
  EXPECT_EQ(lines[1]["status"], 408);
  EXPECT_EQ(lines[1]["detail"], "the line did not arrive in time; the rest is not read");
}

TEST_F(GatewayBadInputTest, NobodyIsToldToSendWhatIsRefused) {
  const auto reply = [&](const std::string& type, const std::string& length) {
    const int fd = SendRaw(cluster_->http(), "POST /v1/cases HTTP/1.1\r\nHost: localhost\r\n" +
                                                 type + "\r\nContent-Length: " + length +
                                                 "\r\nExpect: 100-continue\r\n\r\n");
    const WireExchange told = ReadReply(fd);
    ::close(fd);
    return told;
  };
  const WireExchange large = reply(kJson, "99999999999");
  EXPECT_EQ(large.status, 413) << large.head;
  EXPECT_EQ(json::parse(large.body)["detail"],
            "a body of 99999999999 bytes, expected at most 1048576");
  const WireExchange text = reply("Content-Type: text/plain", "10");
  EXPECT_EQ(text.status, 415) << text.head;
  EXPECT_EQ(json::parse(text.body)["detail"],
            "Content-Type \"text/plain\", expected application/json or application/x-ndjson");
  EXPECT_EQ(reply(kJson, "10").status, 100) << "what fits is asked for";
  EXPECT_EQ(reply("Content-Type: application/x-ndjson", "10").status, 100);
}

TEST_F(GatewayBadInputTest, InventedMessageTypesAreCountedTogether) {
  MllpSender sender(cluster_->mllp());
  for (int i = 0; i < 30; ++i) {
    const std::string n = std::to_string(i);
    for (const std::string& type : {"XX" + n + "^Y01", "ADT^Z" + n}) {
      ASSERT_TRUE(sender
                      .Ask("MSH|^~\\&|HIS|W|||20261128||" + type + "|type-" + type +
                           "|P|2.5.1\rPID|1||4711^^^H^MR\r")
                      .has_value());
    }
  }
  const std::string metrics = Ask("GET", "/metrics").body;
  EXPECT_NE(metrics.find("hl7_messages_total{ack=\"AR\",type=\"other\"} 30\n"), std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find("type=\"ADT\"} 30\n"), std::string::npos) << metrics;
  EXPECT_EQ(metrics.find("XX1"), std::string::npos);
}

TEST_F(GatewayBadInputTest, AnEncodingThatIsLabelledAsAnotherLosesNoText) {
  MllpSender sender(cluster_->mllp());
  const auto note = [](const std::string& id, const std::string& charset, const std::string& text) {
    return "MSH|^~\\&|HIS|W|||20261128||MDM^T02|" + id + "|P|2.5.1||||||" + charset + "\rPID|1||" +
           id + "^^^H^MR\rTXA|1|PN|TX|||||||||" + id + "|||||AU\rOBX|1|TX|N||" + text + "||||||F\r";
  };
  const auto text_of_newest = [&] {
    return Case(Cases().at(0)["id"])["vignette"]["text"].get<std::string>();
  };
  ASSERT_EQ(
      Hl7Field(sender.Ask(note("e1", "UNICODE UTF-8", "caf\xe9 au lait")).value_or(""), "MSA", 1),
      "AA");
  EXPECT_NE(text_of_newest().find("caf\xc3\xa9 au lait"), std::string::npos)
      << "Latin-1 that says it is UTF-8";
  ASSERT_EQ(Hl7Field(sender.Ask(note("e2", "8859/1", "caf\xc3\xa9 noir")).value_or(""), "MSA", 1),
            "AA");
  EXPECT_NE(text_of_newest().find("caf\xc3\xa9 noir"), std::string::npos)
      << "UTF-8 that says it is Latin-1";
  ASSERT_EQ(Hl7Field(sender
                         .Ask(note("e3", "",
                                   "pur\xe9"
                                   "e"))
                         .value_or(""),
                     "MSA", 1),
            "AA");
  EXPECT_NE(text_of_newest().find("pur\xc3\xa9"
                                  "e"),
            std::string::npos)
      << "and without a label";
}

TEST_F(GatewayBadInputTest, NothingOfAPatientIsEverLogged) {
  MllpSender sender(cluster_->mllp());
  const auto taken = sender.Ask(
      "MSH|^~\\&|HIS|W|||20261128||MDM^T02|log-1|P|2.5.1\rPID|1||MRN4711^^^H^MR||Secretname^Given\r"
      "TXA|1|PN|TX|||||||||d|||||AU\rOBX|1|TX|N||Confidential text about Secretname||||||F\r");
  EXPECT_EQ(Hl7Field(taken.value_or(""), "MSA", 1), "AA") << "it went the whole way";
  const auto refused = sender.Ask(
      "MSH|^~\\&|HIS|W|||20261128||MDM^T02|log-2|P|2.5.1\rTXA|1\rOBX|1|TX|N||Confidential\r");
  EXPECT_EQ(Hl7Field(refused.value_or(""), "MSA", 1), "AE");
  EXPECT_TRUE(sender.Ask("Secretname is no message").has_value());
  Ask("POST", "/v1/cases", R"({"text":"Confidential","deadline_s":"Secretname"})", {kJson});
  Ask("POST", "/fhir", R"({"resourceType":"Secretname"})", {kFhir});
  Ask("POST", "/cds-services/medication-council",
      R"({"hook":"patient-view","hookInstance":"Secretname"})",
      {kJson, "Authorization: Bearer Secretname"});
  for (const char* part : {"gateway", "broker", "aggregator"}) {
    const std::string log = cluster_->LogOf(part);
    for (const char* word : {"Secretname", "Confidential", "MRN4711"}) {
      EXPECT_EQ(log.find(word), std::string::npos) << part << " logged " << word;
    }
  }
}

}  // namespace
}  // namespace consilium
