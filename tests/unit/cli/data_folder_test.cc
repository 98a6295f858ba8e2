#include "cli/data_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

TEST(DataFolderTest, IsMadeForItsOwnerOnly) {
  const TestFolder folder;
  const auto data = DataFolder::Open(folder.File("a/b"));
  ASSERT_TRUE(data.ok());
  struct stat status {};
  ASSERT_EQ(::stat(folder.File("a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
  EXPECT_EQ(data->LogFile("broker"), folder.File("a/b/log/broker.log"));
}

TEST(DataFolderTest, ASecondOneIsRefusedAndNamesTheProcess) {
  const TestFolder folder;
  const auto first = DataFolder::Open(folder.File("data"));
  ASSERT_TRUE(first.ok());
  const auto second = DataFolder::Open(folder.File("data"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error(),
            (Error{ErrorCode::kConflict, folder.File("data") + ": in use by process " +
                                             std::to_string(::getpid()) +
                                             "; stop it, or give another folder with --data"}));
}

TEST(DataFolderTest, IsFreeAgainWhenItsHolderIsGone) {
  const TestFolder folder;
  { ASSERT_TRUE(DataFolder::Open(folder.path()).ok()); }
  EXPECT_TRUE(DataFolder::Open(folder.path()).ok());
}

TEST(DataFolderTest, AFileInTheWayIsAnError) {
  const TestFolder folder;
  const std::string file = folder.Write("data", "x");
  const auto data = DataFolder::Open(file);
  ASSERT_FALSE(data.ok());
  EXPECT_EQ(data.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(data.error().text.rfind(file + ": cannot make the data folder: ", 0), 0u);
}

TEST(DataFolderTest, TheSocketIsInTheFolderOrInAPrivateOneWhenThePathIsTooLong) {
  const TestFolder folder;
  const auto near = DataFolder::Open(folder.path());
  ASSERT_TRUE(near.ok());
  EXPECT_EQ(*near->RedisSocket(), folder.File("redis.sock"));
  const auto far = DataFolder::Open(folder.File(std::string(90, 'x')));
  ASSERT_TRUE(far.ok());
  const auto socket = far->RedisSocket();
  ASSERT_TRUE(socket.ok());
  EXPECT_LE(socket->size(), 100u);
  EXPECT_EQ(*far->RedisSocket(), *socket);
  const auto parent = std::filesystem::path(*socket).parent_path();
  EXPECT_TRUE(std::filesystem::is_directory(parent));
  far->RemoveRedisSocket();
  EXPECT_FALSE(std::filesystem::exists(parent));
}

}  // namespace
}  // namespace consilium
