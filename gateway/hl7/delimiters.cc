#include "gateway/hl7/delimiters.h"

#include <algorithm>
#include <string>

#include "shared/text.h"

namespace consilium {
namespace {

bool CanDivide(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return c > ' ' && c < '\x7F' && !(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z');
}

Error NotADelimiter(const char* field, char c) {
  std::string text = field;
  text += " has ";
  text += Quoted(std::string_view(&c, 1));
  text += ", expected a printable ASCII character that is neither letter nor digit";
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
  constexpr std::size_t kPlaces = std::size(places);

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

bool BeginsHl7Header(std::string_view text) {
  if (text.size() < 6) return false;
  char name[3];
  std::transform(text.begin(), text.begin() + 3, name, [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const std::string_view word(name, 3);
  if (word != "MSH" && word != "BHS" && word != "FHS") return false;
  const char field = text[3];
  if (!CanDivide(field)) return false;
  // One to six characters, then the separator again.
  std::size_t end = 4;
  while (end < text.size() && end < kHeaderBytes - 1 && text[end] != field && CanDivide(text[end]))
    ++end;
  return end > 4 && end < text.size() && text[end] == field;
}

}  // namespace consilium
