// More that listen than a gateway serves.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/event_listeners.h"
#include "tests/support/gateway_rig.h"

namespace consilium {
namespace {

constexpr int kMost = 2000;

class GatewayEventsTest : public GatewayRig {};

TEST_F(GatewayEventsTest, WhoFindsNoRoomIsToldWhenToComeAgainAndMissesNothing) {
  AllowManySockets();
  Start();
  EventListeners others(cluster_->http(), kMost);
  ASSERT_TRUE(Eventually([&] { return EventListeners::Of(cluster_->http()) == kMost; }));

  const auto plain = Ask("GET", "/v1/events");
  EXPECT_EQ(plain.status, 503);
  EXPECT_NE(plain.head.find("Retry-After: 5\r\n"), std::string::npos) << plain.head;
  EXPECT_EQ(nlohmann::json::parse(plain.body)["detail"],
            "too many listen to events here, at most 2000");

  WireOptions browser;
  browser.headers = {"Accept: text/event-stream"};
  const auto turned_away = Exchange(cluster_->http(), "GET", "/v1/events", "", browser);
  EXPECT_EQ(turned_away.status, 200);
  EXPECT_EQ(turned_away.end, WireExchange::End::kWhole) << "it ends at once";
  EXPECT_NE(turned_away.head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  const std::string begin = "retry: 5100\nid: ";
  ASSERT_EQ(turned_away.body.substr(0, begin.size()), begin) << "not all at once";
  ASSERT_TRUE(turned_away.body.ends_with("\n\n"));
  const std::string id =
      turned_away.body.substr(begin.size(), turned_away.body.size() - begin.size() - 2);

  // What is published while it waits.
  ASSERT_EQ(Ask("POST", "/v1/cases", R"({"id":"missed","text":"A cough."})",
                {"Content-Type: application/json"})
                .status,
            202);
  ASSERT_EQ(EndedCase("missed")["id"], "missed");
  browser.headers.push_back("Last-Event-ID: " + id);
  const auto again = Exchange(cluster_->http(), "GET", "/v1/events", "", browser);
  EXPECT_EQ(again.body, "retry: 5200\n\n") << "it has its place";
  others.Leave();
  ASSERT_TRUE(Eventually([&] { return EventListeners::Of(cluster_->http()) == 0; }));
  browser.silent_after = std::chrono::seconds(2);
  const auto served = Exchange(cluster_->http(), "GET", "/v1/events", "", browser);
  EXPECT_EQ(served.status, 200);
  EXPECT_EQ(served.body.substr(0, 12), "retry: 2000\n");
  EXPECT_NE(served.body.find("\"case\":\"missed\""), std::string::npos) << served.body;
  EXPECT_NE(Ask("GET", "/metrics")
                .body.find("consilium_gateway{what=\"event_listeners_turned_away\"} 3\n"),
            std::string::npos);
}

}  // namespace
}  // namespace consilium
