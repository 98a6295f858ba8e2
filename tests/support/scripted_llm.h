// An OpenAI-compatible server that answers from a script, faults included: a loopback port that the
// system chooses. Threads: the server has its own; all members may be called from the test's.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http_step.h"

namespace consilium {

// What one request gets.
struct LlmStep : HttpStep {
  // A chat completion whose message is `content`.
  static LlmStep Says(const std::string& content, const std::string& finish_reason = "stop");
  static LlmStep Fails(int status, const std::string& body, std::vector<std::string> headers = {});
  static LlmStep Stalls();                                     // reads the request, never answers
  static LlmStep Cuts(LlmStep step, std::size_t after_bytes);  // of the body
  static LlmStep HangsUp();                                    // closes without an answer
  static LlmStep Drips(LlmStep step, std::size_t chunk, std::chrono::milliseconds gap);
};

class ScriptedLlm {
 public:
  struct Request {
    std::string path;
    std::string head;  // request line and headers
    std::string body;
  };

  // Steps are used up in the order in which requests are complete; the last one repeats.
  explicit ScriptedLlm(std::vector<LlmStep> steps);
  ~ScriptedLlm();
  ScriptedLlm(const ScriptedLlm&) = delete;  // owns a thread and sockets
  ScriptedLlm& operator=(const ScriptedLlm&) = delete;

  std::string url() const;  // "http://127.0.0.1:<port>/v1"
  std::vector<Request> requests() const;
  int connections() const;     // accepted so far
  int closed_by_peer() const;  // of them, by the client

  // False when it takes longer than `limit`.
  bool WaitForRequests(std::size_t count,
                       std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
  bool WaitForClosed(int count, std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
