#include "worker/json_repair.h"

#include <array>
#include <cstdio>

#include "shared/limits.h"

namespace consilium {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsWord(char c) { return IsWordStart(c) || IsDigit(c) || c == '-'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct Quotes {
  std::string_view open;
  std::string_view close;
  bool apostrophe;  // `close` also stands inside of words: it ends a string before , : } ] only
};
constexpr Quotes kQuotes[] = {
    {"\"", "\"", false},
    {"'", "'", true},
    {"\u201c", "\u201d", false},
    {"\u2018", "\u2019", true},
};

class Mender {
 public:
  Mender(std::string_view text, bool may_close) : text_(text), may_close_(may_close) {}

  RepairedJson Mend() {
    const bool whole = Value(0);
    return {whole ? std::optional<std::string>(std::move(out_)) : std::nullopt, at_};
  }

 private:
  bool Ended() const { return at_ >= text_.size(); }
  char Here() const { return Ended() ? '\0' : text_[at_]; }
  bool Follows(std::string_view word) const { return text_.substr(at_, word.size()) == word; }

  // White space and comments; false when a comment does not end.
  bool SkipSpace() {
    while (!Ended()) {
      if (IsSpace(Here())) {
        ++at_;
      } else if (Follows("//")) {
        const std::size_t line = text_.find('\n', at_);
        at_ = line == text_.npos ? text_.size() : line + 1;
      } else if (Follows("/*")) {
        const std::size_t close = text_.find("*/", at_ + 2);
        at_ = close == text_.npos ? text_.size() : close + 2;
        if (close == text_.npos) return false;
      } else {
        return true;
      }
    }
    return true;
  }

  bool Value(std::size_t depth) {
    if (!SkipSpace() || Ended() || depth > limits::kDepthMax) return false;
    if (Here() == '{' || Here() == '[') return List(depth + 1);
    for (const Quotes& quotes : kQuotes) {
      if (Follows(quotes.open)) return String(quotes);
    }
    return IsWordStart(Here()) ? Literal() : Number();
  }

  // An object or an array: what is between the commas is all that differs.
  bool List(std::size_t depth) {
    const bool object = Here() == '{';
    const char close = object ? '}' : ']';
    out_ += text_[at_++];
    for (bool first = true;; first = false) {
      if (!SkipSpace()) return false;
      if (Here() == close) return Close(close);
      if (!first) {
        if (CloseMissing(close)) return true;
        if (Here() != ',') return false;
        ++at_;
        if (!SkipSpace()) return false;
        if (Here() == close) return Close(close);
        out_ += ',';
      }
      if (object && !Key()) return false;
      if (!Value(depth)) return false;
    }
  }

  bool Close(char bracket) {
    out_ += bracket;
    ++at_;
    whole_ = true;
    return true;
  }

  // Here stands the end of the text after a whole value, or the fence that closes the code.
  bool CloseMissing(char bracket) {
    if (!may_close_ || !whole_ || !(Ended() || Follows("```"))) return false;
    may_close_ = false;
    out_ += bracket;
    return true;
  }

  bool Key() {
    bool read = false;
    for (const Quotes& quotes : kQuotes) {
      if (!Follows(quotes.open)) continue;
      read = String(quotes);
      break;
    }
    if (!read && IsWordStart(Here())) {
      std::size_t end = at_;
      while (end < text_.size() && IsWord(text_[end])) ++end;
      out_ += '"';
      out_ += text_.substr(at_, end - at_);
      out_ += '"';
      at_ = end;
      read = true;
    }
    if (!read || !SkipSpace() || Here() != ':') return false;
    out_ += ':';
    ++at_;
    return true;
  }

  bool String(const Quotes& quotes) {
    at_ += quotes.open.size();
    out_ += '"';
    while (!Ended()) {
      if (Follows(quotes.close) && (!quotes.apostrophe || EndsHere(quotes.close.size()))) {
        at_ += quotes.close.size();
        out_ += '"';
        whole_ = true;
        return true;
      }
      if (!Character()) return false;
    }
    return false;
  }

  // Whether what follows a quote of `size` bytes can follow a string. Looks over a bounded run of
  // spaces, so that a text of quotes and spaces costs no more than its length.
  bool EndsHere(std::size_t size) const {
    constexpr std::size_t kSpacesMax = 64;
    const std::size_t from = at_ + size;
    std::size_t next = from;
    while (next < text_.size() && next - from < kSpacesMax && IsSpace(text_[next])) ++next;
    if (next >= text_.size()) return true;
    const char c = text_[next];
    return c == ',' || c == ':' || c == '}' || c == ']' || text_.substr(next, 3) == "```";
  }

  // One character of a string, escaped as strict JSON wants it.
  bool Character() {
    const char c = text_[at_];
    if (c == '\\') {
      if (at_ + 1 >= text_.size()) return false;
      const char escaped = text_[at_ + 1];
      if (escaped != '\'') out_ += c;
      out_ += escaped;
      at_ += 2;
      return true;
    }
    if (c == '"') {
      out_ += "\\\"";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out_ += code.data();
    } else {
      out_ += c;
    }
    ++at_;
    return true;
  }

  bool Literal() {
    std::size_t end = at_;
    while (end < text_.size() && IsWord(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (word == "true" || word == "True" || word == "TRUE") {
      out_ += "true";
    } else if (word == "false" || word == "False" || word == "FALSE") {
      out_ += "false";
    } else if (word == "null" || word == "None" || word == "NULL") {
      out_ += "null";
    } else {
      return false;
    }
    at_ = end;
    whole_ = true;
    return true;
  }

  // Not whole at the end of the text: digits may be missing.
  bool Number() {
    std::size_t end = at_;
    while (end < text_.size() && (IsWord(text_[end]) || text_[end] == '.' || text_[end] == '+')) {
      ++end;
    }
    std::string_view number = text_.substr(at_, end - at_);
    if (number.empty()) return false;
    at_ = end;
    whole_ = !Ended();
    if (number.front() == '+') number.remove_prefix(1);
    if (!number.empty() && number.front() == '-') {
      out_ += '-';
      number.remove_prefix(1);
    }
    if (!number.empty() && number.front() == '.') out_ += '0';
    out_ += number;
    return true;
  }

  std::string_view text_;
  bool may_close_;
  std::string out_;
  std::size_t at_ = 0;
  bool whole_ = false;  // the last value read has certainly ended
};

}  // namespace

RepairedJson RepairJson(std::string_view text, bool may_close) {
  return Mender(text, may_close).Mend();
}

}  // namespace consilium
