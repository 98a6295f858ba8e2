// consilium-gateway: reads the command line and the configuration, and opens the doors.
// Exit codes: 0 stopped and drained, 2 wrong usage or configuration, 1 anything else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "shared/bus_keys.h"
#include "shared/config.h"
#include "shared/endpoint.h"
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

struct Flags {
  std::string config;
  std::vector<std::string> brokers;
  std::string http;
  std::string mllp;
  std::string endpoints_file;
  std::string health;
  std::string log_level = "info";
};

int Complain(const Error& error, int code) {
  std::fprintf(stderr, "consilium-gateway: %s\n", error.text.c_str());
  return code;
}

std::string EndpointsJson(const Gateway& gateway) {
  return "{\"http\":\"" + gateway.http() + "\",\"mllp\":\"" + gateway.mllp() + "\"}\n";
}

int Serve(const Flags& flags) {
  const Result<LogLevel> level = ParseLogLevel(flags.log_level);
  if (!level) return Complain(level.error(), kUsage);
  Result<Config> config = LoadConfig(flags.config);
  if (!config) return Complain(config.error(), kUsage);
  if (!flags.http.empty()) config->gateway.http = flags.http;
  if (!flags.mllp.empty()) config->gateway.mllp = flags.mllp;
  if (const Status safe = CheckGateway(*config); !safe) return Complain(safe.error(), kUsage);
  Result<RedisAddress> redis = RedisAddressOf(config->redis);
  if (!redis) return Complain(redis.error(), kUsage);

  StopSignals signals;  // before any thread exists
  StartLog("consilium-gateway", *level);
  BrokerAddress brokers;
  brokers.endpoints = flags.brokers.empty() ? config->broker.addresses : flags.brokers;
  if (brokers.endpoints.empty())
    brokers.endpoints.push_back(ConnectEndpoint(config->broker.clients));
  Result<BusKeys> keys = ReadBusKeys(config->bus);
  if (!keys) return Complain(keys.error(), kUsage);
  brokers.keys = std::move(*keys);
  ZmqContext context;
  Gateway gateway(std::move(*config), std::move(brokers), std::move(*redis), context);
  if (const Status opened = gateway.Open(); !opened) {
    return Complain(opened.error(),
                    opened.error().code == ErrorCode::kUnavailable ? kFailed : kUsage);
  }
  if (!flags.endpoints_file.empty()) {
    const Status written = WriteFileAtomically(flags.endpoints_file, EndpointsJson(gateway));
    if (!written) return Complain(written.error(), kFailed);
  }
  HealthFile health(flags.health);
  return gateway.Run(signals, health);
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app{"The doors of a Consilium cluster: HL7 v2, FHIR, CDS Hooks and a JSON API.",
               "consilium-gateway"};
  app.add_option("--config", flags.config, "Configuration of the cluster (TOML)")->required();
  app.add_option(
      "--broker", flags.brokers,
      "Endpoint of a broker for clients; may be repeated; default: broker.addresses, else "
      "broker.clients");
  app.add_option("--http", flags.http, "Where HTTP listens, instead of gateway.http");
  app.add_option("--mllp", flags.mllp, "Where HL7 v2 listens, instead of gateway.mllp");
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
  } catch (const std::exception& error) {  // the supervisor starts the next one
    std::fprintf(stderr, "consilium-gateway: %s\n", error.what());
    return consilium::kFailed;
  }
}
