// Numbers as text that reads back as the same number.
// Threads: functions without state.
#pragma once

#include <string>

namespace consilium {

// The shortest such decimal: 131, 0.1, 1e+22; "nan", "inf", "-inf".
std::string ShortestDecimal(double value);

}  // namespace consilium
