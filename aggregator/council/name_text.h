// The text of a medication name as lookups see it: folded, cut into words and numbers.
//
// Folding: ASCII and Latin-1 letters to lower case; Unicode dashes, spaces, quotes, slashes and
// full-width forms to ASCII; signs such as (R) and TM dropped; runs of space to one. Words end
// where letters meet digits, and punctuation only separates, so "Vitamin B-12", "vitamin b12" and
// "VITAMIN B 12" are one key. Threads: values without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace consilium {

// `text` is UTF-8; what is not becomes '?'.
std::string FoldName(std::string_view text);

// What stands before a token, from loose to tight reading of "these two are separate parts".
enum class Gap {
  kSpace,     // space, hyphen, other punctuation
  kComma,     // , ; : or a dash between spaces
  kJoin,      // + & /
  kOptional,  // +/-
};

struct NameToken {
  std::size_t begin = 0;  // in the folded text
  std::size_t end = 0;
  std::size_t key_begin = 0;  // in the key
  std::size_t key_end = 0;
  bool number = false;  // "500", "0.5", "1,000", "1:1000"
  bool slash = false;   // directly after '/': "500/125", "mg/kg"
  bool dash = false;    // directly after '-': "5-10"
  Gap gap = Gap::kSpace;
  // 0 = outside parentheses; 1, 2, ... = inside the n-th pair of them. Nested pairs count as one.
  std::size_t group = 0;
};

struct NameTokens {
  std::string text;  // folded
  std::string key;   // the tokens, one space between
  std::vector<NameToken> tokens;

  std::string_view Key(std::size_t first, std::size_t count) const {
    return std::string_view(key).substr(
        tokens[first].key_begin, tokens[first + count - 1].key_end - tokens[first].key_begin);
  }
  // As stated, folded, with the punctuation between the words.
  std::string_view Text(std::size_t first, std::size_t last) const {
    return std::string_view(text).substr(tokens[first].begin,
                                         tokens[last].end - tokens[first].begin);
  }
};

NameTokens Tokenise(std::string folded);
inline NameTokens FoldAndTokenise(std::string_view text) { return Tokenise(FoldName(text)); }

// The lookup key of a name; "" when it has no letter or digit.
inline std::string KeyOf(std::string_view name) { return FoldAndTokenise(name).key; }

}  // namespace consilium
