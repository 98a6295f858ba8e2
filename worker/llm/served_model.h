// Whether the model that a reply reports is the one that was asked. Pure.
#pragma once

#include <string_view>

namespace consilium {

// Equal but for case, separators, an owner ("meta-llama/...") or a folder before the name and
// ".gguf" behind it; or one of them only adds a date, the number of a release or the form of the
// weights: "gpt-4o" and "gpt-4o-2024-08-06", but not "gpt-4o-mini", and not "o1" and "o1-preview".
bool IsSameModel(std::string_view asked, std::string_view served);

}  // namespace consilium
