#include "gateway/clinical/fold_text.h"

#include <cstdint>

#include "shared/utf8.h"

namespace consilium {
namespace {

// The base letters of U+00C0..U+017F, one entry a character; '*' = more than one letter (below),
// '.' = not a letter. Source: UnicodeData.txt, canonical decompositions; for letters with a stroke
// the letter under it.
constexpr std::string_view kLatin1 =
    "aaaaaa*ceeeeiiiidnooooo.ouuuuy**aaaaaa*ceeeeiiiidnooooo.ouuuuy*y";
constexpr std::string_view kExtendedA =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkklllllll"
    "lllnnnnnn*nnoooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

std::string_view SeveralLetters(std::uint32_t c) {
  switch (c) {
    case 0xC6:
    case 0xE6:
      return "ae";
    case 0xDE:
    case 0xFE:
      return "th";
    case 0xDF:
      return "ss";
    case 0x132:
    case 0x133:
      return "ij";
    case 0x149:
      return "n";
    case 0x152:
    case 0x153:
      return "oe";
    default:
      return "";
  }
}

static_assert(kLatin1.size() == 64, "U+00C0..U+00FF");
static_assert(kExtendedA.size() == 128, "U+0100..U+017F");

// A character of two bytes, U+0080..U+07FF.
void AppendFolded(std::string& out, std::uint32_t c) {
  if (c >= 0xC0 && c <= 0x17F) {
    const char base = c <= 0xFF ? kLatin1[c - 0xC0] : kExtendedA[c - 0x100];
    if (base == '*') {
      out += SeveralLetters(c);
    } else if (base == '.') {
      out += ' ';
    } else {
      out += base;
    }
  } else if (c < 0xC0) {
    out += ' ';  // punctuation and controls of Latin-1
  } else if (c >= 0x300 && c <= 0x36F) {
    return;  // combining accents
  } else if (c >= 0x391 && c <= 0x3A9) {
    AppendUtf8(out, c + 0x20);  // Greek capitals
  } else if (c >= 0x410 && c <= 0x42F) {
    AppendUtf8(out, c + 0x20);  // Cyrillic capitals
  } else if (c >= 0x400 && c <= 0x40F) {
    AppendUtf8(out, c + 0x50);
  } else {
    AppendUtf8(out, c);
  }
}

bool IsFollowing(std::string_view text, std::size_t i) {
  return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
}

// Spaces stand alone and not at the ends.
std::string Squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ') {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string FoldText(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out += text[i];
    } else if (c < 0x80) {
      out += ' ';
    } else if (c >= 0xC2 && c <= 0xDF && IsFollowing(text, i + 1)) {
      const auto next = static_cast<unsigned char>(text[++i]);
      AppendFolded(out, (c & 0x1FU) << 6 | (next & 0x3FU));
    } else if (c == 0xE2 && i + 2 < text.size() && (text[i + 1] == '\x80')) {
      out += ' ';  // U+2000..U+203F: dashes, quotes and spaces
      i += 2;
    } else {
      out += text[i];
    }
  }
  return Squeezed(out);
}

}  // namespace consilium
