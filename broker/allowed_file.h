// The file of the keys that may connect (bus.allowed_file), and whether it changed since it was
// read. Threads: none of its own; owned by the broker loop.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "shared/allow_list.h"
#include "shared/result.h"

namespace consilium {

class AllowedFile {
 public:
  explicit AllowedFile(std::string file) : file_(std::move(file)) {}

  // Another file stands there, or another content, than at the last Read(). A file that is gone has
  // changed once.
  bool Changed() const;
  // As AllowList::Parse() and ReadFile().
  Result<AllowList> Read();

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
  std::optional<Mark> read_;
};

}  // namespace consilium
