#include "cli/render.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/render_parts.h"
#include "cli/render_trust.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using render::Field;

std::size_t Answered(const Recommendation& recommendation) {
  return static_cast<std::size_t>(
      std::count_if(recommendation.models.begin(), recommendation.models.end(),
                    [](const ModelResult& model) { return model.stage_status == "ok"; }));
}

const Candidate* Winner(const Recommendation& recommendation) {
  return recommendation.candidates.empty() ? nullptr : &recommendation.candidates.front();
}

std::string SupportText(const Recommendation& recommendation) {
  if (!recommendation.support) return "";
  std::string text = ShareText(recommendation.support);
  if (const Candidate* winner = Winner(recommendation)) {
    text += ": " + std::to_string(winner->models.size()) + " of " +
            std::to_string(Answered(recommendation)) + " answers (" + Joined(winner->models, ", ") +
            ")";
  }
  return text;
}

std::string ConfidenceText(const Recommendation& recommendation) {
  if (recommendation.confidence) {
    return ShareText(recommendation.confidence) +
           (recommendation.confidence_note.empty() ? "" : ", " + recommendation.confidence_note);
  }
  return recommendation.confidence_note;
}

// "0.20", with what known outcomes make of it.
std::string WorthText(const Candidate& candidate) {
  std::string text = ShareText(candidate.support);
  if (candidate.probability) text += ", probability " + ShareText(candidate.probability);
  return text;
}

// Only what was judged: why it was not stands in the note of the confidence, and an abstention says
// it in its reason.
std::string JudgedRiskText(const Recommendation& recommendation) {
  const auto& record = recommendation.track_record;
  const bool judged = recommendation.confidence && record && record->risk_target < 1 &&
                      record->confidence_min && record->cases >= record->risk_needed;
  return judged ? RiskText(*record) : "";
}

std::string AgreementText(const Recommendation& recommendation) {
  std::vector<std::string> parts;
  for (const FieldAgreement& one : recommendation.agreement) {
    std::array<char, 16> share{};
    std::snprintf(share.data(), share.size(), " %.0f %%", one.agreement * 100);
    std::string part = one.field + share.data();
    if (one.values.size() > 1) part += " (" + Joined(one.values, " | ") + ")";
    parts.push_back(std::move(part));
  }
  return Joined(parts, "; ");
}

Tint SeverityTint(const std::string& severity) {
  if (severity == "contraindicated" || severity == "high") return Tint::kRed;
  return severity == "caution" ? Tint::kYellow : Tint::kPlain;
}

std::string MarkOf(const Recommendation& recommendation) {
  return recommendation.simulated ? "SIMULATED, not medical advice" : "";
}

}  // namespace

std::string MedicationText(const Medication& medication) {
  std::string text = medication.ingredient;
  const auto add = [&text](const std::string& part, std::string_view before) {
    if (!part.empty()) text += std::string(before) + part;
  };
  add(medication.dose, " ");
  if (!medication.dose.empty()) add(medication.unit, " ");
  add(medication.route, " ");
  add(medication.frequency, ", ");
  add(medication.duration, ", ");
  if (!medication.indication.empty()) text += " (for " + medication.indication + ")";
  return text;
}

std::string render::RecommendationBody(const Recommendation& recommendation, const Look& look) {
  std::string text;
  std::string_view label = "Recommend";
  for (const Medication& medication : recommendation.medications) {
    text += Field(label, MedicationText(medication), look, Tint::kBold);
    label = "";
  }
  if (recommendation.no_medication) text += Field(label, "no medication", look, Tint::kBold);
  if (recommendation.status == CaseState::kInsufficient) {
    text += Field("Abstains", recommendation.reason, look, Tint::kYellow);
  } else if (recommendation.status == CaseState::kFailed) {
    text += Field("Failed", recommendation.reason, look, Tint::kRed);
  } else if (recommendation.status == CaseState::kCancelled) {
    const bool withdrawn = recommendation.revision > 0;
    text += Field(withdrawn ? "Withdrawn" : "Cancelled", recommendation.reason, look,
                  withdrawn ? Tint::kRed : Tint::kPlain);
  } else {
    text += Field("Because", recommendation.reason, look);
  }
  if (recommendation.option) text += Field("Option", *recommendation.option, look);
  text += Field("Support", SupportText(recommendation), look);
  text += Field("Confidence", ConfidenceText(recommendation), look);
  text += Field("Risk", JudgedRiskText(recommendation), look);
  text += Field("Rationale", recommendation.rationale, look);
  text += Field("Cautions", recommendation.cautions, look);
  label = "Safety";
  for (const SafetyFlag& flag : recommendation.safety) {
    text += Field(label, flag.severity + " " + flag.code + ": " + flag.text, look,
                  SeverityTint(flag.severity));
    label = "";
  }
  label = "Instead";
  const bool chosen = !recommendation.medications.empty() || recommendation.no_medication;
  for (std::size_t i = chosen ? 1 : 0; i < recommendation.candidates.size(); ++i) {
    const Candidate& candidate = recommendation.candidates[i];
    text += Field(label,
                  IngredientsText(candidate.ingredients) + " " + WorthText(candidate) + " (" +
                      Joined(candidate.models, ", ") + ")" +
                      (candidate.known ? "" : " name not in the medication table"),
                  look);
    label = "";
  }
  text += Field("Agreement", AgreementText(recommendation), look);
  label = "Dissent";
  for (const std::string& sentence : recommendation.dissent) {
    text += Field(label, sentence, look);
    label = "";
  }
  label = "Missing";
  for (const Absence& absence : recommendation.missing) {
    std::string why = absence.model + " (" + absence.stage + "): " + absence.why;
    if (!absence.text.empty()) why += ", " + absence.text;
    text += Field(label, why, look, Tint::kYellow);
    label = "";
  }
  if (recommendation.score) {
    text += Field("Gold",
                  recommendation.score->exact ? "right (same ingredients)"
                                              : "not the same ingredients, overlap " +
                                                    ShareText(recommendation.score->jaccard),
                  look);
  }
  return text;
}

std::string RenderRecommendation(const Recommendation& recommendation, const Look& look) {
  std::string id = recommendation.case_id;
  if (recommendation.revision > 1) {
    id += " (revision " + std::to_string(recommendation.revision) + ")";
  }
  return render::Headline(id, recommendation.status, MarkOf(recommendation), look) +
         render::RecommendationBody(recommendation, look);
}

std::string RenderLine(const Recommendation& recommendation, std::string_view mark, Tint tint,
                       const Look& look) {
  constexpr std::size_t kIdCells = 12;
  constexpr std::size_t kStatusCells = 12;
  constexpr std::size_t kSupportCells = 4;
  constexpr std::size_t kMarkCells = 10;
  constexpr std::size_t kFixed = kIdCells + kStatusCells + kSupportCells + kMarkCells + 10;
  const bool decided = !recommendation.medications.empty() || recommendation.no_medication;
  const std::string answer =
      decided ? IngredientsText(recommendation.ingredients) : std::string("(no recommendation)");
  const std::size_t rest = look.width > kFixed + 8 ? look.width - kFixed : 8;
  return "  " + PadText(CleanText(recommendation.case_id), kIdCells) + "  " +
         Paint(PadText(render::StateName(recommendation.status), kStatusCells),
               render::StateTint(recommendation.status), look) +
         "  " + PadText(CleanText(answer), rest) + "  " +
         PadText(ShareText(recommendation.support), kSupportCells, /*right=*/true) + "  " +
         Paint(FitText(mark, kMarkCells), tint, look) + "\n";
}

}  // namespace consilium
