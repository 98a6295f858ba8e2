#include "shared/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace consilium {
namespace {

std::string Reason(int number) { return std::generic_category().message(number); }

}  // namespace

Result<std::string> ReadOpenFile(int fd, const std::string& name, std::size_t bytes_max) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EISDIR) {
      return Invalid(name + ": is a directory, expected a file");
    }
    if (got < 0) return Error{ErrorCode::kUnavailable, name + ": cannot read: " + Reason(errno)};
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) {
      return Error{ErrorCode::kTooLarge,
                   name + ": larger than " + std::to_string(bytes_max) + " bytes, the limit"};
    }
  }
}

Result<std::string> ReadFile(const std::string& file, std::size_t bytes_max) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    return Error{ErrorCode::kNotFound, file + ": no such file"};
  }
  if (fd < 0) return Error{ErrorCode::kUnavailable, file + ": cannot open: " + Reason(errno)};
  auto text = ReadOpenFile(fd, file, bytes_max);
  ::close(fd);
  return text;
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

}  // namespace consilium
