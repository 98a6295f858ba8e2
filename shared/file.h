// Whole files, read within limits. Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

// kNotFound, kTooLarge over `bytes_max`, kInvalid for a directory, kUnavailable for a read error.
Result<std::string> ReadFile(const std::string& file, std::size_t bytes_max);
// What is left to read of an open file; `name` is used in messages.
Result<std::string> ReadOpenFile(int fd, const std::string& name, std::size_t bytes_max);
// Writes beside `file`, then renames: a reader sees the old content or the new, never a part.
Status WriteFileAtomically(const std::string& file, std::string_view text);

}  // namespace consilium
