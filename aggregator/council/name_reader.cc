#include "aggregator/council/name_reader.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace consilium {
namespace {

template <std::size_t n>
bool IsOneOf(std::string_view word, const std::array<std::string_view, n>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What may follow a number in a strength, an amount or a schedule.
bool IsUnit(std::string_view word) {
  static const std::unordered_set<std::string_view> units = {
      "mg",         "mcg",   "ug",      "microgram", "micrograms",  "milligram",  "milligrams",
      "g",          "gm",    "gram",    "grams",     "kg",          "ng",         "ml",
      "milliliter", "l",     "dl",      "liter",     "milliliters", "millilitre", "litre",
      "cc",         "iu",    "u",       "unit",      "units",       "meq",        "mmol",
      "mol",        "%",     "percent", "million",   "d",           "day",        "days",
      "week",       "weeks", "wk",      "month",     "months",      "h",          "hr",
      "hrs",        "hour",  "hours",   "min",       "minute",      "minutes",    "dose",
      "doses",      "tab",   "tabs",    "tablet",    "tablets",     "cap",        "caps",
      "puff",       "puffs", "capsule", "capsules",  "drop",        "drops",      "gtt",
      "spray",      "times", "sprays",  "vial",      "vials",       "mci",        "mbq",
      "mu",         "x"};
  return units.count(word) > 0;
}

constexpr std::array<std::string_view, 3> kArticles = {"a", "an", "the"};
// Before an amount: "every 8 hours", "q8h", "x 5 days", "for 10 days".
constexpr std::array<std::string_view, 7> kSchedule = {"every", "q",    "x",    "for",
                                                       "over",  "each", "times"};
constexpr std::array<std::string_view, 3> kJoining = {"and", "with", "plus"};

struct Found {
  const NameEntry* entry = nullptr;
  std::size_t count = 0;
};

class Reader {
 public:
  Reader(const NameTokens& tokens, const MedicationIndex& index) : tokens_(tokens), index_(index) {}

  std::vector<NameItem> Read() {
    // A whole name may hold what would otherwise separate: parentheses, "and", commas.
    const std::size_t count = tokens_.tokens.size();
    if (count > 0 && count <= index_.longest) {
      const auto whole = index_.names.find(tokens_.Key(0, count));
      if (whole != index_.names.end() && whole->second.meaning != NameEntry::kNone) {
        Add(KindOf(whole->second), &index_.meanings[whole->second.meaning], 0, count - 1);
        return ToItems();
      }
    }
    while (next_ < count) Step();
    ResolveSalts();
    return ToItems();
  }

 private:
  // An item before salts are settled. A salt belongs to the drug beside it or, where it is a name
  // as well ("potassium") or nothing at all, stands for itself.
  struct Draft {
    NameItem item;
    const NameEntry* salt = nullptr;
    bool dropped = false;
  };

  std::string_view Word(std::size_t i) const { return tokens_.Key(i, 1); }
  std::size_t Group(std::size_t i) const { return tokens_.tokens[i].group; }

  static NameItem::Kind KindOf(const Meaning& meaning) {
    switch (meaning.kind) {
      case Meaning::Kind::kIngredients:
        return NameItem::Kind::kIngredients;
      case Meaning::Kind::kClass:
        return NameItem::Kind::kClass;
      case Meaning::Kind::kAmbiguous:
        break;
    }
    return NameItem::Kind::kAmbiguous;
  }
  NameItem::Kind KindOf(const NameEntry& entry) const {
    return KindOf(index_.meanings[entry.meaning]);
  }

  // The longest phrase that starts at token `i` and stays in its group; a last word may be a
  // plural.
  Found Longest(std::size_t i) const {
    std::size_t count = 1;
    while (count < index_.longest && i + count < tokens_.tokens.size() &&
           Group(i + count) == Group(i)) {
      ++count;
    }
    for (; count > 0; --count) {
      const std::string_view key = tokens_.Key(i, count);
      if (const auto it = index_.names.find(key); it != index_.names.end()) {
        return {&it->second, count};
      }
      const std::size_t last = i + count - 1;
      if (Word(last).size() > 3 && key.back() == 's') {
        const auto it = index_.names.find(key.substr(0, key.size() - 1));
        if (it != index_.names.end()) return {&it->second, count};
      }
    }
    return {};
  }

  // Tokens of the strength that starts with the number at `i`; 0 when a number stands there alone:
  // that may be part of a name ("Tylenol 3") and is not ignored.
  std::size_t Strength(std::size_t i) const {
    const auto& all = tokens_.tokens;
    bool measured = Word(i).find(':') != std::string_view::npos;
    std::size_t j = i + 1;
    for (; j < all.size() && Group(j) == Group(i); ++j) {
      const std::string_view word = Word(j);
      if (all[j].number) {
        // "500/125 mg", "25-100", "mg/5 ml", "mg/m2"
        if (!all[j].slash && !all[j].dash && !IsMetre(j - 1) && !IsRangeWord(j - 1)) break;
        if (all[j].slash || all[j].dash) measured = true;
      } else if (IsUnit(word) && all[j].gap != Gap::kComma) {
        measured = true;
      } else if (!IsMetre(j) && !IsRangeWord(j)) {
        break;
      }
    }
    return measured ? j - i : 0;
  }
  bool IsMetre(std::size_t j) const {
    return Word(j) == "m" && j + 1 < tokens_.tokens.size() && Word(j + 1) == "2";
  }
  bool IsRangeWord(std::size_t j) const {
    return (Word(j) == "to" || Word(j) == "x" || Word(j) == "per") &&
           j + 1 < tokens_.tokens.size() && (tokens_.tokens[j + 1].number || IsUnit(Word(j + 1)));
  }

  void Step() {
    const NameToken& token = tokens_.tokens[next_];
    if (token.group != group_) {
      group_ = token.group;
      gap_ = Gap::kSpace;
      joined_ = token.gap == Gap::kJoin;
    }
    gap_ = std::max(gap_, token.gap);
    if (SkipGrammar()) return;
    const Found found = Longest(next_);
    if (token.number && (found.entry == nullptr || found.count == 1)) {
      if (const std::size_t count = Strength(next_); count > 0) {
        next_ += count;
        return;
      }
    }
    const std::size_t count = std::max<std::size_t>(found.count, 1);
    const std::size_t last = next_ + count - 1;
    if (found.entry == nullptr || MayBeInhaled(*found.entry)) {
      AddUnknown(next_);
    } else if (found.entry->salt || (found.entry->form && !found.entry->noise)) {
      AddSalt(*found.entry, next_, last);
    } else if (found.entry->meaning != NameEntry::kNone) {
      Add(KindOf(*found.entry), &index_.meanings[found.entry->meaning], next_, last);
    }
    // The rest is noise, and noise leaves the gap open: "IV a and oral b" joins a and b.
    for (std::size_t i = next_ + 1; i <= last && found.entry != nullptr && found.entry->noise;
         ++i) {
      gap_ = std::max(gap_, tokens_.tokens[i].gap);
    }
    next_ += count;
  }

  // "Albuterol INH" is inhaled, "rifampin INH" has isoniazid in it: behind the name of another drug
  // with nothing between them it is not known which. "Rifampin + INH" is clear.
  bool MayBeInhaled(const NameEntry& entry) const {
    if (Word(next_) != "inh" || entry.meaning == NameEntry::kNone || gap_ != Gap::kSpace) {
      return false;
    }
    if (drafts_.empty() || drafts_.back().item.group != group_) return false;
    const Meaning* const before = drafts_.back().item.meaning;
    return before != nullptr && before != &index_.meanings[entry.meaning];
  }

  // Words that structure the name. True when tokens were consumed.
  bool SkipGrammar() {
    const std::string_view word = Word(next_);
    const auto follows = [&](std::size_t i, std::string_view expected) {
      return next_ + i < tokens_.tokens.size() && Word(next_ + i) == expected;
    };
    if (word == "with" && follows(1, "or") && follows(2, "without")) {
      gap_ = Gap::kOptional;
      next_ += 3;
      return true;
    }
    if (IsOneOf(word, kJoining)) {
      const bool starts_group = drafts_.empty() || drafts_.back().item.group != group_;
      if (group_ > 0 && starts_group) joined_ = true;
      gap_ = std::max(gap_, Gap::kJoin);
      ++next_;
      return true;
    }
    const bool amount_follows = next_ + 1 < tokens_.tokens.size() &&
                                tokens_.tokens[next_ + 1].number && Group(next_ + 1) == group_;
    if (amount_follows && IsOneOf(word, kSchedule) && Strength(next_ + 1) > 0) {
      ++next_;
      return true;
    }
    if (word == "or") {
      Add(NameItem::Kind::kOr, nullptr, next_, next_);
      gap_ = Gap::kJoin;
      ++next_;
      return true;
    }
    std::size_t example = 0;
    if (word == "eg" || word == "including" || word == "preferably") example = 1;
    if (word == "e" && follows(1, "g")) example = 2;
    if (word == "such" && follows(1, "as")) example = 2;
    if (word == "for" && follows(1, "example")) example = 2;
    if (example > 0) {
      Add(NameItem::Kind::kExample, nullptr, next_, next_ + example - 1);
      next_ += example;
      return true;
    }
    const bool starts_part =
        drafts_.empty() || drafts_.back().item.group != group_ || gap_ >= Gap::kComma;
    if (starts_part && IsOneOf(word, kArticles) && Longest(next_).count < 2) {
      ++next_;
      return true;
    }
    return false;
  }

  void Add(NameItem::Kind kind, const Meaning* meaning, std::size_t first, std::size_t last,
           const NameEntry* salt = nullptr) {
    NameItem item{kind, meaning, first, last, gap_, gap_ == Gap::kOptional, Group(first), joined_};
    drafts_.push_back({item, salt, false});
    gap_ = Gap::kSpace;
    joined_ = false;
  }

  // Neighbouring unknown words are one unknown part.
  void AddUnknown(std::size_t i) {
    if (!drafts_.empty()) {
      NameItem& last = drafts_.back().item;
      if (last.kind == NameItem::Kind::kUnknown && drafts_.back().salt == nullptr &&
          last.group == group_ && gap_ == Gap::kSpace) {
        last.last = i;
        return;
      }
    }
    Add(NameItem::Kind::kUnknown, nullptr, i, i);
  }

  void AddSalt(const NameEntry& entry, std::size_t first, std::size_t last) {
    Add(NameItem::Kind::kUnknown, nullptr, first, last, &entry);
  }

  bool IsDrug(std::size_t i) const {
    return i < drafts_.size() && !drafts_[i].dropped &&
           (drafts_[i].item.kind == NameItem::Kind::kIngredients ||
            drafts_[i].item.kind == NameItem::Kind::kClass ||
            drafts_[i].item.kind == NameItem::Kind::kAmbiguous);
  }
  bool Adjacent(std::size_t left, std::size_t right) const {
    return right < drafts_.size() && drafts_[left].item.group == drafts_[right].item.group &&
           drafts_[right].item.gap == Gap::kSpace;
  }
  // A form that is no salt goes only with an ingredient that has it: "liposomal amphotericin".
  bool Fits(std::size_t salt, std::size_t drug) const {
    if (!IsDrug(drug) || drafts_[drug].salt != nullptr) return false;
    if (drafts_[salt].salt->salt) return true;
    if (drafts_[drug].item.meaning == nullptr) return false;
    const auto key = tokens_.Key(drafts_[salt].item.first,
                                 drafts_[salt].item.last - drafts_[salt].item.first + 1);
    for (const std::string& name : drafts_[drug].item.meaning->names) {
      const auto forms = index_.forms_of.find(name);
      if (forms == index_.forms_of.end()) continue;
      if (std::find(forms->second.begin(), forms->second.end(), key) != forms->second.end()) {
        return true;
      }
    }
    return false;
  }

  void ResolveSalts() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      Draft& draft = drafts_[i];
      if (draft.salt == nullptr) continue;
      // Back over salts that already went with a drug: "magnesium salicylate tetrahydrate".
      std::size_t left = i;
      while (left > 0 && Adjacent(left - 1, left)) {
        --left;
        if (!drafts_[left].dropped) break;
      }
      std::size_t right = i + 1;
      while (right < drafts_.size() && drafts_[right].salt != nullptr &&
             Adjacent(right - 1, right)) {
        ++right;
      }
      const bool after = left < i && Fits(i, left);
      const bool before = right < drafts_.size() && Adjacent(right - 1, right) && Fits(i, right);
      if (after || before) {
        draft.dropped = true;
        continue;
      }
      if (draft.salt->meaning != NameEntry::kNone) {
        draft.item.meaning = &index_.meanings[draft.salt->meaning];
        draft.item.kind = KindOf(*draft.item.meaning);
      }
      draft.salt = nullptr;
    }
  }

  std::vector<NameItem> ToItems() const {
    std::vector<NameItem> items;
    Gap gap = Gap::kSpace;  // of a dropped salt: "a and potassium b" joins a and b
    for (const Draft& draft : drafts_) {
      gap = std::max(gap, draft.item.gap);
      if (draft.dropped) continue;
      NameItem item = draft.item;
      item.gap = std::exchange(gap, Gap::kSpace);
      const bool extends = !items.empty() && item.kind == NameItem::Kind::kUnknown &&
                           items.back().kind == NameItem::Kind::kUnknown &&
                           items.back().group == item.group && item.gap == Gap::kSpace;
      if (extends) {
        items.back().last = item.last;
      } else {
        items.push_back(item);
      }
    }
    return items;
  }

  const NameTokens& tokens_;
  const MedicationIndex& index_;
  std::vector<Draft> drafts_;
  std::size_t next_ = 0;
  std::size_t group_ = 0;
  Gap gap_ = Gap::kSpace;
  bool joined_ = false;
};

}  // namespace

std::vector<NameItem> ReadName(const NameTokens& tokens, const MedicationIndex& index) {
  return Reader(tokens, index).Read();
}

}  // namespace consilium
