#include "aggregator/council/allergy.h"

#include <algorithm>
#include <set>
#include <utility>

#include "aggregator/council/name_text.h"

namespace consilium {
namespace {

bool HasLetter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80U) != 0;
  });
}

// The phrases of the safety tables in a text, and the text without them.
struct Phrases {
  std::vector<std::pair<std::string, AllergyWord>> words;
  std::vector<std::string> groups;
  std::string rest;
};

Phrases TakePhrases(std::string_view stated, const SafetyRules& rules) {
  NameTokens tokens = FoldAndTokenise(stated);
  Phrases phrases;
  phrases.rest = tokens.text;
  const std::size_t all = tokens.tokens.size();
  for (std::size_t i = 0; i < all;) {
    std::size_t count = std::min(rules.longest_phrase, all - i);
    for (; count > 0; --count) {
      const std::string_view key = tokens.Key(i, count);
      const auto group = rules.group_of.find(key);
      const auto word = rules.words.find(key);
      if (group != rules.group_of.end()) {
        phrases.groups.push_back(group->second);
      } else if (word != rules.words.end()) {
        phrases.words.emplace_back(*word);
      } else {
        continue;
      }
      const auto begin = static_cast<std::ptrdiff_t>(tokens.tokens[i].begin);
      const auto end = static_cast<std::ptrdiff_t>(tokens.tokens[i + count - 1].end);
      std::fill(phrases.rest.begin() + begin, phrases.rest.begin() + end, ' ');
      break;
    }
    i += std::max<std::size_t>(count, 1);
  }
  return phrases;
}

bool Has(const Phrases& phrases, AllergyWord meaning) {
  return std::any_of(phrases.words.begin(), phrases.words.end(),
                     [&](const auto& word) { return word.second == meaning; });
}

bool IsIngredient(const std::string& name, const MedicationTable& medications) {
  if (!medications.ClassesOf(name).empty()) return true;
  const NormalisedName found = medications.Normalise(name);
  return found.kind == NormalisedName::Kind::kIngredients && found.ingredients.size() == 1 &&
         found.ingredients.front() == name;
}

StatedAllergy::Manner MannerOf(const Phrases& phrases) {
  const bool reaction = Has(phrases, AllergyWord::kReaction);
  if (Has(phrases, AllergyWord::kFamily)) return StatedAllergy::Manner::kFamily;
  if (Has(phrases, AllergyWord::kNone) && !Has(phrases, AllergyWord::kExcept) && !reaction) {
    return StatedAllergy::Manner::kDenied;
  }
  if (Has(phrases, AllergyWord::kIntolerance) && !reaction) {
    return StatedAllergy::Manner::kIntolerance;
  }
  return StatedAllergy::Manner::kAllergy;
}

}  // namespace

bool IsKnown(const std::string& name, const MedicationTable& medications) {
  return medications.IsClass(name) || IsIngredient(name, medications);
}

StatedAllergy ReadAllergy(std::string_view stated, const SafetyRules& rules,
                          const MedicationTable& medications) {
  StatedAllergy allergy;
  allergy.stated = std::string(stated);
  Phrases phrases = TakePhrases(stated, rules);
  allergy.manner = MannerOf(phrases);
  allergy.groups = std::move(phrases.groups);
  std::sort(allergy.groups.begin(), allergy.groups.end());
  allergy.groups.erase(std::unique(allergy.groups.begin(), allergy.groups.end()),
                       allergy.groups.end());
  for (auto& [key, meaning] : phrases.words) {
    if (meaning == AllergyWord::kReaction || meaning == AllergyWord::kIntolerance) {
      allergy.reactions.push_back(std::move(key));
    }
  }
  // Punctuation is all that is left of "(anaphylaxis)"; a number alone is a year or an age.
  if (HasLetter(phrases.rest)) {
    for (const std::string& part : medications.Normalise(phrases.rest).ingredients) {
      if (IsIngredient(part, medications)) {
        allergy.ingredients.push_back(part);
      } else if (medications.IsClass(part)) {
        allergy.classes.push_back(part);
      } else if (HasLetter(part)) {
        allergy.unknown.push_back(part);
      }
    }
  }
  // "Anaphylaxis" alone does not say to what.
  const bool nothing = allergy.empty() && allergy.manner != StatedAllergy::Manner::kDenied;
  if (nothing && HasLetter(FoldName(stated))) allergy.unknown.push_back(FoldName(stated));
  return allergy;
}

StatedMedications ReadMedications(const std::vector<std::string>& stated, const SafetyRules& rules,
                                  const MedicationTable& medications) {
  StatedMedications result;
  std::set<std::string> names;
  for (const std::string& one : stated) {
    const NormalisedName found = medications.Normalise(one);
    for (const std::string& part : found.ingredients) {
      if (IsKnown(part, medications)) {
        names.insert(part);
        continue;
      }
      if (!HasLetter(part)) continue;  // "citalopram 20": a dose, not another drug
      // "None", "no regular medications"
      const Phrases phrases = TakePhrases(part, rules);
      if (!HasLetter(phrases.rest) && Has(phrases, AllergyWord::kNone)) continue;
      if (std::find(result.unknown.begin(), result.unknown.end(), part) == result.unknown.end()) {
        result.unknown.push_back(part);
      }
    }
  }
  result.names.assign(names.begin(), names.end());
  return result;
}

}  // namespace consilium
