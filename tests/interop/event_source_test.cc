// EventSource, as npm has it, listens to our events and misses none, though the gateway is
// killed again and again and the council goes on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/interop/council.h"
#include "tests/interop/npm.h"
#include "tests/support/event_listeners.h"
#include "tests/support/http_exchange.h"
#include "tests/support/server_socket.h"

namespace consilium {
namespace {

using nlohmann::json;

int FreePort() {
  int port = 0;
  ::close(ListenOnLoopback(port));
  return port;
}

class EventSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    CONSILIUM_SKIP_IF(WhyNot("eventsource"));
    CONSILIUM_SKIP_IF(WhyNotNode(18));
    AllowManySockets();
    CouncilOptions options;
    options.http = FreePort();  // it comes back where it was, as behind a name
    council_ = std::make_unique<Council>(options);
    ASSERT_EQ(council_->Start(), "");
    Listen();
    ASSERT_TRUE(Eventually([&] { return Count("open") == 1; })) << Said();
  }

  void Listen() {
    source_ = std::make_unique<RunningCommand>(
        "/usr/bin/env", std::vector<std::string>{"node", ScriptPath("event_source.mjs"),
                                                 NpmFolder(), council_->Url()});
  }
  std::string Said() const { return source_->OutSoFar() + source_->ErrSoFar(); }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    std::istringstream out(source_->OutSoFar());
    for (std::string line; std::getline(out, line);) lines.push_back(line);
    return lines;
  }
  std::size_t Count(const std::string& line) const {
    const auto lines = Lines();
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
  }
  // How often it heard of each case.
  std::map<std::string, int> Heard() const {
    std::map<std::string, int> heard;
    for (const std::string& line : Lines()) {
      std::istringstream words(line);
      std::string type;
      std::string id;
      words >> type >> id;
      if (type == "recommendation") ++heard[id];
    }
    return heard;
  }
  // To the brokers, which are there when the gateway is not. Waits for the council.
  void Submit(const std::string& prefix, int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      const std::string id = prefix + std::to_string(i);
      lines += json{{"id", id}, {"text", "A cough, " + id + "."}}.dump() + "\n";
      sent_.push_back(id);
    }
    const CommandResult result = council_->cluster().Run({"submit", "--json", "-"}, lines);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    ASSERT_EQ(JsonLines(result.out).size(), static_cast<std::size_t>(count));
  }
  bool HeardAll() const { return Heard().size() >= sent_.size(); }

  std::unique_ptr<Council> council_;
  std::unique_ptr<RunningCommand> source_;
  std::vector<std::string> sent_;
};

TEST_F(EventSourceTest, MissesNothingOverTheDeathOfTheGateway) {
  Submit("first-", 3);
  ASSERT_TRUE(Eventually([&] { return HeardAll(); })) << Said();
  for (int death = 1; death <= 3; ++death) {
    const auto before = council_->cluster().PidsOf("gateway");
    ASSERT_EQ(council_->cluster().Kill9("gateway"), 1u);
    Submit("away-" + std::to_string(death) + "-", 4);
    ASSERT_TRUE(council_->cluster().AwaitRestart("gateway", before));
    ASSERT_TRUE(Eventually([&] { return HeardAll(); })) << Said();
    Submit("back-" + std::to_string(death) + "-", 2);
    ASSERT_TRUE(Eventually([&] { return HeardAll(); })) << Said();
  }
  for (const auto& [id, times] : Heard()) EXPECT_EQ(times, 1) << id;
  EXPECT_GE(Count("open"), 4u) << Said();
  EXPECT_EQ(Count("given up"), 0u) << Said();
  EXPECT_EQ(Said().find("gap"), std::string::npos) << Said();
  EXPECT_EQ(Said().find(" is not "), std::string::npos) << Said();
}

TEST_F(EventSourceTest, IsKeptWaitingWhileTheBrokersAreSilent) {
  Submit("first-", 2);
  ASSERT_TRUE(Eventually([&] { return HeardAll(); })) << Said();
  const auto brokers = council_->cluster().PidsOf("broker");
  const auto gateways = council_->cluster().PidsOf("gateway");
  ASSERT_EQ(brokers.size(), 1u);
  ::kill(brokers[0], SIGSTOP);
  council_->cluster().Kill9("gateway");
  ASSERT_TRUE(council_->cluster().AwaitRestart("gateway", gateways));
  // Longer than the gateway waits for the brokers.
  EXPECT_TRUE(Eventually([&] { return Count("open") == 2 || Count("given up") > 0; },
                         std::chrono::seconds(60)))
      << Said();
  ::kill(brokers[0], SIGCONT);
  Submit("later-", 2);
  EXPECT_TRUE(Eventually([&] { return HeardAll(); })) << Said();
  EXPECT_EQ(Count("given up"), 0u) << Said();
}

TEST_F(EventSourceTest, ComesAgainWhereTooManyListen) {
  const int port = council_->cluster().http();
  // It has one of the 2,000 places; without it another one takes that.
  source_->Signal(SIGKILL);
  source_->Wait(std::chrono::seconds(10));
  ASSERT_TRUE(Eventually([&] { return EventListeners::Of(port) == 0; }));
  EventListeners others(port, 2000);
  ASSERT_TRUE(Eventually([&] { return EventListeners::Of(port) == 2000; }));
  Listen();
  ASSERT_TRUE(Eventually([&] { return Count("lost") > 0 || Count("given up") > 0; })) << Said();
  others.Leave();
  ASSERT_TRUE(Eventually([&] { return EventListeners::Of(port) == 1; })) << Said();
  // Not what was published meanwhile: against the standard, this one keeps no id without data.
  Submit("later-", 2);
  EXPECT_TRUE(Eventually([&] { return HeardAll(); })) << Said();
  EXPECT_EQ(Count("given up"), 0u) << Said();
}

TEST_F(EventSourceTest, PlaceIsKnownBeforeTheFirstEvent) {
  const int fd = SendRequest(council_->cluster().http(), "GET", "/v1/events", "");
  std::string in;
  while (in.find("\n\n", in.find("retry:")) == std::string::npos || in.find("retry:") == in.npos) {
    char bytes[4096];
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    ASSERT_GT(got, 0) << in;
    in.append(bytes, static_cast<std::size_t>(got));
  }
  ::close(fd);
  const std::size_t at = in.find("\nid: ");
  ASSERT_NE(at, std::string::npos) << in;
  const std::string id = in.substr(at + 5, in.find('\n', at + 5) - at - 5);
  Submit("missed-", 1);
  WireOptions options;
  options.headers = {"Last-Event-ID: " + id};
  options.silent_after = std::chrono::seconds(3);
  const auto reply = Exchange(council_->cluster().http(), "GET", "/v1/events", "", options);
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("\"case\":\"missed-0\""), std::string::npos) << reply.body;
}

TEST_F(EventSourceTest, PlaceThatIsNoneIsRefused) {
  WireOptions options;
  options.headers = {"Last-Event-ID: nonsense"};
  const auto reply = Exchange(council_->cluster().http(), "GET", "/v1/events", "", options);
  EXPECT_EQ(reply.status, 400);
}

}  // namespace
}  // namespace consilium
