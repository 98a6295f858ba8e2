#include "gateway/hl7/charset.h"

#include <array>
#include <cstddef>
#include <utility>

#include "gateway/hl7/recode.h"
#include "shared/text.h"

namespace consilium {
namespace {

using Kind = Hl7Charset::Kind;

constexpr std::string_view kBom = "\xEF\xBB\xBF";

unsigned At(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0x100;
}

// UTF-16 or UTF-32 by a byte order mark (of `mark` bytes) or by the zero bytes of ASCII letters.
const Hl7Charset* WideByShape(std::string_view bytes, std::size_t& mark) {
  const std::array<unsigned, 4> b = {At(bytes, 0), At(bytes, 1), At(bytes, 2), At(bytes, 3)};
  const auto letter = [](unsigned c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  mark = 4;
  if (b[0] == 0xFF && b[1] == 0xFE && b[2] == 0 && b[3] == 0) return &kHl7Utf32Little;
  if (b[0] == 0 && b[1] == 0 && b[2] == 0xFE && b[3] == 0xFF) return &kHl7Utf32;
  mark = 2;
  if (b[0] == 0xFF && b[1] == 0xFE) return &kHl7Utf16Little;
  if (b[0] == 0xFE && b[1] == 0xFF) return &kHl7Utf16;
  mark = 0;
  if (letter(b[0]) && b[1] == 0 && b[2] == 0 && b[3] == 0) return &kHl7Utf32Little;
  if (b[0] == 0 && b[1] == 0 && b[2] == 0 && letter(b[3])) return &kHl7Utf32;
  if (letter(b[0]) && b[1] == 0 && letter(b[2]) && b[3] == 0) return &kHl7Utf16Little;
  if (b[0] == 0 && letter(b[1]) && b[2] == 0 && letter(b[3])) return &kHl7Utf16;
  return nullptr;
}

// How much of what is not ASCII is UTF-8.
struct Utf8Share {
  std::size_t characters = 0;  // of several bytes, well-formed
  std::size_t bad = 0;         // bytes that are of none
};

Utf8Share CountUtf8(std::string_view bytes) {
  Utf8Share share;
  for (;;) {
    const std::size_t bad = FindInvalidUtf8(bytes);
    for (const char c : bytes.substr(0, bad)) {
      if (static_cast<unsigned char>(c) >= 0xC0) ++share.characters;
    }
    if (bad == std::string_view::npos) return share;
    ++share.bad;
    bytes.remove_prefix(bad + 1);
  }
}

bool AllAscii(std::string_view bytes) {
  unsigned seen = 0;  // no early way out, so that the compiler takes many bytes at a time
  for (const char c : bytes) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

Remark Doubt(const Hl7Charset* stated, const Hl7Charset& read, const char* why) {
  std::string text = stated == nullptr ? "no character set stated" : "stated as ";
  if (stated != nullptr) text += stated->name;
  text += ", read as ";
  text += read.name;
  text += ": ";
  text += why;
  return {"charset_doubt", "MSH-18", std::move(text)};
}

void NoteBad(Hl7Decoded& decoded, std::size_t bad) {
  if (bad == 0) return;
  std::string text = std::to_string(bad);
  text += bad == 1 ? " place is" : " places are";
  text += " not of ";
  text += decoded.charset->name;
  text += "; U+FFFD stands there";
  decoded.remarks.push_back({"charset_invalid", "MSH-18", std::move(text)});
}

void ReadAs(Hl7Decoded& decoded, std::string_view bytes, const Hl7Charset& charset) {
  decoded.charset = &charset;
  std::size_t unit = 1;
  if (charset.kind == Kind::kWide) unit = charset.iconv.substr(0, 6) == "UTF-32" ? 4 : 2;
  Recoded recoded = RecodeToUtf8(bytes, charset.iconv, unit);
  decoded.text = std::move(recoded.bytes);
  NoteBad(decoded, recoded.bad);
}

void ReadAsUtf8(Hl7Decoded& decoded, std::string_view bytes, std::size_t bad) {
  decoded.charset = &kHl7Utf8;
  decoded.text = bad == 0 ? std::string(bytes) : ToValidUtf8(bytes);
  NoteBad(decoded, bad);
}

// `stated`: anything but UTF-8; nullptr = nothing.
void ReadOther(Hl7Decoded& decoded, std::string_view bytes, const Hl7Charset* stated) {
  const Utf8Share share = CountUtf8(bytes);
  const bool latin = stated == nullptr || stated->kind == Kind::kLatin;
  if (share.bad == 0 && share.characters >= (latin ? 1U : 8U)) {
    decoded.remarks.push_back(Doubt(stated, kHl7Utf8, "it is well-formed UTF-8"));
    ReadAsUtf8(decoded, bytes, 0);
  } else if (stated == nullptr || stated == &kHl7Ascii) {
    decoded.remarks.push_back(
        Doubt(stated, kHl7Windows1252, "there are bytes beyond ASCII that are not UTF-8"));
    ReadAs(decoded, bytes, kHl7Windows1252);
  } else if (stated == &kHl7Latin1) {
    bool beyond = false;
    for (const char c : bytes) beyond |= (static_cast<unsigned char>(c) & 0xE0) == 0x80;
    if (beyond) {
      decoded.remarks.push_back(Doubt(stated, kHl7Windows1252,
                                      "there are bytes from 0x80 to 0x9F, which are text there"));
    }
    ReadAs(decoded, bytes, beyond ? kHl7Windows1252 : kHl7Latin1);
  } else {
    ReadAs(decoded, bytes, *stated);
  }
}

void ReadStatedUtf8(Hl7Decoded& decoded, std::string_view bytes) {
  const Utf8Share share = CountUtf8(bytes);
  if (share.characters >= share.bad) {
    ReadAsUtf8(decoded, bytes, share.bad);
  } else {
    decoded.remarks.push_back(Doubt(&kHl7Utf8, kHl7Windows1252, "it is not well-formed UTF-8"));
    ReadAs(decoded, bytes, kHl7Windows1252);
  }
}

}  // namespace

const Hl7Charset* StatedCharset(std::string_view msh18, char repetition) {
  const Hl7Charset* first = nullptr;
  for (bool is_first = true; !msh18.empty(); is_first = false) {
    const std::size_t end = repetition == '\0' ? std::string_view::npos : msh18.find(repetition);
    const Hl7Charset* found = FindHl7Charset(msh18.substr(0, end));
    if (found != nullptr && found->kind == Kind::kShift) return found;
    if (is_first) first = found;
    if (end == std::string_view::npos) break;
    msh18.remove_prefix(end + 1);
  }
  return first;
}

Hl7Decoded DecodeHl7(std::string_view bytes, const Hl7Charset* stated) {
  Hl7Decoded decoded;
  std::size_t mark = 0;
  if (const Hl7Charset* wide = WideByShape(bytes, mark)) {
    if (stated == nullptr || stated->kind != Kind::kWide) {
      decoded.remarks.push_back(Doubt(stated, *wide, "its first bytes are of that form"));
    }
    ReadAs(decoded, bytes.substr(mark), *wide);
    return decoded;
  }
  if (bytes.substr(0, kBom.size()) == kBom) {
    bytes.remove_prefix(kBom.size());
    if (stated != nullptr && stated != &kHl7Utf8 && stated != &kHl7Ascii) {
      decoded.remarks.push_back(Doubt(stated, kHl7Utf8, "it begins with a byte order mark"));
    }
    stated = &kHl7Utf8;
  }
  // Bytes that are not wide cannot be what was stated then.
  if (stated != nullptr && stated->kind == Kind::kWide) stated = nullptr;
  const bool shifts = stated != nullptr && stated->kind == Kind::kShift;
  if (AllAscii(bytes) && !(shifts && bytes.find('\x1B') != std::string_view::npos)) {
    decoded.charset = stated == nullptr ? &kHl7Ascii : stated;
    decoded.text = std::string(bytes);
  } else if (stated == &kHl7Utf8) {
    ReadStatedUtf8(decoded, bytes);
  } else {
    ReadOther(decoded, bytes, stated);
  }
  return decoded;
}

std::string EncodeHl7(std::string_view text, const Hl7Charset& charset) {
  if (charset.kind == Kind::kUtf8) return ToValidUtf8(text);
  if (charset.kind != Kind::kWide && AllAscii(text)) return std::string(text);
  return RecodeFromUtf8(ToValidUtf8(text), charset.iconv).bytes;
}

}  // namespace consilium
