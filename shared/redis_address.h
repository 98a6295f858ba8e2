// Where Redis is and how to log in there, from the configuration and the environment.
#pragma once

#include "shared/config.h"
#include "shared/redis.h"
#include "shared/result.h"

namespace consilium {

// kInvalid when redis.url is empty or malformed, or when the variable that redis.password_env names
// is not set.
Result<RedisAddress> RedisAddressOf(const RedisConfig& config);

}  // namespace consilium
