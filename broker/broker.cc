#include "broker/broker.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "shared/bus_keys.h"
#include "shared/endpoint.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kBeatEvery{1000};
constexpr milliseconds kReadKeysEvery{1000};
constexpr milliseconds kDrainMax{5000};
// What was just sent may leave: sockets close without linger.
constexpr milliseconds kQuiet{50};
// Messages taken from one socket in one turn, so that a flood leaves room for the rest.
constexpr int kMessagesPerTurn = 256;

Result<AllowList> ReadAllowed(WatchedFile& file) {
  const Result<std::string> text = file.Read();
  if (!text) return text.error();
  return AllowList::Parse(*text, file.file());
}

}  // namespace

Broker::Broker(Config config, const std::vector<RedisAddress>& redis, ZmqContext& context)
    : config_(std::move(config)),
      context_(context),
      allowed_(config_.bus.allowed_file, AllowList::kBytesMax),
      clients_(context),
      workers_(context),
      hub_(config_, redis, ShardEvents()),
      worker_desk_(hub_, workers_),
      client_desk_(hub_, clients_, worker_desk_) {
  hub_.drain = [this](const DrainRequest& request) { return OnDrain(request); };
}

Broker::~Broker() = default;

Shard::Events Broker::ShardEvents() {
  Shard::Events events;
  events.on_change = [this](Shard& shard) {
    beat_at_ = hub_.now;
    if (shard.number() == 0 && shard.answering()) ReadBoard();
  };
  events.on_ready = [this](Shard& shard) { worker_desk_.OnReady(shard); };
  events.on_tasks = [this](Shard& shard, const std::string& model) {
    model.empty() ? worker_desk_.WakeAll(shard) : worker_desk_.Wake(shard, model);
  };
  events.on_cancelled = [this](const std::string& id) { worker_desk_.StopCase(id); };
  events.on_hint = [this](Shard& shard, const std::string& hint) { OnHint(shard, hint); };
  return events;
}

Status Broker::Bind() {
  const BrokerConfig& broker = config_.broker;
  if (Status guarded = Guard(); !guarded) return guarded;
  if (Status bound = clients_.Bind(broker.clients); !bound) return bound;
  if (Status bound = workers_.Bind(broker.workers); !bound) return bound;
  LogInfo("broker_listening",
          {{"broker", hub_.id}, {"clients", clients()}, {"workers", workers()}});
  return Ok();
}

// With keys every peer is asked for one; without, all peers are on this machine.
Status Broker::Guard() {
  const Result<BusKeys> keys = ReadBusKeys(config_.bus);
  if (!keys) return keys.error();
  if (!keys->on()) {
    const Status clients = CheckLoopback("broker.clients", config_.broker.clients);
    return clients ? CheckLoopback("broker.workers", config_.broker.workers) : clients;
  }
  door_ = std::make_unique<BusDoor>(context_, keys->own);
  if (Status open = door_->Open(); !open) return open;
  if (!config_.bus.allowed_file.empty()) {
    Result<AllowList> list = ReadAllowed(allowed_);
    if (!list) return Error{list.error().code, "bus.allowed_file: " + list.error().text};
    LogInfo("bus_keys_read", {{"keys", list->size()}});
    door_->Allow(*std::move(list));
  }
  clients_.Guard(*door_, BusSide::kClients);
  workers_.Guard(*door_, BusSide::kWorkers);
  return Ok();
}

void Broker::Turn(milliseconds longest, int stop_fd) {
  TimePoint now = Now();
  polled_ = {{clients_.fd(), POLLIN, 0},
             {workers_.fd(), POLLIN, 0},
             {stop_fd, POLLIN, 0},
             {door_ ? door_->fd() : -1, POLLIN, 0}};
  const std::size_t first = polled_.size();
  for (const Shard& shard : hub_.shards) {
    polled_.push_back(shard.Work());
    polled_.push_back(shard.Hints());
  }
  poll(polled_.data(), polled_.size(), PollTimeoutMs(now, std::min(due_, now + longest)));
  const TimePoint slept_from = hub_.now;
  now = hub_.now = Now();

  // The loop is never quiet for so long by itself: the process was stopped or starved.
  if (now - slept_from > limits::kPeerSilenceMax) {
    LogWarn("loop_stalled",
            {{"ms", std::chrono::duration_cast<milliseconds>(now - slept_from).count()}});
    worker_desk_.ForgetAll();
  }
  for (Shard& shard : hub_.shards) {
    const std::size_t at = first + 2 * shard.number();
    shard.OnReady(polled_[at].revents, polled_[at + 1].revents, now);
  }
  if (door_) KeepDoor();
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const auto incoming = workers_.Receive();
    if (!incoming) break;
    worker_desk_.OnMessage(*incoming);
  }
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const auto incoming = clients_.Receive();
    if (!incoming) break;
    client_desk_.OnMessage(*incoming);
  }
  due_ = Tick();
  accepted_ = accepted_ || hub_.AcceptsSome() || hub_.IsFull();
}

// No other place and no restart heals a Redis that went away, and while it is away clients are told
// so here. Before the first case could be accepted it is this broker that may be at fault.
std::string Broker::Trouble() const {
  return hub_.draining || !accepted_ ? hub_.NotAccepting() : "";
}

void Broker::KeepDoor() {
  door_->Answer();
  hub_.bus = {clients_.strangers() + workers_.strangers(), door_->refused()};
  if (config_.bus.allowed_file.empty() || hub_.now < read_keys_at_) return;
  read_keys_at_ = hub_.now + kReadKeysEvery;
  if (!allowed_.Changed()) return;
  Result<AllowList> list = ReadAllowed(allowed_);
  if (!list) {
    // The list that was good goes on: nobody is let in or out by a slip of the pen.
    LogError("bus_keys_unreadable", {{"text", list.error().text}});
    return;
  }
  LogInfo("bus_keys_read", {{"keys", list->size()}});
  door_->Allow(*std::move(list));
  // Whoever was taken off it is not heard any more. It must not be told anything either.
  worker_desk_.TurnAway(*door_);
  client_desk_.ReleaseWatches();
}

TimePoint Broker::Tick() {
  TimePoint next = TimePoint::max();
  for (Shard& shard : hub_.shards) next = std::min(next, shard.Tick(!hub_.draining, hub_.now));
  if (!(hub_.stopping && left_) && hub_.AnyAnswering()) {
    if (hub_.now >= beat_at_) Beat();
    next = std::min(next, beat_at_);
  }
  next = std::min({next, worker_desk_.Tick(), client_desk_.Tick()});
  if (door_ && !config_.bus.allowed_file.empty()) next = std::min(next, read_keys_at_);
  return hub_.draining ? std::min(next, DoDrain()) : next;
}

// First the results of workers, then Redis.
TimePoint Broker::DoDrain() {
  if (!left_) {
    if (worker_desk_.holding() > 0 && hub_.now < leave_at_) return leave_at_;
    left_ = true;
    handed_over_ = worker_desk_.Leave();
    drain_until_ = hub_.now + kDrainMax;
    if (hub_.stopping) client_desk_.ReleaseWatches();
  }
  const auto told = [](const Shard& shard) { return !shard.up() || shard.outstanding() == 0; };
  const bool quiet =
      std::all_of(hub_.shards.begin(), hub_.shards.end(), told) && worker_desk_.idle();
  if (!quiet) {
    quiet_since_ = TimePoint::max();
  } else if (quiet_since_ == TimePoint::max()) {
    quiet_since_ = hub_.now;
  }
  // Drained, and not to end: only chores are due.
  if (drained() && !hub_.stopping) return TimePoint::max();
  return std::min(drain_until_, quiet ? quiet_since_ + kQuiet : TimePoint::max());
}

void Broker::Beat() {
  beat_at_ = hub_.now + kBeatEvery;
  consilium::Beat beat;
  beat.workers = worker_desk_.Describe();
  beat.reason = hub_.NotAccepting();
  beat.accepting = beat.reason.empty();
  beat.partly = !beat.accepting && hub_.AcceptsSome();
  for (Shard& shard : hub_.shards) {
    if (!shard.answering()) continue;
    shard.Beat(beat);
  }
  if (hub_.first().answering()) ReadBoard();
}

// Without an answer the board stays as it was.
void Broker::ReadBoard() {
  hub_.chemistry.ReadBoard([this](const Result<SeatingBoard>& board) {
    if (board) {
      hub_.board = *board;
    } else if (board.error().code != ErrorCode::kUnavailable && bad_boards_.Due()) {
      LogError("board_unreadable", {{"text", board.error().text}, {"count", bad_boards_.count()}});
    }
  });
}

void Broker::OnHint(Shard& shard, const std::string& hint) {
  // "lane <model>", "out", "ensembles", "cancel <case>"; others are for the aggregators.
  const std::size_t space = hint.find(' ');
  const std::string_view word = std::string_view(hint).substr(0, space);
  if (word == "out") return client_desk_.OnPublished();
  if (word == "ensembles") return hub_.first().answering() ? ReadBoard() : void();
  if (space == std::string::npos) return;
  const std::string rest = hint.substr(space + 1);
  if (word == "cancel") return worker_desk_.StopCase(rest);
  if (word == "lane") worker_desk_.Wake(shard, rest);
}

void Broker::Drain(milliseconds limit) {
  const bool again = hub_.draining;
  if (!again) {
    LogInfo("broker_draining", {{"held", worker_desk_.holding()}});
    hub_.draining = true;
    left_ = false;
    handed_over_ = 0;
    quiet_since_ = TimePoint::max();
    drain_from_ = Now();
    worker_desk_.TellDraining();
    if (hub_.AnyAnswering()) Beat();
  }
  // A broker that is told to end takes no longer because somebody asks how far it is.
  const TimePoint until = drain_from_ + limit;
  leave_at_ = again && hub_.stopping ? std::min(leave_at_, until) : until;
  due_ = TimePoint::min();
}

void Broker::Undrain() {
  if (!hub_.draining || hub_.stopping) return;
  LogInfo("broker_works_again", {});
  hub_.draining = false;
  worker_desk_.TellDraining();
  for (Shard& shard : hub_.shards) worker_desk_.WakeAll(shard);
  if (hub_.AnyAnswering()) Beat();
}

void Broker::Stop() {
  if (hub_.stopping) return;
  hub_.stopping = true;
  const milliseconds limit(config_.broker.drain_ms);
  if (!hub_.draining) return Drain(limit);
  leave_at_ = std::min(leave_at_, Now() + limit);
  if (left_) {
    drain_until_ = std::min(drain_until_, Now() + kDrainMax);
    client_desk_.ReleaseWatches();
  }
  due_ = TimePoint::min();
}

bool Broker::drained() const {
  if (!hub_.draining || !left_) return false;
  return hub_.now >= drain_until_ ||
         (quiet_since_ != TimePoint::max() && hub_.now >= quiet_since_ + kQuiet);
}

DrainReply Broker::OnDrain(const DrainRequest& request) {
  if (request.undo) {
    Undrain();
  } else {
    Drain(milliseconds(request.limit_ms.value_or(config_.broker.drain_ms)));
  }
  DrainReply reply;
  reply.broker = hub_.first().owner();
  reply.draining = hub_.draining;
  reply.drained = drained();
  reply.held = worker_desk_.holding();
  if (!hub_.draining) return reply;
  reply.handed_over = handed_over_;
  reply.for_ms = std::chrono::duration_cast<milliseconds>(Now() - drain_from_).count();
  return reply;
}

int Broker::Run(StopSignals& signals, HealthFile& health) {
  constexpr TimePoint::duration kLongest = milliseconds(60000);
  while (!(hub_.stopping && drained())) {
    const TimePoint now = Now();
    const TimePoint told_again = health.Tell(Trouble(), now);
    Turn(std::chrono::ceil<milliseconds>(std::min(kLongest, told_again - now)), signals.fd());
    const int count = signals.Count();
    if (count >= 2) {
      LogWarn("broker_stopped", {{"drained", 0}});
      return 1;
    }
    if (count == 1) Stop();
  }
  LogInfo("broker_stopped", {{"drained", 1}});
  return 0;
}

}  // namespace consilium
