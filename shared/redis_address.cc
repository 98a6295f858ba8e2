#include "shared/redis_address.h"

#include <cstdlib>
#include <string>
#include <utility>

namespace consilium {

Result<std::vector<RedisAddress>> RedisAddressesOf(const RedisConfig& config) {
  if (config.url.empty()) {
    return Invalid(
        "redis.url is empty; set it in the configuration or in CONSILIUM_REDIS_URL (`consilium up` "
        "does)");
  }
  std::string secret;
  if (!config.password_env.empty()) {
    const char* password =
        std::getenv(config.password_env.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (password == nullptr) {
      return Invalid("redis.password_env = \"" + config.password_env +
                     "\": this environment variable is not set");
    }
    secret = password;
  }
  std::vector<RedisAddress> addresses;
  for (const std::string& url : RedisUrls(config)) {
    auto address = ParseRedisUrl(url);
    if (!address) return address.error();
    address->user = config.user;
    address->password = secret;
    addresses.push_back(std::move(*address));
  }
  return addresses;
}

Result<RedisAddress> RedisAddressOf(const RedisConfig& config) {
  auto addresses = RedisAddressesOf(config);
  if (!addresses) return addresses.error();
  return std::move(addresses->front());
}

}  // namespace consilium
