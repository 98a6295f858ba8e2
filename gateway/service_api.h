// /healthz, /readyz, /metrics, /openapi.json: what those who run the gateway ask. Threads: the
// loop's.
#pragma once

#include <functional>
#include <string>

#include "gateway/metrics.h"
#include "gateway/net/http_server.h"

namespace consilium {

// `trouble`: why cases are not taken now, "" = they are. `refresh`: called before metrics are read.
void AddServiceApi(HttpServer& server, Metrics& metrics, std::function<std::string()> trouble,
                   std::function<void()> refresh);

}  // namespace consilium
