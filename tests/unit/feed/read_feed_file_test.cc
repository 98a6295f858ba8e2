#include "cli/feed/read_feed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/feed/mdm_message.h"
#include "gateway/hl7/read_feed.h"

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kHead = "MSH|^~\\&|A|B|||20261128||ADT^A01|";

std::string Message(const std::string& id, const std::string& end = "\r") {
  return kHead + id + "|P|2.5" + end + "PID|1||7" + end;
}

FeedMessages Read(std::string_view text, FeedFormat format = FeedFormat::kHl7, bool mdm = false) {
  return ReadFeedFile("f.hl7", format, text, mdm);
}

std::vector<std::string> IdsOf(const FeedMessages& found) {
  std::vector<std::string> ids;
  for (const FeedItem& item : found.items) ids.push_back(item.id);
  return ids;
}

TEST(ReadFeedFileTest, APlainFileIsOneMessageWithItsOwnLineEnds) {
  const FeedMessages found = Read("\r\n" + Message("m1", "\n") + "\n\n");
  EXPECT_THAT(found.problems, IsEmpty());
  ASSERT_THAT(found.items, SizeIs(1));
  EXPECT_EQ(found.items[0].bytes, kHead + "m1|P|2.5\nPID|1||7");
  EXPECT_EQ(found.items[0].id, "m1");
  EXPECT_EQ(found.items[0].door, FeedDoor::kMllp);
  EXPECT_EQ(PlaceOf(found.items[0]), "f.hl7, message 1");
}

TEST(ReadFeedFileTest, FramesBatchesAndMessagesAfterEachOtherAreTakenApart) {
  EXPECT_THAT(IdsOf(Read("\x0b" + Message("m1") + "\x1c\r\n\x0b" + Message("m2") + "\x1c\r")),
              ElementsAre("m1", "m2"));
  EXPECT_THAT(IdsOf(Read(Message("m1") + Message("m2"))), ElementsAre("m1", "m2"));
  EXPECT_THAT(
      IdsOf(Read("FHS|^~\\&|A\rBHS|^~\\&|A\r" + Message("m1") + Message("m2") + "BTS|2\rFTS|1\r")),
      ElementsAre("m1", "m2"));
  const FeedMessages short_batch = Read("BHS|^~\\&|A\r" + Message("m1") + "BTS|2\r");
  EXPECT_THAT(IdsOf(short_batch), ElementsAre("m1"));
  ASSERT_THAT(short_batch.notes, SizeIs(1));
  EXPECT_THAT(short_batch.notes[0], HasSubstr("f.hl7: "));
}

TEST(ReadFeedFileTest, WhatIsCutOffOrIsAnAcknowledgementIsToldWithItsNumber) {
  const FeedMessages cut =
      Read("\x0b" + Message("m1") + "\x1c\r\x0bMSH|^~\\&|A\x0b" + Message("m3") + "\x1c\r");
  EXPECT_THAT(IdsOf(cut), ElementsAre("m1", "m3"));
  EXPECT_EQ(cut.items[1].number, 3);
  ASSERT_THAT(cut.problems, SizeIs(1));
  EXPECT_THAT(cut.problems[0].text, HasSubstr("f.hl7, message 2: "));

  const std::string silent = "MSH|^~\\&|A|B|||20261128||ADT^A01|m2|P|2.5|||NE|NE\rPID|1||7\r";
  const std::string ack = "MSH|^~\\&|A|B|||20261128||ACK|m3|P|2.5\rMSA|AA|m1\r";
  const FeedMessages found = Read(Message("m1") + silent + ack);
  EXPECT_THAT(IdsOf(found), ElementsAre("m1", "m2"));
  EXPECT_FALSE(found.items[0].unanswered);
  EXPECT_TRUE(found.items[1].unanswered) << "it asks for no acknowledgement";
  EXPECT_THAT(found.problems,
              ElementsAre(Error{ErrorCode::kUnsupported,
                                "f.hl7, message 3: is an acknowledgement, which has no answer"}));
}

TEST(ReadFeedFileTest, AnEmptyFileIsAProblemOfItsOwn) {
  for (const FeedFormat format : {FeedFormat::kHl7, FeedFormat::kFhir, FeedFormat::kBulk}) {
    EXPECT_THAT(Read(" \r\n", format).problems, ElementsAre(Invalid("f.hl7, message 1: empty")));
  }
}

TEST(ReadFeedFileTest, AMessageThatNobodyCanReadIsSentAsItIs) {
  const FeedMessages found = Read("MSH|^^^^|A\rPID|1", FeedFormat::kHl7);
  ASSERT_THAT(found.items, SizeIs(1));
  EXPECT_EQ(found.items[0].id, "");
}

TEST(ReadFeedFileTest, ABundleGoesAsItIsAndAnyOtherResourceAsALine) {
  const std::string bundle = "{\"resourceType\":\"Bundle\",\n \"n\": 1.10}";
  const FeedMessages one = Read(bundle, FeedFormat::kFhir);
  ASSERT_THAT(one.items, SizeIs(1));
  EXPECT_EQ(one.items[0].door, FeedDoor::kFhir);
  EXPECT_EQ(one.items[0].bytes, bundle);
  const FeedMessages patient = Read(
      "{\r\n \"contained\": [{\"resourceType\":\"Bundle\"}],\n\"resourceType\":\"Patient\", \"n\": "
      "1.10\n}",
      FeedFormat::kFhir);
  ASSERT_THAT(patient.items, SizeIs(1));
  EXPECT_EQ(patient.items[0].door, FeedDoor::kBulk);
  EXPECT_EQ(patient.items[0].bytes,
            "{   \"contained\": [{\"resourceType\":\"Bundle\"}], \"resourceType\":\"Patient\", "
            "\"n\": 1.10 }\n")
      << "numbers keep their digits";
  EXPECT_THAT(Read("[1", FeedFormat::kFhir).problems,
              ElementsAre(Invalid("f.hl7, message 1: expected one JSON object with resourceType")));
}

TEST(ReadFeedFileTest, CasesAreLinesOfWhatTheyState) {
  const FeedMessages found = ReadFeedFile(
      "c.jsonl", FeedFormat::kCases,
      "{\"id\":\"c1\",\"text\":\"A man.\",\"patient\":{\"age\":61},\"specialty\":\"x\"}\n"
      "{\"id\":\"c2\",\"text\":\"\"}\n"
      "{\"id\":\"c3\",\"text\":\"MSH|^~\\\\&|A|B|||20261128||ADT^A01|m1|P|2.5\\rPID|1||7||Doe\"}\n",
      false);
  ASSERT_THAT(found.items, SizeIs(1));
  EXPECT_EQ(found.items[0].door, FeedDoor::kCases);
  EXPECT_EQ(found.items[0].id, "c1");
  EXPECT_EQ(found.items[0].bytes,
            "{\"id\":\"c1\",\"text\":\"A man.\",\"options\":{},\"patient\":{\"age\":61.0,"
            "\"allergies\":[],\"medications\":[]},\"models\":[]}\n");
  ASSERT_THAT(found.problems, SizeIs(2));
  EXPECT_THAT(found.problems[0].text, HasSubstr("c.jsonl:2"));
  EXPECT_EQ(found.problems[1].text,
            "c.jsonl, message 2: text: is an HL7 message, expected a vignette; put messages into "
            "files of their own (.hl7)");
}

CaseRequest ACase() {
  CaseRequest request;
  request.id = "demo-001";
  request.vignette.text = "A 61-year-old man | with a cough.\r\nHe smokes & drinks.\n";
  request.vignette.question = "Which drug?";
  request.vignette.options = {{"A", "amoxicillin"}};
  request.vignette.patient.age = 61;
  request.vignette.patient.sex = "male";
  request.vignette.patient.medications = {"heparin", "lisinopril"};
  request.vignette.patient.egfr = 82.5;
  request.gold_medications = {"secret-gold"};
  return request;
}

TEST(MdmMessageTest, SaysWhatTheCaseStatesAndNothingElse) {
  EXPECT_EQ(
      MdmOf(ACase()),
      "MSH|^~\\&|CONSILIUM-FEED|DEMO|||||MDM^T02^MDM_T02|demo-001|P|2.5.1||||||UNICODE UTF-8\r"
      "EVN|T02\r"
      "PID|1||demo-001^^^CONSILIUM-DEMO^PI||^^^^^^U|||M\r"
      "PV1|1|N\r"
      "TXA|1|CN|TX|||||||||demo-001^CONSILIUM-DEMO|||||DO\r"
      "OBX|1|TX|11488-4^Consult note^LN||A 61-year-old man \\F\\ with a cough.||||||F\r"
      "OBX|2|TX|11488-4^Consult note^LN||He smokes \\T\\ drinks.||||||F\r"
      "OBX|3|TX|11488-4^Consult note^LN||Age: 61 years||||||F\r"
      "OBX|4|TX|11488-4^Consult note^LN||Sex: male||||||F\r"
      "OBX|5|TX|11488-4^Consult note^LN||Current medications: heparin, lisinopril||||||F\r"
      "OBX|6|TX|11488-4^Consult note^LN||eGFR: 82.5 mL/min/1.73m2||||||F\r"
      "OBX|7|TX|11488-4^Consult note^LN||Question: Which drug?||||||F\r"
      "OBX|8|TX|11488-4^Consult note^LN||Option A: amoxicillin||||||F\r");
}

TEST(MdmMessageTest, ReadAsAFeedItIsOneNoteOfAPatientWithoutNameOrBirthDate) {
  const FeedMessages found = ReadFeedFile(
      "c.jsonl", FeedFormat::kCases,
      "{\"id\":\"demo-001\",\"text\":\"A man.\\nHe coughs.\",\"patient\":{\"sex\":\"female\"}}",
      true);
  ASSERT_THAT(found.items, SizeIs(1));
  EXPECT_EQ(found.items[0].door, FeedDoor::kMllp);
  EXPECT_EQ(found.items[0].id, "demo-001");
  const auto message = ParseHl7(found.items[0].bytes);
  ASSERT_TRUE(message.ok()) << message.error().text;
  EXPECT_THAT(message->remarks(), IsEmpty());
  EXPECT_EQ(message->Find("PID")->Get(8), "F");
  EXPECT_EQ(message->Find("PID")->Get(7), "");
  EXPECT_EQ(message->Find("PID")->Get(5), "");
  EXPECT_EQ(message->Find("TXA")->Get(12), "demo-001");
}

}  // namespace
}  // namespace consilium
