// endpoints.json of a running local cluster: where its parts listen and which processes they are.
//
// `consilium up` writes it into its data directory whenever something changes, by renaming a
// complete file over the old one, and removes it when it stops; clients and tests find the cluster
// through it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct Endpoints {
  std::string clients;  // of the broker, as a client connects to it
  std::string workers;
  std::string redis;  // URL; with several shards as redis.url has them
  std::string http;   // of the gateway, as it listens; "" = closed, and so below
  std::string mllp;
  // "redis", "broker", "aggregator", "worker:<model>", "gateway" -> process ids, in the order of their start.
  std::map<std::string, std::vector<std::int64_t>> pids;

  friend bool operator==(const Endpoints&, const Endpoints&) = default;
};

inline constexpr const char* kEndpointsFile = "endpoints.json";

std::string EndpointsToJson(const Endpoints& endpoints);
// Fields that are absent stay empty, so that the broker's own file (clients, workers) reads as
// well. `file` is used in messages.
Result<Endpoints> EndpointsFromJson(std::string_view text, const std::string& file);

Status WriteEndpoints(const Endpoints& endpoints, const std::string& file);
// kNotFound when there is no such file.
Result<Endpoints> ReadEndpoints(const std::string& file);

}  // namespace consilium
