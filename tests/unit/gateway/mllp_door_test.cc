// What the connections of HL7 hold and how they share the loop, over real sockets. All that is sent
// is faulty, so neither a broker nor Redis is asked.
#include "gateway/mllp_door.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shared/zmq.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

constexpr std::size_t kMost = 4u << 20;

class MllpDoorTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<PlanSettings> settings = Intake::SettingsOf(config_);
    ASSERT_TRUE(settings.ok()) << settings.error().text;
    intake_.emplace(loop_, bus_, redis_, config_, std::move(*settings));
    door_.emplace(loop_, budget_, *intake_, metrics_, config_);
    ASSERT_TRUE(door_->Open("tcp://127.0.0.1:0", nullptr).ok());
    const std::string& endpoint = door_->endpoint();
    port_ = std::stoi(endpoint.substr(endpoint.rfind(':') + 1));
    thread_ = std::thread([this] { loop_.Run(); });
  }
  void TearDown() override {
    loop_.Stop();
    thread_.join();
  }
  // What `look` says in the loop.
  template <class Look>
  auto InLoop(Look look) {
    std::promise<decltype(look())> said;
    loop_.Post([&] { said.set_value(look()); });
    return said.get_future().get();
  }
  std::size_t Held() {
    return InLoop([this] { return budget_.held(); });
  }
  bool HoldsNothingSoon() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (Held() > 0) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  Config config_;
  ByteBudget budget_{kMost};
  Loop loop_;
  Metrics metrics_;
  ZmqContext context_;
  BusLink bus_{loop_, context_, BrokerAddress{{"tcp://127.0.0.1:9"}, {}}};
  RedisLoop redis_{loop_, RedisAddress{"/nowhere/redis.sock", "", 0, "", ""}, FeedStore::Scripts(),
                   true};
  std::optional<Intake> intake_;
  std::optional<MllpDoor> door_;
  std::thread thread_;
  int port_ = 0;
};

// Of a type that is never taken.
std::string Faulty(const std::string& id, std::size_t bytes = 0) {
  std::string message = "MSH|^~\\&|HIS|WARD|||20261128101500||QBP^Q11|" + id + "|P|2.5.1\r";
  if (bytes > 0) message += "ZPD|" + std::string(bytes, 'x') + "\r";
  return message;
}

TEST_F(MllpDoorTest, AConnectionHoldsNothingOnceItsMessageIsAnswered) {
  std::vector<std::unique_ptr<MllpSender>> idle;
  for (int i = 0; i < 4; ++i) {
    MllpSender& sender = *idle.emplace_back(std::make_unique<MllpSender>(port_));
    const auto ack = sender.Ask(Faulty("m", kMost / 2));
    ASSERT_TRUE(ack.has_value()) << "those that are idle have room for one more";
    EXPECT_EQ(Hl7Field(*ack, "MSA", 1), "AR") << *ack;
    EXPECT_TRUE(HoldsNothingSoon()) << Held();
  }
}

}  // namespace
}  // namespace consilium
