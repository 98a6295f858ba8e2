// HTTP requests, many at once on one thread, each ending in exactly one HttpReply unless cancelled.
//
// Connections are reused; HTTP/2 where TLS offers it. Redirects are not followed: the key and the
// patient's data go to the configured host only. Over http:// without a proxy, only connections to
// private addresses are opened, whatever a name resolves to, unless `allow_public_http`. Proxies
// and credentials in the environment or in files of the user are ignored. Threads: one; nothing
// blocks.     Time: through `now`, which must be steady. The only file that includes curl is
// http.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/result.h"

namespace consilium {

struct HttpOptions {
  std::string ca_file;  // "" = the system's certificates
  std::string proxy;    // "" = none
  std::size_t connections_max = 4;
  bool allow_public_http = false;
};

// Of a response, by lower-case name: those about limits and the next attempt.
using HttpHeaders = std::map<std::string, std::string>;

struct HttpCall {
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  bool get = false;                  // GET; else POST of `body`
  std::string body;
  milliseconds connect{5000};
  milliseconds first_byte{120000};  // after the last byte sent, until the body's first
  milliseconds stall{30000};        // without a byte of the body, once it has begun
  milliseconds total{120000};
  std::size_t reply_bytes_max = 0;
};

struct HttpReply {
  enum class End {
    kDone,             // `status` and `body` are whole
    kConnectFailed,    // no connection: refused, name unknown, no answer within `connect`
    kTlsFailed,        // the host could not prove who it is
    kHandshakeFailed,  // TLS was not spoken to the end
    kStalled,          // no byte for `first_byte` or `stall`
    kTotal,            // not done within `total`
    kCut,              // the connection broke after the request was sent
    kOversized,        // more than `reply_bytes_max`, decompressed
  };
  End end = End::kCut;
  int status = 0;    // 0: no response began
  std::string body;  // what came of it, whatever the end, but for kOversized
  HttpHeaders headers;
  std::string detail;  // for people, when not kDone; never request or reply text
};

struct HttpEnded {
  std::uint64_t id = 0;
  HttpReply reply;
};

class HttpClient {
 public:
  // kInvalid when the CA file cannot be read.
  static Result<std::unique_ptr<HttpClient>> Make(const HttpOptions& options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;  // owns connections
  HttpClient& operator=(const HttpClient&) = delete;

  // The id names the request until it ended.
  std::uint64_t Start(HttpCall request, TimePoint now);
  // Closes its connection at once; there will be no reply. Over HTTP/2 its stream is reset with the
  // next frame, and the connection closed when no other request runs.
  void Cancel(std::uint64_t id);
  // Of a running request whose response has begun; empty before and for unknown ids.
  std::optional<int> StatusOf(std::uint64_t id) const;
  // Readable when Run() has something to do.
  int fd() const;
  // Does all possible work, appends what ended and returns when to call again at the latest.
  TimePoint Run(TimePoint now, std::vector<HttpEnded>& ended);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace consilium
