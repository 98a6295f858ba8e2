// consilium-worker: reads the command line and the configuration, and works for one backend of it.
// Exit codes: 0 stopped and drained, 2 wrong usage or configuration, 1 anything else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "shared/bus_keys.h"
#include "shared/config.h"
#include "shared/endpoint.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/program.h"
#include "shared/redis_address.h"
#include "shared/signals.h"
#include "shared/zmq.h"
#include "worker/backend.h"
#include "worker/check.h"
#include "worker/gate.h"
#include "worker/prompts.h"
#include "worker/worker.h"

namespace consilium {
namespace {

constexpr const char* kProgram = "consilium-worker";

struct Flags : ProgramFlags {
  std::string model;
  std::vector<std::string> brokers;
  std::string id;
  std::int64_t drain_ms = 10000;
  bool check = false;
  bool no_call = false;
  std::int64_t timeout_ms = 0;
};

Result<BackendConfig> ChooseBackend(const Config& config, const std::string& model) {
  if (const BackendConfig* backend = config.FindBackend(model)) return *backend;
  std::string known;
  for (const BackendConfig& backend : config.backends) {
    known += (known.empty() ? "" : ", ") + backend.model;
  }
  return Invalid("--backend " + model + ": not in " + config.file + ", expected one of " + known);
}

std::vector<LimitConfig> LimitsOf(const Config& config, const BackendConfig& backend) {
  std::vector<LimitConfig> limits;
  for (const LimitConfig& limit : config.limits) {
    if (std::count(backend.limits.begin(), backend.limits.end(), limit.name) > 0) {
      limits.push_back(limit);
    }
  }
  return limits;
}

int Check(const Flags& flags, const Config& config, const BackendConfig& backend, LogLevel level) {
  CheckRequest request;
  request.backend = backend;
  request.limits = LimitsOf(config, backend);
  request.redis = config.redis;
  request.config_file = flags.config;
  request.call = !flags.no_call;
  request.timeout = milliseconds(flags.timeout_ms);
  StopSignals signals;  // before any thread exists
  StartLog(kProgram, level);
  return RunCheck(request, signals);
}

int Work(const Flags& flags) {
  const Result<LogLevel> level = ParseLogLevel(flags.log_level);
  if (!level) return Complain(kProgram, level.error());
  const Result<Config> config = LoadConfig(flags.config);
  if (!config) return Complain(kProgram, config.error());
  Result<BackendConfig> chosen = ChooseBackend(*config, flags.model);
  if (!chosen) return Complain(kProgram, chosen.error());
  if (flags.check) return Check(flags, *config, *chosen, *level);
  if (const Status settled = SettlePrompts(*chosen, flags.config); !settled) {
    return Complain(kProgram, settled.error());
  }

  StopSignals signals;  // before any thread exists
  StartLog(kProgram, *level);
  std::vector<std::string> warnings;
  const Result<BusKeys> keys = ReadBusKeys(config->bus);
  if (!keys) return Complain(kProgram, keys.error());
  const Result<std::unique_ptr<Backend>> backend = MakeBackend(*chosen, warnings);
  for (const std::string& warning : warnings) {
    LogWarn("knowledge_line_skipped", {{"model", chosen->model}, {"text", warning}});
  }
  if (!backend) return Complain(kProgram, backend.error());

  WorkerOptions options;
  // Fresh even when a name is given: a broker must tell a worker from the one it replaces.
  options.id = (flags.id.empty() ? chosen->model : flags.id) + "-" + RandomHexId().substr(0, 8);
  options.backend = *chosen;
  options.brokers = flags.brokers;
  if (options.brokers.empty()) options.brokers.push_back(ConnectEndpoint(config->broker.workers));
  options.keys = *keys;
  options.drain = milliseconds(flags.drain_ms);
  options.health = flags.health;
  std::vector<LimitConfig> limits = LimitsOf(*config, *chosen);
  RedisAddress redis;
  if (!limits.empty()) {
    Result<RedisAddress> address = RedisAddressOf(config->redis);
    if (!address) return Complain(kProgram, address.error());
    redis = std::move(*address);
  }
  const std::uint64_t seed = SeededRandom(0, options.id).Next();  // the id is random
  Gate gate(*chosen, std::move(limits), redis, seed);
  ZmqContext context;
  Worker worker(std::move(options), **backend, gate, context);
  if (const Status connected = worker.Connect(); !connected)
    return Complain(kProgram, connected.error());
  return worker.Run(signals);
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--backend,--model", flags.model, "Model of the backend to work for")->required();
  app.add_option("--broker", flags.brokers,
                 "Endpoint of a broker for workers; may be repeated; a name stands for all its "
                 "addresses; default: broker.workers");
  app.add_option("--id", flags.id, "Name of this worker, shown with a random suffix");
  app.add_option("--drain-ms", flags.drain_ms,
                 "How long running calls may go on after a stop signal (milliseconds)")
      ->check(CLI::Range(0, 3600000))
      ->capture_default_str();
  CLI::Option* check =
      app.add_flag("--check", flags.check,
                   "Find out whether the backend works, by one call about a synthetic case; print "
                   "JSON and end (0 it does, 1 it does not, 2 wrong configuration)");
  app.add_flag("--no-call", flags.no_call, "With --check: everything but the call")->needs(check);
  app.add_option("--timeout-ms", flags.timeout_ms,
                 "With --check: limit of the call; default: total_ms, at most 60000")
      ->check(CLI::Range(1, 3600000))
      ->needs(check);
  app.footer(
      "The first SIGTERM or SIGINT drains: no new tasks, running calls end or are handed back.\n"
      "The second stops at once. Exit codes: 0 drained, 1 not, 2 wrong usage or configuration.");
}

constexpr const char* kAbout =
    "One model at work for a Consilium cluster: takes tasks from the brokers, asks the model, "
    "reports what came out.";

}  // namespace
}  // namespace consilium

int main(int argc, char** argv) {
  using namespace consilium;
  Flags flags;
  return RunProgram(
      argc, argv, kProgram, kAbout, flags, [&](CLI::App& app) { AddFlags(app, flags); },
      [&] { return Work(flags); });
}
