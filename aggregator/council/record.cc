#include "aggregator/council/record.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace consilium {
namespace {

bool IsFinalTask(const TaskView& task) {
  return task.state == "done" || task.state == "dead" || task.state == "expired";
}

bool HasOkOutcome(const TaskView& task) {
  return IsFinalTask(task) && task.outcome && task.outcome->status == OutcomeStatus::kOk;
}

bool HasName(const Medication& medication) {
  return medication.ingredient.find_first_not_of(" \t\r\n") != std::string::npos;
}

bool IsUsable(const TaskView& task) {
  if (!HasOkOutcome(task) || !task.outcome->answer) return false;
  const auto& medications = task.outcome->answer->medications;
  return std::all_of(medications.begin(), medications.end(), HasName);
}

// The grades of one task that count; `usable` is sorted by model.
void ReadGrades(const TaskView& task, const std::vector<UsableAnswer>& usable,
                std::vector<PeerGrade>& grades) {
  if (!HasOkOutcome(task) || task.labels.size() != task.authors.size()) return;
  const std::vector<Grade>& given = task.outcome->grades;
  for (std::size_t i = 0; i < task.labels.size(); ++i) {
    const std::string& author = task.authors[i];
    const auto under_label = [&](const Grade& grade) { return grade.label == task.labels[i]; };
    const auto found = std::find_if(given.begin(), given.end(), under_label);
    if (found == given.end() || std::any_of(std::next(found), given.end(), under_label)) continue;
    // Written so that NaN fails.
    if (!(found->grade >= 0.0 && found->grade <= 1.0) || author == task.task.model) continue;
    const bool has_answer =
        std::any_of(usable.begin(), usable.end(),
                    [&](const UsableAnswer& answer) { return answer.model == author; });
    if (!has_answer) continue;
    grades.push_back({&task, task.task.model, author, found->grade, found->harm, found->comment});
  }
}

std::string Plural(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

TaskStanding JudgeUnsettled(const TaskView& task, std::int64_t now_ms) {
  const bool overdue = now_ms >= task.deadline_ms;
  if (task.state == "leased") {
    return {"running", overdue ? "a worker still had it at its deadline" : "a worker has it"};
  }
  if (task.state != "expired" && !overdue) {
    if (task.state == "delayed") {
      return {"waiting", "waits for its next attempt after " + Plural(task.attempts, "failure")};
    }
    return {"waiting", "waits for a worker"};
  }
  if (task.leases == 0) {
    return {"no_worker", overdue ? "no worker took it before its deadline"
                                 : "no worker took it in time (council.queue_wait_s)"};
  }
  std::string text =
      "not done by its deadline after " + Plural(task.leases, "lease") + " to a worker";
  if (task.outcome && !task.outcome->text.empty()) {
    text += "; last failure: " + task.outcome->text;
  }
  return {"timed_out", text};
}

}  // namespace

CaseRecord ReadRecord(const CaseView& view) {
  CaseRecord record;
  for (const TaskView& task : view.tasks) {
    (task.task.stage == Stage::kGenerate ? record.generate : record.review).push_back(&task);
    if (task.outcome && IsFinalTask(task)) ++record.outcomes;
  }
  const auto by_round_and_model = [](const TaskView* a, const TaskView* b) {
    return std::tie(a->task.round, a->task.model) < std::tie(b->task.round, b->task.model);
  };
  std::sort(record.generate.begin(), record.generate.end(), by_round_and_model);
  std::sort(record.review.begin(), record.review.end(), by_round_and_model);

  for (const TaskView* task : record.generate) {
    if (!IsUsable(*task)) continue;
    record.answers.push_back({task->task.model, task, &*task->outcome->answer});
  }
  const auto by_model = [](const UsableAnswer& a, const UsableAnswer& b) {
    return a.model < b.model;
  };
  const auto same_model = [](const UsableAnswer& a, const UsableAnswer& b) {
    return a.model == b.model;
  };
  std::stable_sort(record.answers.begin(), record.answers.end(), by_model);
  record.answers.erase(std::unique(record.answers.begin(), record.answers.end(), same_model),
                       record.answers.end());

  for (const TaskView* task : record.review) {
    record.review_rounds = std::max(record.review_rounds, task->task.round);
    record.shown.insert(record.shown.end(), task->authors.begin(), task->authors.end());
    ReadGrades(*task, record.answers, record.grades);
  }
  std::sort(record.shown.begin(), record.shown.end());
  record.shown.erase(std::unique(record.shown.begin(), record.shown.end()), record.shown.end());

  // Stable: of two grades for one pair the one of the earlier round stays.
  std::stable_sort(record.grades.begin(), record.grades.end(),
                   [](const PeerGrade& a, const PeerGrade& b) {
                     return std::tie(a.author, a.reviewer) < std::tie(b.author, b.reviewer);
                   });
  record.grades.erase(std::unique(record.grades.begin(), record.grades.end(),
                                  [](const PeerGrade& a, const PeerGrade& b) {
                                    return a.author == b.author && a.reviewer == b.reviewer;
                                  }),
                      record.grades.end());
  return record;
}

bool IsSettled(const TaskView& task, std::int64_t now_ms) {
  return IsFinalTask(task) || (task.state != "leased" && now_ms >= task.deadline_ms);
}

TaskStanding Judge(const CaseRecord& record, const TaskView& task, std::int64_t now_ms) {
  if (!IsFinalTask(task) || !task.outcome) {
    if (task.state == "done" || task.state == "dead") {
      return {"error", "ended without an outcome"};
    }
    return JudgeUnsettled(task, now_ms);
  }
  const Outcome& outcome = *task.outcome;
  if (outcome.status != OutcomeStatus::kOk) {
    const char* status = kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)];
    return {status, outcome.text.empty() ? std::string("no reason was given") : outcome.text};
  }
  if (task.task.stage == Stage::kGenerate) {
    if (IsUsable(task)) return {"ok", ""};
    return {"malformed", outcome.answer ? "its answer has a medication without a name"
                                        : "its outcome has no answer"};
  }
  const std::int64_t counted = GradesOf(record, task);
  const auto asked = static_cast<std::int64_t>(task.authors.size());
  if (counted == asked) return {"ok", ""};
  return {"malformed", std::to_string(counted) + " of " + Plural(asked, "grade") + " can be used"};
}

std::int64_t GradesOf(const CaseRecord& record, const TaskView& task) {
  return std::count_if(record.grades.begin(), record.grades.end(),
                       [&](const PeerGrade& grade) { return grade.task == &task; });
}

bool IsShown(const CaseRecord& record, std::string_view author) {
  return std::binary_search(record.shown.begin(), record.shown.end(), author);
}

}  // namespace consilium
