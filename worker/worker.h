// The loop of a worker: brokers on one side, one backend on the other, all state in memory.
//
// Drain (first SIGTERM or SIGINT): offers no slots, hands back what has not started, lets running
// calls end for `drain`, aborts and hands back the rest, waits up to 2 s for confirmations, says
// goodbye. A second signal ends it at once. Rules are in inbox.h and link.h; this file sends and
// receives. Threads: one; everything here belongs to it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/config.h"
#include "shared/health.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/messages.h"
#include "shared/resolve.h"
#include "shared/signals.h"
#include "shared/zmq.h"
#include "worker/backend.h"
#include "worker/gate.h"
#include "worker/inbox.h"
#include "worker/link.h"

namespace consilium {

struct WorkerOptions {
  std::string id;  // fresh per process
  BackendConfig backend;
  std::vector<std::string> brokers;  // endpoints, at least one; a name stands for all its addresses
  BusKeys keys;                      // empty: the brokers are on this machine
  milliseconds drain{10000};
  milliseconds look_up_every{3000};  // names of brokers
  Resolver::Ask look_up = LookUp;
  std::string health;  // file for health checks (shared/health.h); "" = none
};

class Worker {
 public:
  Worker(WorkerOptions options, Backend& backend, Gate& gate, ZmqContext& context);

  // kInvalid when a broker's endpoint is not one. Names are looked up while it runs: each address
  // is a broker of its own, new ones are joined, and one that is no longer listed is left when it
  // is silent, too.
  Status Connect();
  // Until stopped: 0 when drained, 1 when a second signal cut that short.
  int Run(StopSignals& signals);

 private:
  // At its index, for as long as tasks are held under it.
  struct Broker {
    std::string endpoint;
    std::unique_ptr<DealerSocket> socket;  // absent: it was left
    BrokerLink link;
    bool listed = true;
    bool draining = false;  // as it last said
    std::string refusal;    // as last logged
  };
  enum class Phase { kWorking, kFinishing, kConfirming, kDone };

  // One round of everything that can be done now; when the next is due.
  TimePoint Turn();
  Status Join(const std::string& endpoint);
  void Leave(std::size_t index);
  void FollowNames();
  void DivideSlots();
  void Tend(std::size_t index);
  void Receive(std::size_t index);
  void OnFrame(std::size_t index, const Frame& frame);
  void OnTask(std::size_t index, const Frame& frame);
  void OnDraining(Broker& broker, bool draining);
  void Greet(Broker& broker, std::size_t index);
  void FindNewHome(std::size_t from);
  void TakeIn(std::size_t from, std::size_t to);
  void Abort(const std::string& ref);
  void StartTasks();
  void CollectOutcomes();
  void SendResults();
  void HandBack(const std::vector<Inbox::Returning>& tasks, bool abort);
  void BeginDrain();
  void Drain();
  void SayGoodbye();
  std::string Trouble() const;
  Outcome Labelled(Outcome outcome) const;
  void EndTask(const std::string& ref, Outcome outcome);
  void ReportFailure(const std::string& ref, const Outcome& outcome);
  template <class Message>
  bool Send(std::size_t index, const Message& message);

  WorkerOptions options_;
  Backend& backend_;
  Gate& gate_;
  ZmqContext& context_;
  Inbox inbox_;
  SeededRandom jitter_;
  std::vector<Broker> brokers_;
  std::unique_ptr<Resolver> names_;  // absent while every broker is given by its address
  HealthFile health_;
  TimePoint now_;
  TimePoint backend_due_ = TimePoint::max();
  TimePoint gate_due_ = TimePoint::max();
  bool more_ = false;  // something was left for the next round, which is due at once
  Phase phase_ = Phase::kWorking;
  TimePoint phase_ends_ = TimePoint::max();
  std::set<std::string> handed_back_;  // in a drain: not confirmed yet
  PowersOfTwo failures_;
  PowersOfTwo refused_;
  PowersOfTwo unreadable_;
};

}  // namespace consilium
