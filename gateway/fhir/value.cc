#include "gateway/fhir/value.h"

#include <algorithm>

namespace consilium {

const FhirValue* FhirValue::Find(std::string_view name) const {
  // While a tree is being read a name may stand there before its value.
  const std::size_t members = std::min(names.size(), items.size());
  for (std::size_t i = 0; i < members; ++i) {
    if (names[i] == name) return &items[i];
  }
  return nullptr;
}

std::string_view FhirValue::TextOf(std::string_view name) const {
  const FhirValue* const found = Find(name);
  return found != nullptr && found->kind == Kind::kText ? std::string_view(found->text)
                                                        : std::string_view();
}

}  // namespace consilium
