// SIGINT and SIGTERM as something to poll. Make one before any thread or ZeroMQ context exists.
#pragma once

namespace consilium {

class StopSignals {
 public:
  StopSignals();  // blocks both signals in this thread and those it starts
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;  // owns a descriptor
  StopSignals& operator=(const StopSignals&) = delete;
  int fd() const { return fd_; }
  // How many have come so far; reads what is pending.
  int Count();
  // For a program that goes on and polls no more, after the last one is gone: the signals end it.
  static void Unblock();

 private:
  int fd_ = -1;
  int count_ = 0;
};

}  // namespace consilium
