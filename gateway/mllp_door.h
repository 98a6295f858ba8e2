// HL7 v2 over MLLP: reads frames, hands messages to the intake, acknowledges.
//
//   reading --frame--> working (parse, intake) --acknowledgement written--> reading ...
//
// One message at a time on a connection, in its order; what comes meanwhile waits, and beyond a
// bound it is not read; nor is anything while too many acknowledgements wait to be taken. A message
// that could not be made durable is an error (AE, CE) and comes again. Bytes that nobody can read
// are rejected with what can be said. An idle connection may stay as long as it likes; one that
// stops in the middle of a frame may not, nor one that takes no acknowledgements. Threads: the
// loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/intake.h"
#include "gateway/metrics.h"
#include "gateway/net/byte_budget.h"
#include "gateway/net/connection.h"
#include "gateway/net/loop.h"
#include "shared/config.h"

namespace consilium {

class MllpSession;

class MllpDoor {
 public:
  // `budget`: what all connections hold together; who finds no room in it is read later.
  MllpDoor(Loop& loop, ByteBudget& budget, Intake& intake, Metrics& metrics, const Config& config);
  ~MllpDoor();

  // As Listener::Open.
  Status Open(const std::string& endpoint, std::shared_ptr<TlsContext> tls);
  const std::string& endpoint() const { return listener_->endpoint(); }
  // No new connections or messages; those under way are acknowledged.
  void Drain();
  std::size_t sessions() const { return sessions_.size(); }
  std::int64_t turned_away() const { return listener_->turned_away(); }

 private:
  friend class MllpSession;
  void Remove(std::uint64_t id);

  Loop& loop_;
  ByteBudget& budget_;
  Intake& intake_;
  Metrics& metrics_;
  GatewayConfig config_;
  // Shared with what is parsed beside the loop.
  std::shared_ptr<const std::vector<SourceConfig>> sources_;
  std::unique_ptr<Listener> listener_;
  std::map<std::uint64_t, std::unique_ptr<MllpSession>> sessions_;
  std::uint64_t next_ = 1;
};

}  // namespace consilium
