#include "worker/replay.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "shared/eval_case.h"
#include "worker/ingredients.h"
#include "worker/json_lines.h"

namespace consilium {
namespace {

std::optional<std::int64_t> Tokens(const std::optional<double>& count) {
  if (!count || *count > 1e9) return std::nullopt;
  return std::llround(*count);
}

}  // namespace

Result<ReplayModel> ReplayModel::Load(const BackendConfig& config,
                                      std::vector<std::string>& warnings) {
  std::ifstream answers(config.replay.answers, std::ios::binary);
  return Read(config, answers, warnings);
}

Result<ReplayModel> ReplayModel::Read(const BackendConfig& config, std::istream& answers,
                                      std::vector<std::string>& warnings) {
  ReplayModel model;
  model.model_ = ServedModel(config);
  model.file_ = config.replay.answers;
  model.latency_scale_ = config.replay.latency_scale;
  const std::string about = "backend " + config.model + ": replay.answers: ";
  if (model.file_.empty()) return Invalid(about + "missing, expected a file of recorded answers");
  const auto use = [&model](const nlohmann::json& object) -> std::optional<std::string> {
    LineReader line(object);
    std::string author;
    line.Need("model", author);
    if (line.problem()) return line.problem();
    if (author != model.model_) return std::nullopt;
    Recorded recorded;
    std::string vignette;
    std::optional<double> latency_s;
    std::optional<double> prompt_tokens;
    std::optional<double> completion_tokens;
    line.Need("vignette", vignette);
    line.Need("medications", recorded.medications);
    line.Allow("option", recorded.option);
    line.Allow("latency_s", latency_s);
    line.Allow("prompt_tokens", prompt_tokens);
    line.Allow("completion_tokens", completion_tokens);
    if (line.problem()) return line.problem();
    recorded.latency_s = std::min(latency_s.value_or(0.0), 3600.0);
    recorded.usage.prompt_tokens = Tokens(prompt_tokens);
    recorded.usage.completion_tokens = Tokens(completion_tokens);
    if (!model.by_case_.emplace(vignette, std::move(recorded)).second) {
      return "vignette: answered by this model on an earlier line, which counts";
    }
    return std::nullopt;
  };
  const Status read = ReadJsonLines(answers, model.file_, warnings, use);
  if (!read) return Error{read.error().code, about + read.error().text};
  if (model.by_case_.empty()) {
    return Invalid(about + model.file_ + " has no usable answer of model \"" + model.model_ + "\"");
  }
  return model;
}

PlannedOutcome ReplayModel::Plan(const BackendCall& call) const {
  PlannedOutcome planned;
  Outcome& outcome = planned.outcome;
  outcome.provider = "replay";
  outcome.simulated = true;
  outcome.model_served = model_;
  auto found = by_case_.find(call.task.case_id);
  if (found == by_case_.end()) {
    if (const auto vignette = VignetteOf(call.task.case_id)) {
      found = by_case_.find(std::string(*vignette));
    }
  }
  if (found == by_case_.end()) {
    outcome.code = "no_recorded_answer";
    outcome.text = "\"" + model_ + "\" has no answer to this case in " + file_ +
                   "; a replayed model knows only what was recorded";
    return planned;
  }
  const Recorded& recorded = found->second;
  outcome.status = OutcomeStatus::kOk;
  planned.delay = std::chrono::microseconds(
      std::llround(recorded.latency_s * std::min(latency_scale_, 1000.0) * 1e6));
  if (call.task.stage == Stage::kGenerate) {
    outcome.usage = recorded.usage;
    Answer answer;
    for (const std::string& ingredient : recorded.medications) {
      answer.medications.push_back({ingredient, "", "", "", "", "", ""});
    }
    if (call.vignette.options.contains(recorded.option)) answer.option = recorded.option;
    answer.rationale = "recorded answer";
    outcome.answer = std::move(answer);
    return planned;
  }
  if (!call.review) return planned;
  const std::vector<std::string> own = LowerSet(recorded.medications);
  for (const LabelledAnswer& shown : call.review->answers) {
    const std::optional<std::string>& option = shown.answer.option;
    const bool same_option = option && !recorded.option.empty() && *option == recorded.option;
    Grade grade;
    grade.label = shown.label;
    grade.grade = same_option ? 1.0 : Jaccard(own, LowerSet(shown.answer));
    grade.comment = "agreement with its own recorded answer";
    outcome.grades.push_back(std::move(grade));
  }
  return planned;
}

}  // namespace consilium
