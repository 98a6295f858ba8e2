#include "aggregator/council/medication.h"

#include <algorithm>
#include <set>
#include <utility>

#include "aggregator/council/medication_index.h"
#include "aggregator/council/name_reader.h"
#include "aggregator/council/name_text.h"
#include "aggregator/council/tsv.h"
#include "shared/ids.h"
#include "shared/shown_text.h"
#include "shared/text.h"

namespace consilium {

struct MedicationTable::Data {
  MedicationIndex index;
  std::string version;
};

namespace {

constexpr std::size_t kNameBytesMax = 512;  // a longer "name" is a text
constexpr std::size_t kVersionDigits = 12;
constexpr std::size_t kNotesMax = 4;  // more would not be read

using Kind = NameItem::Kind;
using Names = std::vector<std::string>;

// Puts the items of one name together.
class Assembly {
 public:
  Assembly(const NameTokens& tokens, const MedicationIndex& index)
      : tokens_(tokens), index_(index) {}

  NormalisedName Assemble() {
    const std::vector<NameItem> items = ReadName(tokens_, index_);
    // A name in parentheses alone is not an aside.
    const bool all_grouped = std::all_of(items.begin(), items.end(),
                                         [](const NameItem& item) { return item.group > 0; });
    for (std::size_t i = 0; i < items.size();) {
      std::size_t end = i + 1;
      while (end < items.size() && items[end].group == items[i].group) ++end;
      const std::vector<NameItem> run(items.begin() + static_cast<std::ptrdiff_t>(i),
                                      items.begin() + static_cast<std::ptrdiff_t>(end));
      if (items[i].group == 0 || all_grouped || run.front().joined) {
        parts_.insert(parts_.end(), run.begin(), run.end());
      } else {
        Aside(run);
      }
      i = end;
    }
    return Conclude();
  }

 private:
  static bool HasKind(const std::vector<NameItem>& run, Kind kind) {
    return std::any_of(run.begin(), run.end(),
                       [&](const NameItem& item) { return item.kind == kind; });
  }

  bool IsIn(const std::string& ingredient, const std::string& name) const {
    const auto classes = index_.classes_of.find(ingredient);
    return classes != index_.classes_of.end() &&
           std::binary_search(classes->second.begin(), classes->second.end(), name);
  }
  bool AnyIsIn(const Names& ingredients, const std::string& name) const {
    return std::any_of(ingredients.begin(), ingredients.end(),
                       [&](const std::string& ingredient) { return IsIn(ingredient, name); });
  }

  std::string Stated(const NameItem& item) const {
    return std::string(tokens_.Text(item.first, item.last));
  }
  std::string Stated(const std::vector<NameItem>& run) const {
    return std::string(tokens_.Text(run.front().first, run.back().last));
  }

  void Note(std::string note) {
    if (notes_.size() < kNotesMax) notes_.push_back(std::move(note));
  }
  void Fail(std::string note) {
    unknown_ = true;
    Note(std::move(note));
  }

  // What stands in parentheses: the same drug by another name, its class, an example, or a remark.
  void Aside(const std::vector<NameItem>& run) {
    const bool after_class = !parts_.empty() && parts_.back().kind == Kind::kClass;
    const bool after_known = std::any_of(parts_.begin(), parts_.end(), [](const NameItem& part) {
      return part.kind == Kind::kIngredients;
    });
    if (HasKind(run, Kind::kExample) && (after_class || after_known)) return;
    const bool open = !parts_.empty() &&
                      (parts_.back().kind == Kind::kOr || parts_.back().kind == Kind::kExample);
    if (open || HasKind(run, Kind::kOr) || HasKind(run, Kind::kExample)) {
      parts_.insert(parts_.end(), run.begin(), run.end());
      return;
    }
    if (HasKind(run, Kind::kUnknown) || HasKind(run, Kind::kAmbiguous)) {
      if (parts_.empty()) {
        parts_ = run;
      } else {
        Note(Quoted("(" + Stated(run) + ")") + " is taken as a remark");
      }
      return;
    }
    if (parts_.empty()) {
      parts_ = run;
      return;
    }
    if (HasKind(run, Kind::kClass)) {
      ClassAside(run, after_known);
    } else {
      NameAside(run);
    }
  }

  void ClassAside(const std::vector<NameItem>& run, bool after_known) {
    const NameItem& before = parts_.back();
    for (const NameItem& item : run) {
      if (item.kind != Kind::kClass || before.meaning == nullptr) continue;
      const std::string& name = item.meaning->names.front();
      const bool agrees = before.kind == Kind::kClass ? before.meaning->names.front() == name
                                                      : AnyIsIn(before.meaning->names, name);
      if (agrees) continue;
      if (after_known) {
        Note(Quoted("(" + Stated(item) + ")") + " is not a class of it in the table");
      } else if (before.kind == Kind::kClass) {
        Fail(Quoted(Stated(before)) + " and " + Quoted("(" + Stated(item) + ")") +
             " name two classes");
      }
    }
  }

  void NameAside(const std::vector<NameItem>& run) {
    std::set<std::string> inside;
    for (const NameItem& item : run) {
      inside.insert(item.meaning->names.begin(), item.meaning->names.end());
    }
    NameItem& before = parts_.back();
    if (before.kind == Kind::kClass) {
      const std::string& name = before.meaning->names.front();
      const bool members = std::all_of(inside.begin(), inside.end(),
                                       [&](const std::string& one) { return IsIn(one, name); });
      if (members) {
        parts_.pop_back();
      } else {
        Fail(Quoted(Stated(before)) + " and " + Quoted("(" + Stated(run) + ")") + " contradict");
      }
      parts_.insert(parts_.end(), run.begin(), run.end());
      return;
    }
    if (before.kind == Kind::kAmbiguous) {
      // Whoever writes "MS (morphine sulfate)" says which is meant.
      parts_.pop_back();
      parts_.insert(parts_.end(), run.begin(), run.end());
      return;
    }
    // The drug just before, the last few, or all of them: "amoxicillin / clavulanate (Augmentin)".
    std::set<std::string> outside;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      if (part->kind != Kind::kIngredients) break;
      outside.insert(part->meaning->names.begin(), part->meaning->names.end());
      if (outside == inside) return;
    }
    if (before.kind == Kind::kUnknown) {
      Note(Quoted(Stated(before)) + " is not in the table, although " +
           Quoted("(" + Stated(run) + ")") + " is");
    } else {
      Fail(Quoted(Stated(before)) + " and " + Quoted("(" + Stated(run) + ")") + " contradict");
    }
    parts_.insert(parts_.end(), run.begin(), run.end());
  }

  // "Metoprolol, a beta blocker": the class beside its own member says nothing new.
  bool IsRedundant(std::size_t i) const {
    const std::string& name = parts_[i].meaning->names.front();
    const auto member = [&](std::size_t j) {
      return parts_[j].kind == Kind::kIngredients && AnyIsIn(parts_[j].meaning->names, name);
    };
    return (i > 0 && parts_[i].gap < Gap::kJoin && member(i - 1)) ||
           (i + 1 < parts_.size() && parts_[i + 1].gap < Gap::kJoin && member(i + 1));
  }

  NormalisedName Conclude() {
    std::set<std::string> known;
    std::set<std::string> classes;
    std::set<std::string> others;
    bool alternatives = false;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const NameItem& part = parts_[i];
      if (part.optional) Note("optional: " + Stated(part));
      switch (part.kind) {
        case Kind::kIngredients:
          known.insert(part.meaning->names.begin(), part.meaning->names.end());
          break;
        case Kind::kClass:
          if (!IsRedundant(i)) classes.insert(part.meaning->names.front());
          break;
        case Kind::kAmbiguous:
          others.insert(Stated(part));
          Fail(Quoted(Stated(part)) + " is ambiguous: " + part.meaning->why);
          break;
        case Kind::kUnknown:
          others.insert(Stated(part));
          Fail(Quoted(Stated(part)) + " is not in the medication table");
          break;
        case Kind::kExample:
          if (i > 0 && parts_[i - 1].kind == Kind::kClass && known.empty()) {
            i = parts_.size();  // "a beta blocker such as metoprolol" names the class
          } else {
            others.insert(Stated(part));
            Fail(Quoted(Stated(part)) + " gives examples of no class");
          }
          break;
        case Kind::kOr:
          alternatives = true;
          break;
      }
    }
    const std::size_t named = known.size() + classes.size() + others.size();
    if (alternatives && named > 1) Fail("names alternatives (\"or\"), not one treatment");
    if (!classes.empty() && !known.empty()) Fail("names a class beside a drug");
    if (classes.size() > 1) Fail("names more than one class");

    NormalisedName result;
    if (named == 0) {
      others.insert(tokens_.text);
      Fail("names no medication");
    }
    if (unknown_) {
      result.kind = NormalisedName::Kind::kUnknown;
    } else {
      result.kind =
          classes.empty() ? NormalisedName::Kind::kIngredients : NormalisedName::Kind::kClass;
    }
    result.form = FormOf(known);
    result.note = Joined(notes_, "; ");
    others.merge(known);
    others.merge(classes);
    result.ingredients.assign(others.begin(), others.end());
    return result;
  }

  // The forms of these ingredients that the name states, wherever they stand in it.
  std::string FormOf(const std::set<std::string>& ingredients) const {
    Names forms;
    for (const std::string& ingredient : ingredients) {
      const auto found = index_.forms_of.find(ingredient);
      if (found == index_.forms_of.end()) continue;
      for (const std::string& form : found->second) {
        const bool stated = (" " + tokens_.key + " ").find(" " + form + " ") != std::string::npos;
        if (stated && std::find(forms.begin(), forms.end(), form) == forms.end()) {
          forms.push_back(form);
        }
      }
    }
    return Joined(forms, ", ");
  }

  const NameTokens& tokens_;
  const MedicationIndex& index_;
  std::vector<NameItem> parts_;
  Names notes_;
  bool unknown_ = false;
};

// A text that is kept as it is, because it cannot be read as a name.
NormalisedName Unreadable(std::string text, std::string note) {
  NormalisedName result;
  result.ingredients.push_back(std::move(text));
  result.note = std::move(note);
  return result;
}

}  // namespace

Result<MedicationTable> MedicationTable::Load(const std::string& folder) {
  MedicationTexts texts;
  std::string all;  // names and lengths keep "ab" + "c" apart from "a" + "bc"
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto text = ReadTableFile(folder + "/" + kMedicationFiles[i]);
    if (!text) return text.error();
    texts[i] = *std::move(text);
    all += kMedicationFiles[i];
    all += ' ' + std::to_string(texts[i].size()) + '\n';
    all += texts[i];
  }
  auto index = BuildMedicationIndex(texts, folder + "/");
  if (!index) return index.error();
  auto data = std::make_shared<Data>();
  data->index = *std::move(index);
  data->version = Sha256Hex(all).substr(0, kVersionDigits);
  return MedicationTable(std::move(data));
}

MedicationTable::MedicationTable(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

NormalisedName MedicationTable::Normalise(std::string_view stated) const {
  if (stated.size() > kNameBytesMax) {
    // The digest keeps two long texts with one beginning apart.
    std::string text = FoldName(CutUtf8(stated, 64));
    text += "... (" + Sha256Hex(stated).substr(0, kVersionDigits) + ")";
    return Unreadable(std::move(text), std::to_string(stated.size()) + " bytes, expected at most " +
                                           std::to_string(kNameBytesMax));
  }
  const NameTokens tokens = FoldAndTokenise(stated);
  if (tokens.tokens.empty()) {
    NormalisedName nothing;
    nothing.note = "names nothing";
    return nothing;
  }
  if (FindInvalidUtf8(stated) != std::string_view::npos) {
    return Unreadable(tokens.text, "is not UTF-8");
  }
  return Assembly(tokens, data_->index).Assemble();
}

const std::vector<std::string>& MedicationTable::ClassesOf(std::string_view ingredient) const {
  static const std::vector<std::string> none;
  const auto found = data_->index.classes_of.find(ingredient);
  return found == data_->index.classes_of.end() ? none : found->second;
}

bool MedicationTable::IsClass(std::string_view name) const {
  return data_->index.classes.count(std::string(name)) > 0;
}

std::size_t MedicationTable::size() const { return data_->index.classes_of.size(); }

const std::string& MedicationTable::version() const { return data_->version; }

std::string IngredientKey(const std::vector<std::string>& sorted_ingredients) {
  return Joined(sorted_ingredients, " + ");
}

}  // namespace consilium
