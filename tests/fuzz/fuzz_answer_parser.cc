// What a model writes, as an answer and as grades.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "shared/check.h"
#include "worker/answer_parser.h"
#include "worker/refusal.h"
#include "worker/reply_shape.h"

namespace {

std::string Written(const consilium::Answer& answer) {
  nlohmann::json object;
  object["medications"] = nlohmann::json::array();
  for (const consilium::Medication& m : answer.medications) {
    object["medications"].push_back({{"ingredient", m.ingredient},
                                     {"dose", m.dose},
                                     {"unit", m.unit},
                                     {"route", m.route},
                                     {"frequency", m.frequency},
                                     {"duration", m.duration},
                                     {"indication", m.indication}});
  }
  if (answer.option) object["option"] = *answer.option;
  object["rationale"] = answer.rationale;
  object["cautions"] = answer.cautions;
  if (answer.confidence) object["confidence"] = *answer.confidence;
  return object.dump();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT: the entry point is global
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const std::vector<std::string> labels = {"A", "B"};

  const std::map<std::string, std::string> options = {{"A", "one"}, {"B", "two"}};
  const Parsed<Answer> answer = ParseAnswer(text, options);
  if (!answer.problem) {
    const std::string written = Written(answer.value);
    const Parsed<Answer> again = ParseAnswer(written, options);
    CHECK(!again.problem, "an answer that was read can be read again");
    CHECK(Written(again.value) == written, "and is the same then");
    CHECK(answer.value.rationale.size() <= kRationaleBytesMax, "long text is cut");
    CHECK(!answer.value.confidence ||
              (*answer.value.confidence >= 0 && *answer.value.confidence <= 1),
          "a confidence is a probability");
    for (const Medication& medication : answer.value.medications) {
      CHECK(!medication.ingredient.empty(), "a medication has a name");
    }
  }
  const Parsed<std::vector<Grade>> grades = ParseGrades(text, labels);
  if (!grades.problem) {
    CHECK(grades.value.size() == labels.size(), "each label is graded once");
    for (const Grade& grade : grades.value) {
      CHECK(grade.grade >= 0 && grade.grade <= 1, "a grade is in [0, 1]");
    }
  }

  // 64 candidates, four passes each, and the few wrappers inside of them.
  CHECK(FindReply(text, ReplyKind::kAnswer, true).bytes_read <= 2048 * (text.size() + 1),
        "work is linear in the text");
  ParseAnswer(text, {}, /*complete=*/true);
  LooksLikeRefusal(text);
  return 0;
}
