// The bus with keys: who is heard, who is not, and what bytes of others do to a broker (nothing).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <zmq.hpp>

#include "shared/bus_keys.h"
#include "shared/seal.h"
#include "tests/redis/broker_rig.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

// A socket of libzmq's as it is, for what ours do not do.
class RawDealer {
 public:
  RawDealer(const std::string& endpoint, const BusKeys& keys, const std::string& routing_id = "") {
    socket_.set(zmq::sockopt::linger, 0);
    if (!routing_id.empty()) socket_.set(zmq::sockopt::routing_id, routing_id);
    socket_.set(zmq::sockopt::curve_publickey, keys.own.public_key);
    socket_.set(zmq::sockopt::curve_secretkey, keys.own.secret_key);
    socket_.set(zmq::sockopt::curve_serverkey, keys.broker_key);
    socket_.connect(endpoint);
  }
  void Send(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto more = i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      ASSERT_TRUE(socket_.send(zmq::buffer(parts[i]), zmq::send_flags::dontwait | more));
    }
  }
  // The request ids of the replies so far.
  const std::vector<std::string>& Replies() {
    while (true) {
      std::vector<std::string> parts;
      zmq::message_t part;
      do {
        if (!socket_.recv(part, zmq::recv_flags::dontwait)) return replies_;
        parts.push_back(part.to_string());
      } while (part.more());
      if (parts.size() == 4) replies_.push_back(parts[2]);
    }
  }

 private:
  zmq::context_t context_{1};
  zmq::socket_t socket_{context_, zmq::socket_type::dealer};
  std::vector<std::string> replies_;
};

// A plain TCP connection that says `bytes` and waits.
class PlainTcp {
 public:
  PlainTcp(const std::string& endpoint, const std::string& bytes)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  ~PlainTcp() { close(fd_); }
  PlainTcp(const PlainTcp&) = delete;  // owns a descriptor
  PlainTcp& operator=(const PlainTcp&) = delete;
  // The other side has ended it.
  bool Ended() const {
    char byte = 0;
    ssize_t got = 0;
    while ((got = recv(fd_, &byte, 1, MSG_DONTWAIT)) > 0) {
    }
    return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

 private:
  int fd_;
};

class BusSecurityTest : public BrokerRig {
 protected:
  void SetUp() override {
    for (BusKeys* keys : {&client_, &other_client_, &worker_, &other_worker_, &admin_, &nobody_}) {
      *keys = {NewKeyPair(), broker_.public_key};
    }
    config_.bus.key_file = folder_.Write("broker.key", "secret " + broker_.secret_key + "\n");
    ASSERT_EQ(chmod(config_.bus.key_file.c_str(), 0600), 0);
    config_.bus.allowed_file = folder_.File("allowed");
    Allow({{client_, {"amy", BusRole::kClient}},
           {other_client_, {"bob", BusRole::kClient}},
           {worker_, {"gpu-1", BusRole::kWorker}},
           {other_worker_, {"gpu-2", BusRole::kWorker}},
           {admin_, {"root", BusRole::kAdmin}}});
    Start();
    good_ = &AddClient(client_);
    ASSERT_TRUE(Counters().ok());
  }

  void Allow(const std::vector<std::pair<BusKeys, BusPeer>>& list) {
    std::string text = "# test\n";
    for (const auto& [keys, peer] : list) text += AllowLine(keys.own.public_key, peer);
    const std::string draft = folder_.Write("allowed.new", text);
    ASSERT_EQ(std::rename(draft.c_str(), config_.bus.allowed_file.c_str()), 0);
  }

  // What a good client reads; it must go on whatever others do.
  Result<std::map<std::string, std::int64_t>> Counters() {
    const auto status = Ask<StatusReply>(*good_, StatusRequest{});
    if (!status) return status.error();
    return status->counters;
  }
  std::int64_t Counter(const std::string& name) {
    const auto counters = Counters();
    EXPECT_TRUE(counters) << counters.error().text;
    return counters ? counters->at(name) : -1;
  }
  // Nothing is heard of it, and a good client is served meanwhile.
  void ExpectUnheard(TestClient& client) {
    const std::string request = client.Send(StatusRequest{});
    PumpFor(milliseconds(700));
    EXPECT_EQ(client.Reply(request), nullptr);
    EXPECT_TRUE(Counters());
  }

  TestFolder folder_;
  KeyPair broker_ = NewKeyPair();
  BusKeys client_, other_client_, worker_, other_worker_, admin_, nobody_;
  TestClient* good_ = nullptr;
};

TEST_F(BusSecurityTest, WhoHasAKeyOfTheListIsHeard) {
  EXPECT_TRUE(Ask<StatusReply>(AddClient(admin_), StatusRequest{}));
  EXPECT_TRUE(Ask<StatusReply>(AddClient({broker_, broker_.public_key}), StatusRequest{}));
  EXPECT_TRUE(AddWorker("w1", "alpha", 1, worker_).welcomed);
  Submit(*good_, CaseOf("c1"));
  PumpUntil("a task comes", [&] { return !workers_[0]->tasks.empty(); });
  EXPECT_EQ(Counter("refused_connections"), 0);
}

TEST_F(BusSecurityTest, WithoutAKeyNobodyIsHeard) {
  ExpectUnheard(AddClient());
  EXPECT_GE(Counter("refused_connections"), 1);
}

TEST_F(BusSecurityTest, AnUnknownKeyIsNotHeard) {
  ExpectUnheard(AddClient(nobody_));
  EXPECT_GE(Counter("refused_keys"), 1);
  EXPECT_GE(Counter("refused_connections"), 1);
}

TEST_F(BusSecurityTest, WhoExpectsAnotherBrokerIsNotHeard) {
  ExpectUnheard(AddClient({client_.own, nobody_.own.public_key}));
  EXPECT_GE(Counter("refused_connections"), 1);
  EXPECT_EQ(Counter("refused_keys"), 0);
}

TEST_F(BusSecurityTest, AKeySpeaksOnlyWhereItsRoleMay) {
  ExpectUnheard(AddClient(worker_));
  EXPECT_GE(Counter("refused_roles"), 1);
  const std::int64_t before = Counter("refused_roles");
  for (const BusKeys& keys : {client_, admin_}) {
    ScriptedWorker worker(context_, config_.broker.workers, "w", "alpha", 1, keys);
    for (const TimePoint until = Now() + milliseconds(700); Now() < until; Turn()) worker.Turn();
    EXPECT_FALSE(worker.welcomed);
  }
  EXPECT_GE(Counter("refused_roles"), before + 2);
}

TEST_F(BusSecurityTest, OnlyAnAdminDrainsABrokerAndHandlesDeadLetters) {
  TestClient& client = AddClient(client_);
  for (const Error& refused : {Ask<DrainReply>(client, DrainRequest{}).error(),
                               Ask<DeadRequeueReply>(client, DeadRequeueRequest{}).error(),
                               Ask<DeadPurgeReply>(client, DeadPurgeRequest{}).error()}) {
    EXPECT_EQ(refused.code, ErrorCode::kForbidden) << refused.text;
  }
  EXPECT_TRUE(Ask<DeadListReply>(client, DeadListRequest{}));
  TestClient& admin = AddClient(admin_);
  EXPECT_TRUE(Ask<DeadPurgeReply>(admin, DeadPurgeRequest{}));
  EXPECT_TRUE(Ask<DrainReply>(admin, DrainRequest{}));
}

TEST_F(BusSecurityTest, ARefusedPeerIsHeardOnceItsKeyIsAllowed) {
  TestClient& client = AddClient(nobody_);
  ExpectUnheard(client);
  Allow({{client_, {"amy", BusRole::kClient}}, {nobody_, {"eve", BusRole::kClient}}});
  EXPECT_TRUE(Ask<StatusReply>(client, StatusRequest{}));
}

TEST_F(BusSecurityTest, AKeyThatIsTakenOffTheListIsNotHeardAnyMore) {
  TestClient& revoked = AddClient(other_client_);
  ASSERT_TRUE(Ask<StatusReply>(revoked, StatusRequest{}));
  const std::string watch = revoked.Send(WatchRequest{"$", 0, 1});
  PumpUntil("the cursor is known", [&] { return revoked.Reply(watch) != nullptr; });
  const std::string cursor = Unpack<WatchReply>(revoked.Reply(watch)->body)->cursor;
  const std::string parked = revoked.Send(WatchRequest{cursor, 60000, 10});
  ScriptedWorker& gone = AddWorker("w1", "alpha", 1, worker_);
  Submit(*good_, CaseOf("c1"));
  PumpUntil("the task is at the worker", [&] { return !gone.tasks.empty(); });

  Allow({{client_, {"amy", BusRole::kClient}}, {other_worker_, {"gpu-2", BusRole::kWorker}}});
  // Its task goes to another worker at once, as innocent as before.
  ScriptedWorker& stays = AddWorker("w2", "alpha", 1, other_worker_);
  PumpUntil("the task has moved", [&] { return !stays.tasks.empty(); });
  EXPECT_EQ(stays.tasks[0].task, gone.tasks[0].task);
  PumpUntil("the revoked worker is told", [&] { return !gone.errors.empty(); });
  EXPECT_EQ(gone.errors[0].code, "forbidden");
  // What waited for news got none.
  PumpUntil("the watch is let go", [&] { return revoked.Reply(parked) != nullptr; });
  EXPECT_TRUE(Unpack<WatchReply>(revoked.Reply(parked)->body)->items.empty());
  EXPECT_EQ(
      Ask<StatusReply>(revoked, StatusRequest{}).error(),
      (Error{ErrorCode::kForbidden, "this key is not in the broker's list (bus.allowed_file)"}));
  // Nor does its success count, which it sends all the same.
  gone.Finish(gone.tasks[0], Answered());
  PumpFor(milliseconds(300));
  EXPECT_TRUE(gone.acks.empty());
  EXPECT_GE(Counter("refused_revoked"), 3);
  stays.Finish(stays.tasks[0], Answered());
  PumpUntil("the answer is stored", [&] { return !stays.acks.empty(); });
  EXPECT_EQ(stays.acks[0].disposition, "stored");
}

// It had been asked of Redis when the list changed.
TEST_F(BusSecurityTest, AWatchUnderWayIsNotToldWhatComesAfterItsKeyWasTakenOff) {
  TestClient& revoked = AddClient(other_client_);
  Recommendation item;
  item.case_id = "c1";
  {
    RedisConnection other(redis_.address(), {});
    ASSERT_TRUE(other.Call({"XADD", "consilium:{0}:out", "*", "r", PackSealed(item)},
                           std::chrono::seconds(10)));
  }
  const auto seen = Ask<WatchReply>(revoked, WatchRequest{"", 0, 10});
  ASSERT_TRUE(seen && seen->items.size() == 1);
  redis_.Pause();
  const std::string watch = revoked.Send(WatchRequest{"", 60000, 10});
  EXPECT_EQ(Ask<WatchReply>(revoked, WatchRequest{"", 0, 0}).error().code, ErrorCode::kInvalid)
      << "the watch before it is under way";
  Allow({{client_, {"amy", BusRole::kClient}}});
  PumpUntil("the list is read", [&] {
    return Ask<WatchReply>(revoked, WatchRequest{"", 0, 0}).error().code == ErrorCode::kForbidden;
  });
  EXPECT_EQ(revoked.Reply(watch), nullptr);
  redis_.Resume();
  PumpUntil("the watch is let go", [&] { return revoked.Reply(watch) != nullptr; });
  EXPECT_TRUE(Unpack<WatchReply>(revoked.Reply(watch)->body)->items.empty());
}

TEST_F(BusSecurityTest, AListWithAMistakeChangesNothing) {
  TestClient& bob = AddClient(other_client_);
  ASSERT_TRUE(Ask<StatusReply>(bob, StatusRequest{}));
  folder_.Write("allowed", "nonsense\n");
  PumpFor(milliseconds(2500));
  EXPECT_TRUE(Ask<StatusReply>(bob, StatusRequest{}));
  std::remove(config_.bus.allowed_file.c_str());
  PumpFor(milliseconds(2500));
  EXPECT_TRUE(Ask<StatusReply>(bob, StatusRequest{}));
  Allow({{client_, {"amy", BusRole::kClient}}});
  PumpFor(milliseconds(2500));
  EXPECT_EQ(Ask<StatusReply>(bob, StatusRequest{}).error().code, ErrorCode::kForbidden);
}

TEST_F(BusSecurityTest, ARoutingIdCannotBeStolen) {
  const std::string id = "the-id-of-amy";
  const std::string body = Pack(StatusRequest{});
  RawDealer victim(config_.broker.clients, client_, id);
  victim.Send({"CSL1", "status", "v1", body});
  PumpUntil("the victim is served", [&] { return victim.Replies().size() == 1; });
  RawDealer thief(config_.broker.clients, other_client_, id);
  thief.Send({"CSL1", "status", "t1", body});
  PumpFor(milliseconds(700));
  EXPECT_TRUE(thief.Replies().empty());
  victim.Send({"CSL1", "status", "v2", body});
  PumpUntil("the victim is served again", [&] { return victim.Replies().size() == 2; });
  EXPECT_EQ(victim.Replies(), (std::vector<std::string>{"v1", "v2"}));
}

TEST_F(BusSecurityTest, TwoWorkersOfOneIdWithDifferentKeysAreNotOne) {
  ScriptedWorker& first = AddWorker("w1", "alpha", 1, worker_);
  ASSERT_TRUE(first.welcomed);
  const std::int64_t before = Counter("refused_messages");
  ScriptedWorker& second = AddWorker("w1", "alpha", 1, other_worker_);
  EXPECT_FALSE(second.welcomed);
  EXPECT_EQ(second.errors[0].code, "conflict");
  EXPECT_EQ(second.errors[0].text,
            "worker = \"w1\" is here with the key of gpu-1, expected another id with the key of "
            "gpu-2");
  EXPECT_GT(Counter("refused_messages"), before);
  Submit(*good_, CaseOf("c1"));
  PumpUntil("the first one works on", [&] { return !first.tasks.empty(); });
  EXPECT_TRUE(second.tasks.empty());
}

TEST_F(BusSecurityTest, BytesThatAreNotOurProtocolAreRefusedAndCounted) {
  const std::string greeting =
      std::string("\xff\0\0\0\0\0\0\0\0\x7f\3\1CURVE", 17) + std::string(47, '\0');
  ASSERT_EQ(greeting.size(), 64u);
  std::string zeros(200000, '\0');
  std::mt19937 random(1);
  for (char& byte : zeros) byte = static_cast<char>(random());
  for (const std::string& endpoint : {config_.broker.clients, config_.broker.workers}) {
    const std::int64_t before = Counter("refused_connections");
    const PlainTcp http(endpoint, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const PlainTcp noise(endpoint, zeros.substr(0, 64) + zeros);
    // A command, and a message, of 1 GB after a good greeting.
    const PlainTcp command(endpoint, greeting + std::string("\6\0\0\0\0\x40\0\0\0", 9) + "x");
    const PlainTcp message(endpoint, greeting + std::string("\2\0\0\0\0\x40\0\0\0", 9) + "x");
    PumpUntil("all but the half-open HTTP are ended",
              [&] { return noise.Ended() && command.Ended() && message.Ended(); });
    PumpUntil("HTTP, too", [&] { return http.Ended(); });
    EXPECT_GE(Counter("refused_connections"), before + 4);
  }
}

TEST_F(BusSecurityTest, AMessageOverTheLimitEndsItsConnectionOnly) {
  RawDealer large(config_.broker.clients, other_client_);
  large.Send({"CSL1", "status", "s", Pack(StatusRequest{})});
  PumpUntil("it is served", [&] { return large.Replies().size() == 1; });
  large.Send({"CSL1", "submit", "big", std::string(2 * limits::kMessageBytesMax, 'x')});
  PumpFor(milliseconds(1500));
  EXPECT_EQ(large.Replies().size(), 1u);
  EXPECT_TRUE(Counters());
}

// A body that decodes into something near a message, broken in one of many ways.
std::string Broken(const std::vector<std::string>& seeds, std::mt19937& random) {
  std::string body = seeds[random() % seeds.size()];
  switch (random() % 5) {
    case 0:
      body.resize(random() % (body.size() + 1));
      break;
    case 1:
      body = std::string(random() % 64, '\0');
      for (char& byte : body) byte = static_cast<char>(random());
      break;
    case 2:
      body.insert(random() % (body.size() + 1), 1, static_cast<char>(random()));
      break;
    default:
      for (std::uint32_t i = 1 + random() % 4; i > 0 && !body.empty(); --i) {
        body[random() % body.size()] = static_cast<char>(random());
      }
  }
  return body;
}

TEST_F(BusSecurityTest, AHundredThousandBrokenBodiesHurtNobody) {
  constexpr std::size_t kBodies = 100000;
  constexpr std::uint32_t kSeed = 20261127;
  const std::string depth_bomb(100000, '\x91');
  const std::vector<std::pair<std::string, std::string>> client_seeds = {
      {"submit", Pack(SubmitRequest{CaseOf("f1")})},
      {"cancel", Pack(CancelRequest{"nope", true, "retracted"})},
      {"fetch", Pack(FetchRequest{"nope"})},
      {"list", Pack(CaseListRequest{"17:nope", 1, CaseState::kFailed, "hl7", "medication"})},
      {"watch", Pack(WatchRequest{"0-0", 0, 10})},
      {"import", Pack(ImportRequest{})},
      {"history", Pack(HistoryRequest{})}};
  Hello hello;
  hello.worker = "w9";
  hello.model = "alpha";
  hello.placement = "local";
  hello.slots = 0;
  const std::vector<std::pair<std::string, std::string>> worker_seeds = {
      {"hello", Pack(hello)},
      {"heartbeat", Pack(Heartbeat{0, {}, ""})},
      {"result", Pack(ResultMessage{"x|generate|0|alpha", 1, Answered(), std::nullopt})},
      {"release", Pack(ReleaseMessage{"x|generate|0|alpha", 1})}};
  std::mt19937 random(kSeed);
  DealerSocket client(context_, config_.broker.clients, other_client_);
  DealerSocket worker(context_, config_.broker.workers, worker_);
  const TimePoint started = Now();
  const TimePoint give_up = started + std::chrono::seconds(240);
  std::size_t sent = 0;
  while (sent < kBodies && Now() < give_up) {
    for (int i = 0; i < 200 && sent < kBodies; ++i) {
      const bool to_client = random() % 2 == 0;
      const auto& seeds = to_client ? client_seeds : worker_seeds;
      const auto& [type, seed] = seeds[random() % seeds.size()];
      const std::string body = sent % 1000 == 0 ? depth_bomb : Broken({seed}, random);
      if ((to_client ? client : worker).Send({type, "r", body}) != SendResult::kSent) break;
      ++sent;
    }
    while (client.Receive()) {
    }
    while (worker.Receive()) {
    }
    Turn();
  }
  const auto took = std::chrono::duration_cast<milliseconds>(Now() - started).count();
  std::printf("seed %u: %zu bodies in %lld ms\n", kSeed, sent, static_cast<long long>(took));
  ASSERT_EQ(sent, kBodies);
  PumpFor(milliseconds(500));
  EXPECT_GT(Counter("refused_messages"), 10000);
  // And work goes on.
  ScriptedWorker& good = AddWorker("w1", "bravo", 1, other_worker_);
  Submit(*good_, CaseOf("after-the-flood", {"bravo"}));
  PumpUntil("a task comes", [&] { return !good.tasks.empty(); });
}

TEST_F(BusSecurityTest, AWorkerThatLiesChangesNothing) {
  ScriptedWorker& honest = AddWorker("w1", "alpha", 1, worker_);
  Submit(*good_, CaseOf("c1"));
  PumpUntil("the honest one has the task", [&] { return !honest.tasks.empty(); });
  ScriptedWorker& liar = AddWorker("w2", "bravo", 1, other_worker_);
  const std::int64_t before = Counter("refused_messages");
  // A result for a task of another's model, for no task at all, and for a fence never issued.
  TaskMessage stolen = honest.tasks[0];
  liar.Finish(stolen, Answered());
  PumpUntil("it is refused", [&] { return liar.errors.size() == 1; });
  EXPECT_EQ(liar.errors[0].code, "invalid");
  for (const std::int64_t slots : {std::int64_t{-1}, std::int64_t{1} << 40}) {
    EXPECT_TRUE(liar.Send(Heartbeat{slots, {}, ""}));
  }
  PumpUntil("credits are refused", [&] { return liar.errors.size() == 3; });
  EXPECT_EQ(liar.errors[1].text, "slots = -1, expected 0..1024");
  EXPECT_TRUE(liar.Send(Heartbeat{1, {{stolen.task, stolen.fence}}, ""}));
  PumpUntil("the claim is refused", [&] { return liar.errors.size() == 4; });
  EXPECT_GE(Counter("refused_messages"), before + 4);

  // Of its own model, a fence that was never issued wins nothing, and the true holder's answer
  // counts.
  ScriptedWorker& rival = AddWorker("w3", "alpha", 0, other_worker_);
  TaskMessage future = honest.tasks[0];
  future.fence += 1000;
  rival.Finish(future, Answered());
  PumpUntil("it is judged", [&] { return !rival.acks.empty(); });
  EXPECT_EQ(rival.acks[0].disposition, "unknown");
  honest.Finish(honest.tasks[0], Answered());
  PumpUntil("the answer is stored", [&] { return !honest.acks.empty(); });
  EXPECT_EQ(honest.acks[0].disposition, "stored");
}

}  // namespace
}  // namespace consilium
