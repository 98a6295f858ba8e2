// /v1/chemistry, /v1/ensembles, /v1/trust: what the cluster has learned. Threads: the loop's.
#pragma once

#include "gateway/bus_link.h"
#include "gateway/net/http_server.h"

namespace consilium {

void AddLearnedApi(HttpServer& server, BusLink& bus);

}  // namespace consilium
