// Whole files, within limits; reading one: shared/file.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/file.h"
#include "shared/result.h"

namespace consilium {

Result<std::string> ReadStandardInput(std::size_t bytes_max);
// A file; "-" is standard input.
Result<std::string> ReadInput(const std::string& file, std::size_t bytes_max);
// Writes beside `file`, then renames: a reader sees the old content or the new, never a part.
Status WriteFileAtomically(const std::string& file, std::string_view text);
// The last `lines` lines of a text file, at most 4 KiB; "" when it cannot be read.
std::string TailOfFile(const std::string& file, std::size_t lines);

}  // namespace consilium
