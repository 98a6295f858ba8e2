#include "broker/roster.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "broker/ensemble.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kWorkerNameBytesMax = 128;

Holding Adopted(const HeldTask& task, TimePoint now) {
  Holding holding;
  holding.task = *TaskFromRef(task.task);
  holding.fence = task.fence;
  holding.seen = now;
  holding.listed = true;
  return holding;
}

}  // namespace

std::int64_t Roster::Worker::Free() const {
  if (unreachable) return 0;
  return std::max<std::int64_t>(0, about.slots - static_cast<std::int64_t>(held.size()));
}

bool Roster::Rank::operator<(const Rank& other) const {
  if (free != other.free) return free > other.free;
  return std::tie(turn, peer) < std::tie(other.turn, other.peer);
}

void Roster::LeaveLane(const std::string& peer, const Worker& worker) {
  if (worker.free == 0) return;
  Lane& lane = lanes_[worker.about.model];
  lane.ready.erase({worker.free, worker.turn, peer});
  lane.free -= worker.free;
}

template <class Step>
void Roster::Change(const std::string& peer, Worker& worker, Step change) {
  LeaveLane(peer, worker);
  change(worker);
  worker.free = worker.Free();
  if (worker.free == 0) return;
  Lane& lane = lanes_[worker.about.model];
  lane.ready.insert({worker.free, worker.turn, peer});
  lane.free += worker.free;
}

Roster::Roster(std::vector<std::string> models, milliseconds lease)
    : models_(std::move(models)), renew_every_(lease / 3) {
  for (const std::string& model : models_) lanes_[model];
}

Status Roster::CheckClaims(const std::string& model, std::int64_t slots,
                           const std::vector<HeldTask>& in_flight) const {
  constexpr auto kMost = static_cast<std::int64_t>(limits::kSlotsMax);
  if (slots < 0 || slots > kMost) {
    return Invalid("slots = " + std::to_string(slots) + ", expected 0.." + std::to_string(kMost));
  }
  if (in_flight.size() > limits::kSlotsMax) {
    return Invalid("in_flight: " + std::to_string(in_flight.size()) + " tasks, expected at most " +
                   std::to_string(kMost));
  }
  std::set<Key> seen;
  for (const HeldTask& held : in_flight) {
    const auto task = TaskFromRef(held.task);
    if (!task) return Invalid("in_flight: " + task.error().text);
    if (task->model != model) {
      return Invalid("in_flight: task " + Quoted(held.task, 256) + ", expected tasks of model " +
                     model);
    }
    if (held.fence < 1) {
      return Invalid("in_flight: fence = " + std::to_string(held.fence) + " of task " +
                     Quoted(held.task, 256) + ", expected at least 1");
    }
    if (!seen.emplace(held.task, held.fence).second) {
      return Invalid("in_flight: task " + Quoted(held.task, 256) + " twice, expected once");
    }
  }
  return Ok();
}

Result<Roster::Pulse> Roster::Greet(const std::string& peer, const Hello& hello, TimePoint now,
                                    const Owner& owner) {
  if (hello.worker.empty() || hello.worker.size() > kWorkerNameBytesMax) {
    return Invalid("worker: " + std::to_string(hello.worker.size()) + " bytes, expected 1.." +
                   std::to_string(kWorkerNameBytesMax));
  }
  if (lanes_.count(hello.model) == 0) {
    return Invalid("model = " + Quoted(hello.model) + ", expected a configured model (" +
                   JoinNames(models_) + ")");
  }
  if (hello.placement != "local" && hello.placement != "remote") {
    return Invalid("placement = " + Quoted(hello.placement) + ", expected local or remote");
  }
  if (const Status claims = CheckClaims(hello.model, hello.slots, hello.in_flight); !claims) {
    return claims.error();
  }
  const auto before = peer_of_.find(hello.worker);
  if (before != peer_of_.end() && workers_.at(before->second).owner.name != owner.name) {
    return Error{ErrorCode::kConflict, "worker = " + Quoted(hello.worker) +
                                           " is here with the key of " +
                                           workers_.at(before->second).owner.name +
                                           ", expected another id with the key of " + owner.name};
  }
  if (before == peer_of_.end() && workers_.count(peer) == 0 && workers_.size() >= kWorkersMax) {
    return Error{ErrorCode::kUnavailable, "this broker has " + std::to_string(kWorkersMax) +
                                              " workers, its limit; say hello to another"};
  }

  // What is known of the worker: on this connection, or on one that it has left.
  std::map<Key, Holding> known;
  bool moved = true;
  if (before != peer_of_.end()) {
    Worker& old = workers_.at(before->second);
    moved = before->second != peer || old.about.model != hello.model;
    known = std::move(old.held);
    Forget(std::string(before->second));
  }
  Pulse pulse;
  if (auto other = Leave(peer)) pulse.lost = std::move(other->held);

  Worker worker;
  worker.about = hello;
  worker.about.in_flight.clear();
  worker.owner = owner;
  worker.heard = now;
  worker.renewed = now;
  worker.turn = ++turns_;
  for (const HeldTask& task : hello.in_flight) {
    const Key key{task.task, task.fence};
    const auto found = known.find(key);
    Holding holding = found == known.end() ? Adopted(task, now) : std::move(found->second);
    if (found != known.end()) known.erase(found);
    holding.seen = now;
    holding.listed = true;
    // The acknowledgement goes to the old connection: the worker sends the result again.
    if (moved) holding.ending = false;
    if (!holding.ending) pulse.renew.push_back(task);
    worker.held.emplace(key, std::move(holding));
  }
  for (auto& [key, holding] : known) {
    if (holding.ending) continue;  // its end finds no holder and is told to Redis all the same
    if (moved) {
      pulse.lost.push_back(std::move(holding));
    } else {
      worker.held.emplace(key, std::move(holding));  // perhaps still on its way to the worker
    }
  }
  Change(peer, workers_[peer], [&](Worker& kept) { kept = std::move(worker); });
  peer_of_[hello.worker] = peer;
  next_silence_ = std::min(next_silence_, now + limits::kPeerSilenceMax);
  return pulse;
}

Result<Roster::Pulse> Roster::Hear(const std::string& peer, const Heartbeat& heartbeat,
                                   TimePoint now) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return Error{ErrorCode::kNotFound, "unknown worker"};
  Worker& worker = found->second;
  const Status claims = CheckClaims(worker.about.model, heartbeat.slots, heartbeat.in_flight);
  if (!claims) return claims.error();

  worker.heard = now;
  worker.trouble = CutUtf8(heartbeat.trouble, kTroubleBytesMax);
  const bool due = !worker.renewed || now - *worker.renewed >= renew_every_;
  if (due) worker.renewed = now;
  Pulse pulse;
  std::map<Key, int> claimed;
  for (const HeldTask& task : heartbeat.in_flight) {
    const Key key{task.task, task.fence};
    const auto held = worker.held.find(key);
    if (held == worker.held.end()) {
      const auto before = worker.claimed.find(key);
      const int times = before == worker.claimed.end() ? 1 : 2;
      claimed.emplace(key, times);
      if (times > 1) pulse.renew.push_back(task);
      continue;
    }
    if (!held->second.ending && (due || !held->second.listed)) pulse.renew.push_back(task);
    held->second.seen = now;
    held->second.listed = true;
  }
  worker.claimed = std::move(claimed);
  Change(peer, worker, [&](Worker& changed) {
    changed.unreachable = false;
    changed.about.slots = heartbeat.slots;
    for (auto it = changed.held.begin(); it != changed.held.end();) {
      if (it->second.ending || now - it->second.seen <= kLostAfter) {
        ++it;
        continue;
      }
      pulse.lost.push_back(std::move(it->second));
      it = changed.held.erase(it);
    }
  });
  return pulse;
}

bool Roster::Hear(const std::string& peer, TimePoint now) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return false;
  found->second.heard = now;
  if (found->second.unreachable) {
    Change(peer, found->second, [](Worker& worker) { worker.unreachable = false; });
  }
  return true;
}

const Hello* Roster::About(const std::string& peer) const {
  const auto found = workers_.find(peer);
  return found == workers_.end() ? nullptr : &found->second.about;
}

std::int64_t Roster::Free(const std::string& model) const {
  const auto lane = lanes_.find(model);
  return lane == lanes_.end() ? 0 : lane->second.free;
}

std::optional<std::string> Roster::Give(const LeasedTask& task, TimePoint now) {
  const auto lane = lanes_.find(task.task.model);
  if (lane == lanes_.end() || lane->second.ready.empty()) return std::nullopt;
  const std::string peer = lane->second.ready.begin()->peer;
  Holding holding;
  holding.task = task.task;
  holding.fence = task.fence;
  holding.seen = now;
  Change(peer, workers_.at(peer), [&](Worker& worker) {
    worker.held.insert_or_assign(Key{ToRef(task.task), task.fence}, std::move(holding));
    worker.turn = ++turns_;
  });
  return peer;
}

void Roster::Adopt(const std::string& peer, const HeldTask& task, TimePoint now) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return;
  Worker& worker = found->second;
  const auto claim = worker.claimed.find(Key{task.task, task.fence});
  if (claim == worker.claimed.end() || claim->second < 2) return;
  Change(peer, worker,
         [&](Worker& changed) { changed.held.try_emplace(claim->first, Adopted(task, now)); });
  worker.claimed.erase(claim);
}

Holding* Roster::Find(const std::string& peer, const HeldTask& task) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return nullptr;
  const auto held = found->second.held.find(Key{task.task, task.fence});
  return held == found->second.held.end() ? nullptr : &held->second;
}

std::optional<Holding> Roster::Take(const std::string& peer, const HeldTask& task) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return std::nullopt;
  const Key key{task.task, task.fence};
  found->second.claimed.erase(key);
  const auto held = found->second.held.find(key);
  if (held == found->second.held.end()) return std::nullopt;
  Holding holding = std::move(held->second);
  Change(peer, found->second, [&](Worker& worker) { worker.held.erase(held); });
  return holding;
}

std::vector<Roster::Place> Roster::HoldersOf(const std::string& case_id) const {
  std::vector<Place> places;
  const std::string head = case_id + "|";
  for (const auto& [peer, worker] : workers_) {
    // Refs begin with the case id, so those of one case stand together.
    for (auto it = worker.held.lower_bound(Key{head, 0}); it != worker.held.end(); ++it) {
      if (it->first.first.compare(0, head.size(), head) != 0) break;
      places.push_back({peer, {it->first.first, it->first.second}});
    }
  }
  return places;
}

void Roster::SetUnreachable(const std::string& peer) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return;
  Change(peer, found->second, [](Worker& worker) { worker.unreachable = true; });
}

void Roster::RenewSoon(const std::string& peer) {
  const auto found = workers_.find(peer);
  if (found != workers_.end()) found->second.renewed.reset();
}

void Roster::RenewAllSoon() {
  for (auto& [peer, worker] : workers_) worker.renewed.reset();
}

void Roster::Forget(const std::string& peer) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return;
  LeaveLane(peer, found->second);
  peer_of_.erase(found->second.about.worker);
  workers_.erase(found);
}

std::optional<Roster::Leaver> Roster::Leave(const std::string& peer) {
  const auto found = workers_.find(peer);
  if (found == workers_.end()) return std::nullopt;
  Leaver leaver;
  leaver.peer = peer;
  leaver.about = found->second.about;
  for (auto& [key, holding] : found->second.held) {
    if (!holding.ending) leaver.held.push_back(std::move(holding));
  }
  Forget(leaver.peer);
  return leaver;
}

std::vector<Roster::Leaver> Roster::TakeSilent(TimePoint now) {
  std::vector<Leaver> leavers;
  if (now <= next_silence_) return leavers;
  std::vector<std::string> silent;
  next_silence_ = TimePoint::max();
  for (const auto& [peer, worker] : workers_) {
    if (now - worker.heard > limits::kPeerSilenceMax) {
      silent.push_back(peer);
    } else {
      next_silence_ = std::min(next_silence_, worker.heard + limits::kPeerSilenceMax);
    }
  }
  for (const std::string& peer : silent) leavers.push_back(*Leave(peer));
  return leavers;
}

std::vector<Roster::Leaver> Roster::TakeUnless(
    const std::function<bool(const std::string& key)>& allowed) {
  std::vector<std::string> leaving;
  for (const auto& [peer, worker] : workers_) {
    if (!allowed(worker.owner.key)) leaving.push_back(peer);
  }
  std::vector<Leaver> leavers;
  for (const std::string& peer : leaving) leavers.push_back(*Leave(peer));
  return leavers;
}

void Roster::Clear() {
  workers_.clear();
  peer_of_.clear();
  for (auto& [model, lane] : lanes_) lane = Lane();
  next_silence_ = TimePoint::max();
}

std::vector<std::string> Roster::Peers() const {
  std::vector<std::string> peers;
  peers.reserve(workers_.size());
  for (const auto& [peer, worker] : workers_) peers.push_back(peer);
  return peers;
}

std::int64_t Roster::Holdings() const {
  std::int64_t count = 0;
  for (const auto& [peer, worker] : workers_)
    count += static_cast<std::int64_t>(worker.held.size());
  return count;
}

std::vector<WorkerStatus> Roster::Describe(const std::string& broker) const {
  std::vector<WorkerStatus> all;
  all.reserve(workers_.size());
  for (const auto& [peer, worker] : workers_) {
    WorkerStatus status;
    status.worker = worker.about.worker;
    status.model = worker.about.model;
    status.provider = worker.about.provider;
    status.placement = worker.about.placement;
    status.simulated = worker.about.simulated;
    status.slots = worker.about.slots;
    status.in_flight = static_cast<std::int64_t>(worker.held.size());
    status.broker = broker;
    status.trouble = worker.trouble;
    all.push_back(std::move(status));
  }
  std::sort(all.begin(), all.end(), [](const WorkerStatus& a, const WorkerStatus& b) {
    return std::tie(a.model, a.worker) < std::tie(b.model, b.worker);
  });
  return all;
}

}  // namespace consilium
