#include "gateway/hl7/charset.h"

#include <array>
#include <cstddef>
#include <utility>

#include "gateway/hl7/recode.h"
#include "shared/text.h"

namespace consilium {
namespace {

using Kind = Hl7Charset::Kind;

constexpr Hl7Charset kAscii = {"ASCII", "ASCII", Kind::kLatin};
constexpr Hl7Charset kLatin1 = {"8859/1", "ISO-8859-1", Kind::kLatin};
constexpr Hl7Charset kLatin2 = {"8859/2", "ISO-8859-2", Kind::kLatin};
constexpr Hl7Charset kLatin3 = {"8859/3", "ISO-8859-3", Kind::kLatin};
constexpr Hl7Charset kLatin4 = {"8859/4", "ISO-8859-4", Kind::kLatin};
constexpr Hl7Charset kCyrillic = {"8859/5", "ISO-8859-5", Kind::kAlphabet};
constexpr Hl7Charset kArabic = {"8859/6", "ISO-8859-6", Kind::kAlphabet};
constexpr Hl7Charset kGreek = {"8859/7", "ISO-8859-7", Kind::kAlphabet};
constexpr Hl7Charset kHebrew = {"8859/8", "ISO-8859-8", Kind::kAlphabet};
constexpr Hl7Charset kLatin5 = {"8859/9", "ISO-8859-9", Kind::kLatin};
constexpr Hl7Charset kLatin9 = {"8859/15", "ISO-8859-15", Kind::kLatin};
constexpr Hl7Charset kWindows1250 = {"WINDOWS-1250", "CP1250", Kind::kLatin};
constexpr Hl7Charset kWindows1251 = {"WINDOWS-1251", "CP1251", Kind::kAlphabet};
constexpr Hl7Charset kWindows1252 = {"WINDOWS-1252", "CP1252", Kind::kLatin};
constexpr Hl7Charset kUtf8 = {"UNICODE UTF-8", "UTF-8", Kind::kUtf8};
constexpr Hl7Charset kUtf16 = {"UNICODE UTF-16", "UTF-16BE", Kind::kWide};
constexpr Hl7Charset kUtf16Little = {"UNICODE UTF-16", "UTF-16LE", Kind::kWide};
constexpr Hl7Charset kUtf32 = {"UNICODE UTF-32", "UTF-32BE", Kind::kWide};
constexpr Hl7Charset kUtf32Little = {"UNICODE UTF-32", "UTF-32LE", Kind::kWide};
// JIS X 0201 has a yen sign for the backslash and an overline for the tilde; senders mean the
// delimiters. CP932 reads its upper half the same and its lower half as ASCII.
constexpr Hl7Charset kJis0201 = {"ISO IR14", "CP932", Kind::kMultiByte};
constexpr Hl7Charset kJapanese = {"ISO IR87", "ISO-2022-JP-2", Kind::kShift};
constexpr Hl7Charset kGb18030 = {"GB 18030-2000", "GB18030", Kind::kMultiByte};
constexpr Hl7Charset kBig5 = {"BIG-5", "BIG5", Kind::kMultiByte};
constexpr Hl7Charset kKorean = {"KS X 1001", "UHC", Kind::kMultiByte};
constexpr Hl7Charset kCns = {"CNS 11643-1992", "EUC-TW", Kind::kMultiByte};

struct Named {
  std::string_view key;  // upper case, letters and digits only
  const Hl7Charset* charset;
};

// Table 0211 of HL7 2.9, then other names seen in the field.
constexpr Named kNames[] = {
    {"ASCII", &kAscii},         {"88591", &kLatin1},
    {"88592", &kLatin2},        {"88593", &kLatin3},
    {"88594", &kLatin4},        {"88595", &kCyrillic},
    {"88596", &kArabic},        {"88597", &kGreek},
    {"88598", &kHebrew},        {"88599", &kLatin5},
    {"885915", &kLatin9},       {"UNICODEUTF8", &kUtf8},
    {"UNICODE", &kUtf8},        {"UNICODEUTF16", &kUtf16},
    {"UNICODEUTF32", &kUtf32},  {"ISOIR6", &kAscii},
    {"ISOIR14", &kJis0201},     {"ISOIR87", &kJapanese},
    {"ISOIR159", &kJapanese},   {"JISX0202", &kJapanese},
    {"JAS2020", &kJapanese},    {"GB180302000", &kGb18030},
    {"GB18030", &kGb18030},     {"KSX1001", &kKorean},
    {"CNS116431992", &kCns},    {"CNS11643", &kCns},
    {"BIG5", &kBig5},           {"USASCII", &kAscii},
    {"LATIN1", &kLatin1},       {"UTF8", &kUtf8},
    {"UTF16", &kUtf16},         {"UTF16BE", &kUtf16},
    {"UTF16LE", &kUtf16Little}, {"UTF32", &kUtf32},
    {"ISOIR100", &kLatin1},     {"ISOIR192", &kUtf8},
    {"SHIFTJIS", &kJis0201},    {"EUCKR", &kKorean},
    {"KSC5601", &kKorean},      {"WINDOWS1250", &kWindows1250},
    {"CP1250", &kWindows1250},  {"WINDOWS1251", &kWindows1251},
    {"CP1251", &kWindows1251},  {"WINDOWS1252", &kWindows1252},
    {"CP1252", &kWindows1252},
};

constexpr std::string_view kBom = "\xEF\xBB\xBF";

unsigned At(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0x100;
}

// UTF-16 or UTF-32 by a byte order mark (of `mark` bytes) or by the zero bytes of ASCII letters.
const Hl7Charset* WideByShape(std::string_view bytes, std::size_t& mark) {
  const std::array<unsigned, 4> b = {At(bytes, 0), At(bytes, 1), At(bytes, 2), At(bytes, 3)};
  const auto letter = [](unsigned c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  mark = 4;
  if (b[0] == 0xFF && b[1] == 0xFE && b[2] == 0 && b[3] == 0) return &kUtf32Little;
  if (b[0] == 0 && b[1] == 0 && b[2] == 0xFE && b[3] == 0xFF) return &kUtf32;
  mark = 2;
  if (b[0] == 0xFF && b[1] == 0xFE) return &kUtf16Little;
  if (b[0] == 0xFE && b[1] == 0xFF) return &kUtf16;
  mark = 0;
  if (letter(b[0]) && b[1] == 0 && b[2] == 0 && b[3] == 0) return &kUtf32Little;
  if (b[0] == 0 && b[1] == 0 && b[2] == 0 && letter(b[3])) return &kUtf32;
  if (letter(b[0]) && b[1] == 0 && letter(b[2]) && b[3] == 0) return &kUtf16Little;
  if (b[0] == 0 && letter(b[1]) && b[2] == 0 && letter(b[3])) return &kUtf16;
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
  decoded.charset = &kUtf8;
  decoded.text = bad == 0 ? std::string(bytes) : ToValidUtf8(bytes);
  NoteBad(decoded, bad);
}

// `stated`: anything but UTF-8; nullptr = nothing.
void ReadOther(Hl7Decoded& decoded, std::string_view bytes, const Hl7Charset* stated) {
  const Utf8Share share = CountUtf8(bytes);
  const bool latin = stated == nullptr || stated->kind == Kind::kLatin;
  if (share.bad == 0 && share.characters >= (latin ? 1U : 8U)) {
    decoded.remarks.push_back(Doubt(stated, kUtf8, "it is well-formed UTF-8"));
    ReadAsUtf8(decoded, bytes, 0);
  } else if (stated == nullptr || stated == &kAscii) {
    decoded.remarks.push_back(
        Doubt(stated, kWindows1252, "there are bytes beyond ASCII that are not UTF-8"));
    ReadAs(decoded, bytes, kWindows1252);
  } else if (stated == &kLatin1) {
    bool beyond = false;
    for (const char c : bytes) beyond |= (static_cast<unsigned char>(c) & 0xE0) == 0x80;
    if (beyond) {
      decoded.remarks.push_back(
          Doubt(stated, kWindows1252, "there are bytes from 0x80 to 0x9F, which are text there"));
    }
    ReadAs(decoded, bytes, beyond ? kWindows1252 : kLatin1);
  } else {
    ReadAs(decoded, bytes, *stated);
  }
}

void ReadStatedUtf8(Hl7Decoded& decoded, std::string_view bytes) {
  const Utf8Share share = CountUtf8(bytes);
  if (share.characters >= share.bad) {
    ReadAsUtf8(decoded, bytes, share.bad);
  } else {
    decoded.remarks.push_back(Doubt(&kUtf8, kWindows1252, "it is not well-formed UTF-8"));
    ReadAs(decoded, bytes, kWindows1252);
  }
}

}  // namespace

const Hl7Charset* FindHl7Charset(std::string_view name) {
  std::string key;
  for (const char c : name.substr(0, 64)) {
    if (c >= 'a' && c <= 'z') {
      key += static_cast<char>(c - 'a' + 'A');
    } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      key += c;
    }
  }
  if (key.compare(0, 7, "ISO8859") == 0) key.erase(0, 3);  // "ISO-8859-1" is "8859/1"
  for (const Named& named : kNames) {
    if (named.key == key) return named.charset;
  }
  return nullptr;
}

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
    if (stated != nullptr && stated != &kUtf8 && stated != &kAscii) {
      decoded.remarks.push_back(Doubt(stated, kUtf8, "it begins with a byte order mark"));
    }
    stated = &kUtf8;
  }
  // Bytes that are not wide cannot be what was stated then.
  if (stated != nullptr && stated->kind == Kind::kWide) stated = nullptr;
  const bool shifts = stated != nullptr && stated->kind == Kind::kShift;
  if (AllAscii(bytes) && !(shifts && bytes.find('\x1B') != std::string_view::npos)) {
    decoded.charset = stated == nullptr ? &kAscii : stated;
    decoded.text = std::string(bytes);
  } else if (stated == &kUtf8) {
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
