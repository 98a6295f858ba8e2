#include "shared/signals.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>

namespace consilium {
namespace {

TEST(StopSignalsTest, BothSignalsAreReadAndCountedInsteadOfEndingTheProgram) {
  StopSignals signals;
  EXPECT_EQ(signals.Count(), 0);
  pollfd polled{signals.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 0), 0);
  raise(SIGTERM);
  EXPECT_EQ(poll(&polled, 1, 0), 1);
  EXPECT_EQ(signals.Count(), 1);
  EXPECT_EQ(poll(&polled, 1, 0), 0);
  raise(SIGINT);
  EXPECT_EQ(signals.Count(), 2);
}

}  // namespace
}  // namespace consilium
