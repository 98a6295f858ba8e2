#include "gateway/hooks/cards.h"

#include <algorithm>

#include "gateway/hooks/card_detail.h"
#include "gateway/hooks/card_escape.h"
#include "gateway/hooks/card_judgement.h"
#include "gateway/hooks/json_text.h"
#include "gateway/hooks/proposal.h"
#include "gateway/hooks/uuid.h"

namespace consilium {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kSummaryMax = 139;  // "<140-character"
constexpr std::size_t kLabelMax = 120;
constexpr std::size_t kSuggestionsMax = 8;

std::string Names(const std::vector<Medication>& medications) {
  std::string text;
  for (const Medication& one : medications) {
    if (!text.empty()) text += " + ";
    text += one.ingredient;
  }
  return text;
}

std::string WorstFlag(const Recommendation& last) {
  for (const char* severity : {"contraindicated", "high"}) {
    for (const SafetyFlag& flag : last.safety) {
      if (flag.severity == severity) return std::string(severity) + " (" + flag.code + ")";
    }
  }
  return "";
}

std::string Summary(const CaseView& view, const CardCall& call) {
  const Recommendation* const last = LastRecommendation(view);
  std::string text = IsSimulated(view) ? "SIMULATED: " : "";
  switch (KindOf(view)) {
    case CardKind::kRunning:
      text += "The medication council sits; its answer will be on the page of the case";
      break;
    case CardKind::kWithdrawn:
      text += "Withdrawn: the data behind this recommendation was replaced or retracted";
      break;
    case CardKind::kFailed:
      text += "The medication council could not answer";
      break;
    case CardKind::kAbstained:
      text += "The medication council abstains";
      if (last != nullptr && ContradictsDraft(*last, call.drafts)) {
        text += ": an ordered medication is contraindicated";
      } else if (last != nullptr && !WorstFlag(*last).empty()) {
        text += ": its leading answer is " + WorstFlag(*last);
      }
      break;
    case CardKind::kRecommends: {
      const std::string flag = WorstFlag(*last);
      const std::string head = flag.empty() ? "" : "Safety flag " + flag + ". ";
      text += head + "Council recommends ";
      text += last->no_medication ? "no medication" : Names(last->medications);
      break;
    }
  }
  return PlainLine(text, kSummaryMax);
}

ordered_json Suggestion(const std::vector<Medication>& medications, bool recommended,
                        const std::string& uuid, const ProposalFrame& frame) {
  ordered_json actions = ordered_json::array();
  for (const Medication& one : medications) {
    const std::string id = NameUuid("request|" + uuid + "|" + std::to_string(actions.size()));
    actions.push_back(
        {{"type", "create"},
         {"description", PlainLine("Draft a proposal for " + RegimenText(one), kLabelMax * 2)},
         {"resource", DraftProposal(one, frame, id)}});
  }
  std::string label = frame.simulated ? "SIMULATED: draft " : "Draft ";
  label += Names(medications);
  if (!recommended) label += " (alternative)";
  return {{"label", PlainLine(label, kLabelMax)},
          {"uuid", uuid},
          {"isRecommended", recommended},
          {"actions", actions}};
}

// The recommended regimen first, then screened alternatives.
void AddSuggestions(const CaseView& view, const CardCall& call, ordered_json& card,
                    ShownCard& shown) {
  const Recommendation& last = *LastRecommendation(view);
  struct Choice {
    std::vector<Medication> medications;
    bool recommended;
  };
  std::vector<Choice> choices = {{last.medications, true}};
  for (const std::size_t index : call.screened) {
    // The first candidate is the one recommended.
    if (index == 0 || index >= last.candidates.size() || !last.candidates[index].known) continue;
    choices.push_back({RegimenOf(view, index), false});
  }
  ProposalFrame frame;
  frame.patient = call.patient;
  frame.encounter = call.encounter;
  frame.case_id = view.id;
  frame.revision = last.revision;
  frame.simulated = IsSimulated(view);
  ordered_json suggestions = ordered_json::array();
  for (const Choice& choice : choices) {
    if (choice.medications.empty() || suggestions.size() >= kSuggestionsMax) continue;
    const bool named =
        std::all_of(choice.medications.begin(), choice.medications.end(),
                    [](const Medication& one) { return !CleanLine(one.ingredient).empty(); });
    if (!named) continue;
    ShownSuggestion one;
    one.uuid = NameUuid("suggestion|" + shown.uuid + "|" + std::to_string(suggestions.size()));
    one.recommended = choice.recommended;
    for (const Medication& medication : choice.medications) {
      one.medications.push_back(CleanLine(medication.ingredient, 200));
    }
    suggestions.push_back(Suggestion(choice.medications, choice.recommended, one.uuid, frame));
    shown.suggestions.push_back(std::move(one));
  }
  if (suggestions.empty()) return;
  card["suggestions"] = std::move(suggestions);
  card["selectionBehavior"] = "at-most-one";
}

ordered_json Source(const CardSettings& settings) {
  ordered_json source = {{"label", PlainLine(settings.source, kLabelMax)}};
  if (!settings.source_url.empty()) source["url"] = settings.source_url;
  return source;
}

}  // namespace

const std::vector<OverrideReason>& OverrideReasons() {
  static const std::vector<OverrideReason> reasons = {
      {"other-medication", "Another medication was chosen"},
      {"contraindicated", "Contraindicated in this patient"},
      {"already-treated", "Already treated"},
      {"patient-declined", "The patient declined"},
      {"data-wrong", "Based on wrong or missing data"},
      {"disagree", "Disagree with the recommendation"},
  };
  return reasons;
}

WrittenCards WriteNotice(const std::string& why, const CardSettings& settings) {
  ordered_json card = {{"uuid", NameUuid("notice|" + why)},
                       {"summary", "The medication council could not be asked"},
                       {"detail", "**No answer.** " + MarkdownLine(why) +
                                      " Nothing here speaks for or against any medication."},
                       {"indicator", "info"},
                       {"source", Source(settings)}};
  return {JsonBytes({{"cards", ordered_json::array({std::move(card)})}}), {}};
}

WrittenCards NoCards() { return {JsonBytes({{"cards", ordered_json::array()}}), {}}; }

namespace {

void AddCard(const CaseView& view, const CardCall& call, const CardSettings& settings,
             ordered_json& cards, std::vector<ShownCard>& all) {
  const CardKind kind = KindOf(view);
  const Recommendation* const last = LastRecommendation(view);
  ShownCard shown;
  shown.case_id = view.id;
  shown.revision = kind == CardKind::kRunning || last == nullptr ? 0 : last->revision;
  shown.recommends = kind == CardKind::kRecommends;
  shown.uuid = NameUuid("card|" + view.id + "|" + std::to_string(shown.revision) + "|0");

  ordered_json card = {{"uuid", shown.uuid},
                       {"summary", Summary(view, call)},
                       {"detail", CardDetail(view, call)},
                       {"indicator", IndicatorOf(view, call.drafts)},
                       {"source", Source(settings)}};
  if (kind == CardKind::kRecommends) {
    if (!last->no_medication) AddSuggestions(view, call, card, shown);
    ordered_json reasons = ordered_json::array();
    for (const OverrideReason& reason : OverrideReasons()) {
      reasons.push_back(
          {{"code", reason.code}, {"system", kOverrideReasonSystem}, {"display", reason.display}});
    }
    card["overrideReasons"] = std::move(reasons);
  }
  if (!settings.case_url.empty()) {
    card["links"] = ordered_json::array(
        {{{"label", "Open the case"}, {"url", settings.case_url + view.id}, {"type", "absolute"}}});
  }
  cards.push_back(std::move(card));
  all.push_back(std::move(shown));
}

}  // namespace

WrittenCards WriteCards(const std::vector<CaseView>& views, const CardCall& call,
                        const CardSettings& settings) {
  WrittenCards written;
  ordered_json cards = ordered_json::array();
  for (const CaseView& view : views) AddCard(view, call, settings, cards, written.shown);
  written.json = JsonBytes({{"cards", std::move(cards)}});
  return written;
}

WrittenCards WriteCards(const CaseView& view, const CardCall& call, const CardSettings& settings) {
  return WriteCards(std::vector<CaseView>{view}, call, settings);
}

}  // namespace consilium
