#include "cli/client.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

namespace consilium {
namespace {

// How soon a send is tried again that found no connection.
constexpr milliseconds kReconnectPoll{50};
// How soon a request is repeated that the broker could not serve just now.
constexpr milliseconds kUnavailablePause{500};

std::string Seconds(milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

Client::Client(ZmqContext& context, BrokerAddress broker)
    : endpoint_(std::move(broker.endpoint)), socket_(context, endpoint_, broker.keys) {}

std::optional<Client::Reply> Client::Read(Result<Frame> frame, TimePoint now) {
  if (!frame.ok()) return std::nullopt;  // Not of our protocol; the request stays open.
  last_word_ = now;
  if (!table_.Close(frame->request)) return std::nullopt;  // A second reply.
  std::string request = frame->request;
  if (frame->type != ErrorMessage::kType) return Reply{std::move(request), std::move(frame), {}};
  const auto error = Unpack<ErrorMessage>(frame->body);
  if (!error.ok()) return Reply{std::move(request), error.error(), {}};
  return Reply{std::move(request), Error{ErrorFromName(error->code), error->text},
               error->retry_after_ms};
}

std::vector<Client::Reply> Client::Step(TimePoint now) {
  std::vector<Reply> replies;
  while (auto frame = socket_.Receive()) {
    if (auto reply = Read(std::move(*frame), now)) replies.push_back(std::move(*reply));
  }
  full_ = false;
  for (const Frame* frame : table_.Due(now)) {
    if (socket_.Send(*frame) != SendResult::kSent) {
      full_ = true;
      break;
    }
    table_.Sent(frame->request, now);
  }
  for (std::string& request : table_.Expire(now)) {
    replies.push_back(
        {std::move(request), Error{ErrorCode::kTimeout, "no answer from " + endpoint_}, {}});
  }
  // The descriptor is edge-triggered: what came while sending would not be announced again.
  while (auto frame = socket_.Receive()) {
    if (auto reply = Read(std::move(*frame), now)) replies.push_back(std::move(*reply));
  }
  return replies;
}

TimePoint Client::NextDue(TimePoint now) const {
  const TimePoint latest = now + milliseconds(1000);
  const TimePoint next = table_.NextDue().value_or(latest);
  if (full_) return std::min(now + kReconnectPoll, latest);
  return std::min(next, latest);
}

bool WaitForClient(const Client& client, StopSignals& stop, TimePoint until) {
  std::array<pollfd, 2> polled{{{client.fd(), POLLIN, 0}, {stop.fd(), POLLIN, 0}}};
  const TimePoint now = Now();
  ::poll(polled.data(), polled.size(), PollTimeoutMs(now, std::min(until, client.NextDue(now))));
  return (polled[1].revents & POLLIN) != 0;
}

std::optional<Result<Frame>> AskAndWait(Client& client, StopSignals& stop, const Frame& request,
                                        milliseconds timeout, milliseconds grace) {
  const TimePoint deadline = Now() + timeout;
  std::optional<Error> last;
  std::optional<TimePoint> again = Now();
  std::string open;
  while (true) {
    TimePoint now = Now();
    if (again && *again <= now) {
      open = client.AskFrame(request, now, deadline, grace);
      again.reset();
    }
    for (Client::Reply& reply : client.Step(now)) {
      if (reply.request != open) continue;
      open.clear();
      if (reply.frame.ok()) return std::move(reply.frame);
      const Error& error = reply.frame.error();
      const bool passing =
          error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kQueueFull;
      if (error.code != ErrorCode::kTimeout && !passing) return std::move(reply.frame);
      if (passing) {
        last = error;
        again = now + milliseconds(reply.retry_after_ms.value_or(kUnavailablePause.count()));
      }
    }
    now = Now();
    if (now >= deadline) {
      if (last) return Result<Frame>(*last);
      const std::string refusal = client.refusal();
      return Result<Frame>(Error{ErrorCode::kTimeout,
                                 "no answer from the broker at " + client.endpoint() + " within " +
                                     Seconds(timeout) + (refusal.empty() ? "" : ": " + refusal)});
    }
    if (WaitForClient(client, stop, std::min(again.value_or(deadline), deadline))) {
      return std::nullopt;
    }
  }
}

}  // namespace consilium
