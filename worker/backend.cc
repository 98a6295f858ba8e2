#include "worker/backend.h"

#include <utility>

#include "worker/llm_backend.h"
#include "worker/replay.h"
#include "worker/simulated.h"
#include "worker/timed.h"

namespace consilium {

Result<std::unique_ptr<Backend>> MakeBackend(const BackendConfig& config,
                                             std::vector<std::string>& warnings) {
  if (IsHttpProvider(config.provider)) return MakeLlmBackend(config);
  if (config.provider == "simulated") {
    Result<SimulatedModel> model = SimulatedModel::Load(config, warnings);
    if (!model) return model.error();
    return std::unique_ptr<Backend>(std::make_unique<TimedBackend>(
        [simulated = std::move(*model)](const BackendCall& call) { return simulated.Plan(call); }));
  }
  if (config.provider == "replay") {
    Result<ReplayModel> model = ReplayModel::Load(config, warnings);
    if (!model) return model.error();
    return std::unique_ptr<Backend>(std::make_unique<TimedBackend>(
        [replayed = std::move(*model)](const BackendCall& call) { return replayed.Plan(call); }));
  }
  return Invalid("backend " + config.model + ": provider = \"" + config.provider +
                 "\", expected one that is known");
}

const std::string& ServedModel(const BackendConfig& config) {
  return config.served_model.empty() ? config.model : config.served_model;
}

Outcome DeadlineOutcome() {
  Outcome outcome;
  outcome.status = OutcomeStatus::kTimedOut;
  outcome.code = "deadline";
  outcome.text = "the deadline of the task passed before the model answered";
  return outcome;
}

}  // namespace consilium
