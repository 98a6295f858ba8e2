// gearmand over its binary protocol (a 12-byte header: magic, kind, length; arguments parted by
// zero bytes): background jobs pipelined; completing a job and grabbing the next in one write.
#include <arpa/inet.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "tests/bench/peers/peer_client.h"
#include "tests/bench/peers/wire.h"

namespace consilium::bench {
namespace {

enum Kind : std::uint32_t {
  kCanDo = 1,
  kPreSleep = 4,
  kNoop = 6,
  kJobCreated = 8,
  kGrabJob = 9,
  kNoJob = 10,
  kJobAssign = 11,
  kWorkComplete = 13,
  kEchoRequest = 16,
  kEchoReply = 17,
  kSubmitBackground = 18,
};

constexpr std::size_t kHeaderBytes = 12;
constexpr char kFunction[] = "bench";

// An argument that another follows.
std::string Ended(std::string argument) { return std::move(argument) + '\0'; }

std::string Request(Kind kind, const std::string& arguments) {
  const std::uint32_t numbers[] = {htonl(kind),
                                   htonl(static_cast<std::uint32_t>(arguments.size()))};
  std::string packet("\0REQ", 4);
  packet.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
  return packet + arguments;
}

struct Reply {
  std::uint32_t kind = 0;
  std::string arguments;
};

Reply AwaitReply(Wire& wire) {
  std::uint32_t numbers[2];
  std::memcpy(numbers, wire.Await(kHeaderBytes).data() + 4, sizeof numbers);
  const std::size_t size = ntohl(numbers[1]);
  wire.Await(kHeaderBytes + size);
  return {ntohl(numbers[0]), wire.Take(kHeaderBytes + size).substr(kHeaderBytes)};
}

class GearmanSender : public Sender {
 public:
  explicit GearmanSender(int port) : wire_(port) {}

  void Send(std::size_t number, const std::string& body) override {
    // The queue keeps one job for each unique name.
    const std::string unique = std::to_string(getpid()) + "-" + std::to_string(number);
    wire_.Write(Request(kSubmitBackground, Ended(kFunction) + Ended(unique) + body));
  }

  std::size_t Confirmed(std::chrono::microseconds patience) override {
    wire_.Exchange(patience);
    std::size_t confirmed = 0;
    while (wire_.unread().size() >= kHeaderBytes) {
      const Reply reply = AwaitReply(wire_);
      if (reply.kind != kJobCreated) {
        GiveUp("submit was answered by kind " + std::to_string(reply.kind));
      }
      ++confirmed;
    }
    return confirmed;
  }

 private:
  Wire wire_;
};

class GearmanReceiver : public Receiver {
 public:
  GearmanReceiver(int port, std::size_t /*count*/) : wire_(port) {
    wire_.Write(Request(kCanDo, kFunction) + Request(kGrabJob, ""));
  }

  std::string Take() override {
    while (true) {
      const Reply reply = AwaitReply(wire_);
      if (reply.kind == kNoJob) wire_.Write(Request(kPreSleep, ""));
      if (reply.kind == kNoop) wire_.Write(Request(kGrabJob, ""));
      if (reply.kind != kJobAssign) continue;
      const std::size_t function = reply.arguments.find('\0');
      const std::size_t body = reply.arguments.find('\0', function + 1);
      if (body == std::string::npos) GiveUp("a job was assigned without its arguments");
      handle_ = reply.arguments.substr(0, function);
      return reply.arguments.substr(body + 1);
    }
  }

  void Acknowledge() override {
    wire_.Write(Request(kWorkComplete, Ended(handle_)) + Request(kGrabJob, ""));
  }

  // Completing is not answered; an echo behind it is.
  void AwaitServer() override {
    wire_.Write(Request(kEchoRequest, "done"));
    while (AwaitReply(wire_).kind != kEchoReply) continue;
  }

 private:
  Wire wire_;
  std::string handle_;
};

}  // namespace
}  // namespace consilium::bench

int main(int argc, char** argv) {
  using namespace consilium::bench;
  return RunPeerClient<GearmanSender, GearmanReceiver>(argc, argv);
}
