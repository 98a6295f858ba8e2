// Gates between all parts of a rig. Make them before it starts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/fault/gate.h"
#include "tests/fault/rig.h"

namespace consilium::fault {

// In front of Redis for brokers and aggregators, and of each broker's two doors.
struct Gates {
  explicit Gates(Rig& rig)
      : redis("unix:" + rig.folder().File("gate.sock"), "unix:" + rig.redis_socket(), Seed()) {
    const std::string url = "unix:" + rig.folder().File("gate.sock");
    for (const Part part : {Part::kBroker, Part::kAggregator}) {
      for (int i = 0; i < rig.Count(part); ++i) rig.ReachRedisBy(part, i, url);
    }
    std::vector<std::string> doors;
    for (int b = 0; b < rig.Count(Part::kBroker); ++b) {
      doors.push_back(Beside(rig.workers(b)));
      to_clients.push_back(Beside(rig.clients(b)));
      workers.push_back(std::make_unique<Gate>(doors.back(), rig.workers(b), Seed()));
      clients.push_back(std::make_unique<Gate>(to_clients.back(), rig.clients(b), Seed()));
    }
    for (int w = 0; w < rig.Count(Part::kWorker); ++w) rig.ReachBrokersBy(w, doors);
  }
  // The same address with a port of its own.
  static std::string Beside(const std::string& endpoint) {
    const std::size_t colon = endpoint.rfind(':');
    return endpoint.substr(0, colon + 1) +
           std::to_string(std::stoi(endpoint.substr(colon + 1)) + 100);
  }
  void SetAll(const GateWeather& weather) {
    redis.Set(weather);
    for (auto& gate : workers) gate->Set(weather);
    for (auto& gate : clients) gate->Set(weather);
  }

  Gate redis;
  std::vector<std::unique_ptr<Gate>> workers;
  std::vector<std::unique_ptr<Gate>> clients;
  std::vector<std::string> to_clients;
};

}  // namespace consilium::fault
