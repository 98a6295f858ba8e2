#include "cli/render_chemistry.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/render_parts.h"

namespace consilium {
namespace {

using render::Field;
using render::Fixed;
using render::Section;
using render::Shown;

constexpr std::size_t kPairsShown = 10;
constexpr std::size_t kSynergyShown = 6;
constexpr double kAtOne = 1.0 - 1e-9;
constexpr double kPerfect = 0.9999;

std::string Of(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

const char* NameOf(ChemistryVariant variant) {
  return kChemistryVariantNames[static_cast<std::size_t>(variant)];
}

struct Pair {
  std::size_t a = 0;
  std::size_t b = 0;
  double value = 0.0;
};

// Strongest first, then in the order of names.
std::vector<Pair> PairsOf(const ChemistryMatrix& matrix) {
  std::vector<Pair> pairs;
  for (std::size_t a = 0; a < matrix.size(); ++a) {
    for (std::size_t b = a + 1; b < matrix.size(); ++b) pairs.push_back({a, b, matrix.at(a, b)});
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& x, const Pair& y) { return x.value > y.value; });
  return pairs;
}

constexpr std::size_t kCell = 5;
constexpr std::size_t kLabelLeast = 10;
constexpr std::size_t kBeside = 5;  // indent, number and space in front of a label

std::string Grid(const ChemistryMatrix& matrix, const Look& look) {
  const std::size_t n = matrix.size();
  std::size_t longest = 0;
  for (const std::string& model : matrix.models()) longest = std::max(longest, DisplayWidth(model));
  const std::size_t label = std::min(longest, look.width - kBeside - kCell * n);
  std::string head(kBeside + label, ' ');
  for (std::size_t b = 0; b < n; ++b) head += PadText(std::to_string(b + 1), kCell, true);
  std::string text = Paint(head, Tint::kDim, look) + "\n";
  for (std::size_t a = 0; a < n; ++a) {
    text +=
        "  " + PadText(std::to_string(a + 1), 2, true) + " " + PadText(matrix.models()[a], label);
    for (std::size_t b = 0; b < n; ++b) {
      text += PadText(a == b ? "." : Fixed(matrix.at(a, b), 2), kCell, true);
    }
    text += "\n";
  }
  return text;
}

template <class Iterator>
std::string PairTable(const ChemistryMatrix& matrix, Iterator first, Iterator last,
                      const std::string& title, const Look& look) {
  Table table({{"pair", false, true}, {"with", false, true}, {"chemistry", true}});
  for (Iterator pair = first; pair != last; ++pair) {
    table.Row({matrix.models()[pair->a], matrix.models()[pair->b], Fixed(pair->value, 6)});
  }
  return Section(title, look) + table.Text(look);
}

std::string Extremes(const ChemistryMatrix& matrix, const std::vector<Pair>& pairs,
                     const Look& look) {
  const std::string of = " of " + Of(pairs.size(), "pair");
  const std::size_t shown = std::min(kPairsShown, pairs.size());
  const auto count = static_cast<std::ptrdiff_t>(shown);
  return PairTable(matrix, pairs.begin(), pairs.begin() + count,
                   "The strongest " + std::to_string(shown) + of, look) +
         PairTable(matrix, pairs.rbegin(), pairs.rbegin() + count,
                   "The weakest " + std::to_string(shown), look);
}

std::string ProfileTable(const std::vector<ModelProfile>& profiles, const Look& look) {
  Table table({{"#", true}, {"model", false, true}, {"quality", true}, {"accuracy", true}});
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    table.Row({std::to_string(i + 1), profiles[i].model, Fixed(profiles[i].quality, 3),
               Fixed(profiles[i].accuracy, 4)});
  }
  return table.Text(look);
}

std::string TaskFields(const LoadedHistory& loaded, const Look& look) {
  std::string rows = Of(loaded.history.rows.size(), "row");
  if (loaded.table.bad_count > 0) {
    rows += "; " + std::to_string(loaded.table.bad_count) + " of the file were left out";
  }
  const bool best = loaded.basis == ProfileBasis::kBest;
  std::string text = Field("Task", loaded.history.task, look) + Field("History", rows, look) +
                     Field("Profiles",
                           best ? "of each model the row with the highest accuracy, as published"
                                : "of each model the mean over its rows",
                           look);
  const auto perfect = static_cast<std::size_t>(
      std::count_if(loaded.profiles.begin(), loaded.profiles.end(),
                    [](const ModelProfile& profile) { return profile.accuracy >= kPerfect; }));
  if (best && perfect >= 2 && 2 * perfect >= loaded.profiles.size()) {
    text += Field("Note",
                  std::to_string(perfect) + " of " + Of(loaded.profiles.size(), "model") +
                      " were once all but perfect; --profile mean tells them apart",
                  look, Tint::kYellow);
  }
  return text;
}

std::string SetFields(const Complementarity& measured, const Look& look) {
  return Field("Complement",
               Fixed(measured.index, 3) + " (hypervolume " + Fixed(measured.hypervolume, 3) +
                   ", diversity " + Fixed(measured.rao, 3) + ")",
               look);
}

std::string UtilityFields(const UtilityChoice& choice, const Look& look) {
  std::string text;
  if (choice.held_out) {
    text += Field("Held out",
                  Fixed(*choice.held_out, 3) + " on trials it was not chosen on; the single best " +
                      Shown(choice.held_out_single, 3),
                  look);
  }
  if (choice.advantage) {
    text += Field(
        "Advantage",
        Fixed(*choice.advantage, 3, true) + ", standard error " + Shown(choice.advantage_error, 3),
        look);
  }
  for (const std::string& sentence : choice.left_out) text += Field("Left out", sentence, look);
  return text;
}

}  // namespace

std::string RenderHistory(const LoadedHistory& loaded, const Look& look) {
  std::string text = TaskFields(loaded, look);
  if (!loaded.profiles.empty())
    text += Section("Models", look) + ProfileTable(loaded.profiles, look);
  return text + "\n";
}

std::string RenderMatrix(const ChemistryMatrix& matrix, ChemistryVariant variant,
                         double usage_threshold, const Look& look) {
  std::string text = Paint("Chemistry of " + Of(matrix.size(), "model") + ", variant " +
                               NameOf(variant) + ", usage threshold " + Fixed(usage_threshold, 2),
                           Tint::kBold, look) +
                     "\n";
  if (matrix.size() < 2) {
    return text + Field("Pairs",
                        "none: chemistry is between two models, and there " +
                            std::string(matrix.size() == 0 ? "are none" : "is one"),
                        look);
  }
  const std::vector<Pair> pairs = PairsOf(matrix);
  const std::size_t fitting = (look.width - kBeside - kLabelLeast) / kCell;
  text += matrix.size() <= fitting ? Grid(matrix, look) : Extremes(matrix, pairs, look);
  const auto ones = static_cast<std::size_t>(std::count_if(
      pairs.begin(), pairs.end(), [](const Pair& pair) { return pair.value >= kAtOne; }));
  if (variant == ChemistryVariant::kPublished && ones >= 2 && 2 * ones >= pairs.size()) {
    text += "\n" + Field("Note",
                         std::to_string(ones) + " of " + Of(pairs.size(), "pair") +
                             " are at 1, the most there is; --variant nonempty tells them apart",
                         look, Tint::kYellow);
  }
  return text;
}

std::string RenderSynergy(const ChemistryReport& report, const Look& look) {
  std::vector<const ChemistryPair*> pairs;
  for (const auto& row : report.pairs) {
    for (const ChemistryPair& pair : row) {
      if (pair.synergy) pairs.push_back(&pair);
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const ChemistryPair* a, const ChemistryPair* b) {
    return *a->synergy > *b->synergy;
  });
  const std::string title = "Synergy in " + std::to_string(report.cases) + " recorded trials" +
                            (pairs.size() > 2 * kSynergyShown ? ": the strongest and the weakest " +
                                                                    std::to_string(kSynergyShown)
                                                              : "");
  if (pairs.empty()) {
    return Section(title, look) +
           Field("Pairs", "none: no trial shows three models with a verdict", look);
  }
  Table table({{"pair", false, true},
               {"with", false, true},
               {"synergy", true},
               {"error", true},
               {"trials", true}});
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i >= kSynergyShown && i + kSynergyShown < pairs.size()) continue;
    table.Row({pairs[i]->a, pairs[i]->b, Shown(pairs[i]->synergy, 4, true),
               Shown(pairs[i]->synergy_error, 4), std::to_string(pairs[i]->synergy_cases)});
  }
  return Section(title, look) + table.Text(look);
}

std::string RenderRecommended(const RecommendedSet& set, const LoadedHistory& loaded,
                              const RecommendOptions& options, const Look& look) {
  std::string text =
      Paint("Strategy " + options.strategy + " recommends " + std::to_string(set.members.size()) +
                " of " + Of(loaded.profiles.size(), "model"),
            Tint::kBold, look) +
      "\n" + ProfileTable(set.members, look) + "\n";
  text += Field("Because", set.reason, look);
  if (set.loss) text += Field("Loss", Fixed(*set.loss, 6), look);
  text += Field("Expected",
                set.expected
                    ? Fixed(set.expected->mean, 3) + " on " + std::to_string(set.expected->cases) +
                          " recorded trials (1 = always right)"
                    : "not known: no trial has an answer of these models",
                look);
  if (set.utility) text += UtilityFields(*set.utility, look);
  return text + SetFields(set.complementarity, look) + TaskFields(loaded, look);
}

std::string RenderRanking(const std::vector<ModelProfile>& ranked, const std::vector<TopSet>& sets,
                          const LoadedHistory& loaded, const Look& look) {
  std::string text = Paint("Models by accuracy, then quality", Tint::kBold, look) + "\n";
  text += ranked.empty() ? Field("Models", "none", look) : ProfileTable(ranked, look);
  Table table({{"top", true},
               {"models", true},
               {"complementarity", true},
               {"hypervolume", true},
               {"diversity", true},
               {"", false, true}});
  for (const TopSet& set : sets) {
    const bool fewer = set.members.size() < static_cast<std::size_t>(set.k);
    table.Row({std::to_string(set.k), std::to_string(set.members.size()),
               Fixed(set.complementarity.index, 4), Fixed(set.complementarity.hypervolume, 4),
               Fixed(set.complementarity.rao, 4), fewer ? "all there are" : ""});
  }
  return text + Section("Sets of the best", look) + table.Text(look) + "\n" +
         TaskFields(loaded, look);
}

HeatMap MatrixMap(const ChemistryMatrix& matrix, ChemistryVariant variant,
                  const std::string& subtitle) {
  HeatMap map;
  map.title = std::string("Chemistry, variant ") + NameOf(variant);
  map.subtitle = subtitle;
  map.names = matrix.models();
  map.is_signed = false;
  map.values.resize(matrix.size() * matrix.size());
  for (std::size_t a = 0; a < matrix.size(); ++a) {
    for (std::size_t b = 0; b < matrix.size(); ++b) {
      if (a != b) map.values[a * matrix.size() + b] = matrix.at(a, b);
    }
  }
  return map;
}

}  // namespace consilium
