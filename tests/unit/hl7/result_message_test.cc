#include "gateway/hl7/result_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/hl7/message.h"
#include "gateway/hl7/result_lines.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::int64_t kDecided = 1795860930000;  // 2026-11-28 10:15:30 UTC
constexpr std::int64_t kMade = kDecided + 5000;

CaseOrigin OriginOf() {
  CaseOrigin origin;
  origin.case_id = "hl7-0123456789abcdef01234567";
  origin.door = "hl7";
  origin.sender = "EPIC|GENERAL";
  origin.patient.ids = {{"GENERAL", "123456", "MR"}, {"1.2.840.5", "987", ""}};
  origin.patient.family = "Smith";
  origin.patient.given = "Jane";
  origin.patient.birth_date = "1980-03-14";
  origin.patient.sex = "female";
  origin.account = "ACC1";
  origin.visit = "V77";
  origin.placer.id = "P123";
  origin.filler.id = "F456";
  origin.documents = {"DOC1"};
  return origin;
}

Recommendation RecommendationOf(std::int64_t revision = 1) {
  Recommendation r;
  r.case_id = "hl7-0123456789abcdef01234567";
  r.revision = revision;
  r.status = CaseState::kDegraded;
  r.reason = "one of three models did not answer";
  r.medications = {{"amoxicillin", "500", "mg", "oral", "every 8 hours", "7 days", "otitis media"},
                   {"ibuprofen", "", "", "oral", "", "", ""}};
  r.ingredients = {"amoxicillin", "ibuprofen"};
  r.support = 0.666;
  r.confidence = 0.815;
  r.confidence_note = "of 240 cases";
  r.candidates.resize(2);
  r.candidates[0].ingredients = r.ingredients;
  r.candidates[1].ingredients = {"azithromycin"};
  r.candidates[1].support = 0.334;
  r.candidates[1].models = {"beta"};
  r.dissent = {"beta warns of harm: allergy to penicillin"};
  r.safety = {{"allergy", "contraindicated", {"amoxicillin"}, "allergy to penicillin", "row 7"},
              {"renal", "caution", {}, "eGFR not stated", "row 9"},
              {"age", "info", {"ibuprofen"}, "age 4", "row 2"}};
  r.missing = {{"gamma", "generate", "timed_out", "no answer in 60 s"}};
  r.decided_ms = kDecided;
  return r;
}

ResultHeader HeaderOf(ResultForm form = ResultForm::kOru) {
  ResultHeader header;
  header.form = form;
  header.facility = "HOSP";
  header.receiving_application = "EPIC";
  header.receiving_facility = "GENERAL";
  return header;
}

// One segment a line.
std::string Readable(std::string message) {
  std::replace(message.begin(), message.end(), '\r', '\n');
  return message;
}

Hl7Message Parsed(const std::string& message) {
  auto parsed = ParseHl7(message);
  EXPECT_TRUE(parsed.ok()) << parsed.error().text;
  EXPECT_THAT(parsed->remarks(), testing::IsEmpty());
  return std::move(*parsed);
}

std::vector<const Hl7Segment*> All(const Hl7Message& message, std::string_view name) {
  std::vector<const Hl7Segment*> found;
  for (const Hl7Segment& segment : message.segments()) {
    if (segment.name() == name) found.push_back(&segment);
  }
  return found;
}

// "CODE sub status" of each OBX.
std::vector<std::string> Statuses(const std::string& text) {
  const Hl7Message message = Parsed(text);
  std::vector<std::string> list;
  for (const Hl7Segment* obx : All(message, "OBX")) {
    list.push_back(obx->Get(3) + " " + obx->Get(4) + " " + obx->Get(11));
  }
  return list;
}

TEST(ResultMessageTest, AResultSaysWhatItIsAndAllThatItRestsOn) {
  EXPECT_EQ(Readable(WriteResultMessage(HeaderOf(), OriginOf(), RecommendationOf(), nullptr,
                                        "https://c.example/cases/1?a=b&c=d", kMade)),
            R"(MSH|^~\&|CONSILIUM|HOSP|EPIC|GENERAL|20261128101535+0000||ORU^R01^ORU_R01|)" +
                ResultControlId(OriginOf().case_id, 1) + R"(|P|2.5.1||||||UNICODE UTF-8
PID|1||123456^^^GENERAL^MR~987^^^&1.2.840.5&ISO||Smith^Jane||19800314|F||||||||||ACC1
PV1|1|U|||||||||||||||||V77
OBR|1||hl7-0123456789abcdef01234567^CONSILIUM|MEDREC^Medication recommendation (AI decision support)^99CSL|||20261128101530+0000|||||||||||||||20261128101530+0000|||F||||P123^F456
OBX|1|TX|NOTICE^Notice^99CSL||AI-generated decision support, not an order; not for emergencies.||||||F|||20261128101530+0000
OBX|2|TX|STATUS^Status^99CSL||degraded: one of three models did not answer||||||F|||20261128101530+0000
OBX|3|TX|RECOMMENDATION^Recommendation^99CSL||amoxicillin + ibuprofen||||||F|||20261128101530+0000
OBX|4|TX|DOSE^Dose^99CSL|1|amoxicillin: 500 mg, oral, every 8 hours, duration 7 days, for otitis media||||||F|||20261128101530+0000
OBX|5|TX|DOSE^Dose^99CSL|2|ibuprofen: oral, dose not stated||||||F|||20261128101530+0000
OBX|6|TX|CONFIDENCE^Confidence^99CSL||82 %: of 240 cases||||||F|||20261128101530+0000
OBX|7|TX|SUPPORT^Support in the council^99CSL||67 %||||||F|||20261128101530+0000
OBX|8|TX|SAFETY^Safety^99CSL|1|contraindicated: allergy to penicillin (allergy: amoxicillin)|||AA|||F|||20261128101530+0000
OBX|9|TX|SAFETY^Safety^99CSL|2|caution: eGFR not stated (renal)|||A|||F|||20261128101530+0000
OBX|10|TX|SAFETY^Safety^99CSL|3|info: age 4 (age: ibuprofen)||||||F|||20261128101530+0000
OBX|11|TX|ALTERNATIVE^Alternative^99CSL|1|azithromycin: support 33 %, by beta||||||F|||20261128101530+0000
OBX|12|TX|DISSENT^Dissent^99CSL|1|beta warns of harm: allergy to penicillin||||||F|||20261128101530+0000
OBX|13|TX|MISSING^Did not take part^99CSL|1|gamma (generate): timed_out, no answer in 60 s||||||F|||20261128101530+0000
OBX|14|TX|SOURCE^Source document^99CSL|1|DOC1||||||F|||20261128101530+0000
OBX|15|TX|CASE^Case^99CSL||hl7-0123456789abcdef01234567, revision 1||||||F|||20261128101530+0000
OBX|16|TX|LINK^Details^99CSL||https://c.example/cases/1?a=b\T\c=d||||||F|||20261128101530+0000
)");
}

TEST(ResultMessageTest, ADocumentHasTheCaseAsItsNumberAndTheNoteAsItsParent) {
  const std::string text = Readable(WriteResultMessage(HeaderOf(ResultForm::kMdm), OriginOf(),
                                                       RecommendationOf(), nullptr, "", kMade));
  EXPECT_TRUE(text.starts_with(
      R"(MSH|^~\&|CONSILIUM|HOSP|EPIC|GENERAL|20261128101535+0000||MDM^T02^MDM_T02|)" +
      ResultControlId(OriginOf().case_id, 1) + R"(|P|2.5.1||||||UNICODE UTF-8
EVN|T02|20261128101530+0000
PID|1||123456^^^GENERAL^MR~987^^^&1.2.840.5&ISO||Smith^Jane||19800314|F||||||||||ACC1
PV1|1|U|||||||||||||||||V77
TXA|1|CDS|TX|20261128101530+0000||20261128101530+0000||||||hl7-0123456789abcdef01234567^CONSILIUM|DOC1||||DO
OBX|1|TX|NOTICE^)"))
      << text;
}

TEST(ResultMessageTest, OfSeveralDocumentsTheLatestIsTheParentAndAllAreNamed) {
  CaseOrigin origin = OriginOf();
  origin.documents = {"DOC1", "DOC1-ADDENDUM"};
  const Hl7Message message = Parsed(WriteResultMessage(HeaderOf(ResultForm::kMdm), origin,
                                                       RecommendationOf(), nullptr, "", kMade));
  EXPECT_EQ(message.Find("TXA")->Get(13), "DOC1-ADDENDUM");
  std::vector<std::string> sources;
  for (const Hl7Segment* obx : All(message, "OBX")) {
    if (obx->Get(3) == "SOURCE") sources.push_back(obx->Text(5));
  }
  EXPECT_EQ(sources, origin.documents);
}

TEST(ResultMessageTest, NumbersOfTheSourceComeBackWithWhoGaveThemOut) {
  CaseOrigin origin = OriginOf();
  origin.entity = {"doc^1", "HIS&LAB", "1.2.3", "ISO"};
  origin.placer = {"P|1", "ORDERS", "", ""};
  origin.filler = {"F1", "", "1.2.4", "ISO"};
  const auto write = [&](ResultForm form) {
    return Parsed(
        WriteResultMessage(HeaderOf(form), origin, RecommendationOf(), nullptr, "", kMade));
  };
  const Hl7Message document = write(ResultForm::kMdm);
  EXPECT_EQ(document.Find("TXA")->Raw(13), R"(doc\S\1^HIS\T\LAB^1.2.3^ISO)");
  EXPECT_EQ(document.Find("TXA")->Get(13, 1), "doc^1");
  EXPECT_EQ(document.Find("TXA")->Get(13, 2), "HIS&LAB");
  const Hl7Message report = write(ResultForm::kOru);
  EXPECT_EQ(report.Find("OBR")->Raw(29), R"(P\F\1&ORDERS^F1&&1.2.4&ISO)");
}

TEST(ResultMessageTest, ARevisionReplacesTheDocumentBeforeIt) {
  const auto text = WriteResultMessage(HeaderOf(ResultForm::kMdm), OriginOf(), RecommendationOf(3),
                                       nullptr, "", kMade);
  const Hl7Message message = Parsed(text);
  EXPECT_EQ(message.msh().Raw(9), "MDM^T10^MDM_T02");
  EXPECT_EQ(message.Find("EVN")->Get(1), "T10");
  EXPECT_EQ(message.Find("TXA")->Raw(12), "hl7-0123456789abcdef01234567.3^CONSILIUM");
  EXPECT_EQ(message.Find("TXA")->Raw(13), "hl7-0123456789abcdef01234567.2^CONSILIUM");
  EXPECT_EQ(message.Find("TXA")->Get(19), "");
}

TEST(ResultMessageTest, AWithdrawalCancelsTheLastDocumentAndShowsNoMedication) {
  Recommendation withdrawn;
  withdrawn.case_id = OriginOf().case_id;
  withdrawn.revision = 3;
  withdrawn.status = CaseState::kCancelled;
  withdrawn.decided_ms = kDecided;
  const Recommendation before = RecommendationOf(2);
  const auto text =
      WriteResultMessage(HeaderOf(ResultForm::kMdm), OriginOf(), withdrawn, &before, "", kMade);
  const Hl7Message message = Parsed(text);
  EXPECT_EQ(message.msh().Raw(9), "MDM^T11^MDM_T01");
  EXPECT_EQ(message.Find("TXA")->Raw(12), "hl7-0123456789abcdef01234567.2^CONSILIUM");
  EXPECT_EQ(message.Find("TXA")->Raw(13), "");
  EXPECT_EQ(message.Find("TXA")->Get(19), "CA");
  EXPECT_EQ(message.Find("OBX"), nullptr);
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("amoxicillin")));
}

TEST(ResultMessageTest, ARevisionCorrectsItsLinesAndTakesBackThoseThatItDoesNotHave) {
  const Recommendation before = RecommendationOf(1);
  Recommendation now = RecommendationOf(2);
  now.medications.pop_back();
  now.safety.resize(1);
  now.missing.clear();
  now.simulated = true;
  const std::string text = WriteResultMessage(HeaderOf(), OriginOf(), now, &before, "", kMade);
  EXPECT_THAT(Statuses(text),
              testing::ElementsAre("NOTICE  C", "SIMULATED  F", "STATUS  C", "RECOMMENDATION  C",
                                   "DOSE 1 C", "CONFIDENCE  C", "SUPPORT  C", "SAFETY 1 C",
                                   "ALTERNATIVE 1 C", "DISSENT 1 C", "SOURCE 1 C", "CASE  C",
                                   "DOSE 2 D", "SAFETY 2 D", "SAFETY 3 D", "MISSING 1 D"));
  EXPECT_EQ(Parsed(text).Find("OBR")->Get(25), "C");
  for (const std::string& status :
       Statuses(WriteResultMessage(HeaderOf(), OriginOf(), now, nullptr, "", kMade))) {
    EXPECT_TRUE(status.ends_with(" C")) << status;
  }
}

TEST(ResultMessageTest, AWithdrawnResultSaysSoAndNamesNoMedication) {
  const Recommendation before = RecommendationOf(1);
  Recommendation now;
  now.case_id = before.case_id;
  now.revision = 2;
  now.status = CaseState::kCancelled;
  now.reason = "the note was retracted";
  now.decided_ms = kDecided;
  const std::string text = WriteResultMessage(HeaderOf(), OriginOf(), now, &before, "", kMade);
  EXPECT_THAT(Statuses(text),
              testing::ElementsAre("NOTICE  C", "STATUS  C", "SOURCE 1 C", "CASE  C",
                                   "RECOMMENDATION  W", "DOSE 1 W", "DOSE 2 W", "CONFIDENCE  W",
                                   "SUPPORT  W", "SAFETY 1 W", "SAFETY 2 W", "SAFETY 3 W",
                                   "ALTERNATIVE 1 W", "DISSENT 1 W", "MISSING 1 W"));
  const Hl7Message message = Parsed(text);
  EXPECT_EQ(message.Find("OBR")->Get(25), "X");
  EXPECT_EQ(All(message, "OBX")[1]->Text(5), "WITHDRAWN, do not use: the note was retracted");
  EXPECT_EQ(All(message, "OBX")[1]->Get(8), "AA");
  for (const char* name : {"amoxicillin", "ibuprofen", "azithromycin"}) {
    EXPECT_THAT(text, testing::Not(testing::HasSubstr(name)));
  }
}

TEST(ResultMessageTest, TheSameRevisionHasTheSameControlIdAndNoOtherHas) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    for (std::int64_t revision = 1; revision <= 10; ++revision) {
      const std::string id = ResultControlId("case-" + std::to_string(i), revision);
      EXPECT_EQ(id.size(), 20u);
      EXPECT_EQ(id.find_first_not_of("0123456789ABCDEF"), std::string::npos) << id;
      EXPECT_EQ(id, ResultControlId("case-" + std::to_string(i), revision));
      ids.insert(id);
    }
  }
  EXPECT_EQ(ids.size(), 1000u);
  const auto text = [](std::int64_t made_ms) {
    return WriteResultMessage(HeaderOf(), OriginOf(), RecommendationOf(), nullptr, "", made_ms);
  };
  EXPECT_EQ(text(kMade), text(kMade));
  EXPECT_EQ(Parsed(text(kMade)).msh().Get(10), Parsed(text(kMade + 99000)).msh().Get(10));
}

TEST(ResultMessageTest, WhatIsNotKnownStaysEmpty) {
  CaseOrigin origin;
  Recommendation r;
  r.case_id = "c";
  r.status = CaseState::kInsufficient;
  r.reason = "too little agreement";
  const std::string text = WriteResultMessage({}, origin, r, nullptr, "", kMade);
  EXPECT_EQ(Readable(text), R"(MSH|^~\&|CONSILIUM||||20261128101535+0000||ORU^R01^ORU_R01|)" +
                                ResultControlId("c", 1) + R"(|P|2.5.1||||||UNICODE UTF-8
PID|1
OBR|1||c^CONSILIUM|MEDREC^Medication recommendation (AI decision support)^99CSL|||20261128101535+0000|||||||||||||||20261128101535+0000|||F
OBX|1|TX|NOTICE^Notice^99CSL||AI-generated decision support, not an order; not for emergencies.||||||F|||20261128101535+0000
OBX|2|TX|STATUS^Status^99CSL||insufficient: too little agreement||||||F|||20261128101535+0000
OBX|3|TX|RECOMMENDATION^Recommendation^99CSL||No recommendation: the council abstains.||||||F|||20261128101535+0000
OBX|4|TX|CONFIDENCE^Confidence^99CSL||not known||||||F|||20261128101535+0000
OBX|5|TX|CASE^Case^99CSL||c, revision 1||||||F|||20261128101535+0000
)");
}

TEST(ResultMessageTest, BirthDatesAreAsPreciseAsTheyWereStatedAndSexesAsTheTableHasThem) {
  const auto pid = [](const std::string& birth_date, const std::string& sex) {
    CaseOrigin origin;
    origin.patient.birth_date = birth_date;
    origin.patient.sex = sex;
    const Hl7Message message =
        Parsed(WriteResultMessage({}, origin, RecommendationOf(), nullptr, "", kMade));
    return message.Find("PID")->Get(7) + " " + message.Find("PID")->Get(8);
  };
  EXPECT_EQ(pid("1980", "female"), "1980 F");
  EXPECT_EQ(pid("1980-03", "male"), "198003 M");
  EXPECT_EQ(pid("1980-03-14T10:15:00+01:00", "other"), "19800314 O");
  EXPECT_EQ(pid("", "unknown"), " U");
  EXPECT_EQ(pid("spring|1980", "x"), " ");
  EXPECT_EQ(pid("1980-3-14", ""), " ");
}

TEST(ResultMessageTest, AnAuthorityOfAnyKindIsWrittenAsWhatItIs) {
  const auto authority = [](const std::string& text) {
    CaseOrigin origin;
    origin.patient.ids = {{text, "1", "MR"}};
    const std::string message =
        WriteResultMessage({}, origin, RecommendationOf(), nullptr, "", kMade);
    return std::string(Parsed(message).Find("PID")->Raw(3));
  };
  EXPECT_EQ(authority("HOSP"), "1^^^HOSP^MR");
  EXPECT_EQ(authority("urn:oid:1.2.3"), "1^^^&1.2.3&ISO^MR");
  EXPECT_EQ(authority("1.2.3"), "1^^^&1.2.3&ISO^MR");
  EXPECT_EQ(authority("urn:uuid:5e"), "1^^^&5e&UUID^MR");
  EXPECT_EQ(authority("6c1b5b3e-94d8-4c62-8d3e-2f6f5b0a9c11"),
            "1^^^&6c1b5b3e-94d8-4c62-8d3e-2f6f5b0a9c11&UUID^MR");
  EXPECT_EQ(authority("URN:OID:1.2.3"), "1^^^&1.2.3&ISO^MR");
  EXPECT_EQ(authority("MRN:1"), "1^^^MRN:1^MR");
  EXPECT_EQ(authority("http://hosp.example/mrn"), "1^^^&http://hosp.example/mrn&URI^MR");
  EXPECT_EQ(authority(""), "1^^^^MR");
}

TEST(ResultMessageTest, AClosedChoiceNoMedicationAndAnUnknownDoseAreSaid) {
  Recommendation r;
  r.case_id = "c";
  r.status = CaseState::kComplete;
  r.no_medication = true;
  const auto text = [&r](const std::string& code) {
    for (const ResultLine& line : ResultLines(r, {}, "")) {
      if (line.code == code) return line.text;
    }
    return std::string("none");
  };
  EXPECT_EQ(text("RECOMMENDATION"), "No medication.");
  EXPECT_EQ(text("STATUS"), "complete");
  EXPECT_EQ(text("DOSE"), "none");
  r.no_medication = false;
  r.ingredients = {"warfarin"};
  r.medications = {{"Coumadin", "", "", "", "", "", ""}};
  r.option = "B";
  r.confidence_note = "too few outcomes are known";
  EXPECT_EQ(text("RECOMMENDATION"), "warfarin (option B)");
  EXPECT_EQ(text("DOSE"), "Coumadin: dose not stated");
  EXPECT_EQ(text("CONFIDENCE"), "not known: too few outcomes are known");
  EXPECT_EQ(text("SUPPORT"), "none");
  EXPECT_EQ(text("SIMULATED"), "none");
  r.simulated = true;
  EXPECT_EQ(text("SIMULATED"), "SIMULATED: not all answers are of real models; not for care.");
}

// Text with what divides a message, ends it, or looks like one.
std::string Hostile(SeededRandom& random) {
  static const std::vector<std::string> kParts = {
      "|",          "^",           "~",     "\\",
      "&",          "\r",          "\n",    "\r\n",
      "\x0b",       "\x1c",        "\"\"",  "\rORC|NW|1",
      "\nRXO|1",    "\\X0D\\RXE|", "\\F\\", "\\.br\\",
      "MSH|^~\\&|", "\xc3\xa9",    "\xff",  "\xe2\x80\xae",
      "word",       " ",           "\t",    std::string(1, '\0'),
      "#"};
  std::string text = "x";
  for (std::uint64_t i = random.Below(8); i > 0; --i) text += kParts[random.Below(kParts.size())];
  return text + "y";
}

// What of it a receiver must read again.
std::string Expected(const std::string& text) {
  std::string kept;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\r' || c == '\n') {
      kept += '\n';
    } else if (c == '\t' || static_cast<unsigned char>(c) >= 0x20) {
      kept += c;
    }
  }
  return ToValidUtf8(kept);
}

TEST(ResultMessageTest, HostileTextStaysTextInItsField) {
  const std::set<std::string_view> allowed = {"MSH", "EVN", "PID", "PV1", "OBR", "TXA", "OBX"};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random(seed, "hostile");
    CaseOrigin origin = OriginOf();
    Recommendation r = RecommendationOf();
    for (std::string* text : {&origin.patient.family,
                              &origin.patient.given,
                              &origin.patient.ids[0].value,
                              &origin.patient.ids[0].authority,
                              &origin.account,
                              &origin.visit,
                              &origin.placer.id,
                              &origin.placer.authority,
                              &origin.filler.universal_id,
                              &origin.entity.id,
                              &origin.entity.authority,
                              &origin.documents[0],
                              &r.reason,
                              &r.medications[0].ingredient,
                              &r.medications[0].frequency,
                              &r.ingredients[0],
                              &r.dissent[0],
                              &r.safety[0].text,
                              &r.missing[0].text,
                              &r.confidence_note}) {
      *text = Hostile(random);
    }
    for (const ResultForm form : {ResultForm::kOru, ResultForm::kMdm}) {
      const std::string text = WriteResultMessage(HeaderOf(form), origin, r, nullptr,
                                                  "https://x/" + Hostile(random), kMade);
      EXPECT_EQ(text.find_first_of(std::string("\x0b\x1c\n\0", 4)), std::string::npos) << seed;
      const Hl7Message message = Parsed(text);
      for (const Hl7Segment& segment : message.segments()) {
        EXPECT_TRUE(allowed.contains(segment.name())) << seed << " " << segment.name();
      }
      const Hl7Segment& pid = *message.Find("PID");
      EXPECT_EQ(pid.Get(3), Expected(origin.patient.ids[0].value)) << seed;
      EXPECT_EQ(pid.Repetitions(3), 2u) << seed;
      EXPECT_EQ(pid.Get(5, 1), Expected(origin.patient.family)) << seed;
      EXPECT_EQ(pid.Get(5, 2), Expected(origin.patient.given)) << seed;
      EXPECT_EQ(pid.Get(18), Expected(origin.account)) << seed;
      EXPECT_EQ(message.Find("PV1")->Get(19), Expected(origin.visit)) << seed;
      std::size_t seen = 0;
      for (const Hl7Segment* obx : All(message, "OBX")) {
        EXPECT_EQ(obx->Fields(), 14u) << seed;
        EXPECT_EQ(obx->Components(5), 1u) << seed;
        if (obx->Get(3) == "DISSENT") {
          EXPECT_EQ(obx->Text(5), Expected(r.dissent[0])) << seed;
          ++seen;
        }
        if (obx->Get(3) == "SOURCE") {
          EXPECT_EQ(obx->Text(5), Expected(origin.documents[0])) << seed;
          ++seen;
        }
      }
      EXPECT_EQ(seen, 2u) << seed;
    }
  }
}

}  // namespace
}  // namespace consilium
