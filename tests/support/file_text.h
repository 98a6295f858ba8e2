// A whole file for a test to look at.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace consilium {

// "" when it is not there.
inline std::string FileText(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace consilium
