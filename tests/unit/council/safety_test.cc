// The safety screen: the strict reading of its tables, and each rule against small tables.
#include "aggregator/council/safety.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "tests/unit/council/screening.h"

namespace consilium {
namespace {

std::string LoadError(const TableFolder& folder) {
  const auto medications = MedicationTable::Load(folder.path());
  if (!medications) return "medications: " + medications.error().text;
  const auto safety = SafetyTables::Load(folder.path(), *medications);
  if (safety.ok()) return "no error";
  EXPECT_EQ(safety.error().code, ErrorCode::kInvalid);
  return folder.Plain(safety.error().text);
}

Names Screen(const TableFolder& folder, const Names& ingredients, const Patient& patient) {
  return Screen(LoadTables(folder.path()), ingredients, patient);
}

// --- loading

TEST(SafetyLoadTest, MissingFileIsNotFound) {
  const TableFolder folder;
  folder.Remove("safety_qt.tsv");
  const auto medications = MedicationTable::Load(folder.path());
  ASSERT_TRUE(medications.ok());
  const auto safety = SafetyTables::Load(folder.path(), *medications);
  ASSERT_FALSE(safety.ok());
  EXPECT_EQ(safety.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(folder.Plain(safety.error().text), "safety_qt.tsv: cannot be opened, expected a table");
}

TEST(SafetyLoadTest, ASlipInATableNamesFileLineValueAndWhatIsAllowed) {
  const struct {
    const char* file;
    const char* append;
    const char* error;
  } cases[] = {
      {"safety_interactions.tsv", "warfarin\tnaproxen\thigh\tbleeding\n",
       R"(safety_interactions.tsv:2: b = "naproxen", expected an ingredient of ingredients.tsv)"},
      {"safety_interactions.tsv", "warfarin\tadvil\thigh\tbleeding\n",
       R"(safety_interactions.tsv:2: b = "advil", expected an ingredient of ingredients.tsv)"},
      {"safety_interactions.tsv", "warfarin\t@nsaids\thigh\tbleeding\n",
       R"(safety_interactions.tsv:2: b = "@nsaids", expected "@" and a class of classes.tsv or a )"
       "group of safety_groups.tsv"},
      {"safety_interactions.tsv", "warfarin\t@nsaid\tsevere\tbleeding\n",
       R"(safety_interactions.tsv:2: severity = "severe", expected info, caution, high or )"
       "contraindicated"},
      {"safety_interactions.tsv", "warfarin\t-\thigh\tbleeding\n",
       R"(safety_interactions.tsv:2: b = "-", expected ingredients, classes (@) or groups (@))"},
      {"safety_interactions.tsv", "warfarin\t@nsaid\thigh\n",
       R"(safety_interactions.tsv:2: 3 columns in "warfarin\t@nsaid\thigh", expected 4 )"
       "(tab-separated): a, b, severity, text"},
      {"safety_groups.tsv", "nsaid\t-\taspirin\n",
       R"(safety_groups.tsv:2: group = "nsaid", expected a group that is no class and not listed )"
       "above"},
      {"safety_groups.tsv", "sulfa\tsulfa\t-\nsulfur\tsulfa\t-\n",
       R"(safety_groups.tsv:3: names = "sulfa", expected a phrase that is not listed above)"},
      {"safety_words.tsv", "hives\tignore\n",
       R"(safety_words.tsv:8: phrase = "hives", expected a phrase that is not listed above)"},
      {"safety_words.tsv", "boils\tbad\n",
       R"(safety_words.tsv:8: meaning = "bad", expected reaction, intolerance, none, except, )"
       "family or ignore"},
      {"safety_allergies.tsv", "aspirin\tcough\tibuprofen\thigh\tx\n",
       R"(safety_allergies.tsv:2: reactions = "cough", expected a reaction or intolerance of )"
       "safety_words.tsv"},
      {"safety_renal.tsv", "ibuprofen\tlow\thigh\tavoid\n",
       R"(safety_renal.tsv:2: below = "low", expected a number above 0 and at most 200, or "-")"},
      {"safety_renal.tsv", "ibuprofen\t-\thigh\tavoid\n",
       R"(safety_renal.tsv:2: below = "-", expected an eGFR in mL/min/1.73 m2)"},
      {"safety_renal.tsv", "ibuprofen\tnan\thigh\tavoid\n",
       R"(safety_renal.tsv:2: below = "nan", expected a number above 0 and at most 200, or "-")"},
      {"safety_age.tsv", "ibuprofen\t-\t-\thigh\tavoid\n",
       R"(safety_age.tsv:2: from = "-", expected an age in years in from or below)"},
      {"safety_qt.tsv", "ibuprofen\tsome\n",
       R"(safety_qt.tsv:2: risk = "some", expected possible, known or high)"},
  };
  for (const auto& one : cases) {
    const TableFolder folder;
    folder.Append(one.file, one.append);
    EXPECT_EQ(LoadError(folder), one.error);
  }
}

// --- rules, with small tables

TEST(SafetyRuleTest, NothingKnownAgainstADrugIsNoFlag) {
  const TableFolder folder;
  EXPECT_EQ(Screen(folder, {"amoxicillin"}, Patient{}), Names{});
  EXPECT_EQ(Screen(folder, {}, WithAllergies({"penicillin"})), Names{});
}

TEST(SafetyRuleTest, TheAllergenItselfItsClassAndItsBrandAreVetoed) {
  const TableFolder folder;
  for (const char* stated : {"amoxicillin", "Amoxil", "amoxicillin (anaphylaxis)",
                             "allergic to amoxicillin 500 mg: hives", "Augmentin"}) {
    EXPECT_EQ(Screen(folder, {"amoxicillin"}, WithAllergies({stated})),
              (Names{"contraindicated allergy [amoxicillin] amoxicillin: allergy stated as \"" +
                     std::string(stated) + "\" <same_ingredient>"}));
  }
  EXPECT_EQ(Screen(folder, {"amoxicillin"}, WithAllergies({"Penicillins"})),
            (Names{"contraindicated allergy [amoxicillin] amoxicillin: allergy stated as "
                   "\"Penicillins\" <same_class>"}));
  EXPECT_EQ(Screen(folder, {"penicillin"}, WithAllergies({"penicillin"})),
            (Names{"contraindicated allergy [penicillin] penicillin: allergy stated as "
                   "\"penicillin\" <same_class>"}))
      << "a recommended class is screened as such";
}

TEST(SafetyRuleTest, AnIntoleranceARelativeOrADenialIsNoVeto) {
  const TableFolder folder;
  EXPECT_EQ(Screen(folder, {"codeine"}, WithAllergies({"codeine - nausea"})),
            (Names{"caution allergy [codeine] codeine: intolerance stated as \"codeine - nausea\" "
                   "<same_ingredient>"}));
  EXPECT_EQ(
      Screen(folder, {"codeine"}, WithAllergies({"codeine (nausea, hives)"})),
      (Names{"contraindicated allergy [codeine] codeine: allergy stated as \"codeine (nausea, "
             "hives)\" <same_ingredient>"}));
  EXPECT_EQ(Screen(folder, {"codeine"}, WithAllergies({"mother: codeine, hives"})),
            (Names{"info allergy [codeine] codeine: allergy in the family stated as \"mother: "
                   "codeine, hives\" <same_ingredient>"}));
  EXPECT_EQ(Screen(folder, {"codeine"}, WithAllergies({"not allergic to codeine"})),
            (Names{"info allergy [codeine] codeine: denial stated as \"not allergic to codeine\" "
                   "<same_ingredient>"}));
  EXPECT_EQ(Screen(folder, {"codeine"}, WithAllergies({"none except codeine"})),
            (Names{"contraindicated allergy [codeine] codeine: allergy stated as \"none except "
                   "codeine\" <same_ingredient>"}));
}

TEST(SafetyRuleTest, NoAllergyIsNoFlagAndAnUnknownOneIsSaid) {
  const TableFolder folder;
  EXPECT_EQ(Screen(folder, {"codeine"}, WithAllergies({"NKDA", "none", "", " - "})), Names{});
  EXPECT_EQ(Screen(folder, {"codeine"}, WithAllergies({"glurbium", "Glurbium (hives)"})),
            (Names{"info unknown_allergy [] allergy \"glurbium\" is not understood and was not "
                   "screened <unknown_allergy>"}));
  EXPECT_EQ(Screen(folder, {"codeine"}, WithAllergies({"anaphylaxis"})),
            (Names{"info unknown_allergy [] allergy \"anaphylaxis\" is not understood and was not "
                   "screened <unknown_allergy>"}))
      << "a reaction without a cause is not \"none\"";
}

TEST(SafetyRuleTest, ARowMayCrossReactForAllReactionsOrForSome) {
  const TableFolder folder;
  folder.Append("safety_groups.tsv", "salicylates\tsalicylates\taspirin\n");
  folder.Append("safety_allergies.tsv",
                "aspirin\t-\t@nsaid\tcaution\tmay cross-react\n"
                "aspirin|@salicylates\tanaphylaxis\t@nsaid\thigh\tcross-reacts\n"
                "codeine\tnausea\t@opioid\tinfo\tmost opioids do\n");
  EXPECT_EQ(
      Screen(folder, {"ibuprofen"}, WithAllergies({"aspirin"})),
      (Names{"caution cross_reaction [ibuprofen] ibuprofen: allergy stated as \"aspirin\"; may "
             "cross-react <safety_allergies.tsv:2>"}));
  EXPECT_EQ(
      Screen(folder, {"ibuprofen"}, WithAllergies({"aspirin", "ASA (anaphylaxis)", "aspirin"})),
      (Names{"high cross_reaction [ibuprofen] ibuprofen: allergy stated as \"ASA "
             "(anaphylaxis)\"; cross-reacts <safety_allergies.tsv:3>"}))
      << "one allergen and one drug are one fact: the worst statement stands";
  EXPECT_EQ(Screen(folder, {"ibuprofen"}, WithAllergies({"salicylates"})), Names{})
      << "a row for an ingredient does not speak of a stated group";
  EXPECT_EQ(Screen(folder, {"ibuprofen"}, WithAllergies({"salicylates: anaphylaxis"})).size(), 1U);
  EXPECT_EQ(Screen(folder, {"ibuprofen"}, WithAllergies({"aspirin (nausea)"})), Names{});
  EXPECT_EQ(Screen(folder, {"aspirin"}, WithAllergies({"salicylates"})),
            (Names{"contraindicated allergy [aspirin] aspirin: allergy stated as \"salicylates\" "
                   "<same_class>"}));
}

TEST(SafetyRuleTest, APairIsFlaggedOnceByItsWorstRow) {
  const TableFolder folder;
  folder.Append("safety_interactions.tsv",
                "warfarin\t@nsaid|!aspirin\thigh\tbleeding\n"
                "aspirin|@nsaid\twarfarin\tcaution\tbruises\n"
                "ibuprofen\tcodeine\tinfo\tx\n");
  EXPECT_EQ(Screen(folder, {"ibuprofen"}, Taking({"Coumadin 5 mg tablet"})),
            (Names{"high interaction [ibuprofen + warfarin] ibuprofen with warfarin (taken): "
                   "bleeding <safety_interactions.tsv:2>"}));
  EXPECT_EQ(Screen(folder, {"aspirin", "warfarin"}, Patient{}),
            (Names{"caution interaction [aspirin + warfarin] aspirin with warfarin (both "
                   "recommended): bruises <safety_interactions.tsv:3>"}));
  EXPECT_EQ(Screen(folder, {"amoxicillin"}, Taking({"warfarin", "ibuprofen"})), Names{})
      << "what is taken already is not what is recommended";
  EXPECT_EQ(Screen(folder, {"warfarin"}, Taking({"an NSAID"})),
            (Names{"high interaction [nsaid + warfarin] warfarin with nsaid (taken): bleeding "
                   "<safety_interactions.tsv:2>"}))
      << "a class that is taken counts";
}

TEST(SafetyRuleTest, FlagsAreSortedWorstFirstThenByRule) {
  const TableFolder folder;
  folder.Append("safety_interactions.tsv",
                "codeine\twarfarin\tinfo\ta\n#\n#\n#\n#\n#\n#\n"
                "codeine\tibuprofen\thigh\tb\n"
                "codeine\taspirin\thigh\tc\n"
                "codeine\tampicillin\tcontraindicated\td\n");
  const Names flags =
      Screen(folder, {"codeine"}, Taking({"warfarin", "ibuprofen", "ampicillin", "aspirin"}));
  ASSERT_EQ(flags.size(), 4U);
  EXPECT_NE(flags[0].find("<safety_interactions.tsv:11>"), std::string::npos);
  EXPECT_NE(flags[1].find("<safety_interactions.tsv:9>"), std::string::npos);
  EXPECT_NE(flags[2].find("<safety_interactions.tsv:10>"), std::string::npos)
      << "line 10 after line 9";
  EXPECT_NE(flags[3].find("<safety_interactions.tsv:2>"), std::string::npos);
}

TEST(SafetyRuleTest, ADrugThatIsTakenAndItsLikeAreDuplicates) {
  const TableFolder folder;
  folder.Append("safety_duplicates.tsv", "@nsaid\thigh\ttwo NSAIDs\n");
  EXPECT_EQ(Screen(folder, {"metoprolol"}, Taking({"Lopressor 25 mg"})),
            (Names{"caution duplicate [metoprolol] metoprolol: the patient already takes it "
                   "<same_ingredient>"}));
  EXPECT_EQ(
      Screen(folder, {"ibuprofen"}, Taking({"aspirin"})),
      (Names{"high duplicate [aspirin + ibuprofen] ibuprofen with aspirin (taken): two NSAIDs "
             "<safety_duplicates.tsv:2>"}));
  folder.Append("safety_interactions.tsv", "aspirin\tibuprofen\tcontraindicated\tno\n");
  EXPECT_EQ(Screen(folder, {"ibuprofen"}, Taking({"aspirin"})).size(), 1U)
      << "an interaction that is worse says it already";
}

TEST(SafetyRuleTest, QtRisksAddUp) {
  const TableFolder folder;
  folder.Append("safety_qt.tsv",
                "codeine\thigh\nwarfarin\thigh\nibuprofen\tknown\naspirin\tknown\n"
                "ampicillin\tpossible\namoxicillin\tpossible\n");
  const std::pair<Names, Names> cases[] = {
      {{"codeine", "warfarin"},
       {"contraindicated qt [codeine + warfarin] codeine with warfarin (both recommended): both "
        "prolong the QT interval <safety_qt.tsv:2>"}},
      {{"codeine", "ibuprofen"},
       {"high qt [codeine + ibuprofen] codeine with ibuprofen (both recommended): both prolong the "
        "QT interval <safety_qt.tsv:2>"}},
      {{"aspirin", "ibuprofen"},
       {"high qt [aspirin + ibuprofen] aspirin with ibuprofen (both recommended): both prolong the "
        "QT interval <safety_qt.tsv:5>"}},
      {{"ampicillin", "ibuprofen"},
       {"caution qt [ampicillin + ibuprofen] ampicillin with ibuprofen (both recommended): both "
        "prolong the QT interval <safety_qt.tsv:4>"}},
      {{"amoxicillin", "ampicillin"}, {}},
  };
  for (const auto& [drugs, expected] : cases) {
    EXPECT_EQ(Screen(folder, drugs, Patient{}), expected);
  }
}

TEST(SafetyRuleTest, AnUnknownPregnancyIsAskedAboutAndNotAssumedAway) {
  const TableFolder folder;
  folder.Append("safety_pregnancy.tsv",
                "warfarin\tcontraindicated\tembryopathy\nibuprofen\thigh\tductus\n"
                "codeine\tcaution\twithdrawal\n");
  const Names drugs = {"codeine", "ibuprofen", "warfarin"};
  Patient patient;
  patient.pregnant = true;
  EXPECT_EQ(
      Screen(folder, drugs, patient),
      (Names{"contraindicated pregnancy [warfarin] warfarin: pregnant; embryopathy "
             "<safety_pregnancy.tsv:2>",
             "high pregnancy [ibuprofen] ibuprofen: pregnant; ductus <safety_pregnancy.tsv:3>",
             "caution pregnancy [codeine] codeine: pregnant; withdrawal "
             "<safety_pregnancy.tsv:4>"}));
  patient.pregnant = false;
  EXPECT_EQ(Screen(folder, drugs, patient), Names{});

  const auto ask = [&](std::optional<std::string> sex, std::optional<double> age) {
    Patient unknown;
    unknown.sex = std::move(sex);
    unknown.age = age;
    return Screen(folder, drugs, unknown);
  };
  const Names asked = {
      "caution pregnancy [warfarin] warfarin: is the patient pregnant? Not stated; in pregnancy: "
      "embryopathy <safety_pregnancy.tsv:2>",
      "caution pregnancy [ibuprofen] ibuprofen: is the patient pregnant? Not stated; in pregnancy: "
      "ductus <safety_pregnancy.tsv:3>"};
  const Names informed = {
      "info pregnancy [warfarin] warfarin: is the patient pregnant? Not stated; in pregnancy: "
      "embryopathy <safety_pregnancy.tsv:2>"};
  EXPECT_EQ(ask("Female", 30.0), asked);
  EXPECT_EQ(ask("F", 12.0), asked);
  EXPECT_EQ(ask("woman", 55.0), asked);
  EXPECT_EQ(ask("female", std::nullopt), asked);
  EXPECT_EQ(ask("female", 11.9), Names{});
  EXPECT_EQ(ask("female", 56.0), Names{});
  EXPECT_EQ(ask("male", 30.0), Names{});
  EXPECT_EQ(ask(std::nullopt, 30.0), informed);
  EXPECT_EQ(ask(std::nullopt, std::nullopt), informed);
  EXPECT_EQ(ask("unknown", 80.0), Names{});
}

TEST(SafetyRuleTest, RenalLimitsApplyBelowThemAndAnUnknownEgfrMattersOnlyForVetoes) {
  const TableFolder folder;
  folder.Append("safety_renal.tsv",
                "ibuprofen\t60\tcaution\tlowest dose\nibuprofen\t30\thigh\tavoid\n"
                "codeine\t15.5\tcontraindicated\tstop\n");
  const auto at = [&](std::optional<double> egfr) {
    Patient patient;
    patient.egfr = egfr;
    return Screen(folder, {"codeine", "ibuprofen"}, patient);
  };
  EXPECT_EQ(at(60.0), Names{});
  EXPECT_EQ(at(59.5),
            (Names{"caution renal [ibuprofen] ibuprofen: eGFR 59.5, below 60; lowest dose "
                   "<safety_renal.tsv:2>"}));
  EXPECT_EQ(at(15.0), (Names{"contraindicated renal [codeine] codeine: eGFR 15, below 15.5; stop "
                             "<safety_renal.tsv:4>",
                             "high renal [ibuprofen] ibuprofen: eGFR 15, below 30; avoid "
                             "<safety_renal.tsv:3>"}));
  EXPECT_EQ(at(std::nullopt), (Names{"info renal [codeine] codeine: eGFR not stated; below 15.5: "
                                     "stop <safety_renal.tsv:4>"}));
}

TEST(SafetyRuleTest, AgeLimitsHoldFromAndBelow) {
  const TableFolder folder;
  folder.Append("safety_age.tsv",
                "codeine\t-\t12\tcontraindicated\tchild\ncodeine\t65\t-\tcaution\told\n"
                "aspirin\t2\t16\thigh\tReye\n");
  const auto at = [&](std::optional<double> age) {
    Patient patient;
    patient.age = age;
    return Screen(folder, {"aspirin", "codeine"}, patient);
  };
  EXPECT_EQ(at(11.9), (Names{"contraindicated age [codeine] codeine: age 11.9; child "
                             "<safety_age.tsv:2>",
                             "high age [aspirin] aspirin: age 11.9; Reye <safety_age.tsv:4>"}));
  EXPECT_EQ(at(1.0).size(), 1U);
  EXPECT_EQ(at(12.0).size(), 1U);
  EXPECT_EQ(at(16.0), Names{});
  EXPECT_EQ(at(65.0), (Names{"caution age [codeine] codeine: age 65; old <safety_age.tsv:3>"}));
  EXPECT_EQ(at(std::nullopt), Names{});
}

TEST(SafetyRuleTest, WhatIsNotInTheTableIsSaidOnce) {
  const TableFolder folder;
  EXPECT_EQ(Screen(folder, {"codeine"},
                   Taking({"glurbium 5 mg", "none", "warfarin + zorbium", "Glurbium"})),
            (Names{"info unknown_medication [] current medications that are not in the table and "
                   "were not screened: \"glurbium\", \"zorbium\" <unknown_medication>"}));
  EXPECT_EQ(Screen(folder, {"codeine", "glurbium"}, Patient{}),
            (Names{"caution unknown_medication [glurbium] recommended, not in the table and "
                   "therefore not screened: \"glurbium\" <unknown_medication>"}));
}

}  // namespace
}  // namespace consilium
