// The broker: a stateless cache of leases and sockets over Redis.
//
// One loop owns two ROUTER sockets and two connections to Redis (one for commands, one that listens
// to hints). What it knows can be lost at any time: cases and tasks are in Redis, and workers say
// again what they hold. Threads: none of its own; made and used by one.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "broker/client_desk.h"
#include "broker/hub.h"
#include "broker/worker_desk.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/ids.h"
#include "shared/redis.h"
#include "shared/result.h"
#include "shared/signals.h"
#include "shared/store.h"
#include "shared/zmq.h"

namespace consilium {

// Without keys, peers are only taken from this machine: ipc, or tcp on a loopback address.
// kInvalid, naming `option`, for another endpoint.
Status CheckLoopback(const std::string& option, const std::string& endpoint);

class Broker {
 public:
  Broker(Config config, const RedisAddress& redis, ZmqContext& context);
  ~Broker();
  Broker(const Broker&) = delete;  // its parts point at each other
  Broker& operator=(const Broker&) = delete;

  // Listens on broker.clients and broker.workers.
  Status Bind();
  // What it listens on, with the ports that the system chose.
  std::string clients() const { return clients_.endpoint(); }
  std::string workers() const { return workers_.endpoint(); }

  // One turn of the loop: waits at most `longest` for something to come, does it and all that is
  // due. `stop_fd`: a descriptor to watch beside, or -1.
  void Turn(milliseconds longest, int stop_fd = -1);

  // No new cases and no new leases from now on; tasks at workers go on without this broker.
  void Drain();
  // What was under way has ended, or there was no answer for 5 s.
  bool drained() const;

  // Turns until a signal, then drains. 0, or 1 when a second signal cut that short.
  int Run(StopSignals& signals);

  // Redis is up and the lanes exist.
  bool ready() const { return hub_.Ready(); }

 private:
  TimePoint Tick();
  TimePoint DoChores();
  void NoticeRedis();
  void OnRedisUp();
  void OnHint(const std::string& hint);
  void CheckDurability();
  void Beat();
  void ReadBoard();
  void Promote();
  void Reap(const std::string& model);

  const Config config_;
  RouterSocket clients_;
  RouterSocket workers_;
  RedisConnection redis_;
  RedisConnection hints_;
  Store store_;
  ChemistryStore chemistry_store_;
  Hub hub_;
  WorkerDesk worker_desk_;
  ClientDesk client_desk_;

  std::int64_t generation_ = 0;
  TimePoint prepare_at_;
  bool preparing_ = false;
  TimePoint beat_at_;
  TimePoint check_at_;  // of the settings of Redis
  bool promoting_ = false;
  std::map<std::string, TimePoint> reap_at_;  // by model
  TimePoint reap_idle_from_;  // leases that were not renewed are judged from here on
  SeededRandom jitter_;
  TimePoint due_;  // what the last tick returned
  TimePoint drain_until_ = TimePoint::max();
  TimePoint quiet_since_ = TimePoint::max();
  std::string durability_told_;  // as last logged
  PowersOfTwo redis_losses_;
  PowersOfTwo bad_boards_;
  bool redis_was_up_ = false;
};

}  // namespace consilium
