// A client and a ROUTER in one thread, on a port that the system chooses.
#include "shared/client.h"

#include <gtest/gtest.h>

#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using std::chrono::seconds;

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : router_(context_) {
    const auto bound = router_.Bind("tcp://127.0.0.1:0");
    EXPECT_TRUE(bound.ok());
  }

  // Steps the client until the router has a message.
  RouterSocket::Incoming NextAtBroker(Client& client) {
    std::optional<RouterSocket::Incoming> incoming;
    EXPECT_TRUE(Eventually([&] {
      client.Step(Now());
      incoming = router_.Receive();
      return incoming.has_value();
    }));
    return std::move(*incoming);
  }

  std::vector<Client::Reply> NextReplies(Client& client) {
    std::vector<Client::Reply> replies;
    EXPECT_TRUE(Eventually([&] {
      replies = client.Step(Now());
      return !replies.empty();
    }));
    return replies;
  }

  StopSignals stop_;
  ZmqContext context_;
  RouterSocket router_;
};

TEST_F(ClientTest, AReplyEndsItsRequestOnceAndASecondOneIsIgnored) {
  Client client(context_, router_.endpoint());
  EXPECT_EQ(client.last_word(), std::nullopt);
  const std::string id = client.Ask(CancelRequest{"c"}, Now(), Now() + seconds(60));
  const auto asked = NextAtBroker(client);
  ASSERT_TRUE(asked.frame.ok());
  EXPECT_EQ(asked.frame->type, "cancel");
  EXPECT_EQ(asked.frame->request, id);
  const Frame reply = MakeFrame(CancelReply{"c", true, CaseState::kCancelled}, id);
  router_.Send(asked.peer, reply);
  router_.Send(asked.peer, reply);
  const auto replies = NextReplies(client);
  ASSERT_EQ(replies.size(), 1u);
  const auto read = ReadReply<CancelReply>(*replies[0].frame);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->cancelled);
  EXPECT_TRUE(client.last_word().has_value());
  // The second one is read before the answer to a later question.
  client.Ask(StatusRequest{}, Now(), Now() + seconds(60));
  const auto later = NextAtBroker(client);
  router_.Send(later.peer, MakeFrame(StatusReply{}, later.frame->request));
  const auto rest = NextReplies(client);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].frame->type, "status_report");
}

TEST_F(ClientTest, AnErrorOfTheBrokerIsItsErrorWithTheStatedPause) {
  Client client(context_, router_.endpoint());
  client.Ask(FetchRequest{"c"}, Now(), Now() + seconds(60));
  const auto asked = NextAtBroker(client);
  router_.Send(asked.peer,
               MakeFrame(ErrorMessage{"queue_full", "full", 700}, asked.frame->request));
  const auto replies = NextReplies(client);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].frame.error(), (Error{ErrorCode::kQueueFull, "full"}));
  EXPECT_EQ(replies[0].retry_after_ms, 700);
}

TEST_F(ClientTest, SilenceSendsTheSameRequestAgain) {
  Client client(context_, router_.endpoint());
  const TimePoint start = Now();
  const std::string id = client.Ask(StatusRequest{}, start, start + seconds(60));
  EXPECT_EQ(NextAtBroker(client).frame->request, id);
  client.Step(Now() + RequestTable::kSilence);
  EXPECT_EQ(NextAtBroker(client).frame->request, id);
}

TEST_F(ClientTest, ABrokerThatIsSilentIsLeftForTheNextOne) {
  RouterSocket second(context_);
  ASSERT_TRUE(second.Bind("tcp://127.0.0.1:0").ok());
  Client client(context_, BrokerAddress{{router_.endpoint(), second.endpoint()}});
  const std::string id = client.Ask(StatusRequest{}, Now(), Now() + seconds(60));
  NextAtBroker(client);
  std::optional<RouterSocket::Incoming> incoming;
  const auto at_second = [&](milliseconds later) {
    client.Step(Now() + later);
    incoming = second.Receive();
    return incoming.has_value();
  };
  EXPECT_FALSE(Eventually([&] { return at_second(milliseconds(0)); }, milliseconds(300)));
  ASSERT_TRUE(Eventually([&] { return at_second(RequestTable::kSilence); }));
  EXPECT_EQ(incoming->frame->request, id) << "the same request under the same id";
  EXPECT_EQ(incoming->frame->type, "status");
}

TEST_F(ClientTest, ABrokerThatCannotBeReachedIsLeftForTheNextOne) {
  Client client(context_, BrokerAddress{{"tcp://127.0.0.1:1", router_.endpoint()}});
  const std::string id = client.Ask(StatusRequest{}, Now(), Now() + seconds(60));
  EXPECT_EQ(NextAtBroker(client).frame->request, id);
}

TEST_F(ClientTest, ADrainingBrokerSendsItsClientsOnUntilAllDrain) {
  RouterSocket second(context_);
  ASSERT_TRUE(second.Bind("tcp://127.0.0.1:0").ok());
  Client client(context_, BrokerAddress{{router_.endpoint(), second.endpoint()}});
  const std::string id = client.Ask(CancelRequest{"c"}, Now(), Now() + seconds(60));
  const auto turn_away = [&](RouterSocket& broker) {
    std::vector<Client::Reply> replies;
    std::optional<RouterSocket::Incoming> incoming;
    EXPECT_TRUE(Eventually([&] {
      client.Step(Now());
      incoming = broker.Receive();
      return incoming.has_value();
    }));
    EXPECT_EQ(incoming->frame->request, id);
    broker.Send(incoming->peer, MakeFrame(ErrorMessage{"draining", "it drains", {}}, id));
  };
  turn_away(router_);
  turn_away(second);
  const auto replies = NextReplies(client);
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].frame.error(), (Error{ErrorCode::kDraining, "it drains"}));
}

TEST_F(ClientTest, AReplyOfAnotherTypeIsNotTaken) {
  EXPECT_EQ(ReadReply<StatusReply>(MakeFrame(CancelReply{})).error(),
            (Error{ErrorCode::kUnsupported, "reply of type cancelled, expected status_report"}));
}

TEST_F(ClientTest, NoAnswerNamesTheEndpointAndTheTime) {
  Client client(context_, "tcp://127.0.0.1:1");
  const auto reply = Call<StatusReply>(client, stop_, StatusRequest{}, milliseconds(50));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->error(), (Error{ErrorCode::kTimeout,
                                   "no answer from the broker at tcp://127.0.0.1:1 within 50 ms"}));
}

}  // namespace
}  // namespace consilium
