// A client that submits cases under fresh ids to several brokers and keeps a ledger.
//
// It does what docs/protocol.md asks of a client: no reply, `unavailable`, `queue_full` and
// `draining` mean that the same case goes out again under the same id, to the next broker. An
// acknowledgement counts once it is written to the ledger and the ledger is synced: what the checks
// hold the cluster to is what a crashed client would still know. Threads: one of its own between
// Start() and Finish(); counts may be read at any time, the rest after Finish().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "shared/clock.h"
#include "shared/messages.h"
#include "shared/zmq.h"

namespace consilium::fault {

// A case that the simulated models know.
CaseRequest KnownCase(std::string id);

struct LoadOptions {
  std::vector<std::string> brokers;
  std::string ledger;  // file, made here
  std::string prefix = "case-";
  double per_second = 150;                               // 0 = as fast as the window allows
  std::size_t window = 64;                               // submissions outstanding
  std::size_t most = 1000000;                            // cases
  milliseconds patience{1500};                           // for one reply
  std::uint64_t seed = 1;                                // of which broker is asked first
  std::function<void(CaseRequest&, std::size_t)> shape;  // what is special about the n-th case
};

// A client that sends cases of these ids to a broker and is gone after that time, whatever it was
// told meanwhile.
void SendAndDie(const std::string& broker, const std::vector<std::string>& ids, milliseconds lives);

class Load {
 public:
  explicit Load(LoadOptions options);
  ~Load();
  Load(const Load&) = delete;  // owns a thread
  Load& operator=(const Load&) = delete;

  void Start();
  // No more fresh ids; waits until each submitted case is acknowledged. False: not within that
  // time.
  bool Finish(milliseconds within);
  // No more fresh ids and no more sending; what is open stays unknown.
  void Abandon();

  std::size_t submitted() const { return submitted_count_; }
  std::size_t acknowledged() const { return acknowledged_count_; }
  bool exhausted() const { return submitted_count_ >= options_.most; }
  // Times that a broker had too much to do to take a case.
  std::size_t busy() const { return busy_count_; }
  // How many replies were an error of that name ("unavailable", ...), "silence" or "duplicate".
  std::size_t Count(const std::string& what) const;

  const std::set<std::string>& submitted_ids() const { return submitted_; }
  // As the ledger file says.
  std::set<std::string> LedgerIds() const;
  // Between an acknowledgement and the next.
  milliseconds longest_gap() const { return longest_gap_; }
  // From first sending to acknowledgement, per case, in ms.
  const std::vector<double>& accept_ms() const { return accept_ms_; }
  // Refusals that no client of this kind may get: conflict, invalid, ...
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  struct Open {
    std::size_t broker = 0;  // asked last
    TimePoint first;
    TimePoint next;  // when it is sent (again)
    Frame frame;
  };
  void Run();
  void Issue(TimePoint now);
  void SendDue(TimePoint now);
  void ReadReplies(TimePoint now);
  void OnReply(const Frame& frame, TimePoint now);
  void WriteLedger(TimePoint now);

  LoadOptions options_;
  int ledger_fd_ = -1;
  std::thread thread_;
  std::atomic<bool> stop_issuing_{false};
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> submitted_count_{0};
  std::atomic<std::size_t> acknowledged_count_{0};
  std::atomic<std::size_t> open_count_{0};
  std::atomic<std::size_t> busy_count_{0};

  // Of the thread.
  ZmqContext context_;
  std::vector<std::unique_ptr<DealerSocket>> sockets_;
  std::map<std::string, Open> open_;
  std::vector<std::string> to_write_;
  std::set<std::string> submitted_;
  std::map<std::string, std::size_t> counts_;
  std::vector<std::string> refusals_;
  std::vector<double> accept_ms_;
  TimePoint started_;
  TimePoint last_ack_;
  milliseconds longest_gap_{0};
};

double Quantile(std::vector<double> values, double q);

}  // namespace consilium::fault
