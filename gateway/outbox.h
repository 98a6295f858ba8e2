// Results on their way to the receiver: an ordered queue in Redis that any number of gateways fill
// and one of them sends from.
//
//   feed ─► Fill ─► outbox ─► Head ─► (delivery.h) ─► Sent | Retry | SetAside ─► aside ─► Requeue |
//   Purge
//
// Filled exactly once: with the messages the cursor of the feed moves on, and only from where they
// began. Sent at least once: who died between the receiver's yes and Sent() is followed by one that
// sends the same bytes again, under the same control id. Nothing passes the head; it leaves by
// Sent() or SetAside().
//
// One gateway sends at a time. Its token says so: it grows with each change of hands, and what a
// former sender says about failures changes nothing. One that stands still for longer than the
// silence while its message is on the wire may have sent it when the next one does.
//
// Keys: docs/gateway.md, "Keys in Redis", all of shard 0. `bytes` are opaque here (the caller seals
// them). Every step is one atomic script and may be sent twice. Errors: as RedisConnection, and
// kQueueFull from Fill() and Requeue() when Redis has no memory. Time is Redis' own.
//
// Threads: as RedisConnection: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/redis.h"

namespace consilium {

// One recommendation for the receiver.
struct OutboxMessage {
  std::string case_id;
  std::int64_t revision = 1;
  std::string bytes;
};

struct OutboxBegin {
  std::string cursor;         // where to read the feed from; "" = from its beginning
  std::int64_t since_ms = 0;  // what was decided before is not for the receiver
  bool first = false;         // this call said since when
};

struct FillReply {
  enum class Kind {
    kFilled,  // go on from `cursor`
    kMoved,   // somebody was quicker, or this very call was sent before: go on from `cursor`
    kFull,    // nothing is added until some were sent
  };
  Kind kind = Kind::kFull;
  std::string cursor;      // of the feed; "" with kFull
  std::int64_t added = 0;  // fewer than given where a revision was there, or a newer one
};

struct OutboxTurn {
  std::int64_t token = 0;    // 0: another gateway sends
  milliseconds again_in{0};  // then: when its silence would be over
};

// How often the receiver was asked to take the head.
struct DeliveryTries {
  std::int64_t tries = 0;     // all that failed
  std::int64_t refusals = 0;  // of them those that it answered with AE or CE

  friend bool operator==(const DeliveryTries&, const DeliveryTries&) = default;
};

struct OutboxHead {
  std::string entry;
  OutboxMessage message;
  DeliveryTries tried;
};
struct HeadReply {
  bool holds = true;               // false: the token has ended, send nothing
  std::optional<OutboxHead> head;  // absent: there is none
};

struct AsideMessage {
  std::string entry;
  OutboxMessage message;
  std::string why;
  std::int64_t tries = 0;
  std::int64_t aside_ms = 0;  // when
};

struct OutboxStatus {
  std::int64_t now_ms = 0;
  std::int64_t waiting = 0;
  std::int64_t oldest_ms = 0;  // since when the head is in the outbox; 0 = none
  std::int64_t aside = 0;
  std::int64_t oldest_aside_ms = 0;
  std::string cursor;         // of the feed
  std::string sender;         // "" = nobody sends
  std::int64_t seen_ms = 0;   // when the sender last said so
  DeliveryTries tried;        // of the head
  std::string why;            // it was not taken last time
  std::int64_t sent_ms = 0;   // when one was taken last; 0 = never
  std::int64_t since_ms = 0;  // OutboxBegin::since_ms
};

class Outbox {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  // A sender that does not call Hold() for so long has died.
  static constexpr milliseconds kSilence{15000};
  static constexpr milliseconds kHoldEvery{5000};
  static constexpr std::int64_t kAsideMax = 10000;
  // Messages that wait; beyond it Fill() adds nothing and the feed keeps them.
  static constexpr std::int64_t kWaitingMax = 100000;
  // That an entry was put back is known for so long.
  static constexpr milliseconds kMark{7LL * 24 * 3600 * 1000};

  explicit Outbox(RedisConnection& redis, milliseconds silence = kSilence,
                  std::int64_t waiting_max = kWaitingMax);
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  // --- any gateway
  // Where to go on. A receiver that is new begins with what is decided from the start of the first
  // gateway on that has it; `up`: for how long this one runs.
  void Begin(milliseconds up, Done<OutboxBegin> done);
  // What stands in the feed between two cursors; `messages` may be empty. A revision that is not
  // newer than what was added of its case within `keep` is left out; so is revision 0 (a case that
  // ended before it said anything).
  void Fill(const std::string& from, const std::string& to,
            const std::vector<OutboxMessage>& messages, milliseconds keep, Done<FillReply> done);

  // --- the one that sends
  // Asks to be the sender, or says that it still is. `gateway`: unique, not empty.
  void Hold(const std::string& gateway, Done<OutboxTurn> done);
  // Lets another one begin at once. False: the token had ended.
  void Release(std::int64_t token, Done<bool> done);
  // What to send now. Ask it before each try, so that a former sender stops.
  void Head(std::int64_t token, Done<HeadReply> done);
  // The reply of these three: whether the token still holds. Sent() counts in any case.
  void Sent(std::int64_t token, const std::string& entry, Done<bool> done);
  // `tried`: with this try. `why` and those below: for people, without anything of the message.
  void Retry(std::int64_t token, const std::string& entry, const DeliveryTries& tried,
             const std::string& why, Done<bool> done);
  void SetAside(std::int64_t token, const std::string& entry, const DeliveryTries& tried,
                const std::string& why, Done<bool> done);

  // --- operators
  // In their order after `after` ("" = from the oldest), at most `count`.
  void ListAside(const std::string& after, std::int64_t count,
                 Done<std::vector<AsideMessage>> done);
  // Puts it at the end of the outbox: "requeued", "before" (it was), "superseded" (a newer revision
  // of its case went to the outbox: it stays set aside), "unknown".
  void Requeue(const std::string& entry, Done<std::string> done);
  // False: it was not there.
  void Purge(const std::string& entry, Done<bool> done);
  void Describe(Done<OutboxStatus> done);

 private:
  void End(const char* what, std::int64_t token, const std::string& entry,
           const DeliveryTries& tried, const std::string& why, Done<bool> done);

  RedisConnection& redis_;
  milliseconds silence_;
  std::int64_t waiting_max_;
};

}  // namespace consilium
