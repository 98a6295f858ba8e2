// The requests of clients that are under way: who asked, the one reply that each gets, and how many
// of them wait for which Redis.
//
// What the desks for clients have in common. Threads: none of its own; owned by the broker loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/hub.h"
#include "shared/codec.h"
#include "shared/log.h"
#include "shared/messages.h"
#include "shared/result.h"
#include "shared/store.h"
#include "shared/zmq.h"

namespace consilium {

// Who asked, and the request id to answer with.
struct Caller {
  std::string peer;
  std::string request;
};

// What an error that leaves the outcome open is followed by.
inline constexpr const char* kAskAgain = "; send it again";
inline constexpr const char* kNoReply = "Redis does not answer in time";

// kInvalid beyond `low`..`high`.
Status CheckInteger(const char* field, std::int64_t value, std::int64_t low, std::int64_t high);

class ClientCalls {
 public:
  // Requests that wait for one Redis at one time.
  static constexpr std::size_t kRequestsMax = 4096;

  ClientCalls(Hub& hub, RouterSocket& socket);

  template <class Message>
  void Reply(const Caller& to, const Message& message) {
    SendReply(to, MakeFrame(message, to.request));
  }
  void Fail(const Caller& to, const Error& error);
  // The same of bytes that are no request of ours; counted and logged.
  void Refuse(const Caller& to, const Error& error);
  // As it is, whatever its size.
  void Send(const Caller& to, const Frame& frame) { socket_.Send(to.peer, frame); }

  // False, and answered, when the request cannot be asked of the Redis of `shard` now: because it
  // does not answer, or because too many wait for it. True: LeaveShard() when it did answer.
  bool Admits(const Caller& to, const Shard& shard, const std::string& consequence);
  void LeaveShard(const Shard& shard) { --waiting_[shard.number()]; }
  // The same of a request to several; refused for `why_not`, when that is not "". True: LeaveAll().
  bool AdmitsToAll(const Caller& to, const std::string& why_not, const std::string& consequence);
  void LeaveAll() { --waiting_for_all_; }

  // A callback for the store that answers a request that was admitted to one shard; `then` sees a
  // success first.
  template <class T, class Then>
  Store::Done<T> Answer(const Caller& to, const Shard& shard, const std::string& consequence,
                        Then then);
  // The same of one to several.
  template <class T>
  Store::Done<T> AnswerOfAll(const Caller& to);
  // Asks every shard; `then` gets what each said, in their order: kUnavailable where one does not
  // answer, or not in time.
  template <class T, class AskOne, class Then>
  void AskAll(AskOne ask, Then then);

  // Gives up waiting where others have answered. The result is when to call again.
  TimePoint Tick();
  // Messages that were no requests.
  std::int64_t refused() const { return refusals_.count(); }

 private:
  static constexpr milliseconds kPatience{2000};  // with one shard, where others have answered

  void SendReply(const Caller& to, const Frame& frame);
  bool Admits(const Caller& to, const std::string& why_not, std::size_t& waiting,
              const std::string& consequence);

  Hub& hub_;
  RouterSocket& socket_;
  std::vector<std::size_t> waiting_;  // requests that wait for one Redis, by shard
  std::size_t waiting_for_all_ = 0;   // and those that wait for all
  // Questions to several shards, oldest first; those answered meanwhile are given up in vain.
  struct Asked {
    TimePoint until;
    std::function<void()> give_up;
  };
  std::deque<Asked> asked_;
  PowersOfTwo refusals_;
};

template <class T, class Then>
Store::Done<T> ClientCalls::Answer(const Caller& to, const Shard& shard,
                                   const std::string& consequence, Then then) {
  return [this, to, &shard, consequence, then = std::move(then)](Result<T> result) {
    LeaveShard(shard);
    if (!result) {
      Error error = hub_.Named(shard, result.error());
      if (error.code == ErrorCode::kUnavailable) error.text += consequence;
      return Fail(to, error);
    }
    then(*result);
    Reply(to, *result);
  };
}

template <class T>
Store::Done<T> ClientCalls::AnswerOfAll(const Caller& to) {
  return [this, to](const Result<T>& result) {
    LeaveAll();
    if (result) return Reply(to, *result);
    Error error = result.error();
    if (error.code == ErrorCode::kUnavailable) error.text += kAskAgain;
    Fail(to, error);
  };
}

template <class T, class AskOne, class Then>
void ClientCalls::AskAll(AskOne ask, Then then) {
  struct Said {
    std::vector<Result<T>> all;
    std::size_t missing;
    Then then;
  };
  const auto said = std::make_shared<Said>(Said{{}, hub_.shards.size(), std::move(then)});
  for (const Shard& shard : hub_.shards) {
    std::string why = shard.answering() ? hub_.Named(shard, kNoReply) : hub_.NotAnswering(shard);
    said->all.push_back(Error{ErrorCode::kUnavailable, std::move(why)});
  }
  // The replies go with the answer: who waits for the late ones keeps `said`.
  const auto answer = [said] {
    const std::vector<Result<T>> all = std::move(said->all);
    said->then(all);
  };
  const auto one_less = [said, answer] {
    if (said->missing > 0 && --said->missing == 0) answer();
  };
  for (Shard& shard : hub_.shards) {
    if (!shard.answering()) {
      one_less();
      continue;
    }
    ask(shard, [this, said, one_less, &shard](Result<T> result) {
      if (said->missing == 0) return;  // it was not waited for
      if (!result) result = hub_.Named(shard, result.error());
      said->all[shard.number()] = std::move(result);
      one_less();
    });
  }
  // One that hangs must not hold up the others.
  if (said->missing == 0 || hub_.shards.size() == 1) return;
  asked_.push_back({hub_.now + kPatience, [said, answer] {
                      if (std::exchange(said->missing, 0) > 0) answer();
                    }});
}

}  // namespace consilium
