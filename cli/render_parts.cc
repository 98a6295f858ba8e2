#include "cli/render_parts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

namespace consilium::render {
namespace {

constexpr std::size_t kLabelCells = 11;

}  // namespace

std::string Fixed(double value, int digits, bool sign) {
  if (!std::isfinite(value)) return "infinite";
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), sign ? "%+.*f" : "%.*f", digits, value);
  return text.data();
}

std::string Shown(const std::optional<double>& value, int digits, bool sign) {
  return value ? Fixed(*value, digits, sign) : "-";
}

std::string Duration(std::optional<double> ms) {
  if (!ms) return "-";
  std::array<char, 32> text{};
  if (*ms < 1000) {
    std::snprintf(text.data(), text.size(), "%.0f ms", *ms);
  } else if (*ms < 120000) {
    std::snprintf(text.data(), text.size(), "%.1f s", *ms / 1000);
  } else {
    std::snprintf(text.data(), text.size(), "%.0f min", *ms / 60000);
  }
  return text.data();
}

std::string_view StateName(CaseState state) {
  return kCaseStateNames[static_cast<std::size_t>(state)];
}

Tint StateTint(CaseState state) {
  switch (state) {
    case CaseState::kComplete:
      return Tint::kGreen;
    case CaseState::kDegraded:
    case CaseState::kInsufficient:
      return Tint::kYellow;
    case CaseState::kFailed:
      return Tint::kRed;
    case CaseState::kAccepted:
    case CaseState::kGenerating:
    case CaseState::kReviewing:
    case CaseState::kCancelled:
      return Tint::kPlain;
  }
  return Tint::kPlain;
}

std::string Field(std::string_view label, std::string_view text, const Look& look, Tint tint) {
  if (text.empty()) return "";
  constexpr std::size_t kIndent = 2;
  const std::size_t start = kIndent + kLabelCells + 1;
  std::string field;
  bool first = true;
  for (const std::string& line : WrapText(text, look.width - start)) {
    const std::string head = first ? PadText(label, kLabelCells) : std::string(kLabelCells, ' ');
    field += std::string(kIndent, ' ') + Paint(head, Tint::kDim, look) + " " +
             Paint(line, tint, look) + "\n";
    first = false;
  }
  return field;
}

std::string Headline(std::string_view id, CaseState state, std::string_view mark,
                     const Look& look) {
  std::string status(StateName(state));
  std::transform(status.begin(), status.end(), status.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::size_t tail = 2 + status.size() + (mark.empty() ? 0 : 2 + mark.size());
  const std::string name = FitText(CleanText(id), look.width > tail ? look.width - tail : 1);
  std::string line = Paint(name, Tint::kBold, look) + "  " + Paint(status, StateTint(state), look);
  if (!mark.empty()) {
    const std::size_t used = DisplayWidth(name) + 2 + status.size() + mark.size();
    line += std::string(look.width > used ? look.width - used : 2, ' ');
    line += Paint(mark, Tint::kYellow, look);
  }
  return line + "\n";
}

std::string Section(std::string_view title, const Look& look) {
  return "\n" + Paint(title, Tint::kBold, look) + "\n";
}

}  // namespace consilium::render
