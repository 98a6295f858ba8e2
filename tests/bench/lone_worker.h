// The real consilium-worker with one backend, driven by a broker that is played here.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "shared/zmq.h"

namespace consilium::bench {

struct WorkerRun {
  std::vector<double> latency_ms;    // of each task: sent until its result is here
  std::vector<double> own_ms;        // CPU time a task, in windows of 500 tasks
  std::vector<double> resident_mib;  // at the end of each window
  double seconds = 0;
  std::size_t ok = 0;
};

class LoneWorker {
 public:
  // `url`: of an OpenAI-compatible server. Stops the program with a message when the worker does
  // not say hello.
  LoneWorker(const std::string& url, std::size_t in_flight);
  ~LoneWorker();
  LoneWorker(const LoneWorker&) = delete;  // owns a folder and a process
  LoneWorker& operator=(const LoneWorker&) = delete;

  // Hands it `tasks` of stage generate, so many at once as it offers slots.
  WorkerRun Run(std::size_t tasks);

 private:
  // The next message of the worker; heartbeats are answered.
  Frame Await();
  void SendTask(std::size_t number);

  std::string folder_;
  ZmqContext context_;
  RouterSocket socket_;
  std::string peer_;
  pid_t pid_ = -1;
  std::size_t slots_ = 0;
  std::size_t sent_ = 0;
};

}  // namespace consilium::bench
