// Takes cases in, lists them, and does what clients ask of one of them.
//
// Threads: none of its own; owned by the broker loop.
#pragma once

#include "broker/client_calls.h"
#include "broker/hub.h"
#include "broker/worker_desk.h"
#include "shared/messages.h"

namespace consilium {

class CaseDesk {
 public:
  CaseDesk(ClientCalls& calls, Hub& hub, WorkerDesk& workers);

  void OnSubmit(const Caller& to, const CaseRequest& request);
  void OnCancel(const Caller& to, const CancelRequest& request);
  void OnFetch(const Caller& to, const FetchRequest& request);
  void OnList(const Caller& to, const CaseListRequest& request);
  void OnOutcome(const Caller& to, const CaseOutcomeRequest& request);

 private:
  ClientCalls& calls_;
  Hub& hub_;
  WorkerDesk& workers_;
};

}  // namespace consilium
