#include "gateway/clinical/patient_key.h"

#include <gtest/gtest.h>

#include <set>

#include "shared/ids.h"

namespace consilium {
namespace {

using Keys = std::vector<std::string>;

TEST(PatientKeyTest, AnIdIsKnownByItsAuthorityWhoeverSendsIt) {
  const Keys one = PatientKeys({{"HOSP", "42", "MR"}}, {"A|X", ""});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].size(), 64u);
  EXPECT_EQ(one, PatientKeys({{"HOSP", " 42 ", "PI"}}, {"A|X", ""}));
  EXPECT_NE(one, PatientKeys({{"CLINIC", "42", "MR"}}, {"A|X", ""}));
  EXPECT_NE(one, PatientKeys({{"HOSP", "43", "MR"}}, {"A|X", ""}));
}

// "MRN" of one hospital is not "MRN" of another one.
TEST(PatientKeyTest, ALocalAuthorityCountsWithinItsDomainUnlessItIsShared) {
  const Keys north = PatientKeys({{"MRN", "42", "MR"}}, {"LAB|NORTH", "NORTH"});
  EXPECT_EQ(north, PatientKeys({{"MRN", "42", "MR"}}, {"EHR|NORTH", "NORTH"}));
  EXPECT_NE(north, PatientKeys({{"MRN", "42", "MR"}}, {"EHR|SOUTH", "SOUTH"}));
  EXPECT_NE(north, PatientKeys({{"MRN", "42", "MR"}}, {"LAB|NORTH", ""}));
  EXPECT_NE(PatientKeys({{"MRN", "42", "MR"}}, {"LAB|", ""}),
            PatientKeys({{"MRN", "42", "MR"}}, {"EHR|", ""}));
  EXPECT_EQ(PatientKeys({{"MRN", "42", "MR"}}, {"", ""}), Keys()) << "nobody says whose it is";
  const std::vector<std::string> shared = {"EMPI"};
  EXPECT_EQ(PatientKeys({{"EMPI", "42", "MR"}}, {"LAB|NORTH", "NORTH", shared}),
            PatientKeys({{"EMPI", "42", "MR"}}, {"EHR|SOUTH", "SOUTH", shared}));
}

TEST(PatientKeyTest, AnAuthorityWithAWorldWideNameIsTheSameEverywhere) {
  for (const char* authority : {"1.2.840.114350.1.13", "urn:oid:1.2.840.114350.1.13", "urn:mrn",
                                "http://hospital.example/mrn", "HTTPS://h/x", "x+y://h/1",
                                "6c1b5b3e-94d8-4c62-8d3e-2f6f5b0a9c11"}) {
    EXPECT_EQ(PatientKeys({{authority, "42", "MR"}}, {"LAB|NORTH", "NORTH"}),
              PatientKeys({{authority, "42", "MR"}}, {"", ""}))
        << authority;
  }
  EXPECT_EQ(PatientKeys({{"1.2.3", "42", "MR"}}, {"A", ""}),
            PatientKeys({{"urn:oid:1.2.3", "42", "MR"}}, {"B", ""}))
      << "HL7 v2 and FHIR write an OID each in their own way";
  EXPECT_EQ(PatientKeys({{"1.2.3", "42", "MR"}}, {"A", ""}),
            PatientKeys({{"URN:OID:1.2.3", "42", "MR"}}, {"B", ""}));
  EXPECT_EQ(PatientKeys({{"6c1b5b3e-94d8-4c62-8d3e-2f6f5b0a9c11", "42", "MR"}}, {"A", ""}),
            PatientKeys({{"urn:uuid:6C1B5B3E-94D8-4C62-8D3E-2F6F5B0A9C11", "42", "MR"}}, {"B", ""}))
      << "and a UUID likewise";
}

TEST(PatientKeyTest, AColonAloneMakesNoNameWorldWide) {
  for (const char* authority : {"MRN:1", "EPIC:MRN", "HOSP:", ":1", "a b://c", "1x://c"}) {
    const Keys north = PatientKeys({{authority, "42", "MR"}}, {"EHR|NORTH", "NORTH"});
    EXPECT_EQ(north.size(), 1u) << authority;
    EXPECT_NE(north, PatientKeys({{authority, "42", "MR"}}, {"EHR|SOUTH", "SOUTH"})) << authority;
  }
}

TEST(PatientKeyTest, WithoutAnAuthorityAnIdCountsWithinItsSenderOnly) {
  const Keys one = PatientKeys({{"", "42", "MR"}}, {"A|X", ""});
  EXPECT_EQ(one, PatientKeys({{"", "42", ""}}, {"A|X", ""}));
  EXPECT_NE(one, PatientKeys({{"", "42", "MR"}}, {"B|X", ""}));
  EXPECT_NE(one, PatientKeys({{"A|X", "42", "MR"}}, {"A|X", ""}));
  EXPECT_EQ(PatientKeys({{"", "42", "MR"}}, {"", ""}), Keys());
}

TEST(PatientKeyTest, PartsDoNotRunIntoEachOther) {
  EXPECT_NE(PatientKeys({{"AB", "C", "MR"}}, {"S", ""}),
            PatientKeys({{"A", "BC", "MR"}}, {"S", ""}));
  EXPECT_NE(DocumentKey("A", "BC"), DocumentKey("AB", "C"));
}

TEST(PatientKeyTest, PlaceholdersAreNoIds) {
  for (const char* value : {"", " ", "0", "000", "UNKNOWN", "unknown", "NA", "n/a", "None", "-",
                            "...", "99999", "999999999", "XXXXX", "\"\""}) {
    EXPECT_EQ(PatientKeys({{"HOSP", value, "MR"}}, {"A", ""}), Keys()) << value;
  }
  EXPECT_EQ(PatientKeys({{"HOSP", "1", "MR"}}, {"A", ""}).size(), 1u);
  EXPECT_EQ(PatientKeys({{"HOSP", "9999", "MR"}}, {"A", ""}).size(), 1u);
}

TEST(PatientKeyTest, NumbersOfARegisterAVisitOrAnAccountAreNotThePatients) {
  EXPECT_EQ(PatientKeys({{"USSSA", "123456789", "SS"},
                         {"USSSA", "123456789", ""},
                         {"http://hl7.org/fhir/sid/us-ssn", "123456789", ""},
                         {"STATE", "D1", "DL"},
                         {"HOSP", "V1", "VN"},
                         {"HOSP", "A1", "AN"}},
                        {"A", ""}),
            Keys());
}

TEST(PatientKeyTest, MedicalRecordNumbersWinOverOtherIds) {
  const Keys both =
      PatientKeys({{"X", "7", ""}, {"HOSP", "42", "MR"}, {"EMPI", "9", "PI"}}, {"A", ""});
  EXPECT_EQ(both, (Keys{PatientKeys({{"HOSP", "42", "MR"}}, {"A", ""})[0],
                        PatientKeys({{"EMPI", "9", "PI"}}, {"A", ""})[0]}));
  EXPECT_EQ(PatientKeys({{"X", "7", ""}}, {"A", ""}).size(), 1u);
}

TEST(PatientKeyTest, RepeatedIdsGiveOneKeyAndManyAreBounded) {
  EXPECT_EQ(PatientKeys({{"HOSP", "42", "MR"}, {"HOSP", "42", "PI"}}, {"A", ""}).size(), 1u);
  std::vector<PatientId> many;
  for (int i = 1; i <= 20; ++i) many.push_back({"HOSP", "id" + std::to_string(i), "MR"});
  EXPECT_EQ(PatientKeys(many, {"A", ""}).size(), kPatientKeysMax);
}

FeedMessage Message(const char* sender, const char* id, const char* digest) {
  FeedMessage message;
  message.door = "hl7";
  message.sender = sender;
  message.id = id;
  message.digest = digest;
  return message;
}

TEST(MessageKeyTest, SenderIdAndDigestMakeAMessage) {
  const std::string key = MessageKey(Message("A|X", "1", "d1"));
  EXPECT_EQ(key, MessageKey(Message("A|X", "1", "d1")));
  const std::set<std::string> keys = {
      key, MessageKey(Message("A|Y", "1", "d1")), MessageKey(Message("A|X", "2", "d1")),
      MessageKey(Message("A|X", "1", "d2")), MessageKey(Message("A|X", "", "d1"))};
  EXPECT_EQ(keys.size(), 5u);
}

TEST(MessageKeyTest, TheIdAloneFindsItsReuse) {
  EXPECT_EQ(MessageIdKey(Message("A|X", "1", "d1")), MessageIdKey(Message("A|X", "1", "d2")));
  EXPECT_NE(MessageIdKey(Message("A|X", "1", "d1")), MessageIdKey(Message("A|Y", "1", "d1")));
  EXPECT_EQ(MessageIdKey(Message("A|X", "", "d1")), std::nullopt);
}

TEST(FeedCaseIdTest, IsACaseIdOfItsOwnForEveryRecord) {
  const std::string id = FeedCaseId(Message("A|X", "1", "d1"), 0);
  EXPECT_TRUE(CheckCaseId(id).ok());
  EXPECT_EQ(id.size(), 28u);
  EXPECT_EQ(id.substr(0, 4), "hl7-");
  EXPECT_NE(id, FeedCaseId(Message("A|X", "1", "d1"), 1));
  EXPECT_NE(id, FeedCaseId(Message("A|X", "1", "d2"), 0));
}

}  // namespace
}  // namespace consilium
