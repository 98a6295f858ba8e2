#include "cli/read_answers.h"

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "aggregator/council/coding.h"
#include "cli/json_names.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

// Calls `read` with each object of the lines; what it refuses is noted.
void EachLine(std::string_view text, std::string_view name, RecordedAnswers& recorded,
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

const json* Find(const json& object, const char* field) {
  const auto found = object.find(field);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> TextOf(const json& object, const char* field) {
  const json* const found = Find(object, field);
  if (found == nullptr) return Invalid(std::string(field) + ": missing");
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    return Invalid(std::string(field) + ": expected a text");
  }
  return found->get<std::string>();
}

// Absent when the field is not there.
Result<std::optional<double>> AmountOf(const json& object, const char* field, const char* unit) {
  const json* const found = Find(object, field);
  if (found == nullptr) return std::optional<double>();
  if (!found->is_number() || !(found->get<double>() >= 0)) {
    return Invalid(std::string(field) + ": expected " + unit);
  }
  return std::optional<double>(found->get<double>());
}

Result<std::optional<Names>> NamesOf(const json& object, const char* field) {
  const json* const found = Find(object, field);
  if (found == nullptr) return std::optional<Names>();
  auto names = ReadNames(*found);
  if (!names) return Invalid(std::string(field) + ": expected an array of names");
  return names;
}

// What is known of one vignette besides its answers.
struct Gold {
  std::string letters;       // of its options; "" = open
  std::string option;        // right; "" = not known
  std::optional<Names> set;  // right ingredients
  std::vector<Names> acceptable;
  std::optional<Names> must_not;
};

class Reader {
 public:
  explicit Reader(const MedicationTable& table) : table_(table) {}

  Status Vignette(const json& object) {
    const auto id = TextOf(object, "id");
    if (!id.ok()) return id.error();
    if (place_.count(*id) > 0) return Invalid("id " + Quoted(*id, 128) + " was there before");
    Gold gold;
    if (Status read = ReadOptions(object, gold); !read) return read;
    if (Status read = ReadSets(object, gold); !read) return read;
    JudgedCase judged;
    judged.evidence.case_id = *id;
    judged.evidence.options = static_cast<std::int64_t>(gold.letters.size());
    judged.known = gold.letters.empty() ? gold.set.has_value() : !gold.option.empty();
    place_.emplace(*id, recorded_.cases.size());
    recorded_.cases.push_back(std::move(judged));
    golds_.push_back(std::move(gold));
    return Ok();
  }

  Status Answer(const json& object) {
    const auto vignette = TextOf(object, "vignette");
    if (!vignette.ok()) return vignette.error();
    const auto model = TextOf(object, "model");
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
    EvidenceAnswer answer;
    answer.model = *model;
    const auto names = NamesOf(object, "medications");
    if (!names.ok()) return names.error();
    const Gold& gold = golds_[found->second];
    const auto key = KeyOf(object, *names, gold);
    if (!key.ok()) return key.error();
    if (!*key) return Ok();  // it is missing
    answer.key = **key;
    const auto latency = AmountOf(object, "latency_s", "seconds");
    const auto prompt = AmountOf(object, "prompt_tokens", "a number");
    const auto completion = AmountOf(object, "completion_tokens", "a number");
    const auto cost = AmountOf(object, "cost_usd", "USD");
    for (const auto* amount : {&latency, &prompt, &completion, &cost}) {
      if (!amount->ok()) return amount->error();
    }
    if (*latency) answer.latency_ms = **latency * 1000;
    answer.cost_usd = *cost;
    judged.tokens.push_back(Tokens{*prompt, *completion});
    Judge(*names, gold, judged, answer);
    judged.evidence.answers.push_back(std::move(answer));
    return Ok();
  }

  Result<RecordedAnswers> Take() {
    const auto refused = [this](const std::string& what) {
      const auto& bad = recorded_.bad;
      return Invalid(what + (bad.empty()
                                 ? ""
                                 : "; line " + std::to_string(bad[0].line) + " of " + bad[0].why));
    };
    if (recorded_.cases.empty()) return refused("vignettes: there is none");
    Complete(recorded_);
    if (recorded_.models.empty()) return refused("answers: none to any of these vignettes");
    if (recorded_.models.size() > limits::kModelsMax) {
      return Invalid("answers: " + std::to_string(recorded_.models.size()) +
                     " models, expected at most " + std::to_string(limits::kModelsMax));
    }
    return std::move(recorded_);
  }

  RecordedAnswers& recorded() { return recorded_; }

 private:
  static Status ReadOptions(const json& object, Gold& gold) {
    const json* const options = Find(object, "options");
    if (options == nullptr || options->empty()) return Ok();
    if (!options->is_object() || options->size() < 2) {
      return Invalid("options: expected an object of at least two");
    }
    for (const auto& item : options->items()) {
      const std::string& letter = item.key();
      if (letter.size() != 1 || letter[0] < 'A' || letter[0] > 'Z') {
        return Invalid("options: " + Quoted(letter, 64) + ", expected letters A..Z");
      }
      gold.letters += letter;
    }
    if (Find(object, "gold_option") == nullptr) return Ok();
    const auto option = TextOf(object, "gold_option");
    if (!option.ok()) return option.error();
    if (option->size() != 1 || gold.letters.find(*option) == std::string::npos) {
      return Invalid("gold_option = " + Quoted(*option, 64) + ", expected one of " + gold.letters);
    }
    gold.option = *option;
    return Ok();
  }

  Status ReadSets(const json& object, Gold& gold) const {
    const auto right = NamesOf(object, "gold_medications");
    if (!right.ok()) return right.error();
    const json* const is_class = Find(object, "gold_is_class");
    const bool a_class = is_class != nullptr && is_class->is_boolean() && is_class->get<bool>();
    if (*right && !a_class) gold.set = CodeNames(**right, table_).ingredients;
    const auto never = NamesOf(object, "must_not");
    if (!never.ok()) return never.error();
    if (*never) gold.must_not = CodeNames(**never, table_).ingredients;
    const json* const acceptable = Find(object, "acceptable");
    if (acceptable == nullptr) return Ok();
    if (!acceptable->is_array()) return Invalid("acceptable: expected an array of arrays of names");
    for (const json& one : *acceptable) {
      const auto names = ReadNames(one);
      if (!names) return Invalid("acceptable: expected an array of arrays of names");
      gold.acceptable.push_back(CodeNames(*names, table_).ingredients);
    }
    return Ok();
  }

  // Absent: the answer is missing.
  Result<std::optional<std::string>> KeyOf(const json& object, const std::optional<Names>& names,
                                           const Gold& gold) const {
    if (gold.letters.empty()) {
      if (!names) return std::optional<std::string>();
      consilium::Answer answer;
      for (const std::string& name : *names) answer.medications.emplace_back().ingredient = name;
      return std::optional<std::string>(CodeAnswer("", answer, {}, table_).key);
    }
    const json* const option = Find(object, "option");
    if (option == nullptr || *option == "") return std::optional<std::string>();
    const std::string letter = option->is_string() ? option->get<std::string>() : option->dump();
    if (letter.size() != 1 || gold.letters.find(letter) == std::string::npos) {
      return Invalid("option = " + Quoted(letter, 64) + ", expected one of " + gold.letters);
    }
    return std::optional<std::string>(letter);
  }

  void Judge(const std::optional<Names>& names, const Gold& gold, JudgedCase& judged,
             EvidenceAnswer& answer) const {
    std::optional<Names> given;
    if (names) given = CodeNames(*names, table_).ingredients;
    if (!gold.option.empty()) {
      answer.right = answer.key == gold.option;
    } else if (gold.letters.empty() && gold.set) {
      const auto& also = gold.acceptable;
      answer.right = given == gold.set || std::find(also.begin(), also.end(), *given) != also.end();
    }
    const bool there = std::any_of(judged.keys.begin(), judged.keys.end(),
                                   [&](const JudgedKey& one) { return one.key == answer.key; });
    if (there) return;
    JudgedKey& key = judged.keys.emplace_back();
    key.key = answer.key;
    if (!given) return;
    if (gold.set) key.set = ScoreSets(*gold.set, *given);
    if (!gold.must_not) return;
    key.unsafe = std::any_of(given->begin(), given->end(), [&](const std::string& name) {
      return std::find(gold.must_not->begin(), gold.must_not->end(), name) != gold.must_not->end();
    });
  }

  const MedicationTable& table_;
  RecordedAnswers recorded_;
  std::map<std::string, std::size_t> place_;  // by id
  std::vector<Gold> golds_;                   // by case
  std::set<std::pair<std::size_t, std::string>> answered_;
};

}  // namespace

Result<RecordedAnswers> ReadAnswers(std::string_view vignettes, std::string_view answers,
                                    const MedicationTable& table) {
  Reader reader(table);
  EachLine(vignettes, "vignettes", reader.recorded(),
           [&](const json& object) { return reader.Vignette(object); });
  EachLine(answers, "answers", reader.recorded(),
           [&](const json& object) { return reader.Answer(object); });
  return reader.Take();
}

}  // namespace consilium
