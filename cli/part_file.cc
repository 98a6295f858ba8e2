#include "cli/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace consilium {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 16;

std::string Reason(int number) { return std::generic_category().message(number); }

Error Failed(const std::string& what) {
  return {ErrorCode::kInternal, what + ": " + Reason(errno)};
}

}  // namespace

PartFile::~PartFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!part_.empty()) ::unlink(part_.c_str());
}

Status PartFile::Open(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
    return Invalid(file + ": is a folder, expected a file");
  }
  const std::string part = file + ".part";
  fd_ = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd_ < 0) return Invalid(part + ": cannot create: " + Reason(errno));
  file_ = file;
  part_ = part;
  return Ok();
}

Status PartFile::Write(std::string_view text) {
  waiting_ += text;
  return waiting_.size() < kBuffer ? Ok() : Flush();
}

Status PartFile::Flush() {
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const ssize_t put = ::write(fd_, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return Failed(part_ + ": cannot write");
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  waiting_.clear();
  return Ok();
}

Status PartFile::Finish() {
  if (Status flushed = Flush(); !flushed) return flushed;
  if (::fsync(fd_) != 0 && errno != EINVAL) return Failed(part_ + ": cannot write");
  const int fd = fd_;
  fd_ = -1;
  if (::close(fd) != 0) return Failed(part_ + ": cannot write");
  return Ok();
}

Status PartFile::Publish() {
  if (std::rename(part_.c_str(), file_.c_str()) != 0) return Failed(file_ + ": cannot replace");
  part_.clear();
  return Ok();
}

OutputFolder::~OutputFolder() {
  if (made_) ::rmdir(folder_.c_str());  // fails, as it should, when something is in it
}

Status OutputFolder::Open(const std::string& folder) {
  folder_ = folder;
  if (::mkdir(folder.c_str(), 0777) == 0) {
    made_ = true;
    return Ok();
  }
  if (errno != EEXIST) return Invalid(folder + ": cannot be made: " + Reason(errno));
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) {
    return Invalid(folder + ": cannot be read: " + Reason(errno));
  }
  if (!S_ISDIR(found.st_mode)) return Invalid(folder + ": is a file, expected a folder");
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return Invalid(folder + ": cannot be written to: " + Reason(errno));
  }
  return Ok();
}

}  // namespace consilium
