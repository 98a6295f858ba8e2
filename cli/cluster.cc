#include "cli/cluster.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <system_error>

#include "cli/files.h"
#include "cli/locate.h"
#include "shared/bus_keys.h"
#include "shared/endpoint.h"
#include "shared/gateway_files.h"
#include "shared/redis.h"
#include "shared/redis_address.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kLook{50};   // how often children are looked after
constexpr milliseconds kAsk{1000};  // how long a question to a starting part may take
constexpr std::chrono::seconds kLogsPause{10};
constexpr std::uintmax_t kLogBytesMax = 32u << 20;
constexpr std::size_t kTailLines = 8;
constexpr Part kStopOrder[] = {Part::kGateway, Part::kRest, Part::kBroker, Part::kRedis};

// True: a stop signal is waiting.
bool WaitForSignal(StopSignals& stop, milliseconds time) {
  std::array<pollfd, 1> polled{{{stop.fd(), POLLIN, 0}}};
  ::poll(polled.data(), polled.size(), static_cast<int>(time.count()));
  return (polled[0].revents & POLLIN) != 0;
}

}  // namespace

Result<std::unique_ptr<Cluster>> Cluster::Open(const std::string& config_file,
                                               const std::string& data, Say say) {
  auto config = LoadConfig(config_file);
  if (!config.ok()) return config.error();
  if (auto files = CheckGatewayFiles(*config); !files.ok()) return files.error();
  auto folder = DataFolder::Open(data);
  if (!folder.ok()) return folder.error();
  std::unique_ptr<Cluster> cluster(
      new Cluster(std::move(config).value(), std::move(folder).value(), std::move(say)));
  if (auto planned = cluster->Plan(config_file); !planned.ok()) return planned.error();
  return cluster;
}

Cluster::Cluster(Config config, DataFolder folder, Say say)
    : config_(std::move(config)), folder_(std::move(folder)), say_(std::move(say)) {}

Cluster::~Cluster() {
  for (const Part part : kStopOrder) Signal(part, SIGKILL);
}

Status Cluster::Plan(const std::string& config_file) {
  PlanInput input;
  input.config = config_;
  std::error_code failed;
  input.config_file = fs::absolute(config_file, failed).string();
  input.programs = ExecutableFolder();
  std::vector<const char*> programs = {"consilium-broker", "consilium-worker",
                                       "consilium-aggregator"};
  if (HasGateway(config_)) programs.push_back("consilium-gateway");
  for (const char* name : programs) {
    if (auto found = FindProgram(name); !found.ok()) return found.error();
  }
  redis_url_ = config_.redis.url;
  if (redis_url_.empty()) {
    auto program = FindInPath("redis-server");
    if (!program.ok()) {
      return Error{ErrorCode::kNotFound,
                   program.error().text + "; install it, or set redis.url to a running one"};
    }
    input.redis_program = *program;
    for (std::size_t shard = 0; shard < static_cast<std::size_t>(config_.redis.shards); ++shard) {
      auto socket = folder_.RedisSocket(shard);
      if (!socket.ok()) return socket.error();
      const std::string redis_folder = RedisFolder(folder_.path(), shard);
      fs::create_directory(redis_folder, failed);
      if (failed) {
        return Error{ErrorCode::kUnavailable, redis_folder + ": cannot make: " + failed.message()};
      }
      redis_url_ += (shard == 0 ? "unix:" : " unix:") + *socket;
      input.redis_sockets.push_back(std::move(*socket));
    }
  }
  input.data = folder_.path();
  input.endpoints_file = broker_file_ = folder_.File("broker.json");
  input.gateway_file = gateway_file_ = folder_.File("gateway.json");
  for (ChildPlan& plan : PlanCluster(input)) {
    Child child;
    child.plan = std::move(plan);
    child.plan.process.log = folder_.LogFile(child.plan.log_name);
    children_.push_back(std::move(child));
  }
  return Ok();
}

void Cluster::Want(Part part) {
  const TimePoint now = Now();
  for (Child& child : children_) {
    if (child.plan.part != part) continue;
    child.wanted = true;
    child.start_at = now;
  }
  Tick(now);
}

void Cluster::StartChild(Child& child, TimePoint now) {
  const auto pid = Spawn(child.plan.process);
  child.started = now;
  if (!pid.ok()) {
    ++child.deaths;
    const milliseconds delay = child.delay.OnDeath(now, now);
    child.start_at = now + delay;
    say_(child.plan.name + " cannot start: " + pid.error().text);
    return;
  }
  child.pid = *pid;
  say_(child.plan.name + (child.deaths > 0 ? " restarted" : " started") + " (pid " +
       std::to_string(child.pid) + ")");
}

void Cluster::Tick(TimePoint now) {
  bool changed = false;
  for (Child& child : children_) {
    if (child.pid > 0) {
      const auto end = Reap(child.pid);
      if (end) {
        const bool expected = stopping_;
        const std::string who = child.plan.name + " (pid " + std::to_string(child.pid) +
                                ") ended: " + DescribeEnd(*end);
        child.pid = -1;
        child.last_end = *end;
        changed = true;
        if (expected) {
          say_(who);
        } else {
          ++child.deaths;
          const milliseconds delay = child.delay.OnDeath(child.started, now);
          child.start_at = now + delay;
          say_(who + "; starts again in " + std::to_string(delay.count()) + " ms");
        }
      }
    }
    if (child.pid < 0 && child.wanted && !stopping_ && child.start_at <= now) {
      StartChild(child, now);
      changed = true;
    }
  }
  if (changed) SaveEndpoints();
  BoundLogs(now);
}

void Cluster::SaveEndpoints() {
  endpoints_.redis = redis_url_;
  endpoints_.pids.clear();
  for (const Child& child : children_) {
    if (child.pid > 0) endpoints_.pids[child.plan.name].push_back(child.pid);
  }
  // Clients must not find a broker here that was never bound.
  if (endpoints_.clients.empty()) return;
  if (auto written = WriteEndpoints(endpoints_, EndpointsFile()); !written.ok()) {
    say_(written.error().text);
  }
}

// A child appends to its log for as long as it lives, so an overlong one is copied aside and
// emptied.
void Cluster::BoundLogs(TimePoint now) {
  if (now - logs_checked_ < kLogsPause) return;
  logs_checked_ = now;
  for (const Child& child : children_) {
    const fs::path log = child.plan.process.log;
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(log, failed);
    if (failed || size <= kLogBytesMax) continue;
    fs::copy_file(log, log.string() + ".1", fs::copy_options::overwrite_existing, failed);
    fs::resize_file(log, 0, failed);
  }
}

std::string Cluster::LogsOf(const Child& child) const {
  const std::string tail = TailOfFile(child.plan.process.log, kTailLines);
  return "the last lines of " + child.plan.process.log + ":\n" + (tail.empty() ? "(empty)" : tail);
}

std::optional<Status> Cluster::Await(StopSignals& stop, TimePoint deadline, const std::string& what,
                                     const std::function<bool()>& ready) {
  waiting_for_ = what;
  while (true) {
    const TimePoint now = Now();
    Tick(now);
    if (ready()) return Ok();
    for (const Child& child : children_) {
      if (child.pid < 0 && child.deaths > 0 &&
          RefusesItsConfiguration(child.plan.part, child.last_end)) {
        return Status(Invalid(child.plan.name + " refuses its configuration (" +
                              DescribeEnd(child.last_end) + "); " + LogsOf(child)));
      }
      if (child.deaths < kEarlyDeathsMax) continue;
      return Status(Error{ErrorCode::kUnavailable, child.plan.name + " does not come up (" +
                                                       DescribeEnd(child.last_end) + "); " +
                                                       LogsOf(child)});
    }
    if (now >= deadline) {
      std::string text =
          "not ready within " + std::to_string(kReadyWithin.count()) + " s: " + waiting_for_;
      for (const Child& child : children_) {
        if (child.plan.name == what) text += "; " + LogsOf(child);
      }
      return Status(Error{ErrorCode::kTimeout, text});
    }
    if (WaitForSignal(stop, kLook)) return std::nullopt;
  }
}

bool Cluster::RedisAnswers() {
  RedisConfig config = config_.redis;
  config.url = redis_url_;
  const auto addresses = RedisAddressesOf(config);
  if (!addresses.ok()) return false;
  return std::all_of(addresses->begin(), addresses->end(), [](const RedisAddress& address) {
    RedisConnection redis(address, {});
    const auto pong = redis.Call({"PING"}, kAsk);
    return pong.ok() && pong->text == "PONG";
  });
}

bool Cluster::BrokerIsBound() {
  const auto bound = ReadEndpoints(broker_file_);
  if (!bound.ok() || bound->clients.empty() || bound->workers.empty()) return false;
  endpoints_.clients = ConnectEndpoint(bound->clients);
  endpoints_.workers = ConnectEndpoint(bound->workers);
  std::vector<ChildPlan> plans;
  for (const Child& child : children_) plans.push_back(child.plan);
  UseEndpoints(bound->clients, bound->workers, plans);
  for (std::size_t i = 0; i < plans.size(); ++i) children_[i].plan = std::move(plans[i]);
  return true;
}

bool Cluster::DoorsAreOpen() {
  if (!HasGateway(config_)) return true;
  const auto bound = ReadEndpoints(gateway_file_);
  if (!bound.ok() || (bound->http.empty() && bound->mllp.empty())) return false;
  endpoints_.http = bound->http;
  endpoints_.mllp = bound->mllp;
  std::vector<ChildPlan> plans;
  for (const Child& child : children_) plans.push_back(child.plan);
  UseDoors(bound->http, bound->mllp, plans);
  for (std::size_t i = 0; i < plans.size(); ++i) children_[i].plan = std::move(plans[i]);
  SaveEndpoints();
  return true;
}

bool Cluster::AllAnswer(Client& client) {
  const TimePoint now = Now();
  if (status_request_.empty()) {
    status_request_ = client.Ask(StatusRequest{}, now, now + kAsk);
  }
  for (const Client::Reply& reply : client.Step(now)) {
    if (reply.request != status_request_) continue;
    status_request_.clear();
    if (!reply.frame.ok()) {
      waiting_for_ = "the broker answers: " + reply.frame.error().text;
      continue;
    }
    const auto status = ReadReply<StatusReply>(*reply.frame);
    if (!status.ok()) {
      waiting_for_ = "the broker's status cannot be read: " + status.error().text;
      continue;
    }
    std::map<std::string, std::int64_t> connected;
    for (const WorkerStatus& worker : status->workers) {
      if (worker.broker == status->broker) ++connected[worker.model];
    }
    waiting_for_.clear();
    if (!status->accepting) waiting_for_ = "the broker does not accept: " + status->reason;
    if (status->aggregators.empty()) waiting_for_ = "no sign of life of the aggregator";
    for (const BackendConfig& backend : config_.backends) {
      const std::int64_t missing = backend.workers - connected[backend.model];
      if (missing > 0) waiting_for_ = "no worker for model " + backend.model + " has connected";
    }
    if (waiting_for_.empty()) return true;
  }
  return false;
}

std::optional<Status> Cluster::Start(StopSignals& stop) {
  const TimePoint deadline = Now() + kReadyWithin;
  std::error_code ignored;
  fs::remove(EndpointsFile(), ignored);
  fs::remove(broker_file_, ignored);
  fs::remove(gateway_file_, ignored);
  Want(Part::kRedis);
  auto step = Await(stop, deadline, "redis", [this] { return RedisAnswers(); });
  if (!step || !step->ok()) return step;
  Want(Part::kBroker);
  step = Await(stop, deadline, "broker", [this] { return BrokerIsBound(); });
  if (!step || !step->ok()) return step;
  Want(Part::kRest);
  const auto keys = ReadBusKeys(config_.bus);
  if (!keys.ok()) return Status(keys.error());
  ZmqContext context;
  Client client(context, BrokerAddress{{endpoints_.clients}, *keys});
  step = Await(stop, deadline, "broker", [this, &client] { return AllAnswer(client); });
  if (!step || !step->ok()) return step;
  Want(Part::kGateway);
  return Await(stop, deadline, "gateway", [this] { return DoorsAreOpen(); });
}

void Cluster::Run(StopSignals& stop) {
  while (!WaitForSignal(stop, kLook)) Tick(Now());
}

bool Cluster::Signal(Part part, int signal) {
  bool any = false;
  for (const Child& child : children_) {
    if (child.plan.part != part || child.pid <= 0) continue;
    any = true;
    if (signal != 0) ::kill(child.pid, signal);
  }
  return any;
}

void Cluster::StopPart(Part part, StopSignals& stop) {
  const TimePoint deadline = Now() + kDrainWithin;
  Signal(part, hurry_ ? SIGKILL : SIGTERM);
  bool killed = hurry_;
  while (Signal(part, 0)) {
    // A second signal of the person who waits.
    if (WaitForSignal(stop, milliseconds(10)) && stop.Count() > 1) hurry_ = true;
    const TimePoint now = Now();
    Tick(now);
    if (!killed && (hurry_ || now >= deadline)) {
      for (const Child& child : children_) {
        if (child.plan.part == part && child.pid > 0) {
          say_(child.plan.name + (hurry_ ? " is killed" : " does not stop and is killed"));
        }
      }
      Signal(part, SIGKILL);
      killed = true;
    }
  }
}

void Cluster::Stop(StopSignals& stop) {
  stop.Count();
  stopping_ = true;
  for (const Part part : kStopOrder) StopPart(part, stop);
  std::error_code ignored;
  fs::remove(EndpointsFile(), ignored);
  fs::remove(broker_file_, ignored);
  fs::remove(gateway_file_, ignored);
  if (!config_.redis.url.empty()) return;
  for (std::size_t shard = 0; shard < static_cast<std::size_t>(config_.redis.shards); ++shard) {
    folder_.RemoveRedisSocket(shard);
  }
}

}  // namespace consilium
