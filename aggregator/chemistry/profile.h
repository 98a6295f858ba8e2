// What chemistry knows of one model for one kind of task: how good its answers are.
// Threads: functions without state.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct ModelProfile {
  std::string model;
  double quality = 0.0;   // of its answers, [0, 10]
  double accuracy = 0.0;  // [0, 1]
};

// kInvalid, naming the model, for a name that no model may have (ids.h), a number that is not
// finite or out of range, a model that stands twice, more than limits::kModelsMax models.
Status CheckProfiles(std::span<const ModelProfile> profiles);

}  // namespace consilium
