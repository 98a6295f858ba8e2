#include "gateway/hl7/lead.h"

namespace consilium {

bool BeginsWide(std::string_view bytes) {
  if (bytes.substr(0, 2) == "\xFF\xFE" || bytes.substr(0, 2) == "\xFE\xFF") return true;
  // "M\0", "\0M\0", "\0\0\0M\0": not the zero bytes that some senders put before a text.
  const std::size_t letter = bytes.find_first_not_of('\0');
  if (letter != 0 && letter != 1 && letter != 3) return false;
  return !IsHl7Blank(bytes[letter]) && bytes.substr(letter + 1, 1) == std::string_view("\0", 1);
}

std::string_view WithoutLead(std::string_view bytes) {
  for (;;) {
    if (BeginsWide(bytes)) return bytes;
    if (!bytes.empty() && IsHl7Blank(bytes[0])) {
      bytes.remove_prefix(1);
    } else if (bytes.substr(0, kUtf8Mark.size()) == kUtf8Mark && bytes.size() > kUtf8Mark.size() &&
               IsHl7Blank(bytes[kUtf8Mark.size()])) {
      bytes.remove_prefix(kUtf8Mark.size());
    } else {
      return bytes;
    }
  }
}

}  // namespace consilium
