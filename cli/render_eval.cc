#include "cli/render_eval.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/render_parts.h"
#include "cli/report_cells.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using nlohmann::ordered_json;

std::string Fixed(const std::optional<double>& value, int digits) {
  if (!value) return "-";
  std::array<char, 64> text{};
  // What rounds to zero has no sign.
  const double shown = std::abs(*value) < 0.5 * std::pow(10.0, -digits) ? 0.0 : *value;
  std::snprintf(text.data(), text.size(), "%.*f", digits, shown);
  return text.data();
}

// "+0.035 (0.010)"
std::string Difference(const EvalMean& mean, const EvalMean& error) {
  if (!mean.mean) return "-";
  // What rounds to zero has no sign.
  const bool negative = *mean.mean <= -0.0005;
  return (negative ? "-" : "+") + Fixed(std::abs(*mean.mean), 3) + " (" + Fixed(error.mean, 3) +
         ")";
}

void AddSize(const EvalReport& report, std::size_t size, const Look& look, std::string& text) {
  Table scores({{"strategy", false, true},
                {"seats", true},
                {"outcome", true},
                {"error", true},
                {"weighted", true},
                {"covered", true},
                {"present", true},
                {"gap", true}});
  Table pairs({{"strategy", false, true},
               {"over random", true},
               {"over performance", true},
               {"over single", true}});
  for (const EvalRow& row : report.rows) {
    if (row.size != size) continue;
    scores.Row({row.strategy, Fixed(row.members.mean, 1), Fixed(row.outcome.mean, 3),
                Fixed(row.outcome.error, 3), Fixed(row.weighted.mean, 3),
                Fixed(row.coverage.mean, 2), Fixed(row.overlap.mean, 2), Fixed(row.gap.mean, 3)});
    pairs.Row({row.strategy, Difference(row.over_random, row.over_random_error),
               Difference(row.over_performance, row.over_performance_error),
               Difference(row.over_single, row.over_single_error)});
  }
  text += render::Section("Council of " + std::to_string(size), look);
  text += scores.Text(look) + "\n" + pairs.Text(look);
}

// The error that the splits do not show.
std::string OneHalf(const EvalReport& report) {
  const std::size_t half = report.trials - report.trials / 2;
  return "One half has " + std::to_string(half) +
         " trials: on it alone an outcome has a standard error of up to " +
         Fixed(0.5 / std::sqrt(static_cast<double>(half)), 3) + ".";
}

std::string Meaning(const EvalReport& report, const Look& look) {
  const auto field = [&](std::string_view label, const std::string& about) {
    return render::Field(label, about, look, Tint::kDim);
  };
  std::string text = render::Section("What the columns mean", look);
  text +=
      field("outcome",
            "mean over splits of the outcome of the held-out trials in which a member answered: "
            "right or wrong by the gold where it is known, else the grade of what the set would "
            "have recommended. Strategies so see different trials: compare by the second table.");
  text += field("error",
                "of the mean over splits. All splits share the same trials, so it says how "
                "firmly these splits fix the mean, not how far new trials would depart. " +
                    OneHalf(report));
  text += field("weighted",
                "the outcome where a trial counts by (share of the set that answered) to "
                "the third: nearer to what the whole set would do.");
  text += field("covered", "share of the held-out trials in which a member answered.");
  text += field("present", "mean share of the set that answered in these.");
  text += field("gap",
                "what the oracle is better by. The oracle is the set of this size that is best "
                "on the held-out trials themselves: a bound, not a strategy.");
  text += field("over ...",
                "mean paired difference over common trials, in brackets the standard error "
                "over the trials of one half; one that is not twice its error proves "
                "little.");
  text += field("mind",
                "trials of one and the same problem may stand in both halves. Where a history "
                "repeats its problems, this compares strategies on problems seen before, and its "
                "errors are too small for new ones.");
  return text;
}

ordered_json PairJson(const EvalMean& mean, const EvalMean& trial_error) {
  return {{"mean", JsonOf(mean.mean)},
          {"trial_error", JsonOf(trial_error.mean)},
          {"split_error", JsonOf(mean.error)}};
}

}  // namespace

std::string RenderEval(const EvalReport& report, const Look& look) {
  std::string text = render::Field("Task", report.task, look);
  text += render::Field("Trials",
                        std::to_string(report.trials) + " of " + std::to_string(report.models) +
                            " models, halved " + std::to_string(report.rules.splits) +
                            " times, seed " + std::to_string(report.rules.seed),
                        look);
  for (const std::size_t size : report.rules.sizes) AddSize(report, size, look, text);
  return text + Meaning(report, look);
}

std::string EvalToJson(const EvalReport& report) {
  ordered_json json = {{"file", report.file},         {"task", report.task},
                       {"trials", report.trials},     {"models", report.models},
                       {"bad_rows", report.bad_rows}, {"splits", report.rules.splits},
                       {"seed", report.rules.seed},   {"results", ordered_json::array()}};
  for (const EvalRow& row : report.rows) {
    json["results"].push_back(
        {{"size", row.size},
         {"strategy", row.strategy},
         {"members", JsonOf(row.members.mean)},
         {"outcome", JsonOf(row.outcome.mean)},
         {"outcome_error", JsonOf(row.outcome.error)},
         {"weighted", JsonOf(row.weighted.mean)},
         {"weighted_error", JsonOf(row.weighted.error)},
         {"covered", JsonOf(row.coverage.mean)},
         {"present", JsonOf(row.overlap.mean)},
         {"gap", JsonOf(row.gap.mean)},
         {"gap_error", JsonOf(row.gap.error)},
         {"over_random", PairJson(row.over_random, row.over_random_error)},
         {"over_performance", PairJson(row.over_performance, row.over_performance_error)},
         {"over_single", PairJson(row.over_single, row.over_single_error)}});
  }
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string EvalToCsv(const EvalReport& report) {
  std::string text =
      "split,size,strategy,models,members,trials,outcome,weighted,covered,present,"
      "random_trials,over_random,over_random_error,performance_trials,over_performance,"
      "over_performance_error,single_trials,over_single,over_single_error\n";
  const auto pair = [](const EvalDifference& difference) {
    return "," + std::to_string(difference.trials) + "," + CsvCell(difference.mean) + "," +
           CsvCell(difference.error);
  };
  for (std::size_t split = 0; split < report.splits.size(); ++split) {
    for (const EvalScore& score : report.splits[split]) {
      // No name of a model or strategy needs quotes (CheckModelName).
      text += std::to_string(split) + "," + std::to_string(score.size) + "," + score.strategy +
              "," + Joined(score.models, ";") + "," + CsvCell(score.members) + "," +
              CsvCell(score.trials) + "," + CsvCell(score.outcome) + "," + CsvCell(score.weighted) +
              "," + CsvCell(score.coverage) + "," + CsvCell(score.overlap) +
              pair(score.over_random) + pair(score.over_performance) + pair(score.over_single) +
              "\n";
    }
  }
  return text;
}

}  // namespace consilium
