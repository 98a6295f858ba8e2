// How far a feed has come. Every message is in exactly one count.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>

#include "cli/feed/feed_item.h"

namespace consilium {

struct FeedTally {
  struct Door {
    std::size_t sent = 0;  // begun; those under way have no end yet
    std::size_t accepted = 0;
    std::size_t unconfirmed = 0;  // arrived; no answer is due
    std::size_t refused = 0;
    std::size_t unsent = 0;  // begun, and nobody knows what became of it
  };
  std::array<Door, 4> doors;                 // by FeedDoor
  std::map<std::string, std::size_t> codes;  // of the refused
  std::size_t unreadable = 0;                // messages and files that were not sent, and said so
  std::size_t known = 0;                     // answered to an earlier feed (--state)
  std::size_t known_refused = 0;             // of those
  std::size_t left_out = 0;                  // parts of accepted messages
  std::size_t resent = 0;                    // attempts after the first
  std::size_t messages_left = 0;             // not begun
  std::size_t files_left = 0;                // not read yet

  Door Sum() const {
    Door sum;
    for (const Door& door : doors) {
      sum.sent += door.sent;
      sum.accepted += door.accepted;
      sum.unconfirmed += door.unconfirmed;
      sum.refused += door.refused;
      sum.unsent += door.unsent;
    }
    return sum;
  }
};

}  // namespace consilium
