// What the clients of the peers have in common: their command line, the paced load and the report.
//   CLIENT produce PORT COUNT WINDOW RATE    sends COUNT messages of 1 KiB, at most WINDOW of them
//                                            unconfirmed, RATE a second (0: as fast as possible)
//   CLIENT consume PORT COUNT                says "ready", then takes and acknowledges COUNT
// At the end one line of JSON: when it began and ended (seconds of the steady clock, one for all
// processes of this machine) and, of a consumer, each message's latency from sending to taking.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace consilium::bench {

class Sender {
 public:
  virtual ~Sender() = default;
  virtual void Send(std::size_t number, const std::string& body) = 0;
  // How many more are confirmed: those already here, or else those that come within `patience`.
  virtual std::size_t Confirmed(std::chrono::microseconds patience) = 0;
};

class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual std::string Take() = 0;  // waits for the next message
  virtual void Acknowledge() = 0;  // the message last taken
  virtual void AwaitServer() {}    // until the server has seen every acknowledgement
};

// The whole of a main().
using MakeSender = std::unique_ptr<Sender> (*)(int port);
using MakeReceiver = std::unique_ptr<Receiver> (*)(int port, std::size_t count);
int RunPeerClient(int argc, char** argv, MakeSender sender, MakeReceiver receiver);

template <class PeerSender, class PeerReceiver>
int RunPeerClient(int argc, char** argv) {
  return RunPeerClient(
      argc, argv,
      [](int port) -> std::unique_ptr<Sender> { return std::make_unique<PeerSender>(port); },
      [](int port, std::size_t count) -> std::unique_ptr<Receiver> {
        return std::make_unique<PeerReceiver>(port, count);
      });
}

// Ends the program: a measurement that went wrong has no result.
[[noreturn]] void GiveUp(const std::string& why);

}  // namespace consilium::bench
