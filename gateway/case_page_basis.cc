// What a recommendation rests on: each model's answer, what went in, what is recorded.
#include <algorithm>

#include "gateway/case_page_parts.h"
#include "gateway/hooks/card_detail.h"
#include "shared/html/pieces.h"
#include "shared/number_text.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using html::Element;
using html::Escaped;
using html::EscapedLines;

const TaskView* AnswerTask(const CaseView& view, const std::string& model) {
  for (const TaskView& task : view.tasks) {
    if (task.task.stage == Stage::kGenerate && task.task.model == model) return &task;
  }
  return nullptr;
}

// What each reviewer said about the answer of `model`.
std::vector<std::string> GradesOf(const CaseView& view, const std::string& model) {
  std::vector<std::string> items;
  for (const TaskView& task : view.tasks) {
    if (task.task.stage != Stage::kReview || !task.outcome) continue;
    for (const Grade& grade : task.outcome->grades) {
      const auto at = std::find(task.labels.begin(), task.labels.end(), grade.label);
      const auto index = static_cast<std::size_t>(at - task.labels.begin());
      if (index >= task.authors.size() || task.authors[index] != model) continue;
      items.push_back(task.task.model + ": " + ShareText(grade.grade) +
                      (grade.harm ? ", warns of serious harm" : "") +
                      (grade.comment.empty() ? "" : ", " + grade.comment));
    }
  }
  return items;
}

std::string Spoken(const char* label, const std::string& text) {
  if (text.empty()) return "";
  return "<p class=\"by\">" + Escaped(label) + "</p>\n<p class=\"said\" dir=\"auto\">" +
         EscapedLines(text) + "</p>\n";
}

// The words of one model, folded away.
std::string Details(const CaseView& view, const ModelResult& result) {
  const TaskView* const task = AnswerTask(view, result.model);
  std::string out;
  if (task != nullptr && task->outcome && task->outcome->answer) {
    const Answer& answer = *task->outcome->answer;
    std::vector<std::string> regimens;
    for (const Medication& one : answer.medications) regimens.push_back(RegimenText(one));
    if (regimens.empty()) regimens.emplace_back("no medication");
    if (answer.option) regimens.push_back("option " + *answer.option);
    out += ItemsOf("plain", regimens) + Spoken("Rationale", answer.rationale) +
           Spoken("Cautions", answer.cautions);
    if (answer.confidence) {
      out += Element("p", "It says of itself that its confidence is " +
                              ShareText(answer.confidence) + "; that is not used.");
    }
  } else if (task != nullptr && task->outcome && !task->outcome->text.empty()) {
    out += Spoken("Why there is none", task->outcome->text);
  }
  if (const auto grades = GradesOf(view, result.model); !grades.empty()) {
    out += "<p class=\"by\">Grades by the others</p>\n" + ItemsOf("plain", grades);
  }
  if (out.empty()) return "";
  return "<details><summary>" + Escaped(result.model) +
         ": in its own words, and how it was graded" + "</summary>\n" + out + "</details>\n";
}

std::vector<std::string> RowOf(const ModelResult& one, bool answered) {
  std::string name = one.model;
  if (!one.model_served.empty() && one.model_served != one.model) {
    name += " (" + one.model_served + ")";
  }
  if (one.simulated) name += " SIMULATED";
  std::string answer = "graded only";
  if (answered)
    answer = one.stage_status == "ok" ? IngredientsText(one.ingredients) : one.stage_status;
  return {name,
          answer,
          ShareText(one.grade),
          std::to_string(one.grades_received),
          ShareText(one.reliability),
          ShareText(one.weight)};
}

struct Known {
  std::string name;
  std::string value;  // "" = not known
};

std::vector<Known> FactsOf(const Patient& patient) {
  const auto number = [](const std::optional<double>& value, const char* unit) {
    return value ? ShortestDecimal(*value) + unit : std::string();
  };
  std::string pregnant;
  if (patient.pregnant) pregnant = *patient.pregnant ? "pregnant" : "not pregnant";
  return {{"Age", number(patient.age, " years")},
          {"Sex", patient.sex.value_or("")},
          {"Pregnancy", pregnant},
          {"eGFR", number(patient.egfr, " mL/min/1.73 m\xC2\xB2")},
          {"Weight", number(patient.weight_kg, " kg")},
          {"Allergies", Joined(patient.allergies, ", ")},
          {"Current medications", Joined(patient.medications, ", ")}};
}

std::string OutcomeText(const CaseOutcome& one) {
  std::string text = one.by + ", " + UtcText(one.at_ms) + ": " +
                     kCaseOutcomeVerdictNames[static_cast<std::size_t>(one.verdict)];
  if (one.revision > 0) text += " revision " + std::to_string(one.revision);
  if (one.medications) text += ", right is " + IngredientsText(*one.medications);
  return one.reason.empty() ? text : text + "; " + one.reason;
}

}  // namespace

std::string ModelsSection(const CaseView& view, const Recommendation& made) {
  html::Table table;
  table.columns = {{"Model", false, ""},
                   {"Answer", false, "Its ingredients, or why there is no usable answer."},
                   {"Grade", true, "Consensus of the grades of its answer, 0 to 1."},
                   {"Grades", true, "So many reviewers graded it."},
                   {"Reliability", true, "As a reviewer in this case, 0 to 1."},
                   {"Weight", true, "How much its answer counts, 0 to 1."}};
  std::string words;
  for (const ModelResult& one : made.models) {
    table.rows.push_back(RowOf(one, true));
    words += Details(view, one);
  }
  for (const ModelResult& one : made.reviewers_only) table.rows.push_back(RowOf(one, false));
  if (table.rows.empty()) return "";
  return PageSection("models", "Each model", html::WriteTable(table, "Each model") + words);
}

std::string OutcomesSection(const CaseView& view) {
  std::vector<std::string> items;
  for (const CaseOutcome& one : view.outcomes) items.push_back(OutcomeText(one));
  if (view.known && view.known->status == KnownStatus::kContradictory) {
    items.emplace_back("These contradict each other.");
  }
  return PageSection("outcomes", "What clinicians said afterwards", ItemsOf("plain", items));
}

std::string InputSection(const CaseView& view) {
  const Vignette& vignette = view.vignette;
  std::string out =
      "<p class=\"vignette said\" dir=\"auto\">" + EscapedLines(vignette.text) + "</p>\n";
  if (vignette.question) out += Spoken("Question", *vignette.question);
  std::vector<std::string> options;
  for (const auto& [letter, text] : vignette.options) options.push_back(letter + ": " + text);
  if (!options.empty()) out += "<p class=\"by\">Options</p>\n" + ItemsOf("plain", options);
  std::string known;
  std::vector<std::string> unknown;
  for (const Known& one : FactsOf(vignette.patient)) {
    if (one.value.empty()) {
      unknown.push_back(one.name);
    } else {
      known += "<div><dt>" + Escaped(one.name) + "</dt><dd dir=\"auto\">" + Escaped(one.value) +
               "</dd></div>\n";
    }
  }
  if (!known.empty())
    out += "<h3>Known of the patient</h3>\n<dl class=\"inputs\">\n" + known + "</dl>\n";
  if (!unknown.empty()) {
    out += Element("h3", "Not known to the council") +
           Element("p", Joined(unknown, ", ") +
                            ". That nothing is stated does not mean that there is none.");
  }
  return PageSection("input", "What went in", out);
}

std::string RecordSection(const CaseView& view) {
  std::vector<std::string> items = {"Consilium " CONSILIUM_VERSION,
                                    "Kind of task " + view.kind + ", strategy " + view.strategy +
                                        ", council: " + Joined(view.ensemble, ", ")};
  if (!view.recommendations.empty() && !view.recommendations.back().medication_table.empty()) {
    items.push_back("Medication table " + view.recommendations.back().medication_table);
  }
  std::vector<std::string> prompts;
  for (const TaskView& task : view.tasks) {
    if (!task.outcome || task.outcome->prompt_version.empty()) continue;
    if (std::find(prompts.begin(), prompts.end(), task.outcome->prompt_version) == prompts.end()) {
      prompts.push_back(task.outcome->prompt_version);
    }
  }
  if (!prompts.empty()) items.push_back("Prompts " + Joined(prompts, ", "));
  return PageSection("record", "Versions", ItemsOf("plain", items));
}

}  // namespace consilium
