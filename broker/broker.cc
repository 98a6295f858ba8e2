#include "broker/broker.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>

#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/redis_durability.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kBeatEvery{1000};
constexpr milliseconds kCheckEvery{2000};
constexpr milliseconds kPromoteAtLeastEvery{1000};
constexpr double kReapEveryMs = 2000;  // jittered by half, so that brokers do not reap in step
// Leases of a broker without a beat for so long are taken back, uncounted.
constexpr milliseconds kOrphan{8000};
constexpr milliseconds kPrepareAgain{1000};
constexpr milliseconds kDrainMax{5000};
// What was just sent may leave: sockets close without linger.
constexpr milliseconds kQuiet{50};
// Messages taken from one socket in one turn, so that a flood leaves room for the rest.
constexpr int kMessagesPerTurn = 256;
// No lease idles for so long: the call then finds orphans only.
constexpr std::int64_t kNeverMs = 1'000'000'000'000;

}  // namespace

Status CheckLoopback(const std::string& option, const std::string& endpoint) {
  constexpr std::string_view kTcp = "tcp://";
  if (endpoint.rfind("ipc://", 0) == 0) return Ok();
  if (endpoint.rfind(kTcp, 0) == 0) {
    std::string host = endpoint.substr(kTcp.size(), endpoint.rfind(':') - kTcp.size());
    // As an IPv6 socket reports an IPv4 address.
    constexpr std::string_view kMapped = "[::ffff:";
    if (host.rfind(kMapped, 0) == 0 && host.back() == ']') {
      host = host.substr(kMapped.size(), host.size() - kMapped.size() - 1);
    }
    const bool address = host.find_first_not_of("0123456789.") == std::string::npos;
    if ((address && host.rfind("127.", 0) == 0) || host == "localhost" || host == "[::1]") {
      return Ok();
    }
  }
  return Invalid(option + " = " + Quoted(endpoint, 128) +
                 ", expected ipc:// or tcp:// on a loopback address: other networks need keys, "
                 "which this version does not have");
}

Broker::Broker(Config config, const RedisAddress& redis, ZmqContext& context)
    : config_(std::move(config)),
      clients_(context),
      workers_(context),
      redis_(redis, AllScripts()),
      hints_(redis, {}),
      store_(redis_),
      chemistry_store_(redis_),
      hub_{config_,
           redis_,
           store_,
           chemistry_store_,
           RandomHexId(),
           "",
           Now(),
           false,
           false,
           TimePoint::max(),
           {},
           {}},
      worker_desk_(hub_, workers_),
      client_desk_(hub_, clients_, worker_desk_),
      jitter_(0, "chores of " + hub_.id) {
  hub_.owner = hub_.id + ".0";
  hints_.Subscribe(store_.HintChannel(), [this](const std::string& hint) { OnHint(hint); });
}

Broker::~Broker() = default;

Status Broker::Bind() {
  const BrokerConfig& broker = config_.broker;
  for (const Status& status : {CheckLoopback("broker.clients", broker.clients),
                               CheckLoopback("broker.workers", broker.workers)}) {
    if (!status) return status;
  }
  if (Status bound = clients_.Bind(broker.clients); !bound) return bound;
  if (Status bound = workers_.Bind(broker.workers); !bound) return bound;
  LogInfo("broker_listening",
          {{"broker", hub_.id}, {"clients", clients()}, {"workers", workers()}});
  return Ok();
}

void Broker::Turn(milliseconds longest, int stop_fd) {
  TimePoint now = Now();
  std::array<pollfd, 5> fds = {{{clients_.fd(), POLLIN, 0},
                                {workers_.fd(), POLLIN, 0},
                                {redis_.fd(), redis_.events(), 0},
                                {hints_.fd(), hints_.events(), 0},
                                {stop_fd, POLLIN, 0}}};
  poll(fds.data(), fds.size(), PollTimeoutMs(now, std::min(due_, now + longest)));
  const TimePoint slept_from = hub_.now;
  now = hub_.now = Now();

  // The loop is never quiet for so long by itself: the process was stopped or starved.
  if (now - slept_from > limits::kPeerSilenceMax) {
    LogWarn("loop_stalled",
            {{"ms", std::chrono::duration_cast<milliseconds>(now - slept_from).count()}});
    worker_desk_.ForgetAll();
  }
  redis_.OnReady(fds[2].revents);
  hints_.OnReady(fds[3].revents);
  NoticeRedis();
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
}

TimePoint Broker::Tick() {
  TimePoint next = std::min(redis_.Tick(hub_.now), hints_.Tick(hub_.now));
  NoticeRedis();
  if (redis_.up() && !hub_.draining) next = std::min(next, DoChores());
  next = std::min({next, worker_desk_.Tick(), client_desk_.Tick()});
  if (hub_.draining) {
    const bool quiet = !redis_.up() || (redis_.outstanding() == 0 && worker_desk_.idle());
    if (!quiet) {
      quiet_since_ = TimePoint::max();
    } else if (quiet_since_ == TimePoint::max()) {
      quiet_since_ = hub_.now;
    }
    next = std::min({next, drain_until_, quiet ? quiet_since_ + kQuiet : TimePoint::max()});
  }
  return next;
}

void Broker::NoticeRedis() {
  if (redis_.up() && redis_.generation() != generation_) OnRedisUp();
  if (redis_was_up_ == redis_.up()) return;
  redis_was_up_ = redis_.up();
  if (redis_was_up_) {
    LogInfo("redis_up", {{"generation", generation_}});
  } else if (redis_losses_.Due()) {
    LogWarn("redis_lost", {{"reason", redis_.reason()}, {"count", redis_losses_.count()}});
  }
}

// Redis may have been restarted: nothing that held on the last connection is taken for granted.
void Broker::OnRedisUp() {
  generation_ = redis_.generation();
  hub_.owner = hub_.id + "." + std::to_string(generation_);
  hub_.prepared = false;
  preparing_ = false;
  promoting_ = false;
  hub_.not_durable.reset();
  prepare_at_ = beat_at_ = hub_.promote_at = check_at_ = hub_.now;
  // While it was down nobody could renew or beat, and idle times went on. Workers and other brokers
  // get the time to do so now.
  reap_idle_from_ = hub_.now + milliseconds(config_.broker.lease_ms);
  for (const BackendConfig& backend : config_.backends) {
    reap_at_[backend.model] = hub_.now + kOrphan;
  }
  ReadBoard();
}

TimePoint Broker::DoChores() {
  const TimePoint now = hub_.now;
  // First: replies come in order, so whoever sees the lanes prepared knows the settings, too.
  if (now >= check_at_) CheckDurability();
  if (!hub_.prepared && !preparing_ && now >= prepare_at_) {
    preparing_ = true;
    std::vector<std::string> models;
    for (const BackendConfig& backend : config_.backends) models.push_back(backend.model);
    store_.Prepare(models, [this, generation = generation_](const Status& status) {
      if (generation != generation_) return;
      preparing_ = false;
      prepare_at_ = hub_.now + kPrepareAgain;
      if (!status) {
        LogWarn("lanes_not_prepared", {{"text", status.error().text}});
        return;
      }
      hub_.prepared = true;
      worker_desk_.OnRedisUp();
    });
  }
  if (now >= beat_at_) Beat();
  TimePoint next = std::min(beat_at_, check_at_);
  if (!hub_.prepared) return std::min(next, preparing_ ? TimePoint::max() : prepare_at_);
  if (now >= hub_.promote_at && !promoting_) Promote();
  next = std::min(next, promoting_ ? TimePoint::max() : hub_.promote_at);
  for (auto& [model, at] : reap_at_) {
    if (now >= at) {
      at = now + milliseconds(std::llround(kReapEveryMs * (0.5 + jitter_.Unit())));
      Reap(model);
    }
    next = std::min(next, at);
  }
  return next;
}

void Broker::Beat() {
  beat_at_ = hub_.now + kBeatEvery;
  consilium::Beat beat;
  beat.id = hub_.owner;
  beat.workers = worker_desk_.Describe();
  beat.reason = hub_.NotAccepting();
  beat.accepting = beat.reason.empty();
  store_.SendBeat("brokers", beat, [](const Status&) {});
  ReadBoard();
}

// Without an answer the board stays as it was.
void Broker::ReadBoard() {
  chemistry_store_.ReadBoard([this](const Result<SeatingBoard>& board) {
    if (board) {
      hub_.board = *board;
    } else if (board.error().code != ErrorCode::kUnavailable && bad_boards_.Due()) {
      LogError("board_unreadable", {{"text", board.error().text}, {"count", bad_boards_.count()}});
    }
  });
}

void Broker::Promote() {
  promoting_ = true;
  hub_.promote_at = hub_.now + kPromoteAtLeastEvery;
  store_.Promote([this, generation = generation_](const Result<Store::PromoteReply>& reply) {
    if (generation != generation_) return;
    promoting_ = false;
    if (!reply) return;
    if (reply->moved > 0) worker_desk_.WakeAll();
    if (reply->next_ms >= 0) {
      const auto wait = std::min(milliseconds(reply->next_ms), kPromoteAtLeastEvery);
      hub_.promote_at = std::min(hub_.promote_at, hub_.now + wait);
    }
  });
}

void Broker::Reap(const std::string& model) {
  const bool idle_counts = hub_.now >= reap_idle_from_;
  store_.Reap(model, idle_counts ? config_.broker.lease_ms : kNeverMs, kOrphan.count(),
              config_.broker.crashes_max, WorkerLost(),
              [this, model](const Result<ReapReply>& reply) {
                if (!reply || (reply->requeued == 0 && reply->dead == 0)) return;
                LogWarn("leases_reaped",
                        {{"model", model}, {"requeued", reply->requeued}, {"dead", reply->dead}});
                worker_desk_.Wake(model);
              });
}

// "Accepted" promises that the append-only file is synced. Settings can be changed while Redis
// runs, so they are looked at again and again, and accepting goes on by itself when they are right.
void Broker::CheckDurability() {
  check_at_ = hub_.now + kCheckEvery;
  redis_.Send(AskDurableSettings(), [this, generation = generation_](const auto& reply) {
    if (generation != generation_) return;
    if (!reply && reply.error().code == ErrorCode::kUnavailable) return;  // passing: asked again
    std::string why = WhyNotDurable(ReadDurableSettings(reply ? *reply : RedisReply{}));
    const std::string before = hub_.not_durable.value_or("");
    const bool trusted = config_.redis.durability == "trusted";
    if (!why.empty() && why != durability_told_) {
      LogWarn("redis_not_durable", {{"text", why}, {"accepting", trusted ? 1 : 0}});
    } else if (why.empty() && !durability_told_.empty()) {
      LogInfo("redis_durable", {});
    }
    durability_told_ = why;
    hub_.not_durable = trusted ? "" : std::move(why);
    if (*hub_.not_durable != before) beat_at_ = hub_.now;
  });
}

void Broker::OnHint(const std::string& hint) {
  // "lane <stage> <model>", "out", "ensembles", "cancel <case>"; others are for the aggregators.
  const std::size_t space = hint.find(' ');
  const std::string_view word = std::string_view(hint).substr(0, space);
  if (word == "out") return client_desk_.OnPublished();
  if (word == "ensembles") return ReadBoard();
  if (space == std::string::npos) return;
  const std::string rest = hint.substr(space + 1);
  if (word == "cancel") return worker_desk_.StopCase(rest);
  if (word != "lane") return;
  const std::size_t model = rest.find(' ');
  if (model != std::string::npos) worker_desk_.Wake(rest.substr(model + 1));
}

void Broker::Drain() {
  if (hub_.draining) return;
  LogInfo("broker_draining", {{"outstanding", redis_.outstanding()}});
  hub_.draining = true;
  drain_until_ = Now() + kDrainMax;
  due_ = TimePoint::min();
  if (redis_.up()) Beat();
  client_desk_.Drain();
}

bool Broker::drained() const {
  if (!hub_.draining) return false;
  return hub_.now >= drain_until_ ||
         (quiet_since_ != TimePoint::max() && hub_.now >= quiet_since_ + kQuiet);
}

int Broker::Run(StopSignals& signals) {
  constexpr milliseconds kLongest{60000};
  while (!drained()) {
    Turn(kLongest, signals.fd());
    const int count = signals.Count();
    if (count >= 2) {
      LogWarn("broker_stopped", {{"drained", 0}});
      return 1;
    }
    if (count == 1) Drain();
  }
  LogInfo("broker_stopped", {{"drained", 1}});
  return 0;
}

}  // namespace consilium
