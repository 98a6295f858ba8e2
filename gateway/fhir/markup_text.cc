#include "gateway/fhir/markup_text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>

#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

constexpr std::string_view kBlocks[] = {
    "address", "article", "blockquote", "body",  "br",    "caption", "dd", "div",
    "dl",      "dt",      "footer",     "h1",    "h2",    "h3",      "h4", "h5",
    "h6",      "header",  "hr",         "html",  "li",    "ol",      "p",  "pre",
    "section", "table",   "tbody",      "tfoot", "thead", "tr",      "ul"};
// Nothing that is between their tags is for people.
constexpr std::string_view kHidden[] = {"script", "style", "title"};

struct Reference {
  std::string_view name;
  std::uint32_t code;
};
// Those that clinical text has. XHTML in FHIR may use all of HTML 4; others stay as they stand.
constexpr Reference kReferences[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},    {"apos", '\''},
    {"nbsp", ' '},     {"deg", 0xB0},     {"micro", 0xB5},    {"middot", 0xB7}, {"plusmn", 0xB1},
    {"times", 0xD7},   {"divide", 0xF7},  {"frac12", 0xBD},   {"frac14", 0xBC}, {"frac34", 0xBE},
    {"sup2", 0xB2},    {"sup3", 0xB3},    {"le", 0x2264},     {"ge", 0x2265},   {"ne", 0x2260},
    {"ndash", 0x2013}, {"mdash", 0x2014}, {"hellip", 0x2026}, {"bull", 0x2022}, {"lsquo", 0x2018},
    {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D},  {"larr", 0x2190}, {"uarr", 0x2191},
    {"rarr", 0x2192},  {"darr", 0x2193},  {"alpha", 0x3B1},   {"beta", 0x3B2},  {"gamma", 0x3B3},
    {"delta", 0x3B4},  {"mu", 0x3BC},     {"Delta", 0x394},   {"agrave", 0xE0}, {"aacute", 0xE1},
    {"acirc", 0xE2},   {"atilde", 0xE3},  {"auml", 0xE4},     {"aring", 0xE5},  {"aelig", 0xE6},
    {"ccedil", 0xE7},  {"egrave", 0xE8},  {"eacute", 0xE9},   {"ecirc", 0xEA},  {"euml", 0xEB},
    {"igrave", 0xEC},  {"iacute", 0xED},  {"icirc", 0xEE},    {"iuml", 0xEF},   {"ntilde", 0xF1},
    {"ograve", 0xF2},  {"oacute", 0xF3},  {"ocirc", 0xF4},    {"otilde", 0xF5}, {"ouml", 0xF6},
    {"oslash", 0xF8},  {"ugrave", 0xF9},  {"uacute", 0xFA},   {"ucirc", 0xFB},  {"uuml", 0xFC},
    {"szlig", 0xDF},   {"Auml", 0xC4},    {"Ouml", 0xD6},     {"Uuml", 0xDC},   {"Eacute", 0xC9},
    {"copy", 0xA9},    {"reg", 0xAE},     {"trade", 0x2122},  {"ensp", ' '},    {"emsp", ' '},
    {"thinsp", ' '}};

// 0 when `name` (between & and ;) names no character that may stand in a text.
std::uint32_t Decode(std::string_view name) {
  if (name.substr(0, 1) != "#") {
    for (const Reference& one : kReferences) {
      if (one.name == name) return one.code;
    }
    return 0;
  }
  const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
  const std::string_view digits = name.substr(hex ? 2 : 1);
  if (digits.empty() || digits.size() > 7) return 0;
  std::uint32_t code = 0;
  for (const char c : digits) {
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (hex && c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a') + 10;
    } else if (hex && c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A') + 10;
    } else {
      return 0;
    }
    code = code * (hex ? 16 : 10) + digit;
  }
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  if (code == '\t' || code == '\n' || code == '\r' || code == 0xA0) return ' ';
  if (control || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) return 0;
  return code;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The name of the tag at `at` (behind '<' and '/'), in lower case, without a namespace.
std::string TagName(std::string_view markup, std::size_t at) {
  std::string name;
  for (; at < markup.size() && name.size() < 16; ++at) {
    char c = markup[at];
    if (c == ':') {
      name.clear();
      continue;
    }
    if (!IsLetter(c) && !(c >= '0' && c <= '9')) break;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    name += c;
  }
  return name;
}

// One past the '>' that ends the tag at `at`; values between quotes may hold one. npos when another
// tag begins or the text ends before: then it is no tag, and nobody's words are lost.
std::size_t TagEnd(std::string_view markup, std::size_t at) {
  char quote = 0;
  for (; at < markup.size(); ++at) {
    const char c = markup[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    } else if (c == '<') {
      break;
    }
  }
  return std::string_view::npos;
}

template <std::size_t n>
bool In(const std::string_view (&names)[n], const std::string& name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

class Writer {
 public:
  void Space() { pending_space_ = true; }
  void Line() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    if (!out_.empty() && out_.back() != '\n') out_ += '\n';
    pending_space_ = false;
  }
  // At most one empty line: between paragraphs.
  void Character(std::uint32_t code) {
    if (code == ' ') return Space();
    Flush();
    AppendUtf8(out_, code);
  }
  void Bytes(std::string_view bytes) {
    Flush();
    out_ += bytes;
  }
  void Cell() {
    if (out_.empty() || out_.back() == '\n') return;
    pending_space_ = false;
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    out_ += " | ";
  }
  std::string Take() { return std::string(Trimmed(out_)); }

 private:
  void Flush() {
    if (pending_space_ && !out_.empty() && out_.back() != '\n' && out_.back() != ' ') out_ += ' ';
    pending_space_ = false;
  }

  std::string out_;
  bool pending_space_ = false;
};

class MarkupReader {
 public:
  explicit MarkupReader(std::string_view markup) : markup_(markup) {}

  std::string Read() {
    while (at_ < markup_.size()) {
      if (markup_[at_] == '<' && (Comment() || Cdata() || Tag())) continue;
      if (markup_[at_] == '&' && CharacterReference()) continue;
      Plain(markup_[at_++]);
    }
    return writer_.Take();
  }

 private:
  static constexpr std::size_t kNone = std::string_view::npos;

  bool At(std::string_view words) const { return markup_.substr(at_, words.size()) == words; }

  bool Comment() {
    if (!At("<!--") || comments_end_) return false;
    const std::size_t end = markup_.find("-->", at_ + 4);
    comments_end_ = end == kNone;  // no comment ends from here on: none is looked for again
    if (comments_end_) return false;
    at_ = end + 3;
    return true;
  }

  bool Cdata() {
    constexpr std::string_view kBegin = "<![CDATA[";
    if (!At(kBegin)) return false;
    const std::size_t begin = at_ + kBegin.size();
    const std::size_t end = std::min(markup_.find("]]>", begin), markup_.size());
    if (end > begin) writer_.Bytes(markup_.substr(begin, end - begin));
    at_ = std::min(end + 3, markup_.size());
    return true;
  }

  bool Tag() {
    if (at_ + 1 >= markup_.size()) return false;
    const char next = markup_[at_ + 1];
    const bool closes = next == '/';
    const std::size_t name_at = at_ + (closes ? 2 : 1);
    const bool named = name_at < markup_.size() && IsLetter(markup_[name_at]);
    if (!named && next != '!' && next != '?') return false;
    const std::size_t end = TagEnd(markup_, at_ + 1);
    if (end == kNone) return false;
    const std::string name = TagName(markup_, name_at);
    const bool empty = markup_[end - 2] == '/';
    at_ = end;
    if (name == "td" || name == "th") {
      if (!closes) writer_.Cell();
    } else if (In(kHidden, name)) {
      if (!closes && !empty) Hide(name);
    } else if (In(kBlocks, name)) {
      writer_.Line();
      if (name == "li" && !closes) writer_.Bytes("- ");
      if (name == "pre") pre_ = std::max(0, pre_ + (closes ? -1 : empty ? 0 : 1));
    }
    return true;
  }

  // Goes on at the end tag of `name`; stays where there is none: what follows is then for people.
  void Hide(const std::string& name) {
    if (unended_.count(name) != 0) return;
    std::size_t end = at_;
    while ((end = markup_.find("</", end)) != kNone && TagName(markup_, end + 2) != name) end += 2;
    if (end == kNone) {
      unended_.insert(name);
    } else {
      at_ = end;
    }
  }

  bool CharacterReference() {
    const std::size_t end = markup_.substr(0, std::min(markup_.size(), at_ + 12)).find(';', at_);
    if (end == kNone) return false;
    const std::uint32_t code = Decode(markup_.substr(at_ + 1, end - at_ - 1));
    if (code == 0) return false;
    writer_.Character(code);
    at_ = end + 1;
    return true;
  }

  void Plain(char c) {
    if (c == '\n' && pre_ > 0) {
      writer_.Line();
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      writer_.Space();
    } else {
      writer_.Bytes(std::string_view(&c, 1));
    }
  }

  const std::string_view markup_;
  Writer writer_;
  std::size_t at_ = 0;
  int pre_ = 0;
  bool comments_end_ = false;
  std::set<std::string> unended_;
};

}  // namespace

std::string MarkupText(std::string_view markup) { return MarkupReader(markup).Read(); }

}  // namespace consilium
