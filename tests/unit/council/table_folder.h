// A temporary folder of tables for one test: small ones by default, any of them replaced.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace consilium {

// The shipped tables.
inline std::string ShippedTables() {
  return std::string(CONSILIUM_SOURCE_DIR) + "/configs/medications";
}

class TableFolder {
 public:
  TableFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tables-XXXXXX").string();
    const char* made = mkdtemp(pattern.data());
    EXPECT_NE(made, nullptr) << pattern;
    path_ = pattern;
    Write("ingredients.tsv",
          "# names\n"
          "ingredient\tclasses\tsynonyms\tbrands\n"
          "amoxicillin\tpenicillin\tamox|amoxycillin\tamoxil\n"
          "ampicillin\tpenicillin\t-\t-\n"
          "clavulanate\t-\tclavulanic acid\t-\n"
          "aspirin\tantiplatelet|nsaid\tasa\tbayer\n"
          "ibuprofen\tnsaid\t-\tadvil\n"
          "warfarin\tanticoagulant\t-\tcoumadin\n"
          "metoprolol\tbeta_blocker\t-\tlopressor\n"
          "codeine\topioid\t-\t-\n"
          "potassium chloride\t-\tpotassium\tklor-con\n");
    Write("combinations.tsv",
          "name\tingredients\naugmentin|co-amoxiclav\tamoxicillin|clavulanate\n");
    Write("classes.tsv",
          "class\tnames\n"
          "penicillin\tpenicillin\n"
          "nsaid\tnsaid\n"
          "antiplatelet\t-\n"
          "anticoagulant\t-\n"
          "opioid\topioid\n"
          "beta_blocker\tbeta blocker\n");
    Write("salts.txt", "sodium\npotassium\ntartrate\nsuccinate\n");
    Write("forms.tsv", "ingredient\tforms\nmetoprolol\ttartrate|succinate\namoxicillin\tdepot\n");
    Write("ambiguous.tsv", "name\twhy\nms\tmorphine sulfate or magnesium sulfate\n");
    Write("noise.txt", "tablet\noral\nlow-dose\neye drops\n");
    Write("safety_groups.tsv", "group\tnames\tmembers\n");
    Write("safety_words.tsv",
          "phrase\tmeaning\n"
          "hives|anaphylaxis\treaction\n"
          "nausea\tintolerance\n"
          "nkda|none|no|not allergic to\tnone\n"
          "except\texcept\n"
          "mother\tfamily\n"
          "allergy|allergic to|drugs|to\tignore\n");
    Write("safety_allergies.tsv", "allergens\treactions\tagainst\tseverity\ttext\n");
    Write("safety_age.tsv", "targets\tfrom\tbelow\tseverity\ttext\n");
    Write("safety_pregnancy.tsv", "targets\tseverity\ttext\n");
    Write("safety_interactions.tsv", "a\tb\tseverity\ttext\n");
    Write("safety_renal.tsv", "targets\tbelow\tseverity\ttext\n");
    Write("safety_duplicates.tsv", "targets\tseverity\ttext\n");
    Write("safety_qt.tsv", "targets\trisk\n");
  }
  ~TableFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TableFolder(const TableFolder&) = delete;
  TableFolder& operator=(const TableFolder&) = delete;

  void Write(const std::string& file, const std::string& text) const {
    std::ofstream out(path_ + "/" + file, std::ios::binary | std::ios::trunc);
    out << text;
    EXPECT_TRUE(out.good()) << file;
  }
  void Append(const std::string& file, const std::string& text) const {
    std::ofstream out(path_ + "/" + file, std::ios::binary | std::ios::app);
    out << text;
    EXPECT_TRUE(out.good()) << file;
  }
  void Remove(const std::string& file) const { std::filesystem::remove(path_ + "/" + file); }
  const std::string& path() const { return path_; }

  // An error text without the folder, which differs from run to run.
  std::string Plain(std::string text) const {
    const std::string prefix = path_ + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }

 private:
  std::string path_;
};

}  // namespace consilium
