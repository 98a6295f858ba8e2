// A strict reader for the XML that we write: elements, attributes, text, nothing else.
// Comments, processing instructions, CDATA and entities beyond the five and numbers are refused.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;  // decoded
  std::string text;                               // decoded; without that of its children
  std::vector<XmlElement> children;

  // "" where it has none.
  std::string Attribute(const std::string& attribute) const;
};

// The root. `<!DOCTYPE html>` may stand before it. Errors: kInvalid with what and at which byte.
Result<XmlElement> ReadXml(std::string_view text);

// The element and all below it with that name, in order of the document.
std::vector<const XmlElement*> Named(const XmlElement& root, std::string_view name);

}  // namespace consilium
