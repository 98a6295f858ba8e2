#include "worker/refusal.h"

#include <string>

#include "shared/text.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

constexpr std::size_t kRefusalBytesMax = 600;

// Lower case; typographic apostrophes are plain before the look-up.
// A longer one stands before its own beginning.
constexpr std::string_view kPreludes[] = {"thank you for your question",
                                          "thank you for sharing",
                                          "thanks",
                                          "hello",
                                          "hi there",
                                          "hi",
                                          "i'm sorry",
                                          "i'm so sorry",
                                          "i'm very sorry",
                                          "sorry",
                                          "i apologize",
                                          "i apologise",
                                          "my apologies",
                                          "unfortunately",
                                          "as an ai language model",
                                          "as an ai model",
                                          "as an ai assistant",
                                          "as an ai",
                                          "as a large language model",
                                          "as a language model",
                                          "but",
                                          "however",
                                          "that"};
constexpr std::string_view kRefusals[] = {
    "i can't help",         "i can't assist",     "i can't provide",      "i can't give",
    "i can't offer",        "i can't answer",     "i can't recommend",    "i can't fulfill",
    "i can't comply",       "i can't do that",    "i can't discuss",      "i'm not able to",
    "i'm unable to",        "i won't be able to", "i won't provide",      "i must decline",
    "i have to decline",    "i decline to",       "i'm not qualified to", "i'm not allowed to",
    "i'm not permitted to", "i'm not comfortable"};

// Anywhere in a text they begin an answer.
constexpr std::string_view kAnswers[] = {"i would ",   "i'd ",       "i recommend", "i suggest",
                                         "first-line", "first line", "would be ",   " mg"};
// Whole words behind a refusal to do one thing: they begin or limit another.
constexpr std::string_view kAlternatives[] = {
    "other than",  "except", "besides",   "apart from", "anything but", "only",       "instead",
    "rather than", "give",   "start",     "begin",      "use",          "choose",     "go with",
    "opt for",     "prefer", "switch to", "continue",   "prescribe",    "administer", "treat with"};

bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

// Removes `phrase` at the beginning of `text`, when a word ends there.
bool Take(std::string_view& text, std::string_view phrase) {
  if (text.substr(0, phrase.size()) != phrase) return false;
  if (text.size() > phrase.size() &&
      (IsLetter(text[phrase.size()]) || text[phrase.size()] == '\'')) {
    return false;
  }
  text.remove_prefix(phrase.size());
  return true;
}

// Whether `rest`, what follows a refusal, goes on to recommend. The word that it begins with
// belongs to the refusal: "I'm unable to | give a recommendation".
bool GoesOn(std::string_view rest) {
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  while (!rest.empty() && IsLetter(rest.front())) rest.remove_prefix(1);
  for (const std::string_view word : kAlternatives) {
    for (std::size_t at = rest.find(word); at != rest.npos; at = rest.find(word, at + 1)) {
      std::string_view from = rest.substr(at);
      if ((at == 0 || !IsLetter(rest[at - 1])) && Take(from, word)) return true;
    }
  }
  return false;
}

void Replace(std::string& text, std::string_view from, std::string_view to) {
  std::string replaced;
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, done)) {
    replaced.append(text, done, at - done);
    replaced += to;
    done = at + from.size();
  }
  text = replaced.append(text, done);
}

}  // namespace

bool LooksLikeRefusal(std::string_view text) {
  text = Trimmed(WithoutThoughts(text));
  if (text.size() > kRefusalBytesMax || text.find('{') != text.npos) return false;
  std::string lower = LowerAscii(CleanText(text, /*lines=*/false));
  Replace(lower, "\u2019", "'");
  Replace(lower, "cannot", "can't");
  Replace(lower, "can not", "can't");
  Replace(lower, "i am ", "i'm ");
  Replace(lower, "will not", "won't");
  for (const std::string_view answer : kAnswers) {
    if (lower.find(answer) != lower.npos) return false;
  }
  std::string_view rest = lower;
  for (bool prelude = true; prelude;) {
    while (!rest.empty() && !IsLetter(rest.front())) rest.remove_prefix(1);
    for (const std::string_view refusal : kRefusals) {
      if (Take(rest, refusal)) return !GoesOn(rest);
    }
    prelude = false;
    for (const std::string_view phrase : kPreludes) {
      if (!Take(rest, phrase)) continue;
      prelude = true;
      break;
    }
  }
  return false;
}

}  // namespace consilium
