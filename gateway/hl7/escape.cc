#include "gateway/hl7/escape.h"

#include <algorithm>
#include <optional>

#include "gateway/hl7/charset_switch.h"
#include "gateway/hl7/escape_token.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr int kLinesMax = 8;
constexpr int kIndentMax = 40;
constexpr int kSkipMax = 80;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; }

// Puts text out in lines, with the margins that FT commands set.
class LineWriter {
 public:
  explicit LineWriter(std::size_t bytes) { out_.reserve(bytes); }

  void Text(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (!IsControl(c) || c == '\t') {
        if (at_start_) Margin();
        out_ += c;
      } else if (c == '\n') {
        Break();
      } else if (c == '\r') {
        Break();
        if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
      }
    }
  }
  void Break() {
    out_ += '\n';
    at_start_ = true;
    extra_ = 0;
  }
  void BreakUnlessAtStart() {
    if (!at_start_) Break();
  }
  void Indent(int columns, bool relative) {
    indent_ = std::clamp(relative ? indent_ + columns : columns, 0, kIndentMax);
  }
  void IndentOne(int columns, bool relative) { extra_ = relative ? columns : columns - indent_; }
  void Spaces(int count) {
    Text(std::string(static_cast<std::size_t>(std::clamp(count, 0, kSkipMax)), ' '));
  }

  std::string Take() { return std::move(out_); }

 private:
  void Margin() {
    out_.append(static_cast<std::size_t>(std::clamp(indent_ + extra_, 0, kIndentMax)), ' ');
    at_start_ = false;
  }

  std::string out_;
  bool at_start_ = true;
  int indent_ = 0;
  int extra_ = 0;  // of this line only
};

char DelimiterOf(char letter, const Hl7Delimiters& delimiters) {
  // A sender that escapes a delimiter that it did not declare means the usual one.
  const auto or_usual = [](char declared, char usual) {
    return declared == '\0' ? usual : declared;
  };
  switch (letter) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return or_usual(delimiters.subcomponent, '&');
    case 'R':
      return or_usual(delimiters.repetition, '~');
    case 'P':
      return or_usual(delimiters.truncation, '#');
    default:
      return delimiters.escape;
  }
}

class Unescaper {
 public:
  Unescaper(std::string_view raw, const Hl7Delimiters& delimiters, const Hl7Charset& charset)
      : raw_(raw), delimiters_(delimiters), charset_(charset), lines_(raw.size()) {}

  Hl7Text Run() {
    while (!raw_.empty()) {
      const std::size_t plain = raw_.find(delimiters_.escape);
      if (plain != 0) {
        Text(raw_.substr(0, plain));
        raw_.remove_prefix(std::min(plain, raw_.size()));
        continue;
      }
      const Hl7Escape escape = ReadHl7Escape(raw_, delimiters_.escape);
      Put(escape);
      raw_.remove_prefix(escape.bytes);
    }
    PutHex();
    return {lines_.Take(), unknown_};
  }

 private:
  void Text(std::string_view text) {
    PutHex();
    if (switched_) {
      lines_.Text(ReadSwitched(text, *switched_, charset_));
    } else {
      lines_.Text(text);
    }
  }

  // One character may come in several sequences.
  void PutHex() {
    if (hex_.empty()) return;
    const bool wide = charset_.kind == Hl7Charset::Kind::kWide;
    lines_.Text(DecodeHl7(hex_, wide ? nullptr : &charset_).text);
    hex_.clear();
  }

  void AsItIs(std::size_t bytes) {
    ++unknown_;
    lines_.Text(raw_.substr(0, bytes));
  }

  void Put(const Hl7Escape& escape) {
    using Kind = Hl7Escape::Kind;
    if (escape.kind == Kind::kHex) {
      hex_ += BytesOfHex(escape.body);
      return;
    }
    PutHex();
    switch (escape.kind) {
      case Kind::kDelimiter: {
        const char c = DelimiterOf(escape.body[0], delimiters_);
        lines_.Text(std::string_view(&c, 1));
        break;
      }
      case Kind::kCharset:
        Switch(escape);
        break;
      case Kind::kBreak:
        lines_.Break();
        break;
      case Kind::kLines:
        for (int i = 0; i < std::clamp(escape.number, 1, kLinesMax); ++i) lines_.Break();
        break;
      case Kind::kIndent:
        lines_.Indent(escape.number, escape.has_sign);
        break;
      case Kind::kIndentOne:
        lines_.IndentOne(escape.number, escape.has_sign);
        break;
      case Kind::kSkip:
        lines_.Spaces(escape.number);
        break;
      case Kind::kCentre:
        lines_.BreakUnlessAtStart();
        break;
      case Kind::kHighlight:
      case Kind::kFill:
      case Kind::kHex:
        break;
      case Kind::kLocal:
      case Kind::kUnknown:
        AsItIs(escape.bytes);
        break;
    }
  }

  void Switch(const Hl7Escape& escape) {
    const std::optional<CharsetSwitch> to = FindCharsetSwitch(escape.body);
    if (!to) {
      AsItIs(escape.bytes);
      return;
    }
    switched_ = to->back ? std::nullopt : to;
  }

  std::string_view raw_;
  const Hl7Delimiters& delimiters_;
  const Hl7Charset& charset_;
  LineWriter lines_;
  std::string hex_;
  std::optional<CharsetSwitch> switched_;
  std::size_t unknown_ = 0;
};

// The letter of the sequence that stands for `c`; '\0' = it needs none.
char LetterFor(char c, const Hl7Delimiters& delimiters) {
  if (c == '\0') return '\0';
  if (c == delimiters.escape) return 'E';
  if (c == delimiters.field) return 'F';
  if (c == delimiters.component) return 'S';
  if (c == delimiters.subcomponent) return 'T';
  if (c == delimiters.repetition) return 'R';
  if (c == delimiters.truncation) return 'P';
  return '\0';
}

class Escaper {
 public:
  explicit Escaper(char escape) : escape_(escape) {}

  void Text(char c) { out_ += c; }
  void Sequence(std::string_view inside) {
    if (escape_ == '\0') {
      out_ += ' ';
      return;
    }
    out_ += escape_;
    out_ += inside;
    out_ += escape_;
  }
  std::string Take() { return std::move(out_); }

 private:
  char escape_;
  std::string out_;
};

}  // namespace

Hl7Text UnescapeHl7(std::string_view raw, const Hl7Delimiters& delimiters,
                    const Hl7Charset& charset) {
  const bool escapes =
      delimiters.escape != '\0' && raw.find(delimiters.escape) != std::string_view::npos;
  if (escapes) return Unescaper(raw, delimiters, charset).Run();
  if (std::none_of(raw.begin(), raw.end(), IsControl)) return {std::string(raw), 0};
  LineWriter lines(raw.size());
  lines.Text(raw);
  return {lines.Take(), 0};
}

std::string EscapeHl7(std::string_view text, const Hl7Delimiters& delimiters, Hl7TextType type) {
  const std::string valid = ToValidUtf8(text);
  // Where a period divides, it may not stand in a sequence.
  const bool commands = type == Hl7TextType::kFormatted && LetterFor('.', delimiters) == '\0';
  Escaper out(delimiters.escape);
  if (valid == "\"\"") {
    out.Sequence("X2222");
    return out.Take();
  }
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    if (c == '\r' || c == '\n') {
      out.Sequence(commands ? ".br" : "X0D");
      if (c == '\r' && i + 1 < valid.size() && valid[i + 1] == '\n') ++i;
    } else if (const char letter = LetterFor(c, delimiters); letter != '\0') {
      out.Sequence(std::string_view(&letter, 1));
    } else if (!IsControl(c) || c == '\t') {
      out.Text(c);
    }
  }
  return out.Take();
}

std::string JoinHl7(std::vector<std::string> parts, char between) {
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += between;
    text += parts[i];
  }
  return text;
}

}  // namespace consilium
