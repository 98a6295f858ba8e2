#include "shared/redis_address.h"

#include <cstdlib>

namespace consilium {

Result<RedisAddress> RedisAddressOf(const RedisConfig& config) {
  if (config.url.empty()) {
    return Invalid(
        "redis.url is empty; set it in the configuration or in CONSILIUM_REDIS_URL (`consilium up` "
        "does)");
  }
  auto address = ParseRedisUrl(config.url);
  if (!address) return address;
  address->user = config.user;
  if (!config.password_env.empty()) {
    const char* password =
        std::getenv(config.password_env.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (password == nullptr) {
      return Invalid("redis.password_env = \"" + config.password_env +
                     "\": this environment variable is not set");
    }
    address->password = password;
  }
  return address;
}

}  // namespace consilium
