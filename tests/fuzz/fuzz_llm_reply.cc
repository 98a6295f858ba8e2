// Responses of servers, in all protocols, whole and in streams; and their headers. The first byte
// chooses the protocol, the status and how the connection ended.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/check.h"
#include "worker/llm/dialect.h"
#include "worker/llm/rate_headers.h"
#include "worker/llm/reply_reader.h"
#include "worker/llm/served_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT: the entry point is global
  if (size == 0) return 0;
  constexpr const char* kNames[] = {"openai", "anthropic", "gemini", "ollama"};
  constexpr int kStatus[] = {200, 400, 404, 429, 500, 503};
  constexpr HttpReply::End kEnds[] = {HttpReply::End::kDone, HttpReply::End::kCut,
                                      HttpReply::End::kStalled, HttpReply::End::kTotal};
  const std::size_t choice = data[0];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT: as above

  const auto provider = MakeProvider(kNames[choice % 4]);
  HttpReply reply;
  reply.end = kEnds[choice / 4 % 4];
  reply.status = kStatus[choice / 16 % 6];
  reply.body = text;
  const std::string head = text.substr(0, 64);
  for (const char* name : {"retry-after", "retry-after-ms", "x-ratelimit-reset-requests",
                           "anthropic-ratelimit-tokens-reset"}) {
    reply.headers[name] = head;
  }
  reply.headers["x-ratelimit-remaining-requests"] = "0";
  reply.headers["anthropic-ratelimit-tokens-remaining"] = "0";
  BackendConfig config;
  config.model = "m";
  BackendCall call;
  if (choice >= 128) {
    call.task.stage = Stage::kReview;
    call.review = ReviewPacket{{{"A", {}}, {"B", {}}}};
  }
  const Reading reading = ReadResponse(*provider, config, call, reply, false, 1'700'000'000);
  const Outcome& outcome = reading.outcome;
  const bool ok = outcome.status == OutcomeStatus::kOk;
  CHECK(ok == (outcome.answer.has_value() || !outcome.grades.empty()),
        "an answer comes with ok and only then");
  CHECK(ok || !outcome.code.empty(), "what failed says why");
  CHECK(!reading.complaint || outcome.status == OutcomeStatus::kMalformed,
        "only what cannot be used is questioned");
  CHECK(outcome.text.size() < 4096, "a text for people is short");
  for (const auto& wish : {outcome.retry_after_ms, reading.pause_ms}) {
    CHECK(!wish || (*wish >= 0 && *wish <= 86'400'000), "a wait is at most a day");
  }
  const std::optional<Dialect> next = AfterRefusal(*provider, reply, {}, choice % 2 == 0);
  CHECK(!next || *next != Dialect{}, "what is asked again is asked in another way");
  IsSameModel(head, text);
  return 0;
}
