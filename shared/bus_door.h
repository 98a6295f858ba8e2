// The door of a broker's sockets: decides which keys may connect, and which of those connected may
// still speak.
//
// libzmq asks a handler about every connection (ZAP, ZeroMQ RFC 27); this is it, answering from the
// list that was last set. libzmq 4.3.4 lets everybody in when there is no handler, so it is opened
// before any socket is bound, and every message is judged again: what did not come through the door
// has no key, and a key that was taken off the list is not heard any more.
// Threads: none of its own; owned by the broker loop, which polls fd() and calls Answer().
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shared/allow_list.h"
#include "shared/result.h"
#include "shared/zmq.h"

namespace consilium {

class BusDoor {
 public:
  // `own`: the keys of the brokers, whose holders may do everything.
  BusDoor(ZmqContext& context, KeyPair own);
  ~BusDoor();

  // kUnavailable when the context has another door.
  Status Open();
  // Who else may enter, from now on.
  void Allow(AllowList list);

  int fd() const;
  // Answers those who wait at the door.
  void Answer();

  // Whose the key is. kForbidden when it is not allowed, or not on this side.
  Result<BusPeer> Find(const std::string& key, BusSide side) const;
  // The same for a message that came with it; counts what it refuses.
  Result<BusPeer> Judge(const std::string& key, BusSide side);

  const KeyPair& own() const { return own_; }

  struct Counts {
    std::int64_t keys = 0;      // connections refused: a key that nobody knows
    std::int64_t roles = 0;     // connections refused: the key is for the other side
    std::int64_t messages = 0;  // from keys that were taken off the list
  };
  const Counts& refused() const { return refused_; }

 private:
  struct State;

  KeyPair own_;
  AllowList allowed_;
  Counts refused_;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
