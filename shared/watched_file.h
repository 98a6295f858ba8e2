// A file that operators change while programs run: whether it changed since it was read.
// Threads: none of its own; owned by one loop.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "shared/result.h"

namespace consilium {

class WatchedFile {
 public:
  WatchedFile(std::string file, std::size_t bytes_max)
      : file_(std::move(file)), bytes_max_(bytes_max) {}

  const std::string& file() const { return file_; }
  // Another file stands there, or another content, than at the last Read(). A file that is gone has
  // changed once.
  bool Changed() const;
  // As ReadFile().
  Result<std::string> Read();

 private:
  struct Mark {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec written{};
    timespec changed{};
  };
  // Empty when there is no such file.
  std::optional<Mark> Look() const;
  static bool Same(const std::optional<Mark>& a, const std::optional<Mark>& b);

  std::string file_;
  std::size_t bytes_max_;
  std::optional<Mark> read_;
};

}  // namespace consilium
