// beanstalkd over its text protocol: puts pipelined; deleting a job and reserving the next in one
// write. Each put and each delete is answered after it is in the synced log.
#include "tests/bench/peers/peer_client.h"
#include "tests/bench/peers/wire.h"

namespace consilium::bench {
namespace {

class BeanstalkSender : public Sender {
 public:
  explicit BeanstalkSender(int port) : wire_(port) {}

  void Send(std::size_t, const std::string& body) override {
    wire_.Write("put 0 0 60 " + std::to_string(body.size()) + "\r\n" + body + "\r\n");
  }

  std::size_t Confirmed(std::chrono::microseconds patience) override {
    wire_.Exchange(patience);
    std::size_t confirmed = 0;
    while (wire_.unread().find("\r\n") != std::string::npos) {
      const std::string line = wire_.AwaitLine();
      if (line.rfind("INSERTED ", 0) != 0) GiveUp("put was answered by " + line);
      ++confirmed;
    }
    return confirmed;
  }

 private:
  Wire wire_;
};

class BeanstalkReceiver : public Receiver {
 public:
  BeanstalkReceiver(int port, std::size_t count) : wire_(port), left_(count) { Reserve(); }

  std::string Take() override {
    // "RESERVED <id> <bytes>"
    std::string line = wire_.AwaitLine();
    if (deleting_) {
      if (line != "DELETED") GiveUp("delete was answered by " + line);
      line = wire_.AwaitLine();
    }
    const std::size_t space = line.rfind(' ');
    if (line.rfind("RESERVED ", 0) != 0) GiveUp("reserve was answered by " + line);
    id_ = line.substr(9, space - 9);
    const std::size_t size = std::stoul(line.substr(space + 1));
    wire_.Await(size + 2);
    return wire_.Take(size + 2).substr(0, size);
  }

  void Acknowledge() override {
    wire_.Write("delete " + id_ + "\r\n");
    deleting_ = true;
    Reserve();
  }

  void AwaitServer() override {
    if (wire_.AwaitLine() != "DELETED") GiveUp("the last delete failed");
  }

 private:
  void Reserve() {
    if (left_ == 0) return;
    --left_;
    wire_.Write("reserve\r\n");
  }

  Wire wire_;
  std::size_t left_;  // to reserve
  std::string id_;
  bool deleting_ = false;
};

}  // namespace
}  // namespace consilium::bench

int main(int argc, char** argv) {
  using namespace consilium::bench;
  return RunPeerClient<BeanstalkSender, BeanstalkReceiver>(argc, argv);
}
