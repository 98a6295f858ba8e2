// Endpoints of the bus, as text: which stay on this machine, and how a bound one is reached.
#pragma once

#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

// ipc, or tcp on a loopback address.
bool IsLoopback(std::string_view endpoint);
// Without keys the bus stays on this machine: kInvalid, naming `option` and what to do about it,
// for another endpoint.
Status CheckLoopback(const std::string& option, const std::string& endpoint);

// "tcp://[::ffff:127.0.0.1]:7300" is "tcp://127.0.0.1:7300": ZeroMQ reports the former.
std::string PlainEndpoint(const std::string& endpoint);
// What a peer on this machine connects to for a bound endpoint: "tcp://0.0.0.0:7300",
// "tcp://*:7300" and "tcp://[::]:7300" are reached as "tcp://127.0.0.1:7300".
std::string ConnectEndpoint(const std::string& bound);

}  // namespace consilium
