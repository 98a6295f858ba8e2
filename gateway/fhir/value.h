// JSON of FHIR as it was written: numbers keep their text, members their order.
//
// A tree of its own, not nlohmann's: "0.50" must stay "0.50" (R4, datatypes: the precision of a
// decimal is part of it). Threads: plain data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace consilium {

struct FhirValue {
  enum class Kind { kNull, kBoolean, kNumber, kText, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string text;                // of a text; of a number as written; "true" or "false"
  std::vector<FhirValue> items;    // of an array; of an object the values of `names`
  std::vector<std::string> names;  // of an object, each once

  // Null when this is no object or has no such member.
  const FhirValue* Find(std::string_view name) const;
  // The text of such a member; "" when it is not there or no text.
  std::string_view TextOf(std::string_view name) const;
};

}  // namespace consilium
