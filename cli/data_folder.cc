#include "cli/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/files.h"
#include "shared/ids.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

// sun_path has 108 bytes; some are left for what Redis appends.
constexpr std::size_t kSocketBytesMax = 100;
std::string SocketName(std::size_t shard) {
  return shard == 0 ? "redis.sock" : "redis-" + std::to_string(shard) + ".sock";
}

std::string Reason(int number) { return std::generic_category().message(number); }

std::string HolderOf(const std::string& file) {
  const auto text = ReadFile(file, 64);
  if (!text.ok() || text->empty()) return "another process";
  const std::string pid = text->substr(0, text->find('\n'));
  return "process " + pid;
}

}  // namespace

Result<DataFolder> DataFolder::Open(const std::string& path) {
  std::error_code failed;
  const fs::path folder = fs::absolute(path, failed).lexically_normal();
  std::string name = folder.string();
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  if (!failed && !fs::exists(folder, failed)) {
    fs::create_directories(folder, failed);
    if (!failed) fs::permissions(folder, fs::perms::owner_all, failed);
  }
  if (!failed) fs::create_directories(folder / "log", failed);
  if (failed) {
    return Error{ErrorCode::kUnavailable,
                 name + ": cannot make the data folder: " + failed.message()};
  }
  const std::string file = name + "/lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error{ErrorCode::kUnavailable, file + ": cannot open: " + Reason(errno)};
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return Error{ErrorCode::kConflict, name + ": in use by " + HolderOf(file) +
                                           "; stop it, or give another folder with --data"};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 ||
      ::write(fd, pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
    const int number = errno;
    ::close(fd);
    return Error{ErrorCode::kUnavailable, file + ": cannot write: " + Reason(number)};
  }
  return DataFolder(std::move(name), fd);
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

std::string DataFolder::SocketFolder(const std::string& name) const {
  if (File(name).size() <= kSocketBytesMax) return path_;
  return "/tmp/consilium-" + std::to_string(::getuid()) + "-" + Sha256Hex(path_).substr(0, 16);
}

void DataFolder::RemoveRedisSocket(std::size_t shard) const {
  const std::string name = SocketName(shard);
  const std::string folder = SocketFolder(name);
  std::error_code ignored;
  fs::remove(folder + "/" + name, ignored);
  if (folder != path_) fs::remove(folder, ignored);
}

Result<std::string> DataFolder::RedisSocket(std::size_t shard) const {
  const std::string name = SocketName(shard);
  const std::string folder = SocketFolder(name);
  if (folder == path_) return File(name);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{ErrorCode::kUnavailable, folder + ": cannot make: " + Reason(errno)};
  }
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::getuid() || (status.st_mode & 0077) != 0) {
    return Error{ErrorCode::kUnavailable,
                 folder +
                     ": not a private folder of ours; remove it, or give a --data folder "
                     "with a shorter path"};
  }
  return folder + "/" + name;
}

std::string FileNameOf(const std::string& name) {
  std::string file = name;
  std::replace_if(
      file.begin(), file.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '_' && c != '-'; },
      '_');
  return file;
}

}  // namespace consilium
