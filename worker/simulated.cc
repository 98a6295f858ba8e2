#include "worker/simulated.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "shared/check.h"
#include "shared/ids.h"
#include "shared/text.h"
#include "worker/ingredients.h"
#include "worker/json_lines.h"

namespace consilium {
namespace {

constexpr double kAlternativeShare = 0.15;
constexpr double kFirstDistractorShare = 0.60;
constexpr double kOtherDoseShare = 0.10;
// The name of a group is all that tells its draws from those of others: its members' seeds differ.
constexpr std::uint64_t kGroupSeed = 0;

std::optional<std::string> ReadCase(const nlohmann::json& object, KnownCase& known) {
  LineReader line(object);
  line.Need("id", known.id);
  line.Need("text", known.text);
  line.Need("gold_medications", known.gold);
  line.Need("distractors", known.distractors);
  line.Allow("specialty", known.specialty);
  line.Allow("acceptable", known.acceptable);
  line.Allow("must_not", known.must_not);
  line.Allow("rationale", known.rationale);
  line.Allow("cautions", known.cautions);
  if (line.problem()) return line.problem();
  if (known.distractors.empty()) return "distractors: empty, expected at least one wrong answer";
  const auto regimen = object.find("regimen");
  if (regimen == object.end() || regimen->is_null()) return std::nullopt;
  if (!regimen->is_object()) return "regimen: expected an object";
  LineReader fields(*regimen);
  fields.Allow("dose", known.regimen.dose);
  fields.Allow("unit", known.regimen.unit);
  fields.Allow("route", known.regimen.route);
  fields.Allow("frequency", known.regimen.frequency);
  fields.Allow("duration", known.regimen.duration);
  fields.Allow("indication", known.regimen.indication);
  if (fields.problem()) return "regimen." + *fields.problem();
  return std::nullopt;
}

std::optional<double> FindSkill(const std::map<std::string, double>& skills,
                                const std::string& specialty) {
  auto found = skills.find(specialty);
  if (found == skills.end()) found = skills.find("default");
  if (found == skills.end()) return std::nullopt;
  return found->second;
}

std::string TaskWords(const std::string& who, const TaskId& task, const char* purpose) {
  return who + "|" + task.case_id + "|" + kStageNames[static_cast<int>(task.stage)] + "|" +
         std::to_string(task.round) + "|" + purpose;
}

// Half or twice the dose when it is one number; else as it was.
std::string OtherDose(const std::string& dose, double factor) {
  double number = 0.0;
  const char* const end = dose.data() + dose.size();
  const auto [stop, problem] = std::from_chars(dose.data(), end, number);
  if (problem != std::errc() || stop != end || !(number > 0.0 && number < 1e9)) return dose;
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number * factor);
  return {text.data(), written.ptr};
}

// The option that names all ingredients, if exactly one does.
std::optional<std::string> ChooseOption(const std::map<std::string, std::string>& options,
                                        const std::vector<std::string>& ingredients) {
  std::optional<std::string> chosen;
  if (ingredients.empty()) return chosen;
  for (const auto& [letter, meaning] : options) {
    const std::string text = LowerAscii(meaning);
    const bool names_all =
        std::all_of(ingredients.begin(), ingredients.end(), [&text](const std::string& ingredient) {
          return text.find(LowerAscii(ingredient)) != text.npos;
        });
    if (!names_all) continue;
    if (chosen) return std::nullopt;
    chosen = letter;
  }
  return chosen;
}

// By the truth: what the answer deserves, and why.
Grade TrueGrade(const KnownCase& known, const std::vector<std::string>& ingredients) {
  Grade grade;
  if (ingredients == LowerSet(known.gold)) {
    grade.grade = 0.92;
    grade.comment = "simulated review: what it would give itself";
    return grade;
  }
  const bool acceptable =
      std::any_of(known.acceptable.begin(), known.acceptable.end(),
                  [&ingredients](const auto& set) { return ingredients == LowerSet(set); });
  if (acceptable) {
    grade.grade = 0.80;
    grade.comment = "simulated review: an acceptable alternative";
    return grade;
  }
  for (const std::string& banned : LowerSet(known.must_not)) {
    if (!std::binary_search(ingredients.begin(), ingredients.end(), banned)) continue;
    grade.grade = 0.05;
    grade.harm = true;
    grade.comment = "simulated review: " + banned + " must not be given here";
    return grade;
  }
  grade.grade = 0.25;
  grade.comment = "simulated review: not what this patient needs";
  return grade;
}

// Taken in: the commonest mistake looks best, the truth only good, and no danger is seen.
Grade BlindGrade(const KnownCase& known, const std::vector<std::string>& ingredients) {
  KnownCase seen;
  seen.gold = known.distractors.front();
  seen.acceptable = known.acceptable;
  seen.acceptable.push_back(known.gold);
  return TrueGrade(seen, ingredients);
}

}  // namespace

Result<SimulatedModel> SimulatedModel::Load(const BackendConfig& config,
                                            std::vector<std::string>& warnings) {
  std::ifstream knowledge(config.simulated.knowledge, std::ios::binary);
  return Read(config, knowledge, warnings);
}

Result<SimulatedModel> SimulatedModel::Read(const BackendConfig& config, std::istream& knowledge,
                                            std::vector<std::string>& warnings) {
  SimulatedModel model;
  model.model_ = config.model;
  model.config_ = config.simulated;
  model.stall_ = milliseconds(config.stall_ms);
  model.seed_ = static_cast<std::uint64_t>(config.simulated.seed);
  const std::string about = "backend " + config.model + ": simulated.";
  const std::string& file = config.simulated.knowledge;
  if (file.empty()) return Invalid(about + "knowledge: missing, expected a file of cases");
  auto cases = std::make_shared<std::vector<KnownCase>>();
  std::unordered_set<std::string> ids;
  const auto use = [&cases, &ids](const nlohmann::json& object) {
    KnownCase known;
    std::optional<std::string> problem = ReadCase(object, known);
    if (!problem && !ids.insert(known.id).second) problem = "id: on an earlier line, which counts";
    if (!problem) cases->push_back(std::move(known));
    return problem;
  };
  const Status read = ReadJsonLines(knowledge, file, warnings, use);
  if (!read) return Error{read.error().code, about + "knowledge: " + read.error().text};
  if (cases->empty()) return Invalid(about + "knowledge: " + file + " has no usable case");
  const auto& skill = model.config_.skill;
  const auto unskilled = std::find_if(cases->begin(), cases->end(), [&skill](const auto& known) {
    return !skill.contains("default") && !skill.contains(known.specialty);
  });
  if (unskilled != cases->end()) {
    return Invalid(about + "skill: neither \"" + unskilled->specialty +
                   "\" nor \"default\" has a value, and " + file + " has such cases");
  }
  for (const KnownCase& known : *cases) {
    model.by_id_.emplace(known.id, &known);
    model.by_text_.emplace(known.text, &known);
  }
  model.cases_ = std::move(cases);
  return model;
}

const KnownCase* SimulatedModel::Find(const BackendCall& call) const {
  const auto by_id = by_id_.find(call.task.case_id);
  if (by_id != by_id_.end()) return by_id->second;
  const auto by_text = by_text_.find(call.vignette.text);
  if (by_text != by_text_.end()) return by_text->second;
  // A door puts what it knows of the patient around the note; the longest one in it is meant.
  const KnownCase* longest = nullptr;
  for (const auto& [text, known] : by_text_) {
    if (longest != nullptr && text.size() <= longest->text.size()) continue;
    if (call.vignette.text.find(text) != std::string::npos) longest = known;
  }
  return longest;
}

double SimulatedModel::SkillFor(const KnownCase& known) const {
  const auto skill = FindSkill(config_.skill, known.specialty);
  CHECK(skill, "Read() refuses cases without a skill");
  return *skill;
}

double SimulatedModel::ReviewSkillFor(const KnownCase& known) const {
  const auto skill = FindSkill(config_.review_skill, known.specialty);
  return skill ? *skill : SkillFor(known);
}

std::string SimulatedModel::Words(const TaskId& task, const char* purpose) const {
  return TaskWords(model_, task, purpose);
}

SeededRandom SimulatedModel::Draws(const TaskId& task, const char* purpose) const {
  if (!FollowsGroup(task.case_id)) return {seed_, Words(task, purpose)};
  return {kGroupSeed, TaskWords("group|" + config_.group, task, purpose)};
}

bool SimulatedModel::FollowsGroup(const std::string& case_id) const {
  if (config_.group.empty()) return false;
  SeededRandom random(kGroupSeed, "group|" + config_.group + "|" + case_id + "|follows");
  return random.Unit() < config_.group_share;
}

std::vector<std::string> SimulatedModel::Belief(const KnownCase& known,
                                                const TaskId& generate) const {
  SeededRandom random = Draws(generate, "answer");
  const bool knows = random.Unit() < SkillFor(known);
  const double which = random.Unit();
  if (knows) {
    if (which >= kAlternativeShare || known.acceptable.empty()) return known.gold;
    return known.acceptable[random.Below(known.acceptable.size())];
  }
  const std::size_t others = known.distractors.size() - 1;
  if (which < kFirstDistractorShare || others == 0) return known.distractors.front();
  return known.distractors[1 + random.Below(others)];
}

Answer SimulatedModel::MakeAnswer(const KnownCase& known, const BackendCall& call) const {
  SeededRandom random(seed_, Words(call.task, "form"));
  const bool other_dose = random.Unit() < kOtherDoseShare;
  const double factor = random.Unit() < 0.5 ? 0.5 : 2.0;
  const std::vector<std::string> ingredients = Belief(known, call.task);
  const bool gold = LowerSet(ingredients) == LowerSet(known.gold);
  Answer answer;
  for (const std::string& ingredient : ingredients) {
    Medication medication;
    // The file states how the gold is given, and of several only the first.
    if (gold && answer.medications.empty()) medication = known.regimen;
    medication.ingredient = ingredient;
    if (other_dose) medication.dose = OtherDose(medication.dose, factor);
    answer.medications.push_back(std::move(medication));
  }
  answer.option = ChooseOption(call.vignette.options, ingredients);
  answer.rationale = gold ? known.rationale : "Simulated answer: it gives no reason.";
  if (gold) answer.cautions = known.cautions;
  // Models are sure of themselves, right or wrong.
  answer.confidence = std::round((0.6 + 0.35 * random.Unit()) * 100.0) / 100.0;
  return answer;
}

std::vector<Grade> SimulatedModel::MakeGrades(const KnownCase& known,
                                              const BackendCall& call) const {
  SeededRandom random = Draws(call.task, "review");
  const bool knows = random.Unit() < ReviewSkillFor(known);
  const auto& spots = config_.blind_spots;
  const bool blind = std::find(spots.begin(), spots.end(), known.specialty) != spots.end();
  const TaskId generate{call.task.case_id, Stage::kGenerate, 1, call.task.model};
  const std::vector<std::string> belief = LowerSet(Belief(known, generate));
  std::vector<Grade> grades;
  if (!call.review) return grades;
  for (const LabelledAnswer& shown : call.review->answers) {
    const std::vector<std::string> ingredients = LowerSet(shown.answer);
    Grade grade;
    if (blind) {
      grade = BlindGrade(known, ingredients);
    } else if (knows) {
      grade = TrueGrade(known, ingredients);
    } else if (ingredients == belief) {
      grade.grade = 0.80;
      grade.comment = "simulated review: agrees with its own answer";
    } else {
      grade.grade = 0.40;
      grade.comment = "simulated review: differs from its own answer";
    }
    // The noise belongs to what is graded, not to the place where it is shown.
    std::string content;
    for (const std::string& ingredient : ingredients) content += "|" + ingredient;
    SeededRandom noise(seed_, Words(call.task, "noise") + content);
    grade.grade = std::clamp(grade.grade + config_.grading_noise * noise.Normal(), 0.0, 1.0);
    grade.label = shown.label;
    grades.push_back(std::move(grade));
  }
  return grades;
}

bool SimulatedModel::DrawFault(const BackendCall& call, PlannedOutcome& planned) const {
  SeededRandom random(seed_, Words(call.task, "fault") + "|" + std::to_string(call.fence));
  double draw = random.Unit();
  const auto happens = [&draw](double rate) {
    draw -= rate;
    return draw < 0.0;
  };
  Outcome& outcome = planned.outcome;
  outcome.retryable = true;
  if (happens(config_.fault_error)) {
    outcome.status = OutcomeStatus::kError;
    outcome.code = "http_500";
    outcome.text = "simulated server error";
  } else if (happens(config_.fault_timeout)) {
    outcome.status = OutcomeStatus::kTimedOut;
    outcome.code = "stalled";
    outcome.text = "simulated model that never answers";
    planned.delay = stall_;
  } else if (happens(config_.fault_refuse)) {
    outcome.status = OutcomeStatus::kRefused;
    outcome.code = "refusal";
    outcome.text = "simulated refusal";
    outcome.retryable = false;
  } else if (happens(config_.fault_malformed)) {
    outcome.status = OutcomeStatus::kMalformed;
    outcome.code = "not_json";
    outcome.text = "simulated reply without a JSON object";
  } else if (happens(config_.fault_rate_limit)) {
    outcome.status = OutcomeStatus::kRateLimited;
    outcome.code = "http_429";
    outcome.text = "simulated rate limit";
    outcome.retry_after_ms = 1000;
  } else {
    outcome.retryable = false;
    return false;
  }
  return true;
}

PlannedOutcome SimulatedModel::Plan(const BackendCall& call) const {
  PlannedOutcome planned;
  Outcome& outcome = planned.outcome;
  outcome.provider = "simulated";
  outcome.simulated = true;
  outcome.model_served = model_;
  const KnownCase* known = Find(call);
  if (known == nullptr) {
    outcome.code = "unknown_case";
    outcome.text = "simulated models know only the cases of their knowledge file, not this one";
    return planned;
  }
  if (config_.latency_ms_median > 0.0) {
    SeededRandom random(seed_, Words(call.task, "latency") + "|" + std::to_string(call.fence));
    // Twelve deviations up is no latency; an hour bounds it.
    const double ms = std::min(
        config_.latency_ms_median * std::exp(config_.latency_sigma * random.Normal()), 3.6e6);
    planned.delay = std::chrono::microseconds(std::llround(ms * 1000.0));
  }
  if (DrawFault(call, planned)) return planned;
  outcome.status = OutcomeStatus::kOk;
  if (call.task.stage == Stage::kReview) {
    outcome.grades = MakeGrades(*known, call);
  } else {
    outcome.answer = MakeAnswer(*known, call);
  }
  return planned;
}

}  // namespace consilium
