// One Redis as a broker uses it: its connections and its store, what is known of it, and the chores
// there: lanes made, settings and room checked, cancels read, delayed tasks promoted, lost leases
// taken back.
//
// A case belongs to one shard with all its keys (ShardOf() in shared/ids.h), so what happens to one
// shard never touches the others. Threads: none of its own; owned by the broker loop.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "broker/pressure.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/dead_store.h"
#include "shared/durability_check.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/messages.h"
#include "shared/redis.h"
#include "shared/result.h"
#include "shared/store.h"

namespace consilium {

class Shard {
 public:
  // What its broker does about it.
  struct Events {
    // It came up, or whether it accepts cases is another answer now.
    std::function<void(Shard&)> on_change;
    // Its lanes exist (again).
    std::function<void(Shard&)> on_ready;
    // Lanes of a model may have tasks; "" = of any.
    std::function<void(Shard&, const std::string& model)> on_tasks;
    std::function<void(Shard&, const std::string& hint)> on_hint;
    std::function<void(const std::string& case_id)> on_cancelled;
  };

  // Number `number` of `count`.
  Shard(const Config& config, const RedisAddress& address, std::size_t number, std::size_t count,
        const std::string& broker_id, const Events& events);
  Shard(const Shard&) = delete;  // its connections call it back
  Shard& operator=(const Shard&) = delete;

  std::size_t number() const { return number_; }
  RedisConnection& redis() { return redis_; }
  Store& store() { return store_; }
  DeadStore& dead() { return dead_; }

  // Of this broker's leases and beats here: its id and the count of connections. Leases of a call
  // whose reply was lost with a connection keep the old name, which has no more beats, and are
  // taken back as orphans, uncounted.
  const std::string& owner() const { return owner_; }
  bool up() const { return redis_.up(); }
  // Up, and it is this shard and no other.
  bool answering() const { return redis_.up() && claimed_; }
  // Answering, and the lanes exist.
  bool ready() const { return answering() && prepared_; }
  // Why it can be asked nothing: "Redis does not answer: ..."; "" when it can.
  std::string NotAnswering() const;
  // Why no case is accepted here; empty when they are. kQueueFull: it is short of room.
  std::optional<Error> NotAccepting() const;
  // When it is worth asking again then.
  std::int64_t retry_after_ms() const { return pressure_.retry_after_ms(); }
  RedisStatus Describe() const;
  std::size_t outstanding() const { return redis_.outstanding(); }

  // Tells the others that this broker is there, and looks whether this Redis still knows of all
  // that was accepted: an older file put back, or everything deleted, cannot be undone here, but is
  // told.
  void Beat(consilium::Beat beat);

  // A task here is due so long from now.
  void PromoteIn(milliseconds delay);
  // Somebody deleted a lane, or everything; it is made again.
  void MakeLanesAgain() { prepared_ = false; }

  // What to poll, and what came of it.
  pollfd Work() const { return {redis_.fd(), redis_.events(), 0}; }
  pollfd Hints() const { return {hints_.fd(), hints_.events(), 0}; }
  void OnReady(short work, short hints, TimePoint now);
  // Does what is due; `chores`: also those that a draining broker leaves to others, promoting and
  // reaping. The result is when to call again.
  TimePoint Tick(bool chores, TimePoint now);

 private:
  void Notice();
  void OnUp();
  TimePoint DoChores(bool all);
  void Claim();
  void SeeAccepted(std::int64_t known, std::int64_t accepted);
  void CheckClaim();
  void Prepare();
  void CheckRoom();
  void AskRoom(const RedisRoom& disk);
  void ReadCancels();
  void Promote();
  void Restore();
  void Reap(const std::string& model);
  milliseconds Around(double ms);  // half of it to one and a half

  const Config& config_;
  const std::size_t number_;
  const std::string broker_id_;
  const Events events_;
  RedisConnection redis_;
  RedisConnection hints_;
  Store store_;
  DeadStore dead_;
  DurabilityCheck durability_;

  TimePoint now_;  // of the turn of the loop that is under way
  std::string owner_;
  std::int64_t generation_ = 0;
  bool was_up_ = false;
  bool claimed_ = false;    // it is this shard, on this connection
  std::string wrong_;       // why it is not; "" while that is not known
  bool prepared_ = false;   // the lanes exist
  bool preparing_ = false;  // claiming, or making lanes
  TimePoint prepare_at_;
  TimePoint check_at_;  // its room, and whether it is still ours
  const bool here_;     // on this machine, so that its disk can be seen
  RedisRoom room_;      // as last seen
  Pressure pressure_;
  std::int64_t accepted_ = 0;  // cases ever accepted here, as the latest beat told
  std::int64_t lost_ = 0;      // of them, those that this Redis has forgotten
  TimePoint cancels_at_;
  std::string cancels_;  // cursor
  bool promoting_ = false;
  TimePoint promote_at_ = TimePoint::max();
  bool restoring_ = false;
  TimePoint restore_at_;
  std::string restored_to_ = "0";             // cursor
  std::map<std::string, TimePoint> reap_at_;  // by model
  TimePoint reap_idle_from_;     // leases that were not renewed are judged from here on
  TimePoint reap_orphans_from_;  // and those of brokers that are silent from here
  SeededRandom jitter_;
  PowersOfTwo losses_;
};

}  // namespace consilium
