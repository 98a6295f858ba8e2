// From the bytes of a message to what is joined and kept, as it grows: the time of one item
// (`each`) must stay flat between the sizes, or one message holds up everything beside it.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "gateway/clinical/patient_context.h"
#include "gateway/clinical/patient_key.h"
#include "gateway/clinical/scrub.h"
#include "gateway/fhir/read_bundle.h"
#include "gateway/hl7/message.h"
#include "gateway/hl7/read_feed.h"

namespace consilium {
namespace {

constexpr std::int64_t kNow = 1795860000000;  // 2026-11-28

std::string Header(const std::string& type) {
  return "MSH|^~\\&|EHR|HOSP|COUNCIL|HOSP|20261128101500||" + type + "|M1|P|2.5.1\r";
}

// A patient of `count` names.
std::string ManyNames(std::size_t count) {
  std::string names = "A";
  for (std::size_t i = 1; i < count; ++i) names += "~A";
  return Header("ADT^A08") + "PID|1||1234567^^^HOSP^MR||" + names + "||19710304|F\r";
}

// A patient of `count` identifiers.
std::string ManyIds(std::size_t count) {
  std::string ids;
  for (std::size_t i = 1; i <= count; ++i) ids += "~" + std::to_string(i) + "^^^HOSP^MR";
  return Header("ADT^A08") + "PID|1||" + ids.substr(1) + "||DOE^JANE||19710304|F\r";
}

// `types`: how many things are measured, in turn.
std::string ManyObx(std::size_t count, std::size_t types) {
  std::string text = Header("ORU^R01") +
                     "PID|1||1234567^^^HOSP^MR||DOE^JANE||19710304|F\r"
                     "OBR|1||F1|24323-8^Panel^LN|||20261128101500\r";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string code = std::to_string(i % types);
    text += "OBX|" + std::to_string(i + 1) + "|NM|" + code + "-1^Measured " + code + "^LN||" +
            std::to_string(i) + "|mmol/L|3-5|N|||F\r";
  }
  return text;
}

std::string ManyObservations(std::size_t count, std::size_t types) {
  std::string text =
      R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:p","resource":)"
      R"({"resourceType":"Patient","id":"p","identifier":[{"system":"urn:oid:1.2","value":"7"}],)"
      R"("name":[{"family":"Doe"}],"birthDate":"1971-03-04","gender":"female"}})";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string code = std::to_string(i % types);
    const std::string day = std::to_string(10 + i % 18);
    text += R"(,{"fullUrl":"urn:uuid:o)" + std::to_string(i) +
            R"(","resource":{"resourceType":"Observation","id":"o)" + std::to_string(i) +
            R"(","status":"final","subject":{"reference":"urn:uuid:p"},"code":{"coding":[)" +
            R"({"system":"http://loinc.org","code":")" + code + R"(-1","display":"Measured )" +
            code + R"("}]},"effectiveDateTime":"2026-10-)" + day +
            R"(T10:15:00+01:00","valueQuantity":{"value":)" + std::to_string(i) +
            R"(,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}})";
  }
  return text + "]}";
}

void CountEach(benchmark::State& state, std::size_t count) {
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

// What a record costs the plan of its message: the joined facts, and what is kept.
bool PlanAll(const FeedMessage& message) {
  constexpr std::int64_t kLimit = std::int64_t{365} * 24 * 3600 * 1000;
  for (const FeedRecord& record : message.records) {
    const Scrubber scrubber(record);
    benchmark::DoNotOptimize(scrubber.Scrub("Jane Doe, 1234567: no complaints.").size());
    benchmark::DoNotOptimize(PatientKeys(record.patient.ids, ScopeOf(message, {})).size());
    benchmark::DoNotOptimize(JoinContext(record, {}, kNow, kLimit).facts.size());
    benchmark::DoNotOptimize(Remember(std::nullopt, record, kNow, kLimit).context.facts.size());
  }
  return !message.records.empty();
}

void ReadAndPlanHl7(benchmark::State& state, const std::string& bytes) {
  for (auto _ : state) {
    const auto message = ParseHl7(bytes);
    if (!message.ok()) return state.SkipWithError("not read");
    const auto feed = ReadFeed(*message, bytes);
    const auto* read = std::get_if<FeedMessage>(&feed);
    if (read == nullptr || !PlanAll(*read)) return state.SkipWithError("not planned");
  }
  CountEach(state, static_cast<std::size_t>(state.range(0)));
}

void FeedHl7Names(benchmark::State& state) {
  ReadAndPlanHl7(state, ManyNames(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(FeedHl7Names)->Arg(5'000)->Arg(20'000);  // 10 and 40 kB

void FeedHl7Ids(benchmark::State& state) {
  ReadAndPlanHl7(state, ManyIds(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(FeedHl7Ids)->Arg(64)->Arg(256);

void FeedHl7Observations(benchmark::State& state) {
  ReadAndPlanHl7(state, ManyObx(static_cast<std::size_t>(state.range(0)), 100'000));
}
BENCHMARK(FeedHl7Observations)->Arg(1'000)->Arg(4'000);

void FeedFhirObservations(benchmark::State& state) {
  const std::string bytes = ManyObservations(static_cast<std::size_t>(state.range(0)),
                                             static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    const FhirBundleReading reading = ReadBundle(bytes);
    if (!reading.message || !PlanAll(*reading.message)) return state.SkipWithError("not planned");
  }
  CountEach(state, static_cast<std::size_t>(state.range(0)));
}
// Of 100 things in turn (a record of many years), and each of another one.
BENCHMARK(FeedFhirObservations)
    ->Args({2'000, 100})
    ->Args({8'000, 100})
    ->Args({2'000, 100'000})
    ->Args({8'000, 100'000});

}  // namespace
}  // namespace consilium
