#include "gateway/hl7/delimiters.h"

#include <algorithm>
#include <string>

#include "shared/text.h"

namespace consilium {
namespace {

bool CanDivide(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return c > ' ' && c < '\x7F' && c != '"' && !(c >= '0' && c <= '9') &&
         !(lower >= 'a' && lower <= 'z');
}

Error NotADelimiter(const char* field, char c) {
  std::string text = field;
  text += " has ";
  text += Quoted(std::string_view(&c, 1));
  text += ", expected a printable ASCII character, no letter, digit or quote";
  return Invalid(std::move(text));
}

}  // namespace

Result<DeclaredDelimiters> ReadDelimiters(std::string_view text) {
  if (text.empty()) return Invalid("MSH-1 is missing, expected the field separator");
  DeclaredDelimiters declared;
  Hl7Delimiters& d = declared.delimiters;
  d = {text[0], '\0', '\0', '\0', '\0', '\0'};
  if (!CanDivide(d.field)) return NotADelimiter("MSH-1", d.field);
  char* const places[] = {&d.component, &d.repetition, &d.escape, &d.subcomponent, &d.truncation};
  constexpr std::size_t kPlaces = sizeof(places) / sizeof(places[0]);

  std::size_t used = 0;
  std::size_t i = 1;
  for (; i < text.size() && text[i] != d.field && text[i] != '\r' && text[i] != '\n'; ++i) {
    const char c = text[i];
    if (!CanDivide(c)) return NotADelimiter("MSH-2", c);
    if (std::any_of(places, places + used, [c](const char* place) { return *place == c; })) {
      declared.repeated = true;
      // "^~\\&" was escaped once too often; anything else has no delimiter of that kind.
      const bool escaped_twice = used == 3 && c == d.escape;
      if (!escaped_twice) ++used;
    } else if (used < kPlaces) {
      *places[used] = c;
      ++used;
    } else {
      ++used;
    }
    if (used > kPlaces) return Invalid("MSH-2 has more than 5 characters");
  }
  if (used == 0) return Invalid("MSH-2 is empty, expected the delimiters, such as ^~\\&");
  declared.bytes = i;
  return declared;
}

HeaderMatch MatchHl7Header(std::string_view text) {
  constexpr std::size_t kDeclaredMax = 6;  // five, and a doubled escape character
  const auto begins = [text](std::string_view name) {
    for (std::size_t i = 0; i < name.size() && i < text.size(); ++i) {
      if (text[i] != name[i] && text[i] != (name[i] | 0x20)) return false;
    }
    return true;
  };
  if (!begins("MSH") && !begins("BHS") && !begins("FHS")) return HeaderMatch::kNo;
  if (text.size() < 4) return HeaderMatch::kMaybe;
  const char field = text[3];
  if (!CanDivide(field)) return HeaderMatch::kNo;
  for (std::size_t i = 4; i < text.size(); ++i) {
    if (text[i] == field) return i > 4 ? HeaderMatch::kYes : HeaderMatch::kNo;
    if (!CanDivide(text[i]) || i >= 4 + kDeclaredMax) return HeaderMatch::kNo;
  }
  return HeaderMatch::kMaybe;
}

}  // namespace consilium
