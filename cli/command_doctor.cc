// doctor: whether everything will work, before the first case.
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "cli/backend_probes.h"
#include "cli/commands.h"
#include "cli/doctor_looks.h"
#include "cli/output.h"
#include "cli/render_doctor.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

// The progress on a terminal: one line of standard error that is overwritten.
class StatusLine {
 public:
  StatusLine() : look_(LookOf(STDERR_FILENO)), terminal_(IsTerminal(STDERR_FILENO)) {}
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;  // owns the last line of the terminal
  StatusLine& operator=(const StatusLine&) = delete;

  void Show(const std::string& text) {
    if (!terminal_) return;
    PrintErr("\r\x1b[K" + FitText(CleanText(text), look_.width - 1));
    drawn_ = true;
  }
  void Clear() {
    if (drawn_) PrintErr("\r\x1b[K");
    drawn_ = false;
  }

 private:
  Look look_;
  bool terminal_;
  bool drawn_ = false;
};

Result<std::vector<BackendConfig>> Chosen(const Config& config,
                                          const std::vector<std::string>& models) {
  std::vector<std::string> known;
  for (const BackendConfig& backend : config.backends) known.push_back(backend.model);
  for (const std::string& model : models) {
    if (config.FindBackend(model) != nullptr) continue;
    return Invalid("--backend " + model + ": not in " + config.file + ", expected one of " +
                   Joined(known, ", "));
  }
  std::vector<BackendConfig> chosen;
  for (const BackendConfig& backend : config.backends) {
    if (models.empty() || std::count(models.begin(), models.end(), backend.model) > 0) {
      chosen.push_back(backend);
    }
  }
  return chosen;
}

Checked AboutConfiguration(const Config& config) {
  const auto count = [](std::size_t number, const std::string& noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
  };
  return {Finding::kOk, "configuration",
          count(config.backends.size(), "backend") + ", " + count(config.limits.size(), "limit") +
              "  " + config.file,
          ""};
}

ProbePlan PlanOf(const Config& config, const DoctorOptions& options,
                 std::vector<BackendConfig> backends) {
  ProbePlan plan;
  plan.config_file = config.file;
  plan.limits = config.limits;
  plan.backends = std::move(backends);
  plan.call = !options.no_calls;
  if (options.timeout_s) {
    plan.timeout = milliseconds(static_cast<std::int64_t>(*options.timeout_s * 1000));
  }
  return plan;
}

// Empty when a stop signal came.
std::optional<Diagnosis> Examine(const Config& config, const DoctorOptions& options,
                                 std::vector<BackendConfig> backends, StopSignals& stop) {
  Diagnosis diagnosis;
  diagnosis.file = config.file;
  std::vector<Checked>& checks = diagnosis.checks;
  const auto add = [&checks](std::vector<Checked> more) {
    checks.insert(checks.end(), more.begin(), more.end());
  };
  checks.push_back(AboutConfiguration(config));
  StatusLine line;
  line.Show("asking Redis");
  RedisLook redis =
      LookAtRedis(config.redis, options.data.empty() ? kDefaultDataFolder : options.data);
  add(std::move(redis.checks));
  checks.push_back(LookAtMedications(config.council.medications));
  line.Show("looking at the gateway");
  add(LookAtGateway(config, options.data));
  line.Show("asking the broker");
  auto broker = LookAtBroker(config, options.data, stop);
  if (!broker) return std::nullopt;

  add(LookForPrograms(config));
  ProbePlan plan = PlanOf(config, options, std::move(backends));
  plan.program = ExecutableFolder() + "/consilium-worker";
  // Limits are kept together with the workers of a cluster that runs a private Redis.
  if (!redis.url.empty()) plan.environment.emplace_back("CONSILIUM_REDIS_URL", redis.url);
  auto models =
      ProbeBackends(plan, stop, [&line](const std::string& progress) { line.Show(progress); });
  if (!models) return std::nullopt;
  diagnosis.models = std::move(*models);
  add(JudgePrompts(diagnosis.models));
  add(std::move(*broker));
  if (const auto prices = JudgePrices(diagnosis.models)) checks.push_back(*prices);
  return diagnosis;
}

}  // namespace

int RunDoctor(const DoctorOptions& options) {
  StopSignals stop;
  std::signal(SIGPIPE, SIG_IGN);  // of a Redis that dies
  const auto file = FindConfigFile(options.config);
  if (!file) {
    return ReportError(Invalid("no configuration: give one with --config, or put it in ./" +
                               std::string(kDefaultConfigFile)),
                       options.json, "configs/examples has some to start from, e.g. ollama.toml");
  }
  const auto config = LoadConfig(*file);
  if (!config.ok()) {
    ReportError(config.error(), options.json,
                "the rest can be checked once these are corrected; `consilium config options` "
                "lists every option");
    return kExitUsage;
  }
  auto backends = Chosen(*config, options.backends);
  if (!backends.ok()) return ReportError(backends.error(), options.json, "");
  const auto diagnosis = Examine(*config, options, std::move(*backends), stop);
  if (!diagnosis) {
    Note("interrupted; what was asked is aborted");
    return kExitInterrupted;
  }
  PrintOut(options.json ? DiagnosisToJson(*diagnosis)
                        : RenderDiagnosis(*diagnosis, LookOf(STDOUT_FILENO)));
  return HasProblem(*diagnosis) ? kExitFailed : kExitOk;
}

}  // namespace consilium
