// consilium-broker: reads the command line and the configuration, and runs the broker.
// Exit codes: 0 stopped and drained, 2 wrong usage or configuration, 1 anything else.
#include <CLI/CLI.hpp>
#include <string>

#include "broker/broker.h"
#include "shared/config.h"
#include "shared/file.h"
#include "shared/health.h"
#include "shared/log.h"
#include "shared/program.h"
#include "shared/redis_address.h"
#include "shared/signals.h"
#include "shared/zmq.h"

namespace consilium {
namespace {

constexpr const char* kProgram = "consilium-broker";

struct Flags : ProgramFlags {
  std::string clients;
  std::string workers;
  std::string endpoints_file;
};

int Serve(const Flags& flags) {
  const Result<LogLevel> level = ParseLogLevel(flags.log_level);
  if (!level) return Complain(kProgram, level.error());
  Result<Config> config = LoadConfig(flags.config);
  if (!config) return Complain(kProgram, config.error());
  if (!flags.clients.empty()) config->broker.clients = flags.clients;
  if (!flags.workers.empty()) config->broker.workers = flags.workers;
  const auto redis = RedisAddressesOf(config->redis);
  if (!redis) return Complain(kProgram, redis.error());

  StopSignals signals;  // before any thread exists
  StartLog(kProgram, *level);
  ZmqContext context;
  Broker broker(std::move(*config), *redis, context);
  if (const Status bound = broker.Bind(); !bound) {
    return Complain(kProgram, bound.error(),
                    bound.error().code == ErrorCode::kInvalid ? kUsage : kFailed);
  }
  if (!flags.endpoints_file.empty()) {
    const Status written = WriteFileAtomically(
        flags.endpoints_file,
        "{\"clients\":\"" + broker.clients() + "\",\"workers\":\"" + broker.workers() + "\"}\n");
    if (!written) return Complain(kProgram, written.error(), kFailed);
  }
  HealthFile health(flags.health);
  return broker.Run(signals, health);
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--clients", flags.clients, "Endpoint for clients, instead of broker.clients");
  app.add_option("--workers", flags.workers, "Endpoint for workers, instead of broker.workers");
  app.add_option("--endpoints-file", flags.endpoints_file,
                 "Where to write both endpoints as JSON once they are bound");
}

constexpr const char* kAbout = "The queue of a Consilium cluster: accepts cases, feeds workers.";

}  // namespace
}  // namespace consilium

int main(int argc, char** argv) {
  using namespace consilium;
  Flags flags;
  return RunProgram(
      argc, argv, kProgram, kAbout, flags, [&](CLI::App& app) { AddFlags(app, flags); },
      [&] { return Serve(flags); });
}
