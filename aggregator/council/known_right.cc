#include "aggregator/council/known_right.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/council/coding.h"

namespace consilium {
namespace {

using Set = std::vector<std::string>;

bool IsSame(const Set& a, const std::optional<std::string>& a_option, const Set& b,
            const std::optional<std::string>& b_option) {
  if (a != b) return false;
  return !a.empty() || !a_option || !b_option || *a_option == *b_option;
}

// Of a recommendation that recommended something.
const Recommendation* FindRecommended(const CaseView& view, std::int64_t revision) {
  for (const Recommendation& rec : view.recommendations) {
    if (rec.revision != revision) continue;
    const bool recommends =
        rec.status == CaseState::kComplete || rec.status == CaseState::kDegraded;
    return recommends ? &rec : nullptr;
  }
  return nullptr;
}

std::optional<OutcomeVoice> VoiceOf(const CaseOutcome& outcome, const CaseView& view,
                                    const MedicationTable& table) {
  OutcomeVoice voice;
  voice.by = outcome.by;
  voice.verdict = outcome.verdict;
  if (outcome.verdict != CaseOutcomeVerdict::kAccepted && outcome.medications) {
    voice.right = CodeNames(*outcome.medications, table).ingredients;
    return voice;
  }
  const Recommendation* rec = FindRecommended(view, outcome.revision);
  if (rec == nullptr || outcome.verdict == CaseOutcomeVerdict::kStated) return std::nullopt;
  (outcome.verdict == CaseOutcomeVerdict::kAccepted ? voice.right : voice.wrong) = rec->ingredients;
  voice.option = rec->option;
  return voice;
}

bool Disagree(const OutcomeVoice& a, const OutcomeVoice& b) {
  if (a.right && b.right) return !IsSame(*a.right, a.option, *b.right, b.option);
  if (a.right && b.wrong) return IsSame(*a.right, a.option, *b.wrong, b.option);
  if (a.wrong && b.right) return Disagree(b, a);
  return false;  // two wrong sets may be two
}

KnownStatus StatusOf(const std::vector<OutcomeVoice>& voices) {
  bool right = false;
  for (std::size_t i = 0; i < voices.size(); ++i) {
    right = right || voices[i].right.has_value();
    for (std::size_t j = i + 1; j < voices.size(); ++j) {
      if (Disagree(voices[i], voices[j])) return KnownStatus::kContradictory;
    }
  }
  return right ? KnownStatus::kRight : KnownStatus::kWrong;
}

}  // namespace

std::optional<KnownRight> JudgeOutcomes(const CaseView& view, const MedicationTable& table) {
  KnownRight known;
  known.outcomes = static_cast<std::int64_t>(view.outcomes.size());
  if (view.gold_medications) {
    OutcomeVoice gold;
    gold.by = kGoldVoice;
    gold.right = CodeNames(*view.gold_medications, table).ingredients;
    known.voices.push_back(std::move(gold));
  }
  for (auto outcome = view.outcomes.begin(); outcome != view.outcomes.end(); ++outcome) {
    const bool spoke_again =
        std::any_of(outcome + 1, view.outcomes.end(),
                    [&outcome](const CaseOutcome& later) { return later.by == outcome->by; });
    if (spoke_again) continue;
    if (auto voice = VoiceOf(*outcome, view, table)) known.voices.push_back(std::move(*voice));
  }
  if (known.voices.empty()) return std::nullopt;
  known.status = StatusOf(known.voices);
  return known;
}

std::optional<bool> IsRight(const Candidate& candidate, const KnownRight& known) {
  if (known.status == KnownStatus::kContradictory) return std::nullopt;
  std::optional<bool> right;
  for (const OutcomeVoice& voice : known.voices) {
    const std::optional<Set>& set = voice.right ? voice.right : voice.wrong;
    if (!set) continue;
    const bool same = IsSame(*set, voice.option, candidate.ingredients, candidate.option);
    if (voice.right) {
      // One that names an option says more than one that does not.
      right = right.value_or(true) && same;
    } else if (same) {
      right = false;
    }
  }
  return right;
}

}  // namespace consilium
