#include "shared/zmq.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>

#include "shared/clock.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr std::chrono::seconds kPatience{20};

bool IsReadable(int fd, int wait_ms) {
  pollfd polled{fd, POLLIN, 0};
  return poll(&polled, 1, wait_ms) == 1;
}

// Polls as a loop does until a message is there.
template <class Socket>
auto Wait(Socket& socket) {
  const TimePoint until = Now() + kPatience;
  auto message = socket.Receive();
  while (!message && Now() < until) {
    IsReadable(socket.fd(), PollTimeoutMs(Now(), until));
    message = socket.Receive();
  }
  return message;
}

bool Eventually(const std::function<bool()>& holds) {
  const TimePoint until = Now() + kPatience;
  while (!holds()) {
    if (Now() >= until) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

class ZmqTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(router_.Bind("tcp://127.0.0.1:0")); }

  // Connects and lets the router see it.
  std::string Greet(DealerSocket& dealer) {
    EXPECT_TRUE(Eventually(
        [&] { return dealer.Send(MakeFrame(FetchRequest{"hi"})) == SendResult::kSent; }));
    auto incoming = Wait(router_);
    return incoming ? incoming->peer : "";
  }

  ZmqContext context_;
  RouterSocket router_{context_};
};

TEST_F(ZmqTest, FramesTravelBothWays) {
  DealerSocket dealer(context_, router_.endpoint());
  EXPECT_TRUE(dealer.status());
  ASSERT_TRUE(Eventually([&] {
    return dealer.Send(MakeFrame(FetchRequest{"c-1"}, "request 7")) == SendResult::kSent;
  }));
  const auto incoming = Wait(router_);
  ASSERT_TRUE(incoming && incoming->frame);
  EXPECT_EQ(incoming->frame->type, "fetch");
  EXPECT_EQ(incoming->frame->request, "request 7");
  EXPECT_EQ(Unpack<FetchRequest>(incoming->frame->body)->id, "c-1");
  EXPECT_FALSE(incoming->peer.empty());
  EXPECT_EQ(router_.Send(incoming->peer, MakeFrame(CancelReply{"c-1"}, "request 7")),
            SendResult::kSent);
  const auto reply = Wait(dealer);
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->type, "cancelled");
}

TEST_F(ZmqTest, PortZeroPicksAPortAndATakenOneIsUnavailable) {
  EXPECT_NE(router_.endpoint(), "tcp://127.0.0.1:0");
  RouterSocket second(context_);
  EXPECT_EQ(second.Bind(router_.endpoint()).error(),
            (Error{ErrorCode::kUnavailable,
                   "cannot listen on \"" + router_.endpoint() + "\": Address already in use"}));
}

TEST_F(ZmqTest, ABadEndpointIsInvalid) {
  RouterSocket router(context_);
  EXPECT_EQ(router.Bind("nonsense").error(),
            Invalid("cannot listen on \"nonsense\": Invalid argument"));
  const DealerSocket dealer(context_, "nonsense");
  EXPECT_EQ(dealer.status().error(), Invalid("cannot connect to \"nonsense\": Invalid argument"));
}

TEST_F(ZmqTest, SendingToAPeerThatIsGoneSaysSo) {
  EXPECT_EQ(router_.Send("nobody", MakeFrame(WhoAreYou{})), SendResult::kGone);
  std::string peer;
  {
    DealerSocket dealer(context_, router_.endpoint());
    peer = Greet(dealer);
    EXPECT_EQ(router_.Send(peer, MakeFrame(WhoAreYou{})), SendResult::kSent);
  }
  EXPECT_TRUE(
      Eventually([&] { return router_.Send(peer, MakeFrame(WhoAreYou{})) == SendResult::kGone; }));
}

TEST_F(ZmqTest, NothingQueuesWithoutAConnection) {
  DealerSocket dealer(context_, "ipc:///nowhere/socket");
  EXPECT_EQ(dealer.Send(MakeFrame(Goodbye{})), SendResult::kFull);
  EXPECT_FALSE(dealer.Receive());
}

// A broker's memory must not grow with what clients send ahead of their window.
TEST_F(ZmqTest, WhatIsNotReadYetWaitsAtItsSender) {
  RouterSocket router(context_);
  const std::string path = testing::TempDir() + "zmq-" + std::to_string(getpid()) + ".sock";
  ASSERT_TRUE(router.Bind("ipc://" + path));
  DealerSocket dealer(context_, "ipc://" + path);
  const Frame frame = MakeFrame(FetchRequest{std::string(1024, 'x')});
  int sent = 0;
  TimePoint full_from = Now();
  // Full for so long: all that can travel has.
  while (Now() - full_from < milliseconds(500) && sent < 3 * limits::kSocketHwm) {
    if (dealer.Send(frame) == SendResult::kSent) {
      ++sent;
      full_from = Now();
    } else {
      poll(nullptr, 0, 1);
    }
  }
  EXPECT_GT(sent, limits::kRouterHwm);
  // The sender's own queue, the system's buffers, and what the router took.
  EXPECT_LT(sent, limits::kSocketHwm + 1000 + limits::kRouterHwm);
  while (sent > 0 && Wait(router)) --sent;
  EXPECT_EQ(sent, 0) << "it all arrives";
}

TEST_F(ZmqTest, TheDescriptorStaysReadableWhileAMessageWaits) {
  DealerSocket dealer(context_, router_.endpoint());
  const std::string peer = Greet(dealer);
  constexpr int kMessages = 3;
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_EQ(dealer.Send(MakeFrame(FetchRequest{std::to_string(i)})), SendResult::kSent);
  }
  // A send on the receiving socket uses up libzmq's own edge.
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_TRUE(IsReadable(router_.fd(), 20000));
    EXPECT_EQ(router_.Send(peer, MakeFrame(WhoAreYou{})), SendResult::kSent);
    ASSERT_TRUE(IsReadable(router_.fd(), 20000));
    ASSERT_TRUE(Wait(router_));
  }
  EXPECT_FALSE(router_.Receive());
  EXPECT_FALSE(IsReadable(router_.fd(), 0));
}

TEST_F(ZmqTest, ABodyOverTheLimitBecomesAnError) {
  DealerSocket dealer(context_, router_.endpoint());
  const std::string peer = Greet(dealer);
  const Frame large{"case", "r", std::string(limits::kMessageBytesMax + 1, 'x')};
  EXPECT_EQ(router_.Send(peer, large), SendResult::kSent);
  const auto reply = Wait(dealer);
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->type, "error");
  EXPECT_EQ((*reply)->request, "r");
  const ErrorMessage error = Unpack<ErrorMessage>((*reply)->body).value();
  EXPECT_EQ(error.code, "too_large");
  EXPECT_EQ(error.text, "case of 4194305 bytes, at most 4194304");
}

TEST_F(ZmqTest, ManyPartsAreAnErrorAndTheSocketLivesOn) {
  // A dealer that writes another type of message is as near to garbage as this wrapper can send.
  DealerSocket dealer(context_, router_.endpoint());
  Greet(dealer);
  ASSERT_EQ(dealer.Send(Frame{"Not A Type", "", ""}), SendResult::kSent);
  const auto incoming = Wait(router_);
  ASSERT_TRUE(incoming);
  ASSERT_FALSE(incoming->frame);
  EXPECT_EQ(incoming->frame.error(),
            Invalid("message type \"Not A Type\", expected 1..32 characters of a-z _"));
  Greet(dealer);
}

TEST(ParseFramesTest, AcceptsOurFourFrames) {
  const Result<Frame> frame = ParseFrames({"CSL1", "submit", "", "\x80"});
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->type, "submit");
  EXPECT_EQ(frame->body, "\x80");
}

TEST(ParseFramesTest, RefusesOtherProtocols) {
  EXPECT_EQ(ParseFrames({"CSL2", "submit", "", "", ""}).error(),
            (Error{ErrorCode::kUnsupported, "protocol \"CSL2\", expected \"CSL1\""}));
  EXPECT_EQ(ParseFrames({"GET / HTTP/1.1 \xFF and more"}).error().text,
            "protocol \"GET / HTTP/1.1 \\xff...\", expected \"CSL1\"");
  EXPECT_EQ(ParseFrames({}).error().text, "protocol \"\", expected \"CSL1\"");
}

TEST(ParseFramesTest, RefusesTheWrongNumberOfFrames) {
  EXPECT_EQ(ParseFrames({"CSL1", "submit", ""}).error(),
            Invalid("3 frames, expected protocol, type, request, body"));
  EXPECT_EQ(ParseFrames({"CSL1", "submit", "", "", ""}).error(),
            Invalid("too many frames, expected protocol, type, request, body"));
}

TEST(ParseFramesTest, RefusesOverlongParts) {
  EXPECT_EQ(ParseFrames({"CSL1", std::string(33, 'a'), "", ""}).error().text,
            "message type \"" + std::string(32, 'a') + "...\", expected 1..32 characters of a-z _");
  EXPECT_EQ(ParseFrames({"CSL1", "submit", std::string(65, 'a'), ""}).error(),
            Invalid("request id of 65 bytes, at most 64"));
  EXPECT_EQ(ParseFrames({"CSL1", "submit", "", std::string(limits::kMessageBytesMax + 1, 'x')})
                .error()
                .code,
            ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace consilium
