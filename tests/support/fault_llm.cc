#include "tests/support/fault_llm.h"

#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

namespace consilium {

struct FaultLlm::State {
  explicit State(FaultLlmOptions all)
      : options(std::move(all)),
        server({options.port, options.tls, options.abort_handshake},
               [this](const HttpAsked& http) { return Answer(http); }) {}

  HttpStep Answer(const HttpAsked& http) {
    Asked asked = ReadAsked(http);
    const std::lock_guard lock(mutex);
    asked.nth = ++requests_of[asked.key.Text()];
    const Fault planned = options.plan ? options.plan(asked) : Fault::kNone;
    const Fault fault = Decide(asked, planned, options);
    HttpStep step = FaultStep(asked, fault, options);
    const bool usable = IsUsable(fault) && asked.call != LlmCall::kUnknown;
    const std::size_t at = ledger.size();
    step.ended = [this, at, usable](bool whole) {
      const std::lock_guard again(mutex);
      ledger[at].ended = true;
      ledger[at].success = usable && whole;
    };
    ledger.push_back({asked.key, asked.call, asked.nth, fault, asked.streamed, asked.rung,
                      http.arrived, false, false});
    return step;
  }

  const FaultLlmOptions options;
  mutable std::mutex mutex;
  std::map<std::string, std::size_t> requests_of;  // by the text of the key; under the mutex
  std::vector<FaultEntry> ledger;                  // under the mutex
  ScriptedHttp server;                             // last: it uses the others
};

FaultLlm::FaultLlm(FaultLlmOptions options) : state_(std::make_unique<State>(std::move(options))) {}

FaultLlm::~FaultLlm() = default;

std::string FaultLlm::url() const { return state_->server.url(); }

std::string FaultLlm::certificate() const { return state_->server.certificate(); }

std::vector<FaultEntry> FaultLlm::ledger() const {
  const std::lock_guard lock(state_->mutex);
  return state_->ledger;
}

HttpCounts FaultLlm::counts() const { return state_->server.counts(); }

std::string FaultLlm::Summary() const {
  const HttpCounts all = counts();
  std::map<std::string, int> faults;
  std::map<std::string, int> forms;
  int successes = 0;
  for (const FaultEntry& entry : ledger()) {
    ++faults[FaultName(entry.fault)];
    ++forms[LlmFormName(entry.key.form)];
    if (entry.success) ++successes;
  }
  const nlohmann::json summary = {{"requests", all.requests},
                                  {"successes", successes},
                                  {"faults", faults},
                                  {"forms", forms},
                                  {"connections", all.accepted},
                                  {"closed_by_peer", all.closed_by_peer},
                                  {"handshakes_aborted", all.handshakes_aborted},
                                  {"in_flight", all.in_flight()},
                                  {"in_flight_max", all.in_flight_max}};
  return summary.dump();
}

bool FaultLlm::WaitFor(const std::function<bool(const HttpCounts&)>& condition,
                       std::chrono::milliseconds limit) const {
  return state_->server.WaitFor(condition, limit);
}

bool FaultLlm::WaitForRequests(std::size_t count, std::chrono::milliseconds limit) const {
  return WaitFor([count](const HttpCounts& all) { return all.requests >= count; }, limit);
}

bool FaultLlm::WaitForEnded(std::size_t count, std::chrono::milliseconds limit) const {
  return WaitFor([count](const HttpCounts& all) { return all.ended >= count; }, limit);
}

bool FaultLlm::WaitForClosed(int count, std::chrono::milliseconds limit) const {
  return WaitFor([count](const HttpCounts& all) { return all.closed_by_peer >= count; }, limit);
}

}  // namespace consilium
