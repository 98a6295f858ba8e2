// Whether somebody listens at an endpoint, and whether we could.
// Threads: functions without state; they block no longer than they are told, but for the system's
// resolver.
#pragma once

#include <string>
#include <string_view>

#include "shared/clock.h"
#include "shared/result.h"

namespace consilium {

struct TcpPlace {
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
};
// Of "tcp://10.0.0.1:2575" or "tcp://[fd00::1]:2575".
TcpPlace SplitTcp(std::string_view endpoint);

// A socket that is connecting to tcp://ADDRESS:PORT; -1 and errno.
int StartConnecting(const std::string& endpoint);

// Connects to one of the addresses of tcp://HOST:PORT and hangs up. kUnavailable, kInvalid.
Status TryConnect(const std::string& endpoint, milliseconds within);
// Listens for a moment. kConflict: somebody else does; kUnavailable: the address is none of ours.
Status TryListen(const std::string& endpoint);

}  // namespace consilium
