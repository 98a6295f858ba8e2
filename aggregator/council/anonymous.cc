#include "aggregator/council/anonymous.h"

#include <algorithm>

#include "shared/limits.h"
#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

constexpr std::string_view kMarker = "[model]";
constexpr std::size_t kFreeTextBytesMax = 4096;  // of rationale and cautions each
constexpr std::size_t kFieldBytesMax = 256;      // of every other field
// Of all medications of one answer: with the texts it stays below the 16 KiB that limits.h counts
// with.
constexpr std::size_t kMedicationBytesMax = 7168;
constexpr std::size_t kDistinctLettersMin = 4;  // a shorter name may be anything: "T4", "o1"

// Names that clinical prose uses for other things.
constexpr std::string_view kOrdinaryWords[] = {
    "alpha",      "beta",       "gamma",      "delta",        "epsilon",   "zeta",    "theta",
    "iota",       "kappa",      "lambda",     "omicron",      "sigma",     "upsilon", "omega",
    "fast",       "slow",       "small",      "medium",       "large",     "strong",  "weak",
    "good",       "local",      "remote",     "base",         "expert",    "general", "doctor",
    "nurse",      "specialist", "novice",     "resident",     "attending", "intern",  "internist",
    "generalist", "pharmacist", "consultant", "cardiologist", "model",     "grader",  "reviewer"};

// Families and vendors that mean nothing else. A version may follow each.
constexpr std::string_view kFamilies[] = {
    "chatgpt",   "openai",     "claude",     "anthropic",   "gemini",    "deepmind", "medpalm",
    "llama",     "codellama",  "mistral",    "mixtral",     "ministral", "qwen",     "qwq",
    "alibaba",   "deepseek",   "grok",       "xai",         "cohere",    "gemma",    "medgemma",
    "meditron",  "biomistral", "openbiollm", "vicuna",      "nemotron",  "kimi",     "zhipu",
    "chatglm",   "copilot",    "ollama",     "huggingface", "microsoft", "google",   "nvidia",
    "command-r", "meta ai",    "med-palm"};
// Names only with a version: GPT alone is also a transaminase, phi a Greek letter.
constexpr std::string_view kVersionedFamilies[] = {"gpt", "phi", "glm", "palm", "yi"};
// What may follow the name of a family as part of it.
constexpr std::string_view kTails[] = {"sonnet", "opus", "haiku",    "turbo",    "mini", "nano",
                                       "flash",  "pro",  "instruct", "maverick", "scout"};

constexpr std::string_view kPhrases[] = {"as an ai language model",
                                         "as a large language model",
                                         "as an ai assistant",
                                         "as an ai model",
                                         "i am an ai",
                                         "i'm an ai"};

// The text speaks of an author when one of these stands before a name and the clause ends behind it
// ...
constexpr std::string_view kBefore[] = {"i am",  "i'm",        "this is", "by",
                                        "named", "my name is", "as"};
// ... or one of these stands after it.
constexpr std::string_view kAfter[] = {"here", "model",    "recommends", "suggests",
                                       "says", "believes", "thinks",     "assistant"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Bytes of other scripts count as letters.
bool IsWord(char c) { return IsLetter(c) || IsDigit(c) || static_cast<unsigned char>(c) >= 0x80; }
bool IsSeparator(char c) {
  return c == ' ' || c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '@' ||
         c == '+';
}
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsWordEnd(std::string_view text, std::size_t at) {
  return at >= text.size() || !IsWord(text[at]);
}

// The end of `word` (lower case) at `at`, whatever its case in the text; 0 = it is not there.
std::size_t MatchWord(std::string_view text, std::size_t at, std::string_view word) {
  if (text.size() - at < word.size()) return 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (Lower(text[at + i]) != word[i]) return 0;
  }
  return at + word.size();
}

// A number before one of these is a quantity, which must never be taken for a version.
constexpr std::string_view kUnits[] = {
    "mg",    "g",    "mcg",   "ug",    "kg",    "ml",     "l",       "cm",      "mm",       "mmol",
    "meq",   "iu",   "u",     "unit",  "units", "tablet", "tablets", "capsule", "capsules", "puff",
    "puffs", "drop", "drops", "dose",  "doses", "time",   "times",   "hour",    "hours",    "h",
    "day",   "days", "week",  "weeks", "month", "months", "year",    "years",   "x"};

bool IsQuantity(std::string_view text, std::size_t after_number) {
  std::size_t at = after_number;
  while (at < text.size() && (text[at] == ' ' || text[at] == '-')) ++at;
  if (at < text.size() && (text[at] == '%' || text[at] == '/')) return true;
  return std::any_of(std::begin(kUnits), std::end(kUnits), [&](std::string_view unit) {
    const std::size_t end = MatchWord(text, at, unit);
    return end != 0 && IsWordEnd(text, end);
  });
}

// "3.5", "-4o", " 70b": a version of at most two digits before a point. 0 = none.
std::size_t MatchVersion(std::string_view text, std::size_t at) {
  std::size_t i = at;
  if (i < text.size() && (text[i] == '-' || text[i] == ' ' || text[i] == ':')) ++i;
  if (i < text.size() && (text[i] == 'v' || text[i] == 'V')) ++i;
  const std::size_t digits = i;
  while (i < text.size() && IsDigit(text[i])) ++i;
  if (i == digits || i - digits > 2) return 0;
  if (i + 1 < text.size() && text[i] == '.' && IsDigit(text[i + 1])) {
    ++i;
    while (i < text.size() && IsDigit(text[i])) ++i;
  }
  if (IsQuantity(text, i)) return 0;
  while (i < text.size() && (IsLetter(text[i]) || IsDigit(text[i])) && i < digits + 6) ++i;
  return IsWordEnd(text, i) ? i : 0;
}

std::size_t MatchTail(std::string_view text, std::size_t at) {
  if (at >= text.size() || (text[at] != ' ' && text[at] != '-')) return 0;
  for (const std::string_view tail : kTails) {
    const std::size_t end = MatchWord(text, at + 1, tail);
    if (end != 0 && IsWordEnd(text, end)) return end;
  }
  return 0;
}

// The number after GPT is a version, not a laboratory value: one digit, perhaps a point and
// letters.
std::size_t MatchStrictVersion(std::string_view text, std::size_t at) {
  const std::size_t end = MatchVersion(text, at);
  if (end == 0) return 0;
  const std::size_t first = text.find_first_of("0123456789", at);
  const bool two_digits = first + 1 < end && IsDigit(text[first + 1]);
  return two_digits ? 0 : end;
}

std::size_t MatchFamily(std::string_view text, std::size_t at) {
  std::size_t end = 0;
  for (const std::string_view family : kFamilies) {
    const std::size_t stop = MatchWord(text, at, family);
    if (stop == 0) continue;
    const std::size_t version = MatchVersion(text, stop);
    if (version == 0 && !IsWordEnd(text, stop)) continue;
    end = std::max({end, stop, version});
  }
  for (const std::string_view family : kVersionedFamilies) {
    const std::size_t stop = MatchWord(text, at, family);
    if (stop == 0) continue;
    end = std::max(end, MatchStrictVersion(text, stop));
  }
  // "Claude 3.5 Sonnet", "GPT-4 turbo", "Claude Opus 4", "Llama 3.1 70B instruct".
  for (std::size_t more = end; more != 0;) {
    end = more;
    more = MatchTail(text, end);
    if (more == 0 && end < text.size()) more = MatchVersion(text, end);
  }
  return end;
}

bool EndsWithWord(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  const std::size_t at = text.size() - word.size();
  return MatchWord(text, at, word) != 0 && (at == 0 || !IsWord(text[at - 1]));
}

// Whether the text around [begin, end) speaks of an author.
bool SpeaksOfAuthor(std::string_view text, std::size_t begin, std::size_t end) {
  std::string_view before = text.substr(0, begin);
  while (!before.empty() && IsSeparator(before.back())) before.remove_suffix(1);
  std::string_view after = text.substr(end);
  const bool clause_ends =
      after.empty() || std::string_view(",.;:!?)").find(after.front()) != std::string_view::npos;
  while (!after.empty() && after.front() == ' ') after.remove_prefix(1);
  if (clause_ends || MatchWord(after, 0, "i ") != 0 || MatchWord(after, 0, "and i ") != 0) {
    for (const std::string_view words : kBefore) {
      if (EndsWithWord(before, words)) return true;
    }
  }
  for (const std::string_view words : kAfter) {
    if (MatchWord(after, 0, words) != 0 && IsWordEnd(after, words.size())) return true;
  }
  return false;
}

bool IsInvisible(char32_t c) {
  struct Range {
    char32_t first, last;
  };
  constexpr Range kRanges[] = {
      {0x00, 0x1f},     {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
      {0x61c, 0x61c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
      {0x200b, 0x200f}, {0x202a, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
      {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
      {0xe000, 0xf8ff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

// The plain character that `c` stands for; 0 = itself.
char PlainOf(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r' || c == 0xa0 || c == 0x1680 || c == 0x3000) return ' ';
  if ((c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f) {
    return ' ';
  }
  if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xfe58 || c == 0xfe63) return '-';
  if (c == 0x2018 || c == 0x2019) return '\'';
  if (c >= 0xff01 && c <= 0xff5e) return static_cast<char>(c - 0xff01 + '!');
  return 0;
}

void AddMarker(std::string& out) {
  const std::size_t kept = out.find_last_not_of(' ');
  const std::size_t length = kept == std::string::npos ? 0 : kept + 1;
  if (length >= kMarker.size() &&
      std::string_view(out).substr(length - kMarker.size(), kMarker.size()) == kMarker) {
    out.resize(length);  // one marker for "OpenAI GPT-4"
    return;
  }
  out += kMarker;
}

}  // namespace

std::string PlainText(std::string_view text, std::size_t max) {
  const std::string valid = ToValidUtf8(text.substr(0, 4 * max));
  std::string plain;
  for (std::size_t at = 0; at < valid.size();) {
    const auto [c, bytes] = Utf8At(valid, at);
    if (const char stands_for = PlainOf(c); stands_for != 0) {
      plain += stands_for;
    } else if (!IsInvisible(c)) {
      plain.append(valid, at, bytes);
    }
    at += bytes;
  }
  return std::string(CutUtf8(plain, max));
}

Anonymiser::Anonymiser(const std::vector<std::string>& model_names) {
  for (const std::string& name : model_names) {
    AddName(name);
    // "meta/llama-3" is also called llama-3, "llama3.3:70b" also llama3.3.
    const std::size_t slash = name.rfind('/');
    const std::string_view base =
        std::string_view(name).substr(slash == std::string::npos ? 0 : slash + 1);
    AddName(base);
    AddName(base.substr(0, base.find_first_of(":@")));
  }
}

void Anonymiser::AddName(std::string_view name) {
  Name added;
  bool separated = false;
  for (const char c : name) {
    if (!IsWord(c)) {
      separated = !added.letters.empty();
      continue;
    }
    const bool turns = !added.letters.empty() && IsDigit(c) != IsDigit(added.letters.back());
    added.may_split.push_back(separated || turns);
    added.letters += Lower(c);
    separated = false;
  }
  if (added.letters.empty()) return;
  added.needs_context = added.letters.size() < kDistinctLettersMin ||
                        std::find(std::begin(kOrdinaryWords), std::end(kOrdinaryWords),
                                  added.letters) != std::end(kOrdinaryWords);
  const bool is_new = std::none_of(names_.begin(), names_.end(), [&](const Name& other) {
    return other.letters == added.letters;
  });
  if (is_new) names_.push_back(std::move(added));
}

// The end of the longest name at `at`; 0 = none.
std::size_t Anonymiser::MatchName(std::string_view text, std::size_t at) const {
  std::size_t longest = 0;
  for (const Name& name : names_) {
    std::size_t i = at;
    std::size_t matched = 0;
    while (matched < name.letters.size() && i < text.size()) {
      if (Lower(text[i]) == name.letters[matched]) {
        ++i;
        ++matched;
      } else if (matched > 0 && name.may_split[matched] && IsSeparator(text[i]) &&
                 !IsSeparator(text[i - 1])) {
        ++i;
      } else {
        break;
      }
    }
    if (matched < name.letters.size() || !IsWordEnd(text, i)) continue;
    if (name.needs_context && !SpeaksOfAuthor(text, at, i)) continue;
    longest = std::max(longest, i);
  }
  return longest;
}

std::string Anonymiser::Strip(std::string_view stated) const {
  const std::string text = PlainText(stated, kFreeTextBytesMax);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool starts_word = IsWord(text[at]) && (at == 0 || !IsWord(text[at - 1]));
    if (starts_word) {
      std::size_t phrase = 0;
      for (const std::string_view words : kPhrases) {
        const std::size_t end = MatchWord(text, at, words);
        if (end != 0 && IsWordEnd(text, end)) phrase = std::max(phrase, end);
      }
      if (phrase != 0) {
        at = phrase;
        while (at < text.size() && (text[at] == ',' || text[at] == ' ')) ++at;
        continue;
      }
      const std::size_t end = std::max(MatchName(text, at), MatchFamily(text, at));
      if (end != 0) {
        AddMarker(out);
        at = end;
        continue;
      }
    }
    out += text[at++];
  }
  return std::string(CutUtf8(out, kFreeTextBytesMax));
}

Answer Anonymiser::Anonymise(const Answer& answer) const {
  const auto field = [&](const std::string& text) { return PlainText(text, kFieldBytesMax); };
  Answer seen;
  std::size_t bytes = 0;
  for (const Medication& stated : answer.medications) {
    if (seen.medications.size() == limits::kMedicationsMax) break;
    Medication medication;
    medication.ingredient = field(stated.ingredient);
    medication.dose = field(stated.dose);
    medication.unit = field(stated.unit);
    medication.route = field(stated.route);
    medication.frequency = field(stated.frequency);
    medication.duration = field(stated.duration);
    medication.indication = field(Strip(stated.indication));
    bytes += medication.ingredient.size() + medication.dose.size() + medication.unit.size() +
             medication.route.size() + medication.frequency.size() + medication.duration.size() +
             medication.indication.size();
    if (bytes > kMedicationBytesMax) break;
    seen.medications.push_back(std::move(medication));
  }
  if (answer.option) seen.option = field(*answer.option);
  seen.rationale = Strip(answer.rationale);
  seen.cautions = Strip(answer.cautions);
  return seen;
}

}  // namespace consilium
