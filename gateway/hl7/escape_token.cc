#include "gateway/hl7/escape_token.h"

#include <algorithm>

namespace consilium {
namespace {

using Kind = Hl7Escape::Kind;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool AllHex(std::string_view text) { return std::all_of(text.begin(), text.end(), IsHex); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// ".sp", ".sp2", ".in+4", ".ti -4"; false when it is not a number of at most four digits.
bool ReadNumber(std::string_view text, Hl7Escape& escape) {
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    escape.has_sign = true;
    negative = text[0] == '-';
    text.remove_prefix(1);
    if (text.empty()) return false;
  }
  if (text.size() > 4 || !std::all_of(text.begin(), text.end(), IsDigit)) return false;
  for (const char c : text) escape.number = 10 * escape.number + (c - '0');
  if (negative) escape.number = -escape.number;
  return true;
}

// `command`: without the period.
Kind ReadCommand(std::string_view command, Hl7Escape& escape) {
  if (command.size() < 2) return Kind::kUnknown;
  const char name[] = {Lower(command[0]), Lower(command[1])};
  const std::string_view word(name, 2);
  const std::string_view number = command.substr(2);
  if (number.empty()) {
    if (word == "br") return Kind::kBreak;
    if (word == "ce") return Kind::kCentre;
    if (word == "fi" || word == "nf") return Kind::kFill;
  }
  Kind kind = Kind::kUnknown;
  if (word == "sp") kind = Kind::kLines;
  if (word == "in") kind = Kind::kIndent;
  if (word == "ti") kind = Kind::kIndentOne;
  if (word == "sk") kind = Kind::kSkip;
  if (kind == Kind::kUnknown || !ReadNumber(number, escape)) return Kind::kUnknown;
  if (number.empty()) escape.number = 1;
  return kind;
}

Kind Classify(std::string_view inside, Hl7Escape& escape) {
  if (inside.empty()) return Kind::kUnknown;
  const char first = inside[0];
  escape.body = inside.substr(1);
  if (first == '.') return ReadCommand(escape.body, escape);
  if (first == 'Z') return Kind::kLocal;
  if (first == 'X' || first == 'x') {
    const bool pairs = !escape.body.empty() && escape.body.size() % 2 == 0;
    return pairs && AllHex(escape.body) ? Kind::kHex : Kind::kUnknown;
  }
  if (first == 'C' && escape.body.size() == 4 && AllHex(escape.body)) return Kind::kCharset;
  if (first == 'M' && (escape.body.size() == 4 || escape.body.size() == 6) && AllHex(escape.body)) {
    return Kind::kCharset;
  }
  if (inside.size() > 1) return Kind::kUnknown;
  if (first == 'H' || first == 'N') return Kind::kHighlight;
  if (std::string_view("FSTREP").find(first) != std::string_view::npos) {
    escape.body = inside;
    return Kind::kDelimiter;
  }
  return Kind::kUnknown;
}

}  // namespace

Hl7Escape ReadHl7Escape(std::string_view text, char escape) {
  Hl7Escape found;
  const std::size_t end = text.find(escape, 1);
  if (end == std::string_view::npos) return found;
  const std::string_view inside = text.substr(1, end - 1);
  // Only hexadecimal data and local sequences may be long; none goes over the end of a line.
  if (inside.find_first_of("\r\n") != std::string_view::npos) return found;
  found.kind = Classify(inside, found);
  if (found.kind == Kind::kUnknown) return Hl7Escape();
  found.bytes = end + 1;
  return found;
}

std::size_t CountUnknownEscapes(std::string_view text, char escape) {
  std::size_t count = 0;
  if (escape == '\0') return count;
  for (std::size_t at = text.find(escape); at != std::string_view::npos;
       at = text.find(escape, at)) {
    const Hl7Escape found = ReadHl7Escape(text.substr(at), escape);
    if (found.kind == Kind::kUnknown || found.kind == Kind::kLocal) ++count;
    at += found.bytes;
  }
  return count;
}

}  // namespace consilium
