// Speaks with the workers: hands tasks out by credit, takes results in, keeps their leases alive.
//
// Rules are in roster.h, lanes.h and retry.h; this file sends and receives.
// Threads: none of its own; owned by the broker loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "broker/hub.h"
#include "broker/lanes.h"
#include "broker/roster.h"
#include "shared/bus_door.h"
#include "shared/log.h"
#include "shared/zmq.h"

namespace consilium {

// The outcome of a task that took down as many workers as it may.
Outcome WorkerLost();

class WorkerDesk {
 public:
  WorkerDesk(Hub& hub, RouterSocket& socket);

  void OnMessage(const RouterSocket::Incoming& incoming);

  // A lane of `model` may have tasks.
  void Wake(const Shard& shard, const std::string& model) { lanes_.Wake(shard.number(), model); }
  void WakeAll(const Shard& shard) { lanes_.WakeAll(shard.number()); }
  // Stops the tasks of a case that was cancelled.
  void StopCase(const std::string& case_id);
  // A shard is there (again): leases are renewed and its lanes asked at once.
  void OnReady(const Shard& shard);
  // Workers whose key is not allowed any more go; what they hold goes back, uncounted.
  void TurnAway(const BusDoor& door);
  // The loop stood still for so long that others may have taken over: start as after a restart.
  void ForgetAll();

  // Ends what is overdue and asks for tasks where there are credits. The result is when to call
  // again.
  TimePoint Tick();

  // Tells the workers whether this broker drains: others may have its slots meanwhile.
  void TellDraining();
  // Tells the workers that this broker leaves, and forgets them: they list what they hold to
  // another broker, or here again when they have no other. Returns how many tasks they hold.
  std::int64_t Leave();
  std::int64_t holding() const { return roster_.Holdings(); }

  // Nothing waits to be told to a shard that answers.
  bool idle() const;
  std::vector<WorkerStatus> Describe() const { return roster_.Describe(hub_.first().owner()); }
  std::int64_t refused() const { return refusals_.count(); }

 private:
  template <class Message, class Handler>
  void With(const RouterSocket::Incoming& incoming, Handler handler);
  template <class Message>
  bool Send(const std::string& peer, const Message& message);
  void Refuse(const std::string& peer, const Error& error);

  void OnHello(const RouterSocket::Incoming& incoming, const Hello& hello);
  void OnHeartbeat(const std::string& peer, const Heartbeat& heartbeat);
  // A result or a release.
  void OnEnd(const RouterSocket::Incoming& incoming);
  void EndWork(const std::string& peer, const HeldTask& key, AttemptEnd end);
  void OnGoodbye(const std::string& peer);

  void Follow(const std::string& peer, const Roster::Pulse& pulse);
  void Renew(const std::string& peer, const std::vector<HeldTask>& held);
  void OnRenewed(const std::string& peer, const std::vector<HeldTask>& held,
                 const std::vector<HeldTask>& stop);
  void Stop(const std::string& peer, const HeldTask& task);
  void TakeBack(const Roster::Leaver& leaver, AttemptEnd::Kind kind);

  void AskLane(const std::string& model, const Lanes::Question& question);
  void HandOut(const LeasedTask& task);
  void Bury(const LeasedTask& task);
  void Release(const TaskId& task, std::int64_t fence);
  // Tells Redis, and again when it does not answer.
  void Say(AttemptEnd end);
  void Keep(AttemptEnd end);

  Hub& hub_;
  RouterSocket& socket_;
  Roster roster_;
  Lanes lanes_;
  // Ends that their shard has not heard; bounded, the reaper finds the rest.
  std::deque<AttemptEnd> unsaid_;
  TimePoint say_at_;
  PowersOfTwo refusals_;
  PowersOfTwo redis_failures_;
  PowersOfTwo retries_;
};

}  // namespace consilium
