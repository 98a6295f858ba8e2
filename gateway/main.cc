// consilium-gateway: reads the command line and the configuration, and opens the doors.
// Exit codes: 0 stopped and drained, 2 wrong usage or configuration, 1 anything else.
#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "shared/bus_keys.h"
#include "shared/config.h"
#include "shared/endpoint.h"
#include "shared/file.h"
#include "shared/gateway_files.h"
#include "shared/health.h"
#include "shared/log.h"
#include "shared/program.h"
#include "shared/redis_address.h"
#include "shared/signals.h"
#include "shared/zmq.h"

namespace consilium {
namespace {

constexpr const char* kProgram = "consilium-gateway";

struct Flags : ProgramFlags {
  std::vector<std::string> brokers;
  std::string http;
  std::string mllp;
  std::string endpoints_file;
};

std::string EndpointsJson(const Gateway& gateway) {
  return "{\"http\":\"" + gateway.http() + "\",\"mllp\":\"" + gateway.mllp() + "\"}\n";
}

int Serve(const Flags& flags) {
  const Result<LogLevel> level = ParseLogLevel(flags.log_level);
  if (!level) return Complain(kProgram, level.error());
  Result<Config> config = LoadConfig(flags.config);
  if (!config) return Complain(kProgram, config.error());
  if (!flags.http.empty()) config->gateway.http = flags.http;
  if (!flags.mllp.empty()) config->gateway.mllp = flags.mllp;
  if (const Status safe = CheckGateway(*config); !safe) return Complain(kProgram, safe.error());
  if (const Status files = CheckGatewayFiles(*config); !files) {
    return Complain(kProgram, files.error());
  }
  Result<RedisAddress> redis = RedisAddressOf(config->redis);
  if (!redis) return Complain(kProgram, redis.error());

  StopSignals signals;  // before any thread exists
  StartLog(kProgram, *level);
  BrokerAddress brokers;
  brokers.endpoints = flags.brokers.empty() ? config->broker.addresses : flags.brokers;
  if (brokers.endpoints.empty())
    brokers.endpoints.push_back(ConnectEndpoint(config->broker.clients));
  Result<BusKeys> keys = ReadBusKeys(config->bus);
  if (!keys) return Complain(kProgram, keys.error());
  brokers.keys = std::move(*keys);
  ZmqContext context;
  Gateway gateway(std::move(*config), std::move(brokers), std::move(*redis), context);
  if (const Status opened = gateway.Open(); !opened) {
    return Complain(kProgram, opened.error(),
                    opened.error().code == ErrorCode::kUnavailable ? kFailed : kUsage);
  }
  if (!flags.endpoints_file.empty()) {
    const Status written = WriteFileAtomically(flags.endpoints_file, EndpointsJson(gateway));
    if (!written) return Complain(kProgram, written.error(), kFailed);
  }
  HealthFile health(flags.health);
  return gateway.Run(signals, health);
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option(
      "--broker", flags.brokers,
      "Endpoint of a broker for clients; may be repeated; default: broker.addresses, else "
      "broker.clients");
  app.add_option("--http", flags.http, "Where HTTP listens, instead of gateway.http");
  app.add_option("--mllp", flags.mllp, "Where HL7 v2 listens, instead of gateway.mllp");
  app.add_option("--endpoints-file", flags.endpoints_file,
                 "Where to write both endpoints as JSON once they are bound");
}

constexpr const char* kAbout =
    "The doors of a Consilium cluster: HL7 v2, FHIR, CDS Hooks and a JSON API.";

}  // namespace
}  // namespace consilium

int main(int argc, char** argv) {
  using namespace consilium;
  Flags flags;
  return RunProgram(
      argc, argv, kProgram, kAbout, flags, [&](CLI::App& app) { AddFlags(app, flags); },
      [&] { return Serve(flags); });
}
