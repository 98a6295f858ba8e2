// The other side of MLLP: one that sends messages and reads acknowledgements, and one that receives
// results and acknowledges them. Sockets and bytes only, nothing of the programs under test.
// Threads: a sender is used by one; a receiver has one of its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace consilium {

// What stands between the bars: "MSA", 1 -> "AA". Plain splitting at CR and '|'. "" = not there.
std::string Hl7Field(const std::string& message, const std::string& segment, std::size_t field);

class MllpSender {
 public:
  // Connected to the loopback port; throws std::runtime_error.
  explicit MllpSender(int port);
  ~MllpSender();
  MllpSender(const MllpSender&) = delete;  // owns a socket
  MllpSender& operator=(const MllpSender&) = delete;

  void SendBytes(const std::string& bytes);
  // In a frame.
  void Send(const std::string& message);
  // No more will be sent; what comes back can still be read.
  void EndSending();
  // Ends with RST once all that was sent has arrived, after 20 s in any case.
  void Reset();
  // The payload of the next frame; empty when none came in time or the other side closed.
  std::optional<std::string> Receive(std::chrono::milliseconds within = std::chrono::seconds(20));
  // Frames `message`, sends it, waits for the answer.
  std::optional<std::string> Ask(const std::string& message);
  // Whether the other side closes within that time.
  bool Closes(std::chrono::milliseconds within);

 private:
  int fd_ = -1;
  std::string in_;
};

// Listens on loopback. Every message is kept and answered by what `answer` makes of it: the whole
// acknowledgement, or "" to say nothing. By default it accepts (AA).
class MllpReceiver {
 public:
  using Answer = std::function<std::string(const std::string& message)>;
  explicit MllpReceiver(Answer answer = nullptr, int port = 0);
  ~MllpReceiver();
  MllpReceiver(const MllpReceiver&) = delete;  // owns a thread
  MllpReceiver& operator=(const MllpReceiver&) = delete;

  int port() const;
  std::vector<std::string> Messages() const;
  // An acknowledgement with that code.
  static std::string AckOf(const std::string& message, const std::string& code);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
