#include "tests/support/scripted_llm.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "shared/check.h"
#include "tests/support/scripted_http.h"

namespace consilium {

LlmStep LlmStep::Says(const std::string& content, const std::string& finish_reason) {
  LlmStep step;
  step.headers = {"Content-Type: application/json"};
  const nlohmann::json body = {
      {"id", "chatcmpl-1"},
      {"model", "scripted-1"},
      {"choices",
       {{{"index", 0},
         {"finish_reason", finish_reason},
         {"message", {{"role", "assistant"}, {"content", content}}}}}},
      {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"total_tokens", 120}}}};
  step.body = body.dump();
  return step;
}

LlmStep LlmStep::Fails(int status, const std::string& body, std::vector<std::string> headers) {
  LlmStep step;
  step.status = status;
  step.body = body;
  step.headers = std::move(headers);
  return step;
}

LlmStep LlmStep::Stalls() {
  LlmStep step;
  step.mute = true;
  return step;
}

LlmStep LlmStep::Cuts(LlmStep step, std::size_t after_bytes) {
  step.bytes = after_bytes;
  step.close = true;
  return step;
}

LlmStep LlmStep::HangsUp() {
  LlmStep step;
  step.mute = true;
  step.close = true;
  return step;
}

LlmStep LlmStep::Drips(LlmStep step, std::size_t chunk, std::chrono::milliseconds gap) {
  step.chunk = chunk;
  step.gap = gap;
  return step;
}

struct ScriptedLlm::State {
  explicit State(std::vector<LlmStep> all)
      : steps(std::move(all)), server({}, [this](const HttpAsked& asked) { return Next(asked); }) {}

  HttpStep Next(const HttpAsked& asked) {
    const std::lock_guard lock(mutex);
    requests.push_back({asked.path, asked.head, asked.body});
    return steps[std::min(requests.size(), steps.size()) - 1];
  }

  const std::vector<LlmStep> steps;
  mutable std::mutex mutex;
  std::vector<Request> requests;  // under the mutex
  ScriptedHttp server;            // last: it uses the others
};

ScriptedLlm::ScriptedLlm(std::vector<LlmStep> steps) {
  CHECK(!steps.empty(), "a script has a step");
  state_ = std::make_unique<State>(std::move(steps));
}

ScriptedLlm::~ScriptedLlm() = default;

std::string ScriptedLlm::url() const { return state_->server.url() + "/v1"; }

std::vector<ScriptedLlm::Request> ScriptedLlm::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

int ScriptedLlm::connections() const { return state_->server.counts().accepted; }

int ScriptedLlm::closed_by_peer() const { return state_->server.counts().closed_by_peer; }

bool ScriptedLlm::WaitForRequests(std::size_t count, std::chrono::milliseconds limit) const {
  return state_->server.WaitFor(
      [count](const HttpCounts& counts) { return counts.requests >= count; }, limit);
}

bool ScriptedLlm::WaitForClosed(int count, std::chrono::milliseconds limit) const {
  return state_->server.WaitFor(
      [count](const HttpCounts& counts) { return counts.closed_by_peer >= count; }, limit);
}

}  // namespace consilium
