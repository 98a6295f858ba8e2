#include "cli/cluster_plan.h"

#include <sys/wait.h>

#include <algorithm>
#include <string_view>

#include "cli/data_folder.h"
#include "shared/endpoint.h"
#include "shared/redis_durability.h"

namespace consilium {
namespace {

// Every write is on the disk before its reply, and memory pressure refuses instead of evicting.
std::vector<std::string> RedisArguments(const std::string& socket, const std::string& data) {
  std::vector<std::string> arguments = {
      "--port",      "0",  "--unixsocket", socket, "--unixsocketperm", "700", "--dir", data,
      "--daemonize", "no", "--databases",  "1",    "--save",           ""};
  for (const RedisSetting& setting : kDurableSettings) {
    arguments.push_back("--" + std::string(setting.name));
    arguments.emplace_back(setting.value);
  }
  // For speed: the file is rewritten seldom and without compressing, lanes and feeds have short
  // nodes (a task is taken out of the middle of one), and no histogram is kept per command.
  arguments.insert(arguments.end(),
                   {"--auto-aof-rewrite-min-size", "512mb", "--rdbcompression", "no",
                    "--stream-node-max-entries", "16", "--latency-tracking", "no"});
  return arguments;
}

void SetOption(std::vector<std::string>& arguments, const std::string& option,
               const std::string& value) {
  const auto found = std::find(arguments.begin(), arguments.end(), option);
  if (found == arguments.end()) {
    arguments.push_back(option);
    arguments.push_back(value);
  } else {
    *(found + 1) = value;
  }
}

}  // namespace

bool HasGateway(const Config& config) {
  return !config.gateway.http.empty() || !config.gateway.mllp.empty();
}

std::string RedisFolder(const std::string& data, std::size_t shard) {
  return shard == 0 ? data : data + "/redis-" + std::to_string(shard);
}

std::vector<ChildPlan> PlanCluster(const PlanInput& input) {
  std::vector<ChildPlan> children;
  std::vector<std::pair<std::string, std::string>> environment;
  if (!input.redis_program.empty()) {
    std::string urls;
    for (std::size_t shard = 0; shard < input.redis_sockets.size(); ++shard) {
      const std::string& socket = input.redis_sockets[shard];
      ChildPlan redis;
      redis.part = Part::kRedis;
      redis.name = "redis";
      redis.log_name = shard == 0 ? "redis" : "redis-" + std::to_string(shard);
      redis.process.program = input.redis_program;
      redis.process.arguments = RedisArguments(socket, RedisFolder(input.data, shard));
      children.push_back(std::move(redis));
      urls += (shard == 0 ? "unix:" : " unix:") + socket;
    }
    environment.emplace_back("CONSILIUM_REDIS_URL", urls);
  }
  const auto ours = [&](Part part, const std::string& name, const std::string& log_name,
                        const std::string& program, std::vector<std::string> arguments) {
    ChildPlan child;
    child.part = part;
    child.name = name;
    child.log_name = log_name;
    child.process.program = input.programs + "/" + program;
    child.process.arguments = {"--config", input.config_file};
    child.process.arguments.insert(child.process.arguments.end(), arguments.begin(),
                                   arguments.end());
    child.process.environment = environment;
    children.push_back(std::move(child));
  };
  ours(Part::kBroker, "broker", "broker", "consilium-broker",
       {"--endpoints-file", input.endpoints_file});
  ours(Part::kRest, "aggregator", "aggregator", "consilium-aggregator", {});
  for (const BackendConfig& backend : input.config.backends) {
    for (std::int64_t i = 1; i <= backend.workers; ++i) {
      const std::string name = "worker:" + backend.model;
      // Two models may differ only in characters that a file name cannot have; the count tells.
      const std::string log_name =
          FileNameOf("worker-" + backend.model) + "-" + std::to_string(children.size());
      ours(Part::kRest, name, log_name, "consilium-worker", {"--model", backend.model});
    }
  }
  if (HasGateway(input.config)) {
    ours(Part::kGateway, "gateway", "gateway", "consilium-gateway",
         {"--endpoints-file", input.gateway_file});
  }
  return children;
}

void UseEndpoints(const std::string& clients, const std::string& workers,
                  std::vector<ChildPlan>& children) {
  for (ChildPlan& child : children) {
    std::vector<std::string>& arguments = child.process.arguments;
    if (child.part == Part::kBroker) {
      SetOption(arguments, "--clients", PlainEndpoint(clients));
      SetOption(arguments, "--workers", PlainEndpoint(workers));
    } else if (child.part == Part::kRest && child.name != "aggregator") {
      SetOption(arguments, "--broker", ConnectEndpoint(workers));
    } else if (child.part == Part::kGateway) {
      SetOption(arguments, "--broker", ConnectEndpoint(clients));
    }
  }
}

void UseDoors(const std::string& http, const std::string& mllp, std::vector<ChildPlan>& children) {
  for (ChildPlan& child : children) {
    if (child.part != Part::kGateway) continue;
    if (!http.empty()) SetOption(child.process.arguments, "--http", http);
    if (!mllp.empty()) SetOption(child.process.arguments, "--mllp", mllp);
  }
}

bool RefusesItsConfiguration(Part part, int wait_status) {
  constexpr int kUsage = 2;
  return part != Part::kRedis && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == kUsage;
}

milliseconds RestartDelay::OnDeath(TimePoint started, TimePoint died) {
  if (died - started >= kStable) next_ = kFirst;
  const milliseconds delay = next_;
  next_ = std::min(next_ * 2, kMost);
  return delay;
}

}  // namespace consilium
