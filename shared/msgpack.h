// A tree to MessagePack bytes and back. The only file that includes msgpack.hpp is msgpack.cc.
// Heavy header: include in .cc files only.
#pragma once

#include <string>
#include <string_view>

#include "shared/tree.h"

namespace consilium {

// Text that is not UTF-8 is repaired (U+FFFD) and what is no number becomes nil, so that what we
// write can always be read.
std::string PackTree(const Tree& tree);

// Errors: kTooLarge over limits.h' size, else kInvalid: not MessagePack, binary or extension data,
// keys that are not strings or stand twice, text that is not UTF-8, NaN, bytes after the end, other
// limits.
Result<Tree> UnpackTree(std::string_view bytes);

}  // namespace consilium
