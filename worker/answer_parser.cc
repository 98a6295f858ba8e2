#include "worker/answer_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

#include "shared/limits.h"
#include "shared/text.h"
#include "worker/json_object.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

ParseProblem Mismatch(std::string text) { return {"schema_mismatch", std::move(text)}; }

const Json* Find(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string Clean(std::string_view text, std::size_t bytes_max, bool lines) {
  const std::string clean = CleanText(text, lines);
  return std::string(Trimmed(CutUtf8(Trimmed(clean), bytes_max)));
}

// Strings as they are, numbers and booleans as they are written, null as ""; empty for the rest.
std::optional<std::string> AsText(const Json* value) {
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return value->get<std::string>();
  if (value->is_number() || value->is_boolean()) return value->dump();
  return std::nullopt;
}

std::optional<double> AsNumber(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  const std::string_view digits = Trimmed(text);
  double number = 0.0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, number);
  if (problem != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

// Models answer "yes" as readily as true.
std::optional<bool> AsFlag(const Json* value) {
  if (value == nullptr || value->is_null()) return false;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number()) return value->get<double>() != 0.0;
  if (!value->is_string()) return std::nullopt;
  const std::string word = LowerAscii(Trimmed(value->get<std::string>()));
  if (word == "true" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "no" || word == "0" || word.empty()) return false;
  return std::nullopt;
}

// Text fields that are a list of sentences become lines.
std::optional<std::string> AsProse(const Json* value) {
  if (value == nullptr || !value->is_array()) return AsText(value);
  std::string prose;
  for (const Json& item : *value) {
    const std::optional<std::string> line = AsText(&item);
    if (!line) return std::nullopt;
    if (!prose.empty()) prose += '\n';
    prose += *line;
  }
  return prose;
}

struct Reply {
  Json object;
  std::optional<ParseProblem> problem;
};

Reply ReadObject(std::string_view text, const char* key) {
  if (text.size() > kReplyTextBytesMax) {
    return {Json(),
            ParseProblem{"oversized", "the model wrote " + std::to_string(text.size()) +
                                          " bytes, at most " + std::to_string(kReplyTextBytesMax) +
                                          " are read"}};
  }
  // Reasoning models think aloud first, and their drafts are not their answer.
  constexpr std::string_view kThought = "</think>";
  const std::size_t thought = text.rfind(kThought);
  if (thought != std::string_view::npos) text.remove_prefix(thought + kThought.size());
  std::optional<Json> object = FindJsonObject(text, key);
  if (!object) {
    return {Json(), ParseProblem{"not_json",
                                 std::string("no JSON object with \"") + key + "\" in the reply"}};
  }
  return {std::move(*object), std::nullopt};
}

std::optional<ParseProblem> ReadMedication(const Json& item, const std::string& path,
                                           Medication& medication) {
  if (item.is_string()) {
    medication.ingredient = item.get<std::string>();
  } else if (item.is_object()) {
    for (const char* key : {"ingredient", "drug", "name", "medication"}) {
      const Json* value = Find(item, key);
      if (value == nullptr) continue;
      if (!value->is_string()) return Mismatch(path + "." + key + ": expected a string");
      medication.ingredient = value->get<std::string>();
      break;
    }
    const std::pair<const char*, std::string*> fields[] = {
        {"dose", &medication.dose},         {"unit", &medication.unit},
        {"route", &medication.route},       {"frequency", &medication.frequency},
        {"duration", &medication.duration}, {"indication", &medication.indication},
    };
    for (const auto& [key, field] : fields) {
      const std::optional<std::string> text = AsText(Find(item, key));
      if (!text) return Mismatch(path + "." + key + ": expected a string, a number or null");
      *field = Clean(*text, kFieldBytesMax, /*lines=*/false);
    }
  } else {
    return Mismatch(path + ": expected an object");
  }
  const std::string ingredient = CleanText(medication.ingredient, /*lines=*/false);
  medication.ingredient = std::string(Trimmed(ingredient));
  if (medication.ingredient.empty()) return Mismatch(path + ".ingredient: missing");
  // A cut name could be the name of something else.
  if (medication.ingredient.size() > kIngredientBytesMax) {
    return Mismatch(path + ".ingredient: " + std::to_string(medication.ingredient.size()) +
                    " bytes, expected at most " + std::to_string(kIngredientBytesMax));
  }
  return std::nullopt;
}

// A list of nothing but these words says what an empty list says.
bool MeansNone(const std::vector<Medication>& medications) {
  constexpr std::string_view kWords[] = {"none",
                                         "no medication",
                                         "no medications",
                                         "no medication needed",
                                         "no medication is needed",
                                         "no drug",
                                         "no drug therapy"};
  if (medications.size() != 1) return false;
  std::string word = LowerAscii(medications[0].ingredient);
  if (!word.empty() && word.back() == '.') word.pop_back();
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

std::size_t Bytes(const Medication& m) {
  return m.ingredient.size() + m.dose.size() + m.unit.size() + m.route.size() + m.frequency.size() +
         m.duration.size() + m.indication.size();
}

std::optional<ParseProblem> ReadMedications(const Json& object, Answer& answer) {
  const Json* list = Find(object, "medications");
  if (list == nullptr) return Mismatch("medications: missing");
  Json one;
  if (list->is_object()) {
    one = Json::array({*list});
    list = &one;
  }
  if (!list->is_array()) return Mismatch("medications: expected an array");
  if (list->size() > limits::kMedicationsMax) {
    return Mismatch("medications: " + std::to_string(list->size()) + " items, expected at most " +
                    std::to_string(limits::kMedicationsMax));
  }
  std::size_t bytes = 0;
  for (const Json& item : *list) {
    const std::string path = "medications[" + std::to_string(answer.medications.size()) + "]";
    Medication medication;
    if (std::optional<ParseProblem> problem = ReadMedication(item, path, medication)) {
      return problem;
    }
    bytes += Bytes(medication);
    answer.medications.push_back(std::move(medication));
  }
  if (bytes > kMedicationBytesMax) {
    return Mismatch("medications: " + std::to_string(bytes) + " bytes, expected at most " +
                    std::to_string(kMedicationBytesMax));
  }
  if (MeansNone(answer.medications)) answer.medications.clear();
  return std::nullopt;
}

// "B", "b", "B." and "B) ketotifen" are the letter B.
std::optional<std::string> MatchOption(const std::string& written,
                                       const std::map<std::string, std::string>& options) {
  const std::string text = LowerAscii(Trimmed(written));
  for (const auto& [letter, meaning] : options) {
    const std::string lower = LowerAscii(letter);
    if (text.compare(0, lower.size(), lower) != 0) continue;
    if (text.size() == lower.size()) return letter;
    const char next = text[lower.size()];
    if (next == '.' || next == ')' || next == ':') return letter;
  }
  return std::nullopt;
}

std::optional<ParseProblem> ReadOption(const Json& object,
                                       const std::map<std::string, std::string>& options,
                                       Answer& answer) {
  if (options.empty()) return std::nullopt;
  const std::optional<std::string> written = AsText(Find(object, "option"));
  if (!written) return Mismatch("option: expected a letter or null");
  if (Trimmed(*written).empty()) return std::nullopt;
  answer.option = MatchOption(*written, options);
  if (answer.option) return std::nullopt;
  std::string letters;
  for (const auto& [letter, meaning] : options) letters += (letters.empty() ? "" : ", ") + letter;
  return Mismatch("option: not one of " + letters);
}

// Index in `labels` of what the model calls "A", "a" or "Answer A".
std::optional<std::size_t> MatchLabel(const std::string& written,
                                      const std::vector<std::string>& labels) {
  const std::string_view trimmed = Trimmed(written);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == trimmed) return i;
  }
  std::string lower = LowerAscii(trimmed);
  for (const std::string_view word : {"answer ", "label "}) {
    if (lower.compare(0, word.size(), word) == 0) lower.erase(0, word.size());
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (LowerAscii(labels[i]) == Trimmed(lower)) return i;
  }
  return std::nullopt;
}

std::optional<ParseProblem> ReadGrade(const Json& item, const std::string& label, Grade& grade) {
  const std::string of = " of label " + Quoted(label, 32);
  const Json* value = Find(item, "grade");
  if (value == nullptr || value->is_null()) return Mismatch("grade" + of + ": missing");
  const std::optional<double> number = AsNumber(*value);
  if (!number) return Mismatch("grade" + of + ": expected a number in [0, 1]");
  if (!(*number >= 0.0 && *number <= 1.0)) {
    return Mismatch("grade" + of + " = " + Json(*number).dump() + ", expected 0..1");
  }
  const std::optional<bool> harm = AsFlag(Find(item, "harm"));
  if (!harm) return Mismatch("harm" + of + ": expected true or false");
  const std::optional<std::string> comment = AsProse(Find(item, "comment"));
  if (!comment) return Mismatch("comment" + of + ": expected a string");
  grade.label = label;
  grade.grade = *number;
  grade.harm = *harm;
  grade.comment = Clean(*comment, kCommentBytesMax, /*lines=*/true);
  return std::nullopt;
}

}  // namespace

Parsed<Answer> ParseAnswer(std::string_view text,
                           const std::map<std::string, std::string>& options) {
  const Reply reply = ReadObject(text, "medications");
  if (reply.problem) return {{}, reply.problem};
  Answer answer;
  if (auto problem = ReadMedications(reply.object, answer)) return {{}, problem};
  if (auto problem = ReadOption(reply.object, options, answer)) return {{}, problem};
  const std::optional<std::string> rationale = AsProse(Find(reply.object, "rationale"));
  if (!rationale) return {{}, Mismatch("rationale: expected a string")};
  const std::optional<std::string> cautions = AsProse(Find(reply.object, "cautions"));
  if (!cautions) return {{}, Mismatch("cautions: expected a string")};
  answer.rationale = Clean(*rationale, kRationaleBytesMax, /*lines=*/true);
  answer.cautions = Clean(*cautions, kCautionsBytesMax, /*lines=*/true);
  // Only shown, so a claim on another scale is dropped and the answer kept.
  if (const Json* confidence = Find(reply.object, "confidence"); confidence != nullptr) {
    const std::optional<double> number = AsNumber(*confidence);
    if (number && *number >= 0.0 && *number <= 1.0) answer.confidence = number;
  }
  return {std::move(answer), std::nullopt};
}

Parsed<std::vector<Grade>> ParseGrades(std::string_view text,
                                       const std::vector<std::string>& labels) {
  const Reply reply = ReadObject(text, "grades");
  if (reply.problem) return {{}, reply.problem};
  const Json* list = Find(reply.object, "grades");
  if (list == nullptr) return {{}, Mismatch("grades: missing")};
  if (!list->is_array()) return {{}, Mismatch("grades: expected an array")};
  if (list->size() > limits::kModelsMax) {
    return {{},
            Mismatch("grades: " + std::to_string(list->size()) + " items, expected " +
                     std::to_string(labels.size()))};
  }
  std::vector<std::optional<Grade>> found(labels.size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& item = (*list)[i];
    const std::string path = "grades[" + std::to_string(i) + "]";
    if (!item.is_object()) return {{}, Mismatch(path + ": expected an object")};
    const std::optional<std::string> written = AsText(Find(item, "label"));
    if (!written || Trimmed(*written).empty()) return {{}, Mismatch(path + ".label: missing")};
    const std::optional<std::size_t> place = MatchLabel(*written, labels);
    if (!place) {
      return {{}, Mismatch(path + ".label: no answer has it")};
    }
    if (found[*place]) {
      return {{}, Mismatch("label " + Quoted(labels[*place], 32) + ": graded twice")};
    }
    Grade grade;
    if (auto problem = ReadGrade(item, labels[*place], grade)) return {{}, problem};
    found[*place] = std::move(grade);
  }
  std::vector<Grade> grades;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!found[i]) return {{}, Mismatch("label " + Quoted(labels[i], 32) + ": not graded")};
    grades.push_back(std::move(*found[i]));
  }
  return {std::move(grades), std::nullopt};
}

}  // namespace consilium
