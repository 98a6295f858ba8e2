#include "cli/render_doctor.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/render_parts.h"
#include "shared/codec.h"

namespace consilium {
namespace {

using Json = nlohmann::ordered_json;
using render::Duration;
using render::Section;

struct Mark {
  std::string_view word;
  Tint tint;
};
constexpr std::array<Mark, 3> kMarks = {
    {{"ok", Tint::kGreen}, {"note", Tint::kYellow}, {"PROBLEM", Tint::kRed}}};

std::string MarkOf(Finding finding) {
  return std::string(kMarks.at(static_cast<std::size_t>(finding)).word);
}

// Cells hold no colours, so the marks at the start of the lines get theirs afterwards.
std::string WithTints(const std::string& table, const Look& look) {
  constexpr std::size_t kIndent = 2;
  if (!look.colour) return table;
  std::string text;
  for (std::size_t start = 0; start < table.size();) {
    const std::size_t end = table.find('\n', start) + 1;
    std::string line = table.substr(start, end - start);
    for (const Mark& mark : kMarks) {
      if (line.compare(kIndent, mark.word.size() + 1, std::string(mark.word) + " ") != 0) continue;
      line = line.substr(0, kIndent) + Paint(mark.word, mark.tint, look) +
             line.substr(kIndent + mark.word.size());
      break;
    }
    text += line;
    start = end;
  }
  return text;
}

std::string LevelText(const CallParameters& parameters) {
  if (parameters.structured.empty()) return "-";
  return parameters.structured + (parameters.repaired ? "*" : "");
}

std::string TokensText(const Usage& usage) {
  const auto shown = [](const std::optional<std::int64_t>& count) {
    return count ? std::to_string(*count) : std::string("?");
  };
  if (!usage.prompt_tokens && !usage.completion_tokens) return "-";
  return shown(usage.prompt_tokens) + "+" + shown(usage.completion_tokens);
}

std::string CostText(const BackendCheck& report) {
  if (report.usage.cost_usd) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.5f", *report.usage.cost_usd);
    return text.data();
  }
  return report.status == kCheckOk ? "unknown" : "-";
}

// In a word: sentences stand below, in full.
std::string LastWord(const CheckedModel& model) {
  if (model.finding == Finding::kProblem) return model.report.code;
  return model.report.called() ? model.report.model_served : model.text;
}

std::string Models(const std::vector<CheckedModel>& models, const Look& look) {
  if (models.empty()) return "";
  Table table({{"result", false, false},
               {"model", false, true},
               {"level", false, false},
               {"took", true, false},
               {"tokens", true, false},
               {"USD", true, false},
               {"served as", false, true}});
  for (const CheckedModel& model : models) {
    const BackendCheck& report = model.report;
    const bool answered = report.called() && report.latency_ms > 0;
    table.Row({MarkOf(model.finding), report.model,
               report.status == kCheckOk ? LevelText(report.parameters) : "-",
               answered ? Duration(report.latency_ms) : "-", TokensText(report.usage),
               CostText(report), LastWord(model)});
  }
  return Section("Models", look) + WithTints(table.Text(look), look);
}

std::string Steps(const std::vector<ToDo>& things, const Look& look) {
  if (things.empty()) return "";
  constexpr std::size_t kNumberCells = 4;
  const std::string indent(kNumberCells + 1, ' ');
  std::string text = Section("What to do", look);
  for (std::size_t i = 0; i < things.size(); ++i) {
    std::string head = PadText(std::to_string(i + 1) + ".", kNumberCells, /*right=*/true) + " ";
    for (const std::string& line : WrapText(things[i].about, look.width - indent.size())) {
      text += head + line + "\n";
      head = indent;
    }
    if (things[i].advice.empty()) continue;
    head = indent + "-> ";
    for (const std::string& line : WrapText(things[i].advice, look.width - head.size())) {
      text += head + Paint(line, Tint::kBold, look) + "\n";
      head = indent + "   ";
    }
  }
  return text;
}

std::pair<int, int> Counts(const Diagnosis& diagnosis) {
  std::pair<int, int> counts;
  const auto add = [&counts](Finding finding) {
    counts.first += finding == Finding::kProblem ? 1 : 0;
    counts.second += finding == Finding::kNote ? 1 : 0;
  };
  for (const Checked& check : diagnosis.checks) add(check.finding);
  for (const CheckedModel& model : diagnosis.models) add(model.finding);
  return counts;
}

std::string Plural(int count, const std::string& noun) {
  return (count == 0 ? "no" : std::to_string(count)) + " " + noun + (count == 1 ? "" : "s");
}

Json Parsed(const BackendCheck& report) {
  return Json::parse(ToJson(report), nullptr, /*allow_exceptions=*/false);
}

}  // namespace

std::string RenderDiagnosis(const Diagnosis& diagnosis, const Look& look) {
  Table table({{"result", false, false}, {"checked", false, false}, {"found", false, true}});
  for (const Checked& check : diagnosis.checks) {
    table.Row({MarkOf(check.finding), check.subject, check.text});
  }
  const auto [problems, notes] = Counts(diagnosis);
  const Tint tint = problems > 0 ? Tint::kRed : Tint::kGreen;
  return WithTints(table.Text(look), look) + Models(diagnosis.models, look) +
         Steps(ThingsToDo(diagnosis), look) + "\n" +
         Paint(Plural(problems, "problem"), tint, look) + ", " + Plural(notes, "note") + "\n";
}

std::string DiagnosisToJson(const Diagnosis& diagnosis) {
  const auto [problems, notes] = Counts(diagnosis);
  Json all;
  all["ok"] = problems == 0;
  all["file"] = diagnosis.file;
  all["problems"] = problems;
  all["notes"] = notes;
  all["checks"] = Json::array();
  const auto name = [](Finding finding) {
    return kFindingNames[static_cast<std::size_t>(finding)];
  };
  for (const Checked& check : diagnosis.checks) {
    all["checks"].push_back({{"result", name(check.finding)},
                             {"checked", check.subject},
                             {"found", check.text},
                             {"advice", check.advice}});
  }
  all["backends"] = Json::array();
  for (const CheckedModel& model : diagnosis.models) {
    Json one = {{"result", name(model.finding)}, {"found", model.text}};
    one.update(Parsed(model.report));
    one["advice"] = model.advice;
    all["backends"].push_back(std::move(one));
  }
  all["what_to_do"] = Json::array();
  for (const ToDo& thing : ThingsToDo(diagnosis)) {
    all["what_to_do"].push_back({{"about", thing.about}, {"advice", thing.advice}});
  }
  return all.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace consilium
