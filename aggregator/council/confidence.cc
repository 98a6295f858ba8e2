#include "aggregator/council/confidence.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "aggregator/council/track_record.h"
#include "aggregator/statistics/calibration.h"
#include "shared/number_text.h"

namespace consilium {
namespace {

// Far above what fitting gives; sums of so many votes stay finite.
constexpr double kWeightMax = 1e6;
// Calibrations are sums and products: one that equals the limit on paper may miss it by rounding.
constexpr double kRounding = 1e-9;

std::optional<CalibrationKind> KindOf(const std::string& name) {
  const auto found = std::find(std::begin(kCalibrationNames), std::end(kCalibrationNames), name);
  if (found == std::end(kCalibrationNames)) return std::nullopt;
  return static_cast<CalibrationKind>(found - std::begin(kCalibrationNames));
}

std::optional<Calibration> CalibrationOf(const TrackRecord& record) {
  const auto kind = KindOf(record.calibration);
  if (!kind) return std::nullopt;
  Calibration calibration;
  calibration.kind = *kind;
  calibration.a = record.a;
  calibration.b = record.b;
  for (const CalibrationKnot& knot : record.knots) {
    calibration.knots.push_back({knot.raw, knot.confidence});
  }
  return calibration;
}

// What was read from Redis may be of another build: what cannot be computed with is not used.
bool IsSound(const TrackRecord& record) {
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };
  const auto is_weight = [](double value) { return value >= 0 && value <= kWeightMax; };
  const auto rises = [&](const CalibrationKnot& a, const CalibrationKnot& b) {
    return a.raw <= b.raw && a.confidence <= b.confidence;
  };
  for (std::size_t k = 0; k < record.knots.size(); ++k) {
    const CalibrationKnot& knot = record.knots[k];
    if (!is_share(knot.raw) || !is_share(knot.confidence)) return false;
    if (k > 0 && !rises(record.knots[k - 1], knot)) return false;
  }
  const bool has_knots = !record.knots.empty();
  if (has_knots != (KindOf(record.calibration) == CalibrationKind::kIsotonic)) return false;
  const bool has_votes =
      std::all_of(record.votes.begin(), record.votes.end(),
                  [&](const VoteWeight& vote) { return is_weight(vote.weight); });
  return has_votes && is_weight(record.support.value_or(0.0)) && is_weight(record.a) &&
         record.a > 0 && std::abs(record.b) <= kWeightMax && record.risk_target > 0 &&
         record.risk_target <= 1 && is_share(record.confidence_min.value_or(0.0));
}

// Why the record says nothing about this case; "" when it does.
std::string WhyNot(const TrackRecord* record, const std::string& kind, const Weighing& weighing) {
  if (record == nullptr || record->cases == 0) return "no outcome of " + kind + " cases is known";
  if (record->calibration.empty() && record->cases >= record->needed) {
    return "of " + std::to_string(record->cases) + " known outcomes of " + kind +
           " cases too few are of models with " + std::to_string(kVotedCasesMin) + " known answers";
  }
  if (record->calibration.empty()) {
    const bool one = record->cases == 1;
    return std::to_string(record->cases) + (one ? " outcome of " : " outcomes of ") + kind +
           (one ? " cases is known, at least " : " cases are known, at least ") +
           std::to_string(record->needed) + " are needed";
  }
  if (record->rules != kDecisionRules) return "what was learned is of other rules of decision";
  if (!CalibrationOf(*record)) return "calibration " + record->calibration + " is not known here";
  if (!IsSound(*record)) return "what was learned cannot be read here";
  if (record->reviewed != weighing.graded) {
    return record->reviewed ? "no answer was graded" : "what was learned is of ungraded answers";
  }
  const auto counted = [](const WeighedAnswer& answer) { return answer.counted; };
  if (std::none_of(weighing.answers.begin(), weighing.answers.end(), counted)) {
    return "no answer counts yet";
  }
  for (const WeighedAnswer& answer : weighing.answers) {
    if (!answer.counted) continue;
    const std::string model(answer.coded.model);
    const VoteWeight* vote = VoteOf(record->votes, model);
    if (vote != nullptr && vote->version != answer.version) {
      return model + " is served by another version than its known outcomes";
    }
    if (vote == nullptr || !HasEnough(*vote)) {
      return "too few outcomes of answers of " + model + " are known";
    }
  }
  return "";
}

}  // namespace

Confidence StateConfidence(const TrackRecord* record, const std::string& kind,
                           const Weighing& weighing, const std::vector<Cluster>& clusters,
                           std::size_t options) {
  Confidence confidence;
  if (clusters.empty()) return confidence;
  const std::string why = WhyNot(record, kind, weighing);
  if (!why.empty()) {
    confidence.note = "not calibrated: " + why;
    return confidence;
  }
  double total = 0.0;
  for (const WeighedAnswer& answer : weighing.answers) total += answer.counted ? answer.weight : 0;
  confidence.score.resize(weighing.answers.size());
  // Of what counts only: an answer that waits for its first grade changes no probability.
  Ballot ballot;
  std::vector<double> weights;
  if (record->support) weights.push_back(*record->support);
  std::vector<std::size_t> place(clusters.size(), clusters.size());  // on the ballot
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    for (const WeighedAnswer* answer : clusters[c].answers) {
      if (!answer->counted) continue;
      if (place[c] == clusters.size()) place[c] = ballot.answers++;
      ballot.votes.push_back({weights.size(), place[c], 1.0});
      weights.push_back(VoteOf(record->votes, answer->coded.model)->weight);
      double& score = confidence.score[static_cast<std::size_t>(answer - weighing.answers.data())];
      score = weights.back();
      if (record->support && total > 0) {
        score += *record->support * answer->weight * answer->grade.value_or(0.0) / total;
      }
    }
    if (record->support && place[c] < clusters.size()) {
      ballot.votes.push_back({0, place[c], clusters[c].support});
    }
  }
  ballot.rest = RestOf(options, ballot.answers);
  const std::vector<double> probability = AnswerProbabilities(ballot, weights);
  for (const std::size_t at : place) {
    confidence.probability.push_back(at < probability.size() ? probability[at] : 0.0);
  }
  confidence.value = (*CalibrationOf(*record))(LikeliestOf(probability).probability);
  confidence.note =
      "calibrated on " + std::to_string(record->cases) + " known outcomes of " + kind + " cases";
  if (record->simulated > 0) {
    confidence.note += ", " + std::to_string(record->simulated) + " of simulated models";
  }
  if (record->cases < record->risk_needed) {
    confidence.note += "; to judge a risk of " + ShortestDecimal(record->risk_target) + " takes " +
                       std::to_string(record->risk_needed);
  }
  return confidence;
}

std::optional<bool> KeepsRisk(const TrackRecord& record, double confidence) {
  if (record.cases < record.risk_needed) return std::nullopt;
  return record.confidence_min && confidence >= *record.confidence_min - kRounding;
}

TrackRecord OfModels(const TrackRecord& record, const std::vector<std::string>& models) {
  TrackRecord some = record;
  some.votes.clear();
  for (const VoteWeight& vote : record.votes) {
    const bool asked = std::find(models.begin(), models.end(), vote.model) != models.end();
    if (asked) some.votes.push_back(vote);
  }
  return some;
}

}  // namespace consilium
