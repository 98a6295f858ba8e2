// What `consilium doctor` found out, and how it judges what it found. Pure: values in, values out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/backend_check.h"
#include "shared/config.h"
#include "shared/messages.h"
#include "shared/redis_durability.h"
#include "shared/result.h"

namespace consilium {

enum class Finding { kOk, kNote, kProblem };
inline constexpr const char* kFindingNames[] = {"ok", "note", "problem"};

// One line.
struct Checked {
  Finding finding = Finding::kOk;
  std::string subject;  // what was looked at
  std::string text;     // what was found
  std::string advice;   // what to do; "" = nothing
};

// One backend.
struct CheckedModel {
  Finding finding = Finding::kOk;
  std::string text;
  std::string advice;
  BackendCheck report;
};

struct Diagnosis {
  std::string file;
  std::vector<Checked> checks;
  std::vector<CheckedModel> models;  // in the order of the file
};

bool HasProblem(const Diagnosis& diagnosis);

struct ToDo {
  std::string about;   // who has it and what it is, in full: the tables cut
  std::string advice;  // "" = nothing is known to help
};
// First about problems, then about notes that something can be done about. What several have in
// common stands there once.
std::vector<ToDo> ThingsToDo(const Diagnosis& diagnosis);

CheckedModel JudgeBackend(const BackendConfig& backend, BackendCheck report);
// Instead of a report there is only an error: the worker program said none.
CheckedModel WithoutReport(const BackendConfig& backend, const Error& error);
// Models whose call had no price, in one line; nothing when there are none.
std::optional<Checked> JudgePrices(const std::vector<CheckedModel>& models);
// Each folder of prompts once, with the first digits of its templates' hashes.
std::vector<Checked> JudgePrompts(const std::vector<CheckedModel>& models);

// What a Redis says of itself in "consilium:shard" ("" = nothing yet), where it is to be shard
// `shard` of `shards`.
Checked JudgeShard(const std::string& says, std::size_t shard, std::size_t shards);

// Redis does not answer as it should: unreachable, or the login is refused.
Checked JudgeRedisError(const RedisConfig& config, const Error& error);
// "7.0.15" from what INFO (section server) or `redis-server --version` says; "" = it does not say.
std::string RedisVersionIn(std::string_view text);
// kRedisVersionMin or newer.
inline constexpr int kRedisVersionMin = 7;
// `where`: "at unix:/run/redis.sock".
Checked JudgeRedisVersion(const std::string& where, const std::string& version);
// `trusted`: the operator vouches for this Redis (redis.durability).
Checked JudgeRedisSetting(const SettingFound& setting, bool trusted);

// A cluster answers at `endpoint`. `ours`: version of this program.
std::vector<Checked> JudgeStatus(const Config& config, const std::string& endpoint,
                                 std::string_view ours, const StatusReply& status);

}  // namespace consilium
