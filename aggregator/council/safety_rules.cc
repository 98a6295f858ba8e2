#include "aggregator/council/safety_rules.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "aggregator/council/name_text.h"
#include "aggregator/council/tsv.h"

namespace consilium {
namespace {

template <std::size_t n>
std::optional<std::size_t> IndexOf(const char* const (&names)[n], std::string_view name) {
  const auto* found = std::find(std::begin(names), std::end(names), name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<std::size_t>(found - std::begin(names));
}

// Columns of safety_qt.tsv's `risk`, as severities of one drug's share.
constexpr const char* kQtRisks[] = {"possible", "known", "high"};

class Builder {
 public:
  Builder(const SafetyTexts& texts, const MedicationTable& medications, const std::string& prefix)
      : texts_(texts), medications_(medications), prefix_(prefix) {}

  Result<SafetyRules> Build() {
    using Step = Status (Builder::*)(const TsvTable&, const TsvRow&, const RowId&);
    const struct {
      std::vector<std::string> columns;
      Step step;
    } steps[kSafetyFiles.size()] = {
        {{"group", "names", "members"}, &Builder::AddGroup},
        {{"phrase", "meaning"}, &Builder::AddWord},
        {{"allergens", "reactions", "against", "severity", "text"}, &Builder::AddAllergy},
        {{"targets", "from", "below", "severity", "text"}, &Builder::AddAge},
        {{"targets", "severity", "text"}, &Builder::AddPregnancy},
        {{"a", "b", "severity", "text"}, &Builder::AddInteraction},
        {{"targets", "below", "severity", "text"}, &Builder::AddRenal},
        {{"targets", "severity", "text"}, &Builder::AddDuplicate},
        {{"targets", "risk"}, &Builder::AddQt},
    };
    for (std::size_t i = 0; i < kSafetyFiles.size(); ++i) {
      const Step step = steps[i].step;
      const auto table = ParseTsv(prefix_ + kSafetyFiles[i], texts_[i], steps[i].columns);
      if (!table) return table.error();
      for (const TsvRow& row : table->rows) {
        const RowId id{kSafetyFiles[i], row.line};
        if (const Status done = (this->*step)(*table, row, id); !done) {
          return done.error();
        }
      }
    }
    return std::move(rules_);
  }

 private:
  bool IsIngredient(const std::string& name) const {
    const NormalisedName found = medications_.Normalise(name);
    return found.kind == NormalisedName::Kind::kIngredients && found.ingredients.size() == 1 &&
           found.ingredients.front() == name;
  }

  Result<Targets> TargetsOf(const TsvTable& table, const TsvRow& row, std::size_t column) const {
    const auto values = ValuesOf(table, row, column);
    if (!values) return values.error();
    Targets targets;
    for (const std::string& value : *values) {
      const char sign = value.front();
      const std::string name = sign == '@' || sign == '!' ? value.substr(1) : value;
      if (sign == '@') {
        if (const auto group = rules_.groups.find(name); group != rules_.groups.end()) {
          const Targets& members = group->second;
          targets.ingredients.insert(members.ingredients.begin(), members.ingredients.end());
          targets.classes.insert(members.classes.begin(), members.classes.end());
          targets.except.insert(members.except.begin(), members.except.end());
          targets.groups.insert(members.groups.begin(), members.groups.end());
          targets.groups.insert(name);
        } else if (medications_.IsClass(name)) {
          targets.classes.insert(name);
        } else {
          return BadValue(table, row, column, value,
                          "\"@\" and a class of classes.tsv or a group of safety_groups.tsv");
        }
      } else if (!IsIngredient(name)) {
        return BadValue(table, row, column, value, "an ingredient of ingredients.tsv");
      } else if (sign == '!') {
        targets.ingredients.erase(name);
        targets.except.insert(name);
      } else {
        targets.ingredients.insert(name);
      }
    }
    return targets;
  }

  // Of a row that applies to somebody; "-" is an error.
  Result<Targets> SomeTargets(const TsvTable& table, const TsvRow& row, std::size_t column) const {
    if (row.cells[column] == "-") {
      return BadValue(table, row, column, "-", "ingredients, classes (@) or groups (@)");
    }
    return TargetsOf(table, row, column);
  }

  static Result<Severity> SeverityOf(const TsvTable& table, const TsvRow& row, std::size_t column) {
    const auto index = IndexOf(kSeverityNames, row.cells[column]);
    if (!index) {
      return BadValue(table, row, column, row.cells[column],
                      "info, caution, high or contraindicated");
    }
    return static_cast<Severity>(*index);
  }

  static Result<std::optional<double>> NumberOf(const TsvTable& table, const TsvRow& row,
                                                std::size_t column) {
    const std::string& cell = row.cells[column];
    if (cell == "-") return std::optional<double>{};
    double number = 0.0;
    const char* end = cell.data() + cell.size();
    const auto [rest, fault] = std::from_chars(cell.data(), end, number);
    if (fault != std::errc{} || rest != end || !(number > 0.0) || !(number <= 200.0)) {
      return BadValue(table, row, column, cell, "a number above 0 and at most 200, or \"-\"");
    }
    return std::optional<double>{number};
  }

  Status AddPhrase(const TsvTable& table, const TsvRow& row, std::size_t column,
                   const std::string& phrase, std::string* key) {
    const NameTokens tokens = FoldAndTokenise(phrase);
    if (tokens.tokens.empty()) {
      return BadValue(table, row, column, phrase, "a phrase with a letter or a digit");
    }
    if (rules_.group_of.count(tokens.key) > 0 || rules_.words.count(tokens.key) > 0) {
      return BadValue(table, row, column, phrase, "a phrase that is not listed above");
    }
    rules_.longest_phrase = std::max(rules_.longest_phrase, tokens.tokens.size());
    *key = tokens.key;
    return Ok();
  }

  Status AddGroup(const TsvTable& table, const TsvRow& row, const RowId&) {
    const std::string& name = row.cells[0];
    if (medications_.IsClass(name) || rules_.groups.count(name) > 0) {
      return BadValue(table, row, 0, name, "a group that is no class and not listed above");
    }
    auto members = TargetsOf(table, row, 2);
    if (!members) return members.error();
    const auto names = ValuesOf(table, row, 1);
    if (!names) return names.error();
    for (const std::string& stated : *names) {
      std::string key;
      if (Status added = AddPhrase(table, row, 1, stated, &key); !added) return added;
      rules_.group_of.emplace(std::move(key), name);
    }
    rules_.groups.emplace(name, *std::move(members));
    return Ok();
  }

  Status AddWord(const TsvTable& table, const TsvRow& row, const RowId&) {
    const auto meaning = IndexOf(kAllergyWordNames, row.cells[1]);
    if (!meaning) {
      return BadValue(table, row, 1, row.cells[1],
                      "reaction, intolerance, none, except, family or ignore");
    }
    const auto phrases = ValuesOf(table, row, 0);
    if (!phrases) return phrases.error();
    for (const std::string& phrase : *phrases) {
      std::string key;
      if (Status added = AddPhrase(table, row, 0, phrase, &key); !added) return added;
      rules_.words.emplace(std::move(key), static_cast<AllergyWord>(*meaning));
    }
    return Ok();
  }

  Status AddAllergy(const TsvTable& table, const TsvRow& row, const RowId& id) {
    auto allergens = SomeTargets(table, row, 0);
    if (!allergens) return allergens.error();
    const auto reactions = ValuesOf(table, row, 1);
    if (!reactions) return reactions.error();
    std::vector<std::string> keys;
    for (const std::string& reaction : *reactions) {
      keys.push_back(KeyOf(reaction));
      const auto word = rules_.words.find(keys.back());
      if (word == rules_.words.end() ||
          (word->second != AllergyWord::kReaction && word->second != AllergyWord::kIntolerance)) {
        return BadValue(table, row, 1, reaction, "a reaction or intolerance of safety_words.tsv");
      }
    }
    auto against = SomeTargets(table, row, 2);
    if (!against) return against.error();
    const auto severity = SeverityOf(table, row, 3);
    if (!severity) return severity.error();
    rules_.allergies.push_back(
        {id, *std::move(allergens), std::move(keys), *std::move(against), *severity, row.cells[4]});
    return Ok();
  }

  Status AddInteraction(const TsvTable& table, const TsvRow& row, const RowId& id) {
    auto a = SomeTargets(table, row, 0);
    if (!a) return a.error();
    auto b = SomeTargets(table, row, 1);
    if (!b) return b.error();
    const auto severity = SeverityOf(table, row, 2);
    if (!severity) return severity.error();
    rules_.interactions.push_back({id, *std::move(a), *std::move(b), *severity, row.cells[3]});
    return Ok();
  }

  // Targets in column 0, severity and text in the last two.
  Result<SingleRow> Single(const TsvTable& table, const TsvRow& row, const RowId& id) const {
    auto targets = SomeTargets(table, row, 0);
    if (!targets) return targets.error();
    const auto severity = SeverityOf(table, row, row.cells.size() - 2);
    if (!severity) return severity.error();
    SingleRow single;
    single.id = id;
    single.targets = *std::move(targets);
    single.severity = *severity;
    single.text = row.cells.back();
    return single;
  }

  Status AddPregnancy(const TsvTable& table, const TsvRow& row, const RowId& id) {
    auto single = Single(table, row, id);
    if (!single) return single.error();
    rules_.pregnancy.push_back(*std::move(single));
    return Ok();
  }

  Status AddDuplicate(const TsvTable& table, const TsvRow& row, const RowId& id) {
    auto single = Single(table, row, id);
    if (!single) return single.error();
    rules_.duplicates.push_back(*std::move(single));
    return Ok();
  }

  Status AddRenal(const TsvTable& table, const TsvRow& row, const RowId& id) {
    auto single = Single(table, row, id);
    if (!single) return single.error();
    const auto below = NumberOf(table, row, 1);
    if (!below) return below.error();
    if (!below->has_value()) return BadValue(table, row, 1, "-", "an eGFR in mL/min/1.73 m2");
    single->below = *below;
    rules_.renal.push_back(*std::move(single));
    return Ok();
  }

  Status AddAge(const TsvTable& table, const TsvRow& row, const RowId& id) {
    auto single = Single(table, row, id);
    if (!single) return single.error();
    const auto from = NumberOf(table, row, 1);
    if (!from) return from.error();
    const auto below = NumberOf(table, row, 2);
    if (!below) return below.error();
    if (!from->has_value() && !below->has_value()) {
      return BadValue(table, row, 1, "-", "an age in years in from or below");
    }
    single->from = *from;
    single->below = *below;
    rules_.age.push_back(*std::move(single));
    return Ok();
  }

  Status AddQt(const TsvTable& table, const TsvRow& row, const RowId& id) {
    auto targets = SomeTargets(table, row, 0);
    if (!targets) return targets.error();
    const auto risk = IndexOf(kQtRisks, row.cells[1]);
    if (!risk) return BadValue(table, row, 1, row.cells[1], "possible, known or high");
    SingleRow single;
    single.id = id;
    single.targets = *std::move(targets);
    single.severity = static_cast<Severity>(*risk + 1);
    single.text = row.cells[1];
    rules_.qt.push_back(std::move(single));
    return Ok();
  }

  const SafetyTexts& texts_;
  const MedicationTable& medications_;
  const std::string& prefix_;
  SafetyRules rules_;
};

}  // namespace

bool Targets::Match(const std::string& name, const MedicationTable& medications) const {
  if (ingredients.count(name) > 0 || classes.count(name) > 0) return true;
  if (classes.empty() || except.count(name) > 0) return false;
  const auto& own = medications.ClassesOf(name);
  return std::any_of(own.begin(), own.end(),
                     [&](const std::string& one) { return classes.count(one) > 0; });
}

Result<SafetyRules> BuildSafetyRules(const SafetyTexts& texts, const MedicationTable& medications,
                                     const std::string& prefix) {
  return Builder(texts, medications, prefix).Build();
}

}  // namespace consilium
