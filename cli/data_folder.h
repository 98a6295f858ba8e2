// The data folder of a local cluster: its own, locked, with the place of Redis' socket.
#pragma once

#include <cstddef>
#include <string>

#include "shared/result.h"

namespace consilium {

// Invariant: while it lives, no other process holds the same folder.
class DataFolder {
 public:
  // Makes the folder (readable by its owner only) and locks it. kConflict names the process that
  // has it; kUnavailable when it cannot be made.
  static Result<DataFolder> Open(const std::string& path);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  const std::string& path() const { return path_; }  // absolute
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  std::string LogFile(const std::string& name) const { return path_ + "/log/" + name + ".log"; }

  // Where the Unix socket of a shard's Redis goes: in the folder, or, when that path is too long
  // for a socket, in a private folder under /tmp whose name follows from the path, so that a next
  // start reuses it.
  Result<std::string> RedisSocket(std::size_t shard = 0) const;
  // Removes the socket of a Redis that has stopped, and that private folder.
  void RemoveRedisSocket(std::size_t shard = 0) const;

 private:
  std::string SocketFolder(const std::string& name) const;
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string path_;
  int lock_ = -1;
};

// `name` as part of a file's name: what is not [A-Za-z0-9._-] becomes '_'.
std::string FileNameOf(const std::string& name);

}  // namespace consilium
