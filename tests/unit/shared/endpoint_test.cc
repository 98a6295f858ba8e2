#include "shared/endpoint.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(CheckLoopbackTest, ThisMachineNeedsNoKeys) {
  for (const char* endpoint :
       {"tcp://127.0.0.1:7300", "tcp://127.0.0.1:0", "tcp://localhost:7300", "tcp://[::1]:7300",
        "tcp://[::ffff:127.0.0.1]:7300", "ipc:///tmp/broker"}) {
    EXPECT_TRUE(CheckLoopback("broker.clients", endpoint).ok()) << endpoint;
  }
}

TEST(CheckLoopbackTest, OtherNetworksAreRefused) {
  for (const char* endpoint :
       {"tcp://0.0.0.0:7300", "tcp://*:7300", "tcp://192.168.1.5:7300", "tcp://[::]:7300",
        "tcp://[::ffff:10.0.0.1]:7300", "tcp://", "", "tcp://127.evil.example:1"}) {
    EXPECT_FALSE(CheckLoopback("broker.clients", endpoint).ok()) << endpoint;
  }
  EXPECT_EQ(CheckLoopback("broker.clients", "tcp://0.0.0.0:7300").error(),
            Invalid("broker.clients = \"tcp://0.0.0.0:7300\" is beyond this machine, and without "
                    "keys only ipc:// and tcp:// on a loopback address are allowed: make keys with "
                    "`consilium keys new` and set bus.key_file (docs/security.md)"));
}

TEST(ConnectEndpointTest, AnyAddressIsReachedOnLoopback) {
  EXPECT_EQ(ConnectEndpoint("tcp://0.0.0.0:7300"), "tcp://127.0.0.1:7300");
  EXPECT_EQ(ConnectEndpoint("tcp://*:7300"), "tcp://127.0.0.1:7300");
  EXPECT_EQ(ConnectEndpoint("tcp://[::]:7300"), "tcp://127.0.0.1:7300");
  EXPECT_EQ(ConnectEndpoint("tcp://[::ffff:10.0.0.1]:7300"), "tcp://10.0.0.1:7300");
  EXPECT_EQ(ConnectEndpoint("tcp://[fe80::1]:7300"), "tcp://[fe80::1]:7300");
  EXPECT_EQ(ConnectEndpoint("ipc:///run/x"), "ipc:///run/x");
}

}  // namespace
}  // namespace consilium
