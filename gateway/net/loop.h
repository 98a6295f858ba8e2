// The loop of the gateway: everything that listens, waits or talks runs in its one thread.
//
// Asio under it stays in this folder: others see callbacks, timers and descriptors. What is long is
// parsed by a few threads beside it (Parse) and comes back as a value. Threads: Post() and Stop()
// from any, everything else from the thread that runs it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "shared/clock.h"

namespace consilium {

class Loop {
 public:
  // What is parsed in the loop, at most. HL7, FHIR and CDS Hooks take about a millisecond for it:
  // everybody else can wait that long, and it is far more than going to another thread costs.
  static constexpr std::size_t kParseHereBytesMax = 128u << 10;

  Loop();
  // What is still parsed ends before, what waits for it never begins.
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
  // Gives what `parse()` makes of `bytes` bytes to `then`, in the loop: at once where they are few,
  // else later, parsed beside the loop. So `parse` shares nothing that changes with the loop, and
  // `then` looks whether what it is for is still there; both end in the loop.
  template <class Parser, class Then>
  void Parse(std::size_t bytes, Parser parse, Then then) {
    if (bytes <= kParseHereBytesMax) return then(parse());
    struct Job {
      Parser parse;
      Then then;
      std::optional<std::invoke_result_t<Parser&>> parsed;
    };
    auto job = std::make_shared<Job>(Job{std::move(parse), std::move(then), std::nullopt});
    Work([job = std::move(job)] {
      job->parsed.emplace(job->parse());
      return [job] { job->then(std::move(*job->parsed)); };
    });
  }

  struct State;
  State& state() { return *state_; }

 private:
  // Runs `work` beside the loop and what it returns in the loop.
  void Work(std::function<std::function<void()>()> work);

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
