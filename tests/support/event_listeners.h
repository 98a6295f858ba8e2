// Many that listen to the events of a gateway and read nothing. Threads: one.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/http_exchange.h"

namespace consilium {

// More sockets than a shell allows by default, also for the programs that are started afterwards.
inline void AllowManySockets() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

class EventListeners {
 public:
  EventListeners(int port, int count) {
    for (int i = 0; i < count; ++i) {
      sockets_.push_back(SendRequest(port, "GET", "/v1/events", ""));
    }
  }
  ~EventListeners() { Leave(); }
  EventListeners(const EventListeners&) = delete;  // owns sockets
  EventListeners& operator=(const EventListeners&) = delete;

  void Leave() {
    for (const int fd : sockets_) ::close(fd);
    sockets_.clear();
  }
  // How many the gateway says that it has.
  static int Of(int port) {
    const std::string metrics = Exchange(port, "GET", "/metrics", "").body;
    const std::string name = "consilium_gateway{what=\"event_listeners\"} ";
    const std::size_t at = metrics.find(name);
    return at == std::string::npos ? -1 : std::stoi(metrics.substr(at + name.size()));
  }

 private:
  std::vector<int> sockets_;
};

}  // namespace consilium
