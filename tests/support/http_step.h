// What one HTTP request gets, and which of its bytes are due when. No sockets, no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "shared/clock.h"

namespace consilium {

// A piece of a body, sent `times` over.
struct HttpPart {
  static constexpr std::uint64_t kForEver = std::numeric_limits<std::uint64_t>::max();
  std::string text;
  std::uint64_t times = 1;
};

struct HttpStep {
  enum class Framing {
    kLength,      // Content-Length
    kChunked,     // each part a chunk of its own; an end that is not whole lacks the last chunk
    kUntilClose,  // no length: only the content tells whether the end is the end
  };

  int status = 200;
  std::vector<std::string> headers;  // besides those of the framing
  std::string body;
  std::vector<HttpPart> parts;  // more of it
  Framing framing = Framing::kLength;
  std::size_t bytes = std::string::npos;  // of the body that are sent at all

  milliseconds first{0};      // before the first byte
  std::size_t chunk = 65536;  // bytes sent at once ...
  milliseconds gap{0};        // ... this far apart, and parts too

  // After the last byte. A reply that is not whole and ends in none of these goes on in silence.
  bool close = false;
  bool reset = false;      // with RST
  bool break_tls = false;  // with bytes that are no TLS; on a plain connection a close
  bool mute = false;       // no byte at all before that, not even a status line

  // Called once, by the server's thread: `whole` when the last byte was handed to the system.
  std::function<void(bool whole)> ended;
};

// Invariant: the bytes come in order, each once.     Time: only through `now`.
class HttpSender {
 public:
  HttpSender(HttpStep step, TimePoint now);

  // What may be sent now; empty when the next byte is due later or none is left.
  std::string_view Due(TimePoint now);
  void Sent(std::size_t bytes, TimePoint now);
  // When there is more to send.
  TimePoint next() const { return next_; }
  bool finished() const { return finished_ && at_ == buffer_.size(); }
  bool whole() const { return whole_; }  // nothing is left out
  const HttpStep& step() const { return step_; }

 private:
  std::string Head() const;
  const std::string* Current();  // the part to go on with; null at the end
  void Fill();
  HttpStep step_;
  TimePoint next_;
  std::uint64_t size_ = 0;  // of the whole body; HttpPart::kForEver when it has no end
  bool whole_ = true;
  bool finished_ = false;
  bool begun_ = false;
  std::uint64_t left_ = 0;   // bytes of the body that are still to be sent
  std::size_t part_ = 0;     // 0 = body, then the parts
  std::uint64_t round_ = 0;  // how often this part was sent
  std::string buffer_;
  std::size_t at_ = 0;
};

}  // namespace consilium
