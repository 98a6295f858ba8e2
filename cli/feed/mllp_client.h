// One connection to a receiver of HL7 v2 over MLLP: one message at a time, and its acknowledgement.
//
//   closed ──► connecting ──► idle ──Send──► sending ──► waiting ──ack──► idle
//     ▲             │                            │           │
//     └── pause ◄───┴────── broken, no answer ───┴───────────┘   the same message again
//
// A message that gets no answer has ended when the other machine has its bytes.
//
// Whatever cannot be told to be the answer to the message makes the connection useless: what comes
// on it later could be taken for the answer to the next one. Threads: none of its own.
// Time: only through `now`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/feed/feed_attempt.h"
#include "cli/feed/feed_item.h"
#include "gateway/hl7/mllp_frame.h"
#include "shared/clock.h"
#include "shared/result.h"

namespace consilium {

// "HOST:PORT" as "tcp://HOST:PORT", looked up. kInvalid when it is no such, or leads to an address
// that is not private: MLLP is in the clear here, and what goes over it are patients' data.
Result<std::vector<std::string>> FindMllp(const std::string& host_and_port);

class MllpClient {
 public:
  using Find = std::function<Result<std::vector<std::string>>()>;

  // `find`: where it connects to, asked at the beginning and whenever no address answered.
  MllpClient(Find find, const FeedPatience& patience);
  ~MllpClient();
  MllpClient(const MllpClient&) = delete;  // owns a socket
  MllpClient& operator=(const MllpClient&) = delete;

  bool busy() const { return attempt_.has_value(); }
  // Only while not busy().
  void Send(FeedItem item, TimePoint now);
  // The message under way has ended so.
  std::optional<FeedEnd> Turn(TimePoint now);
  FeedEnd Abandon();

  int fd() const { return fd_; }  // -1: none
  short events() const;
  TimePoint next() const { return next_; }
  // Nothing to poll tells when the bytes have arrived: it is to be called again soon.
  bool awaits_arrival() const {
    return state_ == State::kWaiting && attempt_ && attempt_->item().unanswered;
  }
  // Set when a message ended because nobody answered, often enough: why.
  const std::optional<Error>& in_vain() const { return in_vain_; }
  int resent() const { return resent_; }
  // Why nothing came back the last time, until something does.
  const std::optional<std::string>& trouble() const { return trouble_; }

 private:
  enum class State { kClosed, kConnecting, kIdle, kSending, kWaiting };

  void Close();
  void Connect(TimePoint now);
  void OnConnected(TimePoint now);
  void Write(TimePoint now);
  void Read(TimePoint now);
  // Whether all bytes of a message that gets no answer are at the other machine.
  void AwaitArrival();
  void Silence(const std::string& code, const std::string& text, TimePoint now);
  void Judge(const FeedVerdict& verdict, TimePoint now);

  const Find find_;
  const FeedPatience patience_;
  std::vector<std::string> addresses_;
  std::size_t address_ = 0;  // the one to try next
  State state_ = State::kClosed;
  int fd_ = -1;
  std::optional<FeedAttempt> attempt_;
  std::optional<FeedEnd> ended_;
  std::string out_;
  std::size_t written_ = 0;
  MllpReader reader_;
  TimePoint next_ = TimePoint::max();
  std::optional<Error> in_vain_;
  std::optional<std::string> trouble_;
  int resent_ = 0;
  std::string where_;      // what it is connected to, for people
  bool answered_ = false;  // on this connection
};

}  // namespace consilium
