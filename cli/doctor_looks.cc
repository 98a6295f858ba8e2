#include "cli/doctor_looks.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "aggregator/council/medication.h"
#include "aggregator/council/safety.h"
#include "cli/captured_process.h"
#include "cli/cluster_plan.h"
#include "cli/endpoints.h"
#include "cli/files.h"
#include "cli/gateway_diagnosis.h"
#include "cli/locate.h"
#include "cli/process.h"
#include "cli/screen.h"
#include "cli/tcp_probe.h"
#include "shared/client.h"
#include "shared/endpoint.h"
#include "shared/ids.h"
#include "shared/redis.h"
#include "shared/redis_address.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kRedisWait{2000};
constexpr milliseconds kBrokerWait{1500};
constexpr milliseconds kVersionWait{5000};
constexpr milliseconds kConnectWait{2000};
constexpr std::size_t kTableBytesMax = 64u << 20;
constexpr std::size_t kVersionDigits = 12;  // as of the medication tables

std::vector<Checked> AskShard(const RedisConfig& config, const RedisAddress& address,
                              std::size_t shard, std::size_t shards) {
  RedisConnection redis(address, {});
  const auto ping = redis.Call({"PING"}, kRedisWait);
  if (!ping.ok()) return {JudgeRedisError(config, ping.error())};
  std::vector<Checked> checks;
  const auto info = redis.Call({"INFO", "server"}, kRedisWait);
  checks.push_back(
      JudgeRedisVersion("at " + config.url, info.ok() ? RedisVersionIn(info->text) : ""));
  const auto told = redis.Call(AskDurableSettings(), kRedisWait);
  for (const SettingFound& setting : ReadDurableSettings(told.ok() ? *told : RedisReply())) {
    checks.push_back(JudgeRedisSetting(setting, config.durability == "trusted"));
  }
  const auto user = redis.Call(AskDefaultUser(), kRedisWait);
  checks.push_back(JudgeRedisSetting(ReadDefaultUser(user.ok() ? *user : RedisReply()),
                                     config.durability == "trusted"));
  const auto place = redis.Call({"GET", "consilium:shard"}, kRedisWait);
  const bool known = place.ok() && !place->text.empty();
  if (known || shards > 1) {
    checks.push_back(JudgeShard(known ? CleanText(place->text) : "", shard, shards));
  }
  return checks;
}

RedisLook AskRedis(const RedisConfig& config) {
  RedisLook look;
  const auto addresses = RedisAddressesOf(config);
  if (!addresses.ok()) {
    look.checks.push_back(JudgeRedisError(config, addresses.error()));
    return look;
  }
  const std::vector<std::string> urls = RedisUrls(config);
  for (std::size_t shard = 0; shard < urls.size(); ++shard) {
    RedisConfig one = config;
    one.url = urls[shard];
    std::vector<Checked> checks = AskShard(one, (*addresses)[shard], shard, urls.size());
    const bool answers = checks.size() > 1;
    if (shard == 0 && answers) look.url = config.url;
    for (Checked& check : checks) {
      constexpr std::size_t kName = std::string_view("redis").size();
      if (urls.size() > 1) check.subject.insert(kName, "[" + std::to_string(shard) + "]");
      look.checks.push_back(std::move(check));
    }
  }
  return look;
}

RedisLook LookForRedisServer() {
  RedisLook look;
  const auto program = FindInPath("redis-server");
  if (!program.ok()) {
    look.checks.push_back({Finding::kProblem, "redis", program.error().text,
                           "install it (Debian: apt install redis-server), or set redis.url to one "
                           "that runs"});
    return look;
  }
  const auto said = RunAndRead(*program, {"--version"}, kVersionWait);
  const std::string where = "private: `consilium up` runs it";
  if (said.ok()) {
    look.checks.push_back(JudgeRedisVersion(where, RedisVersionIn(*said)));
  } else {
    look.checks.push_back({Finding::kProblem, "redis", said.error().text, "install it again"});
  }
  return look;
}

// Where a server with that URL (https://HOST[:PORT]/...) listens.
std::string EndpointOfUrl(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  const std::string host = url.substr(begin, url.find('/', begin) - begin);
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != host.npos && host.find(']', colon) == host.npos;
  return "tcp://" + host + (has_port ? "" : url.starts_with("https") ? ":443" : ":80");
}

// Of the safety tables, made as the version of the medication tables is.
std::string SafetyVersion(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, 7, "safety_") == 0) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string& file : files) {
    const auto text = ReadFile(file, kTableBytesMax);
    if (text.ok()) all += *text;
  }
  return Sha256Hex(all).substr(0, kVersionDigits);
}

}  // namespace

RedisLook LookAtRedis(const RedisConfig& config, const std::string& data) {
  if (!config.url.empty()) return AskRedis(config);
  const auto running = ReadEndpoints((fs::path(data) / kEndpointsFile).string());
  if (running.ok() && !running->redis.empty()) {
    RedisConfig of_cluster = config;
    of_cluster.url = running->redis;
    RedisLook look = AskRedis(of_cluster);
    if (!look.url.empty()) return look;
    // `consilium up` was killed and has left its file.
  }
  return LookForRedisServer();
}

std::optional<std::vector<Checked>> LookAtBroker(const Config& config, const std::string& data,
                                                 StopSignals& stop) {
  ClusterOptions where;
  where.config = config.file;
  where.data = data;
  const auto brokers = FindBrokers(where);
  const Checked none{Finding::kNote, "broker", "no cluster runs", "`consilium up` starts one"};
  if (!brokers.ok()) return std::vector<Checked>{none};
  ZmqContext context;
  Client client(context, *brokers);
  const std::string endpoint = client.endpoint();
  const auto status = Call<StatusReply>(client, stop, StatusRequest{}, kBrokerWait);
  if (!status) return std::nullopt;
  if (status->ok()) return JudgeStatus(config, endpoint, CONSILIUM_VERSION, **status);
  const ErrorCode code = status->error().code;
  Checked silent = none;
  if (code == ErrorCode::kTimeout || code == ErrorCode::kUnavailable) {
    silent.text = "no cluster answers at " + endpoint;
  } else {
    silent = {Finding::kProblem, "broker", status->error().text,
              "does something else listen at " + endpoint + "? see broker.clients"};
  }
  return std::vector<Checked>{silent};
}

Checked LookAtMedications(const std::string& folder) {
  Checked check{Finding::kProblem, "medications", "",
                "set council.medications to a folder with the tables (configs/medications has "
                "them), or correct the line that is named"};
  const auto medications = MedicationTable::Load(folder);
  if (!medications.ok()) {
    check.text = medications.error().text;
    return check;
  }
  const auto safety = SafetyTables::Load(folder, *medications);
  if (!safety.ok()) {
    check.text = safety.error().text;
    return check;
  }
  return {Finding::kOk, "medications",
          std::to_string(medications->size()) + " ingredients " + medications->version() +
              ", safety " + SafetyVersion(folder),
          ""};
}

std::vector<Checked> LookAtGateway(const Config& config, const std::string& data) {
  const GatewayConfig& gateway = config.gateway;
  if (!HasGateway(config)) {
    return {{Finding::kOk, "gateway", "no door: cases come over the bus only", ""}};
  }
  const std::string folder = data.empty() ? kDefaultDataFolder : data;
  const auto running = ReadEndpoints((fs::path(folder) / kEndpointsFile).string());
  const Endpoints open = running.ok() ? *running : Endpoints();
  std::vector<Checked> checks;
  const auto door = [&](const std::string& option, const std::string& endpoint,
                        const std::string& bound) {
    if (endpoint.empty()) return;
    const bool answers = !bound.empty() && TryConnect(ConnectEndpoint(bound), kConnectWait).ok();
    checks.push_back(answers ? JudgeOpenDoor(option, bound)
                             : JudgeClosedDoor(option, endpoint, TryListen(endpoint)));
  };
  door("gateway.http", gateway.http, open.http);
  door("gateway.mllp", gateway.mllp, open.mllp);
  const std::int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count();
  for (const GatewayFile& look : LookAtGatewayFiles(config)) {
    checks.push_back(JudgeGatewayFile(look, now_s));
  }
  if (!gateway.receiver.empty()) {
    checks.push_back(
        JudgeReceiver(gateway.receiver, TryConnect("tcp://" + gateway.receiver, kConnectWait)));
  }
  for (const std::string& server : gateway.fhir_servers) {
    checks.push_back(JudgeFhirServer(server, TryConnect(EndpointOfUrl(server), kConnectWait)));
  }
  return checks;
}

std::vector<Checked> LookForPrograms(const Config& config) {
  std::vector<Checked> checks;
  std::vector<const char*> names = {"consilium-broker", "consilium-worker", "consilium-aggregator"};
  if (HasGateway(config)) names.push_back("consilium-gateway");
  for (const char* name : names) {
    const auto found = FindProgram(name);
    if (found.ok()) continue;
    checks.push_back(
        {Finding::kProblem, name, found.error().text, "build or install all programs"});
  }
  return checks;
}

}  // namespace consilium
