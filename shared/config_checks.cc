// What options mean together.
#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "shared/config_options.h"
#include "shared/endpoint.h"
#include "shared/limits.h"
#include "shared/text.h"
#include "shared/tree.h"

namespace consilium {
namespace {

class Problems {
 public:
  void Add(std::string option, std::string text, bool only_if_written = false) {
    list_.push_back({std::move(option), std::move(text), only_if_written});
  }
  std::vector<ConfigProblem> Take() { return std::move(list_); }

 private:
  std::vector<ConfigProblem> list_;
};

// How many backends a strategy can choose from.
std::int64_t CountFor(const Config& config, std::string_view strategy) {
  const bool placed = strategy == "local" || strategy == "remote";
  return std::count_if(config.backends.begin(), config.backends.end(),
                       [&](const BackendConfig& b) { return !placed || b.placement == strategy; });
}

// Where something listens, in parts; port "0" is one that the system chooses.
struct Place {
  std::string host;  // "" = every address of the machine
  std::string port;  // "" = not TCP
};

Place PlaceOf(const std::string& endpoint) {
  constexpr std::string_view kTcp = "tcp://";
  const std::string plain = PlainEndpoint(endpoint);
  const std::size_t colon = plain.rfind(':');
  if (!plain.starts_with(kTcp) || colon < kTcp.size()) return {plain, ""};
  std::string host = plain.substr(kTcp.size(), colon - kTcp.size());
  if (host == "0.0.0.0" || host == "[::]" || host == "*") host = "";
  if (host == "localhost") host = "127.0.0.1";
  return {host, plain.substr(colon + 1)};
}

// Two that listen at one place: the later one would not come up.
bool Collide(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return false;
  const Place a = PlaceOf(one);
  const Place b = PlaceOf(other);
  if (a.port.empty() || b.port.empty()) return one == other;
  return a.port == b.port && a.port != "0" &&
         (a.host == b.host || a.host.empty() || b.host.empty());
}

void CheckListeners(const Config& config, Problems& problems) {
  const std::pair<std::string, const std::string&> listeners[] = {
      {"broker.clients", config.broker.clients},
      {"broker.workers", config.broker.workers},
      {"gateway.http", config.gateway.http},
      {"gateway.mllp", config.gateway.mllp}};
  for (std::size_t later = 1; later < std::size(listeners); ++later) {
    for (std::size_t first = 0; first < later; ++first) {
      const auto& [option, endpoint] = listeners[later];
      if (!Collide(listeners[first].second, endpoint)) continue;
      problems.Add(option, option + " = " + Quoted(endpoint) + ", expected another endpoint than " +
                               listeners[first].first);
      break;
    }
  }
}

void CheckBroker(const Config& config, Problems& problems) {
  if (config.council.deadline_s > config.council.deadline_s_max) {
    problems.Add("council.deadline_s",
                 "council.deadline_s = " + PlainNumber(config.council.deadline_s) +
                     ", expected at most council.deadline_s_max = " +
                     PlainNumber(config.council.deadline_s_max));
  }
}

// Without keys the bus stays on this machine.
void CheckBus(const Config& config, Problems& problems) {
  if (!config.bus.key_file.empty()) return;
  const auto check = [&](const std::string& option, const std::string& endpoint) {
    const Status loopback = CheckLoopback(option, endpoint);
    if (!loopback) problems.Add(option, loopback.error().text);
  };
  check("broker.clients", config.broker.clients);
  check("broker.workers", config.broker.workers);
}

// Beyond this machine nobody is let in unseen, and nothing travels unencrypted.
void CheckDoors(const GatewayConfig& gateway, Problems& problems) {
  const auto needs = [&](const std::string& option, const std::string& why,
                         const std::string& value) {
    if (value.empty()) problems.Add("gateway." + option, "gateway." + option + ": missing, " + why);
  };
  if (gateway.tls_cert_file.empty() != gateway.tls_key_file.empty()) {
    needs("tls_cert_file", "tls_key_file alone is of no use", gateway.tls_cert_file);
    needs("tls_key_file", "tls_cert_file alone is of no use", gateway.tls_key_file);
  }
  const auto beyond = [](const std::string& door) { return !door.empty() && !IsLoopback(door); };
  if (beyond(gateway.http)) {
    const std::string why =
        "needed by gateway.http = " + Quoted(gateway.http, 128) + ", which is beyond this machine";
    needs("tls_cert_file", why, gateway.tls_cert_file);
    needs("tokens_file", why, gateway.tokens_file);
  }
  if (beyond(gateway.mllp)) {
    const std::string why =
        "needed by gateway.mllp = " + Quoted(gateway.mllp, 128) + ", which is beyond this machine";
    needs("tls_cert_file", why, gateway.tls_cert_file);
    needs("mllp_client_ca", why, gateway.mllp_client_ca);
  }
  if (!gateway.mllp_client_ca.empty()) {
    needs("tls_cert_file", "needed by mllp_client_ca", gateway.tls_cert_file);
  }
}

// Results are clinical data; to another machine they travel encrypted.
void CheckReceiver(const GatewayConfig& gateway, Problems& problems) {
  if (gateway.receiver.empty()) return;
  const auto wrong = [&](const std::string& expected) {
    problems.Add("gateway.receiver",
                 "gateway.receiver = " + Quoted(gateway.receiver, 128) + ", expected " + expected);
  };
  const std::size_t colon = gateway.receiver.rfind(':');
  const std::string port = colon == std::string::npos ? "" : gateway.receiver.substr(colon + 1);
  if (colon == std::string::npos || colon == 0 || port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoi(port) < 1 ||
      std::stoi(port) > 65535) {
    return wrong("HOST:PORT");
  }
  if (gateway.receiver_ca_file.empty() && !IsLoopback("tcp://" + gateway.receiver)) {
    wrong("this machine, or gateway.receiver_ca_file: without TLS results stay on it");
  }
}

// A message that comes again is answered from its case, as long as there is one.
void CheckMemory(const Config& config, Problems& problems) {
  const double remember_h = config.gateway.remember_h;
  const bool has_door = !config.gateway.http.empty() || !config.gateway.mllp.empty();
  if (!has_door || remember_h <= config.council.retention_h) return;
  problems.Add(
      "gateway.remember_h",
      "gateway.remember_h = " + PlainNumber(remember_h) +
          ", expected at most council.retention_h = " + PlainNumber(config.council.retention_h) +
          ": later a message that comes again would start its case anew");
}

void CheckCases(const GatewayConfig& gateway, Problems& problems) {
  constexpr std::size_t kRulesMax = 64;
  if (gateway.cases.size() <= kRulesMax) return;
  problems.Add("gateway.cases", "gateway.cases: " + std::to_string(gateway.cases.size()) +
                                    " listed, expected at most " + std::to_string(kRulesMax));
}

void CheckPartners(const Config& config, Problems& problems) {
  std::set<std::string> known;
  for (std::size_t i = 0; i < config.sources.size(); ++i) {
    const SourceConfig& source = config.sources[i];
    const std::string place = "source[" + std::to_string(i) + "].application";
    if (source.application.empty()) problems.Add(place, "source.application: missing");
    if (!known.insert(source.application + "|" + source.facility).second) {
      problems.Add(place, "source.application = " + Quoted(source.application) +
                              " stands twice with the same facility");
    }
  }
  known.clear();
  for (std::size_t i = 0; i < config.cds_clients.size(); ++i) {
    const CdsClientConfig& client = config.cds_clients[i];
    const std::string place = "cds_client[" + std::to_string(i) + "]";
    if (client.issuer.empty()) problems.Add(place + ".issuer", "cds_client.issuer: missing");
    if (!known.insert(client.issuer).second) {
      problems.Add(place + ".issuer",
                   "cds_client.issuer = " + Quoted(client.issuer) + " stands twice");
    }
    if (client.jku.empty() == client.keys_file.empty()) {
      problems.Add(place + ".jku", "cds_client: expected one of jku and keys_file");
    }
  }
}

void CheckRedis(const RedisConfig& redis, Problems& problems) {
  const std::vector<std::string> urls = RedisUrls(redis);
  std::set<std::string_view> known;
  for (const std::string& url : urls) {
    if (!known.insert(url).second) {
      problems.Add("redis.url", "redis.url: " + Quoted(url) +
                                    " stands twice; each shard needs a Redis of its own");
    }
  }
  if (urls.size() > limits::kShardsMax) {
    problems.Add("redis.url", "redis.url: " + std::to_string(urls.size()) +
                                  " shards, expected at most " +
                                  std::to_string(limits::kShardsMax));
  }
  if (!urls.empty() && urls.size() != static_cast<std::size_t>(redis.shards)) {
    problems.Add("redis.shards",
                 "redis.shards = " + std::to_string(redis.shards) + ", but redis.url has " +
                     std::to_string(urls.size()),
                 /*only_if_written=*/true);
  }
}

void CheckEnsemble(const Config& config, Problems& problems) {
  const EnsembleConfig& ensemble = config.ensemble;
  std::set<std::string_view> named;
  for (const std::string& model : ensemble.models) {
    if (config.FindBackend(model) == nullptr) {
      problems.Add("ensemble.models", "ensemble.models: " + Quoted(model) + " has no [[backend]]");
    }
    if (!named.insert(model).second) {
      problems.Add("ensemble.models", "ensemble.models: " + Quoted(model) + " stands twice");
    }
  }
  if (ensemble.strategy == "named" && ensemble.models.empty()) {
    problems.Add("ensemble.strategy",
                 "ensemble.strategy = \"named\", expected ensemble.models to name some");
  }
  const std::int64_t count = CountFor(config, ensemble.strategy);
  constexpr auto kLearned = static_cast<std::int64_t>(limits::kBoardSizesMax);
  const bool exact = ensemble.strategy == "chemistry" || ensemble.strategy == "performance";
  if (count == 0) {
    problems.Add("ensemble.strategy", "ensemble.strategy = " + Quoted(ensemble.strategy) +
                                          ", but no [[backend]] has that placement");
  } else if (exact && ensemble.size > kLearned && count >= kLearned) {
    problems.Add("ensemble.size", "ensemble.size = " + std::to_string(ensemble.size) +
                                      ", expected at most " + std::to_string(kLearned) +
                                      ": no larger ensembles are learned for strategy " +
                                      ensemble.strategy);
  } else if (ensemble.strategy != "all" && ensemble.strategy != "named" &&
             ensemble.strategy != "single" && ensemble.size > count) {
    problems.Add("ensemble.size",
                 "ensemble.size = " + std::to_string(ensemble.size) + ", expected at most " +
                     std::to_string(count) + ": strategy " + ensemble.strategy +
                     " has no more models",
                 true);
  }
}

void CheckKinds(const CouncilConfig& council, Problems& problems) {
  constexpr std::size_t kKindsMax = 32;
  if (council.kinds.empty() || council.kinds.size() > kKindsMax) {
    problems.Add("council.kinds", "council.kinds: " + std::to_string(council.kinds.size()) +
                                      " listed, expected 1.." + std::to_string(kKindsMax));
  }
  std::set<std::string_view> seen;
  for (const std::string& kind : council.kinds) {
    if (seen.insert(kind).second) continue;
    problems.Add("council.kinds", "council.kinds: " + Quoted(kind) + " stands twice");
  }
}

// Returns the names.
std::set<std::string_view> CheckLimits(const Config& config, Problems& problems) {
  if (config.limits.size() > limits::kLimitsMax) {
    problems.Add("", std::to_string(config.limits.size()) + " times [[limit]], at most " +
                         std::to_string(limits::kLimitsMax));
  }
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.limits.size(); ++i) {
    const LimitConfig& limit = config.limits[i];
    const std::string place = "limit[" + std::to_string(i) + "]";
    if (limit.name.empty()) {
      problems.Add(place + ".name", "limit.name: missing");
    } else if (!names.insert(limit.name).second) {
      problems.Add(place + ".name",
                   "limit.name = " + Quoted(limit.name) + " stands twice, expected unique");
    }
    if (limit.requests_per_minute == 0 && limit.tokens_per_minute == 0 && limit.concurrency == 0) {
      problems.Add(place,
                   "limit: expected one at least of requests_per_minute, tokens_per_minute, "
                   "concurrency");
    }
  }
  return names;
}

void CheckLimitsOf(const BackendConfig& backend, const std::string& place,
                   const std::set<std::string_view>& known, Problems& problems) {
  std::set<std::string_view> seen;
  for (const std::string& name : backend.limits) {
    if (known.count(name) == 0) {
      problems.Add(place + ".limits", "backend.limits: " + Quoted(name) + " has no [[limit]]");
    }
    if (!seen.insert(name).second) {
      problems.Add(place + ".limits", "backend.limits: " + Quoted(name) + " stands twice");
    }
  }
}

// Field names of HTTP (RFC 9110, section 5.6.2).
bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [kMarks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != kMarks.npos;
  });
}

// What carries the case, decides how a reply is read, or is recorded beside it is not for `body`.
void CheckBodyField(const std::string& name, const std::string& value, const std::string& place,
                    Problems& problems) {
  constexpr std::string_view kOurs[] = {
      "model",      "messages",     "contents",    "system",          "systemInstruction",
      "prompt",     "stream",       "n",           "temperature",     "max_tokens",
      "tools",      "format",       "tool_choice", "response_format", "max_completion_tokens",
      "toolConfig", "output_config"};
  // Inside of generationConfig and options.
  constexpr std::string_view kOursInside[] = {
      "temperature",        "maxOutputTokens", "responseMimeType", "responseSchema",
      "responseJsonSchema", "candidateCount",  "num_predict"};
  const auto refuse = [&](const std::string& field) {
    problems.Add(place + ".body", "backend.body: " + Quoted(field) +
                                      " is written by the program and cannot be replaced");
  };
  if (std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs)) return refuse(name);
  if (name != "generationConfig" && name != "options") return;
  const Result<Tree> inner = ParseJson(value);
  if (!inner || !inner->is_object()) return refuse(name);
  for (const std::string_view key : kOursInside) {
    if (inner->contains(key)) refuse(name + "." + std::string(key));
  }
}

void CheckRequest(const BackendConfig& backend, const std::string& place, Problems& problems) {
  if (!backend.auth_header.empty() && !IsHeaderName(backend.auth_header)) {
    problems.Add(place + ".auth_header", "backend.auth_header = " + Quoted(backend.auth_header) +
                                             ", expected the name of a header");
  }
  for (const auto& [name, value] : backend.headers) {
    if (!IsHeaderName(name)) {
      problems.Add(place + ".headers",
                   "backend.headers: " + Quoted(name) + ", expected the name of a header");
    }
  }
  for (const auto& [name, value] : backend.body) CheckBodyField(name, value, place, problems);
  if (backend.usd_per_million_prompt.has_value() !=
      backend.usd_per_million_completion.has_value()) {
    problems.Add(place,
                 "backend: one price without the other leaves the cost unknown, expected "
                 "usd_per_million_prompt and usd_per_million_completion");
  }
}

void CheckBackend(const BackendConfig& backend, const std::string& place, Problems& problems) {
  const auto needs = [&](const std::string& option) {
    problems.Add(place + "." + option,
                 "backend." + option + ": missing, needed by provider " + backend.provider);
  };
  if (backend.model.empty()) problems.Add(place + ".model", "backend.model: missing");
  if (IsHttpProvider(backend.provider)) {
    if (backend.url.empty() && backend.provider == "openai") needs("url");
    CheckRequest(backend, place, problems);
  } else if (backend.provider == "simulated") {
    if (backend.simulated.knowledge.empty()) needs("simulated.knowledge");
  } else if (backend.provider == "replay") {
    if (backend.replay.answers.empty()) needs("replay.answers");
  }
  if (backend.backoff_ms > backend.backoff_ms_max) {
    problems.Add(place + ".backoff_ms",
                 "backend.backoff_ms = " + std::to_string(backend.backoff_ms) +
                     ", expected at most backend.backoff_ms_max = " +
                     std::to_string(backend.backoff_ms_max));
  }
  const SimulatedConfig& s = backend.simulated;
  constexpr double kRounding = 1e-9;
  if (s.fault_error + s.fault_timeout + s.fault_refuse + s.fault_malformed + s.fault_rate_limit >
      1 + kRounding) {
    problems.Add(place + ".simulated", "backend.simulated: the fault rates sum to more than 1");
  }
}

}  // namespace

Status CheckGateway(const Config& config) {
  Problems problems;
  CheckListeners(config, problems);
  CheckDoors(config.gateway, problems);
  CheckReceiver(config.gateway, problems);
  CheckMemory(config, problems);
  const std::vector<ConfigProblem> found = problems.Take();
  if (found.empty()) return Ok();
  return Invalid(found.front().text);
}

std::vector<ConfigProblem> CheckTogether(const Config& config) {
  Problems problems;
  CheckRedis(config.redis, problems);
  CheckBroker(config, problems);
  CheckBus(config, problems);
  CheckKinds(config.council, problems);
  CheckListeners(config, problems);
  CheckDoors(config.gateway, problems);
  CheckReceiver(config.gateway, problems);
  CheckMemory(config, problems);
  CheckCases(config.gateway, problems);
  CheckPartners(config, problems);
  if (config.backends.empty()) problems.Add("", "no [[backend]]: at least one model is needed");
  if (config.backends.size() > limits::kModelsMax) {
    problems.Add("", std::to_string(config.backends.size()) + " times [[backend]], at most " +
                         std::to_string(limits::kModelsMax));
  }
  const std::set<std::string_view> known = CheckLimits(config, problems);
  std::set<std::string_view> models;
  for (std::size_t i = 0; i < config.backends.size(); ++i) {
    const BackendConfig& backend = config.backends[i];
    const std::string place = "backend[" + std::to_string(i) + "]";
    CheckBackend(backend, place, problems);
    CheckLimitsOf(backend, place, known, problems);
    if (!backend.model.empty() && !models.insert(backend.model).second) {
      problems.Add(place + ".model",
                   "backend.model = " + Quoted(backend.model) + " stands twice, expected unique");
    }
  }
  if (!config.backends.empty()) CheckEnsemble(config, problems);
  return problems.Take();
}

}  // namespace consilium
