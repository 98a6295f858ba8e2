// consilium-aggregator: see aggregator.h.
#include <string>
#include <utility>

#include "aggregator/aggregator.h"
#include "shared/program.h"
#include "shared/redis_address.h"

namespace consilium {
namespace {

constexpr const char* kProgram = "consilium-aggregator";

int Serve(const ProgramFlags& flags) {
  const auto level = ParseLogLevel(flags.log_level);
  if (!level) return Complain(kProgram, level.error());
  const auto config = LoadConfig(flags.config);
  if (!config) return Complain(kProgram, config.error());
  const auto redis = RedisAddressesOf(config->redis);
  if (!redis) return Complain(kProgram, redis.error());
  auto medications = MedicationTable::Load(config->council.medications);
  if (!medications) return Complain(kProgram, medications.error());
  auto safety = SafetyTables::Load(config->council.medications, *medications);
  if (!safety) return Complain(kProgram, safety.error());

  StopSignals stop;  // before any thread exists
  StartLog(kProgram, *level);
  HealthFile health(flags.health);
  Aggregator(*config, *redis, std::move(*medications), std::move(*safety)).Run(stop, health);
  return 0;
}

constexpr const char* kAbout =
    "Turns answers and grades into recommendations: quorum, review round, consensus, safety "
    "screen, decision, "
    "history. Any number may run beside each other.";

}  // namespace
}  // namespace consilium

int main(int argc, char** argv) {
  using namespace consilium;
  ProgramFlags flags;
  return RunProgram(
      argc, argv, kProgram, kAbout, flags, [](CLI::App&) {}, [&] { return Serve(flags); });
}
