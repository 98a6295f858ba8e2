#include "cli/policy_page.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "cli/html_page.h"
#include "cli/policy_tables.h"

namespace consilium {
namespace {

using html::FigureOf;
using html::Section;

constexpr std::size_t kBinShown = 10;  // recommendations; fewer are noise

std::string GroupOf(Policy policy) {
  switch (policy) {
    case Policy::kAverageSingle:
    case Policy::kBestSingle:
      return "one model";
    case Policy::kRandomPlain:
    case Policy::kTopPlain:
      return "no track record";
    case Policy::kOracle:
      return "bound";
    default:
      return "by track record";
  }
}

const PolicySummary* Find(const PolicyReport& report, Policy policy) {
  const PolicySummary* found = nullptr;
  for (const PolicySummary& row : report.summary.policies) {
    if (row.policy == policy) found = &row;  // the largest
  }
  return found;
}

// Policies whose confidence is drawn: few enough to tell the lines apart.
std::vector<const PolicySummary*> Confident(const PolicyReport& report) {
  std::vector<const PolicySummary*> rows;
  for (const Policy policy :
       {Policy::kTopPlain, Policy::kTopWeighted, Policy::kChemistry, Policy::kUtilityBudget}) {
    const PolicySummary* const row = Find(report, policy);
    if (row != nullptr && row->calibration_error) rows.push_back(row);
  }
  return rows;
}

Section Words(const PolicyReport& report) {
  html::Table table;
  table.columns = {{"policy", false, ""}, {"what it does", false, ""}};
  for (const auto& [word, text] : PolicyWords(report)) table.rows.push_back({word, text});
  return {
      "What is compared",
      "Each policy seats some of the models and decides by their answers. Numbers behind a name "
      "are models.",
      std::move(table)};
}

plot::IntervalPlot::Row RowOf(const std::string& label, const std::string& group,
                              const std::optional<double>& mean,
                              const std::optional<Interval>& interval) {
  plot::IntervalPlot::Row row;
  row.label = label;
  row.group = group;
  row.mean = mean;
  if (interval) {
    row.low = interval->low;
    row.high = interval->high;
  }
  return row;
}

Section Accuracies(const PolicyReport& report) {
  plot::IntervalPlot picture;
  picture.title = "How often each policy is right";
  picture.description = "Share of the cases, with 95 % intervals over cases.";
  picture.x_label = "share of cases right";
  for (const PolicySummary& row : report.summary.policies) {
    picture.rows.push_back(
        RowOf(PolicyTitle(row), GroupOf(row.policy), row.accuracy, row.accuracy_interval));
  }
  if (const PolicySummary* best = Find(report, Policy::kBestSingle)) {
    picture.reference = best->accuracy;
    picture.reference_name = "best single model";
  }
  return {"Policies",
          "Whether a council helps is read against the best single model, chosen on other cases. "
          "Intervals overlap more than paired differences do: the table below has these.",
          FigureOf(picture)};
}

Section Differences(const PolicyReport& report) {
  plot::IntervalPlot picture;
  picture.title = "Difference to the best single model";
  picture.description = "Paired by case, with 95 % intervals.";
  picture.x_label = "difference of the share right";
  picture.reference = 0.0;
  picture.reference_name = "best single model";
  for (const PolicySummary& row : report.summary.policies) {
    if (!row.difference || row.policy == Policy::kOracle) continue;
    picture.rows.push_back(
        RowOf(PolicyTitle(row), GroupOf(row.policy), row.difference, row.difference_interval));
  }
  return {"Against the best single model", "Right of the line is better.", FigureOf(picture)};
}

Section Risks(const PolicyReport& report) {
  plot::LinePlot picture;
  picture.title = "Risk and coverage";
  picture.description = "What is wrong among the surest share of the cases.";
  picture.x_label = "coverage: share of cases that get a recommendation";
  picture.y_label = "risk: share of these that is wrong";
  picture.x_range = plot::Range{0, 1};
  picture.guide = report.rules.risk_target;
  picture.guide_name = "risk target";
  for (const PolicySummary* row : Confident(report)) {
    plot::LinePlot::Series series;
    series.name = PolicyTitle(*row);
    for (const CoverageRisk& point : row->curve) {
      series.points.push_back({point.coverage, point.risk, std::nullopt});
    }
    picture.series.push_back(std::move(series));
  }
  return {"Risk and coverage",
          "The council that holds back its least sure recommendations is wrong less often in the "
          "others. Lower is better.",
          FigureOf(picture)};
}

Section Reliabilities(const PolicyReport& report) {
  plot::LinePlot picture;
  picture.title = "Reliability";
  picture.description = "Share right among recommendations of about the same stated confidence.";
  picture.x_label = "stated confidence";
  picture.y_label = "share right";
  picture.x_range = plot::Range{0, 1};
  picture.y_range = plot::Range{0, 1};
  picture.diagonal = "means what it says";
  picture.count_name = "recommendations";
  for (const PolicySummary* row : Confident(report)) {
    plot::LinePlot::Series series;
    series.name = PolicyTitle(*row);
    for (const ReliabilityBin& bin : row->reliability) {
      if (bin.count < kBinShown) continue;
      series.points.push_back({bin.confidence, bin.accuracy, static_cast<double>(bin.count)});
    }
    picture.series.push_back(std::move(series));
  }
  return {
      "Does the confidence mean what it says?",
      "On the diagonal a stated confidence of 0.8 is right in 80 % of the cases. Tenths with fewer "
      "than " +
          std::to_string(kBinShown) + " recommendations are not drawn.",
      FigureOf(picture)};
}

plot::ScatterPlot Scatter(const PolicyReport& report, std::optional<double> PolicyMeans::*x,
                          double unit) {
  plot::ScatterPlot picture;
  picture.y_label = "share of cases right";
  picture.log_x = true;
  for (const PolicySummary& row : report.summary.policies) {
    if (row.policy == Policy::kOracle) continue;
    plot::ScatterPlot::Point point;
    point.label = PolicyTitle(row);
    point.group = GroupOf(row.policy);
    if (row.means.*x) point.x = *(row.means.*x) * unit;
    point.y = row.accuracy;
    picture.points.push_back(std::move(point));
  }
  return picture;
}

bool Tells(const PolicyReport& report, std::optional<double> PolicyMeans::*x) {
  return std::any_of(report.summary.policies.begin(), report.summary.policies.end(),
                     [x](const PolicySummary& row) { return (row.means.*x).has_value(); });
}

Section Latencies(const PolicyReport& report) {
  plot::ScatterPlot picture = Scatter(report, &PolicyMeans::latency_s, 1);
  picture.title = "Accuracy and latency";
  picture.description = "Mean over cases of the slowest model that was asked.";
  picture.x_label = "slowest model asked (s, logarithmic)";
  return {"Accuracy and latency", "Up and to the left is better.", FigureOf(picture)};
}

Section Costs(const PolicyReport& report) {
  plot::ScatterPlot picture = Scatter(report, &PolicyMeans::cost_usd, 1000);
  picture.title = "Accuracy and cost";
  picture.description = "Mean cost of all answers of a case, for a thousand cases.";
  picture.x_label = "USD for 1,000 cases (logarithmic)";
  return {"Accuracy and cost", "Up and to the left is better.", FigureOf(picture)};
}

Section DeadlineCurve(const PolicyReport& report) {
  plot::IntervalPlot picture;
  picture.title = "All models, decided at a deadline";
  picture.description = "Share right by what had arrived, with 95 % intervals.";
  picture.x_label = "share of cases right";
  for (const DeadlineSummary& late : report.summary.deadlines) {
    const std::string label = std::to_string(static_cast<long>(late.deadline_s)) + " s";
    picture.rows.push_back(RowOf(label, "", late.accuracy, late.accuracy_interval));
  }
  return {"At a deadline", "Who waits longer hears more models.", FigureOf(picture)};
}

Section Chemistry(const PolicyReport& report) {
  plot::HeatPlot picture;
  picture.title = "LLM Chemistry of each pair of models";
  picture.description = "The published measure without the empty council, from all known cases.";
  picture.names = report.models;
  for (const auto& row : report.eval.chemistry) {
    picture.values.insert(picture.values.end(), row.begin(), row.end());
  }
  picture.value_name = "chemistry";
  picture.low_name = "no interaction";
  picture.high_name = "strong";
  return {"Chemistry",
          std::string("How much the presence of one model changes what the other adds. ") +
              (report.reviewed
                   ? "The quality of an answer is the grade that it was given; of one that nobody "
                     "graded, the share of the other models that gave it."
                   : "Recorded choices were not graded: the quality of an answer is the share of "
                     "the other models that gave it."),
          FigureOf(picture)};
}

Section TableOf(const PolicyTable& table) {
  html::Table drawn;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    drawn.columns.push_back({table.columns[i], i > 0, table.meaning[i]});
  }
  drawn.rows = table.rows;
  return {table.title, table.about, std::move(drawn)};
}

}  // namespace

std::string PoliciesToHtml(const PolicyReport& report) {
  html::Page page;
  page.title = "Does the council help?";
  page.subtitle = "Consilium, policies of seating and voting on recorded answers: " + report.file;
  for (const auto& [label, text] : PolicyFacts(report)) page.facts.push_back({label, text});
  page.sections.push_back(Words(report));
  page.sections.push_back(Accuracies(report));
  page.sections.push_back(Differences(report));
  if (!Confident(report).empty()) {
    page.sections.push_back(Risks(report));
    page.sections.push_back(Reliabilities(report));
  }
  if (Tells(report, &PolicyMeans::latency_s)) page.sections.push_back(Latencies(report));
  if (Tells(report, &PolicyMeans::cost_usd)) page.sections.push_back(Costs(report));
  if (!report.summary.deadlines.empty()) page.sections.push_back(DeadlineCurve(report));
  page.sections.push_back(Chemistry(report));
  for (const PolicyTable& table : PolicyTables(report)) page.sections.push_back(TableOf(table));
  return html::Write(page);
}

}  // namespace consilium
