#include "aggregator/council/decision.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "aggregator/council/cluster.h"
#include "aggregator/council/confidence.h"
#include "aggregator/council/explain.h"
#include "aggregator/council/record.h"
#include "aggregator/council/review.h"
#include "aggregator/council/score.h"
#include "shared/number_text.h"

namespace consilium {
namespace {

// Supports are sums of products: one that equals the limit on paper may miss it by rounding.
constexpr double kRounding = 1e-9;

void Add(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& part) {
  if (!part || *part < 0) return;
  const std::int64_t before = sum.value_or(0);
  const std::int64_t room = std::numeric_limits<std::int64_t>::max() - before;
  sum = before + std::min(*part, room);
}

void AddCalls(const CaseRecord& record, Recommendation& rec) {
  const auto add = [&rec](const TaskView* task) {
    if (!task->outcome) return;
    const Outcome& outcome = *task->outcome;
    rec.simulated = rec.simulated || outcome.simulated;
    Add(rec.usage.prompt_tokens, outcome.usage.prompt_tokens);
    Add(rec.usage.completion_tokens, outcome.usage.completion_tokens);
    if (outcome.usage.cost_usd && std::isfinite(*outcome.usage.cost_usd)) {
      rec.usage.cost_usd = rec.usage.cost_usd.value_or(0.0) + *outcome.usage.cost_usd;
    }
  };
  std::for_each(record.generate.begin(), record.generate.end(), add);
  std::for_each(record.review.begin(), record.review.end(), add);
  rec.calls = record.outcomes;
}

void AddLatency(const TaskView& task, ModelResult& result) {
  if (task.outcome && std::isfinite(task.outcome->latency_ms)) {
    result.latency_ms = task.outcome->latency_ms;
  }
}

std::optional<double> ReliabilityOf(const Weighing& weighing, std::string_view model) {
  const auto found = weighing.reliability.find(model);
  if (found == weighing.reliability.end()) return std::nullopt;
  return found->second;
}

// The answer of a member, as it counted.
void AddAnswer(const WeighedAnswer& answer, const std::vector<Cluster>& clusters,
               const std::optional<double>& score, ModelResult& result) {
  result.ingredients = answer.coded.set.ingredients;
  result.grade = answer.grade;
  result.grade_variance = answer.variance;
  result.grades_received = answer.grades;
  if (!answer.counted) return;
  const auto cluster = std::find_if(clusters.begin(), clusters.end(), [&answer](const Cluster& c) {
    return c.key == answer.coded.key;
  });
  result.candidate = cluster - clusters.begin();
  result.weight = answer.weight;
  result.score = score;
}

void AddOutcome(const TaskView& task, ModelResult& result) {
  if (!task.outcome) return;
  const Outcome& outcome = *task.outcome;
  result.simulated = outcome.simulated;
  result.model_served = outcome.model_served;
  if (std::isfinite(outcome.latency_ms)) result.latency_ms = outcome.latency_ms;
  if (outcome.usage.cost_usd && std::isfinite(*outcome.usage.cost_usd)) {
    result.cost_usd = outcome.usage.cost_usd;
  }
}

void AddModels(const CaseView& view, const CaseRecord& record, const Weighing& weighing,
               const std::vector<Cluster>& clusters, const Confidence& confidence,
               Recommendation& rec) {
  for (const std::string& model : view.ensemble) {
    ModelResult result;
    result.model = model;
    result.stage_status = "error";
    result.reliability = ReliabilityOf(weighing, model);
    for (const TaskView* task : record.generate) {
      if (task->task.model != model) continue;
      result.stage_status = Judge(record, *task, rec.decided_ms).why;
      AddOutcome(*task, result);
      break;
    }
    for (std::size_t i = 0; i < weighing.answers.size(); ++i) {
      const WeighedAnswer& answer = weighing.answers[i];
      if (answer.coded.model != model) continue;
      std::optional<double> score;
      if (!confidence.score.empty()) score = confidence.score[i];
      AddAnswer(answer, clusters, score, result);
    }
    rec.models.push_back(std::move(result));
  }
  std::map<std::string, ModelResult> idle;
  for (const TaskView* task : record.review) {
    const std::string& model = task->task.model;
    if (std::find(view.ensemble.begin(), view.ensemble.end(), model) != view.ensemble.end())
      continue;
    ModelResult& result = idle[model];
    const bool first = result.model.empty();
    result.model = model;
    // Of several rounds the first that failed counts, else "ok".
    const std::string why = Judge(record, *task, rec.decided_ms).why;
    if (first || result.stage_status == "ok") result.stage_status = why;
    result.simulated = result.simulated || (task->outcome && task->outcome->simulated);
    result.reliability = ReliabilityOf(weighing, model);
    if (first) AddLatency(*task, result);
  }
  for (auto& [model, result] : idle) rec.reviewers_only.push_back(std::move(result));
}

void AddCandidates(const std::vector<Cluster>& clusters, const Confidence& confidence,
                   const CaseView& view, const Council& council, Recommendation& rec) {
  for (const Cluster& cluster : clusters) {
    Candidate candidate;
    if (!confidence.probability.empty()) {
      candidate.probability = confidence.probability[rec.candidates.size()];
    }
    candidate.ingredients = cluster.Set().ingredients;
    candidate.known = cluster.Set().known;
    candidate.support = cluster.support;
    candidate.models = cluster.Models();
    candidate.grade = cluster.Best().grade;
    if (!cluster.Best().coded.option.empty()) candidate.option = cluster.Best().coded.option;
    if (view.gold_medications) {
      candidate.right =
          ScoreAgainst(*view.gold_medications, candidate.ingredients, council.medications).exact;
    }
    rec.candidates.push_back(std::move(candidate));
  }
}

void Recommend(const Cluster& winning, const CaseView& view, const Council& council,
               Recommendation& rec) {
  const Answer& best = *winning.Best().coded.answer;
  rec.medications = best.medications;
  rec.ingredients = winning.Set().ingredients;
  rec.no_medication = rec.ingredients.empty();
  if (!winning.Best().coded.option.empty()) rec.option = winning.Best().coded.option;
  rec.rationale = best.rationale;
  rec.cautions = best.cautions;
  rec.agreement = ListAgreement(winning, council.medications);
  if (view.gold_medications) {
    rec.score = ScoreAgainst(*view.gold_medications, rec.ingredients, council.medications);
  }
}

std::string Counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string WithMissing(std::string reason, const std::vector<Absence>& missing) {
  if (!missing.empty()) reason += "; missing: " + Summary(missing);
  return reason;
}

std::string WhyNoRisk(const Cluster& leading, double confidence, const TrackRecord& track) {
  const std::string target = ShortestDecimal(track.risk_target);
  if (!track.confidence_min) {
    return "no confidence keeps the risk at " + target + ": of " + std::to_string(track.cases) +
           " known outcomes the " +
           Counted(static_cast<std::size_t>(track.answered), "surest one") + " had " +
           std::to_string(track.wrong) +
           " wrong; it takes more outcomes, better models or a higher council.risk_target";
  }
  return "confidence " + Decimal(confidence, *track.confidence_min) + " for " + Describe(leading) +
         " is below " + Decimal(*track.confidence_min, confidence) + ", which a risk of " + target +
         " needs";
}

// Why the leading cluster is not sure enough; "" when it is. The track record says it where it can
// judge the risk, the support otherwise.
std::string WhyNotSure(const Cluster& leading, const Confidence& confidence,
                       const TrackRecord* track, double support_min) {
  if (confidence.value) {
    const std::optional<bool> kept = KeepsRisk(*track, *confidence.value);
    if (kept) return *kept ? "" : WhyNoRisk(leading, *confidence.value, *track);
  }
  if (leading.support >= support_min - kRounding) return "";
  return "support " + Decimal(leading.support, support_min) + " for " + Describe(leading) +
         " is below the limit " + Decimal(support_min, leading.support);
}

}  // namespace

Recommendation Decide(const CaseView& view, const Council& council, std::int64_t now_ms) {
  const CaseRecord record = ReadRecord(view);
  const Weighing weighing = Weigh(view, record, council.medications, council.config.graders > 0);
  std::vector<Cluster> clusters = RankClusters(weighing);
  const auto kept = council.track_records.find(view.kind);
  const TrackRecord* track = kept == council.track_records.end() ? nullptr : &kept->second;
  Confidence confidence =
      StateConfidence(track, view.kind, weighing, clusters, view.vignette.options.size());
  if (!council.records_read && !clusters.empty()) {
    confidence.note = "not calibrated: what known outcomes taught could not be read in time";
  }
  if (!confidence.probability.empty()) RankBy(confidence.probability, clusters);

  Recommendation rec;
  rec.case_id = view.id;
  rec.revision = static_cast<std::int64_t>(view.recommendations.size()) + 1;
  rec.confidence_note = confidence.note;
  rec.medication_table = council.medications.version();
  rec.accepted_ms = view.accepted_ms;
  rec.decided_ms = now_ms;
  rec.missing = ListMissing(view, record, weighing, now_ms);
  if (track != nullptr && !track->calibration.empty()) {
    rec.track_record = OfModels(*track, view.ensemble);
  }
  AddCalls(record, rec);
  AddModels(view, record, weighing, clusters, confidence, rec);
  AddCandidates(clusters, confidence, view, council, rec);
  if (clusters.empty()) {
    rec.status = CaseState::kFailed;
    rec.reason = "no usable answer";
    if (!rec.missing.empty()) rec.reason += ": " + Summary(rec.missing);
    return rec;
  }

  const Cluster& leading = clusters.front();
  if (weighing.graded || !weighing.reviewed) rec.support = leading.support;
  rec.confidence = confidence.value;
  rec.dissent = ListDissent(clusters, record, weighing);
  rec.safety = ListFlags(leading, view, record, council);
  // One model alone: nobody else could be asked, so there is nothing to wait for and no support.
  const bool alone = record.review.empty() && AllModels(view, council).size() < 2;
  const std::size_t usable = weighing.answers.size();
  const std::size_t quorum = Quorum(view, council);
  const auto veto = std::find_if(rec.safety.begin(), rec.safety.end(), [](const SafetyFlag& flag) {
    return flag.severity == "contraindicated";
  });

  const std::string unsure =
      alone && !confidence.value
          ? ""
          : WhyNotSure(leading, confidence, track, alone ? 0.0 : council.config.support_min);

  rec.status = CaseState::kInsufficient;
  if (usable < quorum) {
    rec.reason =
        WithMissing(Counted(usable, "usable answer") + ", the quorum is " + std::to_string(quorum),
                    rec.missing);
  } else if (!weighing.graded && weighing.reviewed && !alone) {
    rec.reason = WithMissing("no answer was graded", rec.missing);
  } else if (!unsure.empty()) {
    rec.reason = WithMissing(unsure, rec.missing);
  } else if (veto != rec.safety.end()) {
    rec.reason = Describe(leading) + " is contraindicated (" + veto->code + "): " + veto->text;
  } else {
    Recommend(leading, view, council, rec);
    if (rec.missing.empty() && !alone) {
      rec.status = CaseState::kComplete;
      rec.reason = "all that was asked for: " + Counted(usable, "answer");
      if (weighing.reviewed) rec.reason += ", " + Counted(record.grades.size(), "grade");
    } else if (alone) {
      rec.status = CaseState::kDegraded;
      rec.reason = "no reviewer: only one model is configured";
    } else {
      rec.status = CaseState::kDegraded;
      rec.reason = "decided without: " + Summary(rec.missing);
    }
  }
  return rec;
}

std::size_t Quorum(const CaseView& view, const Council& council) {
  const auto seats = static_cast<std::int64_t>(view.ensemble.size());
  return static_cast<std::size_t>(
      std::max<std::int64_t>(1, std::min(council.config.quorum, seats)));
}

bool OutcomeChanged(const Recommendation& before, const Recommendation& after) {
  if (std::tie(before.status, before.ingredients, before.no_medication, before.option) !=
      std::tie(after.status, after.ingredients, after.no_medication, after.option)) {
    return true;
  }
  using Warning = std::tuple<std::string, std::string, std::vector<std::string>, std::string>;
  const auto warnings = [](const Recommendation& rec) {
    std::set<Warning> found;
    for (const SafetyFlag& flag : rec.safety) {
      if (flag.severity != "high" && flag.severity != "contraindicated") continue;
      found.insert({flag.code, flag.severity, flag.ingredients, flag.rule});
    }
    return found;
  };
  const std::set<Warning> known = warnings(before);
  const std::set<Warning> now = warnings(after);
  return !std::includes(known.begin(), known.end(), now.begin(), now.end());
}

}  // namespace consilium
