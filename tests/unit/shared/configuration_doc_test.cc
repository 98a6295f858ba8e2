// docs/configuration.md lists every option as the program knows it, so that it cannot rot.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "shared/config.h"

namespace consilium {
namespace {

std::string Escaped(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, "\\");
  return text;
}

TEST(ConfigurationDocTest, EveryOptionStandsThereAsItIs) {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/docs/configuration.md");
  const std::string doc((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(doc.empty());
  std::size_t rows = 0;
  for (std::size_t at = doc.find("\n| `"); at != std::string::npos; at = doc.find("\n| `", at + 1))
    ++rows;
  for (const OptionHelp& option : DescribeOptions()) {
    std::string row = "| `" + option.name + "` | ";
    if (!option.standard.empty()) row += "`" + option.standard + "`";
    row += " | " + Escaped(option.type + (option.allowed.empty() ? "" : ", " + option.allowed)) +
           " | " + Escaped(option.help) + " |\n";
    EXPECT_NE(doc.find(row), std::string::npos) << "missing or outdated: " << row;
  }
  EXPECT_EQ(rows, DescribeOptions().size())
      << "an option stands there that the program does not have";
}

}  // namespace
}  // namespace consilium
