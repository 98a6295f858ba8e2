// What the connections of HL7 hold and how they share the loop, over real sockets. All that is sent
// is faulty, so neither a broker nor Redis is asked.
#include "gateway/mllp_door.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
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

// Sends as long as the other side reads, at most so many; takes no answers meanwhile.
class SilentPeer {
 public:
  explicit SilentPeer(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int small = 16384;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~SilentPeer() { ::close(fd_); }
  SilentPeer(const SilentPeer&) = delete;  // owns a socket
  SilentPeer& operator=(const SilentPeer&) = delete;

  // The bytes that went out until nobody read any for a while.
  std::size_t Send(const std::string& bytes) {
    std::size_t sent = 0;
    pollfd writable{fd_, POLLOUT, 0};
    while (sent < bytes.size() && ::poll(&writable, 1, 500) > 0) {
      const ssize_t put =
          ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put > 0) sent += static_cast<std::size_t>(put);
    }
    return sent;
  }
  // The answers that come, until so many came or none does for long.
  std::size_t Take(std::size_t expected) {
    std::size_t answers = 0;
    pollfd readable{fd_, POLLIN, 0};
    char bytes[65536];
    while (answers<expected&& ::poll(&readable, 1, 20000)> 0) {
      const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
      if (got <= 0) break;
      answers += static_cast<std::size_t>(std::count(bytes, bytes + got, '\x1c'));
    }
    return answers;
  }

 private:
  int fd_;
};

TEST_F(MllpDoorTest, WhoTakesNoAcknowledgementsIsReadNoFurtherUntilTheyAreTaken) {
  const std::string frame = "\x0bMSH|^~\\&|" + std::string(100, 'x') + "\x1c\r";
  std::string frames;
  while (frames.size() < 32u << 20) frames += frame;
  SilentPeer peer(port_);
  const std::size_t sent = peer.Send(frames);
  EXPECT_LT(sent, frames.size()) << "what the system keeps for both sides, and little more";
  const std::size_t held = Held();
  EXPECT_GT(held, 512u << 10) << "they count";
  EXPECT_LT(held, 3u << 20);
  const std::size_t whole = sent / frame.size();
  EXPECT_EQ(peer.Take(whole), whole) << "none is lost, and all is read in the end";
  EXPECT_TRUE(HoldsNothingSoon()) << Held();
}

// How many messages were answered, at most, between two turns of the loop.
class MllpTurnsTest : public MllpDoorTest {
 protected:
  void Watch() {
    loop_.Post([this] { Turn(); });
  }
  void Turn() {
    const std::string text = metrics_.Text();
    constexpr std::string_view kName = "consilium_gateway_hl7_messages_total{";
    std::size_t now = 0;
    for (std::size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, at + 1))
      now += std::stoul(text.substr(text.find('}', at) + 1));
    most_ = std::max(most_, now - std::exchange(before_, now));
    Watch();
  }
  std::size_t before_ = 0;
  std::size_t most_ = 0;
};

TEST_F(MllpTurnsTest, AFrameOfThousandsOfMessagesLeavesTurnsToOthers) {
  constexpr std::size_t kMessages = 5000;
  std::string batch = "BHS|^~\\&|HIS|WARD\r";
  for (std::size_t i = 0; i < kMessages; ++i) batch += Faulty(std::to_string(i));
  Watch();
  MllpSender sender(port_);
  const auto ack = sender.Ask(batch + "BTS|5000\r");
  ASSERT_TRUE(ack.has_value());
  std::size_t answers = 0;
  for (std::size_t at = ack->find("MSA|AR|"); at != std::string::npos;
       at = ack->find("MSA|AR|", at + 1)) {
    ++answers;
  }
  EXPECT_EQ(answers, kMessages) << "in one frame, as they came";
  EXPECT_TRUE(HoldsNothingSoon()) << Held();
  EXPECT_EQ(InLoop([this] { return before_; }), kMessages);
  EXPECT_LE(InLoop([this] { return most_; }), 128u);
}

}  // namespace
}  // namespace consilium
