#include "shared/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "shared/file.h"

namespace consilium {
namespace {

Error Unreadable(const std::string& file) {
  return {ErrorCode::kNotFound, file + ": cannot be read: " + std::strerror(errno)};
}

// Judged on the open file, so that it is the one that is read.
Status CheckClosed(const std::string& file, int fd) {
  struct stat about {};
  struct statvfs system {};
  if (fstat(fd, &about) != 0 || fstatvfs(fd, &system) != 0) return Unreadable(file);
  constexpr mode_t kGroupAndOthers = S_IRWXG | S_IRWXO;
  const bool open = (about.st_mode & kGroupAndOthers) != 0;
  const bool ours = about.st_uid == geteuid();
  const bool fixed = (system.f_flag & ST_RDONLY) != 0;
  if (!S_ISREG(about.st_mode) || !open || !ours || fixed) return Ok();
  char mode[8];
  std::snprintf(mode, sizeof(mode), "%04o", about.st_mode & 07777U);
  return Invalid(file + ": a secret that others may read (mode " + mode +
                 "), expected 0600; chmod 600 it, and make a new one if others could have seen it");
}

}  // namespace

Result<std::string> ReadSecretFile(const std::string& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Unreadable(file);
  const Status closed = CheckClosed(file, fd);
  Result<std::string> secret = closed ? ReadOpenFile(fd, file, kSecretBytesMax) : closed.error();
  close(fd);
  if (!secret) return secret;
  if (secret->find('\0') != secret->npos) return Invalid(file + ": not a text");
  secret->erase(secret->find_last_not_of("\r\n") + 1);
  return secret;
}

Result<std::string> ReadSecretVariable(const std::string& name) {
  const std::string file_name = name + "_FILE";
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment.
  const char* const value = std::getenv(name.c_str());
  const char* const file = std::getenv(file_name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value != nullptr && file != nullptr) {
    return Invalid("environment variables " + name + " and " + file_name +
                   " are both set, expected one");
  }
  if (value != nullptr) return std::string(value);
  if (file == nullptr) {
    return Error{ErrorCode::kNotFound,
                 "environment variable " + name + " is not set, nor is " + file_name};
  }
  Result<std::string> secret = ReadSecretFile(file);
  if (secret) return secret;
  return Error{secret.error().code,
               "environment variable " + file_name + ": " + secret.error().text};
}

}  // namespace consilium
