// Accepts HTTP/1.1 connections, reads requests within limits, finds who answers.
//
//   idle -> head -> body -> answering -> idle ...; closed after an error, or on request
//
// Every request gets exactly one answer. Too slow, too large, malformed or unknown ones get theirs
// from `Refuse`. Requests that come while one is answered wait, and their reading stops beyond a
// bound. A client that does not take its answer in time is closed. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/net/connection.h"
#include "gateway/net/http.h"
#include "gateway/net/loop.h"
#include "shared/clock.h"

namespace consilium {

// What somebody must be allowed to be answered.
enum class HttpAccess {
  kOpen,   // nothing
  kRead,   // see cases
  kWrite,  // submit and withdraw them, say what was right
  kAdmin,
};
// "open", "read", "write", "admin".
const char* HttpAccessName(HttpAccess access);

struct HttpRoute {
  std::string method;   // GET answers HEAD, too
  std::string pattern;  // "/v1/cases/{id}"
  HttpAccess access = HttpAccess::kRead;
  std::function<void(const HttpExchangePtr&)> handler;
  std::size_t body_max = 0;
  // Whether the handler reads this body piece by piece, as of a stream that may stay open: it is
  // called at the head, and `body_max` does not count. Absent: of none.
  std::function<bool(const HttpRequest&)> pieces = nullptr;
  std::vector<std::string> query = {};  // its parameters; another one, or one twice, is refused
  // Of what balancers probe: some add a parameter against caches, and a refusal would take the
  // gateway out of service.
  bool any_query = false;
};

struct HttpLimits {
  std::size_t connections_max = 4096;
  milliseconds request{30000};  // for a request to arrive whole; of a stream, for each line
  milliseconds idle{120000};    // without one; and without a piece of a stream
  milliseconds unread{30000};   // for a client to take what it is sent
};

class HttpServer {
 public:
  // `status`, and `error` for people, as the response of this service.
  using Refuse = std::function<HttpResponse(const HttpRequest&, int status, const Error& error)>;
  // Whether its sender may have that; sets `client`. Otherwise the status and why.
  struct Refusal {
    int status = 401;
    Error error;
  };
  using Admit = std::function<std::optional<Refusal>(HttpRequest&, HttpAccess)>;
  // Told of every answer: its route ("" = none), status, and how long it took.
  using Observe = std::function<void(const std::string& pattern, const std::string& method,
                                     int status, milliseconds took)>;

  // `budget`: what all connections hold together; a request that finds no room in it gets 503.
  HttpServer(Loop& loop, HttpLimits limits, ByteBudget& budget, Refuse refuse, Admit admit,
             Observe observe);
  ~HttpServer();

  void Add(HttpRoute route, std::vector<std::string> query = {}) {
    route.query = std::move(query);
    routes_.push_back(std::move(route));
  }
  const std::vector<HttpRoute>& routes() const { return routes_; }
  const HttpLimits& limits() const { return limits_; }
  // As Listener::Open.
  Status Open(const std::string& endpoint, std::shared_ptr<TlsContext> tls);
  const Listener& listener() const { return *listener_; }
  // No new connections; those without a request are closed, the others after their answer.
  void Drain();
  std::size_t sessions() const { return sessions_.size(); }

 private:
  friend class HttpSession;
  struct Found {
    const HttpRoute* route = nullptr;
    std::string allow;  // methods of the path, when none is this one
  };
  Found Find(HttpRequest& request) const;
  void Remove(std::uint64_t id);

  Loop& loop_;
  HttpLimits limits_;
  ByteBudget& budget_;
  Refuse refuse_;
  Admit admit_;
  Observe observe_;
  std::vector<HttpRoute> routes_;
  std::unique_ptr<Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<HttpSession>> sessions_;
  std::uint64_t next_ = 1;
  bool draining_ = false;
};

}  // namespace consilium
