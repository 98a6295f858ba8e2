#include "shared/text.h"

#include <cstdint>
#include <cstring>

namespace consilium {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

unsigned At(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

// Bytes of the well-formed character that starts at `i`; 0 when there is none (RFC 3629, section
// 4).
std::size_t CharacterBytes(std::string_view text, std::size_t i) {
  const unsigned first = At(text, i);
  if (first < 0x80) return 1;
  std::size_t bytes = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    bytes = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    bytes = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    bytes = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() - i < bytes) return 0;
  if (At(text, i + 1) < low || At(text, i + 1) > high) return 0;
  for (std::size_t j = 2; j < bytes; ++j) {
    if (At(text, i + j) < 0x80 || At(text, i + j) > 0xBF) return 0;
  }
  return bytes;
}

void AppendHex(std::string& out, unsigned byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = CharacterBytes(text, i);
    const unsigned first = At(text, i);
    if (bytes > 1) {
      out += text.substr(i, bytes);
    } else if (bytes == 0 || first < 0x20 || first == 0x7F) {
      if (first == '\n') {
        out += "\\n";
      } else if (first == '\r') {
        out += "\\r";
      } else if (first == '\t') {
        out += "\\t";
      } else {
        AppendHex(out, first);
      }
    } else {
      if (first == '"' || first == '\\') out += '\\';
      out += text[i];
    }
    i += bytes == 0 ? 1 : bytes;
  }
  return out;
}

std::string Quoted(std::string_view text, std::size_t max) {
  const bool cut = text.size() > max;
  std::string out = "\"";
  out += Escaped(cut ? CutUtf8(text, max) : text);
  out += cut ? "...\"" : "\"";
  return out;
}

std::size_t FindInvalidUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    // Eight characters of ASCII at a time: most texts are nothing else.
    std::uint64_t eight = 0;
    if (i + sizeof(eight) <= text.size()) {
      std::memcpy(&eight, text.data() + i, sizeof(eight));
      if ((eight & 0x8080808080808080U) == 0) {
        i += sizeof(eight);
        continue;
      }
    }
    const std::size_t bytes = CharacterBytes(text, i);
    if (bytes == 0) return i;
    i += bytes;
  }
  return kNone;
}

std::string ToValidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = CharacterBytes(text, i);
    if (bytes == 0) {
      out += "\xEF\xBF\xBD";
      ++i;
    } else {
      out += text.substr(i, bytes);
      i += bytes;
    }
  }
  return out;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::string_view CutUtf8(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  // A character has at most three continuation bytes; more of them is not UTF-8 and is cut
  // anywhere.
  std::size_t end = max;
  for (int back = 0; back < 3 && end > 0 && (At(text, end) & 0xC0) == 0x80; ++back) --end;
  if ((At(text, end) & 0xC0) == 0x80) end = max;
  return text.substr(0, end);
}

std::string WithoutValue(std::string_view error_text) {
  return std::string(error_text.substr(0, error_text.find(" = ")));
}

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace consilium
