// Medication names and tables from arbitrary bytes. The first byte chooses: a name and an allergy
// read with the shipped tables, or one table of the two sets replaced by the bytes. Nothing may
// crash, and a name's result must keep the promises of its header.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aggregator/council/medication.h"
#include "aggregator/council/medication_index.h"
#include "aggregator/council/safety.h"
#include "aggregator/council/safety_rules.h"
#include "shared/check.h"
#include "shared/text.h"

namespace consilium {
namespace {

const MedicationTable& Medications() {
  static const auto table = MedicationTable::Load(CONSILIUM_SOURCE_DIR "/configs/medications");
  CHECK(table.ok(), table.error().text.c_str());
  return table.value();
}

const SafetyTables& Safety() {
  static const auto tables =
      SafetyTables::Load(CONSILIUM_SOURCE_DIR "/configs/medications", Medications());
  CHECK(tables.ok(), tables.error().text.c_str());
  return tables.value();
}

bool HasLetterOrDigit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

void ReadName(std::string_view stated) {
  const NormalisedName name = Medications().Normalise(stated);
  const auto& parts = name.ingredients;
  CHECK(!parts.empty() || !HasLetterOrDigit(stated), "a name with a word has a part");
  CHECK(std::is_sorted(parts.begin(), parts.end()), "parts are sorted");
  CHECK(std::adjacent_find(parts.begin(), parts.end()) == parts.end(), "parts are unique");
  CHECK(name.kind != NormalisedName::Kind::kClass || parts.size() == 1, "one class");
  CHECK(name.kind != NormalisedName::Kind::kUnknown || !name.note.empty(), "unknown says why");
  for (const std::string& part : parts) {
    CHECK(!part.empty() && FindInvalidUtf8(part) == std::string::npos, "parts are UTF-8");
  }
  CHECK(FindInvalidUtf8(name.note) == std::string::npos, "notes are UTF-8");

  Patient patient;
  patient.allergies = {std::string(stated)};
  patient.medications = {std::string(stated)};
  for (const SafetyFlag& flag : Safety().Screen({"amoxicillin"}, patient, Medications())) {
    CHECK(!flag.text.empty() && !flag.rule.empty(), "a flag says why and by which rule");
    CHECK(FindInvalidUtf8(flag.text) == std::string::npos, "flags are UTF-8");
  }
}

void ReadMedicationTable(std::size_t replaced, std::string_view bytes) {
  MedicationTexts texts = {
      "ingredient\tclasses\tsynonyms\tbrands\naspirin\tnsaid\tasa\t-\n"
      "warfarin\t-\t-\tcoumadin\n",
      "name\tingredients\nboth\taspirin|warfarin\n",
      "class\tnames\nnsaid\tnsaids\n",
      "sodium\n",
      "ingredient\tforms\naspirin\tlysine\n",
      "name\twhy\nms\tmany\n",
      "tablet\n"};
  texts[replaced] = std::string(bytes);
  const auto index = BuildMedicationIndex(texts);
  CHECK(index.ok() || !index.error().text.empty(), "an error has a text");
}

void ReadSafetyTable(std::size_t replaced, std::string_view bytes) {
  SafetyTexts texts = {"group\tnames\tmembers\nsalicylates\tsalicylate\taspirin\n",
                       "phrase\tmeaning\nhives\treaction\n",
                       "allergens\treactions\tagainst\tseverity\ttext\n",
                       "targets\tfrom\tbelow\tseverity\ttext\n",
                       "targets\tseverity\ttext\n",
                       "a\tb\tseverity\ttext\n",
                       "targets\tbelow\tseverity\ttext\n",
                       "targets\tseverity\ttext\n",
                       "targets\trisk\n"};
  texts[replaced] = std::string(bytes);
  const auto rules = BuildSafetyRules(texts, Medications());
  CHECK(rules.ok() || !rules.error().text.empty(), "an error has a text");
}

}  // namespace
}  // namespace consilium

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  const std::size_t choice = data[0] % 32;
  if (choice < consilium::kMedicationFiles.size()) {
    consilium::ReadMedicationTable(choice, bytes);
  } else if (choice >= 8 && choice - 8 < consilium::kSafetyFiles.size()) {
    consilium::ReadSafetyTable(choice - 8, bytes);
  } else {
    consilium::ReadName(bytes);
  }
  return 0;
}
