#include "cli/render_policies.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/render_parts.h"
#include "cli/report_cells.h"

namespace consilium {
namespace {

using nlohmann::ordered_json;

std::string Share(const std::optional<double>& value) { return render::Shown(value, 3); }

std::string Signed(double value) {
  // What rounds to zero has no sign.
  if (std::abs(value) < 0.0005) return "0.000";
  return (value < 0 ? "-" : "+") + render::Fixed(std::abs(value), 3);
}

std::string Between(const std::optional<Interval>& interval, bool sign) {
  if (!interval) return "-";
  return sign ? Signed(interval->low) + " .. " + Signed(interval->high)
              : render::Fixed(interval->low, 3) + " .. " + render::Fixed(interval->high, 3);
}

std::string NameOf(const PolicySummary& row) {
  std::string name(kPolicyNames[static_cast<std::size_t>(row.policy)]);
  for (char& letter : name) letter = letter == '_' ? ' ' : letter;
  return name;
}

std::string Accuracies(const PolicyReport& report, const Look& look) {
  Table table({{"policy", false, true},
               {"k", true},
               {"right", true},
               {"95 %", true},
               {"to best single", true},
               {"95 %", true}});
  for (const PolicySummary& row : report.rows) {
    table.Row({NameOf(row), std::to_string(row.size), Share(row.accuracy),
               Between(row.accuracy_interval, false),
               row.difference ? Signed(*row.difference) : "-",
               Between(row.difference_interval, true)});
  }
  return render::Section("How often right", look) + table.Text(look);
}

std::string Confidences(const PolicyReport& report, const Look& look) {
  Table table({{"policy", false, true},
               {"k", true},
               {"ECE", true},
               {"Brier", true},
               {"AUROC", true},
               {"at 50 %", true},
               {"at 80 %", true},
               {"at 90 %", true}});
  for (const PolicySummary& row : report.rows) {
    if (!row.calibration_error) continue;
    table.Row({NameOf(row), std::to_string(row.size), Share(row.calibration_error),
               row.brier ? render::Fixed(row.brier->score, 3) + " of " +
                               render::Fixed(row.brier->constant, 3)
                         : "-",
               Share(row.auroc), Share(row.accuracy_at_50), Share(row.accuracy_at_80),
               Share(row.accuracy_at_90)});
  }
  return render::Section("How far to trust the confidence", look) + table.Text(look);
}

std::string Prices(const PolicyReport& report, const Look& look) {
  Table table({{"policy", false, true},
               {"k", true},
               {"calls", true},
               {"slowest seated", true},
               {"spread", true},
               {"to tell it apart", true}});
  for (const PolicySummary& row : report.rows) {
    table.Row({NameOf(row), std::to_string(row.size), render::Fixed(row.calls, 1),
               row.latency_mean ? render::Fixed(*row.latency_mean, 1) + " s" : "-",
               Share(row.spread),
               row.questions_needed ? std::to_string(*row.questions_needed) + " questions" : "-"});
  }
  return render::Section("What it takes", look) + table.Text(look);
}

std::string Meaning(const Look& look) {
  const auto field = [&](std::string_view label, const std::string& about) {
    return render::Field(label, about, look, Tint::kDim);
  };
  std::string text = render::Section("What the columns mean", look);
  text += field("policies",
                "average single: any one model; best single: the most accurate one; random, top: k "
                "drawn, or the k most accurate, and the answer that most of them gave (ties "
                "shared); weighted: votes weighed by what they are worth beside the others, with "
                "a calibrated confidence; oracle: right where any model is.");
  text += field("held out",
                "each part of the questions is answered by what the others taught: which model "
                "is best, weights, calibration.");
  text += field("95 %", "bootstrap over questions, the same draws for all, differences paired.");
  text += field("ECE",
                "expected calibration error, 10 bins. Brier beside that of always stating the "
                "share that is right. AUROC: chance that a right one was surer than a wrong one.");
  text += field("at 80 %", "share right among the 80 % that were surest.");
  text += field("spread", "standard deviation over the deals: what the deal alone does.");
  text += field("tell apart",
                "questions that would show this difference four times out of five, where "
                "the interval holds 0.");
  return text;
}

ordered_json JsonOf(const std::optional<Interval>& interval) {
  return interval ? ordered_json::array({interval->low, interval->high}) : ordered_json(nullptr);
}

}  // namespace

std::string RenderPolicies(const PolicyReport& report, const Look& look) {
  std::string text = render::Field(
      "Questions",
      std::to_string(report.questions) + " with a known answer" +
          (report.unknown > 0 ? ", " + std::to_string(report.unknown) + " without, left out" : "") +
          ", " + std::to_string(report.models.size()) + " models, " +
          std::to_string(report.missing) + " answers missing",
      look);
  text += render::Field(
      "Dealt",
      "into " + std::to_string(report.rules.folds) + " parts, " +
          (report.rules.repeats == 1 ? "once" : std::to_string(report.rules.repeats) + " times") +
          ", seed " + std::to_string(report.rules.seed) + "; " + std::to_string(report.draws) +
          " bootstrap draws",
      look);
  return text + Accuracies(report, look) + Confidences(report, look) + Prices(report, look) +
         Meaning(look);
}

std::string PoliciesToJson(const PolicyReport& report) {
  ordered_json json = {{"file", report.file},
                       {"questions", report.questions},
                       {"without_answer", report.unknown},
                       {"missing_answers", report.missing},
                       {"bad_lines", report.bad_lines},
                       {"folds", report.rules.folds},
                       {"repeats", report.rules.repeats},
                       {"seed", report.rules.seed},
                       {"draws", report.draws},
                       {"models", ordered_json::array()},
                       {"policies", ordered_json::array()}};
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    json["models"].push_back({{"model", report.models[m]}, {"accuracy", report.accuracy[m]}});
  }
  for (const PolicySummary& row : report.rows) {
    json["policies"].push_back(
        {{"policy", kPolicyNames[static_cast<std::size_t>(row.policy)]},
         {"size", row.size},
         {"answered", row.answered},
         {"accuracy", JsonOf(row.accuracy)},
         {"accuracy_interval", JsonOf(row.accuracy_interval)},
         {"difference", JsonOf(row.difference)},
         {"difference_interval", JsonOf(row.difference_interval)},
         {"questions_needed",
          row.questions_needed ? ordered_json(*row.questions_needed) : ordered_json(nullptr)},
         {"spread", JsonOf(row.spread)},
         {"calibration_error", JsonOf(row.calibration_error)},
         {"brier", row.brier ? ordered_json(row.brier->score) : ordered_json(nullptr)},
         {"brier_constant", row.brier ? ordered_json(row.brier->constant) : ordered_json(nullptr)},
         {"auroc", JsonOf(row.auroc)},
         {"accuracy_at_50", JsonOf(row.accuracy_at_50)},
         {"accuracy_at_80", JsonOf(row.accuracy_at_80)},
         {"accuracy_at_90", JsonOf(row.accuracy_at_90)},
         {"latency_s", JsonOf(row.latency_mean)},
         {"calls", row.calls}});
  }
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string PoliciesToCsv(const PolicyReport& report) {
  std::string text =
      "policy,size,answered,accuracy,accuracy_low,accuracy_high,difference,difference_low,"
      "difference_high,spread,calibration_error,brier,brier_constant,auroc,accuracy_at_50,"
      "accuracy_at_80,accuracy_at_90,latency_s,calls\n";
  const auto interval = [](const std::optional<Interval>& one) {
    return one ? CsvCell(one->low) + "," + CsvCell(one->high) : std::string(",");
  };
  for (const PolicySummary& row : report.rows) {
    const auto brier = [&](double Brier::*part) {
      return row.brier ? CsvCell((*row.brier).*part) : std::string();
    };
    text += std::string(kPolicyNames[static_cast<std::size_t>(row.policy)]) + "," +
            std::to_string(row.size) + "," + std::to_string(row.answered) + "," +
            CsvCell(row.accuracy) + "," + interval(row.accuracy_interval) + "," +
            CsvCell(row.difference) + "," + interval(row.difference_interval) + "," +
            CsvCell(row.spread) + "," + CsvCell(row.calibration_error) + "," +
            brier(&Brier::score) + "," + brier(&Brier::constant) + "," + CsvCell(row.auroc) + "," +
            CsvCell(row.accuracy_at_50) + "," + CsvCell(row.accuracy_at_80) + "," +
            CsvCell(row.accuracy_at_90) + "," + CsvCell(row.latency_mean) + "," +
            CsvCell(row.calls) + "\n";
  }
  return text;
}

}  // namespace consilium
