#include "broker/case_outcome_check.h"

#include <string>
#include <string_view>

#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/store.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kByBytesMax = 64;
constexpr std::size_t kNameBytesMax = 256;

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

Status CheckBytes(const std::string& field, std::size_t bytes, std::size_t most) {
  if (bytes <= most) return Ok();
  return Invalid(field + ": " + std::to_string(bytes) + " bytes, expected at most " +
                 std::to_string(most));
}

Status CheckNames(const std::vector<std::string>& names) {
  if (names.size() > limits::kMedicationsMax) {
    return Invalid("medications: " + std::to_string(names.size()) + " entries, expected at most " +
                   std::to_string(limits::kMedicationsMax));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string field = "medications[" + std::to_string(i) + "]";
    if (IsBlank(names[i])) return Invalid(field + ": blank, expected a name");
    if (Status bytes = CheckBytes(field, names[i].size(), kNameBytesMax); !bytes) return bytes;
  }
  return Ok();
}

}  // namespace

Status CheckCaseOutcome(const CaseOutcomeRequest& request) {
  if (Status id = CheckCaseId(request.id); !id) return id;
  if (IsBlank(request.by)) return Invalid("by: blank, expected who says so");
  if (request.by == kGoldVoice) {
    return Invalid("by = \"gold\", expected another name: that is what came with the case");
  }
  if (Status by = CheckBytes("by", request.by.size(), kByBytesMax); !by) return by;
  if (Status reason = CheckBytes("reason", request.reason.size(), limits::kOutcomeReasonBytesMax);
      !reason) {
    return reason;
  }
  if (request.revision && *request.revision < 1) {
    return Invalid("revision = " + std::to_string(*request.revision) + ", expected 1 or more");
  }
  switch (request.verdict) {
    case CaseOutcomeVerdict::kAccepted:
      if (!request.medications) return Ok();
      return Invalid(
          "medications: stated, expected none with verdict accepted, which says that "
          "what was recommended is right");
    case CaseOutcomeVerdict::kOverridden:
      if (IsBlank(request.reason)) return Invalid("reason: blank, expected why it was overridden");
      break;
    case CaseOutcomeVerdict::kStated:
      if (!request.medications) {
        return Invalid("medications: missing, expected what was right (an empty list: none)");
      }
      // Stored, it would tell the same statement with it and without it apart.
      if (request.revision) {
        return Invalid("revision = " + std::to_string(*request.revision) +
                       ", expected none with verdict stated, which speaks of no recommendation");
      }
      break;
  }
  return request.medications ? CheckNames(*request.medications) : Ok();
}

Result<CaseOutcome> AdmitOutcome(const CaseOutcomeRequest& request, const CaseView& view) {
  const bool withdrawn = view.state == CaseState::kCancelled;
  if (!IsFinal(view.state) || withdrawn || view.recommendations.empty()) {
    return NoOutcomeYet(view.id, view.state);
  }
  const std::int64_t last = view.recommendations.back().revision;
  const bool speaks_of_it = request.verdict != CaseOutcomeVerdict::kStated;
  CaseOutcome outcome;
  outcome.by = request.by;
  outcome.verdict = request.verdict;
  outcome.medications = request.medications;
  outcome.reason = request.reason;
  if (!speaks_of_it) return outcome;
  outcome.revision = request.revision.value_or(last);
  if (outcome.revision > last) return NoRevision(view.id, outcome.revision, last);
  for (const Recommendation& rec : view.recommendations) {
    if (rec.revision != outcome.revision) continue;
    if (rec.status == CaseState::kComplete || rec.status == CaseState::kDegraded) return outcome;
    return Invalid("case " + view.id + ", revision " + std::to_string(rec.revision) + ": " +
                   "nothing was recommended (" +
                   kCaseStateNames[static_cast<std::size_t>(rec.status)] + "), so nothing can be " +
                   kCaseOutcomeVerdictNames[static_cast<std::size_t>(request.verdict)] +
                   "; state the medications that were right");
  }
  return NoRevision(view.id, outcome.revision, last);
}

}  // namespace consilium
