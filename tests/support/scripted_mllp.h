// A receiver of HL7 v2 over MLLP on a loopback port whose answers come from a function, faults of
// the transport included. Sockets and bytes only, nothing of the programs under test.
// Threads: it has one of its own, which also calls the function; all members may be called from any
// other.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace consilium {

// What happens when a message has come whole.
struct MllpStep {
  std::string bytes;    // sent as they are
  std::size_t cut = 0;  // sent one by one up to here, so that they come in several reads
  bool close = false;   // after that
  bool reset = false;   // with RST
};

class ScriptedMllp {
 public:
  // `nth`: of all messages, from 1.
  using Answer = std::function<MllpStep(const std::string& message, std::size_t nth)>;

  // Throws std::runtime_error when the port is not free.
  explicit ScriptedMllp(Answer answer, int port = 0);
  ~ScriptedMllp();
  ScriptedMllp(const ScriptedMllp&) = delete;  // owns a thread and sockets
  ScriptedMllp& operator=(const ScriptedMllp&) = delete;

  int port() const;
  std::string host_and_port() const;          // "127.0.0.1:<port>"
  std::vector<std::string> Messages() const;  // as they came, without the frame
  std::size_t connections() const;            // ever accepted

  // The framed acknowledgement of `message` with that code; `more` follows MSA-2.
  static std::string Ack(const std::string& message, const std::string& code,
                         const std::string& more = "");
  // Field 10 of its first line.
  static std::string ControlId(const std::string& message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
