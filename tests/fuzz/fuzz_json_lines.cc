// Any text as a simulated model's knowledge and as a replayed model's answers: a model, or what is
// wrong with the file; the lines that are passed over are warnings, and not too many.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "shared/check.h"
#include "worker/json_lines.h"
#include "worker/replay.h"
#include "worker/simulated.h"

namespace consilium {
namespace {

template <class Model>
void Try(const BackendConfig& config, std::string_view text) {
  std::istringstream file{std::string(text)};
  std::vector<std::string> warnings;
  const Result<Model> model = Model::Read(config, file, warnings);
  CHECK(model.ok() || !model.error().text.empty(), "an error says what is wrong");
  CHECK(warnings.size() <= kWarningsMax + 1, "warnings are bounded");
  for (const std::string& warning : warnings) {
    CHECK(warning.rfind("fuzz.jsonl:", 0) == 0, "a warning names its file");
  }
  if (!model.ok()) return;
  BackendCall call;
  call.task.case_id = "a";
  call.task.model = "m";
  for (const Stage stage : {Stage::kGenerate, Stage::kReview}) {
    call.task.stage = stage;
    if (stage == Stage::kReview) call.review.emplace();
    CHECK(model->Plan(call).delay.count() >= 0, "no answer comes before its question");
  }
}

}  // namespace
}  // namespace consilium

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;  // NOLINT(google-build-using-namespace): a function of its own
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  BackendConfig config;
  config.model = "m";
  config.simulated.knowledge = "fuzz.jsonl";
  config.simulated.skill["default"] = 0.5;
  config.replay.answers = "fuzz.jsonl";
  config.replay.latency_scale = 1.0;
  Try<SimulatedModel>(config, text);
  Try<ReplayModel>(config, text);
  return 0;
}
