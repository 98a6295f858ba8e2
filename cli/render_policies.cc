#include "cli/render_policies.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/policy_tables.h"
#include "cli/render_parts.h"
#include "cli/report_cells.h"

namespace consilium {
namespace {

using nlohmann::ordered_json;
using render::Count;

std::string WordsOf(Policy policy) {
  std::string name(kPolicyNames[static_cast<std::size_t>(policy)]);
  for (char& letter : name) letter = letter == '_' ? ' ' : letter;
  return name;
}

// What cases whose right answer is not known would get.
std::string UnknownText(const UnknownResult& unknown) {
  std::string text = Count(unknown.cases, "case") + " without a known answer, in no score";
  if (unknown.confidence) {
    text += "; all models state a mean confidence of " + render::Fixed(*unknown.confidence, 2);
  }
  if (unknown.means.abstained) {
    text += " and hold back " + render::Fixed(*unknown.means.abstained * 100, 0) + " %";
  }
  return text;
}

std::string LiveText(const LiveFacts& live) {
  std::string states;
  for (const auto& [state, count] : live.states) {
    states += (states.empty() ? " (" : ", ") + std::to_string(count) + " " +
              kCaseStateNames[static_cast<std::size_t>(state)];
  }
  std::string text = live.run + ": " + std::to_string(live.ended) + " of " +
                     Count(live.cases, "case") + " ended" + states + (states.empty() ? "" : ")");
  if (live.refused > 0) text += ", " + std::to_string(live.refused) + " refused, in no score";
  return text;
}

// "7 refused, 5 timed_out; by model m3 10, m1 2".
std::string MissingText(const PolicyReport& report) {
  std::map<std::string, std::size_t> by_why;
  std::string by_model;
  for (const auto& [model, whys] : report.missing_why) {
    std::size_t sum = 0;
    for (const auto& [why, count] : whys) {
      by_why[why] += count;
      sum += count;
    }
    by_model += (by_model.empty() ? "" : ", ") + model + " " + std::to_string(sum);
  }
  std::string text;
  for (const auto& [why, count] : by_why) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + why;
  }
  return text + "; by model " + by_model;
}

ordered_json LiveJson(const std::optional<LiveFacts>& live) {
  if (!live) return nullptr;
  ordered_json states = ordered_json::object();
  for (const auto& [state, count] : live->states) {
    states[kCaseStateNames[static_cast<std::size_t>(state)]] = count;
  }
  return {{"run", live->run},
          {"cases", live->cases},
          {"ended", live->ended},
          {"refused", live->refused},
          {"states", std::move(states)}};
}

ordered_json IntervalJson(const std::optional<Interval>& interval) {
  return interval ? ordered_json::array({interval->low, interval->high}) : ordered_json(nullptr);
}

struct Figure {
  const char* name;
  std::optional<double> value;
};

// What JSON and CSV say of a policy besides its name, size and answers.
std::vector<Figure> FiguresOf(const PolicySummary& row) {
  const auto low = [](const std::optional<Interval>& one) {
    return one ? std::optional<double>(one->low) : std::nullopt;
  };
  const auto high = [](const std::optional<Interval>& one) {
    return one ? std::optional<double>(one->high) : std::nullopt;
  };
  std::optional<double> brier;
  std::optional<double> constant;
  if (row.brier) {
    brier = row.brier->score;
    constant = row.brier->constant;
  }
  std::optional<double> needed;
  if (row.cases_needed) needed = static_cast<double>(*row.cases_needed);
  const PolicyMeans& means = row.means;
  return {{"accuracy", row.accuracy},
          {"accuracy_low", low(row.accuracy_interval)},
          {"accuracy_high", high(row.accuracy_interval)},
          {"difference", row.difference},
          {"difference_low", low(row.difference_interval)},
          {"difference_high", high(row.difference_interval)},
          {"cases_needed", needed},
          {"spread", row.spread},
          {"calibration_error", row.calibration_error},
          {"brier", brier},
          {"brier_constant", constant},
          {"auroc", row.auroc},
          {"accuracy_at_50", row.accuracy_at_50},
          {"accuracy_at_80", row.accuracy_at_80},
          {"accuracy_at_90", row.accuracy_at_90},
          {"abstained", means.abstained},
          {"risk", means.risk},
          {"exact", means.exact},
          {"jaccard", means.jaccard},
          {"f1", means.f1},
          {"hit2", means.hit2},
          {"hit3", means.hit3},
          {"unsafe", means.unsafe},
          {"calls", means.calls},
          {"latency_s", means.latency_s},
          {"tokens", means.tokens},
          {"cost_usd", means.cost_usd}};
}

ordered_json PolicyJson(const PolicySummary& row) {
  ordered_json json = {{"policy", kPolicyNames[static_cast<std::size_t>(row.policy)]},
                       {"size", row.size},
                       {"answered", row.answered}};
  for (const Figure& figure : FiguresOf(row)) json[figure.name] = JsonOf(figure.value);
  json["reliability"] = ordered_json::array();
  for (const ReliabilityBin& bin : row.reliability) {
    json["reliability"].push_back(
        {{"count", bin.count}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}});
  }
  json["risk_coverage"] = ordered_json::array();
  for (const CoverageRisk& point : row.curve) {
    json["risk_coverage"].push_back({{"coverage", point.coverage}, {"risk", point.risk}});
  }
  return json;
}

ordered_json UnknownJson(const UnknownResult& unknown) {
  return {{"cases", unknown.cases},
          {"confidence", JsonOf(unknown.confidence)},
          {"abstained", JsonOf(unknown.means.abstained)},
          {"latency_s", JsonOf(unknown.means.latency_s)},
          {"tokens", JsonOf(unknown.means.tokens)},
          {"cost_usd", JsonOf(unknown.means.cost_usd)}};
}

ordered_json ModelsJson(const PolicyReport& report) {
  ordered_json models = ordered_json::array();
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    ordered_json chemistry = ordered_json::array();
    for (const auto& value : report.eval.chemistry[m]) chemistry.push_back(JsonOf(value));
    models.push_back({{"model", report.models[m]},
                      {"accuracy", report.eval.accuracy[m]},
                      {"chemistry", std::move(chemistry)}});
  }
  return models;
}

}  // namespace

std::string PolicyTitle(const PolicySummary& row) {
  const std::string words = WordsOf(row.policy);
  switch (row.policy) {
    case Policy::kRandomPlain:
    case Policy::kTopPlain:
    case Policy::kTopWeighted:
    case Policy::kChemistry:
      return words + " " + std::to_string(row.size);
    default:
      return words;
  }
}

std::vector<std::pair<std::string, std::string>> PolicyFacts(const PolicyReport& report) {
  const PolicyRules& rules = report.rules;
  std::vector<std::pair<std::string, std::string>> facts = {
      {"Cases", std::to_string(report.eval.known.size()) + " with a known answer, " +
                    Count(report.models.size(), "model") + ", " + Count(report.missing, "answer") +
                    " missing"},
      {"Dealt", "into " + std::to_string(rules.folds) + " parts, " +
                    (rules.repeats == 1 ? "once" : std::to_string(rules.repeats) + " times") +
                    ", seed " + std::to_string(rules.seed) + "; " + std::to_string(report.draws) +
                    " bootstrap draws"}};
  if (report.live) facts.insert(facts.begin(), {"Run", LiveText(*report.live)});
  if (!report.missing_why.empty()) facts.emplace_back("Missing", MissingText(report));
  if (report.eval.unknown.cases > 0)
    facts.emplace_back("Unknown", UnknownText(report.eval.unknown));
  if (report.bad_lines > 0) {
    facts.emplace_back("Left out", Count(report.bad_lines, "line") + " that made no sense");
  }
  if (report.simulated > 0) {
    facts.emplace_back(
        "Simulated", Count(report.simulated, "case") + " answered by simulated or replayed models");
  }
  return facts;
}

std::vector<std::pair<std::string, std::string>> PolicyWords(const PolicyReport& report) {
  std::vector<std::pair<std::string, std::string>> words = {
      {"single", "average: any one model; best: the one that was most accurate elsewhere"},
      {"random, top", "that many drawn, or the most accurate elsewhere"},
      {"plain", report.reviewed ? "decided by the grades as they were given; an answer that nobody "
                                  "graded counts nothing"
                                : "every answer is one vote"},
      {"weighted", "decided by the track record of the models, as are all the following"},
      {"chemistry", "the models that strategy chemistry seats"},
      {"utility", "those that strategy utility seats, one where no council beats it"}};
  std::string budget;
  if (report.eval.budget_latency_s) {
    budget =
        render::Fixed(*report.eval.budget_latency_s, 1) + " s in 95 % of cases (a fifth of all)";
  }
  if (report.eval.budget_cost_usd) {
    budget += (budget.empty() ? "" : " and ") +
              render::Fixed(*report.eval.budget_cost_usd * 1000, 3) + " USD/1000 (a third of all)";
  }
  if (!budget.empty()) words.emplace_back("budget", "the same within " + budget);
  words.emplace_back("oracle", "right where any model is: no policy can do better");
  return words;
}

std::string RenderPolicies(const PolicyReport& report, const Look& look) {
  std::string text;
  for (const auto& [label, fact] : PolicyFacts(report)) text += render::Field(label, fact, look);
  const std::vector<PolicyTable> tables = PolicyTables(report);
  for (const PolicyTable& table : tables) {
    std::vector<Table::Column> columns;
    for (const std::string& column : table.columns) {
      columns.push_back({column, !columns.empty(), columns.empty()});
    }
    Table drawn(std::move(columns));
    for (const auto& row : table.rows) drawn.Row(row);
    text += render::Section(table.title, look) + drawn.Text(look);
  }
  text += render::Section("What the words mean", look);
  for (const auto& [word, sentence] : PolicyWords(report)) {
    text += render::Field(word, sentence, look, Tint::kDim);
  }
  for (const PolicyTable& table : tables) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.meaning[i].empty()) continue;
      text += render::Field(table.columns[i], table.meaning[i], look, Tint::kDim);
    }
  }
  return text;
}

std::string PoliciesToJson(const PolicyReport& report) {
  ordered_json json = {{"file", report.file},
                       {"live", LiveJson(report.live)},
                       {"cases", report.eval.known.size()},
                       {"missing_answers", report.missing},
                       {"missing_why", report.missing_why},
                       {"bad_lines", report.bad_lines},
                       {"reviewed", report.reviewed},
                       {"simulated", report.simulated},
                       {"folds", report.rules.folds},
                       {"repeats", report.rules.repeats},
                       {"seed", report.rules.seed},
                       {"draws", report.draws},
                       {"risk_target", report.rules.risk_target},
                       {"budget_latency_s", JsonOf(report.eval.budget_latency_s)},
                       {"budget_cost_usd", JsonOf(report.eval.budget_cost_usd)},
                       {"unknown", UnknownJson(report.eval.unknown)},
                       {"models", ModelsJson(report)},
                       {"policies", ordered_json::array()},
                       {"deadlines", ordered_json::array()}};
  for (const PolicySummary& row : report.summary.policies) {
    json["policies"].push_back(PolicyJson(row));
  }
  for (const DeadlineSummary& late : report.summary.deadlines) {
    json["deadlines"].push_back({{"deadline_s", late.deadline_s},
                                 {"accuracy", JsonOf(late.accuracy)},
                                 {"accuracy_interval", IntervalJson(late.accuracy_interval)},
                                 {"answers", late.answers},
                                 {"latency_s", late.latency_s}});
  }
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string PoliciesToCsv(const PolicyReport& report) {
  std::string text = "policy,size,answered";
  for (const Figure& figure : FiguresOf({})) text += std::string(",") + figure.name;
  text += "\n";
  for (const PolicySummary& row : report.summary.policies) {
    text += std::string(kPolicyNames[static_cast<std::size_t>(row.policy)]) + "," +
            std::to_string(row.size) + "," + std::to_string(row.answered);
    for (const Figure& figure : FiguresOf(row)) text += "," + CsvCell(figure.value);
    text += "\n";
  }
  return text;
}

}  // namespace consilium
