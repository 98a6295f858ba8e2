#include "broker/evidence_check.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "broker/ensemble.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr int kScoreMax = 1000000;
constexpr double kLatencyMsMax = 1e12;
constexpr double kCostUsdMax = 1e9;
constexpr std::int64_t kAheadMs = 24LL * 3600 * 1000;  // clocks differ
constexpr std::size_t kWordBytesMax = 256;

Status CheckNumber(const std::string& what, const std::optional<double>& value, double most) {
  if (!value || (*value >= 0.0 && *value <= most)) return Ok();  // written so that NaN is outside
  return Invalid(what + " is not within 0.." + std::to_string(static_cast<std::int64_t>(most)));
}

Status CheckScore(const std::string& what, const std::optional<double>& score) {
  if (!score || std::abs(*score) <= kScoreMax) return Ok();
  return Invalid(what + " is not within -" + std::to_string(kScoreMax) + ".." +
                 std::to_string(kScoreMax));
}

Status CheckWord(const std::string& what, std::string_view word) {
  if (word.size() <= kWordBytesMax) return Ok();
  return Invalid(what + ": " + std::to_string(word.size()) + " bytes, expected at most " +
                 std::to_string(kWordBytesMax));
}

Status CheckAnswer(const std::string& place, const EvidenceAnswer& answer) {
  if (const Status name = CheckModelName(answer.model); !name) {
    return Invalid(place + "." + name.error().text);
  }
  for (const Status& status :
       {CheckNumber(place + ".weight", answer.weight, 1),
        CheckNumber(place + ".grade", answer.grade, 1), CheckScore(place + ".score", answer.score),
        CheckNumber(place + ".reliability", answer.reliability, 1),
        CheckNumber(place + ".latency_ms", answer.latency_ms, kLatencyMsMax),
        CheckNumber(place + ".cost_usd", answer.cost_usd, kCostUsdMax),
        CheckWord(place + ".version", answer.version), CheckWord(place + ".key", answer.key)}) {
    if (!status) return status;
  }
  return Ok();
}

Status CheckEvidence(const std::string& place, const CaseEvidence& evidence, const Config& config,
                     std::int64_t now_ms) {
  if (const Status id = CheckCaseId(evidence.case_id); !id) {
    return Invalid(place + "." + id.error().text);
  }
  const auto& kinds = config.council.kinds;
  if (std::find(kinds.begin(), kinds.end(), evidence.kind) == kinds.end()) {
    return Invalid(place + ".kind = " + Quoted(evidence.kind) + ", expected one of " +
                   JoinNames(kinds) + " (council.kinds)");
  }
  if (evidence.decided_ms < 0 || evidence.decided_ms > now_ms + kAheadMs) {
    return Invalid(place + ".decided_ms = " + std::to_string(evidence.decided_ms) +
                   ", expected 0.." + std::to_string(now_ms + kAheadMs));
  }
  if (evidence.options < 0 || evidence.options > static_cast<std::int64_t>(limits::kOptionsMax)) {
    return Invalid(place + ".options = " + std::to_string(evidence.options) + ", expected 0.." +
                   std::to_string(limits::kOptionsMax));
  }
  if (evidence.answers.size() > limits::kModelsMax || evidence.seated.size() > limits::kModelsMax) {
    return Invalid(place + ": more than " + std::to_string(limits::kModelsMax) + " models");
  }
  for (const Status& status : {CheckWord(place + ".source", evidence.source),
                               CheckWord(place + ".strategy", evidence.strategy)}) {
    if (!status) return status;
  }
  for (const std::string& model : evidence.seated) {
    if (const Status name = CheckModelName(model); !name) {
      return Invalid(place + ".seated: " + name.error().text);
    }
  }
  std::set<std::string_view> models;
  for (const EvidenceAnswer& answer : evidence.answers) {
    const std::string at = place + ".answers: " + Quoted(answer.model);
    if (!models.insert(answer.model).second)
      return Invalid(at + " twice, expected each model once");
    if (Status good = CheckAnswer(at, answer); !good) return good;
  }
  return Ok();
}

}  // namespace

Status CheckImport(const ImportRequest& request, const Config& config, std::int64_t now_ms) {
  if (request.cases.empty() || request.cases.size() > limits::kImportBatchMax) {
    return Invalid("cases: " + std::to_string(request.cases.size()) + " listed, expected 1.." +
                   std::to_string(limits::kImportBatchMax));
  }
  for (std::size_t i = 0; i < request.cases.size(); ++i) {
    const std::string place = "cases[" + std::to_string(i) + "]";
    if (Status good = CheckEvidence(place, request.cases[i], config, now_ms); !good) return good;
  }
  return Ok();
}

}  // namespace consilium
