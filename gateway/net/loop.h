// The loop of the gateway: everything that listens, waits or talks runs in its one thread.
//
// Asio under it stays in this folder: others see callbacks, timers and descriptors. Long
// computations go to a few threads beside it (Work) and come back with a value. Threads: Post() and
// Stop() from any, everything else from the thread that runs it.
#pragma once

#include <functional>
#include <memory>

#include "shared/clock.h"

namespace consilium {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;  // timers, descriptors and connections point here
  Loop& operator=(const Loop&) = delete;

  // Until Stop().
  void Run();
  void Stop();
  // Runs `later` in the loop, after what is under way.
  void Post(std::function<void()> later);
  // Runs `later` in the loop after a while; not at all if the loop ends before.
  void After(milliseconds pause, std::function<void()> later);
  // Runs `work` beside the loop and what it returns in the loop. `work` shares nothing with it.
  void Work(std::function<std::function<void()>()> work);

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

// Calls back once, at a time that may be changed until then. Destroyed, it never calls.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> due);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void At(TimePoint when);
  void Cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;  // a wait that was just done may outlive the timer
};

// Calls back whenever a descriptor of somebody else is readable. Destroyed, it never calls.
class FdWatch {
 public:
  FdWatch(Loop& loop, std::function<void()> readable);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  // -1: none. Watched through a duplicate, so its owner may close it at any time.
  void Watch(int fd);
  bool watching() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // as Timer's
};

}  // namespace consilium
