#include "tests/support/cluster_process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include "tests/support/file_text.h"

extern char** environ;  // NOLINT: the name that POSIX gives it

namespace consilium {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPoll{20};

std::string ProgramPath(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  return std::string(CONSILIUM_BINARY_DIR) + "/" + program;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Ours without what would point the programs at another cluster, and `variables`.
std::vector<std::string> Environment(const Variables& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.substr(0, 10) != "CONSILIUM_") all.emplace_back(text);
  }
  for (const auto& [name, value] : variables) {
    std::string& entry = all.emplace_back(name);
    entry += '=';
    entry += value;
  }
  return all;
}

nlohmann::json EndpointsIn(const std::string& data) {
  return nlohmann::json::parse(FileText(data + "/endpoints.json"), nullptr, false);
}

int PortOf(const std::string& endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  return colon == std::string::npos ? 0 : std::stoi(endpoint.substr(colon + 1));
}

std::string TextIn(const nlohmann::json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) return "";
  return object[key].is_string() ? object[key].get<std::string>() : "";
}

}  // namespace

TestFolder::TestFolder() {
  path_ = (fs::temp_directory_path() / "consilium-test-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp " + path_);
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TestFolder::Write(const std::string& name, const std::string& text) const {
  std::ofstream(File(name), std::ios::binary) << text;
  return File(name);
}

RunningCommand::RunningCommand(const std::string& program,
                               const std::vector<std::string>& arguments,
                               const Variables& variables, const std::string& input) {
  std::vector<std::string> argv_texts{ProgramPath(program)};
  argv_texts.insert(argv_texts.end(), arguments.begin(), arguments.end());
  std::vector<std::string> envp_texts = Environment(variables);
  const std::vector<char*> argv = Pointers(argv_texts);
  const std::vector<char*> envp = Pointers(envp_texts);
  const int in = ::open(folder_.Write("in", input).c_str(), O_RDONLY | O_CLOEXEC);
  constexpr int kCreate = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  const int out = ::open(folder_.File("out").c_str(), kCreate, 0600);
  const int err = ::open(folder_.File("err").c_str(), kCreate, 0600);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::signal(SIGINT, SIG_DFL);  // a test in the background ignores it, and so would the command
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  for (const int fd : {in, out, err}) ::close(fd);
  if (pid_ < 0) throw std::runtime_error("fork");
}

RunningCommand::~RunningCommand() {
  if (!Alive()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status_, 0);
}

bool RunningCommand::Alive() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !ended_;
}

void RunningCommand::Signal(int signal) {
  if (Alive()) ::kill(pid_, signal);
}

std::string RunningCommand::OutSoFar() const { return FileText(folder_.File("out")); }
std::string RunningCommand::ErrSoFar() const { return FileText(folder_.File("err")); }

CommandResult RunningCommand::Wait(milliseconds within) {
  CommandResult result;
  if (!Eventually([this] { return !Alive(); }, within)) {
    result.timed_out = true;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    ended_ = true;
  }
  result.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  result.out = OutSoFar();
  result.err = ErrSoFar();
  return result;
}

bool Eventually(const std::function<bool()>& condition, milliseconds within) {
  const auto deadline = steady_clock::now() + within;
  while (!condition()) {
    if (steady_clock::now() >= deadline) return condition();
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

ClusterProcess::ClusterProcess(std::string config_file, Variables variables)
    : data_(folder_.File("data")),
      config_file_(std::move(config_file)),
      variables_(std::move(variables)) {
  variables_.emplace_back("CONSILIUM_BROKER_CLIENTS", "tcp://127.0.0.1:0");
  variables_.emplace_back("CONSILIUM_BROKER_WORKERS", "tcp://127.0.0.1:0");
  // A gateway is started where the file opens a door, and only there.
  const std::string config = FileText(config_file_);
  for (const std::string door : {"http", "mllp"}) {
    if (config.find("\n" + door + " = \"tcp:") == std::string::npos) continue;
    variables_.emplace_back(door == "http" ? "CONSILIUM_GATEWAY_HTTP" : "CONSILIUM_GATEWAY_MLLP",
                            "tcp://127.0.0.1:0");
  }
}

ClusterProcess::~ClusterProcess() {
  if (up_) Stop(std::chrono::seconds(30));
}

std::string ClusterProcess::Start() {
  const std::string ready = folder_.File("ready");
  fs::remove(ready);
  up_.emplace("consilium",
              std::vector<std::string>{"up", "--config", config_file_, "--data", data_,
                                       "--ready-file", ready},
              variables_);
  Eventually([&] { return fs::exists(ready) || !up_->Alive(); }, kReadyWithin);
  if (fs::exists(ready)) return "";
  return "consilium up is not ready:\n" + up_->ErrSoFar();
}

int ClusterProcess::Stop(milliseconds within) {
  if (!up_) return -1;
  up_->Signal(SIGTERM);
  const CommandResult result = up_->Wait(within);
  up_.reset();
  return result.timed_out ? -1 : result.exit_code;
}

void ClusterProcess::Kill9Up() {
  if (!up_) return;
  up_->Signal(SIGKILL);
  up_->Wait(std::chrono::seconds(10));
  up_.reset();
}

std::string ClusterProcess::clients() const { return TextIn(EndpointsIn(data_), "clients"); }
std::string ClusterProcess::workers() const { return TextIn(EndpointsIn(data_), "workers"); }
std::string ClusterProcess::redis() const { return TextIn(EndpointsIn(data_), "redis"); }

int ClusterProcess::http() const { return PortOf(TextIn(EndpointsIn(data_), "http")); }
int ClusterProcess::mllp() const { return PortOf(TextIn(EndpointsIn(data_), "mllp")); }

std::map<std::string, std::vector<pid_t>> ClusterProcess::Pids() const {
  std::map<std::string, std::vector<pid_t>> pids;
  const auto endpoints = EndpointsIn(data_);
  if (!endpoints.is_object() || !endpoints.contains("pids")) return pids;
  for (const auto& [name, list] : endpoints["pids"].items()) {
    for (const auto& pid : list) pids[name].push_back(pid.get<pid_t>());
  }
  return pids;
}

std::vector<pid_t> ClusterProcess::PidsOf(const std::string& name) const {
  auto pids = Pids();
  return pids[name];
}

std::size_t ClusterProcess::Kill9(const std::string& name) const {
  const std::vector<pid_t> pids = PidsOf(name);
  for (const pid_t pid : pids) ::kill(pid, SIGKILL);
  return pids.size();
}

bool ClusterProcess::AwaitRestart(const std::string& name, const std::vector<pid_t>& before) const {
  return Eventually([&] {
    const std::vector<pid_t> now = PidsOf(name);
    if (now.size() < before.size()) return false;
    for (const pid_t pid : now) {
      for (const pid_t old : before) {
        if (pid == old) return false;
      }
    }
    return true;
  });
}

std::vector<std::string> ClusterProcess::WithData(std::vector<std::string> arguments) const {
  arguments.emplace_back("--data");
  arguments.push_back(data_);
  return arguments;
}

CommandResult ClusterProcess::Run(std::vector<std::string> arguments, const std::string& input,
                                  milliseconds within) const {
  RunningCommand command("consilium", WithData(std::move(arguments)), variables_, input);
  return command.Wait(within);
}

std::string ClusterProcess::UpLog() const { return up_ ? up_->ErrSoFar() : ""; }

std::string ClusterProcess::LogOf(const std::string& name) const {
  return FileText(data_ + "/log/" + name + ".log");
}

}  // namespace consilium
