// A child process (process.h) whose outputs are kept in memory, for programs that say one thing and
// end.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"
#include "shared/result.h"

namespace consilium {

class CapturedProcess {
 public:
  // Both outputs go to one place. `environment`: beside ours.
  static Result<CapturedProcess> Start(
      std::string program, std::vector<std::string> arguments,
      std::vector<std::pair<std::string, std::string>> environment = {});
  CapturedProcess(CapturedProcess&& other) noexcept;
  CapturedProcess& operator=(CapturedProcess&& other) noexcept;
  ~CapturedProcess();  // kills what still runs

  // How it ended, as waitpid() says; empty while it runs.
  std::optional<int> End();
  // For as long as it runs.
  void Signal(int signal);
  // What it wrote so far, at most 1 MiB.
  std::string Output() const;

 private:
  CapturedProcess(pid_t pid, int memory) : pid_(pid), memory_(memory) {}
  void Discard();

  pid_t pid_ = -1;   // -1: it has ended
  int memory_ = -1;  // a file without a name
  std::optional<int> end_;
};

// Runs it to its end; what it wrote. kTimeout when that takes longer than `limit`, kUnavailable
// when it cannot be run or ends with another code than 0.
Result<std::string> RunAndRead(const std::string& program, std::vector<std::string> arguments,
                               milliseconds limit);

}  // namespace consilium
