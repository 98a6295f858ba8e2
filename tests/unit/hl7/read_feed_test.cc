#include "gateway/hl7/read_feed.h"

#include <gtest/gtest.h>

#include "gateway/hl7/feed_time.h"
#include "shared/ids.h"

namespace consilium {
namespace {

using List = std::vector<std::string>;

std::variant<FeedMessage, FeedFault> Read(const std::string& text) {
  const auto message = ParseHl7(text);
  EXPECT_TRUE(message.ok()) << message.error().text;
  auto read = ReadFeed(*message, text);
  if (const auto* fault = std::get_if<FeedFault>(&read)) {
    EXPECT_NE(fault->code, 207) << fault->text << ": the same bytes would come again for ever";
  }
  return read;
}
// The message, with `segments` after an MSH of this type.
std::string Message(const std::string& type, const std::string& segments) {
  return "MSH|^~\\&|APP|FAC|R|R|20261128101500+0100||" + type + "|M1|P|2.5\r" + segments;
}
constexpr const char* kPid = "PID|1||42^^^HOSP^MR||Muster^Eva||19700102|F\r";

FeedMessage Ok(const std::string& text) {
  auto read = Read(text);
  if (const auto* fault = std::get_if<FeedFault>(&read)) {
    ADD_FAILURE() << fault->text;
    return {};
  }
  return std::get<FeedMessage>(std::move(read));
}
FeedRecord Record(const std::string& type, const std::string& segments) {
  FeedMessage message = Ok(Message(type, kPid + segments));
  if (message.records.size() != 1) {
    ADD_FAILURE() << message.records.size() << " records";
    return {};
  }
  return message.records[0];
}
FeedFault Fault(const std::string& text) {
  auto read = Read(text);
  if (auto* fault = std::get_if<FeedFault>(&read)) return *fault;
  ADD_FAILURE() << "it was read";
  return {};
}
List Codes(const FeedMessage& message) {
  List codes;
  for (const Remark& remark : message.remarks) codes.push_back(remark.code + "@" + remark.where);
  return codes;
}
// "allergy/active Penicillin (severe) =value unit @time"
std::string Show(const Fact& fact) {
  std::string text = std::string(kFactKindNames[static_cast<std::size_t>(fact.kind)]) + "/" +
                     kFactStatusNames[static_cast<std::size_t>(fact.status)] + " " + fact.text;
  if (!fact.instance.empty()) text += "#" + fact.instance;
  if (!fact.detail.empty()) text += " (" + fact.detail + ")";
  if (!fact.value_text.empty()) text += (fact.value ? " =" : " '") + fact.value_text;
  if (!fact.unit.empty()) text += " " + fact.unit;
  if (!fact.time.empty()) text += " @" + fact.time;
  return text;
}
List Facts(const FeedRecord& record) {
  List facts;
  for (const Fact& fact : record.facts) facts.push_back(Show(fact));
  return facts;
}
// "new D1<P1 [title] text"
List Notes(const FeedRecord& record) {
  List notes;
  for (const Note& note : record.notes) {
    notes.push_back(std::string(kNoteActionNames[static_cast<std::size_t>(note.action)]) + " " +
                    note.document + (note.parent.empty() ? "" : "<" + note.parent) + " [" +
                    note.title + "] " + note.text);
  }
  if (NeedsHuman(record)) notes.emplace_back("HUMAN");
  return notes;
}

// --- the message

TEST(ReadFeedTest, TheHeaderSaysWhoSentWhat) {
  const std::string text = Message("ADT^A08^ADT_A01", kPid);
  const FeedMessage message = Ok(text);
  EXPECT_EQ(message.door, "hl7");
  EXPECT_EQ(message.sender, "APP|FAC");
  EXPECT_EQ(message.id, "M1");
  EXPECT_EQ(message.digest, Sha256Hex(text));
  EXPECT_EQ(message.type, "ADT^A08");
  EXPECT_EQ(message.time, "2026-11-28T10:15:00+01:00");
  EXPECT_TRUE(message.production);
  EXPECT_EQ(Codes(message), List());
}

TEST(ReadFeedTest, TheTypeIsFoundWhereverItStands) {
  const auto type = [](const char* msh9, const char* evn) {
    return Ok(Message(msh9, std::string(evn) + kPid)).type;
  };
  EXPECT_EQ(type("ORU", ""), "ORU");
  EXPECT_EQ(type("adt^a01", ""), "ADT^A01");
  EXPECT_EQ(type("ORU_R01", ""), "ORU^R01");
  EXPECT_EQ(type("ORU^^ORU_R01", ""), "ORU^R01");
  EXPECT_EQ(type("ADT", "EVN|A04\r"), "ADT^A04");
}

TEST(ReadFeedTest, TrainingAndDebuggingAreNotProduction) {
  const auto read = [](const char* msh11) {
    return Read(std::string("MSH|^~\\&|A|F|||||ADT^A01|1|") + msh11 + "|2.5\r" + kPid);
  };
  for (const char* code : {"T", "D", "t", "T^A"}) {
    EXPECT_FALSE(std::get<FeedMessage>(read(code)).production) << code;
  }
  EXPECT_TRUE(std::get<FeedMessage>(read("P")).production);
  EXPECT_TRUE(std::get<FeedMessage>(read("")).production);
  EXPECT_EQ(Codes(std::get<FeedMessage>(read(""))), List{"processing_id_missing@MSH-11"});
  const auto fault = std::get<FeedFault>(read("X"));
  EXPECT_EQ(fault.code, 202);
  EXPECT_EQ(fault.text, "MSH-11 = \"X\", expected P, T or D");
}

TEST(ReadFeedTest, OnlyVersionsOfWhichTheMeaningIsKnownAreRead) {
  const auto read = [](const std::string& msh12) {
    return Read("MSH|^~\\&|A|F|||||ADT^A01|1|P|" + msh12 + "\r" + kPid);
  };
  for (const char* version : {"2.1", "2.2", "2.3.1", "2.5", "2.5.1^DEU", "2.8.2", "2.9", " 2.4 "}) {
    EXPECT_TRUE(std::holds_alternative<FeedMessage>(read(version))) << version;
  }
  for (const std::string version : {"9.9", "3.0", "ABC", "", "2", "2.", "2.0", "2.10", "2.5X"}) {
    const auto refused = read(version);
    const auto* fault = std::get_if<FeedFault>(&refused);
    ASSERT_NE(fault, nullptr) << version;
    EXPECT_EQ(fault->code, 203);
    EXPECT_EQ(fault->segment, "MSH");
    EXPECT_EQ(fault->field, 12u);
    EXPECT_EQ(fault->text, "MSH-12 = \"" + version + "\", expected 2.1 to 2.9");
  }
}

TEST(ReadFeedTest, WhatIsRequiredAndMissingIsNamedByItsPlace) {
  const struct {
    std::string text;
    const char* segment;
    std::size_t field;
    int code;
    const char* says;
  } kCases[] = {
      {std::string("MSH|^~\\&|A|F||||||1|P\r") + kPid, "MSH", 9, 101,
       "MSH-9: missing, expected a message type"},
      {std::string("MSH|^~\\&|A|F|||||ADT^A01||P\r") + kPid, "MSH", 10, 101,
       "MSH-10: missing, expected an id"},
      {Message("ADT^A01", "PV1|1|I\r"), "PID", 0, 101, "PID: missing, expected one in \"ADT^A01\""},
      {Message("MDM^T11", kPid), "TXA", 0, 101, "TXA: missing, expected one in \"MDM^T11\""},
      {Message("ACK^A01", "MSA|AA|1\r"), "MSH", 9, 200,
       "MSH-9 = \"ACK^A01\", expected a message about a patient"},
      {Message("QBP^Q11", kPid), "MSH", 9, 200,
       "MSH-9 = \"QBP^Q11\", expected a message about a patient"},
  };
  for (const auto& one : kCases) {
    const FeedFault fault = Fault(one.text);
    EXPECT_EQ(fault.segment, one.segment) << one.says;
    EXPECT_EQ(fault.field, one.field) << one.says;
    EXPECT_EQ(fault.code, one.code) << one.says;
    EXPECT_EQ(fault.text, one.says);
  }
}

TEST(ReadFeedTest, AnOrderWithoutAPatientKeepsNothing) {
  const FeedMessage message = Ok(Message("ORM^O01", "ORC|NW|1\r"));
  EXPECT_EQ(message.records.size(), 0u);
  EXPECT_EQ(Codes(message), List{"no_patient@PID"});
}

TEST(ReadFeedTest, SeveralPatientsAreNeverMixed) {
  const FeedMessage message = Ok(
      Message("ORU^R01",
              "PID|1||1^^^H^MR||Eins\rOBR|1||F1|A^a\rOBX|1|ST|X^x||one||||||F\r"
              "PID|2||2^^^H^MR||Zwei\rAL1|1||L^Latex\rOBR|1||F2|A^a\rOBX|1|ST|X^x||two||||||F\r"));
  ASSERT_EQ(message.records.size(), 2u);
  EXPECT_EQ(message.records[0].patient.family, "Eins");
  EXPECT_EQ(Facts(message.records[0]), List{"measurement/active x 'one"});
  EXPECT_EQ(Facts(message.records[1]), (List{"allergy/active Latex", "measurement/active x 'two"}));
  EXPECT_EQ(message.records[1].filler.id, "F2");
}

TEST(ReadFeedTest, WhatStandsBeforeTheOnlyPatientIsItsOwn) {
  const FeedMessage message =
      Ok(Message("ORU^R01", std::string("OBX|1|NM|1^a||5|mg|||||F\rNTE|1||note\r") + kPid));
  ASSERT_EQ(message.records.size(), 1u);
  EXPECT_EQ(Facts(message.records[0]), List{"measurement/active a (note) =5 mg"});
}

TEST(ReadFeedTest, WhatStandsBeforeTheFirstOfSeveralPatientsIsRefused) {
  const FeedFault fault =
      Fault(Message("ORU^R01", "OBX|1|NM|1^a||5\rPID|1||1^^^H\rPID|2||2^^^H\r"));
  EXPECT_EQ(fault.code, 100);
  EXPECT_EQ(fault.segment, "OBX");
  EXPECT_EQ(fault.text, "OBX: before the first of 2 PID, expected after the one it belongs to");
}

TEST(ReadFeedTest, MorePatientsThanOneMessageMayHaveAreRefused) {
  std::string segments;
  for (int i = 0; i < 65; ++i) segments += "PID|1||" + std::to_string(i) + "^^^H\r";
  EXPECT_EQ(Fault(Message("ORU^R01", segments)).text, "PID: 65 patients, expected at most 64");
}

TEST(ReadFeedTest, MoreStatementsThanOnePatientMayHaveAreRefused) {
  std::string segments = kPid;
  for (int i = 0; i < 4097; ++i) segments += "AL1|1||x" + std::to_string(i) + "\r";
  EXPECT_EQ(Fault(Message("ADT^A08", segments)).text,
            "message: 4097 statements and 0 notes about a patient, expected at most 4096 and 256");
}

// --- the patient

TEST(ReadFeedTest, ThePatientIsReadFromPid) {
  const FeedMessage message = Ok(Message(
      "ADT^A08",
      "PID|1|7^^^OLD|42^^^HOSP&1.2.3&ISO^MR~9^^^&2.3.4&ISO^pi|8|Long^Ann^B^^^^D~Lang&&&&Kurz^Anna^^"
      "^^^L|"
      "Maid^Mary|1970|F|Alias^Anni||1 Street^^Town||555-0100|555-0200||||ACC^^^X|12-34|DL9^ST\r"
      "PV1|1|I|||||7^Kildare^James||||||||||||VIS\rPV2|||C^Chest pain^L~D\rNK1|1|Onkel^Otto\r"));
  ASSERT_EQ(message.records.size(), 1u);
  const FeedRecord& record = message.records[0];
  EXPECT_EQ(record.patient.ids, (std::vector<PatientId>{{"HOSP", "42", "MR"},
                                                        {"2.3.4", "9", "PI"},
                                                        {"OLD", "7", ""},
                                                        {"", "8", ""},
                                                        {"", "12-34", "SS"},
                                                        {"", "DL9", "DL"}}));
  EXPECT_EQ(record.patient.family, "Lang");
  EXPECT_EQ(record.patient.given, "Anna");
  EXPECT_EQ(record.patient.birth_date, "1970");
  EXPECT_EQ(record.patient.sex, "female");
  EXPECT_EQ(record.account, "ACC");
  EXPECT_EQ(record.visit, "VIS");
  EXPECT_EQ(record.reason, "Chest pain; D");
  EXPECT_EQ(record.names, (List{"Long Ann B", "Lang Kurz Anna", "Maid Mary", "Alias Anni",
                                "Kildare James", "Onkel Otto"}));
  EXPECT_EQ(record.numbers, (List{"555-0100", "555-0200"}));
}

TEST(ReadFeedTest, SexAndBirthDateThatCannotBeReadAreLeftOut) {
  const FeedMessage message = Ok(Message("ADT^A08", "PID|1||42^^^H||||01/02/1970|2\r"));
  EXPECT_EQ(message.records[0].patient.birth_date, "");
  EXPECT_EQ(message.records[0].patient.sex, "");
  EXPECT_EQ(Codes(message), (List{"time_unreadable@PID-7", "sex_code@PID-8"}));
}

TEST(ReadFeedTest, OnlyAMergeOfPatientsEndsAnId) {
  const std::string segments = std::string(kPid) + "MRG|41^^^HOSP^MR~40^^^HOSP|||OLD1\r";
  const auto merged = Ok(Message("ADT^A40", segments)).records[0].merged;
  EXPECT_EQ(merged,
            (std::vector<PatientId>{{"HOSP", "41", "MR"}, {"HOSP", "40", ""}, {"", "OLD1", ""}}));
  EXPECT_TRUE(Ok(Message("ADT^A44", segments)).records[0].merged.empty());
}

TEST(ReadFeedTimeTest, KeepsPrecisionAndZone) {
  const auto read = [](const char* text) {
    const FeedTime time = ReadFeedTime(text);
    return time.iso + (time.odd ? " odd" : "");
  };
  EXPECT_EQ(read("1970"), "1970");
  EXPECT_EQ(read("197001"), "1970-01");
  EXPECT_EQ(read("19700102"), "1970-01-02");
  EXPECT_EQ(read("1970010203"), "1970-01-02T03");
  EXPECT_EQ(read("197001020304"), "1970-01-02T03:04");
  EXPECT_EQ(read("197001020304-0500"), "1970-01-02T03:04-05:00");
  EXPECT_EQ(read("19700102030405.1234+0100"), "1970-01-02T03:04:05.1234+01:00");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("1970-01-02"), "1970-01-02 odd");
  EXPECT_EQ(read("2026-11-28T10:15:00Z"), "2026-11-28T10:15:00Z odd");
  EXPECT_EQ(read("19700000"), "1970 odd");
  EXPECT_EQ(read("19700102+0100"), "1970-01-02");
  for (const char* text : {"00000000", "197", "19701301", "19700230", "01/02/1970", "unknown",
                           "1970010", "197001020304+1", "1970.5", "19700102030405."}) {
    EXPECT_EQ(read(text), " odd") << text;
  }
}

// --- statements

TEST(ReadFeedTest, AllergiesHaveSeverityAndReactions) {
  EXPECT_EQ(
      Facts(Record("ADT^A08",
                   "AL1|1|DA|70618^Penicillin^RX|SV|Hives~Wheezing|20200101\r"
                   "NTE|1||since childhood\r"
                   "AL1|2|FA|^Peanut|U|Unknown\r")),
      (List{"allergy/active Penicillin (severe; Hives; Wheezing; since childhood) @2020-01-01",
            "allergy/active Peanut"}));
}

TEST(ReadFeedTest, NoKnownAllergiesIsNotUnknownAllergies) {
  for (const char* allergen : {"NKA", "^NKDA", "716186003^No known allergy^SCT", "409137002^^SCT",
                               "^No Known Drug Allergies", "NONE", "^no known allergies."}) {
    const auto facts = Record("ADT^A08", std::string("AL1|1|DA|") + allergen + "\r").facts;
    ASSERT_EQ(facts.size(), 1u) << allergen;
    EXPECT_EQ(facts[0].status, FactStatus::kNoneKnown) << allergen;
  }
  const FeedMessage message =
      Ok(Message("ADT^A08", kPid + std::string("AL1|1||^Unknown\rAL1|2||UNK\rAL1|3|\r"
                                               "AL1|4||^No known food allergies\r")));
  EXPECT_EQ(Facts(message.records[0]), List());
  EXPECT_EQ(Codes(message), (List{"allergy_unknown@AL1-3", "allergy_partly_none@AL1[4]-3"}));
  EXPECT_EQ(message.remarks[0].text,
            "names no substance: not the same as no known allergies (2 places)");
}

TEST(ReadFeedTest, AnUpdateOfAnAllergyMayTakeItBack) {
  EXPECT_EQ(
      Facts(Record("ADT^A60",
                   "IAM|1|DA|1^Codeine|MO|Nausea|A|||IN^Intolerance\r"
                   "IAM|2|DA|2^Latex|||D\rIAM|3|DA|3^Iodine|||U|||||||||||I\r"
                   "IAM|4|DA|4^Sulfa|||U|||||||||||E\r")),
      (List{"allergy/active Codeine (moderate; Nausea; intolerance)", "allergy/withdrawn Latex",
            "allergy/inactive Iodine", "allergy/withdrawn Sulfa"}));
}

TEST(ReadFeedTest, DiagnosesAreReadInOldAndNewForms) {
  EXPECT_EQ(Facts(Record("ADT^A08",
                         "DG1|1||J18.9^Pneumonia^I10||20261101|W\r"
                         "DG1|2|I9|486|Pneumonia, organism unspecified\r"
                         "DG1|3||X^Typo^I10||||||||||||||||||D\r"
                         "PRB|AD|20260101|44054006^Diabetes^SCT\r"
                         "PRB|UP||1^Fracture||||||20260301\r"
                         "PRB|DE||2^Wrong\r")),
            (List{"diagnosis/active Pneumonia @2026-11-01",
                  "diagnosis/active Pneumonia, organism unspecified", "diagnosis/withdrawn Typo",
                  "diagnosis/active Diabetes @2026-01-01", "diagnosis/inactive Fracture",
                  "diagnosis/withdrawn Wrong"}));
}

// --- medications

TEST(ReadFeedTest, AnOrderIsOneMedicationFromWhatSaysMost) {
  EXPECT_EQ(
      Facts(Record("RDE^O11",
                   "ORC|NW|P1^S|F1^S||IP\rRXO|1^Amoxicillin 500 MG|2||TAB\rRXC|A|7^Other|1\r"
                   "RXE||1^Amoxicillin 500 MG Oral Capsule^RX|1|2|CAP|^Capsule|^Take with food\r"
                   "NTE|1||ten days\rTQ1|1||TID^^^^||||20261101|20261110\rRXR|PO^oral\r"
                   "ORC|DC|P2|F2\rRXE||2^Warfarin|5||MG\r")),
      (List{"medication/active Amoxicillin 500 MG Oral Capsule (1-2 CAP, Capsule, oral, TID, until "
            "2026-11-10; Take with food; ten days)",
            "medication/inactive Warfarin (5 MG)"}));
}

TEST(ReadFeedTest, CancelledDiscontinuedAndReplacedOrdersAreInactive) {
  for (const char* orc : {"CA", "OC", "CR", "DC", "OD", "RU", "NW||||CA", "NW||||DC", "SC||||RP"}) {
    const auto facts = Record("RDE^O11", std::string("ORC|") + orc + "\rRXE||1^Drug|1\r").facts;
    ASSERT_EQ(facts.size(), 1u) << orc;
    EXPECT_EQ(facts[0].status, FactStatus::kInactive) << orc;
  }
  for (const char* orc : {"NW", "OK", "RO", "XO", "RE||||CM", "HD"}) {
    const auto facts = Record("RDE^O11", std::string("ORC|") + orc + "\rRXE||1^Drug|1\r").facts;
    ASSERT_EQ(facts.size(), 1u) << orc;
    EXPECT_EQ(facts[0].status, FactStatus::kActive) << orc;
  }
}

TEST(ReadFeedTest, ComponentsDispensesAndAdministrationsAreRead) {
  EXPECT_EQ(Facts(Record("RDS^O13",
                         "ORC|RE\rRXD|1|3^Cefazolin|20261101|10|BAG\r"
                         "RXC|A|4^Heparin|500|UNT\rRXC|B|3^Cefazolin|1\r")),
            (List{"medication/active Cefazolin (dispensed 10 BAG) @2026-11-01",
                  "medication/active Heparin (500 UNT, in Cefazolin) @2026-11-01"}));
  EXPECT_EQ(Facts(Record("RAS^O17",
                         "ORC|RE\rRXA|0|1|20261101||5^Morphine|2|MG\r"
                         "RXA|0|2|20261102||5^Morphine|3|MG\r")),
            (List{"medication/active Morphine (given 2 MG) @2026-11-01",
                  "medication/active Morphine (given 3 MG) @2026-11-02"}));
}

TEST(ReadFeedTest, VaccinesThatWereNotGivenAreNoFacts) {
  const FeedMessage message = Ok(Message(
      "VXU^V04",
      kPid +
          std::string("ORC|RE\rRXA|0|1|20261001||140^Influenza^CVX|0.5|mL|||||||||||||CP\r"
                      "OBX|1|CE|64994-7^Funding^LN||V01^x\rOBX|2|CE|30945-0^Contraindication^LN||"
                      "21^acute illness\rORC|RE\r"
                      "RXA|0|1|20261001||20^DTaP^CVX|999||||||||||||||RE\r"
                      "ORC|RE\rRXA|0|1|20261001||998^no vaccine administered^CVX|999\r")));
  EXPECT_EQ(Facts(message.records[0]), (List{"measurement/active Contraindication 'acute illness",
                                             "immunization/active Influenza (given 0.5 mL) "
                                             "@2026-10-01"}));
  EXPECT_EQ(Codes(message), List{"not_given@RXA[2]-20"});
}

// --- observations

TEST(ReadFeedTest, ValuesAreReadByTheirTypes) {
  EXPECT_EQ(
      Facts(Record("ORU^R01",
                   "OBR|1|||C^Panel|||20261101\r"
                   "OBX|1|NM|L^Local^99^2160-0^Creatinine^LN||1.40|mg/dL^x^UCUM|0.6-1.2|H|||F\r"
                   "NTE|1||hemolysed\r"
                   "OBX|2|SN|2^eGFR||>^60||||||P|||20261102\r"
                   "OBX|3|SN|3^Titer||^1^:^128\r"
                   "OBX|4|SN|4^Ratio||=^3\r"
                   "OBX|5|CWE|5^Organism||1^E. coli^SCT~2^Proteus^SCT\r"
                   "OBX|6|ST|6^Color||yellow\r"
                   "OBX|7|TS|7^Onset||20261001\r"
                   "OBX|8|NM|8^Pulse||60~70\r"
                   "OBX|9|NM|9^Weight||heavy\r"
                   "OBX|10|NM|10^Nothing||\r"
                   "OBX|11|NM|11^Missed||5||||||X\r"
                   "OBX|12|XPN|12^Mother||Muster^Ida\r"
                   "OBX|13|ST|13^Reporting person phone||555-0100\r")),
      (List{"measurement/active Creatinine (H, ref 0.6-1.2; hemolysed) =1.40 mg/dL @2026-11-01",
            "measurement/active eGFR (preliminary) '>60 @2026-11-02",
            "measurement/active Titer '1:128 @2026-11-01",
            "measurement/active Ratio =3 @2026-11-01",
            "measurement/active Organism 'E. coli; Proteus @2026-11-01",
            "measurement/active Color 'yellow @2026-11-01",
            "measurement/active Onset '2026-10-01 @2026-11-01",
            "measurement/active Pulse '60; 70 @2026-11-01",
            "measurement/active Weight 'heavy @2026-11-01"}));
}

TEST(ReadFeedTest, DeletedAndWrongValuesAreWithdrawn) {
  EXPECT_EQ(Facts(Record("ORU^R01", "OBX|1|NM|1^A||5||||||D\rOBX|2|NM|2^B||||||||W\r")),
            (List{"measurement/withdrawn A =5", "measurement/withdrawn B"}));
}

TEST(ReadFeedTest, SeveralValuesUnderOneNameAndTimeAllStay) {
  EXPECT_EQ(Facts(Record("ORU^R01",
                         "OBR|1|||C^Culture|||20261101\rOBX|1|CE|1^Organism|1|a^E. coli\r"
                         "OBX|2|CE|1^Organism|2|b^Proteus\r"
                         "OBX|3|NM|2^Glucose|1|5|||||||||20261101\r"
                         "OBX|4|NM|2^Glucose|1|6|||||||||20261102\r"
                         "OBR|2|||D^Other|||20261101\rOBX|1|CE|3^Finding||a^x\r"
                         "OBX|2|CE|3^Finding||b^y\r")),
            (List{"measurement/active Organism#1 'E. coli @2026-11-01",
                  "measurement/active Organism#2 'Proteus @2026-11-01",
                  "measurement/active Glucose =5 @2026-11-01",
                  "measurement/active Glucose =6 @2026-11-02",
                  "measurement/active Finding#1 'x @2026-11-01",
                  "measurement/active Finding#2 'y @2026-11-01"}));
}

// --- notes

std::string Mdm(const char* txa_rest, const char* obx) {
  return std::string("TXA|1|PN^Progress note|TX|20261128||||||||") + txa_rest + "\r" + obx;
}

TEST(ReadFeedTest, TheLinesOfADocumentAreItsText) {
  EXPECT_EQ(Notes(Record("MDM^T02", Mdm("D1^SYS|||||AU||AV",
                                        "OBX|1|TX|1^Text||Line one~Line two||||||F\r"
                                        "OBX|2|FT|1^Text||Three\\.br\\Four||||||F\r"
                                        "OBX|3|ST|2^Plan||Rest.||||||F\rNTE|1||And water.\r"))),
            List{"new D1 [Progress note] Text:\nLine one\nLine two\nThree\nFour\n\nPlan:\nRest.\n\n"
                 "And water."});
}

TEST(ReadFeedTest, EachEventDoesWhatItSays) {
  const char* obx = "OBX|1|TX|1||Text.||||||F\r";
  const auto note = [&](const char* event, const char* text) {
    return Notes(Record(std::string("MDM^") + event, Mdm("D2|D1||||AU||AV", text)))[0];
  };
  for (const char* event : {"T01", "T02", "T03", "T04"}) {
    EXPECT_EQ(note(event, obx), "new D2<D1 [Progress note] Text.") << event;
  }
  EXPECT_EQ(note("T05", obx), "addendum D2<D1 [Progress note] Text.");
  EXPECT_EQ(note("T06", obx), "addendum D2<D1 [Progress note] Text.");
  for (const char* event : {"T07", "T08", "T09", "T10"}) {
    EXPECT_EQ(note(event, obx), "replace D2<D1 [Progress note] Text.") << event;
  }
  EXPECT_EQ(note("T11", obx), "retract D2<D1 [Progress note] ");
  for (const char* event : {"T01", "T03"}) {
    EXPECT_EQ(note(event, ""), "status D2<D1 [Progress note] ") << event;
  }
  // Known to be old by now; the new text was not sent.
  EXPECT_EQ(Notes(Record("MDM^T05", Mdm("D2|D1||||AU||AV", ""))),
            (List{"addendum D2<D1 [Progress note] ", "HUMAN"}));
  for (const char* event : {"MDM^T07", "MDM^T09"}) {
    EXPECT_EQ(Notes(Record(event, Mdm("D2|D1||||AU||AV", ""))),
              (List{"replace D2<D1 [Progress note] ", "HUMAN"}));
  }
  EXPECT_EQ(note("T02", ""), "new D2<D1 [Progress note] ");
  EXPECT_EQ(note("T08", ""), "replace D2<D1 [Progress note] ");
}

TEST(ReadFeedTest, MissingTextAndMissingNumbersAreRemarked) {
  const auto codes = [](const char* event, const char* txa) {
    return Codes(Ok(Message(std::string("MDM^") + event, kPid + Mdm(txa, ""))));
  };
  EXPECT_EQ(codes("T02", "D1"), List{"note_without_text@TXA"});
  EXPECT_EQ(codes("T09", "D1"), List{"changed_without_text@TXA"});
  EXPECT_EQ(codes("T01", ""), List{"document_number_missing@TXA-12"});
}

TEST(ReadFeedTest, DeletedAndObsoleteDocumentsAreRetracted) {
  for (const char* status : {"CA", "OB"}) {
    EXPECT_EQ(Notes(Record("MDM^T03", Mdm((std::string("D1|||||LA||") + status).c_str(), "")))[0],
              "retract D1 [Progress note] ");
  }
  EXPECT_EQ(Notes(Record("MDM^T02", Mdm("D1", "OBX|1|TX|1||Text.||||||W\r")))[0],
            "retract D1 [Progress note] ");
}

TEST(ReadFeedTest, ACommentOnTheOrderOfADocumentIsNoNoteByItself) {
  const char* order = "ORC|RE|P1|F1\rOBR|1|P1|F1|X^Echo\rNTE|1||Urgent.\r";
  EXPECT_EQ(Notes(Record("MDM^T01", order + Mdm("D1", ""))), List{"status D1 [Progress note] "});
  EXPECT_EQ(Notes(Record("MDM^T02", order + Mdm("D1", "OBX|1|TX|1||Text.\r"))),
            List{"new D1 [Progress note] Text.\n\nComment:\nUrgent."});
}

TEST(ReadFeedTest, UnfinishedDocumentsSaySo) {
  EXPECT_EQ(Notes(Record("MDM^T02", "TXA|1|HP|TX|||||||||D1|||||IP\rOBX|1|TX|1||Text.\r")),
            List{"new D1 [History and physical examination (preliminary)] Text."});
}

TEST(ReadFeedTest, ADeletionSaysWhatIsDeletedAndNothingElse) {
  const std::string segments =
      "PV1|1|I|||||||||||||||||V1\rDG1|1||I10^Hypertension^I10\r"
      "AL1|1|DA|^Latex\r";
  for (const char* event : {"ADT^A23", "ADT^A29"}) {
    const FeedRecord record = Record(event, segments);
    EXPECT_TRUE(record.deleted) << event;
    EXPECT_EQ(record.facts.size(), 0u);
    EXPECT_FALSE(record.patient.ids.empty());
    EXPECT_EQ(record.visit, std::string(event) == "ADT^A23" ? "V1" : "");
  }
  EXPECT_FALSE(Record("ADT^A23", "PV1|1|I\r").deleted) << "of no visit that is named";
  EXPECT_FALSE(Record("ADT^A11", segments).deleted)
      << "the admission is cancelled, the patient is not";
}

TEST(ReadFeedTest, DeathIsReadFromItsIndicatorElseFromItsTime) {
  const auto deceased = [](const std::string& time, const std::string& indicator) {
    const auto read = Read(Message(
        "ADT^A08", "PID|1||42^^^HOSP^MR" + std::string(26, '|') + time + "|" + indicator + "\r"));
    return std::get<FeedMessage>(read).records.at(0).patient.deceased;
  };
  EXPECT_EQ(deceased("", ""), "");
  EXPECT_EQ(deceased("", "Y"), "yes");
  EXPECT_EQ(deceased("20261127", ""), "yes");
  EXPECT_EQ(deceased("20261127", "N"), "no");
  EXPECT_EQ(deceased("\"\"", "\"\""), "no") << "a death that was deleted";
}

TEST(ReadFeedTest, ADocumentKeepsWhoGaveItsNumberOut) {
  const FeedRecord record = Record(
      "MDM^T02", "TXA|1|HP|TX|||||||||D\\T\\1^HIS^1.2^ISO|||||AU\rOBX|1|TX|1||Text.||||||F\r");
  EXPECT_EQ(record.notes[0].document, "D&1");
  EXPECT_EQ(record.notes[0].entity, (EntityId{"D&1", "HIS", "1.2", "ISO"}));
}

TEST(ReadFeedTest, TheReportOfAnOrderIsANoteUnderItsFillerNumber) {
  const FeedRecord record =
      Record("ORU^R01",
             "ORC|RE|P1^O|F1^RAD\rOBR|1|P1^O|F1^RAD|71045^Chest X-ray|||20261101|||||||||||||"
             "|||||F||||||^Cough\rOBX|1|ST|1^Findings||Clear lungs.||||||F\r"
             "OBX|2|ST|1^Findings||No effusion.||||||F\r"
             "OBX|3|TX|2^Impression||Normal chest, and nothing that would explain the "
             "symptoms.||||||F\rOBX|4|NM|3^Dose||2|mGy|||||F\r");
  EXPECT_EQ(
      Notes(record),
      List{"new F1^RAD/71045 [Chest X-ray] Findings:\nClear lungs.\nNo effusion.\n\nImpression:\n"
           "Normal chest, and nothing that would explain the symptoms."});
  EXPECT_EQ(Facts(record), List{"measurement/active Dose =2 mGy @2026-11-01"});
  EXPECT_EQ(record.placer, (EntityId{"P1", "O", "", ""}));
  EXPECT_EQ(record.filler, (EntityId{"F1", "RAD", "", ""}));
  EXPECT_EQ(record.notes[0].entity, record.filler);
  EXPECT_EQ(record.reason, "Cough");
}

TEST(ReadFeedTest, ACorrectedReportReplacesAndADeletedOneIsRetracted) {
  const auto report = [](const char* obr25, const char* obx11) {
    return Notes(Record("ORU^R01", std::string("OBR|1||F1|X^Report|||||||||||||||||||||") + obr25 +
                                       "\rOBX|1|FT|1^T||A text that is longer than the one line "
                                       "of a single result.||||||" +
                                       obx11 + "\r"))[0]
        .substr(0, 29);
  };
  EXPECT_EQ(report("F", "F"), "new F1/X [Report] T:\nA text t");
  EXPECT_EQ(report("C", "F"), "replace F1/X [Report] T:\nA te");
  EXPECT_EQ(report("F", "C"), "replace F1/X [Report] T:\nA te");
  EXPECT_EQ(report("P", "P"), "new F1/X [Report (preliminary");
  EXPECT_EQ(report("F", "D"), "retract F1/X [Report] ");
  EXPECT_EQ(report("F", "W"), "retract F1/X [Report] ");
}

TEST(ReadFeedTest, CommentsGoWithWhatTheyFollow) {
  const FeedRecord record =
      Record("ORU^R01",
             "NTE|1||Of the patient.\rOBR|1||F1|X^Panel\rNTE|1||Of the order.\r"
             "OBX|1|NM|1^A||5\rNTE|1||Of the value.\rFT1|1\rNTE|1||Of the bill.\r");
  EXPECT_EQ(Notes(record),
            (List{"new  [] Of the patient.", "new F1/X [Panel] Comment:\nOf the order."}));
  EXPECT_EQ(Facts(record), List{"measurement/active A (Of the value.) =5"});
}

TEST(ReadFeedTest, EncapsulatedTextIsReadInEachEncoding) {
  for (const char* data :
       {"^TEXT^^A^Fever \\T\\ cough", "^TEXT^PLAIN^Base64^RmV2ZXIgJiBjb3VnaA==",
        "SYS^text^plain^base64^RmV2ZXIg JiBjb3VnaA", "^TEXT^^Hex^4665766572202620636f756768"}) {
    EXPECT_EQ(Notes(Record("MDM^T02", Mdm("D1", "") + "OBX|1|ED|1||" + data + "||||||F\r")),
              List{"new D1 [Progress note] Fever & cough"})
        << data;
  }
}

TEST(ReadFeedTest, WhatNobodyHereCanReadIsForAHuman) {
  for (const char* obx :
       {"ED|1||^Application^PDF^Base64^JVBERi0x", "ED|1||^TEXT^RTF^A^x",
        "ED|1||^TEXT^^Base64^JVBERi0xLjQ=", "ED|1||^TEXT^^A^{\\E\\rtf1 x}",
        "ED|1||^IM^JPEG^Base64^eA==", "ED|1||^TEXT^^Base64^!!!", "ED|1||^TEXT^^Hex^4",
        "ED|1||^application^x-hl7-cda-level-one^A^x", "ED|1||^TEXT^HTML^A^x",
        "RP|1||http://x^^image^PICT", "ED|1||^TEXT^^A^"}) {
    const FeedMessage message =
        Ok(Message("MDM^T02", kPid + Mdm("D1", "") + "OBX|1|" + obx + "||||||F\r"));
    EXPECT_EQ(Notes(message.records[0]), (List{"new D1 [Progress note] ", "HUMAN"})) << obx;
    EXPECT_EQ(Codes(message), List{"unreadable_note@OBX-5"}) << obx;
  }
}

TEST(ReadFeedTest, ATextBesideAnUnreadablePartIsStillForAHuman) {
  EXPECT_EQ(Notes(Record("MDM^T02", Mdm("D1",
                                        "OBX|1|TX|1||See file.\r"
                                        "OBX|2|ED|2||^Application^PDF^Base64^JVBE\r"))),
            (List{"new D1 [Progress note] See file.", "HUMAN"}));
}

TEST(ReadFeedTest, AReferralHasItsReasonAndItsStatementsInWhateverOrder) {
  const FeedMessage message =
      Ok(Message("REF^I12", std::string("RF1|A|||||R1||||D^Chest pain^L\rPRD|RP|Kildare\r") + kPid +
                                "DG1|1||I20^Angina^I10\rAL1|1||L^Latex\r"));
  ASSERT_EQ(message.records.size(), 1u);
  EXPECT_EQ(message.records[0].reason, "Chest pain");
  EXPECT_EQ(Facts(message.records[0]), (List{"diagnosis/active Angina", "allergy/active Latex"}));
}

TEST(ReadFeedTest, MoreIdentifiersThanAPersonHasAreRefused) {
  const auto ids = [](std::size_t count) {
    std::string text = "0^^^H^MR";
    for (std::size_t i = 0; i < count; ++i) text += "~" + std::to_string(i) + "^^^H^MR";
    return text;
  };
  EXPECT_EQ(Ok(Message("ADT^A08", "PID|1||" + ids(1024) + "\r")).records[0].patient.ids.size(),
            1024u);
  const FeedFault pid = Fault(Message("ADT^A08", "PID|1||" + ids(1025) + "\r"));
  EXPECT_EQ(pid.segment + std::to_string(pid.field), "PID3");
  EXPECT_EQ(pid.text, "PID-3: 1025 identifiers of a patient, expected at most 1024");
  std::string merged;
  for (int i = 0; i < 1025; ++i) {
    merged += "MRG|" + std::to_string(i) + "^^^H^MR~0^^^H^MR||||\r";
  }
  EXPECT_EQ(Fault(Message("ADT^A40", kPid + merged)).text,
            "MRG-1: 1025 identifiers of a patient, expected at most 1024");
}

TEST(ReadFeedTest, AReasonIsSaidOnceHoweverManyThereAre) {
  std::string orders;
  std::string reasons;
  for (int i = 1000; i < 2000; ++i) {
    const std::string reason = "Reason " + std::to_string(i);
    const std::string obr = "OBR|||F|1" + std::string(27, '|') + "^" + reason + "\r";
    orders += obr + obr;
    reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  EXPECT_TRUE(Record("ORU^R01", orders + orders).reason == reasons);
}

TEST(ReadFeedTest, NoRemarkHoldsWhatWasSaid) {
  const FeedMessage message =
      Ok(Message("ORU^R01",
                 "PID|1||42^^^H||||secret|secret\rAL1|1||unknown\r"
                 "OBX|1|NM|1^A||secret\rOBX|2|secret|1^A||secret\rOBX|3|ST|||secret\r"
                 "DG1|1||X^Y||secret\r"));
  EXPECT_GE(message.remarks.size(), 6u);
  for (const Remark& remark : message.remarks) {
    EXPECT_EQ((remark.code + remark.where + remark.text).find("secret"), std::string::npos)
        << remark.code;
  }
}

}  // namespace
}  // namespace consilium
