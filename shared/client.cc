#include "shared/client.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "shared/resolve.h"

namespace consilium {
namespace {

// How soon a send is tried again that found no connection.
constexpr milliseconds kReconnectPoll{50};
// A broker that cannot be reached for so long is left for the next one.
constexpr milliseconds kUnreachableMax{1000};
// How soon a request is repeated that the broker could not serve just now.
constexpr milliseconds kUnavailablePause{500};

std::string Seconds(milliseconds time) {
  const auto ms = time.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

// A name is tried by all its addresses, and then by itself, as it may lead elsewhere later.
std::vector<std::string> WithAddresses(const std::vector<std::string>& endpoints) {
  std::vector<std::string> all;
  for (const std::string& endpoint : endpoints) {
    if (HasName(endpoint)) {
      if (const auto found = LookUp(endpoint); found && found->size() > 1) {
        all.insert(all.end(), found->begin(), found->end());
      }
    }
    all.push_back(endpoint);
  }
  return all;
}

}  // namespace

Client::Client(ZmqContext& context, BrokerAddress brokers)
    : context_(context),
      brokers_{WithAddresses(brokers.endpoints), std::move(brokers.keys)},
      socket_(std::make_unique<DealerSocket>(context_, brokers_.endpoints.at(0), brokers_.keys)) {}

std::string Client::endpoint() const {
  std::string all;
  for (const std::string& endpoint : brokers_.endpoints) {
    if (!all.empty()) all += ", ";
    all += endpoint;
  }
  return all;
}

std::optional<Client::Reply> Client::Read(Result<Frame> frame, TimePoint now) {
  if (!frame.ok()) return std::nullopt;  // Not of our protocol; the request stays open.
  last_word_ = now;
  std::string request = frame->request;
  if (frame->type != ErrorMessage::kType) {
    turned_away_ = 0;
    if (!table_.Close(request)) return std::nullopt;  // A second reply.
    return Reply{std::move(request), std::move(frame), {}};
  }
  const auto error = Unpack<ErrorMessage>(frame->body);
  const ErrorCode code = error.ok() ? ErrorFromName(error->code) : error.error().code;
  // The request stays open for the next broker, unless all of them drain.
  drains_ = code == ErrorCode::kDraining && turned_away_ + 1 < brokers_.endpoints.size();
  if (drains_) return std::nullopt;
  turned_away_ = 0;
  if (!table_.Close(request)) return std::nullopt;
  if (!error.ok()) return Reply{std::move(request), error.error(), {}};
  return Reply{std::move(request), Error{code, error->text}, error->retry_after_ms};
}

void Client::ReadAll(TimePoint now, std::vector<Reply>& replies) {
  while (!drains_) {
    auto frame = socket_->Receive();
    if (!frame) return;
    if (auto reply = Read(std::move(*frame), now)) replies.push_back(std::move(*reply));
  }
  ++turned_away_;
  AskNext(now);
}

bool Client::IsGone(TimePoint now) const {
  if (brokers_.endpoints.size() < 2) return false;
  if (full_at_ && now - *full_at_ >= kUnreachableMax) return true;
  const TimePoint heard = std::max(last_word_.value_or(asked_from_), asked_from_);
  return table_.Silent(now) && now - heard >= RequestTable::kSilence;
}

void Client::AskNext(TimePoint now) {
  at_ = (at_ + 1) % brokers_.endpoints.size();
  ++changes_;
  socket_ = std::make_unique<DealerSocket>(context_, brokers_.endpoints[at_], brokers_.keys);
  table_.SendAllAgain(now);
  asked_from_ = now;
  full_at_.reset();
  drains_ = false;
}

std::vector<Client::Reply> Client::Step(TimePoint now) {
  std::vector<Reply> replies;
  ReadAll(now, replies);
  if (IsGone(now)) AskNext(now);
  bool full = false;
  for (const Frame* frame : table_.Due(now)) {
    full = socket_->Send(*frame) != SendResult::kSent;
    if (full) break;
    table_.Sent(frame->request, now);
  }
  if (!full) {
    full_at_.reset();
  } else if (!full_at_) {
    full_at_ = now;
  }
  for (std::string& request : table_.Expire(now)) {
    replies.push_back(
        {std::move(request), Error{ErrorCode::kTimeout, "no answer from " + endpoint()}, {}});
  }
  // The descriptor is edge-triggered: what came while sending would not be announced again.
  ReadAll(now, replies);
  return replies;
}

TimePoint Client::NextDue(TimePoint now) const {
  const TimePoint latest = now + milliseconds(1000);
  const TimePoint next = table_.NextDue().value_or(latest);
  if (full_at_) return std::min(now + kReconnectPoll, latest);
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
      const bool passing = error.code == ErrorCode::kUnavailable ||
                           error.code == ErrorCode::kQueueFull ||
                           error.code == ErrorCode::kDraining;
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
