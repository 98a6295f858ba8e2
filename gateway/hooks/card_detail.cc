#include "gateway/hooks/card_detail.h"

#include <algorithm>

#include "gateway/hooks/card_escape.h"
#include "gateway/hooks/card_judgement.h"
#include "shared/number_text.h"
#include "shared/shown_text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

constexpr std::size_t kItemsMax = 16;  // of one list; the page of the case has all
constexpr std::size_t kModelsMax = 32;
constexpr std::size_t kToTheMinute = 16;  // of a time: "2026-11-28 10:15"

std::string Paragraph(const std::string& label, const std::string& text) {
  return text.empty() ? "" : "**" + label + ":** " + text + "\n\n";
}

// `items` are Markdown.
std::string List(const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string text = "**" + title + "**\n\n";
  for (std::size_t i = 0; i < items.size() && i < kItemsMax; ++i) text += "- " + items[i] + "\n";
  if (items.size() > kItemsMax) {
    text += "- and " + std::to_string(items.size() - kItemsMax) + " more\n";
  }
  return text + "\n";
}

std::string Options(const Recommendation& last, bool recommends) {
  std::vector<std::string> items;
  for (std::size_t i = recommends ? 1 : 0; i < last.candidates.size(); ++i) {
    const Candidate& one = last.candidates[i];
    std::string item =
        MarkdownLine(IngredientsText(one.ingredients), 300) + ": support " + ShareText(one.support);
    if (one.grade) item += ", grade " + ShareText(one.grade);
    item += ", by " + MarkdownLine(Joined(one.models, ", "), 300);
    if (!one.known) item += "; a name is not in the medication table";
    items.push_back(item);
  }
  return List(recommends ? "Other options (not screened for safety)" : "What was answered", items);
}

std::string Safety(const Recommendation& last) {
  std::vector<std::string> items;
  for (const SafetyFlag& flag : last.safety) {
    std::string item = "**" + MarkdownLine(flag.severity, 40) + "** " +
                       MarkdownLine(flag.code, 60) + ": " + MarkdownLine(flag.text, 400);
    if (!flag.rule.empty()) item += " (rule " + MarkdownLine(flag.rule, 120) + ")";
    items.push_back(item);
  }
  if (!items.empty()) return List("Safety", items);
  return "**Safety:** no flag of the safety tables, which are not complete\n\n";
}

std::string Models(const Recommendation& last) {
  if (last.models.empty()) return "";
  std::string text =
      "**Each model**\n\n| model | state | answer | grade |\n| --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < last.models.size() && i < kModelsMax; ++i) {
    const ModelResult& one = last.models[i];
    std::string name = MarkdownLine(one.model, 120);
    if (!one.model_served.empty() && one.model_served != one.model) {
      name += " (" + MarkdownLine(one.model_served, 120) + ")";
    }
    if (one.simulated) name += " SIMULATED";
    const bool answered = one.stage_status == "ok";
    text += "| " + name + " | " + MarkdownLine(one.stage_status, 40) + " | " +
            (answered ? MarkdownLine(IngredientsText(one.ingredients), 200) : "-") + " | " +
            ShareText(one.grade) + " |\n";
  }
  if (last.models.size() > kModelsMax) {
    text += "\n" + std::to_string(last.models.size() - kModelsMax) + " more models\n";
  }
  return text + "\n";
}

std::string Agreement(const Recommendation& last) {
  std::vector<std::string> items;
  for (const FieldAgreement& field : last.agreement) {
    if (field.values.size() < 2) continue;
    items.push_back(MarkdownLine(field.field, 80) + ": " + ShareText(field.agreement) + " agree; " +
                    MarkdownLine(Joined(field.values, " / "), 300));
  }
  for (const std::string& sentence : last.dissent) items.push_back(MarkdownLine(sentence, 600));
  return List("Disagreement", items);
}

std::string Missing(const Recommendation& last) {
  std::vector<std::string> items;
  for (const Absence& one : last.missing) {
    items.push_back(MarkdownLine(one.model, 120) + " (" + MarkdownLine(one.stage, 40) +
                    "): " + MarkdownLine(one.why, 60));
  }
  return List("Not heard", items);
}

std::string Inputs(const CaseView& view) {
  const Patient& patient = view.vignette.patient;
  std::vector<std::string> used;
  std::vector<std::string> unknown;
  const auto add = [&](bool is_known, const std::string& name, const std::string& text) {
    is_known ? used.push_back(text) : unknown.push_back(name);
  };
  add(patient.age.has_value(), "age", "age " + ShortestDecimal(patient.age.value_or(0)));
  add(patient.sex.has_value(), "sex", MarkdownLine(patient.sex.value_or(""), 40));
  add(patient.pregnant.has_value(), "pregnancy",
      patient.pregnant.value_or(false) ? "pregnant" : "not pregnant");
  add(patient.egfr.has_value(), "eGFR",
      "eGFR " + ShortestDecimal(patient.egfr.value_or(0)) + " mL/min/1.73 m2");
  add(patient.weight_kg.has_value(), "weight",
      "weight " + ShortestDecimal(patient.weight_kg.value_or(0)) + " kg");
  add(!patient.allergies.empty(),
      "allergies (none stated, which does not mean that there are none)",
      "allergies: " + MarkdownLine(Joined(patient.allergies, ", "), 600));
  add(!patient.medications.empty(), "current medications (none stated)",
      "takes: " + MarkdownLine(Joined(patient.medications, ", "), 600));
  std::string text = Paragraph("Used of the patient", Joined(used, "; "));
  text += Paragraph("Not known", Joined(unknown, "; "));
  if (!view.vignette.text.empty()) {
    text += Paragraph("Case text", std::to_string(Utf8Characters(view.vignette.text)) +
                                       " characters, on the page of the case");
  }
  return text;
}

// A place in the request, as code; one with anything else in it is text like any other.
std::string Place(const std::string& where) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.[]-";
  if (where.size() > 160 || where.find_first_not_of(kAllowed) != where.npos) {
    return MarkdownLine(where, 160);
  }
  return "`" + where + "`";
}

std::string Call(const CardCall& call) {
  std::vector<std::string> orders;
  for (const DraftOrder& draft : call.drafts) {
    std::string order = MarkdownLine(draft.text, 300);
    if (!draft.dosage.empty()) order += ", " + MarkdownLine(draft.dosage, 300);
    orders.push_back(order);
  }
  std::vector<std::string> remarks;
  for (const Remark& remark : call.remarks) {
    std::string item = MarkdownLine(remark.code, 60);
    if (!remark.where.empty()) item += " at " + Place(remark.where);
    remarks.push_back(item + ": " + MarkdownLine(remark.text, 300));
  }
  return List("About to be ordered", orders) + List("Data that could not be used", remarks);
}

std::string Versions(const CaseView& view, const Recommendation* last) {
  std::string text = "Case " + MarkdownLine(view.id, 128);
  if (last != nullptr) {
    text += ", revision " + std::to_string(last->revision);
    if (last->decided_ms > 0) {
      text += ", decided " + UtcText(last->decided_ms).substr(0, kToTheMinute) + " UTC";
    }
  }
  text += ". Consilium " CONSILIUM_VERSION;
  if (last != nullptr && !last->medication_table.empty()) {
    text += ", medication table " + MarkdownLine(last->medication_table.substr(0, 12), 12);
  }
  std::vector<std::string> prompts;
  for (const TaskView& task : view.tasks) {
    if (!task.outcome || task.outcome->prompt_version.empty()) continue;
    const std::string& version = task.outcome->prompt_version;
    if (std::find(prompts.begin(), prompts.end(), version) == prompts.end()) {
      prompts.push_back(version);
    }
  }
  if (!prompts.empty()) text += ", prompts " + MarkdownLine(Joined(prompts, ", "), 200);
  return text + ".\n";
}

std::string Head(const CaseView& view) {
  std::string text;
  if (IsSimulated(view)) {
    text = "**SIMULATED:** at least one answer comes from no real model. Not medical advice.\n\n";
  }
  return text +
         "AI-generated decision support of a council of language models, to be reviewed by a "
         "clinician who decides. Not for emergencies.\n\n";
}

std::string Recommended(const Recommendation& last) {
  std::vector<std::string> items;
  for (const Medication& one : last.medications)
    items.push_back(MarkdownLine(RegimenText(one), 500));
  if (last.no_medication) items.emplace_back("no medication");
  std::string text = List("Recommended", items);
  if (last.option) text += Paragraph("Option", MarkdownLine(*last.option, 40));
  text += Paragraph("Why", MarkdownLine(last.rationale, 3000));
  text += Paragraph("Cautions", MarkdownLine(last.cautions, 1500));
  return text;
}

std::string Numbers(const Recommendation& last) {
  std::string text;
  if (last.support) text = "support " + ShareText(last.support);
  if (last.confidence)
    text += (text.empty() ? "" : ", ") + std::string("confidence ") + ShareText(last.confidence);
  if (!last.confidence_note.empty()) {
    text += (text.empty() ? "" : "; ") + MarkdownLine(last.confidence_note, 400);
  }
  return Paragraph("How sure", text);
}

}  // namespace

std::string DosageText(const Medication& medication) {
  std::string text;
  const auto add = [&text](const std::string& part, std::string_view before) {
    if (part.empty()) return;
    if (!text.empty()) text += before;
    text += part;
  };
  add(medication.dose, "");
  if (!medication.dose.empty()) add(medication.unit, " ");
  add(medication.route, " ");
  add(medication.frequency, ", ");
  add(medication.duration, ", ");
  return text;
}

std::string RegimenText(const Medication& medication) {
  std::string text = medication.ingredient;
  const std::string dosage = DosageText(medication);
  if (!dosage.empty()) text += " " + dosage;
  if (!medication.indication.empty()) text += " (for " + medication.indication + ")";
  return text;
}

std::string CardDetail(const CaseView& view, const CardCall& call) {
  const CardKind kind = KindOf(view);
  const Recommendation* const last = LastRecommendation(view);
  std::string text = Head(view);
  if (kind == CardKind::kRunning) {
    text +=
        "The council has not decided yet. The page of the case shows its answer as soon as "
        "there is one; so does this service when it is called again.\n\n";
  } else if (kind == CardKind::kWithdrawn) {
    text +=
        "This case was withdrawn: what it was made from was replaced or retracted. Nothing of "
        "an earlier recommendation holds.\n\n";
    text += Call(call) + Versions(view, last);
    return text;
  } else if (last != nullptr) {
    if (kind == CardKind::kRecommends) text += Recommended(*last);
    text += Paragraph(kind == CardKind::kRecommends ? "Decided" : "Why nothing is recommended",
                      MarkdownLine(last->reason, 800));
    text += Numbers(*last) + Safety(*last) + Options(*last, kind == CardKind::kRecommends) +
            Models(*last) + Agreement(*last) + Missing(*last);
  }
  text += Call(call) + Inputs(view) + Versions(view, last);
  if (text.size() <= kDetailBytesMax) return text;
  // Whole blocks only: what is cut inside of a table is none.
  const std::size_t end = text.rfind("\n\n", kDetailBytesMax - 200);
  return text.substr(0, end == text.npos ? 0 : end) +
         "\n\nThe rest is on the page of the case.\n\n" + Versions(view, last);
}

}  // namespace consilium
