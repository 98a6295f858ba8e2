// What the connections of one server hold together, over real sockets.
#include "gateway/net/http_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gateway/problem.h"
#include "tests/support/http_exchange.h"

namespace consilium {
namespace {

constexpr std::size_t kFree = ByteBudget::kFreeBytes;

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override {
    server_.Add({"POST", "/keep", HttpAccess::kOpen,
                 [this](const HttpExchangePtr& exchange) {
                   if (exchange->request().body == "answer") {
                     for (const HttpExchangePtr& one : kept_) one->Answer(JsonResponse(200, "{}"));
                     kept_.clear();
                   }
                   if (exchange->request().body.size() <= kFree) {
                     return exchange->Answer(JsonResponse(200, "{}"));
                   }
                   kept_.push_back(exchange);
                   ++keeps_;
                 },
                 1u << 20});
    server_.Add({"GET", "/large", HttpAccess::kOpen, [](const HttpExchangePtr& exchange) {
                   exchange->Answer(JsonResponse(200, std::string(8u << 20, 'x')));
                 }});
    ASSERT_TRUE(server_.Open("tcp://127.0.0.1:0", nullptr).ok());
    const std::string& endpoint = server_.listener().endpoint();
    port_ = std::stoi(endpoint.substr(endpoint.rfind(':') + 1));
    thread_ = std::thread([this] { loop_.Run(); });
  }
  void TearDown() override {
    loop_.Stop();
    thread_.join();
  }
  static HttpResponse Refused(const HttpRequest& /*request*/, int status, const Error& error) {
    return Problem(status, error);
  }
  WireExchange Post(const std::string& body) { return Exchange(port_, "POST", "/keep", body); }

  ByteBudget budget_{100'000};
  Loop loop_;
  HttpServer server_{loop_,
                     HttpLimits(),
                     budget_,
                     Refused,
                     [](HttpRequest&, HttpAccess) { return std::nullopt; },
                     [](const std::string&, const std::string&, int, milliseconds) {}};
  std::vector<HttpExchangePtr> kept_;  // the loop's
  std::atomic<int> keeps_{0};
  std::thread thread_;
  int port_ = 0;
};

TEST_F(HttpServerTest, ALargeBodyFindsNoRoomWhileOthersAreHeldAndASmallOneAlwaysDoes) {
  const int held = SendRequest(port_, "POST", "/keep", std::string(kFree + 60'000, 'x'));
  while (keeps_ == 0) std::this_thread::yield();
  const std::string large(kFree + 60'000, 'y');
  const WireExchange refused = Post(large);
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_NE(refused.head.find("Retry-After: 1\r\n"), std::string::npos) << refused.head;
  EXPECT_NE(refused.body.find("too much is being read here"), std::string::npos) << refused.body;
  // The same without saying how much it will be.
  std::string chunks = "POST /keep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 32; ++i) chunks += "1000\r\n" + std::string(4096, 'z') + "\r\n";
  const int chunked = SendRaw(port_, chunks + "0\r\n\r\n");
  EXPECT_EQ(ReadReply(chunked).status, 503);
  ::close(chunked);
  EXPECT_EQ(Post("small").status, 200);
  EXPECT_EQ(Post("answer").status, 200);
  EXPECT_EQ(ReadReply(held).status, 200);
  ::close(held);
  const int again = SendRequest(port_, "POST", "/keep", large);
  while (keeps_ == 1) std::this_thread::yield();
  EXPECT_EQ(Post("answer").status, 200);
  EXPECT_EQ(ReadReply(again).status, 200) << "what was held is given back";
  ::close(again);
}

TEST_F(HttpServerTest, AnAnswerThatFindsNoRoomIsRefusedInstead) {
  const WireExchange refused = Exchange(port_, "GET", "/large", "");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("too many answers wait here"), std::string::npos) << refused.body;
}

}  // namespace
}  // namespace consilium
