// Where things are: the programs beside this one, the shipped configuration, the broker to talk to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/client.h"
#include "shared/result.h"

namespace consilium {

inline constexpr const char* kDefaultDataFolder = "data/consilium";
inline constexpr const char* kDefaultConfigFile = "consilium.toml";

// The folder of this executable. The other programs of the same build stand beside it.
std::string ExecutableFolder();
// kNotFound names the path that was tried.
Result<std::string> FindProgram(const std::string& name);

// A shipped file, e.g. "demo/cluster.toml": in $CONSILIUM_HOME/configs, else in configs/ of the
// tree this executable was built in (../../../configs), else in ./configs. kNotFound lists all
// three.
Result<std::string> FindShipped(const std::string& path);

// How a command is told which cluster to use.
struct ClusterOptions {
  std::string config;                // --config; "" = not given
  std::vector<std::string> brokers;  // --broker, in the order to try them
  std::string data;                  // --data
};

// --config, else ./consilium.toml if there is one, else $CONSILIUM_CONFIG; empty when there is
// none.
std::optional<std::string> FindConfigFile(const std::string& flag);

// The endpoints for clients, at least one: --broker (kInvalid unless tcp://HOST:PORT or
// ipc://PATH); else the running cluster in --data; else broker.addresses of the configuration, or
// its broker.clients; with neither, the running cluster in ./data/consilium or the default
// endpoint. A configured port 0 is only known to the running cluster, so it is looked up there. The
// keys are those of [bus] in the configuration that FindConfigFile() finds, or in the environment;
// kInvalid when there are none and an endpoint is beyond this machine.
Result<BrokerAddress> FindBrokers(const ClusterOptions& options);

}  // namespace consilium
