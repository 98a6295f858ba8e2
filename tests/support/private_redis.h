// A redis-server of one test's own, as durable as the one we ship: append-only file, synced on
// every write.
//
// It listens on a Unix socket in a temporary folder and on no port. It is stopped by its own pid
// when this object goes, dies with the test's process, and its folder is removed. Threads: make it
// on the thread that outlives it; the server dies with that thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "shared/redis.h"

namespace consilium {

class PrivateRedis {
 public:
  // Starts it and waits until it answers. `options` go to the command line, e.g. {"--maxmemory",
  // "1mb"}.
  explicit PrivateRedis(std::vector<std::string> options = {});
  ~PrivateRedis();
  PrivateRedis(const PrivateRedis&) = delete;  // owns a process and a folder
  PrivateRedis& operator=(const PrivateRedis&) = delete;

  RedisAddress address() const;
  std::string url() const { return "unix:" + socket_; }
  const std::string& folder() const { return folder_; }
  pid_t pid() const { return pid_; }

  // SIGKILL, as a crash; the data stay.
  void Kill();
  // Starts it again on the same data and waits until it answers.
  void Restart();
  // SIGSTOP and SIGCONT: it is there but does not answer.
  void Pause() const;
  void Resume() const;

 private:
  void Start();

  std::vector<std::string> options_;
  std::string folder_;
  std::string socket_;
  pid_t pid_ = -1;
};

}  // namespace consilium
