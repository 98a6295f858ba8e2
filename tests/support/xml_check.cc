#include "tests/support/xml_check.h"

#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <utility>

#include "shared/text.h"

namespace consilium {
namespace {

bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == ':';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<XmlElement> Document() {
    constexpr std::string_view kDoctype = "<!DOCTYPE html>\n";
    if (const auto bad = FindInvalidUtf8(text_); bad != std::string_view::npos) {
      at_ = bad;
      Fail("invalid UTF-8");
    }
    if (text_.substr(0, kDoctype.size()) == kDoctype) at_ = kDoctype.size();
    XmlElement root;
    if (error_.empty()) Element(&root);
    if (error_.empty() && text_.find_first_not_of(" \n", at_) != std::string_view::npos) {
      Fail("more after the root");
    }
    if (!error_.empty()) return Invalid(error_);
    return root;
  }

 private:
  bool Fail(const std::string& what) {
    if (error_.empty()) error_ = what + " at byte " + std::to_string(at_);
    return false;
  }
  bool Starts(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  bool Take(std::string_view what) {
    if (!Starts(what)) return Fail("no " + std::string(what));
    at_ += what.size();
    return true;
  }
  std::string Name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    if (from == at_) Fail("no name");
    return std::string(text_.substr(from, at_ - from));
  }
  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  bool Entity(std::string* out) {
    constexpr std::array<std::pair<std::string_view, char>, 6> kEntities = {{{"&amp;", '&'},
                                                                             {"&lt;", '<'},
                                                                             {"&gt;", '>'},
                                                                             {"&quot;", '"'},
                                                                             {"&apos;", '\''},
                                                                             {"&#39;", '\''}}};
    for (const auto& [written, character] : kEntities) {
      if (!Starts(written)) continue;
      at_ += written.size();
      *out += character;
      return true;
    }
    return Fail("bare &");
  }

  // Up to `end`, which stays.
  bool Text(char end, std::string* out) {
    while (at_ < text_.size() && text_[at_] != end) {
      const char c = text_[at_];
      if (c == '&') {
        if (!Entity(out)) return false;
        continue;
      }
      if (c == '<') return Fail("bare <");
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return Fail("control character");
      *out += c;
      ++at_;
    }
    return at_ < text_.size() || Fail("end of text");
  }

  bool Element(XmlElement* element) {
    if (!Take("<")) return false;
    element->name = Name();
    while (error_.empty()) {
      const std::size_t before = at_;
      SkipSpace();
      if (Starts("/>")) return Take("/>");
      if (Starts(">")) break;
      if (before == at_) return Fail("no space before an attribute");
      const std::string name = Name();
      std::string value;
      if (!Take("=\"") || !Text('"', &value) || !Take("\"")) return false;
      if (!element->attributes.emplace(name, value).second) return Fail("twice " + name);
    }
    return error_.empty() && Take(">") && Content(element);
  }

  bool Content(XmlElement* element) {
    while (Text('<', &element->text)) {
      if (Starts("</")) return Take("</" + element->name + ">");
      XmlElement child;
      if (!Element(&child)) return false;
      element->children.push_back(std::move(child));
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

void Collect(const XmlElement& element, std::string_view name,
             std::vector<const XmlElement*>* found) {
  if (element.name == name) found->push_back(&element);
  for (const XmlElement& child : element.children) Collect(child, name, found);
}

}  // namespace

std::string XmlElement::Attribute(const std::string& attribute) const {
  const auto at = attributes.find(attribute);
  return at == attributes.end() ? "" : at->second;
}

Result<XmlElement> ReadXml(std::string_view text) { return Reader(text).Document(); }

std::vector<const XmlElement*> Named(const XmlElement& root, std::string_view name) {
  std::vector<const XmlElement*> found;
  Collect(root, name, &found);
  return found;
}

}  // namespace consilium
