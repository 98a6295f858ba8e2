#include "cli/locate.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "cli/endpoints.h"
#include "shared/bus_keys.h"
#include "shared/config.h"
#include "shared/endpoint.h"
#include "shared/text.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool IsAnyPort(const std::string& endpoint) {
  return endpoint.size() > 2 && endpoint.compare(endpoint.size() - 2, 2, ":0") == 0;
}

bool IsEndpoint(const std::string& text) {
  if (text.compare(0, 6, "ipc://") == 0) return text.size() > 6;
  if (text.compare(0, 6, "tcp://") != 0) return false;
  const std::size_t colon = text.rfind(':');
  const std::string port = text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  return colon > 6 && digits && std::stoi(port) >= 1 && std::stoi(port) <= 65535;
}

Result<std::string> RunningIn(const std::string& data) {
  const std::string file = (fs::path(data) / kEndpointsFile).string();
  auto endpoints = ReadEndpoints(file);
  if (!endpoints.ok()) {
    if (endpoints.error().code != ErrorCode::kNotFound) return endpoints.error();
    return Error{ErrorCode::kUnavailable,
                 "no cluster is running in " + data + " (no " + kEndpointsFile + " there)"};
  }
  if (endpoints->clients.empty()) return Invalid(file + ": clients: missing");
  return endpoints->clients;
}

Result<std::vector<std::string>> FindEndpoints(const ClusterOptions& options) {
  using Found = std::vector<std::string>;
  const auto checked = [](const std::string& from, const Found& endpoints) -> Result<Found> {
    for (const std::string& endpoint : endpoints) {
      if (IsEndpoint(endpoint)) continue;
      return Invalid(from + Quoted(endpoint) + ", expected tcp://HOST:PORT or ipc://PATH");
    }
    return endpoints;
  };
  const auto running_in = [](const std::string& folder) -> Result<Found> {
    auto running = RunningIn(folder);
    if (!running.ok()) return running.error();
    return Found{*running};
  };
  if (!options.brokers.empty()) return checked("--broker ", options.brokers);
  if (!options.data.empty()) return running_in(options.data);
  std::string configured = BrokerConfig().clients;
  const auto file = FindConfigFile(options.config);
  if (file) {
    auto config = LoadConfig(*file);
    if (!config.ok()) return config.error();
    const Found& addresses = config->broker.addresses;
    if (!addresses.empty()) return checked(*file + ": broker.addresses: ", addresses);
    configured = config->broker.clients;
    if (!IsAnyPort(configured)) return Found{ConnectEndpoint(configured)};
  }
  auto running = running_in(kDefaultDataFolder);
  if (running.ok()) return running;
  if (file) {
    return Invalid(*file + ": broker.clients = \"" + configured +
                   "\" leaves the port open: name the running cluster with --data");
  }
  return Found{configured};
}

// A file that is not there is a mistake of whoever names it, and no answer of a broker.
Error OfTheCommand(Error error) {
  if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kInvalid;
  return error;
}

}  // namespace

std::string ExecutableFolder() {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  return failed ? "." : self.parent_path().string();
}

Result<std::string> FindProgram(const std::string& name) {
  const std::string path = (fs::path(ExecutableFolder()) / name).string();
  if (::access(path.c_str(), X_OK) == 0) return path;
  return Error{ErrorCode::kNotFound, path + ": no such program; it belongs beside `consilium`"};
}

Result<std::string> FindShipped(const std::string& path) {
  std::vector<fs::path> places;
  if (const std::string home = Environment("CONSILIUM_HOME"); !home.empty()) {
    places.push_back(fs::path(home) / "configs");
  }
  places.push_back(fs::path(ExecutableFolder()) / "../../../configs");
  places.emplace_back("configs");
  std::string tried;
  for (const fs::path& place : places) {
    const fs::path file = (place / path).lexically_normal();
    if (IsFile(file)) return file.string();
    tried += (tried.empty() ? "" : ", ") + file.string();
  }
  return Error{ErrorCode::kNotFound, "configs/" + path + ": not found (tried " + tried +
                                         "); set CONSILIUM_HOME to the folder that holds configs/"};
}

std::optional<std::string> FindConfigFile(const std::string& flag) {
  if (!flag.empty()) return flag;
  if (IsFile(kDefaultConfigFile)) return kDefaultConfigFile;
  if (const std::string file = Environment("CONSILIUM_CONFIG"); !file.empty()) return file;
  return std::nullopt;
}

Result<BrokerAddress> FindBrokers(const ClusterOptions& options) {
  auto endpoints = FindEndpoints(options);
  if (!endpoints.ok()) return OfTheCommand(endpoints.error());
  const auto bus = LoadBusConfig(FindConfigFile(options.config).value_or(""));
  if (!bus.ok()) return OfTheCommand(bus.error());
  auto keys = ReadBusKeys(*bus);
  if (!keys.ok()) return OfTheCommand(keys.error());
  for (const std::string& endpoint : *endpoints) {
    if (keys->on()) break;
    if (auto here = CheckLoopback("broker", endpoint); !here.ok()) return here.error();
  }
  return BrokerAddress{std::move(endpoints).value(), std::move(keys).value()};
}

}  // namespace consilium
