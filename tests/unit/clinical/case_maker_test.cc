#include "gateway/clinical/case_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "gateway/clinical/age.h"
#include "gateway/clinical/scrub.h"

namespace consilium {
namespace {

// 2026-11-28T12:00:00Z
constexpr std::int64_t kNow = 1'795'867'200'000;

Fact Stated(FactKind kind, const char* text, const char* detail = "",
            FactStatus status = FactStatus::kActive) {
  Fact fact;
  fact.kind = kind;
  fact.text = text;
  fact.detail = detail;
  fact.status = status;
  return fact;
}
Fact Measured(const char* name, const char* code, const char* value, const char* unit,
              const char* time = "2026-11-27T08:00:00Z") {
  Fact fact = Stated(FactKind::kMeasurement, name);
  fact.code = code;
  fact.system = *code ? "LN" : "";
  fact.value_text = value;
  char* end = nullptr;
  const double number = std::strtod(value, &end);
  if (*end == '\0' && end != value) fact.value = number;
  fact.unit = unit;
  fact.time = time;
  return fact;
}

Result<CaseText> Make(const FeedRecord& record) {
  return MakeVignette(record, JoinContext(record, {}, kNow, 1000), kNow);
}
FeedRecord WithNote(const char* text) {
  FeedRecord record;
  record.notes = {{NoteAction::kNew, "D1", "", "", text, ""}};
  return record;
}
std::vector<std::string> Codes(const std::vector<Remark>& remarks) {
  std::vector<std::string> codes;
  for (const Remark& remark : remarks) codes.push_back(remark.code + " " + remark.where);
  return codes;
}
using List = std::vector<std::string>;

TEST(MakeVignetteTest, NotesComeFirstAndWhatIsCodedFollowsLineByLine) {
  FeedRecord record;
  record.patient = {{{"H", "MRN12345", "MR"}}, "Everyman", "Adam", "1960-03-15", "male"};
  record.account = "ACC0099";
  record.reason = "cough for three days";
  record.notes = {
      {NoteAction::kNew, "D1", "", "Progress note",
       "Mr. EVERYMAN (MRN12345, acct ACC0099) has a fever.\nAdam's cough is worse.", ""},
      {NoteAction::kAddendum, "D2", "D1", "", "No improvement.", ""},
      {NoteAction::kStatus, "D3", "", "Old", "", ""}};
  record.facts = {
      Stated(FactKind::kDiagnosis, "Pneumonia"),
      Stated(FactKind::kDiagnosis, "Fracture", "", FactStatus::kInactive),
      Stated(FactKind::kAllergy, "Penicillin", "severe; hives"),
      Stated(FactKind::kMedication, "Lisinopril 10 mg", "once daily (morning)"),
      Measured("Creatinine", "2160-0", "1.4", "mg/dL"),
      Measured("eGFR", "33914-3", "52", "mL/min/1.73m2"),
      Measured("Body weight", "29463-7", "180", "[lb_av]"),
      Measured("Troponin", "6598-7", "<0.01", "ng/mL", ""),
      Stated(FactKind::kImmunization, "Influenza"),
  };
  record.facts.back().time = "2025-10-01";
  const auto made = Make(record);
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_EQ(made->vignette.text,
            "Progress note\n"
            "Mr. [name] ([id], acct [id]) has a fever.\n[name]'s cough is worse.\n\n"
            "Addendum\nNo improvement.\n\n"
            "Stated beside the notes:\n"
            "Reason: cough for three days\n"
            "Diagnoses: Pneumonia\n"
            "Allergies: Penicillin (severe; hives)\n"
            "Measurements:\n"
            "- Creatinine: 1.4 mg/dL (2026-11-27)\n"
            "- eGFR: 52 mL/min/1.73m2 (2026-11-27)\n"
            "- Body weight: 180 [lb_av] (2026-11-27)\n"
            "- Troponin: <0.01 ng/mL\n"
            "Immunizations: Influenza (2025-10-01)\n");
  const Patient& patient = made->vignette.patient;
  EXPECT_EQ(patient.age, 66);
  EXPECT_EQ(patient.sex, "male");
  EXPECT_EQ(patient.allergies, List{"Penicillin (severe; hives)"});
  EXPECT_EQ(patient.medications, List{"Lisinopril 10 mg (once daily [morning])"});
  EXPECT_EQ(patient.egfr, 52);
  EXPECT_EQ(patient.weight_kg, 81.647);
  EXPECT_EQ(patient.pregnant, std::nullopt);
  EXPECT_EQ(Codes(made->remarks), List());
}

TEST(MakeVignetteTest, WhatIsNotStatedIsSaidToBeNotStated) {
  const auto made = Make(WithNote("Cough."));
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->vignette.text,
            "Cough.\n\nStated beside the notes:\nAllergies: not stated.\n"
            "Current medications: not stated.\n");
  EXPECT_EQ(made->vignette.patient.age, std::nullopt);
  EXPECT_EQ(made->vignette.patient.sex, std::nullopt);
}

TEST(MakeVignetteTest, ThatThereIsNoneIsNotTheSameAsNothingStated) {
  FeedRecord record = WithNote("Cough.");
  for (const FactKind kind : {FactKind::kAllergy, FactKind::kMedication, FactKind::kDiagnosis}) {
    record.facts.push_back(Stated(kind, "", "", FactStatus::kNoneKnown));
  }
  const auto made = Make(record);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->vignette.text,
            "Cough.\n\nStated beside the notes:\nNo known problems (stated).\n"
            "No known allergies (stated).\nNo current medications (stated).\n");
  EXPECT_EQ(made->vignette.patient.allergies, List());
}

TEST(MakeVignetteTest, AnAllergyBesideNoneKnownIsShownAndCounts) {
  FeedRecord record = WithNote("Cough.");
  record.facts = {Stated(FactKind::kAllergy, "Latex"),
                  Stated(FactKind::kAllergy, "", "", FactStatus::kNoneKnown)};
  const auto made = Make(record);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->vignette.text,
            "Cough.\n\nStated beside the notes:\nAllergies: Latex. No known allergies was stated "
            "too; the two contradict each other.\nCurrent medications: not stated.\n");
  EXPECT_EQ(made->vignette.patient.allergies, List{"Latex"});
}

TEST(MakeVignetteTest, ADetailThatWouldTurnAnAllergyRoundStaysInTheText) {
  FeedRecord record = WithNote("Cough.");
  record.facts = {Stated(FactKind::kAllergy, "Penicillin", "reaction not known"),
                  Stated(FactKind::kAllergy, "Latex", "seen by mother")};
  const auto made = Make(record);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->vignette.patient.allergies, (List{"Penicillin", "Latex"}));
  EXPECT_NE(made->vignette.text.find("Penicillin (reaction not known); Latex (seen by mother)"),
            std::string::npos);
}

TEST(MakeVignetteTest, AnAgeInANoteThatIsAnotherStandsBesideIt) {
  FeedRecord record = WithNote("67-year-old man with cough.");
  record.patient.birth_date = "1982-11-29";
  const auto made = Make(record);
  ASSERT_TRUE(made.ok());
  EXPECT_NE(made->vignette.text.find("\nAge: 43 years by the birth date of the record, 67 years in "
                                     "a note; which one is right is not known.\n"),
            std::string::npos);
  EXPECT_EQ(Codes(made->remarks), List{"age_conflict birth_date"});
  EXPECT_EQ(made->vignette.patient.age, 43);
  record.notes[0].text = "44F with cough.";
  EXPECT_EQ(Codes(Make(record)->remarks), List());
}

TEST(MakeVignetteTest, ABirthYearAloneGivesAnAgeAndARemark) {
  FeedRecord record = WithNote("Cough.");
  record.patient.birth_date = "1930";
  const auto made = Make(record);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->vignette.patient.age, 96);
  EXPECT_EQ(Codes(made->remarks), List{"age_imprecise birth_date"});
  record.patient.birth_date = "2030-01-01";
  EXPECT_EQ(Make(record)->vignette.patient.age, std::nullopt);
  EXPECT_EQ(Codes(Make(record)->remarks), List{"birth_date_unusable birth_date"});
}

TEST(MakeVignetteTest, ValuesThatAreNoNumbersOfAKnownUnitStayInTheText) {
  FeedRecord record = WithNote("Cough.");
  record.facts = {Measured("GFR", "33914-3", ">60", "mL/min"),
                  Measured("Weight", "", "12", "stone")};
  const auto made = Make(record);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->vignette.patient.egfr, std::nullopt);
  EXPECT_EQ(made->vignette.patient.weight_kg, std::nullopt);
  EXPECT_EQ(Codes(made->remarks), (List{"value_unusable eGFR", "value_unusable weight"}));
  EXPECT_NE(made->vignette.text.find("- GFR: >60 mL/min"), std::string::npos);
}

TEST(MakeVignetteTest, TheLatestOfSeveralCodesForOneThingCounts) {
  FeedRecord record = WithNote("Cough.");
  record.facts = {Measured("eGFR", "98979-8", "30", "mL/min/{1.73_m2}", "2026-11-28"),
                  Measured("eGFR", "33914-3", "60", "mL/min/{1.73_m2}", "2026-11-01")};
  EXPECT_EQ(Make(record)->vignette.patient.egfr, 30);
}

TEST(MakeVignetteTest, EgfrIsKnownByItsNameToo) {
  FeedRecord record = WithNote("Cough.");
  record.facts = {Measured("eGFR (MDRD)", "", "44", "MLMIN")};
  EXPECT_EQ(Make(record)->vignette.patient.egfr, 44);
  record.facts = {Measured("Birth weight", "", "3", "kg")};
  EXPECT_EQ(Make(record)->vignette.patient.weight_kg, std::nullopt);
}

TEST(MakeVignetteTest, PregnancyIsKnownOnlyWhereItIsSaid) {
  FeedRecord record = WithNote("Nausea.");
  const auto pregnant = [&](const char* value, const char* sex) {
    record.patient.sex = sex;
    record.facts = {Measured("Pregnancy status", "82810-3", value, "")};
    return Make(record)->vignette.patient.pregnant;
  };
  EXPECT_EQ(pregnant("Pregnant", "female"), true);
  EXPECT_EQ(pregnant("Not pregnant", "female"), false);
  EXPECT_EQ(pregnant("negative", ""), false);
  EXPECT_EQ(pregnant("Possible pregnancy", "female"), std::nullopt);
  EXPECT_EQ(pregnant("Pregnant", "male"), std::nullopt);
  EXPECT_EQ(Codes(Make(record)->remarks), List{"pregnancy_conflict sex"});
}

TEST(MakeVignetteTest, ANoteThatNobodyHereCanReadIsRefused) {
  FeedRecord record = WithNote("Cough.");
  record.notes.front().unread = Unread::kForm;
  const auto made = Make(record);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(made.error().text,
            "notes: one came in a form that is not read here (PDF, RTF, image, a reference), "
            "expected text: a human has to look");
  record.notes.front().unread = Unread::kMissing;
  EXPECT_EQ(Make(record).error().text,
            "notes: one was changed or added to, and its text was not sent: a human has to look");
  record.notes.front().unread = Unread::kLength;
  EXPECT_EQ(Make(record).error().code, ErrorCode::kTooLarge);
}

TEST(MakeVignetteTest, WithoutNoteReasonAndDiagnosisThereIsNothingToAsk) {
  FeedRecord record = WithNote(" \n ");
  record.facts = {Stated(FactKind::kAllergy, "Latex"), Measured("eGFR", "33914-3", "60", "mL/min"),
                  Stated(FactKind::kDiagnosis, "Flu", "", FactStatus::kInactive)};
  const auto made = Make(record);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(made.error().text,
            "nothing to ask about: expected a note, a reason or an active diagnosis");
  record.facts.push_back(Stated(FactKind::kDiagnosis, "Pneumonia"));
  EXPECT_TRUE(Make(record).ok());
  record.facts.pop_back();
  record.reason = "cough";
  EXPECT_TRUE(Make(record).ok());
}

TEST(MakeVignetteTest, MoreAllergiesThanACaseMayHaveAreNotCut) {
  FeedRecord record = WithNote("Cough.");
  for (int i = 0; i < 65; ++i) {
    record.facts.push_back(Stated(FactKind::kAllergy, ("a" + std::to_string(i)).c_str()));
  }
  const auto made = Make(record);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(made.error().text, "allergy: 65 stated, expected at most 64");
}

std::string AgeText(const char* birth_date) {
  const auto age = AgeAt(birth_date, kNow);
  return age ? age->text + (age->exact ? "" : " about") : "none";
}

TEST(AgeAtTest, CountsCompletedYearsMonthsAndDays) {
  EXPECT_EQ(AgeText("1981-11-28"), "45 years");
  EXPECT_EQ(AgeText("1981-11-29"), "44 years");
  EXPECT_EQ(AgeText("1981-11"), "45 years about");
  EXPECT_EQ(AgeText("1896-11-28"), "130 years");
  EXPECT_EQ(AgeText("2024-01-29"), "33 months");
  EXPECT_EQ(AgeText("2026-11-16"), "12 days");
  EXPECT_EQ(AgeText("2026-11-28"), "0 days");
  EXPECT_EQ(AgeText("2026-11-29"), "none");
  EXPECT_EQ(AgeText("1895"), "none");
  EXPECT_EQ(AgeText("19811128"), "none");
  EXPECT_EQ(AgeAt("2026-04-28", kNow)->years, 0.58);
}

TEST(StatedAgeTest, FindsTheUsualForms) {
  for (const char* text :
       {"A 67-year-old man", "67 year old", "67 years old.", "67yo M", "67 y/o F", "67 Y.O.",
        "Pt is 67 yr old", "67F with cough", "(67M) cough"}) {
    EXPECT_EQ(StatedAge(text), 67) << text;
  }
}

TEST(StatedAgeTest, DoesNotTakeOtherNumbersForAnAge) {
  for (const char* text :
       {"Temp 101F today", "BP 120/80", "her 3-year-old son", "in 2019", "1067 years old",
        "v1.67yo", "67 mg", "A 67-year-oldest", "", "67", "5-year survival"}) {
    EXPECT_EQ(StatedAge(text), std::nullopt) << text;
  }
  EXPECT_EQ(StatedAge("mother of a 3-year-old son, 40 years old"), 40);
}

std::string Scrubbed(const char* family, const char* given, const char* text) {
  FeedRecord record;
  record.patient.family = family;
  record.patient.given = given;
  record.patient.ids = {
      {"H", "123", ""}, {"H", "2024", ""}, {"H", "55555", ""}, {"H", "A-17/b", ""}};
  return Scrubber(record).Scrub(text);
}

TEST(ScrubberTest, NamesGoAsWholeWordsInWhateverCaseAndAccents) {
  EXPECT_EQ(Scrubbed("M\xC3\xBCller", "Eva-Maria", "muller, M\xC3\x9CLLER's EVA Maria; Evaluation"),
            "[name], [name]'s [name] [name]; Evaluation");
  EXPECT_EQ(Scrubbed("van der Berg", "Al", "Al van der Berg"), "Al van der [name]");
}

TEST(ScrubberTest, ANameThatIsAWordOfNotesGoesOnlyWhereItIsTheName) {
  EXPECT_EQ(Scrubbed("Long", "Wei", "Wei Long has long QT. Long QT syndrome. Mr. Long, LONG, WEI"),
            "[name] [name] has long QT. Long QT syndrome. Mr. [name], [name], [name]");
  EXPECT_EQ(Scrubbed("Graves", "Ann", "Graves disease in Ms Graves"),
            "Graves disease in Ms [name]");
}

TEST(ScrubberTest, NamesAndNumbersBesideThePatientGoToo) {
  FeedRecord record;
  record.names = {"Kildare", "Nora Muster"};
  record.numbers = {"(608)271-9000"};
  EXPECT_EQ(Scrubber(record).Scrub("Dr. Kildare called Nora at (608)271-9000."),
            "Dr. [name] called [name] at [id].");
}

// One number after the other, the longest first, in the text as it is by then.
std::string ScrubbedPlainly(std::vector<std::string> ids, std::string text) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  std::sort(ids.begin(), ids.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  for (const std::string& id : ids) {
    const bool digits = id.find_first_not_of("0123456789") == id.npos;
    if (id.size() < (digits ? 5 : 4) || id.find_first_of("0123456789") == id.npos) continue;
    for (std::size_t at = text.find(id); at != text.npos; at = text.find(id, at)) {
      const std::size_t end = at + id.size();
      const bool whole =
          (at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]));
      if (whole) text.replace(at, id.size(), "[id]");
      at += whole ? 4 : 1;
    }
  }
  return text;
}

TEST(ScrubberTest, ManyNumbersGoAsIfEachWereLookedForInTheWholeText) {
  std::mt19937 engine(7);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine);
  };
  const auto any = [&](std::size_t length) {
    std::string text;
    while (text.size() < length) text += "11112a- -]"[below(10)];
    return text;
  };
  std::size_t gone = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> ids;
    FeedRecord record;
    for (std::size_t i = 0; i <= below(6); ++i) {
      ids.push_back("-" + any(3 + below(4)) + "1");
      if (below(3) > 0) ids.back() = "1" + ids.back().substr(2);
      record.patient.ids.push_back({"H", ids.back(), ""});
    }
    const std::string text = any(200);
    const std::string plain = ScrubbedPlainly(ids, text);
    ASSERT_EQ(Scrubber(record).Scrub(text), plain) << round << ": " << text;
    if (plain != text) ++gone;
  }
  EXPECT_GT(gone, 300u);
}

TEST(ScrubberTest, NumbersGoWhereTheyStandAloneAndAreLongEnough) {
  EXPECT_EQ(Scrubbed("", "", "123 mg in 2024; id 55555, x55555, A-17/b."),
            "123 mg in 2024; id [id], x55555, [id].");
}

}  // namespace
}  // namespace consilium
