// What is kept in Redis carries a checksum of its own: the append-only file has none, and a flipped
// bit in a text would be loaded without a word.
//
//   0xc1 (never used by MessagePack), the first 8 bytes of the SHA-256 of the rest, the rest
//
// It finds accidents, not people: whoever may write to Redis can write a seal. Threads: functions
// without state.
#pragma once

#include <string>
#include <string_view>

#include "shared/codec.h"
#include "shared/result.h"

namespace consilium {

std::string Sealed(std::string_view bytes);
// The bytes, as long as `sealed` lives; kInvalid when they are not what was sealed.
Result<std::string_view> Opened(std::string_view sealed);

template <class T>
std::string PackSealed(const T& value) {
  return Sealed(Pack(value));
}
template <class T>
Result<T> UnpackSealed(std::string_view sealed) {
  const auto bytes = Opened(sealed);
  if (!bytes) return bytes.error();
  return Unpack<T>(*bytes);
}

}  // namespace consilium
