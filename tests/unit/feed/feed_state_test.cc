#include "cli/feed/feed_state.h"

#include <gtest/gtest.h>

#include "cli/feed/settled_files.h"
#include "shared/file.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

constexpr std::size_t kMax = 1 << 20;

TEST(FeedStateTest, WhatEndedIsKnownToTheNextOne) {
  TestFolder folder;
  const std::string file = folder.File("state");
  const std::string a = FeedState::KeyOf("a.hl7", "content");
  const std::string b = FeedState::KeyOf("b.hl7", "content");
  EXPECT_NE(a, b) << "the same content under another name is sent";
  EXPECT_NE(a, FeedState::KeyOf("a.hl7", "content "));
  {
    FeedState state;
    ASSERT_TRUE(state.Open(file).ok());
    EXPECT_FALSE(state.Has(a, 1));
    ASSERT_TRUE(state.Add(a, 1, false).ok());
    ASSERT_TRUE(state.Add(a, 3, true).ok());
    ASSERT_TRUE(state.Add(b, 1, true).ok());
    ASSERT_TRUE(state.AddAll(b).ok());
  }
  FeedState state;
  ASSERT_TRUE(state.Open(file).ok());
  EXPECT_TRUE(state.Has(a, 1));
  EXPECT_FALSE(state.Has(a, 2));
  EXPECT_TRUE(state.Has(a, 3));
  EXPECT_FALSE(state.HasAll(a));
  EXPECT_TRUE(state.HasAll(b));
  EXPECT_TRUE(state.Has(b, 7));
  EXPECT_FALSE(state.WasRefused(a, 1));
  EXPECT_TRUE(state.WasRefused(a, 3));
  EXPECT_TRUE(state.WasRefused(b, 1)) << "also of a file that has ended";
  EXPECT_FALSE(state.WasRefused(b, 7));
  const std::string text = *ReadFile(file, kMax);
  EXPECT_EQ(text.find(b + " 1\n"), std::string::npos);
  std::vector<std::string> lines = {"consilium feed state 1\n", b + " all\n", a + " 1\n",
                                    a + " 3 refused\n", b + " 1 refused\n"};
  std::size_t bytes = 0;
  for (const std::string& line : lines) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
    bytes += line.size();
  }
  EXPECT_EQ(text.size(), bytes) << "in its short form";
}

TEST(FeedStateTest, ALineThatWasCutOffIsLeftOut) {
  TestFolder folder;
  const std::string a = FeedState::KeyOf("a", "");
  const std::string file =
      folder.Write("state", "consilium feed state 1\n" + a + " 1\nnonsense\n" + a + " 2");
  FeedState state;
  ASSERT_TRUE(state.Open(file).ok());
  EXPECT_TRUE(state.Has(a, 1));
  EXPECT_FALSE(state.Has(a, 2));
  ASSERT_TRUE(state.Add(a, 5, false).ok());
  EXPECT_EQ(*ReadFile(file, kMax), "consilium feed state 1\n" + a + " 1\n" + a + " 5\n")
      << "nothing is written behind half a line";
}

TEST(FeedStateTest, AFileThatIsNoneIsNotTouched) {
  TestFolder folder;
  for (const std::string text : {"my diary\n", "my diary"}) {
    const std::string file = folder.Write("state", text);
    FeedState state;
    EXPECT_EQ(
        state.Open(file).error(),
        Invalid(file + ": is not the state of a feed, which begins with \"consilium feed state "
                       "1\""));
    EXPECT_EQ(*ReadFile(file, kMax), text);
  }
}

TEST(FeedStateTest, TwoFeedsDoNotKeepOneFile) {
  TestFolder folder;
  FeedState first;
  FeedState second;
  ASSERT_TRUE(first.Open(folder.File("state")).ok());
  EXPECT_EQ(
      second.Open(folder.File("state")).error(),
      (Error{ErrorCode::kConflict, folder.File("state") + ": another feed keeps its state there"}));
}

// --- which files of a folder are whole

SeenFile Seen(const std::string& path, std::uint64_t size, std::int64_t changed_ns = 1) {
  return {path, size, changed_ns, false};
}
std::vector<std::string> Paths(const std::vector<SeenFile>& files) {
  std::vector<std::string> paths;
  for (const SeenFile& file : files) paths.push_back(file.path);
  return paths;
}
using Names = std::vector<std::string>;

TEST(SettledFilesTest, AFileIsTakenOnceWhenItHasNotChangedFromOneLookToTheNext) {
  SettledFiles settled;
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1), Seen("b", 1)})), Names{});
  EXPECT_EQ(settled.unsettled(), 2u);
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1), Seen("b", 2), Seen("c", 1)})), Names{"a"});
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1), Seen("b", 2), Seen("c", 1)})), (Names{"b", "c"}));
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1), Seen("b", 2), Seen("c", 1)})), Names{});
  EXPECT_EQ(settled.unsettled(), 0u);
}

TEST(SettledFilesTest, OneThatChangedOrWentAndCameAgainIsANewOne) {
  SettledFiles settled;
  settled.Look({Seen("a", 1)});
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1)})), Names{"a"});
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1, 2)})), Names{}) << "written again, as long as before";
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1, 2)})), Names{"a"});
  EXPECT_EQ(Paths(settled.Look({})), Names{});
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1, 2)})), Names{});
  EXPECT_EQ(Paths(settled.Look({Seen("a", 1, 2)})), Names{"a"});
}

}  // namespace
}  // namespace consilium
