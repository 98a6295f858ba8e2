#include "aggregator/council/coding.h"

#include <algorithm>
#include <iterator>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kQuoteBytesMax = 80;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

SafetyFlag UnknownFlag(const std::string& stated, const NormalisedName& name) {
  SafetyFlag flag;
  flag.code = "unknown_medication";
  flag.severity = "caution";
  flag.ingredients = name.ingredients;
  flag.rule = "medication_table";
  flag.text = Quoted(stated, kQuoteBytesMax);
  if (name.kind == NormalisedName::Kind::kClass) {
    flag.text += " is a class, not one medication: the safety screen cannot check it";
  } else {
    flag.text += " is not in the medication table: the safety screen cannot check it";
  }
  if (!name.note.empty()) flag.text += " (" + name.note + ")";
  return flag;
}

}  // namespace

std::string Folded(std::string_view text) {
  std::string folded;
  for (const char c : text) {
    if (IsSpace(c)) {
      if (!folded.empty() && folded.back() != ' ') folded += ' ';
    } else {
      folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (!folded.empty() && folded.back() == ' ') folded.pop_back();
  return folded;
}

NormalisedName CodeName(const std::string& stated, const MedicationTable& table) {
  NormalisedName name = table.Normalise(stated);
  if (name.ingredients.empty()) {
    name.kind = NormalisedName::Kind::kUnknown;
    name.ingredients = {Folded(stated)};
  }
  return name;
}

IngredientSet CodeNames(const std::vector<std::string>& names, const MedicationTable& table) {
  IngredientSet set;
  for (const std::string& stated : names) {
    NormalisedName name = CodeName(stated, table);
    if (name.kind != NormalisedName::Kind::kIngredients) {
      set.known = false;
      set.flags.push_back(UnknownFlag(stated, name));
    }
    std::move(name.ingredients.begin(), name.ingredients.end(),
              std::back_inserter(set.ingredients));
  }
  std::sort(set.ingredients.begin(), set.ingredients.end());
  set.ingredients.erase(std::unique(set.ingredients.begin(), set.ingredients.end()),
                        set.ingredients.end());
  return set;
}

CodedAnswer CodeAnswer(std::string_view model, const Answer& answer,
                       const std::map<std::string, std::string>& options,
                       const MedicationTable& table) {
  CodedAnswer coded;
  coded.model = model;
  coded.answer = &answer;
  std::vector<std::string> names;
  names.reserve(answer.medications.size());
  for (const Medication& medication : answer.medications) names.push_back(medication.ingredient);
  coded.set = CodeNames(names, table);
  if (!options.empty() && answer.option) {
    coded.option = Folded(*answer.option);
    std::transform(coded.option.begin(), coded.option.end(), coded.option.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  }
  if (coded.set.ingredients.empty()) {
    coded.key = coded.option.empty() ? "" : "option " + coded.option;
  } else {
    // Parts are joined by a byte that no cleaned name has, so that two sets cannot look alike.
    coded.key = coded.set.known ? "known" : "unknown";
    for (const std::string& ingredient : coded.set.ingredients) coded.key += '\x1f' + ingredient;
  }
  return coded;
}

}  // namespace consilium
