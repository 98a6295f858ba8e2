#include "cli/gold.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "aggregator/council/coding.h"
#include "cli/json_fields.h"
#include "cli/json_names.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

Status ReadOptions(const json& object, Gold& gold) {
  const json* const options = FindField(object, "options");
  if (options == nullptr || options->empty()) return Ok();
  if (!options->is_object() || options->size() < 2) {
    return Invalid("options: expected an object of at least two");
  }
  for (const auto& item : options->items()) {
    const std::string& letter = item.key();
    if (letter.size() != 1 || letter[0] < 'A' || letter[0] > 'Z') {
      return Invalid("options: " + Quoted(letter, 64) + ", expected letters A..Z");
    }
    gold.letters += letter;
  }
  if (FindField(object, "gold_option") == nullptr) return Ok();
  const auto option = TextField(object, "gold_option");
  if (!option.ok()) return option.error();
  if (option->size() != 1 || gold.letters.find(*option) == std::string::npos) {
    return Invalid("gold_option = " + Quoted(*option, 64) + ", expected one of " + gold.letters);
  }
  gold.option = *option;
  return Ok();
}

Status ReadSets(const json& object, const MedicationTable& table, Gold& gold) {
  const auto right = NamesField(object, "gold_medications");
  if (!right.ok()) return right.error();
  const json* const is_class = FindField(object, "gold_is_class");
  const bool a_class = is_class != nullptr && is_class->is_boolean() && is_class->get<bool>();
  if (*right && !a_class) gold.set = CodeNames(**right, table).ingredients;
  const auto never = NamesField(object, "must_not");
  if (!never.ok()) return never.error();
  if (*never) {
    gold.must_not.emplace();
    for (const std::string& name : **never) {
      gold.must_not->push_back(CodeNames({name}, table).ingredients);
    }
  }
  const json* const acceptable = FindField(object, "acceptable");
  if (acceptable == nullptr) return Ok();
  if (!acceptable->is_array()) return Invalid("acceptable: expected an array of arrays of names");
  for (const json& one : *acceptable) {
    const auto names = ReadNames(one);
    if (!names) return Invalid("acceptable: expected an array of arrays of names");
    gold.acceptable.push_back(CodeNames(*names, table).ingredients);
  }
  return Ok();
}

JudgedKey& KeyOf(const std::string& key, JudgedCase& judged) {
  for (JudgedKey& one : judged.keys) {
    if (one.key == key) return one;
  }
  judged.keys.push_back({key, std::nullopt, std::nullopt});
  return judged.keys.back();
}

// Models that choose the same letter may name different medications, or none.
void JudgeNames(const Names& given, const Gold& gold, JudgedKey& key) {
  const bool says_nothing = !gold.letters.empty() && given.empty();
  if (gold.set && !key.set && !says_nothing) key.set = ScoreSets(*gold.set, given);
  if (!gold.must_not) return;
  key.unsafe = NamesForbidden(*gold.must_not, given) || key.unsafe.value_or(false);
}

}  // namespace

bool NamesForbidden(const std::vector<Names>& must_not, const Names& ingredients) {
  return std::any_of(must_not.begin(), must_not.end(), [&ingredients](const Names& never) {
    return !never.empty() &&
           std::includes(ingredients.begin(), ingredients.end(), never.begin(), never.end());
  });
}

Result<Gold> ReadGold(const json& vignette, const MedicationTable& table) {
  Gold gold;
  if (Status read = ReadOptions(vignette, gold); !read) return read.error();
  if (Status read = ReadSets(vignette, table, gold); !read) return read.error();
  return gold;
}

Result<std::optional<std::string>> AnswerKey(const StatedAnswer& stated, const Gold& gold,
                                             const MedicationTable& table) {
  using Key = std::optional<std::string>;
  if (gold.letters.empty()) {
    if (!stated.medications) return Key();
    Answer answer;
    for (const std::string& name : *stated.medications) {
      answer.medications.emplace_back().ingredient = name;
    }
    return Key(CodeAnswer("", answer, {}, table).key);
  }
  const std::string letter = stated.option.value_or("");
  if (letter.empty()) return Key();
  if (letter.size() != 1 || gold.letters.find(letter) == std::string::npos) {
    return Invalid("option = " + Quoted(letter, 64) + ", expected one of " + gold.letters);
  }
  return Key(letter);
}

JudgedCase OpenCase(const std::string& vignette, const Gold& gold) {
  JudgedCase judged;
  judged.evidence.case_id = vignette;
  judged.evidence.options = static_cast<std::int64_t>(gold.letters.size());
  judged.known = gold.letters.empty() ? gold.set.has_value() : !gold.option.empty();
  return judged;
}

void AddAnswer(const StatedAnswer& stated, const Gold& gold, const MedicationTable& table,
               EvidenceAnswer answer, const Tokens& tokens, JudgedCase& judged) {
  std::optional<Names> given;
  if (stated.medications) given = CodeNames(*stated.medications, table).ingredients;
  answer.right.reset();
  if (!gold.option.empty()) {
    answer.right = answer.key == gold.option;
  } else if (gold.letters.empty() && gold.set) {
    const auto& also = gold.acceptable;
    answer.right = given == gold.set || std::find(also.begin(), also.end(), *given) != also.end();
  }
  if (given) JudgeNames(*given, gold, KeyOf(answer.key, judged));
  judged.tokens.push_back(tokens);
  judged.evidence.answers.push_back(std::move(answer));
}

}  // namespace consilium
