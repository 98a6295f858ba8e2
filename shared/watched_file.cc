#include "shared/watched_file.h"

#include "shared/file.h"

namespace consilium {
namespace {

bool Same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

std::optional<WatchedFile::Mark> WatchedFile::Look() const {
  struct stat about {};
  if (stat(file_.c_str(), &about) != 0) return std::nullopt;
  return Mark{about.st_dev, about.st_ino, about.st_size, about.st_mtim, about.st_ctim};
}

bool WatchedFile::Same(const std::optional<Mark>& a, const std::optional<Mark>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->device == b->device && a->inode == b->inode && a->size == b->size &&
         consilium::Same(a->written, b->written) && consilium::Same(a->changed, b->changed);
}

bool WatchedFile::Changed() const { return !Same(Look(), read_); }

Result<std::string> WatchedFile::Read() {
  read_ = Look();  // before: what is written meanwhile is a change
  return ReadFile(file_, bytes_max_);
}

}  // namespace consilium
