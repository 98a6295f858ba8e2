#include "shared/hl7_charset.h"

#include <cstddef>

namespace consilium {
namespace {

using Kind = Hl7Charset::Kind;

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
    {"ASCII", &kHl7Ascii},
    {"88591", &kHl7Latin1},
    {"88592", &kLatin2},
    {"88593", &kLatin3},
    {"88594", &kLatin4},
    {"88595", &kCyrillic},
    {"88596", &kArabic},
    {"88597", &kGreek},
    {"88598", &kHebrew},
    {"88599", &kLatin5},
    {"885915", &kLatin9},
    {"UNICODEUTF8", &kHl7Utf8},
    {"UNICODE", &kHl7Utf8},
    {"UNICODEUTF16", &kHl7Utf16},
    {"UNICODEUTF32", &kHl7Utf32},
    {"ISOIR6", &kHl7Ascii},
    {"ISOIR14", &kJis0201},
    {"ISOIR87", &kJapanese},
    {"ISOIR159", &kJapanese},
    {"JISX0202", &kJapanese},
    {"JAS2020", &kJapanese},
    {"GB180302000", &kGb18030},
    {"GB18030", &kGb18030},
    {"KSX1001", &kKorean},
    {"CNS116431992", &kCns},
    {"CNS11643", &kCns},
    {"BIG5", &kBig5},
    {"USASCII", &kHl7Ascii},
    {"LATIN1", &kHl7Latin1},
    {"UTF8", &kHl7Utf8},
    {"UTF16", &kHl7Utf16},
    {"UTF16BE", &kHl7Utf16},
    {"UTF16LE", &kHl7Utf16Little},
    {"UTF32", &kHl7Utf32},
    {"ISOIR100", &kHl7Latin1},
    {"ISOIR192", &kHl7Utf8},
    {"SHIFTJIS", &kJis0201},
    {"EUCKR", &kKorean},
    {"KSC5601", &kKorean},
    {"WINDOWS1250", &kWindows1250},
    {"CP1250", &kWindows1250},
    {"WINDOWS1251", &kWindows1251},
    {"CP1251", &kWindows1251},
    {"WINDOWS1252", &kHl7Windows1252},
    {"CP1252", &kHl7Windows1252},
};

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

std::string Hl7CharsetNames() {
  std::string names;
  for (const Named& named : kNames) {
    if (names.find(named.charset->name) != std::string::npos) continue;
    names += (names.empty() ? "" : ", ") + std::string(named.charset->name);
  }
  return names;
}

}  // namespace consilium
