// A case record made by hand, and the store's part of its life in memory: what Advance plans is
// applied the way shared/store does it. Times are manual.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "aggregator/council/advance.h"
#include "aggregator/council/council.h"
#include "shared/check.h"

namespace consilium {

inline constexpr std::int64_t kAccepted = 1'000'000;
inline constexpr std::int64_t kDeadline = 1'100'000;
inline constexpr std::int64_t kAnswersDue = 1'060'000;  // answer_share 0.6

// The shipped tables, loaded once.
inline const MedicationTable& Medications() {
  static const auto table =
      MedicationTable::Load(std::string(CONSILIUM_SOURCE_DIR) + "/configs/medications");
  CHECK(table.ok(), table.ok() ? "" : table.error().text.c_str());
  return table.value();
}
inline const SafetyTables& Safety() {
  static const auto tables =
      SafetyTables::Load(std::string(CONSILIUM_SOURCE_DIR) + "/configs/medications", Medications());
  CHECK(tables.ok(), tables.ok() ? "" : tables.error().text.c_str());
  return tables.value();
}

// Three graders, quorum 2, support_min 0.5 as shipped; every model of the pool has a worker.
inline Council MakeCouncil(const std::vector<std::string>& pool) {
  Council council{CouncilConfig{}, {}, Medications(), Safety()};
  for (const std::string& model : pool) council.pool.push_back({model, true});
  return council;
}

inline TaskView MakeTask(const std::string& case_id, Stage stage, std::int64_t round,
                         const std::string& model, std::int64_t deadline_ms) {
  TaskView task;
  task.task = {case_id, stage, round, model};
  task.state = "pending";
  task.deadline_ms = deadline_ms;
  return task;
}

inline void SortTasks(CaseView& view) {
  std::sort(view.tasks.begin(), view.tasks.end(), [](const TaskView& a, const TaskView& b) {
    return std::tie(a.task.stage, a.task.round, a.task.model) <
           std::tie(b.task.stage, b.task.round, b.task.model);
  });
}

inline CaseView MakeCase(const std::vector<std::string>& ensemble) {
  CaseView view;
  view.id = "case-1";
  view.state = CaseState::kGenerating;
  view.version = 1;
  view.vignette.text = "A 40-year-old with a cough.";
  view.source = "test";
  view.kind = "medication";
  view.strategy = "named";
  view.ensemble = ensemble;
  view.accepted_ms = kAccepted;
  view.deadline_ms = kDeadline;
  for (const std::string& model : ensemble) {
    view.tasks.push_back(MakeTask(view.id, Stage::kGenerate, 1, model, kDeadline));
  }
  SortTasks(view);
  return view;
}

inline TaskView& FindTask(CaseView& view, Stage stage, std::int64_t round,
                          const std::string& model) {
  const TaskId id{view.id, stage, round, model};
  const auto found = std::find_if(view.tasks.begin(), view.tasks.end(),
                                  [&](const TaskView& task) { return task.task == id; });
  CHECK(found != view.tasks.end(), "the test names a task that exists");
  return *found;
}

inline Answer MakeAnswer(const std::vector<std::string>& ingredients) {
  Answer answer;
  for (const std::string& ingredient : ingredients) {
    Medication medication;
    medication.ingredient = ingredient;
    answer.medications.push_back(medication);
  }
  answer.rationale = "It fits.";
  return answer;
}

inline void End(CaseView& view, TaskView& task, Outcome outcome, std::int64_t now_ms) {
  task.state = "done";
  task.leases = std::max<std::int64_t>(1, task.leases);
  task.arrived_ms = now_ms;
  task.outcome = std::move(outcome);
  ++view.version;
}

inline void AnswerWith(CaseView& view, const std::string& model, Answer answer,
                       std::int64_t now_ms = kAccepted + 1) {
  Outcome outcome;
  outcome.status = OutcomeStatus::kOk;
  outcome.answer = std::move(answer);
  End(view, FindTask(view, Stage::kGenerate, 1, model), std::move(outcome), now_ms);
}
inline void AnswerWith(CaseView& view, const std::string& model,
                       const std::vector<std::string>& ingredients,
                       std::int64_t now_ms = kAccepted + 1) {
  AnswerWith(view, model, MakeAnswer(ingredients), now_ms);
}

inline void Fail(CaseView& view, TaskView& task, OutcomeStatus status, const std::string& text,
                 std::int64_t now_ms = kAccepted + 1) {
  Outcome outcome;
  outcome.status = status;
  outcome.text = text;
  End(view, task, std::move(outcome), now_ms);
}
inline void FailAnswer(CaseView& view, const std::string& model, OutcomeStatus status,
                       const std::string& text, std::int64_t now_ms = kAccepted + 1) {
  Fail(view, FindTask(view, Stage::kGenerate, 1, model), status, text, now_ms);
}

// Author -> grade.
using Opinions = std::map<std::string, double>;

// Grades of `reviewer` for all it was shown; `standard` for authors that `opinions` does not name.
inline void GradeWith(CaseView& view, std::int64_t round, const std::string& reviewer,
                      const Opinions& opinions, double standard = 0.9,
                      std::int64_t now_ms = kAccepted + 2,
                      const std::vector<std::string>& harm = {}) {
  TaskView& task = FindTask(view, Stage::kReview, round, reviewer);
  Outcome outcome;
  outcome.status = OutcomeStatus::kOk;
  for (std::size_t i = 0; i < task.labels.size(); ++i) {
    const auto found = opinions.find(task.authors[i]);
    Grade grade;
    grade.label = task.labels[i];
    grade.grade = found == opinions.end() ? standard : found->second;
    grade.harm = std::find(harm.begin(), harm.end(), task.authors[i]) != harm.end();
    if (grade.harm) grade.comment = "the dose is ten times too high";
    outcome.grades.push_back(grade);
  }
  End(view, task, std::move(outcome), now_ms);
}

// All review tasks that still wait, with the same grades.
inline void GradeAll(CaseView& view, const Opinions& opinions = {}, double standard = 0.9,
                     std::int64_t now_ms = kAccepted + 2) {
  for (const TaskView& task : view.tasks) {
    if (task.task.stage != Stage::kReview || task.outcome) continue;
    const std::string reviewer = task.task.model;
    GradeWith(view, task.task.round, reviewer, opinions, standard, now_ms);
  }
}

inline void ApplyPlan(CaseView& view, const Plan& plan) {
  for (const NewTask& planned : plan.tasks) {
    TaskView task = MakeTask(view.id, planned.task.stage, planned.task.round, planned.task.model,
                             planned.deadline_ms);
    task.labels = planned.labels;
    task.authors = planned.authors;
    view.tasks.push_back(std::move(task));
  }
  SortTasks(view);
  if (plan.publish) view.recommendations.push_back(*plan.publish);
  if (plan.state) view.state = *plan.state;
  if (plan.known) view.known = *plan.known;
  ++view.version;
}

// One look at the case: plans, applies, and returns what was planned.
inline Plan Step(CaseView& view, const Council& council, std::int64_t now_ms) {
  Plan plan = Advance(view, council, now_ms);
  ApplyPlan(view, plan);
  return plan;
}

// Words for failure messages.
inline std::string StateName(CaseState state) {
  return kCaseStateNames[static_cast<std::size_t>(state)];
}

}  // namespace consilium
