// Where the requests of clients arrive: each is given to the desk that it is for.
//
// Every request gets exactly one reply, an error if need be; bytes that are no request are counted
// and answered as well as they can be. Threads: none of its own; owned by the broker loop.
#pragma once

#include "broker/case_desk.h"
#include "broker/client_calls.h"
#include "broker/hub.h"
#include "broker/learning_desk.h"
#include "broker/operator_desk.h"
#include "broker/watch_desk.h"
#include "broker/worker_desk.h"
#include "shared/zmq.h"

namespace consilium {

class ClientDesk {
 public:
  ClientDesk(Hub& hub, RouterSocket& socket, WorkerDesk& workers);

  void OnMessage(const RouterSocket::Incoming& incoming);
  // A recommendation was published.
  void OnPublished() { watches_.OnPublished(); }
  // Lets the waiting watches go: their clients ask again.
  void ReleaseWatches() { watches_.ReleaseWatches(); }
  // Gives up what takes too long. The result is when to call again.
  TimePoint Tick();

 private:
  ClientCalls calls_;
  CaseDesk cases_;
  WatchDesk watches_;
  LearningDesk learning_;
  OperatorDesk operators_;
};

}  // namespace consilium
