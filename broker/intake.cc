#include "broker/intake.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "broker/ensemble.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/number_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kSourceBytesMax = 64;
constexpr std::size_t kSexBytesMax = 64;
constexpr double kDeadlineMinS = 1;

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

Status CheckRange(const char* field, const std::optional<double>& value, double low, double high) {
  if (!value || (std::isfinite(*value) && *value >= low && *value <= high)) return Ok();
  return Invalid(std::string(field) + " = " + ShortestDecimal(*value) + ", expected " +
                 ShortestDecimal(low) + ".." + ShortestDecimal(high));
}

Status CheckBytes(const char* field, std::size_t bytes, std::size_t most) {
  if (bytes <= most) return Ok();
  return Invalid(std::string(field) + ": " + std::to_string(bytes) + " bytes, expected at most " +
                 std::to_string(most));
}

Status CheckList(const char* field, const std::vector<std::string>& list) {
  if (list.size() > limits::kMedicationsMax) {
    return Invalid(std::string(field) + ": " + std::to_string(list.size()) +
                   " entries, expected at most " + std::to_string(limits::kMedicationsMax));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (IsBlank(list[i])) {
      return Invalid(std::string(field) + "[" + std::to_string(i) + "]: blank, expected a name");
    }
  }
  return Ok();
}

Status CheckOptions(const std::map<std::string, std::string>& options) {
  if (options.size() > limits::kOptionsMax) {
    return Invalid("options: " + std::to_string(options.size()) + " entries, expected at most " +
                   std::to_string(limits::kOptionsMax));
  }
  std::set<char> letters;  // upper case: models do not keep "a" and "A" apart
  for (const auto& [letter, text] : options) {
    const char upper = letter.size() == 1 && letter[0] >= 'a'
                           ? static_cast<char>(letter[0] - 'a' + 'A')
                           : letter[0];
    if (letter.size() != 1 || upper < 'A' || upper > 'Z') {
      return Invalid("options: key " + Quoted(letter, 16) + ", expected one letter A..Z");
    }
    if (!letters.insert(upper).second) {
      return Invalid("options: key " + Quoted(letter) +
                     " in both cases, expected each letter once");
    }
    if (IsBlank(text)) return Invalid("options." + letter + ": blank, expected some text");
  }
  return Ok();
}

Status CheckPatient(const Patient& patient) {
  for (const Status& status :
       {CheckRange("patient.age", patient.age, 0, 130),
        CheckRange("patient.egfr", patient.egfr, 0, 250),
        CheckRange("patient.weight_kg", patient.weight_kg, 0.2, 700),
        CheckBytes("patient.sex", patient.sex.value_or("").size(), kSexBytesMax),
        CheckList("patient.allergies", patient.allergies),
        CheckList("patient.medications", patient.medications)}) {
    if (!status) return status;
  }
  return Ok();
}

Status CheckKindIsKnown(const CaseRequest& request, const Config& config) {
  const auto& kinds = config.council.kinds;
  if (!request.kind || std::find(kinds.begin(), kinds.end(), *request.kind) != kinds.end()) {
    return Ok();
  }
  return Invalid("kind = " + Quoted(*request.kind) + ", expected one of " + JoinNames(kinds) +
                 " (council.kinds)");
}

Status CheckRequest(const CaseRequest& request, std::size_t bytes, const Config& config) {
  if (Status id = CheckCaseId(request.id); !id) return id;
  const auto most = static_cast<std::size_t>(config.broker.case_bytes_max);
  if (bytes > most) {
    return Error{ErrorCode::kTooLarge, "case " + request.id + ": " + std::to_string(bytes) +
                                           " bytes, expected at most " + std::to_string(most) +
                                           " (broker.case_bytes_max)"};
  }
  if (IsBlank(request.vignette.text)) {
    return Invalid(std::string("text: ") + (request.vignette.text.empty() ? "empty" : "blank") +
                   ", expected a vignette");
  }
  for (const Status& status :
       {CheckOptions(request.vignette.options), CheckPatient(request.vignette.patient),
        CheckBytes("source", request.source.size(), kSourceBytesMax),
        CheckKindIsKnown(request, config),
        CheckRange("deadline_s", request.deadline_s, kDeadlineMinS, config.council.deadline_s_max),
        request.gold_medications ? CheckList("gold_medications", *request.gold_medications)
                                 : Ok()}) {
    if (!status) return status;
  }
  return Ok();
}

std::int64_t Milliseconds(double seconds) { return std::llround(seconds * 1000.0); }

}  // namespace

Result<NewCase> Admit(const CaseRequest& request, const Config& config, const SeatingBoard& board) {
  const std::string packed = Pack(request);
  if (const Status good = CheckRequest(request, packed.size(), config); !good) return good.error();
  const std::string kind = request.kind.value_or(config.council.kinds.front());
  auto ensemble = ChooseEnsemble(request, kind, config, board);
  if (!ensemble) return ensemble.error();

  NewCase admitted;
  admitted.id = request.id;
  admitted.digest = Sha256Hex(packed);
  admitted.vignette = request.vignette;
  admitted.gold_medications = request.gold_medications;
  admitted.source = request.source;
  admitted.kind = kind;
  admitted.strategy = std::move(ensemble->strategy);
  admitted.seating = std::move(ensemble->seating);
  admitted.ensemble = std::move(ensemble->models);
  const double deadline_s = request.deadline_s.value_or(config.council.deadline_s);
  admitted.deadline_ms = Milliseconds(deadline_s);
  admitted.answers_ms = Milliseconds(deadline_s * config.council.answer_share);
  admitted.live_cases_max = config.broker.live_cases_max;
  return admitted;
}

}  // namespace consilium
