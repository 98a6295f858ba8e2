// Reads a stated medication name against the index: which words name what, which only say how it is
// given.
//
// Left to right, the longest phrase of the table wins, so brands and set combinations win over
// their words. Nothing is guessed: a word that is in no table stays, as an unknown part. Threads:
// functions without state.
#pragma once

#include <cstddef>
#include <vector>

#include "aggregator/council/medication_index.h"
#include "aggregator/council/name_text.h"

namespace consilium {

// A run of tokens of one kind. Strengths, noise words and joining words make no item.
struct NameItem {
  enum class Kind {
    kIngredients,
    kClass,
    kAmbiguous,
    kUnknown,
    kExample,  // "such as": what follows illustrates a class
    kOr,       // "or": what follows is an alternative
  };
  Kind kind = Kind::kUnknown;
  const Meaning* meaning = nullptr;  // of the first three kinds
  std::size_t first = 0;             // tokens, inclusive
  std::size_t last = 0;
  Gap gap = Gap::kSpace;  // the widest gap since the item before
  bool optional = false;  // after "+/-"
  std::size_t group = 0;  // as NameToken
  bool joined = false;    // the first item of a group that starts with "with", "plus", "+"
};

std::vector<NameItem> ReadName(const NameTokens& tokens, const MedicationIndex& index);

}  // namespace consilium
