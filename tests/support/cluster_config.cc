#include "tests/support/cluster_config.h"

#include <fstream>
#include <sstream>

namespace consilium {
namespace {

constexpr const char* kConfigs = CONSILIUM_SOURCE_DIR "/configs";

}  // namespace

std::string CouncilSection(const std::string& more) {
  return std::string("[council]\nmedications = \"") + kConfigs + "/medications\"\n" + more + "\n";
}

std::string SimulatedCluster(const SimulatedOptions& options) {
  std::ostringstream toml;
  toml << "[broker]\n"
       << options.broker << "\n"
       << "[ensemble]\nstrategy = \"" << options.strategy << "\"\nsize = " << options.ensemble
       << "\n"
       << CouncilSection("deadline_s = " + std::to_string(options.deadline_s) + "\n" +
                         options.council);
  if (options.gateway) {
    toml << "[gateway]\nhttp = \"tcp://127.0.0.1:0\"\nmllp = \"tcp://127.0.0.1:0\"\n"
         << options.gateway_lines << "\n";
  }
  for (int m = 1; m <= options.models; ++m) {
    toml << "[[backend]]\nmodel = \"m" << m << "\"\nprovider = \"simulated\"\nplacement = \""
         << (m % 2 == 0 ? "remote" : "local") << "\"\nconcurrency = 8\n"
         << options.backend << "[backend.simulated]\nknowledge = \"" << kConfigs
         << "/demo/vignettes.jsonl\"\nseed = " << m
         << "\nlatency_ms_median = " << options.latency_ms
         << "\nskill = { default = " << 1.0 - 0.08 * m << " }\n"
         << options.more << "\n";
  }
  return toml.str();
}

std::string DemoCases(int count) {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/configs/demo/vignettes.jsonl");
  std::string cases;
  std::string line;
  for (int i = 0; i < count && std::getline(file, line); ++i) cases += line + "\n";
  return cases;
}

std::vector<nlohmann::json> JsonLines(const std::string& text) {
  std::vector<nlohmann::json> items;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) items.push_back(nlohmann::json::parse(line));
  }
  return items;
}

}  // namespace consilium
