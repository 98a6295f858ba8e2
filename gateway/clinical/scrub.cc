#include "gateway/clinical/scrub.h"

#include <algorithm>
#include <array>
#include <set>

#include "gateway/clinical/fold_text.h"
#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

constexpr std::size_t kNameLettersMin = 3;
constexpr std::size_t kIdBytesMin = 4;
constexpr std::size_t kDigitsMin = 5;

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Parts of names that are words of a language.
bool IsParticle(std::string_view folded) {
  static constexpr std::array<std::string_view, 17> kWords = {
      "van", "von", "der", "den", "del", "della", "dos", "das", "las",
      "los", "les", "the", "and", "ter", "bin",   "ibn", "zur"};
  return std::find(kWords.begin(), kWords.end(), folded) != kWords.end();
}

// Names that are words of notes too: ordinary ones, eponyms, drugs, and what stands in a name field
// where there is no name.
bool IsOrdinaryWord(std::string_view folded) {
  static constexpr std::array<std::string_view, 98> kWords = {
      "addison", "allegra", "alport",  "alzheimer", "april",      "asher",  "august", "baby",
      "baker",   "barrett", "bell",    "berry",     "best",       "bill",   "black",  "blood",
      "boy",     "bright",  "brown",   "chance",    "colles",     "cook",   "crohn",  "cushing",
      "day",     "dean",    "down",    "drew",      "early",      "faith",  "female", "field",
      "foley",   "foot",    "girl",    "good",      "grace",      "gram",   "grant",  "graves",
      "gray",    "green",   "grey",    "hall",      "hand",       "head",   "heart",  "hodgkin",
      "holter",  "homan",   "hope",    "hunter",    "huntington", "joy",    "june",   "kaposi",
      "king",    "little",  "long",    "love",      "male",       "marfan", "mark",   "marsh",
      "may",     "meniere", "murphy",  "newborn",   "noble",      "page",   "paget",  "parkinson",
      "patient", "pay",     "price",   "pulse",     "raynaud",    "read",   "rich",   "romberg",
      "rose",    "ross",    "short",   "sims",      "small",      "stone",  "strong", "sweet",
      "test",    "turner",  "unknown", "valentine", "ward",       "white",  "will",   "wilson",
      "wood",    "young"};
  return std::find(kWords.begin(), kWords.end(), folded) != kWords.end();
}

bool IsTitle(std::string_view folded) {
  static constexpr std::array<std::string_view, 14> kWords = {
      "mr",   "mrs", "ms",   "miss",  "mister", "master",   "herr",
      "frau", "mme", "mlle", "senor", "senora", "monsieur", "patient"};
  return std::find(kWords.begin(), kWords.end(), folded) != kWords.end();
}

struct Word {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string folded;
};

// Tells `use` where each word begins and ends.
template <class Use>
void ForEachWord(std::string_view text, Use use) {
  for (std::size_t i = 0; i < text.size();) {
    if (!IsWordByte(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && IsWordByte(text[end])) ++end;
    use(i, end);
    i = end;
  }
}

std::vector<Word> Words(std::string_view text) {
  std::vector<Word> words;
  ForEachWord(text, [&](std::size_t begin, std::size_t end) {
    words.push_back({begin, end, FoldText(text.substr(begin, end - begin))});
  });
  return words;
}

// The longest word with a digit, which every id has: "[id]" adds none to a text.
std::string_view KeyWord(std::string_view id) {
  std::string_view key;
  ForEachWord(id, [&](std::size_t begin, std::size_t end) {
    const std::string_view word = id.substr(begin, end - begin);
    if (word.size() > key.size() && std::any_of(word.begin(), word.end(), IsDigit)) key = word;
  });
  return key;
}

// `text` with "[id]" where `id` stands alone.
std::string WithoutId(std::string_view text, std::string_view id) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = text.find(id); at != std::string_view::npos;) {
    const std::size_t end = at + id.size();
    const bool whole = (at == copied || !IsWordByte(text[at - 1])) &&
                       (end == text.size() || !IsWordByte(text[end]));
    if (whole) {
      out.append(text, copied, at - copied);
      out += "[id]";
      copied = end;
    }
    at = text.find(id, whole ? end : at + 1);
  }
  out.append(text, copied);
  return out;
}

// Whether nothing but a space, a comma or a point stands between two words.
bool AreBeside(std::string_view text, const Word& a, const Word& b) {
  return text.substr(a.end, b.begin - a.end).find_first_not_of(" ,.-\t") == std::string_view::npos;
}

bool IsCapital(std::string_view text, const Word& word) {
  const char first = text[word.begin];
  return (first >= 'A' && first <= 'Z') || (static_cast<unsigned char>(first) & 0x80U) != 0;
}

}  // namespace

Scrubber::Scrubber(const FeedRecord& record) {
  const auto add_id = [this](std::string_view text) {
    const std::string_view id = Trimmed(text);
    const bool digits = std::all_of(id.begin(), id.end(), IsDigit);
    if (id.size() < (digits ? kDigitsMin : kIdBytesMin)) return;
    if (std::none_of(id.begin(), id.end(), IsDigit)) return;  // "UNKNOWN": a word
    ids_.emplace_back(id);
  };
  for (const PatientId& id : record.patient.ids) add_id(id.value);
  for (const PatientId& id : record.merged) add_id(id.value);
  for (const std::string* id :
       {&record.account, &record.visit, &record.placer.id, &record.filler.id}) {
    add_id(*id);
  }
  for (const std::string& number : record.numbers) add_id(number);
  std::sort(ids_.begin(), ids_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    ids_by_word_[std::string(KeyWord(ids_[i]))].push_back(i);
  }
  AddName(record.patient.family);
  AddName(record.patient.given);
  for (const std::string& name : record.names) AddName(name);
  std::sort(names_.begin(), names_.end());
}

void Scrubber::AddName(std::string_view name) {
  for (Word& word : Words(name)) {
    if (Utf8Characters(word.folded) >= kNameLettersMin && !IsParticle(word.folded) &&
        !IsDigit(word.folded.front())) {
      names_.push_back(std::move(word.folded));
    }
  }
}

std::string Scrubber::ScrubIds(std::string_view text) const {
  std::set<std::string_view> words;
  std::vector<std::size_t> found;
  ForEachWord(text, [&](std::size_t begin, std::size_t end) {
    const auto ids = ids_by_word_.find(text.substr(begin, end - begin));
    if (ids == ids_by_word_.end() || !words.insert(ids->first).second) return;
    found.insert(found.end(), ids->second.begin(), ids->second.end());
  });
  std::sort(found.begin(), found.end());
  std::string out(text);
  for (const std::size_t id : found) out = WithoutId(out, ids_[id]);
  return out;
}

std::string Scrubber::Scrub(std::string_view text) const {
  const std::string without_ids = ScrubIds(text);
  if (names_.empty()) return without_ids;
  const std::vector<Word> words = Words(without_ids);
  const auto is_name = [this](const Word& word) {
    return std::binary_search(names_.begin(), names_.end(), word.folded);
  };
  std::string out;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    if (!is_name(word)) continue;
    if (IsOrdinaryWord(word.folded)) {
      const bool after = i > 0 && AreBeside(without_ids, words[i - 1], word) &&
                         (is_name(words[i - 1]) || IsTitle(words[i - 1].folded));
      const bool before = i + 1 < words.size() && AreBeside(without_ids, word, words[i + 1]) &&
                          is_name(words[i + 1]);
      if (!IsCapital(without_ids, word) || !(after || before)) continue;
    }
    out.append(without_ids, copied, word.begin - copied);
    out += "[name]";
    copied = word.end;
  }
  out.append(without_ids, copied);
  return out;
}

}  // namespace consilium
