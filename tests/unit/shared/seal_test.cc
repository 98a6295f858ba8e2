#include "shared/seal.h"

#include <gtest/gtest.h>

#include <vector>

namespace consilium {
namespace {

TEST(SealTest, OpensToWhatWasSealed) {
  for (const std::string bytes : {"", "x", "A 40-year-old with a cough."}) {
    const std::string sealed = Sealed(bytes);
    EXPECT_EQ(sealed.size(), bytes.size() + 9);
    const auto opened = Opened(sealed);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, bytes);
  }
  // The same everywhere: SHA-256("x") begins with 2d711642b726b044.
  EXPECT_EQ(Sealed("x"), "\xc1\x2d\x71\x16\x42\xb7\x26\xb0\x44x");
}

TEST(SealTest, EveryFlippedBitAndEveryCutIsFound) {
  const std::string sealed = PackSealed(std::vector<std::string>{"amoxicillin", "warfarin"});
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string damaged = sealed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(UnpackSealed<std::vector<std::string>>(damaged).ok()) << "bit " << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(Opened(std::string_view(sealed).substr(0, size)).ok()) << "size " << size;
  }
}

}  // namespace
}  // namespace consilium
