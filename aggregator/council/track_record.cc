#include "aggregator/council/track_record.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "aggregator/council/explain.h"
#include "shared/ids.h"

namespace consilium {
namespace {

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

const VoteWeight* VoteOf(std::span<const VoteWeight> votes, std::string_view model) {
  const auto found = std::lower_bound(
      votes.begin(), votes.end(), model,
      [](const VoteWeight& vote, std::string_view name) { return vote.model < name; });
  return found != votes.end() && found->model == model ? &*found : nullptr;
}

bool IsGraded(const CaseEvidence& evidence) {
  return std::any_of(evidence.answers.begin(), evidence.answers.end(),
                     [](const EvidenceAnswer& answer) { return answer.grade.has_value(); });
}

// Keys of a case in ascending order, and what is known of each.
struct Keys {
  std::vector<std::string_view> key;
  std::vector<std::optional<bool>> right;
  std::vector<double> support;

  std::size_t At(std::string_view wanted) const {
    return static_cast<std::size_t>(std::lower_bound(key.begin(), key.end(), wanted) - key.begin());
  }
};

Keys KeysOf(const CaseEvidence& evidence) {
  Keys keys;
  for (const EvidenceAnswer& answer : evidence.answers) keys.key.push_back(answer.key);
  std::sort(keys.key.begin(), keys.key.end());
  keys.key.erase(std::unique(keys.key.begin(), keys.key.end()), keys.key.end());
  keys.right.resize(keys.key.size());
  keys.support.resize(keys.key.size());
  double total = 0.0;
  for (const EvidenceAnswer& answer : evidence.answers) {
    const std::size_t at = keys.At(answer.key);
    if (answer.right) keys.right[at] = answer.right;
    const double weight = std::clamp(answer.weight, 0.0, 1.0);
    total += weight;
    keys.support[at] += weight * std::clamp(answer.grade.value_or(0.0), 0.0, 1.0);
  }
  for (double& support : keys.support) support = total > 0.0 ? support / total : 0.0;
  return keys;
}

// Says which of the answers is right, or that one of them is wrong; false when nothing is known.
bool JudgeBallot(const Keys& keys, KnownBallot& known) {
  const auto is = [](bool right) { return [right](const auto& one) { return one == right; }; };
  const auto right = std::find_if(keys.right.begin(), keys.right.end(), is(true));
  if (right != keys.right.end()) {
    known.ballot.right = static_cast<std::size_t>(right - keys.right.begin());
    return true;
  }
  if (std::all_of(keys.right.begin(), keys.right.end(), is(false))) return known.ballot.rest > 0;
  const auto wrong = std::find_if(keys.right.begin(), keys.right.end(), is(false));
  if (wrong == keys.right.end()) return false;
  known.complete = false;
  known.wrong = static_cast<std::size_t>(wrong - keys.right.begin());
  return true;
}

// Models in the version that answered last, with so many known answers, of those that have enough.
std::vector<VoteWeight> VotersOf(const std::vector<const CaseEvidence*>& cases) {
  std::map<std::string, VoteWeight> voters;
  for (const CaseEvidence* evidence : cases) {
    const bool known = std::any_of(evidence->answers.begin(), evidence->answers.end(),
                                   [](const EvidenceAnswer& answer) { return answer.right; });
    for (const EvidenceAnswer& answer : evidence->answers) {
      VoteWeight& voter = voters[answer.model];
      if (voter.version != answer.version) voter = {};
      voter.model = answer.model;
      voter.version = answer.version;
      voter.cases += known ? 1 : 0;
    }
  }
  std::vector<VoteWeight> enough;
  for (auto& [model, voter] : voters) {
    if (voter.cases >= kVotedCasesMin) enough.push_back(std::move(voter));
  }
  return enough;
}

void SetRisk(const std::vector<Forecast>& unseen, TrackRecord& record) {
  if (record.risk_target >= 1) {
    record.confidence_min = 0.0;
    return;
  }
  const RiskLimit limit = LimitRisk(unseen, record.risk_target);
  record.confidence_min = limit.confidence_min;
  record.answered = static_cast<std::int64_t>(limit.answered);
  record.wrong = static_cast<std::int64_t>(limit.wrong);
}

void SetVoting(const Voting& voting, TrackRecord& record) {
  for (std::size_t v = 0; v < record.votes.size(); ++v) record.votes[v].weight = voting.weights[v];
  if (record.reviewed) record.support = voting.weights.back();
  record.calibration = kCalibrationNames[static_cast<std::size_t>(voting.calibration.kind)];
  record.a = voting.calibration.a;
  record.b = voting.calibration.b;
  for (const Calibration::Knot& knot : voting.calibration.knots) {
    record.knots.push_back({knot.raw, knot.confidence});
  }
}

// Why the record says nothing about this case; "" when it does.
std::string WhyNot(const TrackRecord* record, const std::string& kind, const Weighing& weighing) {
  if (record == nullptr || record->cases == 0) return "no outcome of " + kind + " cases is known";
  if (record->calibration.empty()) {
    return std::to_string(record->cases) + " outcomes of " + kind + " cases are known, at least " +
           std::to_string(record->needed) + " are needed";
  }
  if (record->rules != kDecisionRules) return "what was learned is of other rules of decision";
  if (!CalibrationOf(*record)) return "calibration " + record->calibration + " is not known here";
  if (record->reviewed != weighing.graded) {
    return record->reviewed ? "no answer was graded" : "what was learned is of ungraded answers";
  }
  for (const WeighedAnswer& answer : weighing.answers) {
    if (!answer.counted) continue;
    const std::string model(answer.coded.model);
    const VoteWeight* vote = VoteOf(record->votes, model);
    if (vote == nullptr) return "too few outcomes of answers of " + model + " are known";
    if (vote->version != answer.version) {
      return model + " is served by another version than its known outcomes";
    }
  }
  return "";
}

}  // namespace

std::size_t RestOf(std::size_t options, std::size_t given) {
  if (options == 0) return 1;
  return options > given ? options - given : 0;
}

std::optional<KnownBallot> BallotOf(const CaseEvidence& evidence, std::span<const VoteWeight> votes,
                                    bool support) {
  const Keys keys = KeysOf(evidence);
  KnownBallot known;
  known.ballot.answers = keys.key.size();
  known.ballot.rest = RestOf(static_cast<std::size_t>(std::max<std::int64_t>(0, evidence.options)),
                             keys.key.size());
  std::vector<std::string_view> voted;
  for (const EvidenceAnswer& answer : evidence.answers) {
    const VoteWeight* vote = VoteOf(votes, answer.model);
    if (vote == nullptr || vote->version != answer.version) continue;
    if (std::find(voted.begin(), voted.end(), answer.model) != voted.end()) continue;
    voted.push_back(answer.model);
    known.ballot.votes.push_back(
        {static_cast<std::size_t>(vote - votes.data()), keys.At(answer.key), 1.0});
  }
  if (known.ballot.votes.empty() || !JudgeBallot(keys, known)) return std::nullopt;
  for (std::size_t k = 0; support && k < keys.key.size(); ++k) {
    known.ballot.votes.push_back({votes.size(), k, keys.support[k]});
  }
  return known;
}

TrackRecordMaker::TrackRecordMaker(const std::string& kind, std::span<const CaseEvidence> cases,
                                   const TrackRecordRules& rules) {
  record_.kind = kind;
  record_.rules = kDecisionRules;
  record_.reviewed = rules.reviewed;
  record_.needed = rules.needed;
  record_.risk_target = rules.risk_target;
  if (rules.risk_target < 1) {
    record_.risk_needed = static_cast<std::int64_t>(AnswersForRisk(rules.risk_target));
  }
  std::vector<const CaseEvidence*> fit;
  for (const CaseEvidence& evidence : cases) {
    if (IsGraded(evidence) == rules.reviewed) fit.push_back(&evidence);
  }
  record_.votes = VotersOf(fit);
  // In an order that is drawn, and does not depend on what came before or after.
  std::vector<std::pair<std::uint64_t, KnownBallot>> drawn;
  for (const CaseEvidence* evidence : fit) {
    auto known = BallotOf(*evidence, record_.votes, rules.reviewed);
    if (!known) continue;
    record_.cases += known->complete ? 1 : 0;
    record_.simulated += known->complete && evidence->simulated ? 1 : 0;
    drawn.emplace_back(SeededRandom(1, "voting|" + evidence->case_id).Next(), std::move(*known));
  }
  const auto least = static_cast<std::int64_t>(2 * kVotingFolds);
  if (record_.cases < std::max(rules.needed, least)) return;
  std::sort(drawn.begin(), drawn.end(),
            [](const auto& one, const auto& other) { return one.first < other.first; });
  std::vector<KnownBallot> ballots;
  for (auto& [place, known] : drawn) ballots.push_back(std::move(known));
  maker_.emplace(std::move(ballots), record_.votes.size() + (rules.reviewed ? 1 : 0));
}

bool TrackRecordMaker::Step() {
  if (!maker_) return false;
  if (maker_->Step()) return true;
  const auto voting = maker_->Take();
  maker_.reset();
  if (!voting.ok()) return false;
  SetVoting(*voting, record_);
  SetRisk(voting->unseen, record_);
  return false;
}

TrackRecord MakeTrackRecord(const std::string& kind, std::span<const CaseEvidence> cases,
                            const TrackRecordRules& rules) {
  TrackRecordMaker maker(kind, cases, rules);
  while (maker.Step()) {
  }
  return maker.Take();
}

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
  Ballot ballot;
  ballot.answers = clusters.size();
  ballot.rest = RestOf(options, clusters.size());
  std::vector<double> weights;
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    for (const WeighedAnswer* answer : clusters[c].answers) {
      if (!answer->counted) continue;
      ballot.votes.push_back({weights.size(), c, 1.0});
      weights.push_back(VoteOf(record->votes, answer->coded.model)->weight);
      double& score = confidence.score[static_cast<std::size_t>(answer - weighing.answers.data())];
      score = weights.back();
      if (record->support && total > 0) {
        score += *record->support * answer->weight * answer->grade.value_or(0.0) / total;
      }
    }
  }
  for (std::size_t c = 0; record->support && c < clusters.size(); ++c) {
    ballot.votes.push_back({weights.size(), c, clusters[c].support});
  }
  if (record->support) weights.push_back(*record->support);
  confidence.probability = AnswerProbabilities(ballot, weights);
  confidence.value = (*CalibrationOf(*record))(LikeliestOf(confidence.probability).probability);
  confidence.note =
      "calibrated on " + std::to_string(record->cases) + " known outcomes of " + kind + " cases";
  if (record->simulated > 0) {
    confidence.note += ", " + std::to_string(record->simulated) + " of simulated models";
  }
  if (record->cases < record->risk_needed) {
    confidence.note += "; to judge a risk of " + Decimal(record->risk_target, record->risk_target) +
                       " takes " + std::to_string(record->risk_needed);
  }
  return confidence;
}

std::optional<bool> KeepsRisk(const TrackRecord& record, double confidence) {
  if (record.cases < record.risk_needed) return std::nullopt;
  return record.confidence_min && confidence >= *record.confidence_min - kRounding;
}

TrackRecord OfModels(const TrackRecord& record, const Weighing& weighing) {
  TrackRecord some = record;
  some.votes.clear();
  for (const WeighedAnswer& answer : weighing.answers) {
    const VoteWeight* vote = VoteOf(record.votes, answer.coded.model);
    if (vote != nullptr) some.votes.push_back(*vote);
  }
  return some;
}

}  // namespace consilium
