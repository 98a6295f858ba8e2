// One HTTP request over a socket of its own, and what came back as it was on the wire: for tests of
// servers that must not depend on a client library. Threads: functions without state.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace consilium {

struct WireExchange {
  enum class End {
    kWhole,   // as long as it said it would be
    kClosed,  // the peer closed; whole only if it had said neither length nor chunks
    kReset,   // with RST
    kSilent,  // no byte for `silent_after`
    kEnough,  // `bytes_max` have come
  };
  End end = End::kSilent;
  int status = 0;
  std::string head;                         // status line and headers
  std::string body;                         // without the framing of chunks
  std::chrono::milliseconds first_byte{0};  // after the request was sent
};

struct WireOptions {
  std::vector<std::string> headers;  // "Name: value"
  std::chrono::milliseconds silent_after{10000};
  std::size_t bytes_max = std::string::npos;
};

// A socket connected to the loopback port, with the request sent. Throws std::runtime_error.
int SendRequest(int port, const std::string& method, const std::string& path,
                const std::string& body, const std::vector<std::string>& headers = {});
// The same of bytes as they are.
int SendRaw(int port, const std::string& bytes);
// Reads one reply from it; the socket stays open.
WireExchange ReadReply(int fd, const WireOptions& options = {});

WireExchange Exchange(int port, const std::string& method, const std::string& path,
                      const std::string& body, const WireOptions& options = {});

}  // namespace consilium
