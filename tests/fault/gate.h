// A gate between two parts: a relay of byte streams that can delay, cut into single bytes, swallow,
// or lose a reply after its request went through.
//
// Listens on a Unix socket or a TCP address and connects each peer with the real part behind it.
// What it holds back it holds in order: bytes are late or never come, but are not reordered, as on
// a real connection. Threads: one of its own; all calls may come from another one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shared/clock.h"
#include "shared/ids.h"

namespace consilium::fault {

struct GateWeather {
  milliseconds delay{0};   // of what passes, in both directions
  milliseconds jitter{0};  // +- uniformly
  double stall = 0;        // share of the pieces that are held up ...
  milliseconds stall_for{500};
  bool bytewise = false;  // each piece is a single byte
  // Nothing passes, without a word; new connections are taken and lead nowhere.
  bool swallow_up = false;    // from who connects
  bool swallow_down = false;  // towards who connects
};

class Gate {
 public:
  // "unix:/path" or "tcp://127.0.0.1:7300" each.
  Gate(std::string listen, std::string behind, std::uint64_t seed);
  ~Gate();
  Gate(const Gate&) = delete;  // owns a thread and sockets
  Gate& operator=(const Gate&) = delete;

  void Set(const GateWeather& weather);
  // Closes all connections that stand.
  void Reset();

  // For a gate before Redis: the next request that contains `mark` (the hash of a script) is passed
  // on, and its reply is swallowed together with the connection. Whoever asks learns nothing of
  // what came of it. False while the last such order is not done.
  bool LoseReplyOf(const std::string& mark);
  // Replies lost so far.
  std::int64_t lost_replies() const { return lost_replies_; }
  std::int64_t connections() const { return connections_; }

 private:
  struct Piece {
    TimePoint due;
    std::string bytes;
  };
  struct Way {  // one direction of a connection
    int from = -1;
    int to = -1;
    std::deque<Piece> pieces;
    bool ended = false;  // nothing more comes
  };
  struct Link {
    Way up;
    Way down;
    bool loses = false;  // its request goes through; the reply and all after it go nowhere
    TimePoint over_at = TimePoint::max();
    bool over = false;
  };

  void Run();
  void Accept();
  void Take(Link& link, Way& way, bool up, TimePoint now);
  void Pass(Link& link, Way& way, TimePoint now);
  void Close(Link& link);

  std::string behind_;
  int listen_fd_ = -1;
  int wake_fd_ = -1;
  std::atomic<bool> stop_{false};
  std::atomic<bool> reset_{false};
  std::atomic<std::int64_t> lost_replies_{0};
  std::atomic<std::int64_t> connections_{0};
  std::mutex mutex_;  // of the two below
  GateWeather weather_;
  std::string mark_;
  // Of the thread.
  SeededRandom random_;
  std::vector<std::unique_ptr<Link>> links_;
  std::thread thread_;
};

}  // namespace consilium::fault
