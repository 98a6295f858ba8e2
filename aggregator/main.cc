// consilium-aggregator: see aggregator.h.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "aggregator/aggregator.h"
#include "shared/redis_address.h"

namespace {

int Fail(const consilium::Error& error) {
  std::cerr << "consilium-aggregator: error[" << consilium::ErrorName(error.code)
            << "]: " << error.text << "\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace consilium;
  CLI::App app{
      "Turns answers and grades into recommendations: quorum, review round, consensus, safety,\n"
      "decision, history. Any number may run beside each other on one Redis."};
  std::string config_file;
  std::string level = "info";
  app.add_option("--config", config_file, "configuration of the cluster (TOML)")->required();
  app.add_option("--log-level", level, "debug, info, warn, error or off")->capture_default_str();
  app.set_version_flag("--version", CONSILIUM_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  StopSignals stop;
  const auto log_level = ParseLogLevel(level);
  if (!log_level) return Fail(log_level.error());
  StartLog("aggregator", *log_level);
  const auto config = LoadConfig(config_file);
  if (!config) return Fail(config.error());
  const auto redis = RedisAddressOf(config->redis);
  if (!redis) return Fail(redis.error());
  auto medications = MedicationTable::Load(config->council.medications);
  if (!medications) return Fail(medications.error());
  auto safety = SafetyTables::Load(config->council.medications, *medications);
  if (!safety) return Fail(safety.error());
  Aggregator(*config, *redis, std::move(*medications), std::move(*safety)).Run(stop);
  return 0;
}
