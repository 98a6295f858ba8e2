#include <gtest/gtest.h>

#include "broker/broker.h"

namespace consilium {
namespace {

TEST(LoopbackTest, ThisMachineNeedsNoKeys) {
  for (const char* endpoint :
       {"tcp://127.0.0.1:7300", "tcp://127.0.0.1:0", "tcp://localhost:7300", "tcp://[::1]:7300",
        "tcp://[::ffff:127.0.0.1]:7300", "ipc:///tmp/broker"}) {
    EXPECT_TRUE(CheckLoopback("broker.clients", endpoint).ok()) << endpoint;
  }
}

TEST(LoopbackTest, OtherNetworksAreRefused) {
  for (const char* endpoint :
       {"tcp://0.0.0.0:7300", "tcp://*:7300", "tcp://192.168.1.5:7300", "tcp://[::]:7300",
        "tcp://[::ffff:10.0.0.1]:7300", "tcp://", "", "tcp://127.evil.example:1"}) {
    EXPECT_FALSE(CheckLoopback("broker.clients", endpoint).ok()) << endpoint;
  }
  EXPECT_EQ(
      CheckLoopback("broker.clients", "tcp://0.0.0.0:7300").error(),
      Invalid("broker.clients = \"tcp://0.0.0.0:7300\", expected ipc:// or tcp:// on a "
              "loopback address: other networks need keys, which this version does not have"));
}

}  // namespace
}  // namespace consilium
