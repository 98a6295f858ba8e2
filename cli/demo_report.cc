#include "cli/demo_report.h"

#include <array>
#include <cstdio>

#include "cli/render_parts.h"

namespace consilium {
namespace {

std::string OneDigit(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

double Average(const DemoScore& score, Verdict verdict) {
  if (score.models.empty()) return 0;
  double sum = 0;
  for (const auto& [model, counts] : score.models) sum += static_cast<double>(counts.of(verdict));
  return sum / static_cast<double>(score.models.size());
}

std::string StatesText(const Tally& tally) {
  std::string text;
  for (const CaseState state :
       {CaseState::kComplete, CaseState::kDegraded, CaseState::kInsufficient, CaseState::kFailed}) {
    const auto found = tally.states.find(state);
    const std::size_t count = found == tally.states.end() ? 0 : found->second;
    text += std::string(render::StateName(state)) + " " + std::to_string(count) + ", ";
  }
  return text + "refused " + std::to_string(tally.refused);
}

// The share of right answers among those that were given at all.
std::string RightOfGiven(double right, double given) {
  if (given <= 0) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f %%", 100 * right / given);
  return text.data();
}

struct Measure {
  Verdict verdict;
  std::string_view what;
};

}  // namespace

std::string DemoSummary(const DemoScore& score, const Tally& tally, std::chrono::milliseconds took,
                        const Look& look) {
  static constexpr std::array<Measure, 5> kMeasures{
      {{Verdict::kRight, "right: exactly the gold ingredients"},
       {Verdict::kAcceptable, "acceptable: a stated alternative"},
       {Verdict::kWrong, "wrong: anything else"},
       {Verdict::kUnsafe, "unsafe: has a must-not medication"},
       {Verdict::kAbstained, "abstained: gave no recommendation"}}};
  std::string text = render::Section("Summary", look);
  const std::size_t open = tally.total - tally.ended - tally.refused;
  text += render::Field("Cases",
                        std::to_string(tally.ended) + " of " + std::to_string(tally.total) +
                            " ended: " + StatesText(tally),
                        look);
  if (open > 0) {
    text += render::Field("Not ended", std::to_string(open) + " when the time was up", look,
                          Tint::kRed);
  }
  const std::string best = score.BestModel();
  Table table({{"of " + std::to_string(score.cases) + " cases", false, false},
               {"council", true, false},
               {best.empty() ? "best model" : best, true, true},
               {"average model", true, false}});
  const auto found = score.models.find(best);
  for (const Measure& measure : kMeasures) {
    table.Row(
        {std::string(measure.what), std::to_string(score.council.of(measure.verdict)),
         found == score.models.end() ? "-" : std::to_string(found->second.of(measure.verdict)),
         OneDigit(Average(score, measure.verdict))});
  }
  const auto given = [&score](double abstained) {
    return static_cast<double>(score.cases) - abstained;
  };
  const auto share = [&](const VerdictCounts& counts) {
    return RightOfGiven(static_cast<double>(counts.of(Verdict::kRight)),
                        given(static_cast<double>(counts.of(Verdict::kAbstained))));
  };
  table.Row(
      {"right of those it answered", share(score.council),
       found == score.models.end() ? "-" : share(found->second),
       RightOfGiven(Average(score, Verdict::kRight), given(Average(score, Verdict::kAbstained)))});
  text += "\n" + table.Text(look) + "\n";
  text += render::Field(
      "Measure",
      "sets of ingredients after normalisation with the medication table; dose is not scored. Each "
      "case counts once, unsafe first." +
          (best.empty() ? std::string()
                        : " " + best + " is the best single model in hindsight, by right answers."),
      look);
  text += render::Field("Calls", std::to_string(score.calls) + " (answers and reviews)", look);
  text += render::Field("Wall time",
                        render::Duration(static_cast<double>(took.count())) +
                            " from the first submission to the last recommendation",
                        look);
  text += render::Field("Note",
                        std::to_string(score.simulated) + " of " + std::to_string(score.cases) +
                            " recommendations come from SIMULATED models, whose skill is set in "
                            "configs/demo/cluster.toml, as is the limit for abstaining, chosen on "
                            "these same cases. The figures show that the machinery works; they say "
                            "nothing about real models or patients.",
                        look, Tint::kBold);
  return text;
}

}  // namespace consilium
