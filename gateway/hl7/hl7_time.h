// Times as HL7 v2 has them. Threads: functions without state.
#pragma once

#include <cstdint>
#include <string>

namespace consilium {

// Unix milliseconds as "20261128101500+0000".
std::string Hl7Time(std::int64_t unix_ms);

}  // namespace consilium
