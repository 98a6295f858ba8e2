#include "shared/endpoint.h"

#include <algorithm>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::string_view kTcp = "tcp://";

// 127.0.0.0/8 in dotted form.
bool IsLoopback4(std::string_view host) {
  return host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3 &&
         host.find_first_not_of("0123456789.") == host.npos;
}

}  // namespace

bool IsLoopback(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://")) return true;
  if (!endpoint.starts_with(kTcp)) return false;
  const std::string plain = PlainEndpoint(std::string(endpoint));
  const std::size_t colon = plain.rfind(':');
  if (colon < kTcp.size()) return false;
  const std::string_view host = std::string_view(plain).substr(kTcp.size(), colon - kTcp.size());
  return IsLoopback4(host) || host == "localhost" || host == "[::1]";
}

Status CheckLoopback(const std::string& option, const std::string& endpoint) {
  if (IsLoopback(endpoint)) return Ok();
  return Invalid(option + " = " + Quoted(endpoint, 128) +
                 " is beyond this machine, and without keys only ipc:// and tcp:// on a loopback "
                 "address are allowed: make keys with `consilium keys new` and set bus.key_file "
                 "(docs/security.md)");
}

std::string PlainEndpoint(const std::string& endpoint) {
  constexpr std::string_view kMapped = "tcp://[::ffff:";
  const std::size_t end = endpoint.find("]:");
  const bool mapped =
      endpoint.starts_with(kMapped) && end != std::string::npos && endpoint.find('.') < end;
  if (!mapped) return endpoint;
  return "tcp://" + endpoint.substr(kMapped.size(), end - kMapped.size()) +
         endpoint.substr(end + 1);
}

std::string ConnectEndpoint(const std::string& bound) {
  std::string plain = PlainEndpoint(bound);
  for (const std::string_view any : {"tcp://0.0.0.0:", "tcp://[::]:", "tcp://*:"}) {
    if (plain.starts_with(any)) return "tcp://127.0.0.1:" + plain.substr(any.size());
  }
  return plain;
}

}  // namespace consilium
