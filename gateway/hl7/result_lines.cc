#include "gateway/hl7/result_lines.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "shared/shown_text.h"

namespace consilium {
namespace {

constexpr std::string_view kNotice =
    "AI-generated decision support, not an order; not for emergencies.";

struct Code {
  const char* code;
  const char* name;
  bool repeats;
};
constexpr Code kNoticeCode{"NOTICE", "Notice", false};
constexpr Code kSimulated{"SIMULATED", "Simulated", false};
constexpr Code kStatus{"STATUS", "Status", false};
constexpr Code kRecommendation{"RECOMMENDATION", "Recommendation", false};
constexpr Code kDose{"DOSE", "Dose", true};
constexpr Code kConfidence{"CONFIDENCE", "Confidence", false};
constexpr Code kSupport{"SUPPORT", "Support in the council", false};
constexpr Code kSafety{"SAFETY", "Safety", true};
constexpr Code kAlternative{"ALTERNATIVE", "Alternative", true};
constexpr Code kDissent{"DISSENT", "Dissent", true};
constexpr Code kMissing{"MISSING", "Did not take part", true};
constexpr Code kSource{"SOURCE", "Source document", true};
constexpr Code kCase{"CASE", "Case", false};
constexpr Code kLink{"LINK", "Details", false};

class Lines {
 public:
  void Add(const Code& code, std::string text, std::string flag = "") {
    const std::size_t sub = code.repeats ? ++counts_[code.code] : 0;
    lines_.push_back({code.code, code.name, sub, std::move(text), std::move(flag)});
  }
  std::vector<ResultLine> Take() { return std::move(lines_); }

 private:
  std::map<std::string, std::size_t> counts_;
  std::vector<ResultLine> lines_;
};

// Without the empty ones.
std::string JoinStated(std::vector<std::string> parts, std::string_view between) {
  std::erase(parts, "");
  return Joined(parts, between);
}

std::string Percent(double share) {
  return std::to_string(std::lround(100.0 * std::min(1.0, std::max(0.0, share)))) + " %";
}

std::string DoseOf(const Medication& medication) {
  const std::string amount = JoinStated({medication.dose, medication.unit}, " ");
  const std::string how = JoinStated({amount, medication.route, medication.frequency}, ", ");
  std::string text = medication.ingredient + ": " + (how.empty() ? "dose not stated" : how);
  if (!how.empty() && medication.dose.empty()) text += ", dose not stated";
  if (!medication.duration.empty()) text += ", duration " + medication.duration;
  if (!medication.indication.empty()) text += ", for " + medication.indication;
  return text;
}

std::string FlagOf(const std::string& severity) {
  if (severity == "info") return "";
  return severity == "caution" ? "A" : "AA";  // one that is not known is not made small
}

bool Withdrawn(const Recommendation& r) { return r.status == CaseState::kCancelled; }
bool Recommends(const Recommendation& r) {
  return !Withdrawn(r) && (r.no_medication || !r.ingredients.empty() || !r.medications.empty());
}

std::string StatusOf(const Recommendation& r) {
  if (Withdrawn(r)) return JoinStated({"WITHDRAWN, do not use", r.reason}, ": ");
  return JoinStated({kCaseStateNames[static_cast<std::size_t>(r.status)], r.reason}, ": ");
}

std::string RecommendationOf(const Recommendation& r) {
  if (!Recommends(r)) return "No recommendation: the council abstains.";
  if (r.no_medication) return "No medication.";
  std::vector<std::string> names = r.ingredients;
  if (names.empty()) {
    for (const Medication& medication : r.medications) names.push_back(medication.ingredient);
  }
  std::string text = IngredientsText(names);
  if (r.option) text += " (option " + *r.option + ")";
  return text;
}

void AddAlternatives(const Recommendation& r, Lines& lines) {
  // The first one is the recommendation, unless the council abstains.
  for (std::size_t i = Recommends(r) ? 1 : 0; i < r.candidates.size(); ++i) {
    const Candidate& candidate = r.candidates[i];
    std::string text =
        IngredientsText(candidate.ingredients) + ": support " + Percent(candidate.support);
    if (!candidate.models.empty()) text += ", by " + JoinStated(candidate.models, ", ");
    if (!candidate.known) text += "; a name that the medication table does not have";
    lines.Add(kAlternative, std::move(text));
  }
}

void AddSafety(const Recommendation& r, Lines& lines) {
  for (const SafetyFlag& flag : r.safety) {
    std::string text = flag.severity + ": " + flag.text;
    const std::string about = JoinStated(flag.ingredients, ", ");
    text += " (" + JoinStated({flag.code, about}, ": ") + ")";
    lines.Add(kSafety, std::move(text), FlagOf(flag.severity));
  }
}

}  // namespace

std::vector<ResultLine> ResultLines(const Recommendation& r, const CaseOrigin& origin,
                                    const std::string& link) {
  Lines lines;
  lines.Add(kNoticeCode, std::string(kNotice));
  if (r.simulated) {
    lines.Add(kSimulated, "SIMULATED: not all answers are of real models; not for care.", "AA");
  }
  lines.Add(kStatus, StatusOf(r), Withdrawn(r) ? "AA" : "");
  if (!Withdrawn(r)) {
    lines.Add(kRecommendation, RecommendationOf(r));
    for (const Medication& medication : r.medications) lines.Add(kDose, DoseOf(medication));
    if (r.confidence) {
      lines.Add(kConfidence, JoinStated({Percent(*r.confidence), r.confidence_note}, ": "));
    } else {
      lines.Add(kConfidence, JoinStated({"not known", r.confidence_note}, ": "));
    }
    if (r.support) lines.Add(kSupport, Percent(*r.support));
    AddSafety(r, lines);
    AddAlternatives(r, lines);
    for (const std::string& sentence : r.dissent) lines.Add(kDissent, sentence);
    for (const Absence& absence : r.missing) {
      lines.Add(kMissing, absence.model + " (" + absence.stage +
                              "): " + JoinStated({absence.why, absence.text}, ", "));
    }
  }
  for (const std::string& document : origin.documents) lines.Add(kSource, document);
  lines.Add(kCase, r.case_id + ", revision " + std::to_string(r.revision));
  if (!link.empty()) lines.Add(kLink, link);
  return lines.Take();
}

}  // namespace consilium
