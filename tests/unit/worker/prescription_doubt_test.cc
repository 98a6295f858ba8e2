// What a prescription might mean as well: it stays as it is written.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "aggregator/council/regimen_words.h"
#include "worker/prescription.h"

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

std::string Tidied(Medication m) {
  TidyMedication(m);
  return Joined(m);
}

TEST(PrescriptionDoubtTest, DaysOfATreatmentCycleAreNotTheWholeTreatment) {
  for (const char* frequency :
       {"14 days every 21 days", "3 days weekly", "21 days every 4 weeks", "10 days monthly",
        "for 14 days every 21 days", "every 21 days for 14 days", "every 21 days, 14 days",
        "5 days every 4 weeks", "2 days twice weekly", "x 5 days every 28 days"}) {
    EXPECT_EQ(Tidied({"x", "500", "mg", "oral", frequency, "", ""}),
              std::string("x|500|mg|oral|") + frequency + "||");
    EXPECT_EQ(Read(std::string("Azithromycin 500 mg PO ") + frequency), "") << frequency;
  }
  EXPECT_EQ(Tidied({"x", "500 mg 3 days", "", "oral", "weekly", "", ""}),
            "x|500 mg 3 days||oral|weekly||");
  EXPECT_EQ(Tidied({"Lenalidomide 25 mg for 21 days", "", "", "", "every 28 days", "", ""}),
            "Lenalidomide 25 mg for 21 days||||every 28 days||");
}

TEST(PrescriptionDoubtTest, MarkedDurationOfARareDoseIsRead) {
  EXPECT_EQ(Read("Methotrexate 15 mg PO weekly for 12 weeks"),
            "Methotrexate|15|mg|oral|weekly|12 weeks|");
  EXPECT_EQ(Read("Fluconazole 150 mg PO once weekly x 6 months"),
            "Fluconazole|150|mg|oral|weekly|6 months|");
  EXPECT_EQ(Read("Penicillin G benzathine 2.4 million units IM weekly x 3 doses"),
            "Penicillin G benzathine|2.4|million units|intramuscular|weekly|3 doses|");
}

TEST(PrescriptionDoubtTest, AbbreviationsBehindANameBelongToIt) {
  for (const char* name :
       {"Isoniazid (INH)", "Robitussin AC", "Cheratussin AC", "Nebivolol (neb)", "Nytol HS",
        "Metoprolol XR", "Tramadol SR", "Duragesic PC", "Citrucel (PC)", "Nebivolol neb"}) {
    EXPECT_EQ(Read(name), "") << name;
    EXPECT_EQ(Tidied({name, "300", "mg", "", "daily", "", ""}),
              std::string(name) + "|300|mg||once daily||");
    EXPECT_EQ(Read(std::string(name) + " 5 mg PO"), std::string(name) + "|5|mg|oral|||");
    EXPECT_EQ(Read(std::string(name) + " prn"), std::string(name) + "||||as needed||");
  }
  EXPECT_EQ(Read("Isoniazid 300 mg (INH) daily"), "") << "the name, not inhaled";
  EXPECT_EQ(Read("Albuterol INH 2 puffs q4h"), "Albuterol|2|puffs|inhaled|every 4 hours||");
  EXPECT_EQ(Read("Albuterol 2.5 mg neb q4h"), "Albuterol|2.5|mg|nebulized|every 4 hours||");
  EXPECT_EQ(Read("Metformin 500 mg PO ac"), "Metformin|500|mg|oral|before meals||");
}

TEST(PrescriptionDoubtTest, RightEyeIsNotOnceDaily) {
  for (const char* text : {"timolol 1 drop ophthalmic od", "timolol 1 drop ophth OD prn",
                           "timolol 1 drop topical o.d.", "timolol 1 drop OD prn"}) {
    EXPECT_EQ(Read(text), "") << text;
  }
  EXPECT_EQ(Tidied({"timolol", "1 drop ophthalmic OD", "", "", "", "", ""}),
            "timolol|1 drop ophthalmic OD|||||");
  EXPECT_EQ(Tidied({"timolol", "1", "drop", "ophthalmic", "OD", "", ""}),
            "timolol|1|drop|ophthalmic|OD||");
  EXPECT_EQ(Tidied({"ranibizumab", "0.5", "mg", "intravitreal", "OD", "", ""}),
            "ranibizumab|0.5|mg|intravitreal|OD||");
  EXPECT_EQ(Tidied({"timolol", "1", "drop", "", "OD", "", ""}), "timolol|1|drop||OD||");
  EXPECT_EQ(Tidied({"amlodipine", "5 mg PO", "", "", "OD", "", ""}),
            "amlodipine|5|mg|oral|once daily||");
  EXPECT_EQ(Tidied({"enoxaparin", "40 mg", "", "SC", "o.d.", "", ""}),
            "enoxaparin|40|mg|subcutaneous|once daily||");
}

TEST(PrescriptionDoubtTest, StrengthOfALiquidIsNoDose) {
  for (const char* name :
       {"Amoxicillin 250 mg/5 mL", "Amoxicillin 50 mg per mL", "Hydrocortisone 1%",
        "Albuterol 90 mcg/puff", "Fluticasone 50 mcg/spray", "Budesonide 200 mcg/dose"}) {
    EXPECT_EQ(Tidied({name, "", "", "", "TID", "", ""}),
              std::string(name) + "||||three times daily||");
    EXPECT_EQ(Read(std::string(name) + " TID"), "") << name;
  }
  EXPECT_EQ(Tidied({"Amoxicillin 20 mg/kg/dose", "", "", "", "TID", "", ""}),
            "Amoxicillin|20|mg/kg/dose||three times daily||");
}

TEST(PrescriptionDoubtTest, RouteOrFrequencyAtTheEndMayBelongToAllAndSplitsNothing) {
  for (const char* text : {"Losartan 50 mg and hydrochlorothiazide 12.5 mg PO once daily",
                           "aspirin 81 mg, clopidogrel 75 mg, and atorvastatin 80 mg qhs",
                           "isoniazid 300 mg PO daily + rifampin 600 mg PO daily x 4 months"}) {
    EXPECT_EQ(SplitPrescriptions(text), std::vector<std::string>{text});
  }
}

TEST(PrescriptionDoubtTest, MoreOfTheSameDrugIsNoDrugOfItsOwn) {
  for (const char* text : {"heparin bolus 80 units/kg IV and infusion 18 units/kg/h IV",
                           "lorazepam 2 mg IV and repeat 2 mg IV",
                           "insulin glargine 20 units SC qhs and lispro 5 units SC tid",
                           "Vitamin B6 50 mg daily and B12 1 mg daily"}) {
    EXPECT_EQ(SplitPrescriptions(text), std::vector<std::string>{text});
  }
  EXPECT_EQ(SplitPrescriptions("insulin glargine 20 units and insulin lispro 5 units").size(), 2u);
}

TEST(PrescriptionDoubtTest, StrengthInsideOfANameStaysThere) {
  for (const char* text :
       {"amoxicillin 500mg/clavulanate 125mg TID", "hydrocodone-5mg/acetaminophen 325 mg PO q6h"}) {
    EXPECT_EQ(Read(text), "") << text;
  }
}

TEST(PrescriptionDoubtTest, HowLongAndHowMuchAreNoReasons) {
  for (const char* text :
       {"levothyroxine 50 mcg daily for life", "aspirin 81 mg daily for now",
        "ibuprofen 400 mg PO q6h prn maximum four tablets",
        "epinephrine 0.3 mg IM prn may repeat once", "aspirin 81 mg daily for several weeks"}) {
    EXPECT_EQ(Read(text), "") << text;
  }
}

TEST(PrescriptionDoubtTest, WhatPharmacistsWouldAskAboutStaysAsWritten) {
  for (const char* text : {
           "insulin lispro sliding scale SC ac and hs",
           "Insulin NPH 20 units SC am 10 units pm",
           "Insulin 70/30 20 units SC BID",
           "Azithromycin 500 mg PO day 1 then 250 mg daily x 4 days",
           "Clopidogrel 300 mg load then 75 mg daily",
           "Prednisone 60 mg daily taper by 10 mg every 3 days",
           "Acetaminophen 650 mg PO q6h prn max 4 g/day",
           "Ibuprofen 400 mg PO q6h prn (max 1200 mg/day)",
           "Nitroglycerin 0.4 mg SL q5min x 3 prn chest pain",
           "Clonidine 0.1 mg/24 h patch weekly",
           "Capecitabine 1250 mg/m2 PO BID x 14 days q21d",
           "Itraconazole 200 mg PO BID for 1 week per month",
           "Timolol 1 drop in the left eye BID",
           "Moxifloxacin 1 drop ophthalmic OS QID",
           "Neomycin otic 4 drops AD TID",
           "Amoxicillin 90 mg/kg/day PO divided BID x 10 days",
           "Digoxin 0,125 mg PO daily",
           "Heparin 5 000 units SC q8h",
           "Warfarin 5 mg PO daily except Sunday",
           "Metformin 500 mg 2 tabs PO BID",
       }) {
    EXPECT_EQ(Read(text), "") << text;
    EXPECT_EQ(SplitPrescriptions(text).size(), 1u) << text;
  }
}

TEST(PrescriptionDoubtTest, TidyIsStableOverAllFormsOfTheTables) {
  std::vector<std::string> forms = {"5 mg", "x 7 days", "3 days", "nausea", ""};
  for (const auto& form : regimen_words::kRoutes) forms.emplace_back(form.written);
  for (const auto& form : regimen_words::kFrequencies) forms.emplace_back(form.written);
  for (const auto& form : regimen_words::kConditions) forms.emplace_back(form.written);
  for (const auto& form : regimen_words::kUnits) forms.emplace_back("2 " + std::string(form.many));
  const auto expect_stable = [](Medication m) {
    const std::string written = Joined(m);
    TidyMedication(m);
    const std::string once = Joined(m);
    TidyMedication(m);
    EXPECT_EQ(Joined(m), once) << written;
  };
  for (const std::string& form : forms) {
    for (const std::string& other : forms) {
      expect_stable({"x", "5 mg " + form, "", "", other, "", ""});
      expect_stable({"x " + form, "5 mg", "", "", "IV " + other, "", ""});
    }
  }
  EXPECT_EQ(Tidied({"x", "5 mg hs", "", "", "IV hs", "", ""}), "x|5|mg|intravenous|at bedtime||");
}

}  // namespace
}  // namespace consilium
