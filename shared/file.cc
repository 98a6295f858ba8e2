#include "shared/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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

}  // namespace consilium
