// The time of day, for what others read: acknowledgements, tokens, statements. Nothing is decided
// by it that Redis' time decides. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>

namespace consilium {

// Unix milliseconds, by this machine.
inline std::int64_t UnixMsNow() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace consilium
