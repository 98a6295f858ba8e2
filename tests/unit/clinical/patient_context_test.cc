#include "gateway/clinical/patient_context.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "gateway/clinical/patient_key.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr std::int64_t kNow = 1'795'000'000'000;
constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kLimit = 72 * kHour;

Fact Stated(FactKind kind, const char* text, FactStatus status = FactStatus::kActive) {
  Fact fact;
  fact.kind = kind;
  fact.text = text;
  fact.status = status;
  return fact;
}
Fact Allergy(const char* text, FactStatus status = FactStatus::kActive) {
  return Stated(FactKind::kAllergy, text, status);
}
Fact Medication(const char* text, FactStatus status = FactStatus::kActive) {
  return Stated(FactKind::kMedication, text, status);
}
Fact Measured(const char* code, double value, const char* time) {
  Fact fact = Stated(FactKind::kMeasurement, "x");
  fact.code = code;
  fact.system = "LN";
  fact.value = value;
  fact.time = time;
  return fact;
}

FeedRecord Record(std::vector<Fact> facts, Demographics patient = {}) {
  FeedRecord record;
  record.patient = std::move(patient);
  record.facts = std::move(facts);
  return record;
}

// What is kept after these records, an hour apart, the last one at kNow.
Remembered After(const std::vector<FeedRecord>& records) {
  Remembered last;
  std::optional<PatientContext> context;
  std::int64_t at = kNow - kHour * static_cast<std::int64_t>(records.size() - 1);
  for (const FeedRecord& record : records) {
    last = Remember(context, record, at, kLimit);
    context = last.context;
    at += kHour;
  }
  return last;
}

std::vector<std::string> Texts(const PatientContext& context) {
  std::vector<std::string> texts;
  for (const SeenFact& seen : context.facts) {
    texts.push_back(seen.fact.status == FactStatus::kNoneKnown ? "none" : seen.fact.text);
  }
  return texts;
}
using List = std::vector<std::string>;

std::vector<std::string> Codes(const std::vector<Remark>& remarks) {
  std::vector<std::string> codes;
  for (const Remark& remark : remarks) codes.push_back(remark.code);
  return codes;
}

TEST(RememberTest, LaterStatementsReplaceEarlierOnesOfTheSameThing) {
  Fact first = Medication("Lisinopril");
  first.detail = "10 mg";
  Fact second = Medication("LISINOPRIL");
  second.detail = "20 mg";
  const auto kept = After({Record({first, Medication("Aspirin")}), Record({second})});
  ASSERT_EQ(Texts(kept.context), (List{"Aspirin", "LISINOPRIL"}));
  EXPECT_EQ(kept.context.facts[1].fact.detail, "20 mg");
  EXPECT_EQ(kept.context.facts[0].seen_ms, kNow - kHour);
  EXPECT_EQ(kept.context.facts[1].seen_ms, kNow);
}

TEST(RememberTest, ACodeOfOneSystemIsTheSameUnderEveryNameOfTheSystem) {
  Fact hl7 = Allergy("Pen");
  hl7.code = "7980";
  hl7.system = "RXNORM";
  Fact fhir = Allergy("Penicillin G");
  fhir.code = "7980";
  fhir.system = "http://www.nlm.nih.gov/research/umls/rxnorm";
  EXPECT_EQ(Texts(After({Record({hl7}), Record({fhir})}).context), List{"Penicillin G"});
  fhir.code = "7981";
  EXPECT_EQ(Texts(After({Record({hl7}), Record({fhir})}).context), (List{"Pen", "Penicillin G"}));
}

TEST(RememberTest, WithdrawnAndEndedFactsGo) {
  const std::vector<Fact> both = {Medication("Aspirin"), Allergy("Latex")};
  EXPECT_EQ(
      Texts(After({Record(both), Record({Medication("aspirin", FactStatus::kInactive)})}).context),
      List{"Latex"});
  EXPECT_EQ(
      Texts(After({Record(both), Record({Allergy("Latex", FactStatus::kWithdrawn)})}).context),
      List{"Aspirin"});
}

TEST(RememberTest, AnAllergyStaysBesideALaterNoneKnownAndARemarkSaysSo) {
  const auto kept =
      After({Record({Allergy("Penicillin")}), Record({Allergy("", FactStatus::kNoneKnown)})});
  EXPECT_EQ(Texts(kept.context), (List{"Penicillin", "none"}));
  EXPECT_EQ(kept.remarks,
            (std::vector<Remark>{{"fact_contradiction", "allergy",
                                  "none known was stated beside one that was not withdrawn"}}));
}

TEST(RememberTest, AnAllergyEndsAnEarlierNoneKnown) {
  const auto kept =
      After({Record({Allergy("", FactStatus::kNoneKnown)}), Record({Allergy("Penicillin")})});
  EXPECT_EQ(Texts(kept.context), List{"Penicillin"});
  EXPECT_EQ(kept.remarks, (std::vector<Remark>{{"fact_contradiction", "allergy",
                                                "stated after it was stated that there is none"}}));
}

TEST(RememberTest, NoMedicationsEndsThoseThatWereStated) {
  const auto kept = After({Record({Medication("Aspirin"), Allergy("Latex")}),
                           Record({Medication("", FactStatus::kNoneKnown)})});
  EXPECT_EQ(Texts(kept.context), (List{"Latex", "none"}));
  EXPECT_EQ(Codes(kept.remarks), List{"fact_contradiction"});
}

TEST(RememberTest, OfTwoMeasurementsTheLaterOneStaysInWhateverOrderTheyCome) {
  const auto late = Measured("33914-3", 40, "2026-11-28T10:00:00+01:00");
  const auto early = Measured("33914-3", 60, "2026-11-28T08:59:00Z");
  for (const auto& order : {std::vector<Fact>{late, early}, {early, late}}) {
    const auto kept = After({Record({order[0]}), Record({order[1]})});
    ASSERT_EQ(kept.context.facts.size(), 1u);
    EXPECT_EQ(kept.context.facts[0].fact.value, 40);
  }
}

TEST(RememberTest, TheOldestOfAKindGoesWhenThereAreTooMany) {
  std::vector<Fact> many;
  for (std::size_t i = 0; i < kContextFactsMax + 2; ++i) {
    many.push_back(Medication(("drug" + std::to_string(i)).c_str()));
  }
  many.insert(many.begin(), Allergy("Latex"));
  const auto kept = After({Record(many)});
  EXPECT_EQ(kept.context.facts.size(), kContextFactsMax + 1);
  EXPECT_EQ(Texts(kept.context)[0], "Latex");
  EXPECT_EQ(Texts(kept.context)[1], "drug2");
  EXPECT_EQ(kept.remarks[0].text,
            "more than 64 facts of a kind: those stated longest ago are not kept");
}

TEST(RememberTest, NeitherIdsNorGivenNamesAreKept) {
  const auto kept =
      After({Record({}, {{{"H", "1", "MR"}}, "Muster", "Eva", "1970-01-02", "female"})});
  EXPECT_EQ(kept.context.patient, (Demographics{{}, "Muster", "", "1970-01-02", "female"}));
}

TEST(RememberTest, WhatWasStatedTooLongAgoIsForgotten) {
  std::optional<PatientContext> context =
      Remember({}, Record({Allergy("Latex")}, {{}, "", "", "", "male"}), kNow - kLimit - 1, kLimit)
          .context;
  EXPECT_EQ(JoinContext(Record({}), {*context}, kNow, kLimit).facts, std::vector<Fact>());
  EXPECT_EQ(JoinContext(Record({}), {*context}, kNow, kLimit).patient.sex, "");
  EXPECT_EQ(JoinContext(Record({}), {*context}, kNow - 1, kLimit).facts.size(), 1u);
  EXPECT_EQ(Texts(Remember(context, Record({}), kNow, kLimit).context), List());
}

TEST(ContradictsTest, BirthDatesAreComparedAsFarAsBothAreStated) {
  const auto born = [](const char* date) { return Demographics{{}, "", "", date, ""}; };
  EXPECT_FALSE(Contradicts(born("1970"), born("1970-05-03")));
  EXPECT_FALSE(Contradicts(born("1970-05"), born("1970-05-03T10:00:00+01:00")));
  EXPECT_TRUE(Contradicts(born("1970-05-03"), born("1970-05-04")));
  EXPECT_TRUE(Contradicts(born("1970-05"), born("1970-06-03")));
  EXPECT_TRUE(Contradicts(born("1971"), born("1970-06-03")));
  EXPECT_FALSE(Contradicts(born(""), born("1970-06-03")));
  EXPECT_FALSE(Contradicts(born("nonsense"), born("1970-06-03")));
}

TEST(ContradictsTest, OnlyFemaleAndMaleContradict) {
  const auto sex = [](const char* word) { return Demographics{{}, "", "", "", word}; };
  EXPECT_TRUE(Contradicts(sex("female"), sex("male")));
  for (const char* other : {"", "unknown", "other", "female"}) {
    EXPECT_FALSE(Contradicts(sex("female"), sex(other))) << other;
  }
}

TEST(ContradictsTest, AnotherFamilyNameNeedsTheSameFullBirthDate) {
  const auto named = [](const char* family, const char* date) {
    return Demographics{{}, family, "", date, ""};
  };
  EXPECT_FALSE(Contradicts(named("M\xC3\xBCller-L\xC3\xB6we", ""), named("MULLER LOWE", "")));
  EXPECT_FALSE(Contradicts(named("Muster", "1970-01-02"), named("Meier", "1970-01-02")));
  EXPECT_TRUE(Contradicts(named("Muster", "1970"), named("Meier", "1970-01-02")));
  EXPECT_TRUE(Contradicts(named("Muster", ""), named("Meier", "")));
  EXPECT_FALSE(Contradicts(named("", ""), named("Meier", "")));
}

TEST(JoinContextTest, ARecordThatContradictsTakesNothingAndChangesNothing) {
  const auto kept = After({Record({Allergy("Latex")}, {{}, "Muster", "", "1970-01-02", "female"})});
  const auto record = Record({Medication("Aspirin")}, {{}, "Muster", "", "1970-01-02", "male"});
  const auto joined = JoinContext(record, {kept.context}, kNow, kLimit);
  EXPECT_TRUE(joined.conflict);
  ASSERT_EQ(joined.facts.size(), 1u);
  EXPECT_EQ(joined.facts[0].text, "Aspirin");
  EXPECT_EQ(joined.remarks,
            (std::vector<Remark>{{"context_conflict", "",
                                  "birth date, sex or family name contradict what was kept under "
                                  "this identifier: nothing of that was used"}}));
  const auto next = Remember(kept.context, record, kNow, kLimit);
  EXPECT_TRUE(next.conflict);
  EXPECT_EQ(next.context, kept.context) << "which of the two is wrong is not known";
  EXPECT_EQ(Codes(next.remarks), List{"context_conflict"});
  const auto right = Remember(next.context, Record({Allergy("Nuts")}, {{}, "", "", "1970", ""}),
                              kNow + kHour, kLimit);
  EXPECT_EQ(Texts(right.context), (List{"Latex", "Nuts"}));
}

TEST(JoinContextTest, TwoNumbersThatWereKeptForDifferentPeopleJoinNeither) {
  const auto one = After({Record({Allergy("Latex")}, {{}, "", "", "1970-01-02", ""})});
  const auto two = After({Record({Allergy("Nuts")}, {{}, "", "", "1980-01-02", ""})});
  const auto joined = JoinContext(Record({}), {one.context, two.context}, kNow, kLimit);
  EXPECT_EQ(joined.facts, std::vector<Fact>());
  EXPECT_EQ(Codes(joined.remarks), List{"context_conflict"});
}

TEST(JoinContextTest, TheRecordsOwnFactsWinAndSilenceIsFilledFromWhatWasKept) {
  Fact kept_dose = Medication("Aspirin");
  kept_dose.detail = "100 mg";
  const auto kept =
      After({Record({kept_dose, Allergy("Latex")}, {{}, "Muster", "", "1970-01-02", "female"})});
  Fact dose = Medication("aspirin");
  dose.detail = "75 mg";
  const auto joined = JoinContext(Record({dose}), {kept.context}, kNow, kLimit);
  ASSERT_EQ(joined.facts.size(), 2u);
  EXPECT_EQ(joined.facts[0].text, "Latex");
  EXPECT_EQ(joined.facts[1].detail, "75 mg");
  EXPECT_EQ(joined.patient.birth_date, "1970-01-02");
  EXPECT_EQ(joined.patient.sex, "female");
  EXPECT_EQ(joined.patient.family, "");
}

// Patients with one to three ids of three authorities send facts that name their patient; ids are
// shared by nobody. Whatever the order, a record only ever sees what was stated under its own keys.
TEST(JoinContextTest, ARecordNeverTakesAFactThatWasStatedUnderAnotherKey) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SeededRandom random(seed, "patient_context");
    std::map<std::string, PatientContext> store;
    std::map<std::string, std::set<std::string>> stated;  // key -> texts ever stated under it
    for (int step = 0; step < 120; ++step) {
      const std::string patient = std::to_string(1 + random.Below(5));
      FeedRecord record;
      for (const char* authority : {"A", "B", ""}) {
        if (random.Below(2) == 0) {
          record.patient.ids.push_back({authority, patient + authority, "MR"});
        }
      }
      if (random.Below(4) == 0) record.patient.sex = random.Below(2) == 0 ? "female" : "male";
      for (std::uint64_t i = random.Below(3); i > 0; --i) {
        Fact fact = Allergy(("of " + patient + " n" + std::to_string(random.Below(4))).c_str());
        if (random.Below(5) == 0) fact.status = FactStatus::kWithdrawn;
        record.facts.push_back(fact);
      }
      const std::int64_t now = kNow + step * kHour;
      const auto keys = PatientKeys(record.patient.ids, {"S", ""});
      std::vector<PatientContext> found;
      std::set<std::string> allowed;
      for (const Fact& fact : record.facts) allowed.insert(fact.text);
      for (const std::string& key : keys) {
        if (store.count(key) > 0) found.push_back(store[key]);
        allowed.insert(stated[key].begin(), stated[key].end());
      }
      for (const Fact& fact : JoinContext(record, found, now, kLimit).facts) {
        EXPECT_EQ(allowed.count(fact.text), 1u) << fact.text << " seed " << seed;
        EXPECT_EQ(fact.text.rfind("of " + patient + " ", 0), 0u) << "seed " << seed;
      }
      for (const std::string& key : keys) {
        for (const Fact& fact : record.facts) stated[key].insert(fact.text);
        const auto before = store.find(key);
        store[key] =
            Remember(before == store.end() ? std::optional<PatientContext>() : before->second,
                     record, now, kLimit)
                .context;
      }
    }
  }
}

TEST(JoinContextTest, OfMoreStatementsThanAreUsedTheFirstAreLeftOutAndThatIsSaid) {
  FeedRecord record = Record({Allergy("Penicillin")});
  for (std::size_t i = 0; i <= kRecordFactsMax; ++i) {
    record.facts.push_back(Measured(std::to_string(i).c_str(), 1, ""));
  }
  const Remark said{"record_full", "",
                    "more than 16384 statements of a kind: those stated first are not used"};
  const JoinedContext joined = JoinContext(record, {}, kNow, kLimit);
  ASSERT_EQ(joined.facts.size(), kRecordFactsMax + 1);
  EXPECT_EQ(joined.facts[0].text, "Penicillin");
  EXPECT_EQ(joined.facts[1].code, "1");
  EXPECT_EQ(joined.remarks, std::vector<Remark>{said});
  const Remembered kept = Remember(std::nullopt, record, kNow, kLimit);
  EXPECT_EQ(Codes(kept.remarks), (List{"record_full", "context_full"}));
  EXPECT_EQ(kept.context.facts.size(), kContextFactsMax + 1);

  record.facts.pop_back();
  EXPECT_TRUE(JoinContext(record, {}, kNow, kLimit).remarks.empty());
}

}  // namespace
}  // namespace consilium
