#include "worker/answer_parser.h"

#include <optional>
#include <utility>

#include "shared/limits.h"
#include "shared/text.h"
#include "worker/reply_medications.h"
#include "worker/reply_shape.h"
#include "worker/reply_values.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

const Json* Find(const Json& object, Field field) { return FindMember(object, field).value; }

// Under a synonym a model may write what is no prose; then nothing is stated.
std::optional<std::string> ReadProse(const Json& object, Field field) {
  const Member member = FindMember(object, field);
  std::optional<std::string> prose = AsProse(member.value);
  if (!prose && member.synonym) return "";
  return prose;
}

struct Reply {
  Json object;
  std::optional<ParseProblem> problem;
};

Reply ReadObject(std::string_view text, ReplyKind kind, bool complete) {
  if (text.size() > kReplyTextBytesMax) {
    return {Json(),
            ParseProblem{"oversized", "the model wrote " + std::to_string(text.size()) +
                                          " bytes, at most " + std::to_string(kReplyTextBytesMax) +
                                          " are read"}};
  }
  FoundReply found = FindReply(WithoutThoughts(text), kind, complete);
  if (found.ambiguous) return {Json(), Mismatch("two different answers in one reply")};
  std::optional<Json> object = std::move(found.object);
  if (!object) {
    const std::string key = kind == ReplyKind::kAnswer ? "medications" : "grades";
    return {Json(), ParseProblem{"not_json", "no JSON object with \"" + key + "\" in the reply"}};
  }
  return {std::move(*object), std::nullopt};
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
  const Member member = FindMember(object, Field::kOption);
  const std::optional<std::string> written = AsText(member.value);
  // Under "answer" and the like a model may write anything.
  if (!written && member.synonym) return std::nullopt;
  if (!written) return Mismatch("option: expected a letter or null");
  if (Trimmed(*written).empty()) return std::nullopt;
  answer.option = MatchOption(*written, options);
  if (answer.option || member.synonym) return std::nullopt;
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
  const Json* value = Find(item, Field::kGrade);
  if (value == nullptr || value->is_null()) return Mismatch("grade" + of + ": missing");
  const std::optional<double> number = AsShare(*value);
  if (!number) return Mismatch("grade" + of + ": expected a number in [0, 1]");
  if (!(*number >= 0.0 && *number <= 1.0)) {
    return Mismatch("grade" + of + " = " + Json(*number).dump() + ", expected 0..1");
  }
  const std::optional<bool> harm = AsFlag(Find(item, Field::kHarm));
  if (!harm) return Mismatch("harm" + of + ": expected true or false");
  const std::optional<std::string> comment = ReadProse(item, Field::kComment);
  if (!comment) return Mismatch("comment" + of + ": expected a string");
  grade.label = label;
  grade.grade = *number;
  grade.harm = *harm;
  grade.comment = CleanCut(*comment, kCommentBytesMax, /*lines=*/true);
  return std::nullopt;
}

}  // namespace

Parsed<Answer> ParseAnswer(std::string_view text, const std::map<std::string, std::string>& options,
                           bool complete) {
  const Reply reply = ReadObject(text, ReplyKind::kAnswer, complete);
  if (reply.problem) return {{}, reply.problem};
  Answer answer;
  if (auto problem = ReadMedications(reply.object, !options.empty(), answer)) return {{}, problem};
  if (auto problem = ReadOption(reply.object, options, answer)) return {{}, problem};
  const std::optional<std::string> rationale = ReadProse(reply.object, Field::kRationale);
  if (!rationale) return {{}, Mismatch("rationale: expected a string")};
  const std::optional<std::string> cautions = ReadProse(reply.object, Field::kCautions);
  if (!cautions) return {{}, Mismatch("cautions: expected a string")};
  answer.rationale = CleanCut(*rationale, kRationaleBytesMax, /*lines=*/true);
  answer.cautions = CleanCut(*cautions, kCautionsBytesMax, /*lines=*/true);
  // Only shown, so a claim on another scale is dropped and the answer kept.
  if (const Json* confidence = Find(reply.object, Field::kConfidence); confidence != nullptr) {
    const std::optional<double> number = AsNumber(*confidence);
    if (number && *number >= 0.0 && *number <= 1.0) answer.confidence = number;
  }
  return {std::move(answer), std::nullopt};
}

Parsed<std::vector<Grade>> ParseGrades(std::string_view text,
                                       const std::vector<std::string>& labels, bool complete) {
  const Reply reply = ReadObject(text, ReplyKind::kGrades, complete);
  if (reply.problem) return {{}, reply.problem};
  const auto list = reply.object.find("grades");
  if (list == reply.object.end()) return {{}, Mismatch("grades: missing")};
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
    const std::optional<std::string> written = AsText(Find(item, Field::kLabel));
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
