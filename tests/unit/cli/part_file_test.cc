// Files that take their name only when they are whole.
#include "cli/part_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cli/files.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

// kInternal "no error" when there is none.
Error ErrorOf(const Status& status) {
  return status.ok() ? Error{ErrorCode::kInternal, "no error"} : status.error();
}

std::string TextOf(const std::string& file) {
  const auto text = ReadFile(file, std::size_t{1} << 24);
  return text.ok() ? *text : text.error().text;
}

TEST(PartFileTest, TheOldContentStandsUntilTheNewIsWhole) {
  const TestFolder folder;
  const std::string name = folder.Write("f", "old");
  const std::string much(1000000, 'x');  // more than is held back
  PartFile file;
  ASSERT_TRUE(file.Open(name).ok());
  EXPECT_TRUE(file.Write(much).ok());
  EXPECT_TRUE(file.Write("end").ok());
  EXPECT_EQ(TextOf(name), "old");
  EXPECT_TRUE(file.Finish().ok());
  EXPECT_EQ(TextOf(name), "old");
  EXPECT_TRUE(file.Publish().ok());
  EXPECT_EQ(TextOf(name), much + "end");
  EXPECT_FALSE(fs::exists(name + ".part"));
}

TEST(PartFileTest, WhatIsNotPublishedGoesAway) {
  const TestFolder folder;
  const std::string name = folder.Write("f", "old");
  {
    PartFile file;
    ASSERT_TRUE(file.Open(name).ok());
    EXPECT_TRUE(file.Write("new").ok());
    EXPECT_TRUE(file.Finish().ok());
    EXPECT_TRUE(fs::exists(name + ".part"));
  }
  EXPECT_EQ(TextOf(name), "old");
  EXPECT_FALSE(fs::exists(name + ".part"));
}

TEST(PartFileTest, WhereNoFileCanStandIsRefusedAtOnce) {
  const TestFolder folder;
  PartFile in_place_of_a_folder;
  EXPECT_EQ(ErrorOf(in_place_of_a_folder.Open(folder.path())),
            Invalid(folder.path() + ": is a folder, expected a file"));
  PartFile in_no_folder;
  EXPECT_EQ(ErrorOf(in_no_folder.Open(folder.File("no/f"))),
            Invalid(folder.File("no/f") + ".part: cannot create: No such file or directory"));
}

TEST(PartFileTest, AFullDiskIsSaid) {
  const TestFolder folder;
  fs::create_symlink("/dev/full", folder.File("f.part"));
  PartFile file;
  ASSERT_TRUE(file.Open(folder.File("f")).ok());
  EXPECT_TRUE(file.Write("text").ok());
  EXPECT_EQ(ErrorOf(file.Finish()),
            (Error{ErrorCode::kInternal,
                   folder.File("f.part") + ": cannot write: No space left on device"}));
}

TEST(OutputFolderTest, WhatStaysEmptyIsRemovedAndWhatWasThereBeforeIsNot) {
  const TestFolder folder;
  const std::string fresh = folder.File("fresh");
  {
    OutputFolder out;
    EXPECT_TRUE(out.Open(fresh).ok());
    EXPECT_TRUE(fs::is_directory(fresh));
  }
  EXPECT_FALSE(fs::exists(fresh));
  fs::create_directory(fresh);
  {
    OutputFolder out;
    EXPECT_TRUE(out.Open(fresh).ok());
  }
  EXPECT_TRUE(fs::is_directory(fresh)) << "it was there before";
  const std::string used = folder.File("used");
  {
    OutputFolder out;
    EXPECT_TRUE(out.Open(used).ok());
    EXPECT_TRUE(WriteFileAtomically(out.File("f"), "text").ok());
  }
  EXPECT_EQ(TextOf(used + "/f"), "text");
}

}  // namespace
}  // namespace consilium
