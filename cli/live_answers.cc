#include "cli/live_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "aggregator/council/coding.h"
#include "aggregator/council/evidence.h"
#include "cli/json_fields.h"
#include "cli/read_answers.h"
#include "cli/read_cases.h"
#include "shared/eval_case.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Why an answer is missing that is in no outcome: it chose nothing that the question has, or came
// after the decision.
constexpr const char* kNoOption = "no_option";
constexpr const char* kLate = "late";

const Outcome* OutcomeOf(const CaseView& view, const std::string& model) {
  for (const TaskView& task : view.tasks) {
    if (task.task.stage == Stage::kGenerate && task.task.model == model && task.outcome) {
      return &*task.outcome;
    }
  }
  return nullptr;
}

std::optional<double> Number(const std::optional<std::int64_t>& count) {
  return count ? std::optional<double>(static_cast<double>(*count)) : std::nullopt;
}

// An option that the question does not have is none.
StatedAnswer StatedBy(const Answer& answer, const CaseView& view, const Gold& gold,
                      const MedicationTable& table) {
  StatedAnswer stated;
  stated.medications.emplace();
  for (const Medication& medication : answer.medications) {
    stated.medications->push_back(medication.ingredient);
  }
  const std::string option = CodeAnswer("", answer, view.vignette.options, table).option;
  if (option.size() == 1 && gold.letters.find(option) != std::string::npos) stated.option = option;
  return stated;
}

template <class Value>
void Put(ordered_json& line, const char* field, const std::optional<Value>& value) {
  if (value) line[field] = *value;
}

std::string LineOf(const StatedAnswer& stated, const EvidenceAnswer& answer, const Tokens& tokens,
                   ordered_json line) {
  Put(line, "option", stated.option);
  Put(line, "medications", stated.medications);
  if (answer.latency_ms) line["latency_s"] = *answer.latency_ms / 1000;
  Put(line, "prompt_tokens", tokens.prompt);
  Put(line, "completion_tokens", tokens.completion);
  Put(line, "cost_usd", answer.cost_usd);
  Put(line, "grade", answer.grade);
  line["weight"] = answer.weight;
  Put(line, "reliability", answer.reliability);
  if (!answer.version.empty()) line["model_served"] = answer.version;
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

// Why each member has no answer that counts; those that have one are left out.
std::map<std::string, std::string> WhyMissing(const CaseView& view) {
  std::map<std::string, std::string> why;
  if (view.recommendations.empty() || view.state == CaseState::kCancelled) {
    const std::string state = kCaseStateNames[static_cast<std::size_t>(view.state)];
    for (const std::string& model : view.ensemble) why[model] = state;
    return why;
  }
  for (const ModelResult& result : view.recommendations.back().models) {
    if (result.candidate) continue;
    why[result.model] = result.stage_status == "ok" ? kLate : result.stage_status;
  }
  return why;
}

}  // namespace

void LiveAnswers::Add(std::size_t vignette, const CaseView& view) {
  const auto& [id, request, gold] = vignettes_[vignette];
  Taken taken;
  taken.judged = OpenCase(id, gold);
  taken.missing = WhyMissing(view);
  CaseEvidence evidence;
  if (!view.recommendations.empty() && view.state != CaseState::kCancelled) {
    evidence = MakeEvidence(view, view.recommendations.back());
  }
  taken.judged.evidence.simulated = evidence.simulated;
  ordered_json line = {{"vignette", id}, {"model", ""}};
  if (evidence.simulated) line["simulated"] = true;
  for (EvidenceAnswer& answer : evidence.answers) {
    const Outcome* const outcome = OutcomeOf(view, answer.model);
    if (outcome == nullptr || !outcome->answer) {
      taken.missing[answer.model] = "error";
      continue;
    }
    const StatedAnswer stated = StatedBy(*outcome->answer, view, gold, table_);
    const auto key = AnswerKey(stated, gold, table_);
    if (!key.ok() || !*key) {
      taken.missing[answer.model] = kNoOption;
      continue;
    }
    answer.key = **key;
    answer.score.reset();
    const Tokens tokens{Number(outcome->usage.prompt_tokens),
                        Number(outcome->usage.completion_tokens)};
    line["model"] = answer.model;
    taken.lines += LineOf(stated, answer, tokens, line);
    AddAnswer(stated, gold, table_, std::move(answer), tokens, taken.judged);
  }
  for (const auto& [model, why] : taken.missing) {
    ordered_json one = line;
    one["model"] = model;
    one["status"] = why;
    taken.lines += one.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  }
  taken_[vignette] = std::move(taken);
}

Result<RecordedAnswers> LiveAnswers::Recorded() const {
  RecordedAnswers recorded;
  for (const auto& [vignette, taken] : taken_) {
    recorded.cases.push_back(taken.judged);
    for (const auto& [model, why] : taken.missing) ++recorded.missing_why[model][why];
  }
  if (Status good = CheckCollected(recorded); !good) return good.error();
  return recorded;
}

std::string LiveAnswers::Lines() const {
  std::string lines;
  for (const auto& [vignette, taken] : taken_) lines += taken.lines;
  return lines;
}

Result<LiveVignettes> ReadLiveVignettes(std::string_view text, const std::string& file,
                                        const std::string& run, const std::string& strategy,
                                        std::optional<double> deadline_s,
                                        const MedicationTable& table) {
  LiveVignettes vignettes;
  std::map<std::string, Gold> golds;
  EachObject(text, "vignettes", vignettes.left_out, [&](const json& object) -> Status {
    const auto id = TextField(object, "id");
    if (!id.ok()) return id.error();
    if (golds.count(*id) > 0) return Invalid("id " + Quoted(*id, 128) + " was there before");
    auto gold = ReadGold(object, table);
    if (!gold.ok()) return gold.error();
    golds.emplace(*id, std::move(gold).value());
    return Ok();
  });
  CasesFile cases = ParseCases(text, file);
  if (!cases.problems.empty()) return cases.problems.front();
  for (CaseRequest& one : cases.cases) {
    const auto gold = golds.find(one.id);
    if (gold == golds.end()) continue;  // a bad line, and noted as such
    LiveVignette& live = vignettes.all.emplace_back();
    live.id = one.id;
    auto case_id = EvalCaseId(run, one.id);
    if (!case_id.ok()) return case_id.error();
    live.request.id = std::move(case_id).value();
    live.request.vignette = std::move(one.vignette);
    live.request.kind = std::move(one.kind);
    live.request.source = "eval";
    live.request.strategy = strategy;
    live.request.deadline_s = deadline_s;
    live.gold = std::move(gold->second);
  }
  if (vignettes.all.empty()) {
    const auto& bad = vignettes.left_out.bad;
    return Invalid(
        file + ": no vignette" +
        (bad.empty() ? "" : "; line " + std::to_string(bad[0].line) + " of " + bad[0].why));
  }
  return vignettes;
}

}  // namespace consilium
