#include "aggregator/council/medication_index.h"

#include <algorithm>
#include <utility>

#include "aggregator/council/name_text.h"
#include "aggregator/council/tsv.h"
#include "shared/text.h"

namespace consilium {
namespace {

// One row at a time into the index. The first error stops it.
class Builder {
 public:
  Builder(const MedicationTexts& texts, const std::string& prefix)
      : texts_(texts), prefix_(prefix) {}

  Result<MedicationIndex> Build() {
    using Step = Status (Builder::*)(const TsvTable&, const TsvRow&);
    // Classes first: ingredients refer to them; then ingredients, to which all others refer.
    const struct {
      std::size_t file;
      std::vector<std::string> columns;  // {} = word list
      Step step;
    } steps[] = {
        {2, {"class", "names"}, &Builder::DeclareClass},
        {0, {"ingredient", "classes", "synonyms", "brands"}, &Builder::AddIngredient},
        {1, {"name", "ingredients"}, &Builder::AddCombination},
        {2, {"class", "names"}, &Builder::AddClassNames},
        {5, {"name", "why"}, &Builder::AddAmbiguous},
        {3, {}, &Builder::AddSalt},
        {4, {"ingredient", "forms"}, &Builder::AddForms},
        {6, {}, &Builder::AddNoise},
    };
    for (const auto& [file, columns, step] : steps) {
      const std::string name = prefix_ + kMedicationFiles[file];
      const auto table = columns.empty() ? ParseWordList(name, texts_[file])
                                         : ParseTsv(name, texts_[file], columns);
      if (!table) return table.error();
      for (const TsvRow& row : table->rows) {
        if (const Status done = (this->*step)(*table, row); !done) return done.error();
      }
    }
    AddClassIdentifiers();
    return std::move(index_);
  }

 private:
  static std::string Where(const TsvTable& table, const TsvRow& row) {
    return table.file + ":" + std::to_string(row.line);
  }

  std::string Describe(const Meaning& meaning) const {
    std::string text;
    for (const std::string& name : meaning.names) {
      if (!text.empty()) text += " + ";
      text += name;
    }
    if (meaning.kind == Meaning::Kind::kClass) text = "class " + text;
    if (meaning.kind == Meaning::Kind::kAmbiguous) text = "\"ambiguous\"";
    return text + " (" + meaning.where + ")";
  }

  // The key of a name, and the entry to fill. A name without letter or digit is an error, as is the
  // same spelling twice.
  Result<NameEntry*> EntryFor(const TsvTable& table, const TsvRow& row, std::size_t column,
                              const std::string& name) {
    const NameTokens tokens = FoldAndTokenise(name);
    if (tokens.tokens.empty()) {
      return BadValue(table, row, column, name, "a name with a letter or a digit");
    }
    if (tokens.text != name) {
      return BadValue(table, row, column, name, "the folded spelling " + Quoted(tokens.text));
    }
    index_.longest = std::max(index_.longest, tokens.tokens.size());
    return &index_.names[tokens.key];
  }

  Status AddName(const TsvTable& table, const TsvRow& row, std::size_t column,
                 const std::string& name, std::size_t meaning) {
    const auto entry = EntryFor(table, row, column, name);
    if (!entry) return entry.error();
    NameEntry& found = **entry;
    if (const auto [known, fresh] = spellings_.try_emplace(name, Where(table, row)); !fresh) {
      std::string old = known->second;
      if (found.meaning != NameEntry::kNone) old = Describe(index_.meanings[found.meaning]);
      return BadValue(table, row, column, name, "a new name; it already means " + old);
    }
    if (found.meaning != NameEntry::kNone && found.meaning != meaning) {
      return BadValue(table, row, column, name,
                      "one meaning; it already means " + Describe(index_.meanings[found.meaning]));
    }
    found.meaning = meaning;
    return Ok();
  }

  Status AddNames(const TsvTable& table, const TsvRow& row, std::size_t column,
                  std::size_t meaning) {
    const auto names = ValuesOf(table, row, column);
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (Status added = AddName(table, row, column, name, meaning); !added) return added;
    }
    return Ok();
  }

  std::size_t AddMeaning(const TsvTable& table, const TsvRow& row, Meaning::Kind kind,
                         std::vector<std::string> names, std::string why = "") {
    index_.meanings.push_back({kind, std::move(names), std::move(why), Where(table, row)});
    return index_.meanings.size() - 1;
  }

  Status DeclareClass(const TsvTable& table, const TsvRow& row) {
    const std::string& name = row.cells[0];
    const bool snake = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!snake) return BadValue(table, row, 0, name, "a class of a-z, 0-9 and _");
    if (!index_.classes.insert(name).second) {
      return BadValue(table, row, 0, name, "a class that is not listed above");
    }
    return Ok();
  }

  Status AddIngredient(const TsvTable& table, const TsvRow& row) {
    auto classes = ValuesOf(table, row, 1);
    if (!classes) return classes.error();
    for (const std::string& name : *classes) {
      if (index_.classes.count(name) == 0) {
        return BadValue(table, row, 1, name, "a class of classes.tsv");
      }
    }
    const std::size_t meaning = AddMeaning(table, row, Meaning::Kind::kIngredients, {row.cells[0]});
    if (Status added = AddName(table, row, 0, row.cells[0], meaning); !added) return added;
    std::sort(classes->begin(), classes->end());
    if (const auto twice = std::adjacent_find(classes->begin(), classes->end());
        twice != classes->end()) {
      return BadValue(table, row, 1, *twice, "each class once");
    }
    index_.classes_of.emplace(row.cells[0], *std::move(classes));
    if (Status added = AddNames(table, row, 2, meaning); !added) return added;
    return AddNames(table, row, 3, meaning);
  }

  Status AddCombination(const TsvTable& table, const TsvRow& row) {
    auto parts = ValuesOf(table, row, 1);
    if (!parts) return parts.error();
    for (const std::string& part : *parts) {
      if (index_.classes_of.count(part) == 0) {
        return BadValue(table, row, 1, part, "an ingredient of ingredients.tsv");
      }
    }
    std::sort(parts->begin(), parts->end());
    parts->erase(std::unique(parts->begin(), parts->end()), parts->end());
    if (parts->size() < 2) {
      return BadValue(table, row, 1, row.cells[1], "at least two different ingredients");
    }
    const std::size_t meaning =
        AddMeaning(table, row, Meaning::Kind::kIngredients, *std::move(parts));
    return AddNames(table, row, 0, meaning);
  }

  Status AddClassNames(const TsvTable& table, const TsvRow& row) {
    const std::size_t meaning = AddMeaning(table, row, Meaning::Kind::kClass, {row.cells[0]});
    class_meanings_.push_back(meaning);
    return AddNames(table, row, 1, meaning);
  }

  Status AddAmbiguous(const TsvTable& table, const TsvRow& row) {
    const std::size_t meaning = AddMeaning(table, row, Meaning::Kind::kAmbiguous, {}, row.cells[1]);
    return AddNames(table, row, 0, meaning);
  }

  Status AddSalt(const TsvTable& table, const TsvRow& row) {
    const auto entry = EntryFor(table, row, 0, row.cells[0]);
    if (!entry) return entry.error();
    if ((*entry)->salt) return BadValue(table, row, 0, row.cells[0], "each word once");
    (*entry)->salt = true;
    return Ok();
  }

  Status AddForms(const TsvTable& table, const TsvRow& row) {
    if (index_.classes_of.count(row.cells[0]) == 0) {
      return BadValue(table, row, 0, row.cells[0], "an ingredient of ingredients.tsv");
    }
    const auto forms = ValuesOf(table, row, 1);
    if (!forms) return forms.error();
    std::vector<std::string> keys;
    for (const std::string& form : *forms) {
      const auto entry = EntryFor(table, row, 1, form);
      if (!entry) return entry.error();
      (*entry)->form = true;
      keys.push_back(KeyOf(form));
    }
    if (!index_.forms_of.emplace(row.cells[0], std::move(keys)).second) {
      return BadValue(table, row, 0, row.cells[0], "an ingredient that is not listed above");
    }
    return Ok();
  }

  Status AddNoise(const TsvTable& table, const TsvRow& row) {
    const auto entry = EntryFor(table, row, 0, row.cells[0]);
    if (!entry) return entry.error();
    NameEntry& found = **entry;
    if (found.meaning != NameEntry::kNone) {
      return BadValue(
          table, row, 0, row.cells[0],
          "a word without meaning; it means " + Describe(index_.meanings[found.meaning]));
    }
    found.noise = true;
    return Ok();
  }

  // "beta_blocker", as written in the tables, names the class too, unless a drug has that name.
  void AddClassIdentifiers() {
    for (const std::size_t meaning : class_meanings_) {
      const NameTokens tokens = FoldAndTokenise(index_.meanings[meaning].names.front());
      NameEntry& entry = index_.names[tokens.key];
      if (entry.meaning != NameEntry::kNone || entry.noise || entry.salt) continue;
      entry.meaning = meaning;
      index_.longest = std::max(index_.longest, tokens.tokens.size());
    }
  }

  const MedicationTexts& texts_;
  const std::string& prefix_;
  MedicationIndex index_;
  NameMap<std::string> spellings_;  // exact spelling -> where it stands
  std::vector<std::size_t> class_meanings_;
};

}  // namespace

Result<MedicationIndex> BuildMedicationIndex(const MedicationTexts& texts,
                                             const std::string& prefix) {
  return Builder(texts, prefix).Build();
}

}  // namespace consilium
