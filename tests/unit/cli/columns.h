// What people read on a terminal of 80 columns, without colours.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "cli/screen.h"

namespace consilium {

inline constexpr Look kLook{false, 80};

// Every line has an end and fits; there is at least one.
inline void ExpectAtMost80Columns(const std::string& text) {
  EXPECT_FALSE(text.empty());
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    ASSERT_NE(end, std::string::npos) << "the last line has no end";
    const std::string line = text.substr(start, end - start);
    EXPECT_LE(DisplayWidth(line), 80u) << line;
    start = end + 1;
  }
}

}  // namespace consilium
