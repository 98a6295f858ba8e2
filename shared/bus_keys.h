// The keys of a process on the bus, and the files that they stand in.
//
// A key file has a line `public KEY` and, unless it is for others, a line `secret KEY`; empty lines
// and lines that begin with # say nothing. Keys are texts (IsBusKey).
#pragma once

#include <string>

#include "shared/config.h"
#include "shared/result.h"
#include "shared/zmq.h"

namespace consilium {

// kNotFound, or kInvalid for what is no key file, has no secret key or may be read by others
// (shared/secret.h).
Result<KeyPair> ReadKeyFile(const std::string& file);
// Of a key file with or without its secret.
Result<std::string> ReadPublicKeyFile(const std::string& file);

// As the configuration says; all empty when it names no key file. Without bus.broker_key the
// brokers have the same key as this process.
Result<BusKeys> ReadBusKeys(const BusConfig& config);

}  // namespace consilium
