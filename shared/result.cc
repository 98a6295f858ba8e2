#include "shared/result.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace consilium {
namespace {

constexpr std::array<std::pair<ErrorCode, std::string_view>, 11> kNames = {{
    {ErrorCode::kInvalid, "invalid"},
    {ErrorCode::kConflict, "conflict"},
    {ErrorCode::kNotFound, "not_found"},
    {ErrorCode::kQueueFull, "queue_full"},
    {ErrorCode::kDraining, "draining"},
    {ErrorCode::kUnavailable, "unavailable"},
    {ErrorCode::kForbidden, "forbidden"},
    {ErrorCode::kUnsupported, "unsupported"},
    {ErrorCode::kTooLarge, "too_large"},
    {ErrorCode::kTimeout, "timeout"},
    {ErrorCode::kInternal, "internal"},
}};

}  // namespace

std::string_view ErrorName(ErrorCode code) {
  for (const auto& [known, name] : kNames) {
    if (known == code) return name;
  }
  return "internal";
}

ErrorCode ErrorFromName(std::string_view name) {
  for (const auto& [code, known] : kNames) {
    if (known == name) return code;
  }
  return ErrorCode::kInternal;
}

void CheckFailed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "%s:%d: CHECK(%s) failed: %s\n", file, line, condition, why);
  std::fflush(stderr);
  std::abort();
}

}  // namespace consilium
