// Reading HL7 v2: the target is far above 2,000 messages of 1 to 5 KiB a second on one core.
// `memchr_ratio`: processor time by that of finding every segment end in the same bytes with
// memchr, in the same run.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "gateway/hl7/ack.h"
#include "gateway/hl7/batch.h"
#include "gateway/hl7/message.h"
#include "gateway/hl7/mllp_frame.h"

namespace consilium {
namespace {

// A document with a note, one line an OBX, some of it escaped; about `bytes` long.
std::string NoteMessage(std::size_t bytes, bool ascii = true) {
  std::string text =
      "MSH|^~\\&|EHR|HOSP|COUNCIL|HOSP|20261128101500+0100||MDM^T02^MDM_T02|M000001|P|2.5.1|||AL|"
      "NE\r"
      "EVN|T02|20261128101500\r"
      "PID|1||1234567^^^HOSP&1.2.840.114398&ISO^MR~99887^^^STATE^SS||DOE^JANE^Q||19710304|F|||1 "
      "MAIN "
      "ST^^TOWN^ST^12345||555-1234|||M||AC123\r"
      "PV1|1|I|WARD^12^A||||1234^SMITH^ANN|||MED||||||||V998877\r"
      "TXA|1|HP|TX|20261128100000|||||||DOC1^EHR||||||AU||AV\r";
  for (int line = 1; text.size() < bytes; ++line) {
    text += "OBX|" + std::to_string(line) + "|TX|11506-3^Progress note^LN||";
    text += "Patient reports chest pain since Tuesday, worse on exertion\\T\\stairs; BP 148/92";
    if (!ascii) text += ", temp\xC3\xA9rature 38.2\xC2\xB0";
    text += "\\.br\\denies dyspnoea.||||||F\r";
  }
  return text;
}

double ProcessorSeconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

double ScanSeconds(std::size_t rounds, std::string_view bytes) {
  const double begin = ProcessorSeconds();
  for (std::size_t i = 0; i < rounds; ++i) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while ((at = static_cast<const char*>(
                std::memchr(at, '\r', static_cast<std::size_t>(end - at)))) != nullptr) {
      benchmark::DoNotOptimize(++at);
    }
  }
  return ProcessorSeconds() - begin;
}

template <class Step>
void Measure(benchmark::State& state, const std::string& bytes, Step step) {
  const double begin = ProcessorSeconds();
  for (auto _ : state) step();
  const double spent = ProcessorSeconds() - begin;
  const double scan = ScanSeconds(static_cast<std::size_t>(state.iterations()), bytes);
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
  // A single iteration under ctest is below what the clock can tell.
  if (scan > 0) state.counters["memchr_ratio"] = spent / scan;
}

void Hl7Parse(benchmark::State& state) {
  const std::string bytes = NoteMessage(static_cast<std::size_t>(state.range(0)));
  Measure(state, bytes, [&bytes] { benchmark::DoNotOptimize(ParseHl7(bytes)); });
}
BENCHMARK(Hl7Parse)->Arg(1024)->Arg(3072)->Arg(5120)->Arg(1 << 20);

void Hl7ParseUtf8(benchmark::State& state) {
  const std::string bytes = NoteMessage(3072, false);
  const Hl7Charset* utf8 = FindHl7Charset("UNICODE UTF-8");
  Measure(state, bytes, [&] { benchmark::DoNotOptimize(ParseHl7(bytes, utf8)); });
}
BENCHMARK(Hl7ParseUtf8);

// From a frame to its acknowledgement, with every note line read as text.
void Hl7FrameToAck(benchmark::State& state) {
  const std::string frame = MllpFrame(NoteMessage(static_cast<std::size_t>(state.range(0))));
  MllpReader reader(1U << 20);
  AckContent content;
  content.control_id = "C1";
  content.time = "20261128101501+0100";
  Measure(state, frame, [&] {
    reader.Feed(frame);
    auto payload = reader.Next();
    if (!payload || !payload->ok()) return state.SkipWithError("no frame");
    const auto batch = SplitBatch((*payload)->bytes);
    for (const std::string_view bytes : batch->messages) {
      const auto message = ParseHl7(bytes);
      std::string note;
      for (const Hl7Segment& segment : message->segments()) {
        if (segment.name() == "OBX") note += segment.Text(5);
      }
      benchmark::DoNotOptimize(note);
      benchmark::DoNotOptimize(message->Find("PID")->Get(3, 4, 1, 2));
      benchmark::DoNotOptimize(AckFor(*message, content));
    }
  });
}
BENCHMARK(Hl7FrameToAck)->Arg(1024)->Arg(3072)->Arg(5120);

}  // namespace
}  // namespace consilium
