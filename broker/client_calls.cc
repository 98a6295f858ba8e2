#include "broker/client_calls.h"

#include <optional>

#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::int64_t kBusyRetryMs = 200;   // too many requests at once
constexpr std::int64_t kFullRetryMs = 1000;  // too many live cases

}  // namespace

Status CheckInteger(const char* field, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return Ok();
  return Invalid(std::string(field) + " = " + std::to_string(value) + ", expected " +
                 std::to_string(low) + ".." + std::to_string(high));
}

ClientCalls::ClientCalls(Hub& hub, RouterSocket& socket)
    : hub_(hub), socket_(socket), waiting_(hub.shards.size()) {}

void ClientCalls::SendReply(const Caller& to, const Frame& frame) {
  if (frame.body.size() > limits::kMessageBytesMax) {
    return Fail(to, {ErrorCode::kTooLarge, "the reply has " + std::to_string(frame.body.size()) +
                                               " bytes, more than a message may have (" +
                                               std::to_string(limits::kMessageBytesMax) + ")"});
  }
  // A client that is gone or does not read asks again: every request may be sent twice.
  socket_.Send(to.peer, frame);
}

void ClientCalls::Fail(const Caller& to, const Error& error) {
  ErrorMessage message{std::string(ErrorName(error.code)), error.text, std::nullopt};
  if (error.code == ErrorCode::kQueueFull || error.code == ErrorCode::kUnavailable) {
    message.retry_after_ms = kFullRetryMs;
  }
  Reply(to, message);
}

void ClientCalls::Refuse(const Caller& to, const Error& error) {
  if (refusals_.Due()) {
    LogWarn("client_message_refused", {{"code", ErrorName(error.code)},
                                       {"text", WithoutValue(error.text)},
                                       {"count", refusals_.count()}});
  }
  Fail(to, error);
}

bool ClientCalls::Admits(const Caller& to, const std::string& why_not, std::size_t& waiting,
                         const std::string& consequence) {
  if (!why_not.empty()) {
    Fail(to, {ErrorCode::kUnavailable, why_not + consequence});
    return false;
  }
  if (waiting >= kRequestsMax) {
    Reply(to, ErrorMessage{
                  std::string(ErrorName(ErrorCode::kQueueFull)),
                  std::to_string(waiting) + " requests wait for Redis, the limit" + consequence,
                  kBusyRetryMs});
    return false;
  }
  ++waiting;
  return true;
}

bool ClientCalls::Admits(const Caller& to, const Shard& shard, const std::string& consequence) {
  return Admits(to, hub_.NotAnswering(shard), waiting_[shard.number()], consequence);
}

bool ClientCalls::AdmitsToAll(const Caller& to, const std::string& why_not,
                              const std::string& consequence) {
  return Admits(to, why_not, waiting_for_all_, consequence);
}

TimePoint ClientCalls::Tick() {
  while (!asked_.empty() && hub_.now >= asked_.front().until) {
    const std::function<void()> give_up = std::move(asked_.front().give_up);
    asked_.pop_front();
    give_up();
  }
  return asked_.empty() ? TimePoint::max() : asked_.front().until;
}

}  // namespace consilium
