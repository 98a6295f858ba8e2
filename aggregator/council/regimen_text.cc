#include "aggregator/council/regimen_text.h"

#include <algorithm>
#include <iterator>

#include "aggregator/council/coding.h"
#include "aggregator/council/name_text.h"
#include "aggregator/council/regimen_words.h"

namespace consilium::regimen_text {
namespace {

using namespace regimen_words;  // NOLINT: the tables of this file

constexpr std::size_t kTextBytesMax = 80;  // longer is prose
// A decimal point in British print; names fold it to a comma.
constexpr std::string_view kMiddleDot = "\u00b7";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

// "500", "0.5", ".5", "1.0" as written; "1,000" without its comma. Other commas are no number.
Text TakeNumber(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && (IsDigit(text[end]) || text[end] == '.' || text[end] == ',')) ++end;
  const std::string_view written = text.substr(0, end);
  const std::size_t point = std::min(written.find('.'), written.size());
  const std::string_view whole = written.substr(0, point);
  const std::string_view rest = written.substr(point);
  if (written.empty() || rest.size() == 1 || rest.find_first_of(".,", 1) != rest.npos) return {};
  std::string number;
  const std::size_t comma = whole.find(',');
  if (comma != whole.npos && (comma == 0 || comma > 3 || whole.front() == '0')) return {};
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const bool group_starts = comma != whole.npos && i >= comma && (i - comma) % 4 == 0;
    if ((whole[i] == ',') != group_starts) return {};
    if (whole[i] != ',') number += whole[i];
  }
  if (comma != whole.npos && (whole.size() - comma) % 4 != 0) return {};
  number += rest;
  text.remove_prefix(end);
  return number;
}

}  // namespace

std::string Plainly(std::string_view text) {
  if (text.size() > kTextBytesMax || text.find(kMiddleDot) != text.npos) return "";
  const std::string folded = FoldName(text);
  std::string plain;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const char c = folded[i];
    const bool after_letter = i > 0 && IsLetter(folded[i - 1]);
    const bool before_digit = i + 1 < folded.size() && IsDigit(folded[i + 1]);
    if (c == '.' && (after_letter || !before_digit)) continue;
    plain += c == ',' && !(i > 0 && IsDigit(folded[i - 1]) && before_digit) ? ' ' : c;
  }
  return Folded(plain);
}

Text TakeNumbers(std::string_view& text) {
  Text numbers = TakeNumber(text);
  while (numbers) {
    std::string_view rest = text;
    const bool range = TakePrefix(rest, "-") || TakePrefix(rest, " - ") || TakePrefix(rest, " to ");
    if (!range && !TakePrefix(rest, "/")) break;
    const Text next = TakeNumber(rest);
    if (!next) break;
    *numbers += (range ? "-" : "/") + *next;
    text = rest;
  }
  return numbers;
}

Text TakeCount(std::string_view& text) {
  if (Text numbers = TakeNumbers(text)) return numbers;
  std::size_t end = 0;
  while (end < text.size() && IsLetter(text[end])) ++end;
  Text count = LookUp(kCounts, text.substr(0, end));
  if (count) text.remove_prefix(end);
  return count;
}

Text PlainUnit(std::string_view written, std::string_view dose) {
  std::string unit;
  std::string rest(written);
  for (std::size_t per = rest.find(" per "); per != rest.npos; per = rest.find(" per ")) {
    rest.replace(per, 5, "/");
  }
  for (std::size_t at = 0; at <= rest.size();) {
    const std::size_t slash = std::min(rest.find('/', at), rest.size());
    const std::string part = Folded(std::string_view(rest).substr(at, slash - at));
    if (at == 0) {
      const auto found = std::find_if(std::begin(kUnits), std::end(kUnits),
                                      [&](const UnitForm& form) { return form.written == part; });
      if (found == std::end(kUnits)) return {};
      unit = dose == "1" ? found->one : found->many;
    } else {
      std::string_view per = part;
      const Text number = TakeNumber(per);
      TakeSpaces(per);
      const Text plain = LookUp(kPer, per);
      if (!plain || (number && *plain != "mL")) return {};
      unit += "/" + (number ? *number + " " : "") + *plain;
    }
    at = slash + 1;
  }
  return unit;
}

std::optional<Amount> PlainAmount(std::string_view text) {
  const Text dose = TakeNumbers(text);
  if (!dose) return {};
  TakeSpaces(text);
  const Text unit = PlainUnit(text, *dose);
  if (!unit) return {};
  return Amount{*dose, *unit};
}

}  // namespace consilium::regimen_text

namespace consilium {

std::optional<Amount> ReadAmount(std::string_view text) {
  using namespace regimen_text;  // NOLINT: its pieces
  const std::string plain = Plainly(text);
  if (std::optional<Amount> amount = PlainAmount(plain)) return amount;
  // "5 mg to 10 mg"
  for (const std::string_view between : {" to ", " - ", "-"}) {
    const std::size_t at = plain.find(between);
    if (at == plain.npos) continue;
    const auto low = PlainAmount(std::string_view(plain).substr(0, at));
    const auto high = PlainAmount(std::string_view(plain).substr(at + between.size()));
    if (!low || !high || low->unit != high->unit) return {};
    return Amount{low->dose + "-" + high->dose, low->unit};
  }
  return {};
}

}  // namespace consilium
