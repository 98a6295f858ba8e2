#include "aggregator/chemistry/profile.h"

#include <set>
#include <string_view>

#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/number_text.h"

namespace consilium {
namespace {

Status CheckNumber(const std::string& model, const char* what, double value, int max) {
  // Written so that NaN fails.
  if (value >= 0.0 && value <= max) return Ok();
  return Invalid("model '" + model + "': " + what + " = " + ShortestDecimal(value) +
                 ", expected 0.." + std::to_string(max));
}

}  // namespace

Status CheckProfiles(std::span<const ModelProfile> profiles) {
  if (profiles.size() > limits::kModelsMax) {
    return Invalid("profiles: " + std::to_string(profiles.size()) + " models, expected at most " +
                   std::to_string(limits::kModelsMax));
  }
  std::set<std::string_view> seen;
  for (const ModelProfile& profile : profiles) {
    if (Status status = CheckModelName(profile.model); !status) return status;
    if (!seen.insert(profile.model).second) {
      return Invalid("model '" + profile.model + "' stands more than once, expected once");
    }
    if (Status status = CheckNumber(profile.model, "quality", profile.quality, 10); !status) {
      return status;
    }
    if (Status status = CheckNumber(profile.model, "accuracy", profile.accuracy, 1); !status) {
      return status;
    }
  }
  return Ok();
}

}  // namespace consilium
