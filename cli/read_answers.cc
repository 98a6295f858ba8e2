#include "cli/read_answers.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "cli/gold.h"
#include "cli/json_fields.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr double kAnyAmount = 1e300;
constexpr std::size_t kWhyBytesMax = 64;

// What is known of an answer besides what it says.
Status ReadFigures(const json& object, EvidenceAnswer& answer, Tokens& tokens) {
  const auto latency = AmountField(object, "latency_s", "seconds", kAnyAmount);
  const auto prompt = AmountField(object, "prompt_tokens", "a number", kAnyAmount);
  const auto completion = AmountField(object, "completion_tokens", "a number", kAnyAmount);
  const auto cost = AmountField(object, "cost_usd", "USD", kAnyAmount);
  const auto grade = AmountField(object, "grade", "0..1", 1);
  const auto weight = AmountField(object, "weight", "0..1", 1);
  const auto reliability = AmountField(object, "reliability", "0..1", 1);
  for (const auto* one : {&latency, &prompt, &completion, &cost, &grade, &weight, &reliability}) {
    if (!one->ok()) return one->error();
  }
  if (*latency) answer.latency_ms = **latency * 1000;
  answer.cost_usd = *cost;
  answer.grade = *grade;
  answer.weight = weight->value_or(1.0);
  answer.reliability = *reliability;
  tokens = {*prompt, *completion};
  if (FindField(object, "model_served") == nullptr) return Ok();
  auto served = TextField(object, "model_served");
  if (!served.ok()) return served.error();
  answer.version = std::move(served).value();
  return Ok();
}

StatedAnswer StatedBy(const json& object, std::optional<std::vector<std::string>> names) {
  StatedAnswer stated;
  stated.medications = std::move(names);
  const json* const option = FindField(object, "option");
  if (option != nullptr) {
    stated.option = option->is_string() ? option->get<std::string>() : option->dump();
  }
  return stated;
}

class Reader {
 public:
  explicit Reader(const MedicationTable& table) : table_(table) {}

  Status Vignette(const json& object) {
    const auto id = TextField(object, "id");
    if (!id.ok()) return id.error();
    if (place_.count(*id) > 0) return Invalid("id " + Quoted(*id, 128) + " was there before");
    auto gold = ReadGold(object, table_);
    if (!gold.ok()) return gold.error();
    place_.emplace(*id, recorded_.cases.size());
    recorded_.cases.push_back(OpenCase(*id, *gold));
    golds_.push_back(std::move(gold).value());
    return Ok();
  }

  Status Answer(const json& object) {
    const auto vignette = TextField(object, "vignette");
    if (!vignette.ok()) return vignette.error();
    const auto model = TextField(object, "model");
    if (!model.ok()) return model.error();
    if (Status name = CheckModelName(*model); !name) return name;
    const auto found = place_.find(*vignette);
    if (found == place_.end()) {
      return Invalid("vignette " + Quoted(*vignette, 128) + " is not in the other file");
    }
    JudgedCase& judged = recorded_.cases[found->second];
    if (!answered_.emplace(found->second, *model).second) {
      return Invalid("a second answer of " + Quoted(*model, 128) + " to " + Quoted(*vignette, 128));
    }
    auto names = NamesField(object, "medications");
    if (!names.ok()) return names.error();
    const Gold& gold = golds_[found->second];
    const StatedAnswer stated = StatedBy(object, std::move(names).value());
    const auto key = AnswerKey(stated, gold, table_);
    if (!key.ok()) return key.error();
    const json* const simulated = FindField(object, "simulated");
    if (simulated != nullptr && *simulated == true) judged.evidence.simulated = true;
    if (!*key) return Missing(object, *model);
    EvidenceAnswer answer;
    answer.model = *model;
    answer.key = **key;
    Tokens tokens;
    if (Status read = ReadFigures(object, answer, tokens); !read) return read;
    AddAnswer(stated, gold, table_, std::move(answer), tokens, judged);
    return Ok();
  }

  Result<RecordedAnswers> Take() {
    if (Status good = CheckCollected(recorded_); !good) return good.error();
    return std::move(recorded_);
  }

  RecordedAnswers& recorded() { return recorded_; }

 private:
  Status Missing(const json& object, const std::string& model) {
    if (FindField(object, "status") == nullptr) return Ok();
    const auto why = TextField(object, "status");
    if (!why.ok()) return why.error();
    if (why->size() > kWhyBytesMax) return Invalid("status: expected a word");
    ++recorded_.missing_why[model][*why];
    return Ok();
  }

  const MedicationTable& table_;
  RecordedAnswers recorded_;
  std::map<std::string, std::size_t> place_;  // by id
  std::vector<Gold> golds_;                   // by case
  std::set<std::pair<std::size_t, std::string>> answered_;
};

}  // namespace

void EachObject(std::string_view text, std::string_view name, RecordedAnswers& recorded,
                const std::function<Status(const json&)>& read) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const json object = json::parse(one, nullptr, /*allow_exceptions=*/false);
    const Status good = object.is_object() ? read(object) : Invalid("no JSON object");
    if (!good) recorded.AddBad(line, std::string(name) + ": " + good.error().text);
  }
}

Status CheckCollected(RecordedAnswers& recorded) {
  const auto refused = [&recorded](const std::string& what) {
    const auto& bad = recorded.bad;
    return Invalid(
        what + (bad.empty() ? "" : "; line " + std::to_string(bad[0].line) + " of " + bad[0].why));
  };
  if (recorded.cases.empty()) return refused("vignettes: there is none");
  Complete(recorded);
  if (recorded.models.empty()) return refused("answers: none to any of these vignettes");
  if (recorded.models.size() > limits::kModelsMax) {
    return Invalid("answers: " + std::to_string(recorded.models.size()) +
                   " models, expected at most " + std::to_string(limits::kModelsMax));
  }
  return Ok();
}

Result<RecordedAnswers> ReadAnswers(std::string_view vignettes, std::string_view answers,
                                    const MedicationTable& table) {
  Reader reader(table);
  EachObject(vignettes, "vignettes", reader.recorded(),
             [&](const json& object) { return reader.Vignette(object); });
  EachObject(answers, "answers", reader.recorded(),
             [&](const json& object) { return reader.Answer(object); });
  return reader.Take();
}

}  // namespace consilium
