#include "shared/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <mutex>
#include <utility>

namespace consilium {
namespace {

using testing::ElementsAre;

TEST(ResolveTest, OnlyWhatIsNoAddressIsAName) {
  EXPECT_TRUE(HasName("tcp://broker:7301"));
  EXPECT_TRUE(HasName("tcp://localhost:7301"));
  EXPECT_TRUE(HasName("tcp://broker.hospital.example:7301"));
  EXPECT_FALSE(HasName("tcp://127.0.0.1:7301"));
  EXPECT_FALSE(HasName("tcp://[::1]:7301"));
  EXPECT_FALSE(HasName("tcp://*:7301"));
  EXPECT_FALSE(HasName("ipc:///run/broker.sock"));
  EXPECT_FALSE(HasName("broker:7301"));
}

TEST(ResolveTest, ANameOfBothFamiliesIsOneMachine) {
  const auto found = LookUp("tcp://localhost:7301");
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_THAT(*found, ElementsAre("tcp://127.0.0.1:7301"));
}

TEST(ResolveTest, AnAddressIsItself) {
  EXPECT_THAT(*LookUp("tcp://192.0.2.7:1"), ElementsAre("tcp://192.0.2.7:1"));
  EXPECT_THAT(*LookUp("tcp://[2001:db8::7]:65535"), ElementsAre("tcp://[2001:db8::7]:65535"));
}

TEST(ResolveTest, WhatIsNoEndpointIsInvalid) {
  for (const char* bad : {"", "broker:7301", "tcp://broker", "tcp://broker:", "tcp://:7301",
                          "tcp://broker:0", "tcp://broker:65536", "tcp://broker:73o1", "tcp://"}) {
    const auto found = LookUp(bad);
    ASSERT_FALSE(found.ok()) << bad;
    EXPECT_EQ(found.error(), Invalid("endpoint \"" + std::string(bad) +
                                     "\", expected tcp://HOST:PORT with a port in 1..65535"));
  }
}

TEST(ResolveTest, ANameThatLeadsNowhereIsUnavailable) {
  const auto found = LookUp("tcp://no.such.name.invalid:7301");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(found.error().text, testing::StartsWith("no address for \"no.such.name.invalid\": "));
}

// A name server whose answers are what the test says.
class Names {
 public:
  void Say(Result<std::vector<std::string>> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  Resolver::Ask Ask() {
    return [this](const std::string&) {
      const std::lock_guard lock(mutex_);
      return answer_;
    };
  }

 private:
  std::mutex mutex_;
  Result<std::vector<std::string>> answer_ = std::vector<std::string>();
};

// The next change; fails when none comes.
Resolver::Found Next(Resolver& resolver) {
  pollfd polled{resolver.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 10000), 1) << "nothing changed";
  return resolver.Take().value_or(Resolver::Found{});
}

TEST(ResolverTest, ChangesAreToldOnceAndALostNameServerTakesNothingAway) {
  Names names;
  names.Say(std::vector<std::string>{"tcp://10.0.0.2:1"});
  Resolver resolver({"tcp://broker:1"}, milliseconds(1), names.Ask());
  EXPECT_THAT(Next(resolver).endpoints, ElementsAre("tcp://10.0.0.2:1"));
  EXPECT_FALSE(resolver.Take().has_value());

  names.Say(Error{ErrorCode::kUnavailable, "no name server"});
  Resolver::Found found = Next(resolver);
  EXPECT_THAT(found.endpoints, ElementsAre("tcp://10.0.0.2:1"));
  EXPECT_EQ(found.trouble, "no name server");

  names.Say(std::vector<std::string>{"tcp://10.0.0.3:1", "tcp://10.0.0.4:1"});
  found = Next(resolver);
  EXPECT_THAT(found.endpoints, ElementsAre("tcp://10.0.0.3:1", "tcp://10.0.0.4:1"));
  EXPECT_EQ(found.trouble, "");
}

TEST(ResolverTest, TheAddressesOfAllNamesAreTogether) {
  Resolver resolver({"tcp://b:1", "tcp://a:1"}, milliseconds(60000), [](const std::string& name) {
    return std::vector<std::string>{name + "0", "tcp://same:1"};
  });
  EXPECT_THAT(Next(resolver).endpoints, ElementsAre("tcp://a:10", "tcp://b:10", "tcp://same:1"));
}

TEST(ResolverTest, AStopDoesNotWaitForALookup) {
  const auto gate = std::make_shared<std::mutex>();
  std::unique_lock closed(*gate);
  const auto asked = std::make_shared<std::promise<void>>();
  {
    Resolver resolver({"tcp://slow:1"}, milliseconds(1),
                      [gate, asked, first = true](const std::string&) mutable {
                        if (std::exchange(first, false)) asked->set_value();
                        const std::lock_guard wait(*gate);
                        return std::vector<std::string>();
                      });
    asked->get_future().wait();
    EXPECT_FALSE(resolver.Take().has_value());
  }  // returns while the lookup is still under way
  closed.unlock();
}

}  // namespace
}  // namespace consilium
