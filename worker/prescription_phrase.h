// The phrases of a prescription: which words state a dose, a route, a frequency or a duration, and
// which of them might state something else. Only for prescription.cc.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace consilium {

struct Word {
  std::string_view text;        // without the separators around it
  bool joins = false;           // a comma or a semicolon stands before it
  bool in_parentheses = false;  // it is the first word behind "("
};

// Words between spaces; separators at their ends are no part of them.
std::vector<Word> ToWords(std::string_view text);

// From the first to the last of some words, as it stands in the text.
std::string_view Span(const std::vector<Word>& words, std::size_t first, std::size_t last);

enum class Kind { kOther, kDose, kDuration, kFrequency, kRoute };

struct Phrase {
  Kind kind = Kind::kOther;
  std::size_t words = 0;  // 0: nothing is understood
};

// The longest phrase that begins at word `i` and is understood beside `route`, "" = not known yet.
Phrase PhraseAt(const std::vector<Word>& words, std::size_t i, std::string_view route);

// Behind a name "INH", "AC" or "HS" may be its abbreviation or a part of it ("Isoniazid (INH)",
// "Robitussin AC"), and no route or frequency.
bool MayBelongToAName(std::string_view word);

// "250 mg/5 mL", "1 %", "90 mcg/puff": behind a name it says which product, not how much to take.
bool IsStrength(std::string_view amount);

// A number that belongs to nothing understood, "500" or "10U"; not "5-fluorouracil".
bool IsStrayNumber(std::string_view word);

// "500mg/clavulanate", "hydrocodone-5mg": the strength of one of several ingredients.
bool HoldsStrength(std::string_view word);

// "for 10 days", "x 10 days".
bool IsMarkedDuration(std::string_view phrase);

// Whether a duration may be the days of treatment in each cycle, "14 days every 21 days": beside a
// frequency that is rarer than daily or not understood, where the duration is shorter than the
// time between two doses, or `loose`: nothing says that it is the length of the whole treatment.
bool MayBeACycle(std::string_view duration, std::string_view frequency, bool loose);

// Whether words name more than one drug, say when or why, or what not to give: the doses beside
// them could belong to something else.
bool IsJoined(const std::vector<Word>& words, std::size_t first, std::size_t last);

// "otitis media", "severe pain"; but "life", "a week" and "max one gram" say how long or how much.
bool IsReason(const std::vector<Word>& words, std::size_t first, std::size_t last);

bool IsAsNeeded(std::string_view frequency);

}  // namespace consilium
