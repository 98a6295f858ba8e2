#include "cli/tcp_probe.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

#include "shared/resolve.h"

namespace consilium {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList AddressOf(const std::string& endpoint, int flags) {
  const TcpPlace place = SplitTcp(endpoint);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* raw = nullptr;
  if (getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &raw) != 0) raw = nullptr;
  return {raw, &freeaddrinfo};
}

std::string Reason(int number) { return std::generic_category().message(number); }

// 0, else why not.
int Connect(const std::string& endpoint, milliseconds within) {
  const int fd = StartConnecting(endpoint);
  if (fd < 0) return errno;
  pollfd polled{fd, POLLOUT, 0};
  int why = ETIMEDOUT;
  if (::poll(&polled, 1, static_cast<int>(within.count())) == 1) {
    socklen_t size = sizeof(why);
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0) why = errno;
  }
  ::close(fd);
  return why;
}

}  // namespace

TcpPlace SplitTcp(std::string_view endpoint) {
  constexpr std::string_view kScheme = "tcp://";
  if (endpoint.starts_with(kScheme)) endpoint.remove_prefix(kScheme.size());
  const std::size_t colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return {std::string(endpoint), ""};
  std::string_view host = endpoint.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::string(endpoint.substr(colon + 1))};
}

int StartConnecting(const std::string& endpoint) {
  const AddressList address = AddressOf(endpoint, AI_NUMERICHOST | AI_NUMERICSERV);
  if (address == nullptr) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS) return fd;
  const int why = errno;
  close(fd);
  errno = why;
  return -1;
}

Status TryConnect(const std::string& endpoint, milliseconds within) {
  const Result<std::vector<std::string>> found = LookUp(endpoint);
  if (!found) return found.error();
  int why = EADDRNOTAVAIL;
  for (const std::string& address : *found) {
    why = Connect(address, within);
    if (why == 0) return Ok();
  }
  return Error{ErrorCode::kUnavailable, Reason(why)};
}

Status TryListen(const std::string& endpoint) {
  const AddressList address = AddressOf(endpoint, AI_PASSIVE | AI_NUMERICSERV);
  if (address == nullptr) return Error{ErrorCode::kUnavailable, Reason(EADDRNOTAVAIL)};
  const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error{ErrorCode::kUnavailable, Reason(errno)};
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool good = bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int why = good ? 0 : errno;
  close(fd);
  if (good) return Ok();
  return Error{why == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kUnavailable, Reason(why)};
}

}  // namespace consilium
