// What the record of one case says, read once and in one order, whatever order it arrived in.
//
// Everything here points into the CaseView it was read from, which must outlive it.
// Nothing is trusted: a grade out of range, under an unknown label, given twice or given by the
// author of the answer is not counted, and the task that brought it counts as incomplete.
// Threads: functions without state. Time: only through `now_ms`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/messages.h"

namespace consilium {

// An answer that can be graded and recommended: outcome ok, and every medication has a name.
struct UsableAnswer {
  std::string_view model;
  const TaskView* task = nullptr;
  const Answer* answer = nullptr;
};

// One grade that counts.
struct PeerGrade {
  const TaskView* task = nullptr;  // that brought it
  std::string_view reviewer;
  std::string_view author;  // whose answer
  double grade = 0.0;       // [0, 1]
  bool harm = false;
  std::string_view comment;
};

struct CaseRecord {
  std::vector<const TaskView*> generate;  // by (round, model)
  std::vector<const TaskView*> review;    // by (round, model)
  std::vector<UsableAnswer> answers;      // by model
  std::vector<PeerGrade> grades;          // by (author, reviewer), at most one per pair
  std::vector<std::string_view> shown;    // authors whose answers are in a review task, sorted
  std::int64_t review_rounds = 0;         // the highest round asked, 0 = none
  std::int64_t outcomes = 0;              // final outcomes received
};

CaseRecord ReadRecord(const CaseView& view);

// Nothing more is to be waited for: it ended, or it waits in a lane past its deadline. A task that
// a worker holds is not settled, even past its deadline.
bool IsSettled(const TaskView& task, std::int64_t now_ms);

// How a task stands at `now_ms`: `why` is "ok" or a word of Absence, `text` is for people.
struct TaskStanding {
  std::string why;
  std::string text;
  bool ok() const { return why == "ok"; }
};
TaskStanding Judge(const CaseRecord& record, const TaskView& task, std::int64_t now_ms);

// Grades of `record` that count and came with this task.
std::int64_t GradesOf(const CaseRecord& record, const TaskView& task);

bool IsShown(const CaseRecord& record, std::string_view author);

}  // namespace consilium
