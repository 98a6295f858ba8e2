// Child processes that cannot outlive this one, and do not get the terminal's signals.
//
// A child is killed by the kernel when its parent dies, stands in a process group of its own
// (Ctrl-C reaches only us, so that we stop the others in order), has an empty signal mask, no
// input, and writes both outputs to the end of a log file. Threads: spawn and reap from the thread
// that lives as long as the process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct ProcessSpec {
  std::string program;  // path
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // beside ours
  std::string log;                                               // file
};

// kUnavailable when the log cannot be opened or the program cannot be run.
Result<pid_t> Spawn(const ProcessSpec& spec);

// How it ended, as waitpid() says; empty while it runs. Once only per process.
std::optional<int> Reap(pid_t pid);

// "exit code 2", "killed by signal 9 (Killed)".
std::string DescribeEnd(int wait_status);

// The first `name` in $PATH that may be executed.
Result<std::string> FindInPath(const std::string& name);

}  // namespace consilium
