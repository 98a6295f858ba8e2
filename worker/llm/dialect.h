// The ladder of structured output and the parameters that a server may not know: what to ask next
// when a request was refused. Pure.
#pragma once

#include <optional>

#include "shared/config.h"
#include "shared/http/http_client.h"
#include "worker/llm/chat.h"
#include "worker/llm/provider.h"

namespace consilium {

// How to ask again, when `reply` refuses the form of a request that `used` wrote: without the
// parameter that the refusal names, or, for a server of which nothing is known yet (`known` is
// false), one rung lower. Empty: the refusal is about something else, or nothing is left to leave
// out.
std::optional<Dialect> AfterRefusal(const Provider& provider, const HttpReply& reply,
                                    const Dialect& used, bool known);

// What both know; calls that ran side by side learn different things.
Dialect Merged(const Dialect& a, const Dialect& b);

// What one server is found to take, and to keep to.
class LearnedDialect {
 public:
  static constexpr int kMissesMax = 3;

  // Starts at the rung and the way that the configuration wants.
  LearnedDialect(const Provider& provider, const BackendConfig& config);

  // For the next call.
  const Dialect& current() const { return dialect_; }
  // The server has taken a request.
  bool known() const { return known_; }

  // It took a request that `used` wrote.
  void Taken(const Dialect& used);
  // The first reply of a call could be used or not. A server that takes a rung and does not keep to
  // it kMissesMax times in a row is asked one rung lower.
  void Kept(const Dialect& used, bool usable);

 private:
  const Provider& provider_;
  Dialect dialect_;
  bool known_ = false;
  int misses_ = 0;
};

}  // namespace consilium
