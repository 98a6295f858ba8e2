#include "cli/screen.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

using Range = std::pair<char32_t, char32_t>;

template <std::size_t kSize>
bool InRanges(char32_t c, const std::array<Range, kSize>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.second; });
}

// C0, DEL, C1, zero-width and direction controls, line and paragraph separators, byte-order mark.
bool IsControl(char32_t c) {
  static constexpr std::array<Range, 7> kRanges{{{0x00, 0x1F},
                                                 {0x7F, 0x9F},
                                                 {0x200B, 0x200F},
                                                 {0x2028, 0x202E},
                                                 {0x2060, 0x206F},
                                                 {0xFEFF, 0xFEFF},
                                                 {0xFFF9, 0xFFFB}}};
  return InRanges(c, kRanges);
}

std::size_t CellsOf(char32_t c) {
  static constexpr std::array<Range, 4> kCombining{
      {{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
  static constexpr std::array<Range, 8> kWide{{{0x1100, 0x115F},
                                               {0x2E80, 0x303E},
                                               {0x3041, 0xA4CF},
                                               {0xAC00, 0xD7A3},
                                               {0xF900, 0xFAFF},
                                               {0xFE30, 0xFE6F},
                                               {0xFF00, 0xFF60},
                                               {0x1F300, 0x1FAFF}}};
  if (c < 0x0300) return 1;
  if (InRanges(c, kCombining)) return 0;
  return InRanges(c, kWide) || (c >= 0x20000 && c <= 0x3FFFD) ? 2 : 1;
}

// The longest prefix of at most `width` cells.
std::size_t PrefixBytes(std::string_view text, std::size_t width) {
  std::size_t cells = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const Utf8Character one = Utf8At(text, at);
    const std::size_t next = CellsOf(one.code);
    if (cells + next > width) break;
    cells += next;
    at += one.bytes;
  }
  return at;
}

}  // namespace

std::string CleanText(std::string_view raw) {
  const std::string text = ToValidUtf8(raw);
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character one = Utf8At(text, at);
    if (IsControl(one.code) || one.code == ' ') {
      if (!clean.empty() && clean.back() != ' ') clean += ' ';
    } else {
      clean.append(text, at, one.bytes);
    }
    at += one.bytes;
  }
  if (!clean.empty() && clean.back() == ' ') clean.pop_back();
  return clean;
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t cells = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character one = Utf8At(text, at);
    cells += CellsOf(one.code);
    at += one.bytes;
  }
  return cells;
}

std::string FitText(std::string_view text, std::size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width <= 2) return std::string(text.substr(0, PrefixBytes(text, width)));
  return std::string(text.substr(0, PrefixBytes(text, width - 2))) + "..";
}

std::string PadText(std::string_view text, std::size_t width, bool right) {
  std::string fitted = FitText(text, width);
  const std::string pad(width - DisplayWidth(fitted), ' ');
  return right ? pad + fitted : fitted + pad;
}

std::vector<std::string> WrapText(std::string_view text, std::size_t width) {
  const std::string clean = CleanText(text);
  if (width == 0) width = 1;
  std::vector<std::string> lines(1);
  std::size_t at = 0;
  while (at < clean.size()) {
    const std::size_t space = std::min(clean.find(' ', at), clean.size());
    std::string_view word = std::string_view(clean).substr(at, space - at);
    at = space + 1;
    const std::size_t used = DisplayWidth(lines.back());
    if (used > 0 && used + 1 + DisplayWidth(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    while (DisplayWidth(word) > width) {
      // At least one character each time, also where a wide one does not fit.
      const std::size_t cut = std::max(PrefixBytes(word, width), Utf8At(word, 0).bytes);
      lines.back() += word.substr(0, cut);
      word.remove_prefix(cut);
      lines.emplace_back();
    }
    lines.back() += word;
  }
  return lines;
}

std::string Paint(std::string_view text, Tint tint, const Look& look) {
  if (!look.colour || tint == Tint::kPlain || text.empty()) return std::string(text);
  static constexpr std::array<std::string_view, 6> kCodes{"0", "1", "2", "32", "33", "31"};
  const std::string_view code = kCodes.at(static_cast<std::size_t>(tint));
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void Table::Row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = CleanText(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Text(const Look& look, std::string_view indent) const {
  constexpr std::size_t kGap = 2;
  constexpr std::size_t kLeast = 6;  // a cell narrower than this says nothing
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = DisplayWidth(columns_[c].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[c]));
    widths.push_back(width);
  }
  const std::size_t fixed = indent.size() + kGap * (columns_.empty() ? 0 : columns_.size() - 1);
  std::size_t total = std::accumulate(widths.begin(), widths.end(), fixed);
  // Narrow the widest column that may give way, one cell at a time.
  while (total > look.width) {
    std::size_t widest = columns_.size();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (!columns_[c].shrink || widths[c] <= kLeast) continue;
      if (widest == columns_.size() || widths[c] > widths[widest]) widest = c;
    }
    if (widest == columns_.size()) break;
    --widths[widest];
    --total;
  }
  std::string text;
  const auto add = [&](auto cell_of, Tint tint) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) line.append(kGap, ' ');
      line += PadText(cell_of(c), widths[c], columns_[c].right);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += std::string(indent) + Paint(line, tint, look) + "\n";
  };
  add([&](std::size_t c) { return std::string_view(columns_[c].title); }, Tint::kDim);
  for (const auto& row : rows_) {
    add([&](std::size_t c) { return std::string_view(row[c]); }, Tint::kPlain);
  }
  return text;
}

}  // namespace consilium
