// What a model writes, as an answer and as grades; and whole replies of a server.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/check.h"
#include "worker/answer_parser.h"
#include "worker/openai_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT: the entry point is global
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes to text
  const std::vector<std::string> labels = {"A", "B"};

  const Parsed<Answer> answer = ParseAnswer(text, {{"A", "one"}, {"B", "two"}});
  if (!answer.problem) {
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

  HttpReply reply;
  reply.end = HttpReply::End::kDone;
  reply.status = 200;
  reply.body = text;
  reply.retry_after = std::string(text);
  BackendCall call;
  const Outcome outcome = ReadChatReply(BackendConfig(), call, reply, false, 0);
  CHECK((outcome.status == OutcomeStatus::kOk) == outcome.answer.has_value(),
        "an answer comes with ok and only then");
  reply.status = 429;
  ReadChatReply(BackendConfig(), call, reply, false, 0);
  return 0;
}
