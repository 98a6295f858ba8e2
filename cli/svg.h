// Pieces of SVG and HTML text: escaping, lengths, how wide a text will be, boxes.
// Unit: lengths are CSS pixels. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/html/pieces.h"

namespace consilium::svg {

using html::Escaped;

// With so many digits after the point; what rounds to zero has no minus. `value` is finite.
std::string Number(double value, int digits);
// A length with one decimal, finer than a screen shows; never "-0" and never "1.0". `value` is
// finite.
std::string Px(double value);

// An estimate on the wide side: the font is the reader's. Fit to decide what does not overlap.
double TextWidth(std::string_view text, double size);
// The text, or as much of its beginning as fits with an ellipsis; valid UTF-8.
std::string Shortened(std::string_view text, double size, double width);
// Broken at spaces; a word wider than `width` is shortened. None for a text of spaces.
std::vector<std::string> Lines(std::string_view text, double size, double width);

// Invariant: left <= right, top <= bottom.
struct Box {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;

  bool Overlaps(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
  bool Contains(const Box& other) const {
    return left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom;
  }
};

enum class Anchor { kStart, kMiddle, kEnd };
// One line of text with its baseline at y. `whole` is the tooltip, where it differs from `text`.
std::string Text(double x, double y, double size, Anchor anchor, std::string_view css_class,
                 std::string_view text, std::string_view whole = {});
// What a line of text covers, baseline at y.
Box TextBox(double x, double y, double size, Anchor anchor, std::string_view text);

std::string Line(double x1, double y1, double x2, double y2, std::string_view css_class);
// Without a tooltip where `says` is empty.
std::string Rect(const Box& box, std::string_view css_class, std::string_view says = {});

}  // namespace consilium::svg
