// consilium-broker: reads the command line and the configuration, and runs the broker.
// Exit codes: 0 stopped and drained, 2 wrong usage or configuration, 1 anything else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "broker/broker.h"
#include "shared/config.h"
#include "shared/file.h"
#include "shared/health.h"
#include "shared/log.h"
#include "shared/redis_address.h"
#include "shared/signals.h"
#include "shared/zmq.h"

namespace consilium {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int Complain(const Error& error, int code) {
  std::fprintf(stderr, "consilium-broker: %s\n", error.text.c_str());
  return code;
}

struct Flags {
  std::string config;
  std::string clients;
  std::string workers;
  std::string endpoints_file;
  std::string health;
  std::string log_level = "info";
};

int Serve(const Flags& flags) {
  const Result<LogLevel> level = ParseLogLevel(flags.log_level);
  if (!level) return Complain(level.error(), kUsage);
  Result<Config> config = LoadConfig(flags.config);
  if (!config) return Complain(config.error(), kUsage);
  if (!flags.clients.empty()) config->broker.clients = flags.clients;
  if (!flags.workers.empty()) config->broker.workers = flags.workers;
  const auto redis = RedisAddressesOf(config->redis);
  if (!redis) return Complain(redis.error(), kUsage);

  StopSignals signals;  // before any thread exists
  StartLog("consilium-broker", *level);
  ZmqContext context;
  Broker broker(std::move(*config), *redis, context);
  if (const Status bound = broker.Bind(); !bound) {
    return Complain(bound.error(), bound.error().code == ErrorCode::kInvalid ? kUsage : kFailed);
  }
  if (!flags.endpoints_file.empty()) {
    const Status written = WriteFileAtomically(
        flags.endpoints_file,
        "{\"clients\":\"" + broker.clients() + "\",\"workers\":\"" + broker.workers() + "\"}\n");
    if (!written) return Complain(written.error(), kFailed);
  }
  HealthFile health(flags.health);
  return broker.Run(signals, health);
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app{"The queue of a Consilium cluster: accepts cases, feeds workers.",
               "consilium-broker"};
  app.add_option("--config", flags.config, "Configuration of the cluster (TOML)")->required();
  app.add_option("--clients", flags.clients, "Endpoint for clients, instead of broker.clients");
  app.add_option("--workers", flags.workers, "Endpoint for workers, instead of broker.workers");
  app.add_option("--endpoints-file", flags.endpoints_file,
                 "Where to write both endpoints as JSON once they are bound");
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
