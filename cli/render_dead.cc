#include "cli/render_dead.h"

#include <algorithm>
#include <map>
#include <utility>

#include "cli/render_parts.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using render::Field;

std::string StageText(const TaskId& task) {
  const std::string stage = kStageNames[static_cast<std::size_t>(task.stage)];
  return task.stage == Stage::kReview ? stage + " " + std::to_string(task.round) : stage;
}

// "11-27 14:02": the year and the seconds are in `dead show`.
std::string ShortTime(std::int64_t unix_ms) { return UtcText(unix_ms).substr(5, 11); }

std::string CodeOf(const Outcome& outcome) {
  if (!outcome.code.empty()) return outcome.code;
  return kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)];
}

}  // namespace

std::string RenderDeadList(const std::vector<DeadLetter>& letters, const Look& look) {
  Table table({{"letter", false, false},
               {"died", false, false},
               {"case", false, true},
               {"task", false, false},
               {"model", false, true},
               {"errors", true, false},
               {"code", false, true}});
  for (const DeadLetter& letter : letters) {
    const std::int64_t errors =
        std::max(letter.attempts + letter.crashes, static_cast<std::int64_t>(letter.errors.size()));
    table.Row({letter.id, ShortTime(letter.died_ms), letter.task.case_id, StageText(letter.task),
               letter.task.model, std::to_string(errors), CodeOf(letter.outcome)});
  }
  return letters.empty() ? "" : table.Text(look);
}

std::vector<DeadCount> CountLetters(const std::vector<DeadLetter>& letters) {
  std::map<std::pair<std::string, std::string>, std::int64_t> found;
  for (const DeadLetter& letter : letters) ++found[{letter.task.model, CodeOf(letter.outcome)}];
  std::vector<DeadCount> counts;
  for (const auto& [what, count] : found) counts.push_back({what.first, what.second, count});
  return counts;
}

std::string RenderDeadCounts(const std::vector<DeadLetter>& letters, const Look& look) {
  Table table({{"model", false, true}, {"code", false, true}, {"letters", true, false}});
  for (const DeadCount& count : CountLetters(letters)) {
    table.Row({count.model, count.code, std::to_string(count.letters)});
  }
  return letters.empty() ? "" : table.Text(look);
}

std::string RenderDeadLetter(const DeadLetter& letter, const Look& look) {
  std::string text;
  text += Field("Letter", letter.id, look, Tint::kBold);
  text += Field("Case", letter.task.case_id + "; `consilium show` has all of it", look);
  text += Field("Task", StageText(letter.task) + ", " + letter.task.model, look);
  text += Field("Died", UtcText(letter.died_ms), look);
  // The last attempt is neither tried again nor always a crash.
  text += Field("Attempts",
                std::to_string(letter.attempts) + " failed and were tried again, " +
                    std::to_string(letter.crashes) + " lost their worker",
                look);
  text +=
      Field("Last error", CodeOf(letter.outcome) + ": " + letter.outcome.text, look, Tint::kRed);
  text += Field("Last worker", letter.outcome.worker.empty() ? "not known" : letter.outcome.worker,
                look);
  if (letter.errors.empty()) return text;
  text += render::Section("All errors", look);
  Table table({{"when", false, false},
               {"code", false, false},
               {"worker", false, true},
               {"text", false, true}});
  for (const AttemptError& error : letter.errors) {
    table.Row({UtcText(error.at_ms).substr(0, 19), error.code,
               error.worker.empty() ? "-" : error.worker, error.text});
  }
  return text + table.Text(look);
}

std::string RequeueSentence(const RequeuedLetter& letter) {
  const std::string head = letter.id + (letter.task.empty() ? "" : " (" + letter.task + ")");
  const std::string& word = letter.disposition;
  if (word == "requeued") {
    return head + ": requeued" +
           (letter.deadline_ms ? ", until " + UtcText(*letter.deadline_ms) : "");
  }
  if (word == "before") return head + ": was requeued before";
  if (word == "cancelled") return head + ": not requeued, its case was cancelled";
  if (word == "gone") return head + ": not requeued, its case is not kept any more";
  if (word == "ended") return head + ": not requeued, the task has another end";
  if (word == "unknown") return head + ": no such letter";
  return head + ": " + word;
}

}  // namespace consilium
