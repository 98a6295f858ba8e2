// A certificate for 127.0.0.1 and localhost that nobody has signed but itself, new with every call.
// Threads: functions without state.
#pragma once

#include <string>

namespace consilium {

struct SelfSigned {
  std::string certificate;  // PEM; a client that takes it as its only CA trusts the server
  std::string key;          // PEM
};

// Valid from an hour ago for a day.
SelfSigned MakeSelfSigned();

}  // namespace consilium
