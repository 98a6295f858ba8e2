#include "aggregator/council/advance.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aggregator/council/decision.h"
#include "aggregator/council/evidence.h"
#include "aggregator/council/known_right.h"
#include "aggregator/council/record.h"
#include "aggregator/council/review.h"

namespace consilium {
namespace {

bool AllSettled(const std::vector<const TaskView*>& tasks, std::int64_t now_ms) {
  return std::all_of(tasks.begin(), tasks.end(),
                     [now_ms](const TaskView* task) { return IsSettled(*task, now_ms); });
}

// The record as it will be once `tasks` are created.
CaseView With(const CaseView& view, const std::vector<NewTask>& tasks) {
  CaseView next = view;
  for (const NewTask& task : tasks) {
    TaskView added;
    added.task = task.task;
    added.state = "pending";
    added.deadline_ms = task.deadline_ms;
    added.labels = task.labels;
    added.authors = task.authors;
    next.tasks.push_back(std::move(added));
  }
  return next;
}

// Answers that nobody was shown before the decision are reviewed after it, with as much time as the
// case had, unless there are too few answers for grades to change anything.
std::vector<NewTask> PlanLateReviews(const CaseView& view, const CaseRecord& record,
                                     const Council& council, std::int64_t now_ms) {
  if (record.answers.size() < Quorum(view, council)) return {};
  const std::int64_t time = std::max<std::int64_t>(1, view.deadline_ms - view.accepted_ms);
  return PlanReviews(view, record, council, now_ms + time);
}

Plan End(const CaseView& view, const CaseRecord& record, const Council& council,
         std::int64_t now_ms) {
  Plan plan;
  plan.tasks = PlanLateReviews(view, record, council, now_ms);
  plan.publish = Decide(With(view, plan.tasks), council, now_ms);
  plan.state = plan.publish->status;
  return plan;
}

// What is learned meanwhile changes no case that has ended: it is decided again by the track record
// that it was decided by, and without one if there was none.
Recommendation DecideAgain(const CaseView& view, const Recommendation& last, Council council,
                           std::int64_t now_ms) {
  council.track_records.clear();
  council.records_read = true;
  if (last.track_record) council.track_records.emplace(view.kind, *last.track_record);
  Recommendation revised = Decide(view, council, now_ms);
  const bool noted = !last.confidence_note.empty();
  if (!last.track_record && noted) revised.confidence_note = last.confidence_note;
  return revised;
}

// A case that ended: only what came since can change it, and only a changed outcome is published.
Plan Revisit(const CaseView& view, const CaseRecord& record, const Council& council,
             std::int64_t now_ms) {
  if (view.recommendations.empty()) return End(view, record, council, now_ms);
  Plan plan;
  plan.tasks = PlanLateReviews(view, record, council, now_ms);
  const Recommendation& last = view.recommendations.back();
  // A requeued task has another outcome, though not more of them.
  const bool came_since =
      std::any_of(view.tasks.begin(), view.tasks.end(), [&last](const TaskView& task) {
        return task.arrived_ms && *task.arrived_ms >= last.decided_ms;
      });
  if (record.outcomes == last.calls && !came_since) return plan;
  // Damaged after it was decided on: what stands was decided on sound records.
  const bool damaged =
      std::any_of(view.tasks.begin(), view.tasks.end(), [&last](const TaskView& task) {
        return task.outcome && task.outcome->code == "corrupt" && task.arrived_ms &&
               *task.arrived_ms < last.decided_ms;
      });
  if (damaged) return plan;
  Recommendation revised = DecideAgain(With(view, plan.tasks), last, council, now_ms);
  if (!OutcomeChanged(last, revised)) return plan;
  plan.state = revised.status;
  plan.publish = std::move(revised);
  return plan;
}

Plan Move(const CaseView& view, const Council& council, std::int64_t now_ms) {
  const CaseRecord record = ReadRecord(view);
  if (IsFinal(view.state)) return Revisit(view, record, council, now_ms);
  if (now_ms >= view.deadline_ms) return End(view, record, council, now_ms);

  Plan plan;
  plan.timer_ms = view.deadline_ms;
  const bool answered = AllSettled(record.generate, now_ms);
  if (view.state != CaseState::kReviewing && !answered) {
    const std::int64_t answers_due_ms = AnswersDueMs(view, council.config);
    if (now_ms < answers_due_ms) {
      plan.timer_ms = answers_due_ms;
      return plan;
    }
    if (record.answers.size() < Quorum(view, council)) return plan;
  }
  plan.tasks = PlanReviews(view, record, council, view.deadline_ms);
  if (plan.tasks.empty() && answered && AllSettled(record.review, now_ms)) {
    return End(view, record, council, now_ms);
  }
  if (view.state != CaseState::kReviewing) plan.state = CaseState::kReviewing;
  return plan;
}

// Of a case that has ended: what is known to be right, and what it says about its models. Outcomes
// that were looked at are not judged again, so another table changes nothing by itself.
void AddLearned(const CaseView& view, const Council& council, Plan& plan) {
  const auto outcomes = static_cast<std::int64_t>(view.outcomes.size());
  if (outcomes > (view.known ? view.known->outcomes : 0)) {
    plan.known = JudgeOutcomes(view, council.medications);
  }
  const std::optional<KnownRight>& known = plan.known ? plan.known : view.known;
  if (plan.publish) {
    plan.evidence = MakeEvidenceLine(view, *plan.publish, known);
  } else if (plan.known && !view.recommendations.empty()) {
    EvidenceLine line = MakeEvidenceLine(view, view.recommendations.back(), known);
    if (line.evidence != *line.replaces) plan.evidence = std::move(line);
  }
}

}  // namespace

std::int64_t AnswersDueMs(const CaseView& view, const CouncilConfig& config) {
  const auto time = static_cast<double>(view.deadline_ms - view.accepted_ms);
  const double share = std::clamp(config.answer_share, 0.0, 1.0);
  return view.accepted_ms + static_cast<std::int64_t>(std::floor(share * time));
}

Plan Advance(const CaseView& view, const Council& council, std::int64_t now_ms) {
  // Whatever comes, also to one that had ended before: nothing brings it back, nothing is learned.
  if (view.state == CaseState::kCancelled) return {};
  Plan plan = Move(view, council, now_ms);
  if (IsFinal(view.state) || plan.publish) AddLearned(view, council, plan);
  return plan;
}

HistoryRecord MakeHistory(const CaseView& view, const Recommendation& recommendation) {
  HistoryRecord history;
  history.case_id = view.id;
  history.source = view.source;
  history.kind = view.kind;
  history.strategy = view.strategy;
  history.seating = view.seating;
  history.ensemble = view.ensemble;
  history.gold_medications = view.gold_medications;
  history.tasks = view.tasks;
  history.recommendation = recommendation;
  return history;
}

CaseUpdate MakeUpdate(const CaseView& view, Plan plan, const CouncilConfig& config) {
  CaseUpdate update;
  update.case_id = view.id;
  update.version = view.version;
  update.state = plan.state;
  update.tasks = std::move(plan.tasks);
  update.timer_ms = plan.timer_ms;
  if (plan.publish) update.history = MakeHistory(view, *plan.publish);
  update.known = std::move(plan.known);
  update.evidence = std::move(plan.evidence);
  update.publish = std::move(plan.publish);
  update.retention_ms = static_cast<std::int64_t>(config.retention_h * 3600.0 * 1000.0);
  return update;
}

}  // namespace consilium
