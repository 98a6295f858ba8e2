#include "aggregator/chemistry/profile.h"

#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>

#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

std::string Text(double value) {
  if (std::isnan(value)) return "nan";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

Status CheckNumber(const std::string& model, const char* what, double value, int max) {
  // Written so that NaN fails.
  if (value >= 0.0 && value <= max) return Ok();
  return Invalid("model '" + model + "': " + what + " = " + Text(value) + ", expected 0.." +
                 std::to_string(max));
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
