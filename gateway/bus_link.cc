#include "gateway/bus_link.h"

#include <utility>

#include "shared/limits.h"

namespace consilium {

BusLink::BusLink(Loop& loop, ZmqContext& context, BrokerAddress brokers)
    : loop_(loop),
      client_(context, std::move(brokers)),
      watch_(loop, [this] { Pump(); }),
      timer_(loop, [this] { Pump(); }) {
  changes_ = client_.changes();
  watch_.Watch(client_.fd());
  timer_.At(Now());
}

void BusLink::AskFrame(Frame frame, milliseconds timeout, milliseconds grace, Done done) {
  if (waiting() >= kRequestsMax) {
    constexpr std::int64_t kRetryMs = 1000;
    return done(Error{ErrorCode::kQueueFull, "too much under way at this gateway"}, kRetryMs);
  }
  waiting_.push_back({std::move(frame), Now() + timeout, grace, std::move(done)});
  PumpSoon();
}

// One call of the client for all that was asked in this turn of the loop.
void BusLink::PumpSoon() {
  if (std::exchange(pump_posted_, true)) return;
  loop_.Post([this] {
    pump_posted_ = false;
    Pump();
  });
}

void BusLink::Pump() {
  const TimePoint now = Now();
  while (!waiting_.empty() &&
         (open_.size() < limits::kClientWindow || waiting_.front().deadline <= now)) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.deadline <= now) {
      next.done(Error{ErrorCode::kTimeout, "no answer from " + client_.endpoint() + " in time"},
                {});
      continue;
    }
    open_.emplace(client_.AskFrame(std::move(next.frame), now, next.deadline, next.grace),
                  std::move(next.done));
  }
  for (Client::Reply& reply : client_.Step(now)) {
    const auto found = open_.find(reply.request);
    if (found == open_.end()) continue;
    const Done done = std::move(found->second);
    open_.erase(found);
    const bool silent = !reply.frame.ok() && reply.frame.error().code == ErrorCode::kTimeout;
    trouble_ = silent ? reply.frame.error().text : "";
    done(std::move(reply.frame), reply.retry_after_ms);
  }
  if (client_.changes() != changes_) {
    changes_ = client_.changes();
    watch_.Watch(client_.fd());
  }
  if (!waiting_.empty() && open_.size() < limits::kClientWindow) PumpSoon();
  timer_.At(client_.NextDue(Now()));
}

std::string BusLink::Trouble() const {
  const std::string refusal = client_.refusal();
  return refusal.empty() ? trouble_ : refusal;
}

}  // namespace consilium
