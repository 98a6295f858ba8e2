// Answers as reviewers may see them: coded, and without what tells whose they are.
//
// Removed from the free text, in this order (docs/decision.md lists the words):
//
// 1. What is invisible: control, zero-width, direction and tag characters. Exotic dashes, spaces
//    and full-width letters become plain ones, so that they cannot hide a name.
// 2. The names of all models of the council, also as spelt by their providers, in any case and
//    with any separators. Names that are short or ordinary words go only where the text speaks of
//    an author ("I am Alpha", "as Alpha, ..."): "alpha blocker" must stay what it is.
// 3. Well-known model families and vendors with their versions: "GPT-4o", "Claude 3.5 Sonnet".
//
// Each becomes "[model]". "As an AI language model" goes too. The names of ingredients are only
// cleaned, never replaced. The model's claimed confidence is dropped.
//
// Threads: immutable after construction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain.h"

namespace consilium {

class Anonymiser {
 public:
  explicit Anonymiser(const std::vector<std::string>& model_names);

  Answer Anonymise(const Answer& answer) const;
  std::string Strip(std::string_view text) const;

 private:
  struct Name {
    std::string letters;          // lower case, without separators: "gpt4o"
    std::vector<bool> may_split;  // separators are allowed before this letter
    bool needs_context = false;   // short, or an ordinary word
  };
  void AddName(std::string_view name);
  std::size_t MatchName(std::string_view text, std::size_t at) const;

  std::vector<Name> names_;
};

// Step 1 alone, cut to `max` bytes.
std::string PlainText(std::string_view text, std::size_t max);

}  // namespace consilium
