// FHIR from outside: a Bundle, resources of one patient, a bulk export, the markup of a note. The
// first byte chooses: 0, 1, 2, 3.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/fhir/attachment.h"
#include "gateway/fhir/bulk.h"
#include "gateway/fhir/json.h"
#include "gateway/fhir/markup_text.h"
#include "gateway/fhir/read_bundle.h"
#include "gateway/fhir/record_reader.h"
#include "gateway/fhir/write_outcome.h"
#include "shared/check.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

void CheckRecord(const FeedRecord& record) {
  for (const Fact& fact : record.facts) {
    CHECK(!fact.text.empty(), "a fact says what it is about");
    for (const std::string* text : {&fact.text, &fact.detail, &fact.value_text, &fact.unit}) {
      CHECK(FindInvalidUtf8(*text) == kNone, "text is UTF-8");
    }
    CHECK(!fact.value || !fact.value_text.empty(), "a number is also stated");
  }
  for (const Note& note : record.notes) {
    CHECK(FindInvalidUtf8(note.text) == kNone, "a note is UTF-8");
    const bool may_be_empty = note.action == NoteAction::kRetract ||
                              note.action == NoteAction::kStatus || note.unread != Unread::kNothing;
    CHECK(note.text.empty() == may_be_empty, "a note has a text, or says that it has none");
  }
}

void CheckSaid(const std::vector<FhirIssue>& issues, const std::vector<Remark>& remarks) {
  CHECK(issues.size() <= kFhirIssuesMax, "issues are bounded");
  for (const FhirIssue& issue : issues) {
    CHECK(!issue.code.empty() && !issue.diagnostics.empty(), "an issue says what is wrong");
    CHECK(issue.diagnostics.size() < 1024, "an issue does not repeat what came");
  }
  const FhirJsonResult read = ReadFhirJson(WriteOutcome(issues, remarks));
  CHECK(std::holds_alternative<FhirValue>(read), "what we answer is FHIR");
}

void Bundle(std::string_view text) {
  const FhirBundleReading reading = ReadBundle(text);
  CHECK(reading.message.has_value() == reading.issues.empty(), "a message, or why not");
  CheckSaid(reading.issues, reading.message ? reading.message->remarks : std::vector<Remark>());
  if (!reading.message) return;
  for (const FeedRecord& record : reading.message->records) CheckRecord(record);
}

void Resources(std::string_view text) {
  FhirRecordReader reader("1", "https://ehr/fhir");
  int part = 0;
  while (!text.empty() && part < 16) {
    const std::size_t end = text.find('\n');
    reader.TakeJson(text.substr(0, end), "prefetch." + std::to_string(part++));
    text = end == kNone ? std::string_view() : text.substr(end + 1);
  }
  const FhirRecordReading reading = reader.Finish();
  CHECK(reading.record.reference == "Patient/1", "the record is of the patient that was asked for");
  CheckRecord(reading.record);
  CheckSaid(reading.issues, reading.remarks);
}

void Bulk(std::string_view text) {
  FhirBulkReader reader("https://ehr/fhir", "ehr",
                        {.line_bytes_max = 4096, .kept_bytes_max = 65536});
  reader.BeginFile("f");
  const std::size_t half = text.size() / 2;
  reader.Feed(text.substr(0, half));
  reader.Feed(text.substr(half));
  reader.EndFile();
  reader.Finish([](const FeedMessage& message) {
    CHECK(message.records.size() == 1, "a message a patient");
    CheckRecord(message.records.front());
  });
  CheckSaid(reader.issues(), reader.remarks());
}

void Markup(std::string_view text) {
  const std::string valid = ToValidUtf8(text);
  const std::string read = MarkupText(valid);
  CHECK(FindInvalidUtf8(read) == kNone, "markup of UTF-8 is UTF-8");
  CHECK(read.size() <= 3 * valid.size(), "text is not longer than a few times its markup");
  const auto bytes = DecodeBase64(text);
  CHECK(!bytes || bytes->size() <= text.size(), "base64 is longer than what it says");
}

}  // namespace
}  // namespace consilium

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  constexpr void (*kReaders[])(std::string_view) = {consilium::Bundle, consilium::Resources,
                                                    consilium::Bulk, consilium::Markup};
  kReaders[data[0] % 4](text);
  return 0;
}
