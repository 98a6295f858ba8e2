// HL7 v2 over MLLP through the real programs: what a sender hears, what becomes of it, what the
// receiver gets.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "shared/redis.h"
#include "tests/support/gateway_rig.h"
#include "tests/support/hl7_notes.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;

const std::string kText = DemoText();

class GatewayHl7Test : public GatewayRig {};

TEST_F(GatewayHl7Test, ANoteBecomesOneCaseHoweverOftenItIsSentAndIsAnsweredAlike) {
  Start();
  MllpSender sender(cluster_->mllp());
  const std::string note = Note("T02", "m-1", "100", "doc-1", kText);
  const auto first = sender.Ask(note);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(Hl7Field(*first, "MSA", 1), "AA") << *first;
  EXPECT_EQ(Hl7Field(*first, "MSA", 2), "m-1");
  EXPECT_EQ(Hl7Field(*first, "MSH", 3), "CONSILIUM");
  EXPECT_EQ(Hl7Field(*first, "MSH", 5), "HIS");
  EXPECT_EQ(Hl7Field(*first, "MSH", 9), "ACK^T02^ACK");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sender.Ask(note), first) << "byte for byte";
  MllpSender other(cluster_->mllp());
  EXPECT_EQ(other.Ask(note), first) << "also on another connection";
  const json cases = Cases();
  ASSERT_EQ(cases.size(), 1u);
  const json view = EndedCase(cases[0]["id"]);
  EXPECT_EQ(view["state"], "complete") << view["recommendations"];
  EXPECT_NE(view["vignette"]["text"].get<std::string>().find("mechanical mitral valve"),
            std::string::npos);
  EXPECT_EQ(view["vignette"]["patient"]["sex"], "female");
  EXPECT_EQ(view["vignette"]["text"].get<std::string>().find("Doe"), std::string::npos)
      << "the name of the patient is not part of the case";
}

TEST_F(GatewayHl7Test, WhatTheFeedSaidEarlierIsJoinedForThatPatientAndNoOther) {
  Start();
  MllpSender sender(cluster_->mllp());
  const auto ack = [&](const std::string& message) {
    return Hl7Field(sender.Ask(message).value_or(""), "MSA", 1);
  };
  EXPECT_EQ(ack(Msh("ADT^A08", "a-1") + "EVN|A08|20261128\r" + Pid("200") +
                "AL1|1|DA|PCN^Penicillin|SV|anaphylaxis\rDG1|1||I48.0^Atrial fibrillation^I10\r"),
            "AA");
  EXPECT_EQ(ack(Msh("RDE^O11", "r-1") + Pid("200") + "ORC|NW|5\rRXE||WARF^warfarin 5 mg|1||TAB\r"),
            "AA");
  EXPECT_TRUE(Cases().empty()) << "neither is a note or a referral";
  EXPECT_EQ(ack(Note("T02", "n-1", "200", "d-1", kText)), "AA");
  EXPECT_EQ(ack(Note("T02", "n-2", "201", "d-2", kText)), "AA");
  for (const json& one : Cases()) {
    const json patient = Case(one["id"])["vignette"]["patient"];
    const std::string text = Case(one["id"])["vignette"]["text"];
    if (text.find("Atrial fibrillation") != std::string::npos) {
      EXPECT_EQ(patient["allergies"], json::array({"Penicillin (severe; anaphylaxis)"}));
      EXPECT_EQ(patient["medications"].size(), 1u) << patient;
    } else {
      EXPECT_TRUE(patient["allergies"].empty()) << "of another patient";
      EXPECT_TRUE(patient["medications"].empty());
    }
  }
  EXPECT_EQ(Cases().size(), 2u);
}

TEST_F(GatewayHl7Test, AReplacementSupersedesAndARetractionWithdraws) {
  MllpReceiver receiver;
  SimulatedOptions options;
  options.gateway_lines = "receiver = \"127.0.0.1:" + std::to_string(receiver.port()) + "\"";
  Start(options);
  MllpSender sender(cluster_->mllp());
  ASSERT_EQ(Hl7Field(sender.Ask(Note("T02", "x-1", "300", "doc-a", kText)).value_or(""), "MSA", 1),
            "AA");
  const std::string first = Cases()[0]["id"];
  EXPECT_EQ(EndedCase(first)["state"], "complete");
  ASSERT_EQ(
      Hl7Field(sender.Ask(Note("T10", "x-2", "300", "doc-b", kText + " Now with gout.", "doc-a"))
                   .value_or(""),
               "MSA", 1),
      "AA");
  const json withdrawn = Case(first);
  EXPECT_EQ(withdrawn["state"], "cancelled");
  EXPECT_TRUE(withdrawn["recommendations"].back()["medications"].empty());
  ASSERT_EQ(Cases().size(), 2u);
  const std::string second = Cases()[0]["id"];
  EXPECT_EQ(EndedCase(second)["state"], "complete");
  ASSERT_EQ(Hl7Field(sender
                         .Ask(Msh("MDM^T11", "x-3") + "EVN|T11|20261128\r" + Pid("300") +
                              "TXA|1|PN|TX|20261128||||||||doc-b|||||CA\r")
                         .value_or(""),
                     "MSA", 1),
            "AA");
  EXPECT_EQ(Case(second)["state"], "cancelled");
  // Two results, and both taken back.
  EXPECT_TRUE(Eventually([&] { return receiver.Messages().size() == 4; }));
  std::size_t taken_back = 0;
  for (const std::string& message : receiver.Messages()) {
    EXPECT_EQ(Hl7Field(message, "MSH", 9), "ORU^R01^ORU_R01");
    if (message.find("||||||W") != std::string::npos) ++taken_back;
    for (const char* order : {"\rORC", "\rRXO", "\rRXE"}) {
      EXPECT_EQ(message.find(order), std::string::npos) << "never an order";
    }
  }
  EXPECT_EQ(taken_back, 2u);
}

TEST_F(GatewayHl7Test, ADeletedPatientsCaseIsWithdrawnAndADeadOneHasNone) {
  Start();
  MllpSender sender(cluster_->mllp());
  const auto ask = [&](const std::string& message) { return sender.Ask(message).value_or(""); };
  EXPECT_EQ(Hl7Field(ask(Note("T02", "y-1", "400", "doc-a", kText)), "MSA", 1), "AA");
  const std::string first = Cases()[0]["id"];
  EXPECT_EQ(EndedCase(first)["state"], "complete");
  const std::string deletion = Msh("ADT^A29", "y-2") + "EVN|A29|20261128\r" + Pid("400");
  EXPECT_EQ(Hl7Field(ask(deletion), "MSA", 1), "AA");
  EXPECT_EQ(Case(first)["state"], "cancelled");
  EXPECT_EQ(ask(deletion), ask(deletion)) << "also where it is sent again";

  std::string dead = Pid("401");
  dead.insert(dead.size() - 1, std::string(22, '|') + "Y");
  EXPECT_EQ(Hl7Field(ask(Msh("ADT^A03", "y-3") + dead), "MSA", 1), "AA");
  const std::string ack = ask(Note("T02", "y-4", "401", "doc-b", kText));
  EXPECT_EQ(Hl7Field(ack, "MSA", 1), "AA");
  EXPECT_NE(Hl7Field(ack, "MSA", 3).find("dead"), std::string::npos) << ack;
  EXPECT_EQ(Cases().size(), 1u);
}

// The note waits for a full queue when its retraction comes.
TEST_F(GatewayHl7Test, ARetractionThatOvertakesItsNoteStillWithdrawsTheCase) {
  SimulatedOptions options;
  options.latency_ms = 60000;  // what is accepted stays in the queue
  options.broker = "live_cases_max = 1";
  Start(options);
  MllpSender sender(cluster_->mllp());
  const auto ack = [&](const std::string& message) {
    return Hl7Field(sender.Ask(message).value_or(""), "MSA", 1);
  };
  ASSERT_EQ(ack(Note("T02", "o-1", "400", "doc-o1", kText)), "AA");
  const std::string blocking = Cases()[0]["id"];
  const std::string note = Note("T02", "o-2", "401", "doc-o2", kText);
  EXPECT_EQ(ack(note), "AE") << "the queue is full";
  EXPECT_EQ(ack(Msh("MDM^T11", "o-3") + "EVN|T11|20261128\r" + Pid("401") +
                "TXA|1|PN|TX|20261128||||||||doc-o2|||||CA\r"),
            "AA");
  ASSERT_EQ(Exchange(cluster_->http(), "DELETE", "/v1/cases/" + blocking, "").status, 200);
  EXPECT_EQ(ack(note), "AA");
  const json cases = Cases();
  ASSERT_EQ(cases.size(), 2u);
  for (const json& one : cases) EXPECT_EQ(one["state"], "cancelled") << one;
}

TEST_F(GatewayHl7Test, ResultsReachAReceiverThatIsAwayOrRefusesForAWhile) {
  int port = 0;
  {
    MllpReceiver once;
    port = once.port();
  }
  SimulatedOptions options;
  options.gateway_lines = "receiver = \"127.0.0.1:" + std::to_string(port) + "\"";
  Start(options);
  MllpSender sender(cluster_->mllp());
  for (int i = 0; i < 5; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_EQ(
        Hl7Field(
            sender.Ask(Note("T02", "f-" + number, "40" + number, "d" + number, kText)).value_or(""),
            "MSA", 1),
        "AA");
  }
  for (const json& one : Cases()) EndedCase(one["id"]);
  int asked = 0;
  MllpReceiver receiver(
      [&asked](const std::string& message) {
        return MllpReceiver::AckOf(message, ++asked == 1 ? "AE" : "AA");
      },
      port);
  EXPECT_TRUE(
      Eventually([&] { return receiver.Messages().size() >= 6; }, std::chrono::seconds(90)));
  std::set<std::string> ids;
  for (const std::string& message : receiver.Messages()) ids.insert(Hl7Field(message, "MSH", 10));
  EXPECT_EQ(ids.size(), 5u) << "the refused one came again under the same id";
}

TEST_F(GatewayHl7Test, ANewReceiverGetsWhatIsDecidedFromThenOnAndTheRestWhenAnOperatorWantsIt) {
  Start();
  {
    MllpSender sender(cluster_->mllp());
    for (const char* id : {"71", "72"}) {
      ASSERT_EQ(
          Hl7Field(sender.Ask(Note("T02", id, id, id, kText + " Old.")).value_or(""), "MSA", 1),
          "AA");
    }
  }
  for (const json& one : Cases()) EndedCase(one["id"]);
  ASSERT_EQ(cluster_->Stop(), 0);
  MllpReceiver receiver;
  SimulatedOptions options;
  options.gateway_lines = "receiver = \"127.0.0.1:" + std::to_string(receiver.port()) + "\"";
  options.gateway = true;
  folder_.Write("c.toml", SimulatedCluster(options));
  ASSERT_EQ(cluster_->Start(), "");
  MllpSender sender(cluster_->mllp());
  ASSERT_EQ(Hl7Field(sender.Ask(Note("T02", "73", "73", "73", kText)).value_or(""), "MSA", 1),
            "AA");
  ASSERT_TRUE(Eventually([&] { return !receiver.Messages().empty(); }));
  EXPECT_EQ(Hl7Field(receiver.Messages()[0], "PID", 3).substr(0, 3), "73^")
      << "the first that came";
  EXPECT_EQ(receiver.Messages().size(), 1u);
  EXPECT_NE(cluster_->LogOf("gateway").find("results_begin"), std::string::npos);
  const json outbox = json::parse(Ask("GET", "/v1/outbox").body);
  EXPECT_GT(outbox["since_ms"], 1600000000000);
  // As docs/operations.md says it.
  RedisConnection redis(*ParseRedisUrl(cluster_->redis()), {});
  const std::string state = "consilium:{0}:door:outbox:state";
  ASSERT_TRUE(redis.Call({"HSET", state, "since", "0"}, std::chrono::seconds(5)));
  ASSERT_TRUE(redis.Call({"HDEL", state, "cursor"}, std::chrono::seconds(5)));
  ASSERT_EQ(Hl7Field(sender.Ask(Note("T02", "74", "74", "74", kText)).value_or(""), "MSA", 1),
            "AA");
  ASSERT_TRUE(Eventually([&] { return receiver.Messages().size() >= 4; }));
  std::multiset<std::string> patients;
  for (const std::string& message : receiver.Messages()) {
    patients.insert(Hl7Field(message, "PID", 3).substr(0, 2));
  }
  EXPECT_EQ(patients, (std::multiset<std::string>{"71", "72", "73", "74"})) << "each once";
}

TEST_F(GatewayHl7Test, WhatIsWrongIsRefusedInTheRightForm) {
  Start();
  MllpSender sender(cluster_->mllp());
  const auto ask = [&](const std::string& message) { return sender.Ask(message).value_or(""); };
  std::string ack = ask(Msh("QBP^Q11", "e-1") + Pid("1"));
  EXPECT_EQ(Hl7Field(ack, "MSA", 1), "AR");
  EXPECT_EQ(Hl7Field(ack, "ERR", 3).substr(0, 3), "200");
  ack = ask(Msh("MDM^T02", "e-2") + "TXA|1|PN\r");
  EXPECT_EQ(Hl7Field(ack, "MSA", 1), "AE");
  EXPECT_EQ(Hl7Field(ack, "ERR", 2), "PID^1") << ack;
  EXPECT_EQ(Hl7Field(ack, "ERR", 3).substr(0, 3), "101");
  ack =
      ask(Msh("MDM^T02", "e-3") + Pid("1") +
          "TXA|1|PN|AP|||||||||pdf-1|||||AU\rOBX|1|ED|NOTE||^AP^PDF^Base64^JVBERi0xLjQK||||||F\r");
  EXPECT_EQ(Hl7Field(ack, "MSA", 1), "AE") << "a PDF is for a human, never silently empty";
  EXPECT_NE(ack.find("human"), std::string::npos) << ack;
  EXPECT_EQ(Hl7Field(ack, "ERR", 3).substr(0, 3), "102") << "not to be sent again: " << ack;
  ack = ask("this is no message");
  EXPECT_EQ(Hl7Field(ack, "MSA", 1), "AR");
  ack = ask(Msh("MDM^T02", "e-4", "|||AL|NE") + Pid("9") + "TXA|1|PN|TX|||||||||d9|||||AU\r" +
            "OBX|1|TX|N||" + kText + "||||||F\r");
  EXPECT_EQ(Hl7Field(ack, "MSA", 1), "CA") << "enhanced mode: " << ack;
  EXPECT_EQ(Cases().size(), 1u);
  // A training message leaves nothing.
  std::string training = Note("T02", "e-5", "10", "d10", kText);
  training.replace(training.find("|P|2.5.1"), 8, "|T|2.5.1");
  EXPECT_EQ(Hl7Field(ask(training), "MSA", 1), "AA");
  EXPECT_EQ(Cases().size(), 1u);
}

TEST_F(GatewayHl7Test, BatchesHalfClosedAndSlowConnectionsAreSurvived) {
  SimulatedOptions options;
  options.gateway_lines = "request_s = 2";
  Start(options);
  {
    MllpSender sender(cluster_->mllp());
    const auto acks = sender.Ask("BHS|^~\\&|HIS|WARD\r" + Note("T02", "b-1", "500", "b1", kText) +
                                 Note("T02", "b-2", "501", "b2", kText) + "BTS|2");
    ASSERT_TRUE(acks.has_value());
    EXPECT_NE(acks->find("MSA|AA|b-1"), std::string::npos) << *acks;
    EXPECT_NE(acks->find("MSA|AA|b-2"), std::string::npos);
  }
  {
    MllpSender sender(cluster_->mllp());
    sender.Send(Note("T02", "h-1", "502", "h1", kText));
    sender.EndSending();
    EXPECT_EQ(Hl7Field(sender.Receive().value_or(""), "MSA", 2), "h-1");
  }
  MllpSender slow(cluster_->mllp());
  slow.SendBytes("\x0bMSH|^~\\&|HIS");
  EXPECT_TRUE(slow.Closes(std::chrono::seconds(15)))
      << "a frame that never ends holds nothing up for ever";
  MllpSender idle(cluster_->mllp());
  EXPECT_FALSE(idle.Closes(std::chrono::seconds(4))) << "an idle connection may stay";
  EXPECT_EQ(Cases().size(), 3u);
}

TEST_F(GatewayHl7Test, EveryMessageOfTheCollectionIsAcknowledged) {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/../shared/hl7/messages.jsonl");
  if (!file) {
    std::cerr << "\n*** SKIPPED: there is no ../shared/hl7/messages.jsonl\n\n";
    GTEST_SKIP() << "there is no ../shared/hl7/messages.jsonl";
  }
  Start();
  MllpSender sender(cluster_->mllp());
  std::map<std::string, int> codes;
  int messages = 0;
  for (std::string line; std::getline(file, line);) {
    const json row = json::parse(line);
    const std::string text = row["text"];
    ++messages;
    const std::string accept = Hl7Field(text, "MSH", 15);
    const std::string application = Hl7Field(text, "MSH", 16);
    if (accept == "NE" && (application == "NE" || application.empty())) {
      // None is wanted. The answer to the next one shows that none came.
      sender.Send(text);
      ++codes["none"];
      continue;
    }
    const auto ack = sender.Ask(text);
    ASSERT_TRUE(ack.has_value()) << row["id"] << " got no answer";
    EXPECT_EQ(Hl7Field(*ack, "MSA", 2), Hl7Field(text, "MSH", 10)) << row["id"] << ": " << *ack;
    const std::string code = Hl7Field(*ack, "MSA", 1);
    EXPECT_EQ(code[0], accept == "AL" ? 'C' : 'A') << row["id"] << ": " << *ack;
    ++codes[code];
  }
  EXPECT_EQ(messages, 134);
  for (const auto& [code, count] : codes) std::cout << code << ": " << count << "\n";
  EXPECT_GT(codes["AA"] + codes["CA"], 75);
}

TEST_F(GatewayHl7Test, AKilledGatewayHasAcknowledgedNothingThatIsLostAndMakesNoSecondCase) {
  Start();
  std::set<std::string> acknowledged;
  int sent = 0;
  for (int round = 0; round < 6; ++round) {
    const auto before = cluster_->PidsOf("gateway");
    std::vector<std::string> notes;
    for (int i = 0; i < 20; ++i, ++sent) {
      const std::string number = std::to_string(sent);
      notes.push_back(Note("T02", "k-" + number, "6" + number, "k" + number, kText));
    }
    try {
      MllpSender sender(cluster_->mllp());
      for (const std::string& note : notes) sender.Send(note);
      for (int i = 0; i < round * 3; ++i) sender.Receive();
      cluster_->Kill9("gateway");
    } catch (const std::runtime_error&) {
    }
    ASSERT_TRUE(cluster_->AwaitRestart("gateway", before));
    // The sender sends everything again that it had no answer for; all of it, to be sure.
    ASSERT_TRUE(Eventually([&] {
      try {
        MllpSender sender(cluster_->mllp());
        for (const std::string& note : notes) {
          const auto ack = sender.Ask(note);
          if (!ack || Hl7Field(*ack, "MSA", 1) != "AA") return false;
          acknowledged.insert(Hl7Field(*ack, "MSA", 2));
        }
        return true;
      } catch (const std::runtime_error&) {
        return false;
      }
    }));
  }
  EXPECT_EQ(acknowledged.size(), static_cast<std::size_t>(sent));
  EXPECT_EQ(Cases().size(), static_cast<std::size_t>(sent)) << "one case for each message";
}

TEST_F(GatewayHl7Test, AnEmptyBatchAndAVersionOfNobodyAreAnswered) {
  Start();
  MllpSender sender(cluster_->mllp());
  const auto empty = sender.Ask("BHS|^~\\&|HIS|WARD|||20261128||||B7\rBTS|0\r");
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(Hl7Field(*empty, "MSA", 1), "AA") << *empty;
  EXPECT_EQ(Hl7Field(*empty, "MSA", 2), "B7");
  const auto lost = sender.Ask("BHS|^~\\&|HIS\rBTS|2\r");
  ASSERT_TRUE(lost.has_value());
  EXPECT_EQ(Hl7Field(*lost, "MSA", 1), "AE") << *lost;
  std::string note = Note("T02", "v-1", "400", "doc-v", kText);
  note.replace(note.find("2.5.1"), 5, "9.9");
  const auto version = sender.Ask(note);
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(Hl7Field(*version, "MSA", 1), "AR") << *version;
  EXPECT_EQ(Hl7Field(*version, "ERR", 3).substr(0, 3), "203") << *version;
  EXPECT_TRUE(Cases().empty());
}

}  // namespace
}  // namespace consilium
