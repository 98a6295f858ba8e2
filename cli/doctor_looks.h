// What `consilium doctor` looks at besides the backends: Redis, a running broker, tables, the
// gateway, programs.
// Each asks with a time limit and says what it found; the judgement is in diagnosis.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/diagnosis.h"
#include "shared/config.h"
#include "shared/signals.h"

namespace consilium {

struct RedisLook {
  std::vector<Checked> checks;
  std::string url;  // of those whose first shard answers; "" = it does not
};
// The configured one; without one the private Redis of a cluster that runs in the folder `data`,
// else the program that `consilium up` would run.
RedisLook LookAtRedis(const RedisConfig& config, const std::string& data);

// `data`: as --data, "" = not given. Empty when a stop signal came.
std::optional<std::vector<Checked>> LookAtBroker(const Config& config, const std::string& data,
                                                 StopSignals& stop);

Checked LookAtMedications(const std::string& folder);

// Doors, files and partners of [gateway]; one line when no door is to be open. `data` as above.
std::vector<Checked> LookAtGateway(const Config& config, const std::string& data);

// The programs of a cluster that do not stand beside this one.
std::vector<Checked> LookForPrograms(const Config& config);

}  // namespace consilium
