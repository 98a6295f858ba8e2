#include "cli/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace consilium {
namespace {

std::string Reason(int number) { return std::generic_category().message(number); }

}  // namespace

Result<std::string> ReadStandardInput(std::size_t bytes_max) {
  return ReadOpenFile(STDIN_FILENO, "standard input", bytes_max);
}

Result<std::string> ReadInput(const std::string& file, std::size_t bytes_max) {
  return file == "-" ? ReadStandardInput(bytes_max) : ReadFile(file, bytes_max);
}

Status WriteFileAtomically(const std::string& file, std::string_view text) {
  const std::string part = file + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Error{ErrorCode::kUnavailable, part + ": cannot create: " + Reason(errno)};
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const int number = errno;
      ::close(fd);
      ::unlink(part.c_str());
      return Error{ErrorCode::kUnavailable, part + ": cannot write: " + Reason(number)};
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  ::close(fd);
  std::error_code failed;
  std::filesystem::rename(part, file, failed);
  if (failed) {
    ::unlink(part.c_str());
    return Error{ErrorCode::kUnavailable, file + ": cannot replace: " + failed.message()};
  }
  return Ok();
}

std::string TailOfFile(const std::string& file, std::size_t lines) {
  constexpr off_t kBytesMax = 4096;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  const off_t size = ::lseek(fd, 0, SEEK_END);
  if (size > kBytesMax) {
    ::lseek(fd, size - kBytesMax, SEEK_SET);
  } else {
    ::lseek(fd, 0, SEEK_SET);
  }
  auto text = ReadOpenFile(fd, file, 1u << 20);
  ::close(fd);
  if (!text.ok()) return "";
  std::string tail = std::move(text).value();
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  std::size_t start = tail.size();
  for (std::size_t i = 0; i < lines && start != 0; ++i) {
    const std::size_t newline = tail.rfind('\n', start - 1);
    start = newline == std::string::npos ? 0 : newline;
  }
  if (start < tail.size() && tail[start] == '\n') ++start;
  return tail.substr(start);
}

}  // namespace consilium
