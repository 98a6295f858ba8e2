#include "cli/policy_tables.h"

#include <cmath>
#include <optional>
#include <utility>

#include "cli/render_parts.h"

namespace consilium {
namespace {

using render::Fixed;
using render::Shown;

std::string Signed(const std::optional<double>& value) {
  if (!value) return "-";
  // What rounds to zero has no sign.
  if (std::abs(*value) < 0.0005) return "0.000";
  return Fixed(*value, 3, true);
}

std::string Between(const std::optional<Interval>& interval, bool sign) {
  if (!interval) return "-";
  return sign ? Signed(interval->low) + " .. " + Signed(interval->high)
              : Fixed(interval->low, 3) + " .. " + Fixed(interval->high, 3);
}

std::string Percent(const std::optional<double>& share) {
  return share ? Fixed(*share * 100, 1) + " %" : "-";
}

PolicyTable Accuracies(const PolicyReport& report) {
  PolicyTable table;
  table.title = "How often right";
  table.about =
      "Every case is decided by what other cases taught. Differences are to the best single model, "
      "over the same cases.";
  table.columns = {"policy", "right", "95 %", "difference", "95 %", "to tell"};
  table.meaning = {"",
                   "share of the cases",
                   "bootstrap over cases, the same draws for all",
                   "to the best single model",
                   "of the difference, paired by case",
                   "cases that would show this difference four times out of five, where the "
                   "interval holds 0"};
  for (const PolicySummary& row : report.summary.policies) {
    table.rows.push_back({PolicyTitle(row), Shown(row.accuracy, 3),
                          Between(row.accuracy_interval, false), Signed(row.difference),
                          Between(row.difference_interval, true),
                          row.cases_needed ? std::to_string(*row.cases_needed) : "-"});
  }
  return table;
}

PolicyTable Confidences(const PolicyReport& report) {
  PolicyTable table;
  table.title = "How far to trust the confidence";
  table.about =
      report.reviewed
          ? "Of plain councils the confidence is the support by the grades, of others calibrated."
          : "Of plain votes the confidence is the share of the votes, of others calibrated.";
  table.columns = {"policy", "ECE", "Brier", "constant", "AUROC", "at 50 %", "at 80 %", "at 90 %"};
  table.meaning = {"",
                   "expected calibration error, 10 bins",
                   "mean squared error of the confidence",
                   "the Brier score of always stating the share that is right",
                   "chance that a right one was surer than a wrong one",
                   "share right among the 50 % that were surest",
                   "among the 80 %",
                   "among the 90 %"};
  for (const PolicySummary& row : report.summary.policies) {
    if (!row.calibration_error) continue;
    table.rows.push_back({PolicyTitle(row), Shown(row.calibration_error, 3),
                          row.brier ? Fixed(row.brier->score, 3) : "-",
                          row.brier ? Fixed(row.brier->constant, 3) : "-", Shown(row.auroc, 3),
                          Shown(row.accuracy_at_50, 3), Shown(row.accuracy_at_80, 3),
                          Shown(row.accuracy_at_90, 3)});
  }
  return table;
}

PolicyTable Abstention(const PolicyReport& report) {
  PolicyTable table;
  const std::string target = Percent(report.rules.risk_target);
  table.title = "Held back for a risk of " + target;
  table.about =
      "What is not sure enough to keep the share of wrong recommendations at the target is held "
      "back, by a limit learned from other cases.";
  table.columns = {"policy", "recommends", "wrong among these", "of all, wrong"};
  table.meaning = {"", "share of the cases; the rest is held back",
                   "the risk that came out: it is kept where this is at most " + target,
                   "of what it would say of all cases"};
  for (const PolicySummary& row : report.summary.policies) {
    if (!row.means.abstained) continue;
    table.rows.push_back({PolicyTitle(row), Percent(1 - *row.means.abstained),
                          Percent(row.means.risk),
                          row.accuracy ? Percent(1 - *row.accuracy) : "-"});
  }
  return table;
}

PolicyTable Sets(const PolicyReport& report) {
  PolicyTable table;
  table.title = "The recommended medications";
  table.about = "Sets of ingredients, where the right one is known.";
  table.columns = {"policy", "exact", "Jaccard", "F1", "top 2", "top 3", "unsafe"};
  table.meaning = {"",
                   "share of cases with exactly the right ingredients",
                   "ingredients in both, of those in either",
                   "twice those in both, of the sum of both",
                   "the right set is one of the first two candidates",
                   "one of the first three",
                   "share that names what must not be given"};
  for (const PolicySummary& row : report.summary.policies) {
    if (!row.means.exact) continue;
    table.rows.push_back({PolicyTitle(row), Shown(row.means.exact, 3), Shown(row.means.jaccard, 3),
                          Shown(row.means.f1, 3), Shown(row.means.hit2, 3),
                          Shown(row.means.hit3, 3), Shown(row.means.unsafe, 3)});
  }
  return table;
}

PolicyTable Prices(const PolicyReport& report) {
  PolicyTable table;
  table.title = "What it takes";
  table.about = "Per case, means.";
  table.columns = {"policy", "models", "slowest", "tokens", "USD/1000", "spread"};
  table.meaning = {
      "",
      "asked for an answer",
      "of the slowest that was asked",
      "of all answers",
      "cost of a thousand cases",
      "standard deviation of the share right over the deals: what the deal alone does"};
  for (const PolicySummary& row : report.summary.policies) {
    const PolicyMeans& means = row.means;
    table.rows.push_back(
        {PolicyTitle(row), Shown(means.calls, 1),
         means.latency_s ? Fixed(*means.latency_s, 1) + " s" : "-", Shown(means.tokens, 0),
         means.cost_usd ? Fixed(*means.cost_usd * 1000, 3) : "-", Shown(row.spread, 3)});
  }
  return table;
}

PolicyTable Deadlines(const PolicyReport& report) {
  PolicyTable table;
  table.title = "All models, decided at a deadline";
  table.about = "By what had arrived; a case without any answer counts as not right.";
  table.columns = {"deadline", "right", "95 %", "answers", "waited"};
  table.meaning = {"", "", "bootstrap over cases", "that had arrived, mean",
                   "for the last of these, mean"};
  for (const DeadlineSummary& late : report.summary.deadlines) {
    const bool whole = late.deadline_s == std::floor(late.deadline_s);
    table.rows.push_back({Fixed(late.deadline_s, whole ? 0 : 1) + " s", Shown(late.accuracy, 3),
                          Between(late.accuracy_interval, false), Fixed(late.answers, 1),
                          Fixed(late.latency_s, 1) + " s"});
  }
  return table;
}

PolicyTable Models(const PolicyReport& report) {
  PolicyTable table;
  table.title = "The models";
  table.about =
      "A vote of weight w multiplies the odds of an answer by e^w, beside the votes of the others; "
      "learned from all cases.";
  table.columns = {"model", "right", "weight"};
  table.meaning = {"", "share of the cases that it answered", "of its vote, in log odds"};
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    std::optional<double> weight;
    for (const VoteWeight& vote : report.eval.record.votes) {
      if (vote.model == report.models[m] && !report.eval.record.calibration.empty()) {
        weight = vote.weight;
      }
    }
    table.rows.push_back(
        {report.models[m], Fixed(report.eval.accuracy[m], 3), Shown(weight, 2, true)});
  }
  return table;
}

}  // namespace

std::vector<PolicyTable> PolicyTables(const PolicyReport& report) {
  std::vector<PolicyTable> tables;
  for (auto make : {Accuracies, Confidences, Abstention, Sets, Prices, Deadlines, Models}) {
    PolicyTable table = make(report);
    if (!table.rows.empty()) tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace consilium
