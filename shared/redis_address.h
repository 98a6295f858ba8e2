// Where Redis is and how to log in there, from the configuration and the environment.
#pragma once

#include <vector>

#include "shared/config.h"
#include "shared/redis.h"
#include "shared/result.h"

namespace consilium {

// One for each shard, in order, at least one.
// kInvalid when redis.url is empty or malformed, when the variable that redis.password_env names is
// not set (ReadSecretVariable), or for a Redis beyond this machine without a password.
Result<std::vector<RedisAddress>> RedisAddressesOf(const RedisConfig& config);
// The first one, where all is kept that is not of one case.
Result<RedisAddress> RedisAddressOf(const RedisConfig& config);

}  // namespace consilium
