#include "tests/support/http_exchange.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "shared/clock.h"

namespace consilium {
namespace {

// Moves whole chunks from `raw` at `at` to `body`; true at the last one.
bool TakeChunks(const std::string& raw, std::size_t& at, std::string& body) {
  while (true) {
    const std::size_t line_end = raw.find("\r\n", at);
    if (line_end == raw.npos) return false;
    const std::size_t size = std::strtoull(raw.c_str() + at, nullptr, 16);
    if (raw.size() < line_end + 2 + size + 2) return false;
    body.append(raw, line_end + 2, size);
    at = line_end + 2 + size + 2;
    if (size == 0) return true;
  }
}

}  // namespace

int SendRequest(int port, const std::string& method, const std::string& path,
                const std::string& body, const std::vector<std::string>& headers) {
  std::string text = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (const std::string& header : headers) text += header + "\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  return SendRaw(port, text);
}

int SendRaw(int port, const std::string& bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    close(fd);
    throw std::runtime_error("no connection to port " + std::to_string(port));
  }
  return fd;
}

WireExchange ReadReply(int fd, const WireOptions& options) {
  using End = WireExchange::End;
  WireExchange got;
  const TimePoint sent = Now();
  std::vector<char> buffer(std::size_t{1} << 16);
  std::string raw;
  std::size_t at = 0;  // in `raw`: what of the chunks is taken
  std::size_t length = std::string::npos;
  bool chunked = false;
  while (true) {
    pollfd polled{fd, POLLIN, 0};
    if (poll(&polled, 1, static_cast<int>(options.silent_after.count())) == 0) {
      got.end = End::kSilent;
      return got;
    }
    const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      got.end = count < 0 && errno == ECONNRESET ? End::kReset : End::kClosed;
      return got;
    }
    if (got.head.empty() && raw.empty()) {
      got.first_byte = std::chrono::duration_cast<milliseconds>(Now() - sent);
    }
    raw.append(buffer.data(), static_cast<std::size_t>(count));
    if (got.head.empty()) {
      const std::size_t end = raw.find("\r\n\r\n");
      if (end == raw.npos) continue;
      got.head = raw.substr(0, end + 4);
      raw.erase(0, end + 4);
      got.status = std::atoi(got.head.c_str() + std::min<std::size_t>(9, got.head.size()));
      chunked = got.head.find("Transfer-Encoding: chunked") != got.head.npos;
      const std::size_t said = got.head.find("Content-Length: ");
      if (said != got.head.npos) length = std::strtoull(got.head.c_str() + said + 16, nullptr, 10);
    }
    bool whole = false;
    if (chunked) {
      whole = TakeChunks(raw, at, got.body);
    } else {
      got.body += raw;
      raw.clear();
      whole = got.body.size() >= length;
    }
    if (whole || got.body.size() >= options.bytes_max) {
      got.end = whole ? End::kWhole : End::kEnough;
      return got;
    }
  }
}

WireExchange Exchange(int port, const std::string& method, const std::string& path,
                      const std::string& body, const WireOptions& options) {
  const int fd = SendRequest(port, method, path, body, options.headers);
  WireExchange got = ReadReply(fd, options);
  close(fd);
  return got;
}

}  // namespace consilium
