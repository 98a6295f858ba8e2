#include "gateway/hl7/ack.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace consilium {
namespace {

AckContent Content(Hl7Verdict verdict) {
  AckContent content;
  content.verdict = verdict;
  content.control_id = "C1";
  content.time = "20261128101500+0100";
  content.application = "CONSILIUM";
  content.facility = "COUNCIL";
  return content;
}

AckContent Refusal(Hl7Fault fault, Hl7Verdict verdict = Hl7Verdict::kError) {
  AckContent content = Content(verdict);
  content.faults.push_back(std::move(fault));
  return content;
}

Hl7Fault TextFault(const char* text) {
  Hl7Fault fault;
  fault.text = text;
  return fault;
}

Hl7Fault FaultAt(const char* segment, int sequence, int field) {
  Hl7Fault fault;
  fault.segment = segment;
  fault.sequence = sequence;
  fault.field = field;
  return fault;
}

std::string AckOf(const std::string& bytes, const AckContent& content) {
  const Result<Hl7Message> message = ParseHl7(bytes);
  if (!message.ok()) return message.error().text;
  return AckFor(*message, content).value_or("none");
}

std::string Accepted(const std::string& bytes) {
  return AckOf(bytes, Content(Hl7Verdict::kAccept));
}

// MSA-1 for MSH-15 and MSH-16.
std::string CodeFor(const std::string& accept, const std::string& application, Hl7Verdict verdict) {
  const Result<Hl7Message> message =
      ParseHl7("MSH|^~\\&|||||||ADT^A01|1|P|2.5|||" + accept + "|" + application + "\r");
  return std::string(AckCode(*message, verdict).value_or("none"));
}

TEST(AckTest, NamesChangePlacesAndTheRestIsTheMessages) {
  EXPECT_EQ(
      Accepted("MSH|^~\\&|APP^1.2^ISO|HOSP|OURS|HERE|20261128||ADT^A01^ADT_A01|M1|T^A|2.5.1^"
               "DEU\rPID|1\r"),
      "MSH|^~\\&|OURS|HERE|APP^1.2^ISO|HOSP|20261128101500+0100||ACK^A01^ACK|C1|T^A|2.5.1^DEU\r"
      "MSA|AA|M1\r");
}

TEST(AckTest, OurNamesStandWhereTheMessageHasNone) {
  EXPECT_EQ(Accepted("MSH|^~\\&|APP|HOSP|||||ADT|M1|P|2.3"),
            "MSH|^~\\&|CONSILIUM|COUNCIL|APP|HOSP|20261128101500+0100||ACK|C1|P|2.3\rMSA|AA|M1\r");
  EXPECT_EQ(Accepted("MSH|^~\\&|||\"\"|^^|||ADT^A01|M1"),
            "MSH|^~\\&|CONSILIUM|^^|||20261128101500+0100||ACK^A01^ACK|C1\rMSA|AA|M1\r");
}

TEST(AckTest, DelimitersAreTheSenders) {
  AckContent content = Refusal({.code = Hl7FaultCode::kRequiredFieldMissing,
                                .segment = "PID",
                                .field = 3,
                                .text = "PID-3: is empty; expected an id"});
  EXPECT_EQ(
      AckOf("MSH:;~\\&:APP:H:::20261128::ADT;A01:M:1:P:2.5\r", content),
      "MSH:;~\\&:CONSILIUM:COUNCIL:APP:H:20261128101500+0100::ACK;A01;ACK:C1:1:P\r"
      "MSA:AE:M\r"
      "ERR::PID;1;3:101;Required field missing;HL70357:E::::PID-3\\F\\ is empty\\S\\ expected "
      "an id\r");
  EXPECT_EQ(Accepted("MSH|^|A||||||ADT^A01|M1|P|2.5\r").substr(0, 6), "MSH|^|");
  EXPECT_EQ(Accepted("MSH|^~\\\\&|A||||||ADT^A01|M1|P|2.5\r").substr(0, 10), "MSH|^~\\&|C");
  EXPECT_EQ(Accepted("MSH|^~~&|A||||||ADT^A01|M1|P|2.5\r").substr(0, 10), "MSH|^~~&|C");
  EXPECT_EQ(Accepted("MSH|^~\\&#|A||||||ADT^A01|M1|P|2.7\r").substr(0, 10), "MSH|^~\\&#|");
}

TEST(AckTest, CodesOfTheOriginalMode) {
  EXPECT_EQ(CodeFor("", "", Hl7Verdict::kAccept), "AA");
  EXPECT_EQ(CodeFor("", "", Hl7Verdict::kError), "AE");
  EXPECT_EQ(CodeFor("", "", Hl7Verdict::kReject), "AR");
  EXPECT_EQ(CodeFor("\"\"", "", Hl7Verdict::kReject), "AR");
  EXPECT_EQ(CodeFor("NE", "AL", Hl7Verdict::kAccept), "AA");
  EXPECT_EQ(CodeFor("", "AL", Hl7Verdict::kError), "AE");
}

TEST(AckTest, CodesOfTheEnhancedMode) {
  for (const char* application : {"", "AL", "NE", "ER"}) {
    EXPECT_EQ(CodeFor("AL", application, Hl7Verdict::kAccept), "CA");
    EXPECT_EQ(CodeFor("AL", application, Hl7Verdict::kError), "CE");
    EXPECT_EQ(CodeFor("AL", application, Hl7Verdict::kReject), "CR");
    EXPECT_EQ(CodeFor("ER", application, Hl7Verdict::kAccept), "none");
    EXPECT_EQ(CodeFor("ER", application, Hl7Verdict::kError), "CE");
    EXPECT_EQ(CodeFor("SU", application, Hl7Verdict::kAccept), "CA");
    EXPECT_EQ(CodeFor("SU", application, Hl7Verdict::kReject), "none");
    EXPECT_EQ(CodeFor("Y", application, Hl7Verdict::kAccept), "CA");
  }
  EXPECT_EQ(CodeFor("NE", "ER", Hl7Verdict::kAccept), "none");
  EXPECT_EQ(CodeFor("NE", "ER", Hl7Verdict::kError), "AE");
  EXPECT_EQ(CodeFor("", "SU", Hl7Verdict::kAccept), "AA");
  for (const Hl7Verdict verdict : {Hl7Verdict::kAccept, Hl7Verdict::kError, Hl7Verdict::kReject}) {
    EXPECT_EQ(CodeFor("NE", "NE", verdict), "none");
    EXPECT_EQ(CodeFor("NE", "", verdict), "none");
    EXPECT_EQ(CodeFor("", "NE", verdict), "none");
  }
}

TEST(AckTest, AnAcknowledgementIsNeverAcknowledged) {
  EXPECT_EQ(Accepted("MSH|^~\\&|||||||ACK^A01^ACK|1|P|2.5|||AL|AL\rMSA|AA|7\r"), "none");
  EXPECT_EQ(Accepted("MSH|^~\\&|||||||ACK|1|P|2.5\r"), "none");
  EXPECT_EQ(Accepted("MSH|^~\\&|||||||ORR^O02|1|P|2.5\rMSA|AE|7\r"), "none");
  EXPECT_EQ(AckForUnreadable("MSH|^~\\&|||||||ACK|1|P|2.5\rMSA|AA|7\rMSH|^~\\&|\r",
                             Content(Hl7Verdict::kReject)),
            std::nullopt);
  EXPECT_EQ(AckForUnreadable("garbage\rMSA|AA|7\r", Content(Hl7Verdict::kReject)), std::nullopt);
}

TEST(AckTest, ErrHasTheFormOfTheVersion) {
  AckContent content = Refusal({.code = Hl7FaultCode::kDataType,
                                .segment = "OBX",
                                .sequence = 2,
                                .field = 5,
                                .component = 1,
                                .text = "expected a number"});
  content.faults.push_back(TextFault("later"));
  content.faults.back().severity = 'W';
  const auto errors = [&content](const std::string& version) {
    const std::string ack = AckOf("MSH|^~\\&|||||||ADT|1|P|" + version + "\r", content);
    return ack.substr(ack.find("MSA"));
  };
  const std::string now =
      "MSA|AE|1\r"
      "ERR||OBX^2^5^1^1|102^Data type error^HL70357|E||||expected a number\r"
      "ERR|||207^Application internal error^HL70357|W||||later\r";
  for (const char* version : {"2.5", "2.5.1", "2.8", "2.10", "", "3"})
    EXPECT_EQ(errors(version), now);
  const std::string before =
      "MSA|AE|1\r"
      "ERR|OBX^2^5^102&Data type error&HL70357~^^^207&Application internal error&HL70357\r";
  for (const char* version : {"2.1", "2.3", "2.3.1", "2.4"}) EXPECT_EQ(errors(version), before);
}

TEST(AckTest, FaultsAreToldOnlyWhenItIsRefusedAndAreBounded) {
  AckContent content = Refusal(TextFault("x"), Hl7Verdict::kAccept);
  EXPECT_EQ(AckOf("MSH|^~\\&|||||||ADT|1|P|2.5\r", content).find("ERR"), std::string::npos);
  content.verdict = Hl7Verdict::kReject;
  content.faults.assign(1000, content.faults[0]);
  content.text = std::string(1000, 'x');
  const std::string ack = AckOf("MSH|^~\\&|||||||ADT|1|P|2.5\r", content);
  EXPECT_LT(ack.size(), 2000u);
  const Result<Hl7Message> parsed = ParseHl7(ack);
  EXPECT_EQ(parsed->segments().size(), 22u);
  EXPECT_EQ(parsed->Find("MSA")->Get(3), std::string(80, 'x'));
}

TEST(AckTest, WhatIsEchoedCannotBreakOut) {
  EXPECT_EQ(Accepted("MSH|^~\\&|APP\rx\x0B\x1C|H\\X0D\\PID||||x|ADT^A|1\rMSA M1|P\n\n|2.5\r"),
            "MSH|^~\\&|CONSILIUM|COUNCIL|APPx|H\\X0D\\PID|20261128101500+0100||ACK^A^ACK|C1|P|2.5\r"
            "MSA|AA|1MSA M1\r");
}

TEST(AckTest, TextsAreEscaped) {
  AckContent content = Refusal(TextFault("a|b^c\rERR|x"));
  content.text = "x|y\rMSA|AA|1";
  content.control_id = "C|1";
  EXPECT_EQ(AckOf("MSH|^~\\&|||||||ADT|1|P|2.5\r", content),
            "MSH|^~\\&|CONSILIUM|COUNCIL|||20261128101500+0100||ACK|C\\F\\1|P|2.5\r"
            "MSA|AE|1|x\\F\\y\\X0D\\MSA\\F\\AA\\F\\1\r"
            "ERR|||207^Application internal error^HL70357|E||||a\\F\\b\\S\\c\\X0D\\ERR\\F\\x\r");
}

TEST(AckTest, BytesAreOfTheSendersCharacterSet) {
  EXPECT_EQ(Accepted("MSH|^~\\&|K\xFC"
                     "che||||||ADT|1|P|2.5||||||8859/1\r"),
            "MSH|^~\\&|CONSILIUM|COUNCIL|K\xFC"
            "che||20261128101500+0100||ACK|C1|P|2.5||||||8859/1\r"
            "MSA|AA|1\r");
  EXPECT_EQ(Accepted("MSH|^~\\&|K\xC3\xBC"
                     "che||||||ADT|1|P|2.5||||||8859/1\r")
                .substr(27, 6),
            "K\xC3\xBC"
            "che");
}

TEST(UnreadableTest, WhatCanBeReadOfTheHeaderIsEchoed) {
  const std::string twice = "MSH|^~\\&|APP|HOSP|OURS|HERE|||ADT^A01|M7|P|2.4\rPID|1\rMSH|^~\\&|X\r";
  ASSERT_FALSE(ParseHl7(twice).ok());
  Hl7Fault sequence = FaultAt("MSH", 2, 0);
  sequence.code = Hl7FaultCode::kSegmentSequence;
  EXPECT_EQ(AckForUnreadable(twice, Refusal(sequence)),
            "MSH|^~\\&|OURS|HERE|APP|HOSP|20261128101500+0100||ACK^A01^ACK|C1|P|2.4\r"
            "MSA|AE|M7\r"
            "ERR|MSH^2^^100&Segment sequence error&HL70357\r");
  EXPECT_EQ(AckForUnreadable("junk MSH|^~\\&|A||||||ADT|M8|P|2.5|||NE|NE", Content({})),
            std::nullopt);
}

TEST(UnreadableTest, BytesWithoutAHeaderAreRefusedUnderOurName) {
  constexpr const char* kGeneric =
      "MSH|^~\\&|CONSILIUM|COUNCIL|||20261128101500+0100||ACK|C1|P|2.5.1\rMSA|AR\r";
  EXPECT_EQ(AckForUnreadable("", Content(Hl7Verdict::kReject)), kGeneric);
  EXPECT_EQ(AckForUnreadable("GET / HTTP/1.1\r\n\r\n", Content(Hl7Verdict::kAccept)), kGeneric);
  EXPECT_EQ(AckForUnreadable("MSH||A\r", Refusal(FaultAt("MSH", 1, 2))),
            "MSH|^~\\&|CONSILIUM|COUNCIL|||20261128101500+0100||ACK|C1|P|2.5.1\rMSA|AE\r"
            "ERR||MSH^1^2|207^Application internal error^HL70357|E\r");
}

std::string Read(const std::string& bytes) {
  const Result<Hl7Ack> ack = ReadAck(bytes);
  if (!ack.ok()) return std::string(ErrorName(ack.error().code)) + ": " + ack.error().text;
  return (ack->accepted() ? "yes " : "no ") + ack->code + " " + ack->control_id + " " + ack->text;
}

TEST(ReadAckTest, CodesOfBothModesWithOrWithoutTheLastCr) {
  EXPECT_EQ(Read("MSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AA|M1\r"), "yes AA M1 ");
  EXPECT_EQ(Read("MSH|^~\\&|||||||ACK|9|P|2.5\nMSA|CA|M1"), "yes CA M1 ");
  EXPECT_EQ(Read("MSH:;~\\&:::::::ACK:9:P:2.3\r\nMSA:CA:M1:fine\r\n"), "yes CA M1 fine");
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|AE|M1|bad \\T\\ ugly\r"), "no AE M1 bad & ugly");
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|AR|\rERR||PID^1|101^Missing^HL70357|E||||No id\r"),
            "no AR  No id");
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|CR|M1\rERR||PID^1|101^Missing^HL70357|E\r"), "no CR M1 Missing");
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|CE|M1\rERR|PID^1^3^101&Missing&HL70357\r"), "no CE M1 Missing");
}

TEST(ReadAckTest, WhatIsMalformedIsNoSuccess) {
  EXPECT_EQ(Read(""), "invalid: the text does not begin with MSH and a field separator");
  EXPECT_EQ(Read("MSA|AA|M1\r"), "invalid: the text does not begin with MSH and a field separator");
  EXPECT_EQ(Read("MSH|^~\\&|||||||ACK|9\r"), "invalid: the acknowledgement has 0 MSA, expected 1");
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|AE|1\rMSA|AA|1\r"),
            "invalid: the acknowledgement has 2 MSA, expected 1");
  constexpr const char* kAllowed = ", expected AA, AE, AR, CA, CE or CR";
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|OK|M1\r"), std::string("invalid: MSA-1 = \"OK\"") + kAllowed);
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|aa|M1\r"), std::string("invalid: MSA-1 = \"aa\"") + kAllowed);
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA\r"), std::string("invalid: MSA-1 = \"\"") + kAllowed);
  EXPECT_EQ(Read("MSH|^~\\&|\rMSA|AA\r"),
            "invalid: MSA-2 is empty, expected the control id of the message that is accepted");
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\n"),
            "invalid: the text does not begin with MSH and a field separator");
}

TEST(ReadAckTest, OurOwnAcknowledgementsOfRealMessagesAreRead) {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/../shared/hl7/messages.jsonl");
  if (!file) {
    std::cerr << "real HL7 messages are not here: not checked\n";
    GTEST_SKIP() << "there is no ../shared/hl7/messages.jsonl";
  }
  int acknowledged = 0;
  int silent = 0;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    const Result<Hl7Message> message = ParseHl7(std::string(record["text"]));
    ASSERT_TRUE(message.ok());
    for (const Hl7Verdict verdict : {Hl7Verdict::kAccept, Hl7Verdict::kReject}) {
      const std::optional<std::string> bytes = AckFor(
          *message, verdict == Hl7Verdict::kAccept ? Content(verdict) : Refusal({}, verdict));
      if (!bytes) {
        ++silent;
        continue;
      }
      ++acknowledged;
      const Result<Hl7Ack> ack = ReadAck(*bytes);
      ASSERT_TRUE(ack.ok()) << ack.error().text;
      const Result<Hl7Message> parsed = ParseHl7(*bytes);
      const std::string id = record["id"];
      EXPECT_EQ(ack->accepted(), verdict == Hl7Verdict::kAccept) << id;
      EXPECT_EQ(ack->control_id, message->msh().Text(10)) << id;
      EXPECT_EQ(parsed->msh().Raw(5), message->msh().Raw(3)) << id;
      EXPECT_EQ(parsed->msh().Raw(6), message->msh().Raw(4)) << id;
      EXPECT_EQ(parsed->msh().Raw(11), message->msh().Raw(11)) << id;
      EXPECT_EQ(parsed->msh().Raw(12), message->msh().Raw(12)) << id;
      EXPECT_TRUE(parsed->remarks().empty()) << id;
    }
  }
  EXPECT_EQ(acknowledged + silent, 2 * 134);
  EXPECT_GT(acknowledged, 200);
}

}  // namespace
}  // namespace consilium
