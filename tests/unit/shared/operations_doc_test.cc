// docs/operations.md says of every warning and error in the logs what it means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace consilium {
namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::set<std::string> All(const std::string& text, const char* pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    found.insert((*at)[1].str());
  }
  return found;
}

TEST(OperationsDocTest, EveryAlarmIsExplained) {
  const fs::path root = CONSILIUM_SOURCE_DIR;
  const std::string doc = Read(root / "docs" / "operations.md");
  ASSERT_FALSE(doc.empty());
  std::size_t alarms = 0;
  for (const char* room : {"broker", "worker", "aggregator", "gateway", "shared"}) {
    for (const auto& file : fs::recursive_directory_iterator(root / room)) {
      if (file.path().extension() != ".cc") continue;
      const auto events = All(Read(file.path()), R"re(Log(?:Warn|Error)\(\s*"([a-z_]+)")re");
      for (const std::string& event : events) {
        EXPECT_THAT(doc, testing::HasSubstr("`" + event + "`")) << file.path();
        ++alarms;
      }
    }
  }
  EXPECT_GT(alarms, 20u) << "the pattern finds none";
}

}  // namespace
}  // namespace consilium
