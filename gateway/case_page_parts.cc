#include "gateway/case_page_parts.h"

#include <algorithm>
#include <array>
#include <map>

#include "gateway/case_page.h"
#include "gateway/hooks/card_detail.h"
#include "gateway/hooks/card_judgement.h"
#include "shared/html/pieces.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using html::Element;
using html::Escaped;
using html::EscapedLines;

// What a model or a sender wrote, as it wrote it; its direction is its own.
std::string Said(const std::string& label, const std::string& text) {
  if (text.empty()) return "";
  return "<h3>" + Escaped(label) + "</h3>\n<p class=\"said\" dir=\"auto\">" + EscapedLines(text) +
         "</p>\n";
}

std::string Property(std::string_view name, const std::string& value) {
  std::string out = "<div><dt>" + Escaped(name) + "</dt>";
  return out + (value.empty() ? "<dd class=\"absent\">not stated</dd></div>\n"
                              : "<dd dir=\"auto\">" + Escaped(value) + "</dd></div>\n");
}

std::string MedicationCards(const std::vector<Medication>& medications) {
  std::string out = "<ul class=\"cards\">\n";
  for (const Medication& one : medications) {
    std::string dose = one.dose;
    if (!dose.empty() && !one.unit.empty()) dose += " " + one.unit;
    out += "<li><p class=\"name\" dir=\"auto\">" + Escaped(one.ingredient) + "</p>\n<dl>\n" +
           Property("Dose", dose) + Property("Route", one.route) +
           Property("Frequency", one.frequency) + Property("Duration", one.duration) +
           Property("For", one.indication) + "</dl></li>\n";
  }
  return out + "</ul>\n";
}

std::string HowSure(const Recommendation& made) {
  std::string text;
  if (made.confidence) {
    text = "Confidence " + ShareText(made.confidence) + ".";
  } else {
    text = "No confidence can be stated.";
  }
  std::string out =
      "<h3>How sure the council is</h3>\n<p class=\"sure\">" + Escaped(text) + "</p>\n";
  if (!made.confidence_note.empty()) out += Element("p", made.confidence_note);
  if (made.support) {
    out += Element("p", "Support " + ShareText(made.support) +
                            " (share of the weight of the answers, 0 to 1; not a probability).");
  }
  return out;
}

int RankOf(const std::string& severity) {
  constexpr std::array<std::string_view, 4> kRanks = {"contraindicated", "high", "caution", "info"};
  return static_cast<int>(std::find(kRanks.begin(), kRanks.end(), severity) - kRanks.begin());
}

std::string GraveWords(const Recommendation& made) {
  const auto grave = std::count_if(made.safety.begin(), made.safety.end(),
                                   [](const auto& flag) { return RankOf(flag.severity) < 2; });
  if (grave == 0) return "";
  return "<p class=\"banner\"><strong>Safety</strong> " + std::to_string(grave) +
         (grave == 1 ? " grave safety flag" : " grave safety flags") +
         ": <a href=\"#safety\">read before anything else</a></p>\n";
}

// What a task waits for, or how it ended.
std::string TaskWords(const TaskView& task) {
  if (task.state == "done") {
    return task.outcome
               ? std::string(kOutcomeStatusNames[static_cast<std::size_t>(task.outcome->status)])
               : "done";
  }
  if (task.state == "pending") return "waits for a model that is free";
  if (task.state == "leased") return "running";
  if (task.state == "delayed") return "failed, is tried again";
  if (task.state == "expired") return "too late";
  if (task.state == "dead") return "given up";
  return task.state;
}

bool HasEnded(const TaskView& task) {
  return task.state == "done" || task.state == "expired" || task.state == "dead";
}

}  // namespace

std::string PageSection(std::string_view id, std::string_view heading, const std::string& content) {
  if (content.empty()) return "";
  return "<section id=\"" + std::string(id) + "\">\n" + Element("h2", heading) + content +
         "</section>\n";
}

std::string ItemsOf(std::string_view css_class, const std::vector<std::string>& texts) {
  if (texts.empty()) return "";
  std::string out = "<ul class=\"" + std::string(css_class) + "\">\n";
  for (const std::string& text : texts) out += "<li dir=\"auto\">" + Escaped(text) + "</li>\n";
  return out + "</ul>\n";
}

std::string ProgressSection(const CaseView& view) {
  std::vector<std::string> order = view.ensemble;
  std::map<std::string, std::array<std::string, 2>> cells;
  std::array<std::size_t, 2> asked{};
  std::array<std::size_t, 2> ended{};
  for (const TaskView& task : view.tasks) {
    const std::string& model = task.task.model;
    if (std::find(order.begin(), order.end(), model) == order.end()) order.push_back(model);
    const auto stage = static_cast<std::size_t>(task.task.stage);
    ++asked.at(stage);
    if (HasEnded(task)) ++ended.at(stage);
    std::string& cell = cells[model].at(stage);
    cell += (cell.empty() ? "" : "; ") + TaskWords(task);
  }
  html::Table table;
  table.columns = {
      {"Model", false, ""}, {"Answer", false, ""}, {"Grading of the others", false, ""}};
  for (const std::string& model : order) {
    const auto& both = cells[model];
    table.rows.push_back({model, both[0].empty() ? "not asked yet" : both[0],
                          both[1].empty() ? "not asked yet" : both[1]});
  }
  const std::string counts = std::to_string(ended[0]) + " of " + std::to_string(asked[0]) +
                             " answers and " + std::to_string(ended[1]) + " of " +
                             std::to_string(asked[1]) +
                             " gradings that were asked for have ended. The council decides by " +
                             UtcText(view.deadline_ms) + " on what has arrived.";
  return PageSection(
      "progress", "The council sits",
      Element("p", counts) +
          Element("p", "There is no recommendation yet. This page asks again every " +
                           std::to_string(kCasePageRefreshSeconds) + " seconds.") +
          html::WriteTable(table, "What is waited for"));
}

std::string RecommendationSection(const CaseView& view, const Recommendation& made) {
  const bool recommends = KindOf(view) == CardKind::kRecommends;
  std::string out;
  if (recommends) {
    out += GraveWords(made);
    if (!made.medications.empty()) out += MedicationCards(made.medications);
    if (made.no_medication) {
      out +=
          "<p class=\"sure\"><strong>No medication</strong> is what the council recommends.</p>\n";
    }
    if (made.option) {
      const auto option = view.vignette.options.find(*made.option);
      out += Element("p", "Option " + *made.option +
                              (option == view.vignette.options.end() ? "" : ": " + option->second));
    }
    out += Said("Why, in the words of the model whose answer this is", made.rationale) +
           Said("Cautions, in the words of that model", made.cautions);
  } else {
    out +=
        "<p class=\"banner\"><strong>No recommendation</strong> " + Escaped(made.reason) + "</p>\n";
  }
  out += HowSure(made);
  if (recommends && !made.reason.empty()) out += Said("How it was decided", made.reason);
  return PageSection("recommendation", recommends ? "Recommendation" : "No recommendation", out);
}

std::string SafetySection(const Recommendation& made) {
  constexpr std::string_view kNotComplete =
      "The tables of rules that find these flags are not complete. Only what is recommended is "
      "checked, not the alternatives.";
  if (made.safety.empty()) {
    return PageSection("safety", "Safety",
                       Element("p", "No rule found anything.") + Element("p", kNotComplete));
  }
  std::vector<const SafetyFlag*> flags;
  for (const SafetyFlag& flag : made.safety) flags.push_back(&flag);
  std::stable_sort(flags.begin(), flags.end(), [](const SafetyFlag* a, const SafetyFlag* b) {
    return RankOf(a->severity) < RankOf(b->severity);
  });
  std::string out = "<ul class=\"flags\">\n";
  for (const SafetyFlag* flag : flags) {
    const bool known = RankOf(flag->severity) < 4;
    out += "<li" + (known ? " class=\"" + flag->severity + "\"" : "") +
           "><span class=\"severity\">" + Escaped(flag->severity) + "</span> <strong>" +
           Escaped(flag->code) + "</strong> " + Escaped(flag->text);
    if (!flag->ingredients.empty()) out += " (" + Escaped(IngredientsText(flag->ingredients)) + ")";
    if (!flag->rule.empty()) out += " <span class=\"rule\">rule " + Escaped(flag->rule) + "</span>";
    out += "</li>\n";
  }
  return PageSection("safety", "Safety", out + "</ul>\n" + Element("p", kNotComplete));
}

std::string AlternativesSection(const CaseView& view, const Recommendation& made) {
  const bool recommends = KindOf(view) == CardKind::kRecommends;
  html::Table table;
  table.columns = {
      {"Answer", false, ""},
      {"Support", true, "Share of the weight of the answers, 0 to 1."},
      {"Probability", true, "That it is right by the track record, before calibration."},
      {"Grade", true, "The best consensus grade of its answers, 0 to 1."},
      {"By", false, ""}};
  for (std::size_t i = recommends ? 1 : 0; i < made.candidates.size(); ++i) {
    const Candidate& one = made.candidates[i];
    std::string answer;
    for (const Medication& medication : RegimenOf(view, i)) {
      answer += (answer.empty() ? "" : " + ") + RegimenText(medication);
    }
    if (answer.empty()) answer = IngredientsText(one.ingredients);
    if (!one.known) answer += " (a name is not in the medication table)";
    table.rows.push_back({answer, ShareText(one.support), ShareText(one.probability),
                          ShareText(one.grade), Joined(one.models, ", ")});
  }
  if (table.rows.empty()) return "";
  const char* const heading = recommends ? "Alternatives" : "What was answered";
  return PageSection("alternatives", heading,
                     Element("p", "Not checked for safety.") + html::WriteTable(table, heading));
}

std::string DisagreementSection(const Recommendation& made) {
  std::vector<std::string> items = made.dissent;
  for (const FieldAgreement& field : made.agreement) {
    if (field.values.size() < 2) continue;
    items.push_back(field.field + ": " + ShareText(field.agreement) +
                    " of those who recommend this agree; stated were " +
                    Joined(field.values, " / "));
  }
  return PageSection("disagreement", "Disagreement", ItemsOf("plain", items));
}

std::string MissingSection(const Recommendation& made) {
  std::vector<std::string> items;
  for (const Absence& one : made.missing) {
    items.push_back(one.model + " (" + one.stage + "): " + one.why +
                    (one.text.empty() ? "" : ", " + one.text));
  }
  return PageSection("missing", "Not heard", ItemsOf("plain", items));
}

std::string RevisionsSection(const CaseView& view) {
  if (view.recommendations.size() < 2 && view.state != CaseState::kCancelled) return "";
  const bool withdrawn = KindOf(view) == CardKind::kWithdrawn;
  std::string out;
  for (const Recommendation& one : view.recommendations) {
    const bool decided = !one.medications.empty() || one.no_medication;
    const std::string said = decided ? IngredientsText(one.ingredients) : "no recommendation";
    const bool last = &one == &view.recommendations.back();
    // What does not hold any more is struck out, and said to be.
    const bool over = withdrawn || !last;
    out += "<li>Revision " + std::to_string(one.revision) + ", " +
           Escaped(kCaseStateNames[static_cast<std::size_t>(one.status)]) + ", " +
           Escaped(UtcText(one.decided_ms)) + ": ";
    if (one.status == CaseState::kCancelled) {
      out += "<strong>withdrawn</strong>";
    } else {
      out += over && decided ? "<s>" + Escaped(said) + "</s>" : Escaped(said);
      if (over) out += withdrawn ? " (withdrawn)" : " (replaced)";
    }
    out += "</li>\n";
  }
  return out.empty()
             ? ""
             : PageSection("revisions", "Revisions", "<ul class=\"plain\">\n" + out + "</ul>\n");
}

}  // namespace consilium
