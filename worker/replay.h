// A model whose answers were recorded: it gives the recorded one of each case again.
//
// Answers: JSON lines {vignette, model, option, medications, latency_s, prompt_tokens,
// completion_tokens, ...}; only those of the backend's model count, and cases are found by id, or
// by that of their vignette where an evaluation submits them (shared/eval_case.h). As a reviewer it
// grades an answer by agreement with its own recorded one and says so: 1 where both chose the same
// option, else Jaccard's index of the ingredient sets. Usage is as recorded. Outcomes are marked
// simulated: no model answers now. Threads: none; const after Load().
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/config.h"
#include "shared/result.h"
#include "worker/backend.h"
#include "worker/timed.h"

namespace consilium {

class ReplayModel {
 public:
  // kInvalid or kNotFound when the file has no usable answer of the model.
  static Result<ReplayModel> Load(const BackendConfig& config, std::vector<std::string>& warnings);
  // The same from the opened file.
  static Result<ReplayModel> Read(const BackendConfig& config, std::istream& answers,
                                  std::vector<std::string>& warnings);

  PlannedOutcome Plan(const BackendCall& call) const;

 private:
  struct Recorded {
    std::vector<std::string> medications;
    std::string option;  // "" = none
    double latency_s = 0.0;
    Usage usage;
  };

  ReplayModel() = default;

  std::string model_;  // its name in the file
  std::string file_;
  double latency_scale_ = 0.0;
  std::unordered_map<std::string, Recorded> by_case_;
};

}  // namespace consilium
