#include "aggregator/council/name_text.h"

#include <utility>

#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Every byte of a character beyond ASCII that folding left counts as a letter.
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80U); }

// ASCII for a character beyond it; "" to drop it, nullptr to keep it.
const char* ToAscii(char32_t c) {
  if (c >= 0x2010 && c <= 0x2015) return "-";
  if (c >= 0x2000 && c <= 0x200A) return " ";
  switch (c) {
    case 0x00A0:
    case 0x0085:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return " ";
    case 0x2043:
    case 0x2212:
    case 0xFE58:
    case 0xFE63:
      return "-";
    case 0x00AD:
    case 0x200B:
    case 0x200C:
    case 0x200D:
    case 0x2060:
    case 0xFEFF:
    case 0x00AE:
    case 0x00A9:
    case 0x2122:
    case 0x2120:
      return "";
    case 0x2018:
    case 0x2019:
    case 0x201B:
    case 0x02BC:
    case 0x2032:
    case 0x00B4:
      return "'";
    case 0x201C:
    case 0x201D:
    case 0x00AB:
    case 0x00BB:
      return "\"";
    case 0x2044:
    case 0x2215:
      return "/";
    case 0x00B1:
      return "+/-";
    case 0x00B5:
    case 0x03BC:
    case 0x039C:
      return "u";  // micro sign, mu: units of dose
    case 0x00D7:
      return " x ";
    case 0x00B7:
    case 0x2022:
      return ",";
    case 0xFFFD:
      return "?";
    default:
      return nullptr;
  }
}

void AppendFolded(std::string& out, char32_t code, std::string_view bytes) {
  if (code >= 0xFF01 && code <= 0xFF5E) code -= 0xFEE0;  // full-width form of ASCII
  if (code < 0x80) {
    auto c = static_cast<char>(code);
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c < 0x20 || c == 0x7F || c == '_') c = ' ';
    if (c == '`') c = '\'';
    if (c != ' ') {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
    return;
  }
  if (const char* ascii = ToAscii(code); ascii != nullptr) {
    for (; *ascii != '\0'; ++ascii) {
      if (*ascii != ' ') {
        out += *ascii;
      } else if (!out.empty() && out.back() != ' ') {
        out += ' ';
      }
    }
    return;
  }
  if (code >= 0xC0 && code <= 0xDE) {  // Latin-1 capitals; x 0xD7 is handled above
    out += bytes[0];
    out += static_cast<char>(static_cast<unsigned char>(bytes[1]) + 0x20U);
    return;
  }
  out += bytes;
}

// The end of the number that starts at `i`: digits with single . , : between.
std::size_t NumberEnd(std::string_view text, std::size_t i) {
  while (i < text.size()) {
    if (IsDigit(text[i])) {
      ++i;
    } else if ((text[i] == '.' || text[i] == ',' || text[i] == ':') && i + 1 < text.size() &&
               IsDigit(text[i + 1])) {
      i += 2;
    } else {
      break;
    }
  }
  return i;
}

Gap GapOf(std::string_view between) {
  if (between.find("+/-") != std::string_view::npos) return Gap::kOptional;
  if (between.find_first_of("+&/") != std::string_view::npos) return Gap::kJoin;
  if (between.find_first_of(",;:") != std::string_view::npos ||
      between.find(" - ") != std::string_view::npos ||
      between.find("--") != std::string_view::npos) {
    return Gap::kComma;
  }
  return Gap::kSpace;
}

}  // namespace

std::string FoldName(std::string_view text) {
  const std::string valid = ToValidUtf8(text);
  std::string out;
  out.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size();) {
    const std::size_t begin = i;
    const auto [code, bytes] = Utf8At(valid, i);
    i += bytes;
    AppendFolded(out, code, std::string_view(valid).substr(begin, i - begin));
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

NameTokens Tokenise(std::string folded) {
  NameTokens result;
  result.text = std::move(folded);
  const std::string& text = result.text;
  result.key.reserve(text.size() + 8);
  std::size_t gap_begin = 0;
  std::size_t depth = 0;
  std::size_t groups = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '(' || c == '[') {
      if (depth++ == 0) ++groups;
      gap_begin = ++i;  // what stands before a parenthesis does not join what stands in it
      continue;
    }
    if (c == ')' || c == ']') {
      if (depth > 0) --depth;
      gap_begin = ++i;
      continue;
    }
    if (!IsLetter(c) && !IsDigit(c) && c != '%') {
      ++i;
      continue;
    }
    NameToken token;
    token.begin = i;
    token.number = IsDigit(c);
    token.group = depth > 0 ? groups : 0;
    const std::string_view between = std::string_view(text).substr(gap_begin, i - gap_begin);
    token.gap = GapOf(between);
    token.slash = between == "/" || between == " / ";
    token.dash = between == "-" || between == " - ";
    if (!result.key.empty()) result.key += ' ';
    token.key_begin = result.key.size();
    if (token.number) {
      i = NumberEnd(text, i);
      result.key.append(text, token.begin, i - token.begin);
    } else if (c == '%') {
      ++i;
      result.key += '%';
    } else {
      // An apostrophe inside a word is no boundary: "st john's wort" is "st johns wort".
      while (i < text.size() && (IsLetter(text[i]) || (text[i] == '\'' && i + 1 < text.size() &&
                                                       IsLetter(text[i + 1])))) {
        if (text[i] != '\'') result.key += text[i];
        ++i;
      }
    }
    token.end = i;
    token.key_end = result.key.size();
    result.tokens.push_back(token);
    gap_begin = i;
  }
  return result;
}

}  // namespace consilium
