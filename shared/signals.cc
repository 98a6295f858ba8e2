#include "shared/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "shared/check.h"

namespace consilium {

namespace {

sigset_t BothSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  return stop;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t stop = BothSignals();
  CHECK(pthread_sigmask(SIG_BLOCK, &stop, nullptr) == 0, "blocking valid signals cannot fail");
  fd_ = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(fd_ >= 0, "a program has a descriptor left when it starts");
}

// The signals stay blocked: one that comes while the program is closing must not cut that short.
StopSignals::~StopSignals() { close(fd_); }

void StopSignals::Unblock() {
  const sigset_t stop = BothSignals();
  CHECK(pthread_sigmask(SIG_UNBLOCK, &stop, nullptr) == 0, "unblocking valid signals cannot fail");
}

int StopSignals::Count() {
  signalfd_siginfo info{};
  while (read(fd_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) ++count_;
  return count_;
}

}  // namespace consilium
