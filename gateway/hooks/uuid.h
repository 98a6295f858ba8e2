// UUIDs: what may pass for one, and ones that are the same for the same name.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

namespace consilium {

// 8-4-4-4-12 hexadecimal digits, in any case.
bool IsUuid(std::string_view text);
std::string LowerUuid(std::string_view uuid);

// Version 5 (RFC 9562, 5.5: SHA-1) in a name space of our own.
std::string NameUuid(std::string_view name);

}  // namespace consilium
