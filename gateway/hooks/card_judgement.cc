#include "gateway/hooks/card_judgement.h"

#include <algorithm>

namespace consilium {
namespace {

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

// As a word of its own: "estrogen" is not in "progestrogen".
bool Names(const std::string& text, const std::string& ingredient) {
  if (ingredient.empty()) return false;
  const std::string in = Lower(text);
  const std::string word = Lower(ingredient);
  for (std::size_t at = in.find(word); at != in.npos; at = in.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !IsLetter(in[at - 1])) && (end == in.size() || !IsLetter(in[end]))) return true;
  }
  return false;
}

bool IsGrave(const SafetyFlag& flag) {
  return flag.severity == "high" || flag.severity == "contraindicated";
}

}  // namespace

const Recommendation* LastRecommendation(const CaseView& view) {
  return view.recommendations.empty() ? nullptr : &view.recommendations.back();
}

CardKind KindOf(const CaseView& view) {
  const Recommendation* const last = LastRecommendation(view);
  if (view.state == CaseState::kCancelled ||
      (last != nullptr && last->status == CaseState::kCancelled)) {
    return CardKind::kWithdrawn;
  }
  if (last == nullptr || !IsFinal(view.state)) {
    return view.state == CaseState::kFailed ? CardKind::kFailed : CardKind::kRunning;
  }
  switch (last->status) {
    case CaseState::kComplete:
    case CaseState::kDegraded:
      // Nothing to give and nothing said about it is no recommendation.
      return last->no_medication || !last->medications.empty() ? CardKind::kRecommends
                                                               : CardKind::kAbstained;
    case CaseState::kInsufficient:
      return CardKind::kAbstained;
    default:
      return CardKind::kFailed;
  }
}

bool ContradictsDraft(const Recommendation& recommendation, const std::vector<DraftOrder>& drafts) {
  for (const SafetyFlag& flag : recommendation.safety) {
    if (flag.severity != "contraindicated") continue;
    for (const std::string& ingredient : flag.ingredients) {
      for (const DraftOrder& draft : drafts) {
        if (Names(draft.text, ingredient)) return true;
      }
    }
  }
  return false;
}

std::string IndicatorOf(const CaseView& view, const std::vector<DraftOrder>& drafts) {
  const CardKind kind = KindOf(view);
  if (kind == CardKind::kRunning) return "info";
  if (kind == CardKind::kWithdrawn) return "warning";
  const Recommendation* const last = LastRecommendation(view);
  if (last != nullptr) {
    if (ContradictsDraft(*last, drafts)) return "critical";
    if (std::any_of(last->safety.begin(), last->safety.end(), IsGrave)) return "warning";
  }
  return kind != CardKind::kRecommends && !drafts.empty() ? "warning" : "info";
}

std::vector<Medication> RegimenOf(const CaseView& view, std::size_t index) {
  const Recommendation* const last = LastRecommendation(view);
  if (last == nullptr || index >= last->candidates.size()) return {};
  const std::vector<std::string>& authors = last->candidates[index].models;
  const auto grade = [last](const std::string& model) {
    for (const ModelResult& result : last->models) {
      if (result.model == model) return result.grade.value_or(-1.0);
    }
    return -1.0;
  };
  const TaskView* best = nullptr;
  for (const TaskView& task : view.tasks) {
    if (task.task.stage != Stage::kGenerate || !task.outcome || !task.outcome->answer) continue;
    if (std::find(authors.begin(), authors.end(), task.task.model) == authors.end()) continue;
    if (best == nullptr || grade(task.task.model) > grade(best->task.model)) best = &task;
  }
  return best == nullptr ? std::vector<Medication>{} : best->outcome->answer->medications;
}

bool IsSimulated(const CaseView& view) {
  const Recommendation* const last = LastRecommendation(view);
  if (last != nullptr && last->simulated) return true;
  return std::any_of(view.tasks.begin(), view.tasks.end(),
                     [](const TaskView& task) { return task.outcome && task.outcome->simulated; });
}

}  // namespace consilium
