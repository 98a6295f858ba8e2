#include "cli/endpoints.h"

#include <nlohmann/json.hpp>

#include "cli/files.h"

namespace consilium {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

}  // namespace

std::string EndpointsToJson(const Endpoints& endpoints) {
  nlohmann::ordered_json json{{"clients", endpoints.clients},
                              {"workers", endpoints.workers},
                              {"redis", endpoints.redis}};
  if (!endpoints.http.empty()) json["http"] = endpoints.http;
  if (!endpoints.mllp.empty()) json["mllp"] = endpoints.mllp;
  json["pids"] = endpoints.pids;
  return json.dump(2) + "\n";
}

Result<Endpoints> EndpointsFromJson(std::string_view text, const std::string& file) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Invalid(file + ": expected a JSON object");
  Endpoints endpoints;
  const auto read_text = [&json](const char* key, std::string& value) {
    const auto found = json.find(key);
    if (found == json.end()) return true;
    if (!found->is_string()) return false;
    value = found->get<std::string>();
    return true;
  };
  if (!read_text("clients", endpoints.clients)) return Invalid(file + ": clients: expected text");
  if (!read_text("workers", endpoints.workers)) return Invalid(file + ": workers: expected text");
  if (!read_text("redis", endpoints.redis)) return Invalid(file + ": redis: expected text");
  if (!read_text("http", endpoints.http)) return Invalid(file + ": http: expected text");
  if (!read_text("mllp", endpoints.mllp)) return Invalid(file + ": mllp: expected text");
  const auto pids = json.find("pids");
  if (pids == json.end()) return endpoints;
  if (!pids->is_object()) return Invalid(file + ": pids: expected an object");
  const std::string where = file + ": pids.";
  for (const auto& [name, list] : pids->items()) {
    std::string field = where;
    field += name;
    if (!list.is_array()) return Invalid(field + ": expected an array");
    for (const auto& pid : list) {
      if (!pid.is_number_integer()) {
        return Invalid(field + ": expected process ids");
      }
      endpoints.pids[name].push_back(pid.get<std::int64_t>());
    }
  }
  return endpoints;
}

Status WriteEndpoints(const Endpoints& endpoints, const std::string& file) {
  return WriteFileAtomically(file, EndpointsToJson(endpoints));
}

Result<Endpoints> ReadEndpoints(const std::string& file) {
  auto text = ReadFile(file, kFileBytesMax);
  if (!text.ok()) return text.error();
  return EndpointsFromJson(*text, file);
}

}  // namespace consilium
