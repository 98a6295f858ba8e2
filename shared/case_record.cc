#include "shared/case_record.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/seal.h"

namespace consilium {
namespace {

using Fields = std::map<std::string, std::string>;

Error Damaged(const std::string& case_id, const std::string& field, const std::string& why) {
  return Error{ErrorCode::kInternal,
               "case " + case_id + ": field " + field + " of its record: " + why};
}

void Tell(const Error& damage) { LogError("record_damaged", {{"text", damage.text}}); }

std::optional<std::int64_t> Number(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return std::nullopt;
  std::int64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [at, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

std::string Text(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

// Unpacks field `name` into `value`; an absent field leaves it alone.
template <class T>
Status Read(const std::string& case_id, const Fields& fields, const std::string& name, T& value) {
  const auto found = fields.find(name);
  if (found == fields.end() || found->second.empty()) return Ok();
  auto unpacked = UnpackSealed<T>(found->second);
  if (!unpacked) return Damaged(case_id, name, unpacked.error().text);
  value = std::move(*unpacked);
  return Ok();
}

Result<TaskView> ReadTask(const std::string& case_id, const Fields& fields,
                          const std::string& key) {
  auto id = TaskFromRef(case_id + "|" + key);
  if (!id) return Damaged(case_id, "s:" + key, id.error().text);
  TaskView task;
  task.task = std::move(*id);
  task.state = Text(fields, "s:" + key);
  task.attempts = Number(fields, "a:" + key).value_or(0);
  task.crashes = Number(fields, "c:" + key).value_or(0);
  task.leases = Number(fields, "f:" + key).value_or(0);
  task.deadline_ms = Number(fields, "d:" + key).value_or(0);
  task.arrived_ms = Number(fields, "t:" + key);
  if (fields.count("o:" + key) > 0) {
    Outcome outcome;
    const Status read = Read(case_id, fields, "o:" + key, outcome);
    if (!read) Tell(read.error());
    task.outcome =
        read ? std::move(outcome) : CorruptOutcome("the record of its outcome is damaged");
  }
  if (fields.count("l:" + key) > 0) {
    std::vector<std::string> both;
    if (const Status read = Read(case_id, fields, "l:" + key, both); !read) return read.error();
    if (both.size() % 2 != 0) return Damaged(case_id, "l:" + key, "labels without authors");
    const auto half = both.begin() + static_cast<std::ptrdiff_t>(both.size() / 2);
    task.labels.assign(both.begin(), half);
    task.authors.assign(half, both.end());
  }
  return task;
}

// What was said to be right, and what was made of it. Without one of them the others say something
// else, so damage is not skipped.
Status ReadOutcomes(const std::string& case_id, const Fields& fields, CaseView& view) {
  const std::int64_t outcomes = Number(fields, "outcomes").value_or(0);
  for (std::int64_t number = 1; number <= outcomes; ++number) {
    CaseOutcome outcome;
    const std::string name = "outcome:" + std::to_string(number);
    if (Status read = Read(case_id, fields, name, outcome); !read) return read;
    outcome.at_ms = Number(fields, "outcome_at:" + std::to_string(number)).value_or(0);
    view.outcomes.push_back(std::move(outcome));
  }
  if (fields.count("known") == 0) return Ok();
  KnownRight known;
  if (Status read = Read(case_id, fields, "known", known); !read) return read;
  view.known = std::move(known);
  return Ok();
}

std::pair<std::uint64_t, std::uint64_t> StreamIdParts(std::string_view id) {
  const std::size_t dash = id.find('-');
  std::uint64_t ms = 0;
  std::uint64_t seq = 0;
  std::from_chars(id.data(), id.data() + dash, ms);
  std::from_chars(id.data() + dash + 1, id.data() + id.size(), seq);
  return {ms, seq};
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 19 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Result<CaseView> ReadCaseRecord(const std::string& case_id, const Fields& fields) {
  CaseView view;
  view.id = case_id;
  const auto state = CaseStateFromName(Text(fields, "state"));
  if (!state) return Damaged(case_id, "state", "unknown state " + Text(fields, "state"));
  view.state = *state;
  view.version = Number(fields, "v").value_or(0);
  view.source = Text(fields, "source");
  view.kind = Text(fields, "kind");
  view.strategy = Text(fields, "strategy");
  view.seating = Text(fields, "seating");
  view.accepted_ms = Number(fields, "accepted_ms").value_or(0);
  view.deadline_ms = Number(fields, "deadline_ms").value_or(0);
  view.cancel_reason = Text(fields, "cancel_reason");
  const Status vignette = Read(case_id, fields, "vignette", view.vignette);
  if (!vignette) Tell(vignette.error());
  if (const Status read = Read(case_id, fields, "ensemble", view.ensemble); !read)
    return read.error();
  if (fields.count("gold") > 0) {
    std::vector<std::string> gold;
    if (const Status read = Read(case_id, fields, "gold", gold); !read) return read.error();
    view.gold_medications = std::move(gold);
  }
  for (auto at = fields.lower_bound("s:"); at != fields.end() && at->first.rfind("s:", 0) == 0;
       ++at) {
    auto task = ReadTask(case_id, fields, at->first.substr(2));
    if (!task) return task.error();
    // Answers cannot be screened against a patient who is not known any more.
    if (!vignette && task->outcome && task->outcome->status == OutcomeStatus::kOk) {
      task->outcome = CorruptOutcome("the record of its case is damaged");
    }
    view.tasks.push_back(std::move(*task));
  }
  std::sort(view.tasks.begin(), view.tasks.end(), [](const TaskView& a, const TaskView& b) {
    return std::tie(a.task.stage, a.task.round, a.task.model) <
           std::tie(b.task.stage, b.task.round, b.task.model);
  });
  const std::int64_t revisions = Number(fields, "rev").value_or(0);
  for (std::int64_t revision = 1; revision <= revisions; ++revision) {
    Recommendation recommendation;
    const std::string name = "rec:" + std::to_string(revision);
    if (const Status read = Read(case_id, fields, name, recommendation); !read) return read.error();
    view.recommendations.push_back(std::move(recommendation));
  }
  if (const Status read = ReadOutcomes(case_id, fields, view); !read) return read.error();
  return view;
}

Outcome CorruptOutcome(std::string text) {
  Outcome outcome;
  outcome.status = OutcomeStatus::kError;
  outcome.code = "corrupt";
  outcome.text = std::move(text);
  return outcome;
}

std::string PackReviewKey(const std::vector<std::string>& labels,
                          const std::vector<std::string>& authors) {
  CHECK(labels.size() == authors.size(), "every label stands for one author");
  if (labels.empty()) return "";
  std::vector<std::string> both = labels;
  both.insert(both.end(), authors.begin(), authors.end());
  return PackSealed(both);
}

std::optional<CaseState> CaseStateFromName(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kCaseStateNames); ++i) {
    if (name == kCaseStateNames[i]) return static_cast<CaseState>(i);
  }
  return std::nullopt;
}

bool IsStreamId(std::string_view id) {
  const std::size_t dash = id.find('-');
  return dash != std::string_view::npos && IsNumber(id.substr(0, dash)) &&
         IsNumber(id.substr(dash + 1));
}

bool StreamIdLess(std::string_view a, std::string_view b) {
  return StreamIdParts(a) < StreamIdParts(b);
}

}  // namespace consilium
