// The commands of `consilium`, each with what its flags say. A command does its work, says what
// there is to say and returns the exit code (output.h).
//
// Threads: one; signals are polled (StopSignals), so that Ctrl-C always gets an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/locate.h"
#include "cli/read_cases.h"

namespace consilium {

struct UpOptions {
  std::string config;
  std::string data = kDefaultDataFolder;
  std::string ready_file;
};
int RunUp(const UpOptions& options);

// What all commands that ask a broker have in common.
struct AskOptions {
  ClusterOptions cluster;
  bool json = false;
  std::optional<double> timeout_s;
};

struct SubmitOptions {
  AskOptions ask;
  std::string file;
  CaseOverrides overrides;
  bool no_wait = false;
  bool skip_bad = false;
};
int RunSubmit(const SubmitOptions& options);

struct ShowOptions {
  AskOptions ask;
  std::string id;
};
int RunShow(const ShowOptions& options);

struct CancelOptions {
  AskOptions ask;
  std::vector<std::string> ids;
};
int RunCancel(const CancelOptions& options);

struct WatchOptions {
  AskOptions ask;
  bool from_start = false;
  std::optional<std::int64_t> count;
};
int RunWatch(const WatchOptions& options);

int RunStatus(const AskOptions& options);

struct ConsensusFileOptions {
  std::string file;
  bool json = false;
};
int RunConsensus(const ConsensusFileOptions& options);

int RunConfigCheck(const std::string& file, bool json);
int RunConfigOptions(bool json);
int RunVersion(bool json);

struct DemoOptions {
  std::string cases;  // "" = the shipped vignettes
  double seconds = 60;
};
int RunDemo(const DemoOptions& options);

}  // namespace consilium
