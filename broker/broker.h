// The broker: a stateless cache of leases and sockets over Redis.
//
// One loop owns two ROUTER sockets and two connections to each Redis (one for commands, one that
// listens to hints). What it knows can be lost at any time: cases and tasks are in Redis, and
// workers say again what they hold. Threads: none of its own; made and used by one.
#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "broker/client_desk.h"
#include "broker/hub.h"
#include "broker/worker_desk.h"
#include "shared/bus_door.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/health.h"
#include "shared/log.h"
#include "shared/redis.h"
#include "shared/result.h"
#include "shared/signals.h"
#include "shared/watched_file.h"
#include "shared/zmq.h"

namespace consilium {

class Broker {
 public:
  // `redis`: one for each shard, in order; at least one.
  Broker(Config config, const std::vector<RedisAddress>& redis, ZmqContext& context);
  ~Broker();
  Broker(const Broker&) = delete;  // its parts point at each other
  Broker& operator=(const Broker&) = delete;

  // Listens on broker.clients and broker.workers. kInvalid also when they are beyond this machine
  // and there are no keys; kNotFound and so on for files of keys that cannot be used.
  Status Bind();
  // What it listens on, with the ports that the system chose.
  std::string clients() const { return clients_.endpoint(); }
  std::string workers() const { return workers_.endpoint(); }

  // One turn of the loop: waits at most `longest` for something to come, does it and all that is
  // due. `stop_fd`: a descriptor to watch beside, or -1.
  void Turn(milliseconds longest, int stop_fd = -1);

  // No new cases and no new leases from now on. Waits up to `limit` for results of workers, then
  // tells them to list what they still hold to another broker.
  void Drain(milliseconds limit);
  void Undrain();
  // Drains, to end: Run() returns then.
  void Stop();
  // Nothing is left to do here, or Redis gave no answer for 5 s after the limit.
  bool drained() const;

  // Why this broker is not worth asking; "" when it is. Not for want of a Redis that it had before.
  std::string Trouble() const;
  // Turns until a signal, then drains. 0, or 1 when a second signal cut that short. `health` hears
  // the trouble.
  int Run(StopSignals& signals, HealthFile& health);

  // Every Redis is up and its lanes exist.
  bool ready() const { return hub_.AllReady(); }

 private:
  Shard::Events ShardEvents();
  void OnHint(Shard& shard, const std::string& hint);
  Status Guard();
  void KeepDoor();
  TimePoint Tick();
  TimePoint DoDrain();
  DrainReply OnDrain(const DrainRequest& request);
  void Beat();
  void ReadBoard();

  const Config config_;
  ZmqContext& context_;
  WatchedFile allowed_;
  std::unique_ptr<BusDoor> door_;  // null without keys; outlives the sockets
  RouterSocket clients_;
  RouterSocket workers_;
  Hub hub_;
  WorkerDesk worker_desk_;
  ClientDesk client_desk_;

  std::vector<pollfd> polled_;
  bool accepted_ = false;  // cases of one shard at least, at some time
  TimePoint beat_at_;
  TimePoint read_keys_at_;
  TimePoint due_;  // what the last tick returned
  TimePoint drain_from_;
  TimePoint leave_at_ = TimePoint::max();     // end of waiting for results
  bool left_ = false;                         // that was
  std::int64_t handed_over_ = 0;              // tasks that workers held then
  TimePoint drain_until_ = TimePoint::max();  // end of waiting for Redis
  TimePoint quiet_since_ = TimePoint::max();
  PowersOfTwo bad_boards_;
};

}  // namespace consilium
