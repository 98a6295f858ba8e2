// Any bytes as a payload: messages whose every part can be read, texts that can be written again,
// and acknowledgements that can be read by those who read the message.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/hl7/ack.h"
#include "gateway/hl7/batch.h"
#include "gateway/hl7/escape.h"
#include "gateway/hl7/message.h"
#include "shared/check.h"
#include "shared/text.h"

namespace {

using namespace consilium;  // NOLINT: a program of its own

void CheckText(const Hl7Message& message, const std::string& text) {
  CHECK(FindInvalidUtf8(text) == std::string::npos, "what is read is UTF-8");
  const Hl7Delimiters& d = message.delimiters();
  for (const Hl7TextType type : {Hl7TextType::kPlain, Hl7TextType::kFormatted}) {
    const std::string raw = EscapeHl7(text, d, type);
    for (const char c : {d.field, d.component, d.repetition, d.subcomponent, '\r', '\n', '\x0B'}) {
      CHECK(c == '\0' || raw.find(c) == std::string::npos, "what is written divides nothing");
    }
    if (d.escape == '\0') continue;
    CHECK(raw != "\"\"", "a text is no null");
    const Hl7Text read = UnescapeHl7(raw, d, message.charset());
    CHECK(read.text == text && read.unknown_escapes == 0, "what is written is read again");
  }
}

void CheckSegment(const Hl7Message& message, const Hl7Segment& segment) {
  CHECK(segment.name().size() == 3, "a name has three characters");
  std::size_t read = 0;
  for (std::size_t field = 0; field <= segment.Fields() + 1; ++field) {
    CHECK(!segment.IsNull(field) || segment.Get(field).empty(), "a null has no text");
    const std::size_t repetitions = segment.Repetitions(field);
    for (std::size_t r = 1; r <= repetitions && r <= 4; ++r) {
      for (std::size_t c = 0; c <= segment.Components(field, r) && c <= 4; ++c) {
        if (++read > 200) return;
        CheckText(message, segment.Get(field, c, r));
        CheckText(message, segment.Text(field, c, r));
        segment.Get(field, c, r, 2);
      }
    }
    CheckText(message, segment.Text(field));
  }
}

AckContent Content(Hl7Verdict verdict, std::string_view text) {
  AckContent content;
  content.verdict = verdict;
  content.control_id = "C1";
  content.application = ToValidUtf8(text.substr(0, 40));
  content.text = ToValidUtf8(text.substr(0, 100));
  content.time = "20261128";
  Hl7Fault fault;
  fault.segment = "PID";
  fault.field = 3;
  fault.text = content.text;
  content.faults = {fault, fault};
  return content;
}

void CheckAck(const std::string& bytes, Hl7Verdict verdict) {
  const Result<Hl7Message> parsed = ParseHl7(bytes);
  CHECK(parsed.ok(), "an acknowledgement can be read");
  const std::size_t segments = parsed->segments().size();
  CHECK(segments >= 2 && parsed->segments()[1].name() == "MSA", "MSA follows MSH");
  CHECK(verdict != Hl7Verdict::kAccept || segments == 2, "and nothing else when it accepts");
  for (std::size_t i = 2; i < segments; ++i) {
    CHECK(parsed->segments()[i].name() == "ERR", "only ERR follows");
  }
  const Result<Hl7Ack> ack = ReadAck(bytes);
  CHECK(!ack.ok() || ack->accepted() == (verdict == Hl7Verdict::kAccept), "it says what was meant");
  CHECK(ack.ok() || verdict == Hl7Verdict::kAccept, "a refusal needs no id");
}

void CheckMessage(std::string_view bytes, const Hl7Charset* charset) {
  const Result<Hl7Message> message = ParseHl7(bytes, charset);
  const std::string_view text = bytes.substr(bytes.size() / 2);
  if (!message.ok()) {
    const auto ack = AckForUnreadable(bytes, Content(Hl7Verdict::kAccept, text), charset);
    if (ack) CheckAck(*ack, Hl7Verdict::kReject);
    return;
  }
  CHECK(message->segments().front().name() == "MSH", "a message begins with MSH");
  std::size_t checked = 0;
  for (const Hl7Segment& segment : message->segments()) {
    if (++checked <= 20) CheckSegment(*message, segment);
  }
  for (const Hl7Verdict verdict : {Hl7Verdict::kAccept, Hl7Verdict::kError, Hl7Verdict::kReject}) {
    const auto ack = AckFor(*message, Content(verdict, text));
    CHECK(ack == AckFor(*message, Content(verdict, text)), "the same again is the same");
    if (ack) CheckAck(*ack, verdict);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr const char* kCharsets[] = {"",         "8859/1",        "UNICODE UTF-8",
                                       "BIG-5",    "8859/5",        "KS X 1001",
                                       "ISO IR87", "GB 18030-2000", "ISO IR14"};
  const Hl7Charset* charset = FindHl7Charset(kCharsets[data[0] % 9U]);
  const std::string_view payload(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  ReadAck(payload, charset).ok();
  const Result<Hl7Batch> batch = SplitBatch(payload, 50);
  if (!batch.ok()) return 0;
  std::size_t bytes = 0;
  for (const std::string_view message : batch->messages) {
    bytes += message.size();
    CheckMessage(message, batch->charset != nullptr ? batch->charset : charset);
  }
  CHECK(bytes <= payload.size(), "no byte is of two messages");
  return 0;
}
