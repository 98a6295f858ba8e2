#include "cli/read_answers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;

// Calls `read` with each object of the lines; what it refuses is noted.
void EachLine(std::string_view text, std::string_view name, AnswerTable& table,
              const std::function<Status(const json&)>& read) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const json object = json::parse(one, nullptr, /*allow_exceptions=*/false);
    const Status good = object.is_object() ? read(object) : Invalid("no JSON object");
    if (good) continue;
    ++table.bad_count;
    if (table.bad.size() < kBadLinesKept) {
      table.bad.push_back({line, std::string(name) + ": " + good.error().text});
    }
  }
}

Result<std::string> TextOf(const json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return Invalid(std::string(field) + ": missing");
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    return Invalid(std::string(field) + ": expected a text");
  }
  return found->get<std::string>();
}

bool IsLetter(const std::string& text) {
  return text.size() == 1 && text[0] >= 'A' && text[0] <= 'Z';
}

class Reader {
 public:
  Status Vignette(const json& object) {
    const auto id = TextOf(object, "id");
    if (!id) return id.error();
    if (!seen_.insert(*id).second) return Invalid("id " + Quoted(*id, 128) + " was there before");
    const auto options = object.find("options");
    if (options == object.end() || options->is_null() || options->empty()) {
      ++read_.open;
      return Ok();
    }
    if (!options->is_object() || options->size() < 2) {
      return Invalid("options: expected an object of at least two");
    }
    std::string letters;
    for (const auto& item : options->items()) {
      if (!IsLetter(item.key())) {
        return Invalid("options: " + Quoted(item.key(), 64) + ", expected letters A..Z");
      }
      letters += item.key();
    }
    Question question;
    question.id = *id;
    question.options = letters.size();
    if (object.contains("gold_option") && !object["gold_option"].is_null()) {
      const auto gold = TextOf(object, "gold_option");
      if (!gold) return gold.error();
      if (gold->size() != 1 || letters.find(*gold) == std::string::npos) {
        return Invalid("gold_option = " + Quoted(*gold, 64) + ", expected one of " + letters);
      }
      question.gold = gold->front();
    }
    place_.emplace(*id, read_.table.questions.size());
    letters_.push_back(std::move(letters));
    read_.table.questions.push_back(std::move(question));
    return Ok();
  }

  Status Answer(const json& object) {
    const auto vignette = TextOf(object, "vignette");
    if (!vignette) return vignette.error();
    const auto model = TextOf(object, "model");
    if (!model) return model.error();
    const auto found = place_.find(*vignette);
    if (found == place_.end()) {
      if (seen_.count(*vignette) > 0) return Ok();  // a question without options
      return Invalid("vignette " + Quoted(*vignette, 128) + " is not in the other file");
    }
    auto& answers = answers_[*model];
    if (answers.count(found->second) > 0) {
      return Invalid("a second answer of " + Quoted(*model, 128) + " to " + Quoted(*vignette, 128));
    }
    const auto option = object.find("option");
    if (option == object.end() || option->is_null() || *option == "") return Ok();  // it is missing
    const std::string letter = option->is_string() ? option->get<std::string>() : option->dump();
    const std::string& letters = letters_[found->second];
    if (letter.size() != 1 || letters.find(letter) == std::string::npos) {
      return Invalid("option = " + Quoted(letter, 64) + ", expected one of " + letters);
    }
    RecordedAnswer answer;
    answer.option = letter.front();
    const auto latency = object.find("latency_s");
    if (latency != object.end() && !latency->is_null()) {
      const bool good = latency->is_number() && latency->get<double>() >= 0;
      if (!good) return Invalid("latency_s: expected seconds");
      answer.latency_s = latency->get<double>();
    }
    answers.emplace(found->second, answer);
    return Ok();
  }

  Result<AnswersRead> Take() {
    AnswerTable& table = read_.table;
    const auto refused = [&table](const std::string& what) {
      return Invalid(what + (table.bad.empty() ? ""
                                               : "; line " + std::to_string(table.bad[0].line) +
                                                     " of " + table.bad[0].why));
    };
    if (table.questions.empty()) return refused("vignettes: no question with options");
    for (Question& question : table.questions) question.answers.resize(answers_.size());
    for (const auto& [model, answers] : answers_) {
      if (answers.empty()) continue;
      for (const auto& [question, answer] : answers) {
        table.questions[question].answers[table.models.size()] = answer;
      }
      table.models.push_back(model);
    }
    if (table.models.empty()) return refused("answers: none to any of these questions");
    if (table.models.size() > limits::kModelsMax) {
      return Invalid("answers: " + std::to_string(table.models.size()) +
                     " models, expected at most " + std::to_string(limits::kModelsMax));
    }
    for (Question& question : table.questions) {
      question.answers.resize(table.models.size());
      for (const auto& answer : question.answers) table.missing += answer ? 0u : 1u;
    }
    return std::move(read_);
  }

  AnswerTable& table() { return read_.table; }

 private:
  AnswersRead read_;
  std::set<std::string> seen_;                                            // ids of all questions
  std::map<std::string, std::size_t> place_;                              // of those with options
  std::vector<std::string> letters_;                                      // of these
  std::map<std::string, std::map<std::size_t, RecordedAnswer>> answers_;  // by model, question
};

}  // namespace

Result<AnswersRead> ReadAnswers(std::string_view vignettes, std::string_view answers) {
  Reader reader;
  EachLine(vignettes, "vignettes", reader.table(),
           [&](const json& object) { return reader.Vignette(object); });
  EachLine(answers, "answers", reader.table(),
           [&](const json& object) { return reader.Answer(object); });
  return reader.Take();
}

}  // namespace consilium
