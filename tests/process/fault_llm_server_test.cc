// The fault-injecting server as a whole: its lists, its ledger, many requests at once, its program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"
#include "tests/support/http_exchange.h"
#include "tests/support/llm_dialogue.h"

namespace consilium {
namespace {

using End = WireExchange::End;
using Json = nlohmann::json;
using testing::HasSubstr;

int PortOf(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

TEST(FaultLlmListsTest, ModelsAreListed) {
  FaultLlmOptions options;
  options.models = {"m1", "m2:8b"};
  const FaultLlm server(options);
  const auto get = [&server](const std::string& path, WireOptions how = {}) {
    return Exchange(PortOf(server.url()), "GET", path, "", how);
  };
  EXPECT_EQ(Json::parse(get("/v1/models").body)["data"][1]["id"], "m2:8b");
  WireOptions anthropic;
  anthropic.headers = {"anthropic-version: 2023-06-01"};
  EXPECT_EQ(Json::parse(get("/v1/models", anthropic).body)["data"][0]["type"], "model");
  EXPECT_EQ(Json::parse(get("/v1/models/m1", anthropic).body)["id"], "m1");
  EXPECT_EQ(Json::parse(get("/v1beta/models").body)["models"][0]["name"], "models/m1");
  EXPECT_EQ(Json::parse(get("/v1beta/models/m1").body)["name"], "models/m1");
  EXPECT_EQ(get("/v1beta/models/m3").status, 404);
  EXPECT_EQ(Json::parse(get("/api/tags").body)["models"][1]["name"], "m2:8b");
  const auto show = [&server](const std::string& body) {
    return Exchange(PortOf(server.url()), "POST", "/api/show", body);
  };
  EXPECT_TRUE(Json::parse(show(R"({"model":"m1"})").body).contains("details"));
  EXPECT_EQ(show(R"({"model":"m3"})").status, 404);
  EXPECT_EQ(get("/elsewhere").status, 404);
  EXPECT_EQ(Exchange(PortOf(server.url()), "POST", "/v1/messages", "no JSON").status, 404);
}

TEST(FaultLlmLoadTest, ThreeHundredRequestsAreInFlightAtOnce) {
  constexpr std::size_t kRequests = 300;
  FaultLlmOptions options;
  options.latency = milliseconds(1500);
  const FaultLlm server(options);
  const LlmWish wish = GenerateWish(LlmForm::kOpenAi, true, "A cough.");
  std::vector<int> sockets;
  for (std::size_t i = 0; i < kRequests; ++i) {
    sockets.push_back(SendRequest(PortOf(server.url()), "POST", PathOf(wish), RequestOf(wish)));
  }
  for (const int fd : sockets) {
    EXPECT_TRUE(Hear(wish, ReadReply(fd).body).finished);
    close(fd);
  }
  ASSERT_TRUE(server.WaitForEnded(kRequests));
  EXPECT_EQ(server.counts().in_flight_max, kRequests);
  EXPECT_EQ(server.counts().in_flight(), 0u);
}

TEST(FaultLlmLoadTest, SeededFaultsDoNotDependOnTheOrder) {
  const std::vector<Fault> faults = {Fault::kHttp500, Fault::kRateLimited, Fault::kRefused};
  const SeededFaults plan(7, 0.4, faults);
  const auto run = [&plan](bool backwards) {
    FaultLlmOptions options;
    options.plan = plan;
    const FaultLlm server(options);
    for (int i = 0; i < 120; ++i) {
      const int number = (backwards ? 119 - i : i) / 2;  // each twice
      const LlmWish wish =
          GenerateWish(LlmForm::kGemini, false, "marker:" + std::to_string(number) + " a cough");
      Exchange(PortOf(server.url()), "POST", PathOf(wish), RequestOf(wish));
    }
    std::map<std::pair<std::string, std::size_t>, Fault> given;
    for (const FaultEntry& entry : server.ledger()) {
      given[{entry.key.Text(), entry.nth}] = entry.fault;
      EXPECT_EQ(entry.fault, plan.At(entry.key, entry.nth));
    }
    return given;
  };
  const auto forwards = run(false);
  EXPECT_EQ(forwards.size(), 120u);
  EXPECT_EQ(forwards, run(true));
  const auto healthy = std::count_if(forwards.begin(), forwards.end(), [](const auto& entry) {
    return entry.second == Fault::kNone;
  });
  EXPECT_GT(healthy, 50);
  EXPECT_LT(healthy, 95);
}

TEST(FaultLlmLoadTest, ConnectionIsUsedAgain) {
  const FaultLlm server;
  const LlmWish wish = GenerateWish(LlmForm::kOllama, true, "A cough.");
  const std::string body = RequestOf(wish);
  const int fd = SendRequest(PortOf(server.url()), "POST", PathOf(wish), body);
  EXPECT_EQ(ReadReply(fd).end, End::kWhole);
  const std::string again =
      "POST /api/chat HTTP/1.1\r\ncontent-length:" + std::to_string(body.size()) + "\r\n\r\n" +
      body;
  ASSERT_EQ(write(fd, again.data(), again.size()), static_cast<ssize_t>(again.size()));
  EXPECT_EQ(ReadReply(fd).end, End::kWhole);
  close(fd);
  EXPECT_EQ(server.counts().accepted, 1);
  EXPECT_TRUE(server.WaitForClosed(1));
}

TEST(FaultLlmProgramTest, ServesUntilItIsToldToStopAndSaysWhatItGave) {
  RunningCommand program("consilium-fault-llm", {"--faults", "http_500", "--share", "1"});
  const std::regex listening("listening on http://127.0.0.1:([0-9]+)\n");
  std::smatch found;
  std::string out;
  ASSERT_TRUE(Eventually([&] {
    out = program.OutSoFar();
    return std::regex_search(out, found, listening);
  })) << program.ErrSoFar();
  const LlmWish wish = GenerateWish(LlmForm::kAnthropic, false, "A cough.");
  EXPECT_EQ(Exchange(std::stoi(found[1]), "POST", PathOf(wish), RequestOf(wish)).status, 500);
  program.Signal(SIGTERM);
  const CommandResult result = program.Wait(std::chrono::seconds(10));
  EXPECT_EQ(result.exit_code, 0);
  const Json summary = Json::parse(result.out.substr(result.out.find('{')));
  EXPECT_EQ(summary["faults"]["http_500"], 1);
  EXPECT_EQ(summary["successes"], 0);
  EXPECT_EQ(summary["forms"]["anthropic"], 1);
}

TEST(FaultLlmProgramTest, WrongUsageIsExitCodeTwo) {
  RunningCommand program("consilium-fault-llm", {"--faults", "meteor"});
  const CommandResult result = program.Wait(std::chrono::seconds(10));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("meteor"));
}

}  // namespace
}  // namespace consilium
