// A real backend by itself, driven as a worker drives it, and the calls that tests give it.
// Header-only: who includes it links consilium_worker. Threads: the test's.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/config.h"
#include "worker/backend.h"

namespace consilium {

// A provider, and whether its replies are streamed: a parameter of tests.
struct ProviderWay {
  std::string provider;
  bool stream = true;
};

inline std::ostream& operator<<(std::ostream& out, const ProviderWay& way) {
  return out << way.provider << (way.stream ? "_streamed" : "_whole");
}

inline std::vector<ProviderWay> AllProviderWays() {
  std::vector<ProviderWay> all;
  for (const char* provider : kProviders) {
    if (!IsHttpProvider(provider)) continue;
    all.push_back({provider, true});
    all.push_back({provider, false});
  }
  return all;
}

inline std::string WayName(const testing::TestParamInfo<ProviderWay>& tested) {
  return testing::PrintToString(tested.param);
}

// A backend for a server at `origin`, e.g. "http://127.0.0.1:1234".
inline BackendConfig RigConfig(const ProviderWay& way, const std::string& origin) {
  BackendConfig config;
  config.model = "m1";
  config.provider = way.provider;
  config.stream = way.stream;
  // OpenAI's base has a path; the others add their own to an origin.
  config.url = way.provider == "openai" ? origin + "/v1" : origin;
  config.prompts = std::string(CONSILIUM_SOURCE_DIR) + "/configs/prompts";
  return config;
}

// A case or a review of two answers; `text` is the case's.
inline BackendCall RigCall(const std::string& ref, Stage stage = Stage::kGenerate,
                           const std::string& text = "A cough.",
                           milliseconds left = std::chrono::seconds(60)) {
  BackendCall call;
  call.ref = ref;
  call.task = {ref, stage, 1, "m1"};
  call.vignette.text = text;
  call.deadline = Now() + left;
  if (stage == Stage::kReview) {
    Answer answer;
    answer.medications.push_back({"amoxicillin", "500", "mg", "oral", "", "", ""});
    call.review = ReviewPacket{{{"A", answer}, {"B", answer}}};
  }
  return call;
}

class BackendRig {
 public:
  explicit BackendRig(const BackendConfig& config) {
    std::vector<std::string> warnings;
    auto made = MakeBackend(config, warnings);
    EXPECT_TRUE(made) << made.error().text;
    if (made) backend_ = std::move(*made);
  }

  Backend& backend() { return *backend_; }
  void Start(const BackendCall& call) { backend_->Start(call, Now()); }

  // Runs the backend until `done` or for 30 s; what ended is appended to `ended`.
  bool RunUntil(const std::function<bool()>& done) {
    const TimePoint limit = Now() + std::chrono::seconds(30);
    while (!done()) {
      if (Now() >= limit) return false;
      const TimePoint due = backend_->Run(Now(), ended);
      if (done()) return true;
      pollfd polled{backend_->fd(), POLLIN, 0};
      // The condition may be about something that the backend does not wait for.
      const TimePoint look = std::min({due, limit, Now() + milliseconds(10)});
      poll(&polled, 1, PollTimeoutMs(Now(), look));
    }
    return true;
  }

  // The only call's end.
  Completion Ask(const BackendCall& call) {
    ended.clear();
    Start(call);
    EXPECT_TRUE(RunUntil([this] { return !ended.empty(); })) << "the call did not end";
    return ended.empty() ? Completion{} : ended.front();
  }

  std::vector<Completion> ended;

 private:
  std::unique_ptr<Backend> backend_;
};

// "status code", e.g. "error http_500"; "ok" alone.
inline std::string LineOf(const Outcome& outcome) {
  const std::string status = kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)];
  return outcome.code.empty() ? status : status + " " + outcome.code;
}

}  // namespace consilium
