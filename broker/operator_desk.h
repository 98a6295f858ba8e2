// What an operator asks for: how the cluster is, the dead letters, a drain.
//
// Threads: none of its own; owned by the broker loop.
#pragma once

#include <string>
#include <vector>

#include "broker/client_calls.h"
#include "broker/hub.h"
#include "broker/worker_desk.h"
#include "shared/messages.h"

namespace consilium {

class OperatorDesk {
 public:
  OperatorDesk(ClientCalls& calls, Hub& hub, WorkerDesk& workers);

  void OnStatus(const Caller& to);
  void OnDeadList(const Caller& to, const DeadListRequest& request);
  void OnDeadRequeue(const Caller& to, const DeadRequeueRequest& request);
  void OnDeadPurge(const Caller& to, const DeadPurgeRequest& request);
  void OnDrain(const Caller& to, const DrainRequest& request);

 private:
  bool AdmitsLetters(const Caller& to, const std::vector<std::string>& ids);
  // Adds what this broker knows by itself.
  void Fill(StatusReply& status) const;

  ClientCalls& calls_;
  Hub& hub_;
  WorkerDesk& workers_;
};

}  // namespace consilium
