// The real programs as a person runs them: `consilium up` in a folder of its own on ports that the
// system chooses, and `consilium ...` commands beside it.
//
// Nothing outlives the test: children die with it, and what runs is stopped by its process id.
// Threads: one. Linux only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace consilium {

using Variables = std::vector<std::pair<std::string, std::string>>;

// A folder under the system's temporary one, removed with all it holds.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;  // owns the folder
  TestFolder& operator=(const TestFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  // Writes the file and returns its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

struct CommandResult {
  int exit_code = -1;  // 128 + signal when it was killed
  bool timed_out = false;
  std::string out;
  std::string err;
};

// One running program; its outputs go to files, so that it never waits for a reader.
class RunningCommand {
 public:
  // `program` beside the other executables of this build, or a path. `input` is standard input.
  RunningCommand(const std::string& program, const std::vector<std::string>& arguments,
                 const Variables& variables = {}, const std::string& input = "");
  ~RunningCommand();                               // kills what still runs
  RunningCommand(const RunningCommand&) = delete;  // owns a process
  RunningCommand& operator=(const RunningCommand&) = delete;

  pid_t pid() const { return pid_; }
  bool Alive();
  void Signal(int signal);
  std::string OutSoFar() const;
  std::string ErrSoFar() const;
  // Waits for its end; killed after `within`.
  CommandResult Wait(std::chrono::milliseconds within);

 private:
  TestFolder folder_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

// Polls until `condition` or `within`; the last result.
bool Eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds within = std::chrono::seconds(30));

class ClusterProcess {
 public:
  static constexpr std::chrono::seconds kReadyWithin{90};

  // The ports of `config_file` are overridden by ones that the system chooses. `variables` are for
  // the programs' environment, e.g. those that the configuration names.
  explicit ClusterProcess(std::string config_file, Variables variables = {});
  ~ClusterProcess();
  ClusterProcess(const ClusterProcess&) = delete;  // owns processes
  ClusterProcess& operator=(const ClusterProcess&) = delete;

  // Starts `consilium up` and waits until every part answers; "" or what it said instead. Again
  // after Stop() or Kill9Up(): the data are still there.
  std::string Start();
  // SIGTERM to `up`; its exit code, or -1 when it did not end in time and was killed.
  int Stop(std::chrono::milliseconds within = std::chrono::seconds(60));
  // SIGKILL to `up`: the kernel ends its children.
  void Kill9Up();

  std::string clients() const;  // endpoint for clients
  std::string workers() const;
  std::string redis() const;  // URL
  int http() const;           // port of the gateway's doors; 0 = closed
  int mllp() const;
  // "redis", "broker", "aggregator", "worker:<model>"; empty when none runs.
  std::vector<pid_t> PidsOf(const std::string& name) const;
  std::map<std::string, std::vector<pid_t>> Pids() const;
  // SIGKILL to every process of that name; how many there were.
  std::size_t Kill9(const std::string& name) const;
  // Waits until `name` runs with other process ids than `before`.
  bool AwaitRestart(const std::string& name, const std::vector<pid_t>& before) const;

  // `consilium <arguments> --data <the folder>`.
  CommandResult Run(std::vector<std::string> arguments, const std::string& input = "",
                    std::chrono::milliseconds within = std::chrono::seconds(120)) const;
  std::vector<std::string> WithData(std::vector<std::string> arguments) const;
  const Variables& variables() const { return variables_; }

  const std::string& data() const { return data_; }
  std::string UpLog() const;                         // standard error of `up` so far
  std::string LogOf(const std::string& name) const;  // a part's log, e.g. "broker"

 private:
  TestFolder folder_;
  std::string data_;
  std::string config_file_;
  Variables variables_;
  std::optional<RunningCommand> up_;
};

}  // namespace consilium
