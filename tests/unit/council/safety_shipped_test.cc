// The shipped safety tables against what a pharmacist would expect of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "aggregator/council/safety_rules.h"
#include "tests/unit/council/screening.h"

namespace consilium {
namespace {

const Tables& Shipped() {
  static const Tables tables = LoadTables(ShippedTables());
  return tables;
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
  const Patient patient =
      Taking({"none", "No current medications", "lisinopril 10 mg daily", "citalopram 20"});
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
