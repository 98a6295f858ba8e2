#include "worker/prescription.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

std::string Joined(const Medication& m) {
  return m.ingredient + "|" + m.dose + "|" + m.unit + "|" + m.route + "|" + m.frequency + "|" +
         m.duration + "|" + m.indication;
}

std::string Read(std::string_view text) {
  const auto read = ReadPrescription(text);
  return read ? Joined(*read) : "";
}

std::string Split(std::string_view text) {
  std::string all;
  for (const std::string& part : SplitPrescriptions(text)) all += (all.empty() ? "" : " ; ") + part;
  return all;
}

TEST(PrescriptionTest, OneStringHoldsNameDoseRouteFrequencyAndDuration) {
  const std::pair<const char*, const char*> cases[] = {
      {"Amoxicillin 500 mg PO TID x 7 days", "Amoxicillin|500|mg|oral|three times daily|7 days|"},
      {"1 g ceftriaxone IV once", "ceftriaxone|1|g|intravenous|once||"},
      {"Metformin 500mg twice daily with meals", "Metformin|500|mg||twice daily with meals||"},
      {"Amoxicillin, 500 mg, p.o., t.i.d., for 7 days",
       "Amoxicillin|500|mg|oral|three times daily|7 days|"},
      {"Aspirin (81 mg) daily", "Aspirin|81|mg||once daily||"},
      {"amoxicillin/clavulanate 875/125 mg PO BID for 5/7",
       "amoxicillin/clavulanate|875/125|mg|oral|twice daily|5 days|"},
      {"Acetaminophen (Tylenol) 325-650 mg every 4 to 6 hours as needed for pain",
       "Acetaminophen (Tylenol)|325-650|mg||every 4-6 hours as needed||pain"},
      {"Nitrofurantoin 100 mg PO BID x 5 days for acute cystitis",
       "Nitrofurantoin|100|mg|oral|twice daily|5 days|acute cystitis"},
      {"Ibuprofen 400 mg PO q6h prn fever", "Ibuprofen|400|mg|oral|every 6 hours as needed||fever"},
      {"Amlodipine 5 mg PO OD", "Amlodipine|5|mg|oral|once daily||"},
      {"Penicillin G benzathine 2.4 million units IM x1",
       "Penicillin G benzathine|2.4|million units|intramuscular|once||"},
      {"albuterol inhaler 2 puffs q4h prn", "albuterol inhaler|2|puffs||every 4 hours as needed||"},
      {"5-fluorouracil 400 mg/m2 IV", "5-fluorouracil|400|mg/m2|intravenous|||"},
      {"vitamin B12 1,000 mcg IM monthly", "vitamin B12|1000|mcg|intramuscular|monthly||"},
      {"MS 10 mg IV", "MS|10|mg|intravenous|||"},  // morphine or magnesium: the name stays
      {"warfarin 1.0 mg daily", "warfarin|1.0|mg||once daily||"},
      {"Tramadol PR 100 mg BID", "Tramadol PR|100|mg||twice daily||"},
  };
  for (const auto& [written, read] : cases) EXPECT_EQ(Read(written), read) << written;
}

TEST(PrescriptionTest, WhatIsNotUnderstoodInFullStaysWhole) {
  for (const char* text : {
           "aspirin",
           "IV fluids",                          // a name, not a route
           "Intravenous immunoglobulin (IVIG)",  // the same
           "oral rehydration solution",
           "latanoprost 1 drop OD",       // right eye or once daily
           "insulin glargine 10U daily",  // 100 units, 10 units
           "insulin glargine 10 U daily",
           "warfarin 5 daily",  // of what?
           "heparin 80 units/kg then 18 units/kg/h",
           "amoxicillin and metronidazole 500 mg TID",  // whose dose?
           "vancomycin 1 g IV over 60 minutes",
           "prednisone 40 mg daily, then taper",
           "aspirin 81 mg 325 mg",
           "Start warfarin if INR < 2",
           "stop lisinopril 10 mg",
           "no aspirin 81 mg",
           "Ibuprofen 400 mg prn pain, aspirin",
           "500 mg PO",
           "",
       }) {
    EXPECT_EQ(Read(text), "") << text;
  }
}

TEST(PrescriptionTest, SeveralAreSplitWhereEachStandsOnItsOwn) {
  EXPECT_EQ(Split("aspirin 81 mg + clopidogrel 75 mg"), "aspirin 81 mg ; clopidogrel 75 mg");
  EXPECT_EQ(Split("aspirin 81 mg PO daily and clopidogrel 75 mg PO daily"),
            "aspirin 81 mg PO daily ; clopidogrel 75 mg PO daily");
  EXPECT_EQ(Split("aspirin 81 mg, clopidogrel 75 mg, and atorvastatin 80 mg"),
            "aspirin 81 mg ; clopidogrel 75 mg ; atorvastatin 80 mg");
  EXPECT_EQ(Split("aspirin, 81 mg, daily; clopidogrel, 75 mg, daily"),
            "aspirin, 81 mg, daily ; clopidogrel, 75 mg, daily");
}

TEST(PrescriptionTest, CombinationsAndBareNamesStayTogether) {
  for (const char* text : {"amoxicillin/clavulanate", "sulfamethoxazole-trimethoprim",
                           "trimethoprim and sulfamethoxazole", "amoxicillin and metronidazole",
                           "lisinopril, amlodipine", "trimethoprim and sulfamethoxazole 160 mg",
                           "aspirin 81 mg + clopidogrel", "Amoxicillin, 500 mg, PO",
                           "aspirin (81 mg + 325 mg)", "hydrocortisone 1 % + "}) {
    EXPECT_EQ(Split(text), text);
  }
}

Medication Tidy(Medication m) {
  TidyMedication(m);
  const std::string once = Joined(m);
  TidyMedication(m);
  EXPECT_EQ(Joined(m), once) << "tidy already";
  return m;
}

TEST(PrescriptionTest, NameThatHoldsADoseFillsEmptyFieldsOnly) {
  EXPECT_EQ(Joined(Tidy({"Amoxicillin 500 mg", "", "", "po", "", "", ""})),
            "Amoxicillin|500|mg|oral|||");
  EXPECT_EQ(Joined(Tidy({"Amoxicillin 500 mg", "500", "mg", "", "TID", "", ""})),
            "Amoxicillin|500|mg||three times daily||");
  EXPECT_EQ(Joined(Tidy({"Amoxicillin 500 mg", "250", "mg", "", "", "", ""})),
            "Amoxicillin 500 mg|250|mg||||")
      << "they disagree: both stay";
}

TEST(PrescriptionTest, FieldThatHoldsMoreThanItsOwnIsSpread) {
  EXPECT_EQ(Joined(Tidy({"x", "500 mg PO TID", "", "", "", "", ""})),
            "x|500|mg|oral|three times daily||");
  EXPECT_EQ(Joined(Tidy({"x", "", "", "", "BID x 7 days", "", ""})), "x||||twice daily|7 days|");
  EXPECT_EQ(Joined(Tidy({"x", "", "", "", "BID x 7 days", "3 days", ""})),
            "x||||BID x 7 days|3 days|");
  EXPECT_EQ(Joined(Tidy({"x", "as directed", "", "", "daily, see label", "", ""})),
            "x|as directed|||daily, see label||");
}

TEST(PrescriptionTest, LongTextIsProse) {
  const std::string text = "aspirin 81 mg + " + std::string(500, 'x') + " 5 mg";
  EXPECT_EQ(Read(text), "");
  EXPECT_EQ(SplitPrescriptions(text).size(), 1u);
}

}  // namespace
}  // namespace consilium
