// The settings of Redis on which "accepted means synced to disk, and kept" rests: what the private
// Redis is started with, without what a broker does not accept, what `consilium doctor` checks.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/redis.h"

namespace consilium {

struct RedisSetting {
  std::string_view name;  // as in redis.conf
  std::string_view value;
};
inline constexpr RedisSetting kDurableSettings[] = {
    {"appendonly", "yes"},
    {"appendfsync", "always"},
    {"no-appendfsync-on-rewrite", "no"},
    {"maxmemory-policy", "noeviction"},  // memory pressure refuses instead of evicting
};

// The command that asks for them. Redis before 7 does not know it.
std::vector<std::string> AskDurableSettings();

// Redis 7.0 reads its append-only file as the default user. Where that user may not write, it
// silently leaves out at a restart what scripts and transactions wrote (redis#14541). The user may
// be off.
inline constexpr RedisSetting kDefaultUser = {"user default", "~* +@all"};
std::vector<std::string> AskDefaultUser();

struct SettingFound {
  RedisSetting expected;
  std::string found;  // "" = Redis did not tell
  bool told() const { return !found.empty(); }
  bool good() const { return found == expected.value; }
};
// From the reply to that command, in the order of kDurableSettings.
std::vector<SettingFound> ReadDurableSettings(const RedisReply& reply);

// From the reply to AskDefaultUser(): keys and categories. What is dangerous may be missing, and so
// may single commands, which people take away for safety (CONFIG, FLUSHALL), never those of a
// queue.
SettingFound ReadDefaultUser(const RedisReply& reply);

// Why nothing may be accepted under these settings, with what mends it; "" when all are good.
std::string WhyNotDurable(const std::vector<SettingFound>& settings);

}  // namespace consilium
