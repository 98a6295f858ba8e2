#include "cli/feed/mllp_client.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/feed/feed_verdict.h"
#include "cli/tcp_probe.h"
#include "shared/check.h"
#include "shared/http/url.h"
#include "shared/resolve.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kConnect{5000};
constexpr std::size_t kAckBytesMax = 1u << 20;

// What an answer that begins so is of, where it cannot be of MLLP; else "".
std::string OtherProtocol(std::string_view begin) {
  if (begin.starts_with("HTTP/")) return "HTTP";
  if (begin.starts_with("\x15\x03") || begin.starts_with("\x16\x03")) return "TLS";
  return "";
}

}  // namespace

Result<std::vector<std::string>> FindMllp(const std::string& host_and_port) {
  Result<std::vector<std::string>> found = LookUp("tcp://" + host_and_port);
  if (!found) {
    if (found.error().code != ErrorCode::kInvalid) return found.error();
    return Invalid("--mllp = " + Quoted(host_and_port) +
                   ", expected HOST:PORT with a port in 1..65535");
  }
  for (const std::string& endpoint : *found) {
    const TcpPlace to = SplitTcp(endpoint);
    if (IsPrivateAddress(to.host)) continue;
    return Invalid("--mllp = " + Quoted(host_and_port) + ": " + to.host +
                   " is a public address, and MLLP would carry patients' data there in the clear; "
                   "use a tunnel");
  }
  return found;
}

MllpClient::MllpClient(Find find, const FeedPatience& patience)
    : find_(std::move(find)), patience_(patience), reader_(kAckBytesMax) {}

MllpClient::~MllpClient() { Close(); }

void MllpClient::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
  reader_ = MllpReader(kAckBytesMax);
}

short MllpClient::events() const {
  const bool writes = state_ == State::kConnecting || state_ == State::kSending;
  return static_cast<short>(POLLIN | (writes ? POLLOUT : 0));
}

void MllpClient::Send(FeedItem item, TimePoint now) {
  CHECK(!attempt_, "one message at a time");
  attempt_.emplace(std::move(item));
  out_ = MllpFrame(attempt_->item().bytes);
  written_ = 0;
  next_ = now;
}

FeedEnd MllpClient::Abandon() {
  CHECK(attempt_.has_value(), "there is one to abandon");
  FeedEnd end = attempt_->Abandon();
  attempt_.reset();
  Close();
  return end;
}

void MllpClient::Judge(const FeedVerdict& verdict, TimePoint now) {
  const bool useless =
      verdict.kind == FeedVerdict::Kind::kAgain && verdict.cause == FeedVerdict::Cause::kSilence;
  if (useless) Close();
  trouble_ = useless ? std::optional(verdict.text) : std::nullopt;
  if (auto end = attempt_->Judge(verdict, patience_, now)) {
    in_vain_ = attempt_->in_vain();
    trouble_.reset();
    ended_ = std::move(end);
    attempt_.reset();
    if (fd_ >= 0) state_ = State::kIdle;
    next_ = TimePoint::max();
    return;
  }
  ++resent_;
  written_ = 0;
  next_ = attempt_->next();
  if (fd_ >= 0) state_ = State::kIdle;
}

void MllpClient::Silence(const std::string& code, const std::string& text, TimePoint now) {
  if (!attempt_) return Close();  // it is connected again when there is something to send
  FeedVerdict verdict;
  verdict.code = code;
  verdict.text = where_.empty() ? text : where_ + ": " + text;
  Judge(verdict, now);
}

void MllpClient::Connect(TimePoint now) {
  if (address_ >= addresses_.size()) {
    // All were tried: the name may lead elsewhere by now.
    address_ = 0;
    auto found = find_();
    if (found) addresses_ = std::move(*found);
    if (addresses_.empty()) {
      where_.clear();
      return Silence("no_connection", found.error().text, now);
    }
  }
  const std::string& endpoint = addresses_[address_++];
  where_ = endpoint.substr(std::string_view("tcp://").size());
  answered_ = false;
  fd_ = StartConnecting(endpoint);
  if (fd_ < 0) {
    return Silence("no_connection", std::strerror(errno), now);
  }
  state_ = State::kConnecting;
  next_ = now + kConnect;
}

void MllpClient::OnConnected(TimePoint now) {
  int why = 0;
  socklen_t size = sizeof(why);
  pollfd polled{fd_, POLLOUT, 0};
  if (poll(&polled, 1, 0) == 0) {
    if (now >= next_) {
      Silence("no_connection", "no connection within " + std::to_string(kConnect.count()) + " ms",
              now);
    }
    return;
  }
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &why, &size) != 0) why = errno;
  if (why != 0) {
    return Silence("no_connection", std::strerror(why), now);
  }
  --address_;  // the one that answers stays the first choice
  state_ = State::kIdle;
  next_ = now;
}

void MllpClient::Write(TimePoint now) {
  while (written_ < out_.size()) {
    const ssize_t sent =
        send(fd_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (next_ <= now) Silence("no_answer", "it takes no more bytes", now);
      return;
    }
    if (sent < 0) {
      return Silence("no_answer", std::string("the connection broke: ") + std::strerror(errno),
                     now);
    }
    written_ += static_cast<std::size_t>(sent);
    next_ = now + patience_.answer;
  }
  state_ = State::kWaiting;
  next_ = now + patience_.answer;
}

void MllpClient::Read(TimePoint now) {
  std::array<char, 16384> buffer{};
  while (fd_ >= 0) {
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got <= 0) {
      const std::string why = got == 0 ? "it closed the connection" : std::strerror(errno);
      return Silence("no_answer",
                     why + " before it answered" +
                         (answered_ ? "" : "; does it speak MLLP there, and without TLS?"),
                     now);
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (const std::string other = OtherProtocol(bytes); !answered_ && !other.empty()) {
      return Silence("no_answer", "it speaks " + other + ", expected MLLP: is it the right port?",
                     now);
    }
    reader_.Feed(bytes);
    const auto payload = reader_.Next();
    if (!payload) continue;
    answered_ = true;
    if (!attempt_) return Close();
    if (!*payload) return Silence("unreadable_ack", "the acknowledgement cannot be read", now);
    const FeedVerdict verdict = JudgeAck(attempt_->item(), (*payload)->bytes);
    if (state_ == State::kWaiting) return Judge(verdict, now);
    // Before all of it was sent: a refusal may be one of its size; the rest is not wanted.
    if (verdict.kind == FeedVerdict::Kind::kAccepted) {
      return Silence("other_ack", "it accepted what was not sent", now);
    }
    Close();
    return Judge(verdict, now);
  }
  if (state_ == State::kWaiting && next_ <= now) {
    Silence("no_answer",
            "no acknowledgement within " + std::to_string(patience_.answer.count()) + " ms", now);
  }
}

void MllpClient::AwaitArrival() {
  int left = 0;
  if (ioctl(fd_, SIOCOUTQ, &left) != 0 || left != 0) return;
  ended_ = attempt_->End(FeedEnd::Kind::kUnconfirmed, "", "");
  attempt_.reset();
  state_ = State::kIdle;
  next_ = TimePoint::max();
}

std::optional<FeedEnd> MllpClient::Turn(TimePoint now) {
  if (state_ == State::kConnecting) OnConnected(now);
  if (state_ == State::kIdle && attempt_ && next_ <= now) {
    // What came after the last answer would be taken for the next one.
    if (reader_.half_read() || reader_.Next()) {
      Close();
    } else {
      state_ = State::kSending;
      next_ = now + patience_.answer;
    }
  }
  if (state_ == State::kClosed && attempt_ && next_ <= now) Connect(now);
  if (state_ == State::kSending) Write(now);
  if (fd_ >= 0 && state_ != State::kConnecting) Read(now);
  if (awaits_arrival()) AwaitArrival();
  return std::exchange(ended_, std::nullopt);
}

}  // namespace consilium
