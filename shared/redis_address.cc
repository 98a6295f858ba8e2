#include "shared/redis_address.h"

#include <string>
#include <utility>

#include "shared/endpoint.h"
#include "shared/secret.h"
#include "shared/text.h"

namespace consilium {

Result<std::vector<RedisAddress>> RedisAddressesOf(const RedisConfig& config) {
  if (config.url.empty()) {
    return Invalid(
        "redis.url is empty; set it in the configuration or in CONSILIUM_REDIS_URL (`consilium up` "
        "does)");
  }
  std::string secret;
  if (!config.password_env.empty()) {
    Result<std::string> password = ReadSecretVariable(config.password_env);
    if (!password) return Invalid("redis.password_env: " + password.error().text);
    secret = *std::move(password);
  }
  std::vector<RedisAddress> addresses;
  for (const std::string& url : RedisUrls(config)) {
    auto address = ParseRedisUrl(url);
    if (!address) return address.error();
    if (address->socket.empty() && !IsLoopback(url) && secret.empty()) {
      return Invalid("redis.url = " + Quoted(url, 128) +
                     " is beyond this machine, and a Redis that others can reach needs a password: "
                     "set redis.password_env (docs/security.md)");
    }
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
