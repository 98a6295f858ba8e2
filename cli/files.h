// Files as commands take them; whole ones: shared/file.h.
#pragma once

#include <cstddef>
#include <string>

#include "shared/file.h"
#include "shared/result.h"

namespace consilium {

Result<std::string> ReadStandardInput(std::size_t bytes_max);
// A file; "-" is standard input.
Result<std::string> ReadInput(const std::string& file, std::size_t bytes_max);
// The last `lines` lines of a text file, at most 4 KiB; "" when it cannot be read.
std::string TailOfFile(const std::string& file, std::size_t lines);

}  // namespace consilium
