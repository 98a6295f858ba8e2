// Configurations and cases for tests of whole clusters.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace consilium {

struct SimulatedOptions {
  int models = 5;
  int ensemble = 3;
  double latency_ms = 20;
  std::string strategy = "random";
  double deadline_s = 60;
  std::string more;           // lines for the [backend.simulated] table of every model
  std::string backend;        // lines for the [[backend]] table of every model
  std::string broker;         // lines for the [broker] table
  std::string council;        // lines for the [council] table
  bool gateway = false;       // both of its doors are open, on ports that the system chooses
  std::string gateway_lines;  // further lines of the [gateway] table
};

// Five simulated models "m1".."m5", the stronger ones first, that know the demo's vignettes.
std::string SimulatedCluster(const SimulatedOptions& options);
// [council] with the shipped medication tables; `more` are further lines of it.
std::string CouncilSection(const std::string& more = "");

// The first `count` demo vignettes as NDJSON.
std::string DemoCases(int count);
std::vector<nlohmann::json> JsonLines(const std::string& text);

}  // namespace consilium
