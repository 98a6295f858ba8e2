#include "cli/svg.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "cli/render_parts.h"
#include "cli/screen.h"
#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium::svg {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// In font sizes. A little above DejaVu Sans, the widest of the fonts that a system is likely to
// have.
double CharWidth(std::string_view character) {
  if (character.size() > 1) return 0.66 * static_cast<double>(DisplayWidth(character));
  static constexpr std::array<std::pair<std::string_view, double>, 5> kWidths = {{
      {" .,:;'|!iljI", 0.33},
      {"frt-()[]/\"", 0.42},
      {"ckvxyzsJL", 0.58},
      {"mwMW@%&", 0.98},
      {"+<>=~", 0.84},
  }};
  const char c = character.front();
  for (const auto& [characters, width] : kWidths) {
    if (characters.find(c) != std::string_view::npos) return width;
  }
  return c >= 'A' && c <= 'Z' ? 0.74 : 0.635;
}

std::string_view AnchorName(Anchor anchor) {
  constexpr std::array<std::string_view, 3> kNames = {"start", "middle", "end"};
  return kNames.at(static_cast<std::size_t>(anchor));
}

std::string Attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + Px(value) + "\"";
}

std::string Class(std::string_view name) {
  return name.empty() ? "" : " class=\"" + std::string(name) + "\"";
}

}  // namespace

std::string Number(double value, int digits) {
  std::string text = render::Fixed(value, digits);
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string Px(double value) {
  std::string text = Number(value, 1);
  if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0) text.resize(text.size() - 2);
  return text;
}

double TextWidth(std::string_view text, double size) {
  const std::string valid = ToValidUtf8(text);
  double width = 0.0;
  for (std::size_t at = 0; at < valid.size();) {
    const std::string_view character = std::string_view(valid).substr(at, Utf8At(valid, at).bytes);
    width += CharWidth(character);
    at += character.size();
  }
  return width * size;
}

std::string Shortened(std::string_view text, double size, double width) {
  const std::string valid = ToValidUtf8(text);
  if (TextWidth(valid, size) <= width) return valid;
  double used = CharWidth(kEllipsis);
  std::size_t at = 0;
  while (at < valid.size()) {
    const std::string_view character = std::string_view(valid).substr(at, Utf8At(valid, at).bytes);
    used += CharWidth(character);
    if (used * size > width) break;
    at += character.size();
  }
  while (at > 0 && valid[at - 1] == ' ') --at;
  return valid.substr(0, at) + std::string(kEllipsis);
}

std::vector<std::string> Lines(std::string_view text, double size, double width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t to = std::min(text.find_first_of(" \n", from), text.size());
    const std::string word = Shortened(text.substr(from, to - from), size, width);
    from = to + 1;
    if (word.empty()) continue;
    if (!line.empty() && TextWidth(line + " " + word, size) > width) {
      lines.push_back(std::move(line));
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string Text(double x, double y, double size, Anchor anchor, std::string_view css_class,
                 std::string_view text, std::string_view whole) {
  std::string out = "<text" + Attribute("x", x) + Attribute("y", y) + Attribute("font-size", size);
  if (anchor != Anchor::kStart) out += " text-anchor=\"" + std::string(AnchorName(anchor)) + "\"";
  out += Class(css_class) + ">";
  if (!whole.empty() && whole != text) out += "<title>" + Escaped(whole) + "</title>";
  return out + Escaped(text) + "</text>\n";
}

Box TextBox(double x, double y, double size, Anchor anchor, std::string_view text) {
  const double width = TextWidth(text, size);
  const double left = anchor == Anchor::kStart    ? x
                      : anchor == Anchor::kMiddle ? x - width / 2
                                                  : x - width;
  return {left, y - 0.8 * size, left + width, y + 0.22 * size};
}

std::string Line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  return "<line" + Attribute("x1", x1) + Attribute("y1", y1) + Attribute("x2", x2) +
         Attribute("y2", y2) + Class(css_class) + "/>\n";
}

std::string Rect(const Box& box, std::string_view css_class, std::string_view says) {
  const std::string open = "<rect" + Attribute("x", box.left) + Attribute("y", box.top) +
                           Attribute("width", box.right - box.left) +
                           Attribute("height", box.bottom - box.top) + Class(css_class);
  return says.empty() ? open + "/>\n" : open + "><title>" + Escaped(says) + "</title></rect>\n";
}

}  // namespace consilium::svg
