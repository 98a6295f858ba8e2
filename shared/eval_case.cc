#include "shared/eval_case.h"

#include <algorithm>

#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::string_view kPrefix = "eval:";
constexpr std::size_t kRunBytesMax = 32;

bool IsRunByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

Status CheckRunName(std::string_view run) {
  const bool good =
      !run.empty() && run.size() <= kRunBytesMax && std::all_of(run.begin(), run.end(), IsRunByte);
  if (good) return Ok();
  return Invalid("run = " + Quoted(run, 64) + ", expected 1..32 of [A-Za-z0-9._-]");
}

Result<std::string> EvalCaseId(std::string_view run, std::string_view vignette) {
  if (Status good = CheckRunName(run); !good) return good.error();
  std::string id = std::string(kPrefix) + std::string(run) + ":" + std::string(vignette);
  if (Status good = CheckCaseId(id); !good || vignette.empty()) {
    return Invalid("id " + Quoted(vignette, 128) + " in run " + std::string(run) +
                   ": no case id, expected 1.." +
                   std::to_string(128 - kPrefix.size() - run.size() - 1) +
                   " bytes of [A-Za-z0-9._:-]");
  }
  return id;
}

std::optional<std::string_view> VignetteOf(std::string_view case_id) {
  if (case_id.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  const std::size_t colon = case_id.find(':', kPrefix.size());
  if (colon == std::string_view::npos) return std::nullopt;
  if (!CheckRunName(case_id.substr(kPrefix.size(), colon - kPrefix.size()))) return std::nullopt;
  return case_id.substr(colon + 1);
}

}  // namespace consilium
