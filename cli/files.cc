#include "cli/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace consilium {
Result<std::string> ReadStandardInput(std::size_t bytes_max) {
  return ReadOpenFile(STDIN_FILENO, "standard input", bytes_max);
}

Result<std::string> ReadInput(const std::string& file, std::size_t bytes_max) {
  return file == "-" ? ReadStandardInput(bytes_max) : ReadFile(file, bytes_max);
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
