// The safety screen: the strict reading of its tables, each rule against small tables, and the
// shipped tables against what a pharmacist would expect of them.
#include "aggregator/council/safety.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/council/safety_rules.h"
#include "tests/unit/council/table_folder.h"

namespace consilium {
namespace {

using Names = std::vector<std::string>;

struct Tables {
  MedicationTable medications;
  SafetyTables safety;
};

Tables LoadTables(const std::string& folder) {
  auto medications = MedicationTable::Load(folder);
  CHECK(medications.ok(), medications.error().text.c_str());
  auto safety = SafetyTables::Load(folder, *medications);
  CHECK(safety.ok(), safety.error().text.c_str());
  return {*std::move(medications), *std::move(safety)};
}

const Tables& Shipped() {
  static const Tables tables = LoadTables(ShippedTables());
  return tables;
}

std::string LoadError(const TableFolder& folder) {
  const auto medications = MedicationTable::Load(folder.path());
  if (!medications) return "medications: " + medications.error().text;
  const auto safety = SafetyTables::Load(folder.path(), *medications);
  if (safety.ok()) return "no error";
  EXPECT_EQ(safety.error().code, ErrorCode::kInvalid);
  return folder.Plain(safety.error().text);
}

std::string Show(const SafetyFlag& flag) {
  std::string text =
      flag.severity + " " + flag.code + " [" + IngredientKey(flag.ingredients) + "] ";
  return text + flag.text + " <" + flag.rule + ">";
}

Names Screen(const Tables& tables, const Names& ingredients, const Patient& patient) {
  Names lines;
  for (const auto& flag : tables.safety.Screen(ingredients, patient, tables.medications)) {
    lines.push_back(Show(flag));
  }
  return lines;
}
Names Screen(const TableFolder& folder, const Names& ingredients, const Patient& patient) {
  return Screen(LoadTables(folder.path()), ingredients, patient);
}

Patient WithAllergies(Names allergies) {
  Patient patient;
  patient.allergies = std::move(allergies);
  patient.sex = "male";
  return patient;
}
Patient Taking(Names medications) {
  Patient patient;
  patient.medications = std::move(medications);
  patient.sex = "male";
  return patient;
}

// "severity code" of the flags about exactly this drug or pair, from the shipped tables; "" for
// none.
std::string About(const Names& about, const Names& ingredients, const Patient& patient) {
  std::string found;
  for (const auto& flag : Shipped().safety.Screen(ingredients, patient, Shipped().medications)) {
    if (flag.ingredients != about) continue;
    if (!found.empty()) found += ", ";
    found += flag.severity + " " + flag.code;
  }
  return found;
}
std::string OfAllergy(const std::string& stated, const std::string& drug) {
  return About({drug}, {drug}, WithAllergies({stated}));
}
std::string OfPair(const std::string& recommended, const std::string& taken) {
  Names pair = {recommended, taken};
  std::sort(pair.begin(), pair.end());
  return About(pair, {recommended}, Taking({taken}));
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

// --- the shipped tables

TEST(ShippedSafetyTest, TheTablesHoldTheStarterDataAtLeast) {
  SafetyTexts texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::ifstream file(ShippedTables() + "/" + kSafetyFiles[i], std::ios::binary);
    texts[i].assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  const auto rules = BuildSafetyRules(texts, Shipped().medications);
  ASSERT_TRUE(rules.ok()) << rules.error().text;
  EXPECT_GE(rules->interactions.size(), 90U);
  EXPECT_GE(rules->allergies.size(), 45U);
  EXPECT_GE(rules->pregnancy.size(), 35U);
  EXPECT_GE(rules->renal.size(), 45U);
  EXPECT_GE(rules->duplicates.size(), 25U);
  EXPECT_GE(rules->qt.size(), 10U);
  EXPECT_GE(rules->age.size(), 10U);
}

TEST(ShippedSafetyTest, AllergiesAsCliniciansStateThem) {
  const struct {
    const char* stated;
    const char* drug;
    const char* expected;
  } cases[] = {
      {"penicillin (anaphylaxis)", "amoxicillin", "contraindicated allergy"},
      {"PCN", "piperacillin", "contraindicated allergy"},
      {"Penicillin G - hives", "ampicillin", "contraindicated cross_reaction"},
      {"Augmentin", "amoxicillin", "contraindicated allergy"},
      {"amoxicillin (rash)", "cephalexin", "contraindicated cross_reaction"},
      {"penicillin", "cephalexin", "high cross_reaction"},
      {"penicillin", "ceftriaxone", "caution cross_reaction"},
      {"penicillin", "cefazolin", "info cross_reaction"},
      {"penicillin", "meropenem", "caution cross_reaction"},
      {"penicillin", "aztreonam", ""},
      {"penicillin", "azithromycin", ""},
      {"ceftazidime", "aztreonam", "contraindicated cross_reaction"},
      {"ceftriaxone: anaphylaxis", "cefepime", "contraindicated cross_reaction"},
      {"ceftriaxone", "cefazolin", "high cross_reaction"},
      {"sulfa drugs", "sulfamethoxazole", "contraindicated allergy"},
      {"Sulfa", "sulfasalazine", "contraindicated allergy"},
      {"Bactrim (rash)", "sulfadiazine", "contraindicated cross_reaction"},
      {"sulfa", "furosemide", "info cross_reaction"},
      {"sulfa", "trimethoprim", ""},
      {"NSAIDs", "ibuprofen", "contraindicated allergy"},
      {"aspirin", "ibuprofen", "high cross_reaction"},
      {"aspirin (asthma)", "naproxen", "contraindicated cross_reaction"},
      {"aspirin", "celecoxib", "caution cross_reaction"},
      {"ibuprofen - GI upset", "naproxen", ""},
      {"ibuprofen - GI upset", "ibuprofen", "caution allergy"},
      {"codeine - nausea", "codeine", "caution allergy"},
      {"codeine - nausea", "morphine", ""},
      {"morphine (hives)", "hydromorphone", "high cross_reaction"},
      {"morphine (hives)", "fentanyl", ""},
      {"lisinopril (angioedema)", "enalapril", "contraindicated cross_reaction"},
      {"lisinopril (angioedema)", "losartan", "caution cross_reaction"},
      {"lisinopril - cough", "ramipril", "caution cross_reaction"},
      {"lisinopril - cough", "losartan", ""},
      {"phenytoin (SJS)", "carbamazepine", "contraindicated cross_reaction"},
      {"IV contrast", "iohexol", "contraindicated allergy"},
      {"HIT", "enoxaparin", "contraindicated allergy"},
      {"eggs", "propofol", "info cross_reaction"},
      {"latex", "amoxicillin", ""},
      {"NKDA", "amoxicillin", ""},
      {"No known drug allergies.", "amoxicillin", ""},
      {"Mother allergic to penicillin", "amoxicillin", "info allergy"},
      {"NKDA except penicillin", "amoxicillin", "contraindicated allergy"},
      {"allergic to penicillin, sulfa", "sulfamethoxazole", "contraindicated allergy"},
      {"hives with amoxicillin in 2015", "amoxicillin", "contraindicated allergy"},
  };
  for (const auto& [stated, drug, expected] : cases) {
    EXPECT_EQ(OfAllergy(stated, drug), expected) << stated << " / " << drug;
  }
}

TEST(ShippedSafetyTest, UsualStatementsLeaveNothingUnknown) {
  for (const char* stated :
       {"NKDA", "No known allergies", "none", "penicillin (anaphylaxis)", "codeine - nausea",
        "Sulfa drugs: rash", "hives with amoxicillin in 2015", "latex", "shellfish", "pollen",
        "IV contrast (hives)", "aspirin-induced asthma", "peanuts", "lisinopril (cough)"}) {
    const Patient patient = WithAllergies({stated});
    for (const auto& flag :
         Shipped().safety.Screen({"acetaminophen"}, patient, Shipped().medications)) {
      EXPECT_NE(flag.code, "unknown_allergy") << stated << ": " << flag.text;
    }
  }
  const Patient patient = Taking({"none", "No current medications", "lisinopril 10 mg daily"});
  EXPECT_EQ(Screen(Shipped(), {"amoxicillin"}, patient), Names{});
}

TEST(ShippedSafetyTest, InteractionsOfTheHighPriorityListAreFound) {
  const struct {
    const char* recommended;
    const char* taken;
    const char* expected;
  } cases[] = {
      {"amphetamine", "phenelzine", "contraindicated interaction"},
      {"atazanavir", "omeprazole", "contraindicated interaction"},
      {"febuxostat", "azathioprine", "contraindicated interaction"},
      {"sertraline", "tranylcypromine", "contraindicated interaction"},
      {"linezolid", "fluoxetine", "contraindicated interaction"},
      {"irinotecan", "ketoconazole", "contraindicated interaction"},
      {"meperidine", "selegiline", "contraindicated interaction"},
      {"amitriptyline", "phenelzine", "contraindicated interaction"},
      {"sotalol", "dofetilide", "contraindicated qt"},
      {"ramelteon", "fluvoxamine", "contraindicated interaction"},
      {"darunavir", "rifampin", "contraindicated interaction"},
      {"simvastatin", "clarithromycin", "contraindicated interaction"},
      {"clarithromycin", "simvastatin", "contraindicated interaction"},
      {"atorvastatin", "clarithromycin", "high interaction"},
      {"ergotamine", "ritonavir", "contraindicated interaction"},
      {"tizanidine", "ciprofloxacin", "contraindicated interaction"},
      {"tranylcypromine", "procarbazine", "contraindicated interaction"},
      {"sumatriptan", "phenelzine", "contraindicated interaction"},
      {"ibuprofen", "warfarin", "high interaction"},
      {"sulfamethoxazole", "warfarin", "high interaction"},
      {"fluconazole", "warfarin", "high interaction"},
      {"amiodarone", "warfarin", "high interaction"},
      {"apixaban", "carbamazepine", "contraindicated interaction"},
      {"trimethoprim", "methotrexate", "contraindicated interaction"},
      {"allopurinol", "azathioprine", "contraindicated interaction"},
      {"spironolactone", "lisinopril", "high interaction"},
      {"sacubitril", "enalapril", "contraindicated interaction"},
      {"ibuprofen", "lithium", "high interaction"},
      {"clarithromycin", "digoxin", "high interaction"},
      {"verapamil", "metoprolol", "high interaction"},
      {"sildenafil", "nitroglycerin", "contraindicated interaction"},
      {"omeprazole", "clopidogrel", "high interaction"},
      {"clarithromycin", "colchicine", "contraindicated interaction"},
      {"simvastatin", "gemfibrozil", "contraindicated interaction"},
      {"fluconazole", "tacrolimus", "high interaction"},
      {"oxycodone", "alprazolam", "high interaction"},
      {"tramadol", "sertraline", "high interaction"},
      {"meropenem", "valproate", "contraindicated interaction"},
      {"lamotrigine", "valproate", "high interaction"},
      {"ciprofloxacin", "theophylline", "high interaction"},
      {"paroxetine", "tamoxifen", "high interaction"},
      {"pimozide", "clarithromycin", "contraindicated interaction"},
      {"gentamicin", "furosemide", "high interaction"},
      {"nirmatrelvir", "amiodarone", "contraindicated interaction"},
      {"bcg live", "infliximab", "contraindicated interaction"},
      {"aspirin", "apixaban", "high interaction"},
      {"enoxaparin", "rivaroxaban", "high duplicate"},
      {"citalopram", "ondansetron", "high qt"},
      {"naproxen", "ibuprofen", "high duplicate"},
      {"losartan", "valsartan", "high duplicate"},
      {"metformin", "metformin", ""},
      {"amoxicillin", "warfarin", ""},
      {"metformin", "lisinopril", ""},
      {"amlodipine", "lisinopril", ""},
      {"acetaminophen", "oxycodone", ""},
      {"ipratropium", "albuterol", ""},
  };
  for (const auto& [recommended, taken, expected] : cases) {
    EXPECT_EQ(OfPair(recommended, taken), expected) << recommended << " / " << taken;
  }
}

TEST(ShippedSafetyTest, CombinationsThatAreSoldTogetherDoNotInteract) {
  const std::vector<Names> sets = {{"amlodipine", "benazepril"},
                                   {"hydrochlorothiazide", "lisinopril"},
                                   {"amoxicillin", "clavulanate"},
                                   {"sulfamethoxazole", "trimethoprim"},
                                   {"carbidopa", "levodopa"},
                                   {"emtricitabine", "tenofovir alafenamide"},
                                   {"nirmatrelvir", "ritonavir"},
                                   {"sacubitril", "valsartan"},
                                   {"fluticasone", "salmeterol"},
                                   {"albuterol", "ipratropium"},
                                   {"acetaminophen", "hydrocodone"},
                                   {"glipizide", "metformin"},
                                   {"metformin", "sitagliptin"},
                                   {"ethambutol", "isoniazid", "pyrazinamide", "rifampin"},
                                   {"imipenem", "cilastatin"},
                                   {"lopinavir", "ritonavir"},
                                   {"dextromethorphan", "guaifenesin"},
                                   {"benzoyl peroxide", "clindamycin"},
                                   {"ethinyl estradiol", "norethindrone"},
                                   {"atenolol", "chlorthalidone"}};
  Patient patient;
  patient.sex = "male";
  patient.age = 40.0;
  patient.egfr = 90.0;
  for (Names set : sets) {
    std::sort(set.begin(), set.end());
    for (const auto& flag : Shipped().safety.Screen(set, patient, Shipped().medications)) {
      EXPECT_TRUE(flag.severity == "info") << IngredientKey(set) << ": " << Show(flag);
    }
  }
}

TEST(ShippedSafetyTest, PregnancyKidneyAndAgeOfCommonDrugs) {
  Patient pregnant;
  pregnant.sex = "female";
  pregnant.age = 28.0;
  pregnant.pregnant = true;
  pregnant.egfr = 100.0;
  const std::map<std::string, std::string> in_pregnancy = {
      {"isotretinoin", "contraindicated pregnancy"},
      {"methotrexate", "contraindicated pregnancy"},
      {"lisinopril", "contraindicated pregnancy"},
      {"warfarin", "contraindicated pregnancy"},
      {"valproate", "contraindicated pregnancy"},
      {"cyclophosphamide", "contraindicated pregnancy"},
      {"doxycycline", "high pregnancy"},
      {"ibuprofen", "high pregnancy"},
      {"ciprofloxacin", "high pregnancy"},
      {"methimazole", "high pregnancy"},
      {"amoxicillin", ""},
      {"labetalol", ""},
      {"insulin regular", ""},
      {"propylthiouracil", ""}};
  for (const auto& [drug, expected] : in_pregnancy) {
    EXPECT_EQ(About({drug}, {drug}, pregnant), expected) << drug;
  }
  Patient kidney;
  kidney.sex = "male";
  kidney.age = 50.0;
  kidney.egfr = 25.0;
  const std::map<std::string, std::string> at_low_egfr = {
      {"metformin", "contraindicated renal"},
      {"dabigatran etexilate", "contraindicated renal"},
      {"nitrofurantoin", "contraindicated renal"},
      {"ibuprofen", "high renal"},
      {"spironolactone", "high renal"},
      {"gabapentin", "caution renal"},
      {"amoxicillin", ""},
      {"apixaban", ""}};
  for (const auto& [drug, expected] : at_low_egfr) {
    EXPECT_EQ(About({drug}, {drug}, kidney), expected) << drug;
  }
  Patient child;
  child.age = 7.0;
  child.pregnant = false;
  const std::map<std::string, std::string> in_childhood = {{"doxycycline", "high age"},
                                                           {"aspirin", "high age"},
                                                           {"codeine", "contraindicated age"},
                                                           {"ciprofloxacin", "caution age"},
                                                           {"amoxicillin", ""}};
  for (const auto& [drug, expected] : in_childhood) {
    EXPECT_EQ(About({drug}, {drug}, child), expected) << drug;
  }
}

}  // namespace
}  // namespace consilium
