#include "gateway/net/loop.h"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "gateway/net/loop_state.h"
#include "shared/check.h"

namespace consilium {

namespace asio = boost::asio;

Loop::Loop() : state_(std::make_unique<State>()) {}
Loop::~Loop() {
  state_->pool.stop();
  state_->pool.join();
}
void Loop::Run() { state_->io.run(); }
void Loop::Stop() { state_->io.stop(); }
void Loop::Post(std::function<void()> later) { asio::post(state_->io, std::move(later)); }
void Loop::After(milliseconds pause, std::function<void()> later) {
  const auto timer = std::make_shared<asio::steady_timer>(state_->io, pause);
  timer->async_wait([timer, later = std::move(later)](boost::system::error_code error) {
    if (!error) later();
  });
}
void Loop::Work(std::function<std::function<void()>()> work) {
  asio::post(state_->pool, [this, work = std::move(work)]() mutable {
    std::function<void()> then = work();
    work = nullptr;  // what both hold is let go in the loop, not here
    Post(std::move(then));
  });
}

struct Timer::State {
  State(Loop& loop, std::function<void()> callback)
      : timer(loop.state().io), due(std::move(callback)) {}
  asio::steady_timer timer;
  std::function<void()> due;
  std::uint64_t set = 0;  // times; a wait of an earlier one says nothing
};

Timer::Timer(Loop& loop, std::function<void()> due)
    : state_(std::make_shared<State>(loop, std::move(due))) {}
Timer::~Timer() { Cancel(); }
void Timer::At(TimePoint when) {
  const std::uint64_t set = ++state_->set;
  state_->timer.expires_at(when);
  state_->timer.async_wait([weak = std::weak_ptr(state_), set](boost::system::error_code error) {
    const std::shared_ptr<State> state = weak.lock();
    if (!error && state != nullptr && state->set == set) state->due();
  });
}
void Timer::Cancel() {
  ++state_->set;
  state_->timer.cancel();
}

struct FdWatch::State : std::enable_shared_from_this<FdWatch::State> {
  State(Loop& loop, std::function<void()> callback)
      : descriptor(loop.state().io), readable(std::move(callback)) {}
  void Wait() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [weak = weak_from_this(), set = set](boost::system::error_code error) {
                            const std::shared_ptr<State> state = weak.lock();
                            if (error || state == nullptr || state->set != set) return;
                            state->readable();
                            if (state->set == set) state->Wait();
                          });
  }
  asio::posix::stream_descriptor descriptor;
  std::function<void()> readable;
  std::uint64_t set = 0;
};

FdWatch::FdWatch(Loop& loop, std::function<void()> readable)
    : state_(std::make_shared<State>(loop, std::move(readable))) {}
FdWatch::~FdWatch() { Watch(-1); }
void FdWatch::Watch(int fd) {
  ++state_->set;
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
  if (fd < 0) return;
  const int own = ::dup(fd);
  CHECK(own >= 0, "descriptors are left for the few that are watched");
  state_->descriptor.assign(own);
  state_->Wait();
}
bool FdWatch::watching() const { return state_->descriptor.is_open(); }

}  // namespace consilium
