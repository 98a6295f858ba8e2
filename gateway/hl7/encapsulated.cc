#include "gateway/hl7/encapsulated.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "gateway/clinical/fold_text.h"
#include "gateway/hl7/charset.h"
#include "gateway/hl7/feed_values.h"
#include "shared/text.h"

namespace consilium {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::optional<std::string> FromHex(std::string_view text) {
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    if (IsBlank(c)) continue;
    const int digit = HexDigit(c);
    if (digit < 0) return std::nullopt;
    if (high < 0) {
      high = digit;
    } else {
      bytes += static_cast<char>(high * 16 + digit);
      high = -1;
    }
  }
  if (high >= 0) return std::nullopt;
  return bytes;
}

// RFC 4648; line ends are skipped, the padding may be missing.
std::optional<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  unsigned value = 0;
  int bits = 0;
  bool ended = false;
  for (const char c : text) {
    if (IsBlank(c)) continue;
    if (c == '=') {
      ended = true;
      continue;
    }
    const int digit = Base64Digit(c);
    if (digit < 0 || ended) return std::nullopt;
    value = value << 6 | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(value >> bits & 0xFF);
    }
  }
  if (bits == 6) return std::nullopt;  // one digit is no byte
  return bytes;
}

bool IsText(const std::string& type, const std::string& subtype) {
  static constexpr std::array<std::string_view, 5> kTypes = {"text", "txt", "tx", "ft",
                                                             "text plain"};
  static constexpr std::array<std::string_view, 5> kSubtypes = {"", "plain", "txt", "text",
                                                                "text plain"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end() &&
         std::find(kSubtypes.begin(), kSubtypes.end(), subtype) != kSubtypes.end();
}

// What is called text and is something else.
bool IsOtherThanText(std::string_view bytes) {
  const std::string_view start = Trimmed(bytes);
  for (const std::string_view mark :
       {"%PDF", "{\\rtf", "<?xml", "<html", "<HTML", "<!DOCTYPE", "PK\x03"}) {
    if (start.substr(0, mark.size()) == mark) return true;
  }
  return bytes.find('\0') != std::string_view::npos;
}

}  // namespace

std::optional<std::string> TextOfEncapsulated(const Hl7Repetition& value) {
  const std::string type = FoldText(value.Get(2));
  const std::string subtype = FoldText(value.Get(3));
  if (!IsText(type, subtype)) return std::nullopt;
  std::string data = value.Text(5);
  const std::string encoding = FoldText(value.Get(4));
  std::optional<std::string> bytes;
  if (encoding == "a" || encoding.empty()) {
    bytes = std::move(data);
  } else if (encoding == "hex") {
    bytes = FromHex(data);
  } else if (encoding == "base64") {
    bytes = FromBase64(data);
  }
  if (!bytes || IsOtherThanText(*bytes)) return std::nullopt;
  std::string text = DecodeHl7(*bytes, nullptr).text;
  if (Trimmed(text).empty()) return std::nullopt;
  return text;
}

}  // namespace consilium
