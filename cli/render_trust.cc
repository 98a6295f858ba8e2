#include "cli/render_trust.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "aggregator/council/track_record.h"
#include "cli/render_parts.h"
#include "shared/number_text.h"
#include "shared/shown_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

using render::Count;
using render::Field;
using render::Fixed;

constexpr double kFactorShown = 1e6;     // beyond that nobody can tell it from certainty
constexpr double kFactorNothing = 1.05;  // below that a vote changes nothing that can be seen

bool IsCalibrated(const TrackRecord& record) { return !record.calibration.empty(); }

std::string OutcomesText(const TrackRecord& record) {
  std::string text = std::to_string(record.cases) + " known";
  if (IsCalibrated(record)) return text;
  text += ", at least " + std::to_string(record.needed) + " are needed";
  if (record.cases < record.needed) {
    return text + ": " + std::to_string(record.needed - record.cases) + " more";
  }
  return text + " of models with " + std::to_string(kVotedCasesMin) + " known answers each";
}

// A stated probability as it stands, and what it is corrected to.
std::string CalibrationText(const TrackRecord& record) {
  if (!IsCalibrated(record)) {
    return "not yet: recommendations have no confidence; support decides "
           "(council.support_min)";
  }
  if (record.calibration == "identity") return "as the votes give it (identity)";
  if (record.calibration == "platt") {
    return std::string("by a line in log odds (platt): ") +
           (record.a < 1 ? "the votes alone are too sure" : "the votes alone are not sure enough");
  }
  const auto knots = static_cast<std::int64_t>(record.knots.size());
  return "by " + Count(knots, "step") + " (" + record.calibration + ")";
}

std::string ReviewText(const TrackRecord& record) {
  if (!record.reviewed) return "not reviewed: every answer is a vote";
  if (!record.support) return "reviewed";
  return "reviewed: full support " + VoteText(*record.support);
}

// How many answers with so many wrong ones would keep the target.
std::int64_t AnswersFor(std::int64_t wrong, double risk) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(wrong + 1) / risk - 1 - 1e-9));
}

std::string ModelTable(const TrackRecord& record, const Look& look) {
  Table table({{"model", false, true},
               {"version", false, true},
               {"known", true, false},
               {"weight", true, false},
               {"its vote", false, false}});
  std::vector<VoteWeight> votes = record.votes;
  std::stable_sort(votes.begin(), votes.end(),
                   [](const VoteWeight& a, const VoteWeight& b) { return a.weight > b.weight; });
  for (const VoteWeight& vote : votes) {
    const bool few = vote.cases < kVotedCasesMin;
    const bool weighed = IsCalibrated(record) && !few;
    const std::string why =
        few ? "needs " + std::to_string(kVotedCasesMin - vote.cases) + " more" : "not weighed yet";
    table.Row({vote.model, vote.version.empty() ? "not said" : vote.version,
               std::to_string(vote.cases), weighed ? Fixed(vote.weight, 2) : "-",
               weighed ? VoteText(vote.weight) : why});
  }
  return table.Text(look);
}

std::string KindText(const TrackRecord& record, const Look& look) {
  std::string text = render::Section(record.kind, look);
  text += Field("Outcomes", OutcomesText(record), look);
  if (record.simulated > 0) {
    text += Field("Note",
                  std::to_string(record.simulated) + " of them were answered by SIMULATED models",
                  look, Tint::kYellow);
  }
  text += Field("Calibrated", CalibrationText(record), look,
                IsCalibrated(record) ? Tint::kPlain : Tint::kYellow);
  text += Field("Answers", ReviewText(record), look);
  const bool fails = IsCalibrated(record) && record.risk_target < 1 && !record.confidence_min;
  text += Field("Risk", RiskText(record), look, fails ? Tint::kYellow : Tint::kPlain);
  if (record.rules != kDecisionRules) {
    text += Field("Rules",
                  record.rules + ", this program decides by " + std::string(kDecisionRules) +
                      ": not used until an aggregator of this version learns it again",
                  look, Tint::kYellow);
  }
  return record.votes.empty() ? text : text + ModelTable(record, look);
}

}  // namespace

std::string VoteText(double weight) {
  const double factor = std::exp(weight);
  if (factor < kFactorNothing) return "changes nothing";
  const std::string by =
      factor > kFactorShown ? "more than 1000000" : Fixed(factor, factor < 10 ? 1 : 0);
  return "multiplies the odds by " + by;
}

std::string RiskText(const TrackRecord& record) {
  if (record.risk_target >= 1) return "any: nothing is held back for lack of confidence";
  std::string text = "at most " + ShortestDecimal(record.risk_target) + " may be wrong: ";
  if (record.cases < record.risk_needed) {
    return text + "to judge it takes " + std::to_string(record.risk_needed) + " known outcomes, " +
           std::to_string(record.risk_needed - record.cases) + " more" +
           "; until then support decides (council.support_min)";
  }
  if (!IsCalibrated(record)) return text + "not judged yet";
  const std::string counted = "of " + std::to_string(record.cases) + " known outcomes ";
  if (record.confidence_min) {
    return text + "kept from " + Fixed(*record.confidence_min, 3) + " on; " + counted +
           std::to_string(record.answered) + " were at least so sure, " +
           std::to_string(record.wrong) + " of these wrong";
  }
  return text + "no confidence keeps it, so the council abstains; " + counted + "the " +
         Count(record.answered, "surest one") + " had " + std::to_string(record.wrong) +
         " wrong, which would do among " +
         std::to_string(AnswersFor(record.wrong, record.risk_target)) +
         ". It takes more outcomes, better models or a higher council.risk_target";
}

Result<TrackRecords> RecordsOf(const std::string& kind, TrackRecords records) {
  if (kind.empty()) return records;
  std::vector<std::string> known;
  for (const TrackRecord& record : records.items) known.push_back(record.kind);
  std::erase_if(records.items, [&](const TrackRecord& record) { return record.kind != kind; });
  if (!records.items.empty()) return records;
  return Error{ErrorCode::kNotFound, "nothing is known of kind " + Quoted(kind) + "; known: " +
                                         (known.empty() ? "none yet" : Joined(known, ", "))};
}

std::string RenderTrust(const TrackRecords& records, const Look& look) {
  if (records.items.empty()) {
    return "  nothing is known yet: until the right answer of enough ended cases is known\n"
           "  (council.outcomes_min), recommendations have no confidence\n";
  }
  std::string text = Field("Made", UtcText(records.made_ms), look);
  for (const TrackRecord& record : records.items) text += KindText(record, look);
  return text +
         "\n  A vote multiplies the odds of its answer against any other. A model has a vote\n"
         "  once " +
         std::to_string(kVotedCasesMin) +
         " of its answers are known, in the version that answered last.\n";
}

}  // namespace consilium
