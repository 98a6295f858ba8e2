// Many connections to one server at once, each asking again as soon as it was answered: the load of
// the gateway's benchmarks. One thread, epoll, loopback only. Threads: none of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace consilium::bench {

struct SocketLoad {
  int port = 0;
  std::size_t connections = 1;
  std::size_t requests = 1000;  // of all together
  // The bytes of the n-th request, and how many bytes of `in` are its whole answer (0 = not yet);
  // throws what is wrong with it.
  std::function<std::string(std::size_t n)> request;
  std::function<std::size_t(const std::string& in)> answered;
};

struct SocketLoadResult {
  double seconds = 0;
  std::vector<double> ms;  // of each request, from sending to its whole answer
};

SocketLoadResult RunSocketLoad(const SocketLoad& load);

// Connections that were made and say nothing more than `greeting`; closed at the end.
class OpenSockets {
 public:
  OpenSockets(int port, std::size_t count, const std::string& greeting = "");
  ~OpenSockets();
  OpenSockets(const OpenSockets&) = delete;  // owns sockets
  OpenSockets& operator=(const OpenSockets&) = delete;
  const std::vector<int>& fds() const { return fds_; }

 private:
  std::vector<int> fds_;
};

}  // namespace consilium::bench
