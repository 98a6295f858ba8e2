// consilium-aggregator: see aggregator.h.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <utility>

#include "aggregator/aggregator.h"
#include "shared/redis_address.h"

namespace consilium {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int Complain(const Error& error) {
  std::fprintf(stderr, "consilium-aggregator: %s\n", error.text.c_str());
  return kUsage;
}

struct Flags {
  std::string config;
  std::string health;
  std::string log_level = "info";
};

int Serve(const Flags& flags) {
  const auto level = ParseLogLevel(flags.log_level);
  if (!level) return Complain(level.error());
  const auto config = LoadConfig(flags.config);
  if (!config) return Complain(config.error());
  const auto redis = RedisAddressesOf(config->redis);
  if (!redis) return Complain(redis.error());
  auto medications = MedicationTable::Load(config->council.medications);
  if (!medications) return Complain(medications.error());
  auto safety = SafetyTables::Load(config->council.medications, *medications);
  if (!safety) return Complain(safety.error());

  StopSignals stop;  // before any thread exists
  StartLog("consilium-aggregator", *level);
  HealthFile health(flags.health);
  Aggregator(*config, *redis, std::move(*medications), std::move(*safety)).Run(stop, health);
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app{
      "Turns answers and grades into recommendations: quorum, review round, consensus, safety "
      "screen, decision, "
      "history. Any number may run beside each other.",
      "consilium-aggregator"};
  app.add_option("--config", flags.config, "Configuration of the cluster (TOML)")->required();
  app.add_option("--health", flags.health,
                 "File to write every second for `consilium health`; default: none");
  app.add_option("--log-level", flags.log_level, "debug, info, warn, error or off")
      ->capture_default_str();
  app.set_version_flag("--version", CONSILIUM_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return Serve(flags);
}

}  // namespace
}  // namespace consilium

int main(int argc, char** argv) {
  try {
    return consilium::Main(argc, argv);
  } catch (...) {  // only memory can run out; the supervisor starts the next one
    return consilium::kFailed;
  }
}
