#include "shared/program.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "shared/wrong_words.h"

namespace consilium {

int Complain(const char* program, const Error& error, int code) {
  std::fprintf(stderr, "%s: %s\n", program, error.text.c_str());
  return code;
}

int RunProgram(int argc, char** argv, const char* program, const char* about, ProgramFlags& flags,
               const std::function<void(CLI::App&)>& add_flags, const std::function<int()>& serve) {
  try {
    CLI::App app{about, program};
    app.add_option("--config", flags.config, "Configuration of the cluster (TOML)")->required();
    add_flags(app);
    app.add_option("--health", flags.health,
                   "File to write every second for `consilium health`; default: none");
    app.add_option("--log-level", flags.log_level, "debug, info, warn, error or off")
        ->capture_default_str();
    app.set_version_flag("--version", CONSILIUM_VERSION);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
      return Complain(program, Invalid(WhatIsWrong(app, error) + "; see --help"));
    }
    return serve();
  } catch (const std::exception& error) {  // the supervisor starts the next one
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return kFailed;
  }
}

}  // namespace consilium
