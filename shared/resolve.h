// The addresses behind the name in an endpoint.
//
// "tcp://broker:7301" stands for every machine that the name leads to: a service of Docker Compose
// and a headless service of Kubernetes have one address per container. ZeroMQ would take one of
// them, and ask for names in the thread that moves all messages.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/result.h"

namespace consilium {

// Whether a name stands in `endpoint`: tcp:// and a host that is no address.
bool HasName(const std::string& endpoint);

// One endpoint for each address, sorted: those of IPv4 where there are any, else those of IPv6, as
// a machine that has both is one machine. Blocks for as long as the system's resolver does.
// kInvalid when `endpoint` is not tcp://HOST:PORT with a port in 1..65535, kUnavailable when the
// name leads nowhere now.
Result<std::vector<std::string>> LookUp(const std::string& endpoint);

// Looks names up, again and again, in a thread of its own.
//
// A name that is not found now keeps the addresses that it had: what lives is not left because a
// name server stumbled. Threads: made and used by one; the lookups are in another.
class Resolver {
 public:
  using Ask = std::function<Result<std::vector<std::string>>(const std::string&)>;
  struct Found {
    std::vector<std::string> endpoints;  // all that are known, sorted, each once
    std::string trouble;                 // why a name was not found now; "" when all were
  };

  // Starts with the first lookup at once. `ask` is called in the other thread only.
  Resolver(std::vector<std::string> names, milliseconds every, Ask ask = LookUp);
  // Does not wait for a lookup that is under way: its thread then ends by itself.
  ~Resolver();
  Resolver(const Resolver&) = delete;  // owns a thread
  Resolver& operator=(const Resolver&) = delete;

  // Readable when Take() has something.
  int fd() const;
  // What has changed since the last call; empty when nothing has.
  std::optional<Found> Take();

 private:
  struct State;
  static void Run(const std::shared_ptr<State>& state);

  // Shared with the thread, as a lookup cannot be interrupted and may outlive this object.
  std::shared_ptr<State> state_;
};

}  // namespace consilium
