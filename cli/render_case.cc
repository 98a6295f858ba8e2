#include <algorithm>

#include "cli/render.h"
#include "cli/render_parts.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using render::Duration;
using render::Field;
using render::Section;
using Names = std::vector<std::string>;

std::string PatientText(const Patient& patient) {
  std::vector<std::string> parts;
  const auto number = [](double value) {
    std::string text = std::to_string(value);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  };
  if (patient.age) parts.push_back("age " + number(*patient.age));
  if (patient.sex) parts.push_back(*patient.sex);
  if (patient.pregnant) parts.emplace_back(*patient.pregnant ? "pregnant" : "not pregnant");
  if (patient.egfr) parts.push_back("eGFR " + number(*patient.egfr));
  if (patient.weight_kg) parts.push_back(number(*patient.weight_kg) + " kg");
  if (!patient.allergies.empty()) {
    parts.push_back("allergies: " + Joined(patient.allergies, ", "));
  }
  if (!patient.medications.empty()) {
    parts.push_back("takes: " + Joined(patient.medications, ", "));
  }
  return Joined(parts, "; ");
}

std::string VignetteText(const Vignette& vignette, const Look& look) {
  std::string text;
  for (const std::string& line : WrapText(vignette.text, look.width - 2)) {
    text += "  " + line + "\n";
  }
  if (vignette.question) text += Field("Question", *vignette.question, look);
  std::string_view label = "Options";
  for (const auto& [letter, option] : vignette.options) {
    std::string line = letter;
    line += ": ";
    line += option;
    text += Field(label, line, look);
    label = "";
  }
  return text + Field("Patient", PatientText(vignette.patient), look);
}

const ModelResult* FindResult(const CaseView& view, const std::string& model) {
  // What withdraws the others is no decision.
  const auto last =
      std::find_if(view.recommendations.rbegin(), view.recommendations.rend(),
                   [](const Recommendation& one) { return one.status != CaseState::kCancelled; });
  if (last == view.recommendations.rend()) return nullptr;
  for (const auto* list : {&last->models, &last->reviewers_only}) {
    const auto found = std::find_if(list->begin(), list->end(), [&model](const ModelResult& one) {
      return one.model == model;
    });
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

// "ok", the outcome's status, or where the task is.
std::string TaskStatus(const TaskView& task) {
  if (task.state == "done" && task.outcome) {
    return kOutcomeStatusNames[static_cast<std::size_t>(task.outcome->status)];
  }
  return task.state;
}

std::string AnswerText(const TaskView& task, const ModelResult* result) {
  if (!task.outcome || !task.outcome->answer) return task.outcome ? task.outcome->text : "";
  const Answer& answer = *task.outcome->answer;
  if (result != nullptr && result->stage_status == "ok") {
    return IngredientsText(result->ingredients);
  }
  std::vector<std::string> names;
  for (const Medication& medication : answer.medications) names.push_back(medication.ingredient);
  return IngredientsText(names);
}

std::string LatencyText(const TaskView& task) {
  return task.outcome ? Duration(task.outcome->latency_ms) : "-";
}

std::string Answers(const CaseView& view, const Look& look) {
  Table table({{"model", false, true},
               {"status", false, false},
               {"answer", false, true},
               {"grade", true, false},
               {"grades", true, false},
               {"time", true, false}});
  bool any = false;
  for (const TaskView& task : view.tasks) {
    if (task.task.stage != Stage::kGenerate) continue;
    any = true;
    const ModelResult* result = FindResult(view, task.task.model);
    const bool simulated = task.outcome && task.outcome->simulated;
    table.Row({task.task.model + (simulated ? " (sim)" : ""), TaskStatus(task),
               AnswerText(task, result), result != nullptr ? ShareText(result->grade) : "-",
               result != nullptr ? std::to_string(result->grades_received) : "-",
               LatencyText(task)});
  }
  return any ? Section("Answers", look) + table.Text(look) : "";
}

// `claude 0.80, llama 0.30 (harm)`: what this reviewer gave to whom.
std::string GradesText(const TaskView& task) {
  if (!task.outcome || task.outcome->status != OutcomeStatus::kOk) {
    return task.outcome ? task.outcome->text : "";
  }
  std::vector<std::string> parts;
  for (const Grade& grade : task.outcome->grades) {
    const auto at = std::find(task.labels.begin(), task.labels.end(), grade.label);
    const auto index = static_cast<std::size_t>(at - task.labels.begin());
    const std::string author = index < task.authors.size() ? task.authors[index] : grade.label;
    parts.push_back(author + " " + ShareText(grade.grade) + (grade.harm ? " (warns of harm)" : ""));
  }
  return Joined(parts, ", ");
}

std::string Reviews(const CaseView& view, const Look& look) {
  std::string text;
  for (const TaskView& task : view.tasks) {
    if (task.task.stage != Stage::kReview) continue;
    const ModelResult* result = FindResult(view, task.task.model);
    std::string line = CleanText(task.task.model);
    if (task.task.round > 1) line += ", round " + std::to_string(task.task.round);
    line += ": " + TaskStatus(task);
    if (result != nullptr && result->reliability) {
      line += ", reliability " + ShareText(result->reliability);
    }
    if (task.outcome) line += ", " + LatencyText(task);
    text += "  " + FitText(line, look.width - 2) + "\n" + Field("", GradesText(task), look);
  }
  return text.empty() ? "" : Section("Reviews", look) + text;
}

// How real models were asked, what they say they are, and what it took.
std::string Calls(const CaseView& view, const Look& look) {
  Table table({{"model", false, true},
               {"task", false, false},
               {"served by", false, true},
               {"form", false, false},
               {"requests", true, false},
               {"tokens", true, false},
               {"cost", true, false},
               {"prompt", false, false}});
  bool any = false;
  for (const TaskView& task : view.tasks) {
    if (!task.outcome || task.outcome->parameters.requests == 0) continue;
    any = true;
    const Outcome& outcome = *task.outcome;
    std::string served = outcome.model_served;
    if (served.empty()) served = "not said";
    if (served == task.task.model) served = "as asked";
    const auto count = [](const std::optional<std::int64_t>& tokens) {
      return tokens ? std::to_string(*tokens) : "?";
    };
    const std::string cost =
        outcome.usage.cost_usd ? "$" + render::Fixed(*outcome.usage.cost_usd, 4) : "unknown";
    table.Row({task.task.model, task.task.stage == Stage::kReview ? "review" : "answer", served,
               outcome.parameters.structured, std::to_string(outcome.parameters.requests),
               count(outcome.usage.prompt_tokens) + "+" + count(outcome.usage.completion_tokens),
               cost, outcome.prompt_version});
  }
  return any ? Section("Calls", look) + table.Text(look) : "";
}

// "amoxicillin", or "not amoxicillin", with the option of a closed choice.
std::string SaysText(const OutcomeVoice& voice) {
  std::string text = voice.right ? IngredientsText(*voice.right)
                                 : "not " + IngredientsText(voice.wrong.value_or(Names{}));
  if (voice.option) text += " (option " + *voice.option + ")";
  return text;
}

std::string OutcomeText(const CaseOutcome& outcome) {
  std::string text =
      outcome.by + ": " + kCaseOutcomeVerdictNames[static_cast<std::size_t>(outcome.verdict)];
  if (outcome.revision > 0) text += " revision " + std::to_string(outcome.revision);
  if (outcome.medications) text += ": " + IngredientsText(*outcome.medications);
  text += ", " + UtcText(outcome.at_ms);
  return outcome.reason.empty() ? text : text + "; reason: " + outcome.reason;
}

std::string Outcomes(const CaseView& view, const Look& look) {
  if (view.outcomes.empty()) return "";
  std::string text = Section("Outcomes", look);
  std::size_t number = 0;
  for (const CaseOutcome& outcome : view.outcomes) {
    text += Field(std::to_string(++number), OutcomeText(outcome), look);
  }
  const auto count = static_cast<std::int64_t>(view.outcomes.size());
  if (view.known) text += RenderKnown(*view.known, look);
  if (!view.known || view.known->outcomes < count) {
    text += Field("", "the latest were not looked at yet; an aggregator will", look);
  }
  return text;
}

std::string Revisions(const CaseView& view, const Look& look) {
  if (view.recommendations.empty()) return "";
  const Recommendation& last = view.recommendations.back();
  std::string title = "Recommendation";
  if (last.revision > 1) title += ", revision " + std::to_string(last.revision);
  std::string text = Section(title, look) + render::RecommendationBody(last, look);
  if (view.recommendations.size() < 2) return text;
  text += Section("Earlier", look);
  for (auto one = view.recommendations.begin(); one + 1 != view.recommendations.end(); ++one) {
    text += Field("revision " + std::to_string(one->revision),
                  std::string(render::StateName(one->status)) + ", " +
                      IngredientsText(one->ingredients) + ", support " + ShareText(one->support) +
                      ", " + UtcText(one->decided_ms),
                  look);
  }
  return text;
}

bool IsSimulated(const CaseView& view) {
  return std::any_of(view.tasks.begin(), view.tasks.end(),
                     [](const TaskView& task) { return task.outcome && task.outcome->simulated; });
}

}  // namespace

std::string RenderCase(const CaseView& view, const Look& look) {
  std::string text = render::Headline(
      view.id, view.state, IsSimulated(view) ? "SIMULATED, not medical advice" : "", look);
  text += Field("Accepted", UtcText(view.accepted_ms), look);
  text += Field("Deadline", UtcText(view.deadline_ms), look);
  const bool withdrawn = !view.recommendations.empty();
  text += Field(withdrawn ? "Withdrawn" : "Cancelled", view.cancel_reason, look,
                withdrawn ? Tint::kRed : Tint::kPlain);
  text += Field("Ensemble", view.strategy + ": " + Joined(view.ensemble, ", "), look);
  if (view.gold_medications) {
    text += Field("Gold", IngredientsText(*view.gold_medications), look);
  }
  text += Section("Vignette", look) + VignetteText(view.vignette, look);
  return text + Answers(view, look) + Reviews(view, look) + Calls(view, look) +
         Revisions(view, look) + Outcomes(view, look);
}

std::string RenderKnown(const KnownRight& known, const Look& look) {
  if (known.status == KnownStatus::kContradictory) {
    std::string text =
        Field("Right", "CONTRADICTORY: not learned until they agree; of each the latest counts",
              look, Tint::kRed);
    for (const OutcomeVoice& voice : known.voices) {
      text += Field("", voice.by + " says " + SaysText(voice), look);
    }
    return text;
  }
  std::vector<std::string> said;
  std::vector<std::string> by;
  for (const OutcomeVoice& voice : known.voices) {
    const std::string text = SaysText(voice);
    if (std::find(said.begin(), said.end(), text) == said.end()) said.push_back(text);
    by.push_back(voice.by);
  }
  return Field("Right", Joined(said, ", ") + " (says " + Joined(by, ", ") + ")", look);
}

}  // namespace consilium
