// MessagePack bytes: written value by value, read as a tree. The only file that includes
// msgpack.hpp is msgpack.cc. Heavy header: include in .cc files only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "shared/tree.h"

namespace consilium {

// Writes one value after the other; lists and maps begin with their size. Text that is not UTF-8 is
// repaired (U+FFFD) and what is no number becomes nil, so that what we write can always be read.
class PackStream {
 public:
  PackStream();
  void Nil();
  void Bool(bool value);
  void Integer(std::int64_t value);
  void Number(double value);
  void Text(std::string_view text);
  void List(std::size_t items);
  void Map(std::size_t items);
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Errors: kTooLarge over limits.h' size, else kInvalid: not MessagePack, binary or extension data,
// keys that are not strings or stand twice, text that is not UTF-8, NaN, bytes after the end, other
// limits.
Result<Tree> UnpackTree(std::string_view bytes);

}  // namespace consilium
