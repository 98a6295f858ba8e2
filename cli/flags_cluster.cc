// A cluster on this machine: up, demo, doctor.

#include "cli/flags.h"

namespace consilium {

void AddUp(CommandLine& line) {
  auto& options = line.Keep<UpOptions>();
  CLI::App* up = line.Command("up", "Run a whole cluster on this machine, until Ctrl-C",
                              "consilium up --config configs/examples/ollama.toml",
                              [&options] { return RunUp(options); });
  up->add_option("--config", options.config,
                 "configuration (default: ./consilium.toml, then $CONSILIUM_CONFIG)");
  up->add_option("--data", options.data, "folder for everything it keeps")->capture_default_str();
  up->add_option("--ready-file", options.ready_file,
                 "file to write the endpoint to once every part answers");
}

void AddDemo(CommandLine& line) {
  auto& options = line.Keep<DemoOptions>();
  CLI::App* demo = line.Command("demo",
                                "Show a council of five simulated models at work, in a cluster of "
                                "its own that is removed again",
                                "consilium demo", [&options] { return RunDemo(options); });
  demo->add_option("--cases", options.cases,
                   "NDJSON in the form of configs/demo/vignettes.jsonl (default: that file)");
  demo->add_option("--seconds", options.seconds, "time limit")
      ->capture_default_str()
      ->check(Between(1, 3600));
}

void AddDoctor(CommandLine& line) {
  auto& options = line.Keep<DoctorOptions>();
  CLI::App* doctor = line.Command(
      "doctor", "Check whether everything will work, and what to do where not",
      "consilium doctor --config configs/examples/hosted.toml\n"
      "  consilium doctor --backend gpt-4o --timeout-s 120\n"
      "  consilium doctor --no-calls --json\n\n"
      "Exit codes: 0 all well, 1 at least one problem, 2 wrong usage or configuration,\n"
      "130 interrupted. docs/doctor.md says what each line means.",
      [&options] { return RunDoctor(options); });
  doctor->add_option("--config", options.config,
                     "configuration (default: ./consilium.toml, then $CONSILIUM_CONFIG)");
  doctor->add_option("--data", options.data, "data folder of a running `consilium up`");
  OneEach(doctor->add_option("--backend", options.backends, "only this model; may be repeated"))
      ->type_name("MODEL");
  doctor->add_flag("--no-calls", options.no_calls,
                   "ask no model: only configuration, keys, URLs and files");
  doctor
      ->add_option("--timeout-s", options.timeout_s,
                   "limit of each call (default: total_ms of the backend, at most 60 s)")
      ->type_name("SECONDS")
      ->check(Between(0.1, 3600.0));
  AddJson(doctor, options.json);
}

}  // namespace consilium
