// Names of medications: the strict reading of the tables, and what a stated name is taken for.
#include "aggregator/council/medication.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/council/table_folder.h"

namespace consilium {
namespace {

using Kind = NormalisedName::Kind;
using Names = std::vector<std::string>;

const MedicationTable& Shipped() {
  static const auto table = MedicationTable::Load(ShippedTables());
  CHECK(table.ok(), table.error().text.c_str());
  return *table;
}

std::string KindName(Kind kind) {
  if (kind == Kind::kIngredients) return "ingredients";
  return kind == Kind::kClass ? "class" : "unknown";
}

// "ingredients: a + b", "class: c", "unknown: d", then " [form]" and " (note)" where there is one.
std::string Read(const MedicationTable& table, const std::string& stated) {
  const NormalisedName name = table.Normalise(stated);
  std::string text = KindName(name.kind) + ": " + IngredientKey(name.ingredients);
  if (!name.form.empty()) text += " [" + name.form + "]";
  if (!name.note.empty()) text += " (" + name.note + ")";
  return text;
}
std::string Read(const std::string& stated) { return Read(Shipped(), stated); }

std::string LoadError(const TableFolder& folder) {
  const auto table = MedicationTable::Load(folder.path());
  if (table.ok()) return "no error";
  EXPECT_EQ(table.error().code, ErrorCode::kInvalid);
  return folder.Plain(table.error().text);
}

// --- loading

TEST(MedicationLoadTest, SmallTablesLoad) {
  const TableFolder folder;
  const auto table = MedicationTable::Load(folder.path());
  ASSERT_TRUE(table.ok()) << table.error().text;
  EXPECT_EQ(table->size(), 9U);
  EXPECT_EQ(table->version().size(), 12U);
  EXPECT_EQ(table->version().find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(table->ClassesOf("aspirin"), (Names{"antiplatelet", "nsaid"}));
  EXPECT_EQ(table->ClassesOf("clavulanate"), Names{});
  EXPECT_EQ(table->ClassesOf("no such drug"), Names{});
  EXPECT_TRUE(table->IsClass("beta_blocker"));
  EXPECT_FALSE(table->IsClass("metoprolol"));
}

TEST(MedicationLoadTest, VersionFollowsTheContent) {
  const TableFolder folder;
  const auto before = MedicationTable::Load(folder.path());
  const auto again = MedicationTable::Load(folder.path());
  folder.Append("ambiguous.tsv", "ara\tcytarabine or vidarabine\n");
  const auto after = MedicationTable::Load(folder.path());
  ASSERT_TRUE(before.ok() && again.ok() && after.ok());
  EXPECT_EQ(before->version(), again->version());
  EXPECT_NE(before->version(), after->version());
}

TEST(MedicationLoadTest, MissingFileIsNotFound) {
  const TableFolder folder;
  folder.Remove("forms.tsv");
  const auto table = MedicationTable::Load(folder.path());
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(folder.Plain(table.error().text), "forms.tsv: cannot be opened, expected a table");
}

TEST(MedicationLoadTest, ASlipInATableNamesFileLineValueAndWhatIsAllowed) {
  const struct {
    const char* file;
    std::string append;
    const char* error;
  } cases[] = {
      {"ingredients.tsv", "naproxen\tnsaid\t-\n",
       R"(ingredients.tsv:12: 3 columns in "naproxen\tnsaid\t-", expected 4 (tab-separated): )"
       "ingredient, classes, synonyms, brands"},
      {"ingredients.tsv", "naproxen\tnsaid\t\taleve\n",
       R"(ingredients.tsv:12: synonyms = "" is empty, expected a value, or "-" for none)"},
      {"ingredients.tsv", "naproxen\tnsaid\t-\taleve||x\n",
       R"(ingredients.tsv:12: brands: a value of "aleve||x" is empty, expected a value, or "-" )"
       "for none"},
      {"ingredients.tsv", "naproxen\tnsaid\t-|x\taleve\n",
       R"(ingredients.tsv:12: synonyms = "-|x", expected values separated by "|", or "-" alone)"},
      {"ingredients.tsv", "naproxen \tnsaid\t-\taleve\n",
       R"(ingredients.tsv:12: ingredient = "naproxen " starts or ends with a space, expected none)"},
      {"ingredients.tsv", "naproxen\tnsaid\t-\taleve\r\n",
       R"(ingredients.tsv:12: brands = "aleve\r" has a control character, expected printable text )"
       "and LF line ends"},
      {"ingredients.tsv", "naprox\xffn\tnsaid\t-\taleve\n",
       R"(ingredients.tsv:12: byte 7 of "naprox\xffn\tnsaid\t-\taleve" is not UTF-8)"},
      {"ingredients.tsv", "naproxen\tnsaids\t-\taleve\n",
       R"(ingredients.tsv:12: classes = "nsaids", expected a class of classes.tsv)"},
      {"ingredients.tsv", "naproxen\tnsaid|nsaid\t-\taleve\n",
       R"(ingredients.tsv:12: classes = "nsaid", expected each class once)"},
      {"ingredients.tsv", "naproxen\tnsaid\t-\tbayer\n",
       R"(ingredients.tsv:12: brands = "bayer", expected a new name; it already means aspirin )"
       "(ingredients.tsv:6)"},
      {"ingredients.tsv", "naproxen\tnsaid\t-\taleve|aleve\n",
       R"(ingredients.tsv:12: brands = "aleve", expected a new name; it already means naproxen )"
       "(ingredients.tsv:12)"},
      {"ingredients.tsv", "co amoxiclav\t-\t-\t-\n",
       R"(combinations.tsv:2: name = "co-amoxiclav", expected one meaning; it already means )"
       "co amoxiclav (ingredients.tsv:12)"},
      {"ingredients.tsv", "Naproxen\tnsaid\t-\taleve\n",
       R"(ingredients.tsv:12: ingredient = "Naproxen", expected the folded spelling "naproxen")"},
      {"ingredients.tsv", "---\tnsaid\t-\taleve\n",
       R"(ingredients.tsv:12: ingredient = "---", expected a name with a letter or a digit)"},
      {"combinations.tsv", "unasyn\tampicillin|sulbactam\n",
       R"(combinations.tsv:3: ingredients = "sulbactam", expected an ingredient of ingredients.tsv)"},
      {"combinations.tsv", "trimox\tamoxicillin|amoxicillin\n",
       R"(combinations.tsv:3: ingredients = "amoxicillin|amoxicillin", expected at least two )"
       "different ingredients"},
      {"classes.tsv", "Statin\tstatin\n",
       R"(classes.tsv:8: class = "Statin", expected a class of a-z, 0-9 and _)"},
      {"classes.tsv", "nsaid\tnsaids\n",
       R"(classes.tsv:8: class = "nsaid", expected a class that is not listed above)"},
      {"classes.tsv", "statin\taspirin\n",
       R"(classes.tsv:8: names = "aspirin", expected a new name; it already means aspirin )"
       "(ingredients.tsv:6)"},
      {"forms.tsv", "atenolol\ttartrate\n",
       R"(forms.tsv:4: ingredient = "atenolol", expected an ingredient of ingredients.tsv)"},
      {"forms.tsv", "metoprolol\tsuccinate\n",
       R"(forms.tsv:4: ingredient = "metoprolol", expected an ingredient that is not listed above)"},
      {"ambiguous.tsv", "asa\taspirin or amylase\n",
       R"(ambiguous.tsv:3: name = "asa", expected a new name; it already means aspirin )"
       "(ingredients.tsv:6)"},
      {"salts.txt", "sodium\n", R"(salts.txt:5: word = "sodium", expected each word once)"},
      {"noise.txt", "penicillin\n",
       R"(noise.txt:5: word = "penicillin", expected a word without meaning; it means class )"
       "penicillin (classes.tsv:2)"},
  };
  for (const auto& one : cases) {
    const TableFolder folder;
    folder.Append(one.file, one.append);
    EXPECT_EQ(LoadError(folder), one.error);
  }
}

TEST(MedicationLoadTest, AWrongOrMissingHeaderIsNamed) {
  const TableFolder folder;
  folder.Write("forms.tsv", "ingredient\tform\nmetoprolol\tsuccinate\n");
  EXPECT_EQ(LoadError(folder),
            R"(forms.tsv:1: header "ingredient\tform", expected the columns (tab-separated) )"
            "ingredient, forms");
  folder.Write("forms.tsv", "# nothing\n\n");
  EXPECT_EQ(LoadError(folder),
            "forms.tsv: no header, expected the columns (tab-separated) ingredient, forms");
}

// --- reading names against the small tables

TEST(MedicationNameTest, SmallTablesDecideWhatANameIs) {
  const TableFolder folder;
  const auto table = MedicationTable::Load(folder.path());
  ASSERT_TRUE(table.ok()) << table.error().text;
  const std::pair<const char*, const char*> cases[] = {
      {"AMOXYCILLIN", "ingredients: amoxicillin"},
      {"Augmentin", "ingredients: amoxicillin + clavulanate"},
      {"Co\u2011Amoxiclav\u00a0875/125\u00a0mg", "ingredients: amoxicillin + clavulanate"},
      {"amox tablet", "ingredients: amoxicillin"},
      {"beta_blocker", "class: beta_blocker"},
      {"antiplatelets", "class: antiplatelet"},
      {"metoprolol succinate", "ingredients: metoprolol [succinate]"},
      {"warfarin sodium", "ingredients: warfarin"},
      {"sodium warfarin", "ingredients: warfarin"},
      {"warfarin succinate", "ingredients: warfarin"},
      // A form goes only with an ingredient that has it.
      {"amoxicillin depot", "ingredients: amoxicillin [depot]"},
      {"warfarin depot", "unknown: depot + warfarin (\"depot\" is not in the medication table)"},
      // A salt that is a name as well: the neighbours decide.
      {"warfarin potassium", "ingredients: warfarin"},
      {"warfarin + potassium", "ingredients: potassium chloride + warfarin"},
      {"potassium", "ingredients: potassium chloride"},
      {"sodium", "unknown: sodium (\"sodium\" is not in the medication table)"},
      {"augmentin, advil and warfarin",
       "ingredients: amoxicillin + clavulanate + ibuprofen + warfarin"},
      {"augmentin + glurbium",
       "unknown: amoxicillin + clavulanate + glurbium (\"glurbium\" is not "
       "in the medication table)"},
      {"ms", "unknown: ms (\"ms\" is ambiguous: morphine sulfate or magnesium sulfate)"},
      {"aspirin 81", "unknown: 81 + aspirin (\"81\" is not in the medication table)"},
      {"aspirin 81 mg, low-dose", "ingredients: aspirin"},
      {"500 mg tablet", "unknown: 500 mg tablet (names no medication)"},
      {"", "unknown:  (names nothing)"},
      {" ...\u2014() ", "unknown:  (names nothing)"},
  };
  for (const auto& [stated, expected] : cases) EXPECT_EQ(Read(*table, stated), expected) << stated;
}

TEST(MedicationNameTest, ParenthesesAgreeContradictOrRemark) {
  const TableFolder folder;
  const auto table = MedicationTable::Load(folder.path());
  ASSERT_TRUE(table.ok()) << table.error().text;
  const std::pair<const char*, const char*> cases[] = {
      {"Advil (ibuprofen)", "ingredients: ibuprofen"},
      {"ibuprofen (Advil)", "ingredients: ibuprofen"},
      {"ibuprofen [Advil, 200 mg]", "ingredients: ibuprofen"},
      {"(ibuprofen)", "ingredients: ibuprofen"},
      {"Advil (ibuprofen) + Coumadin (warfarin)", "ingredients: ibuprofen + warfarin"},
      {"warfarin + amoxicillin/clavulanate (Augmentin)",
       "ingredients: amoxicillin + clavulanate + warfarin"},
      {"amoxicillin (plus clavulanate)", "ingredients: amoxicillin + clavulanate"},
      {"Advil (warfarin)",
       "unknown: ibuprofen + warfarin (\"advil\" and \"(warfarin)\" contradict)"},
      {"Augmentin (amoxicillin)",
       "unknown: amoxicillin + clavulanate (\"augmentin\" and \"(amoxicillin)\" contradict)"},
      {"ibuprofen (if the kidneys allow)",
       "ingredients: ibuprofen (\"(if the kidneys allow)\" is taken as a remark)"},
      {"Glurbium (ibuprofen)",
       "unknown: glurbium + ibuprofen (\"glurbium\" is not in the table, although \"(ibuprofen)\" "
       "is; \"glurbium\" is not in the medication table)"},
      {"metoprolol (beta blocker)", "ingredients: metoprolol"},
      {"metoprolol (NSAID)",
       "ingredients: metoprolol (\"(nsaid)\" is not a class of it in the table)"},
      {"a beta blocker (metoprolol)", "ingredients: metoprolol"},
      {"a beta blocker (warfarin)",
       "unknown: beta_blocker + warfarin (\"beta blocker\" and \"(warfarin)\" contradict; names a "
       "class beside a drug)"},
      {"a beta blocker (e.g. metoprolol)", "class: beta_blocker"},
      {"beta blocker (NSAID)",
       "unknown: beta_blocker (\"beta blocker\" and \"(nsaid)\" name two classes)"},
      {"MS (aspirin)", "ingredients: aspirin"},
      {"ibuprofen (or aspirin)",
       "unknown: aspirin + ibuprofen (names alternatives (\"or\"), not one treatment)"},
      {"((((", "unknown:  (names nothing)"},
      {"aspirin (", "ingredients: aspirin"},
      {"aspirin )(", "ingredients: aspirin"},
  };
  for (const auto& [stated, expected] : cases) EXPECT_EQ(Read(*table, stated), expected) << stated;
}

TEST(MedicationNameTest, TextsThatAreNoNamesStayApart) {
  const std::string long_a(513, 'a');
  const std::string long_b = long_a.substr(0, 512) + "b";
  const NormalisedName a = Shipped().Normalise(long_a);
  const NormalisedName b = Shipped().Normalise(long_b);
  EXPECT_EQ(a.kind, Kind::kUnknown);
  EXPECT_EQ(a.note, "513 bytes, expected at most 512");
  ASSERT_EQ(a.ingredients.size(), 1U);
  EXPECT_NE(a.ingredients, b.ingredients) << "two texts with one beginning merged";
  EXPECT_EQ(Read("aspi\xffrin"), "unknown: aspi?rin (is not UTF-8)");
}

TEST(MedicationNameTest, IngredientKeyJoinsTheSet) {
  EXPECT_EQ(IngredientKey({}), "");
  EXPECT_EQ(IngredientKey({"aspirin"}), "aspirin");
  EXPECT_EQ(IngredientKey({"amoxicillin", "clavulanate"}), "amoxicillin + clavulanate");
}

// --- the shipped tables

TEST(ShippedMedicationsTest, AtLeast650IngredientsEachReadsAsItself) {
  EXPECT_GE(Shipped().size(), 650U);
  std::ifstream file(ShippedTables() + "/ingredients.tsv");
  std::size_t seen = 0;
  bool header = true;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#' || std::exchange(header, false)) continue;
    const std::string name = line.substr(0, line.find('\t'));
    const NormalisedName read = Shipped().Normalise(name);
    EXPECT_EQ(read.kind, Kind::kIngredients) << name << ": " << read.note;
    EXPECT_EQ(read.ingredients, Names{name});
    ++seen;
  }
  EXPECT_EQ(seen, Shipped().size());
}

TEST(ShippedMedicationsTest, InternationalAndUsNamesAreOneIngredient) {
  const std::pair<const char*, const char*> pairs[] = {
      {"paracetamol", "acetaminophen"},
      {"salbutamol", "albuterol"},
      {"adrenaline", "epinephrine"},
      {"noradrenaline", "norepinephrine"},
      {"pethidine", "meperidine"},
      {"rifampicin", "rifampin"},
      {"ciclosporin", "cyclosporine"},
      {"glibenclamide", "glyburide"},
      {"aciclovir", "acyclovir"},
      {"cefalexin", "cephalexin"},
      {"lignocaine", "lidocaine"},
      {"frusemide", "furosemide"},
      {"torasemide", "torsemide"},
      {"isoprenaline", "isoproterenol"},
      {"thyroxine", "levothyroxine"},
      {"benzylpenicillin", "penicillin g"},
      {"phenoxymethylpenicillin", "penicillin v"},
      {"dicycloverine", "dicyclomine"},
      {"phenobarbitone", "phenobarbital"},
      {"amfetamine", "amphetamine"},
      {"colestyramine", "cholestyramine"},
      {"sulphamethoxazole", "sulfamethoxazole"},
  };
  for (const auto& [inn, usan] : pairs) {
    EXPECT_EQ(Read(inn), std::string("ingredients: ") + usan) << inn;
    EXPECT_EQ(Read(usan), std::string("ingredients: ") + usan);
  }
}

TEST(ShippedMedicationsTest, LookAlikesStayApart) {
  const std::vector<Names> groups = {
      {"hydralazine", "hydroxyzine"},
      {"prednisone", "prednisolone", "methylprednisolone", "primidone"},
      {"dopamine", "dobutamine"},
      {"epinephrine", "ephedrine", "norepinephrine"},
      {"vinblastine", "vincristine"},
      {"cisplatin", "carboplatin"},
      {"Celebrex", "Celexa", "Cerebyx"},
      {"clonidine", "clonazepam"},
      {"lamotrigine", "lamivudine", "Lamisil"},
      {"metformin", "metronidazole"},
      {"chlorpromazine", "chlorpropamide"},
      {"tramadol", "trazodone"},
      {"valacyclovir", "valganciclovir"},
      {"bupropion", "buspirone"},
      {"glipizide", "glyburide", "glimepiride"},
      {"hydrocodone", "oxycodone", "oxymorphone"},
      {"doxepin", "doxycycline"},
      {"olanzapine", "quetiapine"},
      {"sulfadiazine", "sulfasalazine"},
      {"penicillin g", "penicillin v", "penicillamine"},
  };
  for (const Names& group : groups) {
    std::set<Names> sets;
    for (const std::string& name : group) {
      const NormalisedName read = Shipped().Normalise(name);
      EXPECT_EQ(read.kind, Kind::kIngredients) << name << ": " << read.note;
      sets.insert(read.ingredients);
    }
    EXPECT_EQ(sets.size(), group.size()) << "merged: " << IngredientKey(group);
  }
  EXPECT_EQ(Read("Klonopin"), "ingredients: clonazepam");
}

TEST(ShippedMedicationsTest, AMisspellingIsUnknownAndStaysAsStated) {
  for (const std::string name : {"hydroxizine", "metforman", "amoxicilin", "warfarn",
                                 "prednisoloen", "asprin", "lisinoprill", "omeprazol e"}) {
    std::string expected = "unknown: ";
    expected.append(name).append(" (\"").append(name).append("\" is not in the medication table)");
    EXPECT_EQ(Read(name), expected);
  }
}

TEST(ShippedMedicationsTest, InhBehindAnotherDrugMayBeInhaledAndIsNoIsoniazid) {
  for (const char* name : {"Albuterol INH", "salbutamol inh 100 mcg", "rifampin INH"}) {
    EXPECT_EQ(Read(name).substr(0, 8), "unknown:") << name;
  }
  EXPECT_EQ(Read("INH"), "ingredients: isoniazid");
  EXPECT_EQ(Read("Isoniazid (INH)"), "ingredients: isoniazid");
  EXPECT_EQ(Read("Isoniazid INH"), "ingredients: isoniazid");
  for (const char* name : {"INH + rifampin", "rifampin + INH", "rifampin/INH", "rifampin, INH"}) {
    EXPECT_EQ(Read(name), "ingredients: isoniazid + rifampin") << name;
  }
}

TEST(ShippedMedicationsTest, AbbreviationsAreReadOnlyWhereTheyAreUnambiguous) {
  const std::pair<const char*, const char*> known[] = {
      {"HCTZ", "ingredients: hydrochlorothiazide"},
      {"TMP-SMX", "ingredients: sulfamethoxazole + trimethoprim"},
      {"ASA", "ingredients: aspirin"},
      {"APAP", "ingredients: acetaminophen"},
      {"MTX", "ingredients: methotrexate"},
      {"INH", "ingredients: isoniazid"},
      {"NTG", "ingredients: nitroglycerin"},
      {"KCl", "ingredients: potassium chloride"},
      {"PCN", "class: penicillin"},
  };
  for (const auto& [stated, expected] : known) EXPECT_EQ(Read(stated), expected);
  for (const char* stated : {"MS", "MSO4", "MgSO4", "MS 10 mg IV"}) {
    const NormalisedName name = Shipped().Normalise(stated);
    EXPECT_EQ(name.kind, Kind::kUnknown) << stated;
    EXPECT_NE(name.note.find("is ambiguous: "), std::string::npos) << name.note;
  }
}

TEST(ShippedMedicationsTest, NamesAsModelsWriteThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"amoxicillin 500 mg capsules", "ingredients: amoxicillin"},
      {"IV ceftriaxone 1 g", "ingredients: ceftriaxone"},
      {"ketotifen eye drops", "ingredients: ketotifen"},
      {"inhaled albuterol", "ingredients: albuterol"},
      {"low-dose aspirin", "ingredients: aspirin"},
      {"metoprolol succinate extended-release", "ingredients: metoprolol [succinate]"},
      {"Metoprolol tartrate 25 mg PO BID", "ingredients: metoprolol [tartrate]"},
      {"Zofran (ondansetron)", "ingredients: ondansetron"},
      {"lamivudine-zidovudine", "ingredients: lamivudine + zidovudine"},
      {"zidovudine\u2013lamivudine", "ingredients: lamivudine + zidovudine"},
      {"ibuprofen + colchicine +/- omeprazole",
       "ingredients: colchicine + ibuprofen + omeprazole (optional: omeprazole)"},
      {"ibuprofen \u00b1 omeprazole", "ingredients: ibuprofen + omeprazole (optional: omeprazole)"},
      {"aspirin with or without omeprazole",
       "ingredients: aspirin + omeprazole (optional: omeprazole)"},
      {"a beta blocker", "class: beta_blocker"},
      {"ACE inhibitors", "class: ace_inhibitor"},
      {"Augmentin 875/125 mg", "ingredients: amoxicillin + clavulanate"},
      {"amoxicillin-potassium clavulanate", "ingredients: amoxicillin + clavulanate"},
      {"co-trimoxazole", "ingredients: sulfamethoxazole + trimethoprim"},
      {"benzathine penicillin G 2.4 million units IM", "ingredients: penicillin g [benzathine]"},
      {"liposomal amphotericin B 3 mg/kg/day", "ingredients: amphotericin b [liposomal]"},
      {"sodium valproate", "ingredients: valproate"},
      {"methotrexate 15 mg/m2 weekly", "ingredients: methotrexate"},
      {"prednisone 40 mg PO daily x 5 days", "ingredients: prednisone"},
      {"ceftriaxone 50 mg/kg/day IV q12h", "ingredients: ceftriaxone"},
      {"dexamethasone 6 mg daily for 10 days", "ingredients: dexamethasone"},
      {"lidocaine 1% with epinephrine 1:100,000", "ingredients: epinephrine + lidocaine"},
      {"Vitamin B-12 1,000 mcg", "ingredients: cyanocobalamin"},
      {"Tylenol 3", "ingredients: acetaminophen + codeine"},
      {"St. John\u2019s Wort", "ingredients: st john's wort"},
      {"LAMICTAL\u00ae", "ingredients: lamotrigine"},
      {"\uff21\uff33\uff30\uff29\uff32\uff29\uff2e", "ingredients: aspirin"},
      {"Rifampicin (600 mg) + Dapsone (150 mg) promptly",
       "unknown: dapsone + promptly + rifampin (\"promptly\" is not in the medication table)"},
      {"avoid aspirin", "unknown: aspirin + avoid (\"avoid\" is not in the medication table)"},
      {"amoxicillin or azithromycin",
       "unknown: amoxicillin + azithromycin (names alternatives "
       "(\"or\"), not one treatment)"},
  };
  for (const auto& [stated, expected] : cases) EXPECT_EQ(Read(stated), expected) << stated;
}

TEST(ShippedMedicationsTest, TheOrderOfTheBytesOfNoInputBreaksTheResult) {
  // Parts of names, separators and rubbish in random order: the result is sorted, unique, bounded
  // and the same when asked again.
  const std::vector<std::string> parts = {
      "amoxicillin", "Zofran", "potassium", "succinate", "(",      ")", "+/-",
      " and ",       " or ",   "500",       "mg",        "/",      "-", ",",
      "a ",          "e.g.",   "ms",        "\xff",      "\u00b1", "%", "beta blocker",
      "[",           "]",      " ",         "1:100",     "x",      "q", "\u00e9",
      "'",           "with "};
  const unsigned seed = 20260101;
  std::mt19937 random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string stated;
    for (auto n = random() % 12; n > 0; --n) stated += parts[random() % parts.size()];
    const NormalisedName name = Shipped().Normalise(stated);
    const bool word = stated.find_first_of("abefiloprstuxqzZ0123456789") != std::string::npos ||
                      stated.find("\u00e9") != std::string::npos;
    ASSERT_TRUE(!word || !name.ingredients.empty()) << "seed " << seed << ": " << stated;
    ASSERT_TRUE(std::is_sorted(name.ingredients.begin(), name.ingredients.end())) << stated;
    ASSERT_EQ(std::adjacent_find(name.ingredients.begin(), name.ingredients.end()),
              name.ingredients.end())
        << stated;
    ASSERT_EQ(Shipped().Normalise(stated).ingredients, name.ingredients);
    ASSERT_TRUE(name.kind != Kind::kUnknown || !name.note.empty()) << stated;
  }
}

TEST(ShippedMedicationsTest, AtLeast97PercentOfTheNamesOfTheRealCasesAreRecognised) {
  const std::string folder = std::string(CONSILIUM_SOURCE_DIR) + "/../shared/cases/";
  std::set<std::string> names;
  for (const char* file : {"vignettes.jsonl", "answers.jsonl"}) {
    std::ifstream in(folder + file);
    if (!in) GTEST_SKIP() << folder << file << " is not there";
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line);
      for (const char* field : {"medications", "gold_medications"}) {
        if (!json.contains(field) || !json[field].is_array()) continue;
        for (const auto& name : json[field]) names.insert(name.get<std::string>());
      }
      if (!json.contains("option_medications")) continue;
      for (const auto& option : json["option_medications"]) {
        for (const auto& name : option) names.insert(name.get<std::string>());
      }
    }
  }
  ASSERT_GT(names.size(), 100U);
  std::size_t known = 0;
  for (const std::string& name : names) {
    const NormalisedName read = Shipped().Normalise(name);
    if (read.kind != Kind::kUnknown) {
      ++known;
    } else {
      std::cout << "not recognised: " << name << " (" << read.note << ")\n";
    }
  }
  EXPECT_GE(static_cast<double>(known), 0.97 * static_cast<double>(names.size()))
      << known << " of " << names.size();
}

}  // namespace
}  // namespace consilium
