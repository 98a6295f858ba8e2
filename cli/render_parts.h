// Pieces that the files of render.h share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/screen.h"
#include "shared/domain.h"

namespace consilium::render {

// With so many digits after the point, "infinite" where it is; `sign`: also "+".
std::string Fixed(double value, int digits, bool sign = false);
// The same; "-" when not known.
std::string Shown(const std::optional<double>& value, int digits, bool sign = false);
// "340 ms", "2.1 s", "3 min"; "-" when not known.
std::string Duration(std::optional<double> ms);
// "1 model", "5 models"; of nouns whose plural ends so.
template <class Number>
std::string Count(Number count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string_view StateName(CaseState state);
Tint StateTint(CaseState state);

// `  Label     text ...`, wrapped so that all lines of the text start in the same column; "" when
// there is no text.
std::string Field(std::string_view label, std::string_view text, const Look& look,
                  Tint tint = Tint::kPlain);
// `id  STATUS` on the left, `mark` on the right.
std::string Headline(std::string_view id, CaseState state, std::string_view mark, const Look& look);
std::string Section(std::string_view title, const Look& look);
// The recommendation without its headline.
std::string RecommendationBody(const Recommendation& recommendation, const Look& look);

}  // namespace consilium::render
