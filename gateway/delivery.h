// Sending results to an MLLP receiver, one at a time: what to do next, and when. Pure: the loop
// owns the socket and the outbox (outbox.h), does each step and says how it went.
//
//   off ─Start─► asking ─TakeHead─► connecting ─► asking ─► awaiting the answer ─► recording ─►
//   asking
//                  │ ▲                  │                        │                    │
//             NoHead pause              └─────── failed ─────────┴──────────► recording ─► pause ─►
//             asking
//
// The head is asked for immediately before each try, so a gateway whose turn has ended sends no
// more. What the receiver's answer does is a table of docs/gateway.md, "Results out"; nothing is
// sent until that is recorded.
//
// Source: HL7 v2.5 chapter 2.9 and table 0008 (acknowledgments). A receiver of the enhanced mode
// may answer CA and then AA: the second is passed over.
//
// Time: only through `now`. Threads: none of its own; owned by the loop.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "gateway/outbox.h"
#include "shared/clock.h"
#include "shared/ids.h"

namespace consilium {

struct DeliveryConfig {
  milliseconds connect_timeout{10000};
  milliseconds ack_timeout{30000};
  std::int64_t attempts_max = 5;   // answers AE or CE until a message is set aside, >= 1
  milliseconds pause{1000};        // after the first failure; doubles ...
  milliseconds pause_max{60000};   // ... up to this; each is shortened by up to a half, by chance
  milliseconds look_every{1000};   // while the outbox is empty
  milliseconds store_pause{1000};  // after Redis did not answer
};

// What a receiver answered, read: MSA-1, MSA-2, ERR-3.1.
struct ReceiverAck {
  std::string code;
  std::string control_id;
  std::string error;  // "" = not stated
};

enum class DeliveryDo {
  kWait,     // until NextDue() or the next event
  kHead,     // ask Outbox::Head: TakeHead(), NoHead(), StoreFailed() or Stop()
  kConnect,  // Connected() or Lost()
  kSend,     // the message of the head: Answered() or Lost()
  kClose,    // the connection or the attempt to make one, now; Lost() is not called for it
  kSent,     // Outbox::Sent, and below Retry and SetAside: Recorded() or StoreFailed()
  kRetry,
  kSetAside,
};

struct DeliveryStep {
  DeliveryDo what = DeliveryDo::kWait;
  std::string entry;  // of what is to be recorded
  DeliveryTries tried;
  std::string why;  // for people: codes and times only

  friend bool operator==(const DeliveryStep&, const DeliveryStep&) = default;
};

class Delivery {
 public:
  Delivery(DeliveryConfig config, std::uint64_t seed);

  // This gateway's turn begins.
  void Start();
  // It ends, or the program does: what was not answered stays in the outbox. Done at once; a closed
  // connection is what is left to do. While OnTheWire() it costs the receiver a repetition.
  void Stop();
  bool on() const { return state_ != State::kOff; }
  bool OnTheWire() const { return state_ == State::kAwaiting; }

  // What to do now. To be asked until it says kWait, after each of the events below and when due.
  DeliveryStep Next(TimePoint now);
  // When something is due by itself; max() = only an event goes on.
  TimePoint NextDue() const;

  // `control_id`: MSH-10 of the message.
  void TakeHead(const OutboxHead& head, const std::string& control_id);
  void NoHead(TimePoint now);
  // There may be something in the outbox: does not wait for look_every.
  void Look();
  void Connected();
  // The connection could not be made (`why`: "refused", "host unknown"), or ended.
  void Lost(const std::string& why);
  // A whole frame came; absent: it is no acknowledgment.
  void Answered(const std::optional<ReceiverAck>& ack);
  // `holds`: as Outbox replied.
  void Recorded(bool holds, TimePoint now);
  // Redis did not do what was asked: it is asked again.
  void StoreFailed(TimePoint now);

 private:
  enum class State { kOff, kIdle, kAsking, kConnecting, kAwaiting, kRecording, kPausing };

  void Fail(std::string why, bool close);
  void Record(DeliveryDo what, std::string why);
  void Do(DeliveryDo what);
  milliseconds Pause(std::int64_t failures);

  DeliveryConfig config_;
  SeededRandom random_;
  State state_ = State::kOff;
  bool connected_ = false;
  TimePoint due_ = TimePoint::max();  // of the state
  std::deque<DeliveryStep> steps_;    // to be handed out first
  std::string entry_;
  std::string control_id_;
  std::string done_control_id_;  // of the message before: its receiver may answer once more
  DeliveryTries tried_;
  std::int64_t failures_ = 0;  // of the connection, in a row
  DeliveryStep record_;        // what is being recorded
  milliseconds pause_{0};      // after it
  bool look_ = false;          // Look() was called while the head was asked for
  bool empty_ = false;         // it pauses because there was no head
};

}  // namespace consilium
