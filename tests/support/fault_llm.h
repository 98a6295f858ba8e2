// A server of models that speaks the forms of OpenAI, Anthropic, Gemini and Ollama, streamed and
// not, and goes wrong as it is told. It keeps a ledger of what it was asked and what it gave.
//
// Paths: <any prefix>/chat/completions and /models (OpenAI), /v1/messages and /v1/models
// (Anthropic), /v1beta/models/... (Gemini), /api/chat, /api/tags and /api/show (Ollama).
// Threads: the server has its own; it calls the plan and the responder. All members may be called
// from the test's.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/llm_fault.h"
#include "tests/support/scripted_http.h"

namespace consilium {

struct FaultLlmOptions : FaultSettings {
  FaultPlan plan;  // empty = no fault
  int port = 0;    // 0 = the system chooses
  bool tls = false;
  std::function<bool(std::size_t nth)> abort_handshake;  // of the n-th connection, from 1; with TLS
};

// One request.
struct FaultEntry {
  LlmKey key;
  LlmCall call = LlmCall::kUnknown;
  std::size_t nth = 1;  // of its key
  Fault fault = Fault::kNone;
  bool streamed = false;
  LlmRung rung = LlmRung::kText;
  TimePoint arrived;
  bool ended = false;    // the reply is out, cut, or nobody waits for it any more
  bool success = false;  // a usable reply went out whole; whether the client read it is not known
};

class FaultLlm {
 public:
  // Throws std::runtime_error when the port is not free.
  explicit FaultLlm(FaultLlmOptions options = {});
  ~FaultLlm();
  FaultLlm(const FaultLlm&) = delete;  // owns a thread and sockets
  FaultLlm& operator=(const FaultLlm&) = delete;

  std::string url() const;          // "http://127.0.0.1:<port>" or https; paths as above follow
  std::string certificate() const;  // PEM for a client to trust as CA; "" without TLS

  std::vector<FaultEntry> ledger() const;  // in the order of arrival
  HttpCounts counts() const;               // connections and requests
  // The ledger in short, as JSON: counts, and how often each fault was given.
  std::string Summary() const;

  // False when it takes longer than `limit`.
  bool WaitFor(const std::function<bool(const HttpCounts&)>& condition,
               std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
  bool WaitForRequests(std::size_t count,
                       std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
  bool WaitForEnded(std::size_t count,
                    std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
  bool WaitForClosed(int count, std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
