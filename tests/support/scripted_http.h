// An HTTP/1.1 server on a loopback port whose replies come from a function, faults of the
// transport included. Hundreds of connections at once, plain or TLS.
// Threads: the server has one of its own, which also calls the function; all members may be called
// from any other.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "shared/clock.h"
#include "tests/support/http_step.h"

namespace consilium {

struct HttpAsked {
  std::string method;
  std::string path;                            // as it was sent, with the query
  std::string head;                            // request line and headers
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  TimePoint arrived;
};

struct HttpServerOptions {
  int port = 0;  // 0 = the system chooses
  bool tls = false;
  // Whether the TLS handshake of the n-th connection, from 1, is refused. Empty = none.
  std::function<bool(std::size_t nth)> abort_handshake;
};

struct HttpCounts {
  int accepted = 0;            // connections
  int closed_by_peer = 0;      // of them
  int handshakes_aborted = 0;  // by us or by the peer
  std::size_t requests = 0;    // whose answer was asked for
  std::size_t ended = 0;       // of them: the reply is out, cut, or nobody waits for it any more
  std::size_t in_flight_max = 0;
  std::size_t in_flight() const { return requests - ended; }
};

class ScriptedHttp {
 public:
  using Answer = std::function<HttpStep(const HttpAsked&)>;

  // Throws std::runtime_error when the port is not free. What `answer` uses outlives the server.
  ScriptedHttp(HttpServerOptions options, Answer answer);
  ~ScriptedHttp();                             // replies under way are cut
  ScriptedHttp(const ScriptedHttp&) = delete;  // owns a thread and sockets
  ScriptedHttp& operator=(const ScriptedHttp&) = delete;

  int port() const;
  std::string url() const;          // "http://127.0.0.1:<port>", or https
  std::string certificate() const;  // PEM, "" without TLS
  HttpCounts counts() const;

  // False when it takes longer than `limit`.
  bool WaitFor(const std::function<bool(const HttpCounts&)>& condition,
               std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
