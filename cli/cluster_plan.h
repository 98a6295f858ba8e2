// Which processes a local cluster has, how they are started and when a dead one starts again. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/process.h"
#include "shared/clock.h"
#include "shared/config.h"

namespace consilium {

// Started in this order, each when the ones before it are ready; stopped in the opposite order.
enum class Part { kRedis, kBroker, kRest, kGateway };

struct ChildPlan {
  Part part = Part::kRest;
  // "redis", "broker", "aggregator", "worker:<model>", "gateway"; of endpoints.json
  std::string name;
  std::string log_name;  // unique among the children
  ProcessSpec process;   // `log` is set by whoever starts it
};

struct PlanInput {
  Config config;
  std::string config_file;                 // absolute
  std::string programs;                    // folder of our executables
  std::string redis_program;               // "" = a Redis is configured, none is run
  std::vector<std::string> redis_sockets;  // of the private ones, one a shard
  std::string data;                        // absolute
  std::string endpoints_file;              // where the broker says what it is bound to
  std::string gateway_file;                // where the gateway does
};

// A door is open, so there is one.
bool HasGateway(const Config& config);

// Where the private Redis of a shard keeps its data.
std::string RedisFolder(const std::string& data, std::size_t shard);

// Without the broker's endpoints, which are only known once it is bound.
std::vector<ChildPlan> PlanCluster(const PlanInput& input);
// Workers and gateways connect to, and a restarted broker binds, what the first broker chose.
void UseEndpoints(const std::string& clients, const std::string& workers,
                  std::vector<ChildPlan>& children);
// A restarted gateway listens where the first one did; "" = that door is closed.
void UseDoors(const std::string& http, const std::string& mllp, std::vector<ChildPlan>& children);

// One of our programs ended with the code that means so: another start would say the same.
bool RefusesItsConfiguration(Part part, int wait_status);

// The pause before a dead child starts again: 100 ms, twice as long with every death that follows a
// life of less than 10 s, at most 5 s.
class RestartDelay {
 public:
  static constexpr milliseconds kFirst{100};
  static constexpr milliseconds kMost{5000};
  static constexpr std::chrono::seconds kStable{10};

  milliseconds OnDeath(TimePoint started, TimePoint died);

 private:
  milliseconds next_ = kFirst;
};

}  // namespace consilium
