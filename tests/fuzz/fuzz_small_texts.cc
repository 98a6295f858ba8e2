// Any text as a Redis URL and as the endpoints of a cluster; what is read can be written and read
// again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cli/endpoints.h"
#include "shared/check.h"
#include "shared/redis.h"
#include "shared/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<RedisAddress> address = ParseRedisUrl(text);
  if (address) {
    CHECK(address->socket.empty() != address->host.empty(), "a socket or a host, never both");
    CHECK(address->host.empty() || (address->port > 0 && address->port <= 65535),
          "a host has a port");
    CHECK(address->user.empty() && address->password.empty(), "no secrets in an address");
  } else {
    CHECK(FindInvalidUtf8(address.error().text) == std::string_view::npos, "errors are for people");
  }

  const Result<Endpoints> endpoints = EndpointsFromJson(text, "fuzz.json");
  if (endpoints) {
    const Result<Endpoints> again = EndpointsFromJson(EndpointsToJson(*endpoints), "fuzz.json");
    CHECK(again.ok(), "what we write can be read");
    CHECK(again->clients == endpoints->clients && again->workers == endpoints->workers &&
              again->redis == endpoints->redis && again->pids == endpoints->pids,
          "and is the same");
  } else {
    CHECK(endpoints.error().text.rfind("fuzz.json: ", 0) == 0, "a problem names its file");
  }
  return 0;
}
