#include "cli/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

extern char** environ;  // NOLINT: the name that POSIX gives it

namespace consilium {
namespace {

std::string Reason(int number) { return std::generic_category().message(number); }

// Pointers into `texts`, with the null that exec wants at the end.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : added) {
      const bool same = text.size() > name.size() && text[name.size()] == '=';
      replaced = replaced || (same && text.substr(0, name.size()) == name);
    }
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : added) {
    std::string& entry = all.emplace_back(name);
    entry += '=';
    entry += value;
  }
  return all;
}

// In the child, between fork and exec: only what is safe after a fork of a process with threads.
[[noreturn]] void Become(char* const* argv, char* const* envp, int input, int log, int report,
                         pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  // The parent may have died before the line above took effect.
  if (::getppid() != parent) ::_exit(127);
  if (::dup2(input, STDIN_FILENO) >= 0 && ::dup2(log, STDOUT_FILENO) >= 0 &&
      ::dup2(log, STDERR_FILENO) >= 0) {
    ::execve(argv[0], argv, envp);
  }
  const int number = errno;
  if (::write(report, &number, sizeof(number)) < 0) ::_exit(126);
  ::_exit(127);
}

}  // namespace

Result<pid_t> Spawn(const ProcessSpec& spec) {
  std::vector<std::string> arguments{spec.program};
  arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
  std::vector<std::string> environment = EnvironmentWith(spec.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int log = ::open(spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) {
    const int number = errno;
    ::close(input);
    return Error{ErrorCode::kUnavailable, spec.log + ": cannot open: " + Reason(number)};
  }
  std::array<int, 2> report{-1, -1};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) {
    const int number = errno;
    ::close(input);
    ::close(log);
    return Error{ErrorCode::kUnavailable, "cannot make a pipe: " + Reason(number)};
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) Become(argv.data(), envp.data(), input, log, report[1], parent);
  const int fork_errno = errno;
  ::close(input);
  ::close(log);
  ::close(report[1]);
  // Closed by a successful exec; else it says why there was none.
  int number = 0;
  ssize_t got = 0;
  if (pid > 0) {
    do {
      got = ::read(report[0], &number, sizeof(number));
    } while (got < 0 && errno == EINTR);
  }
  ::close(report[0]);
  if (pid < 0) return Error{ErrorCode::kUnavailable, "cannot fork: " + Reason(fork_errno)};
  if (got <= 0) return pid;
  ::waitpid(pid, nullptr, 0);
  return Error{ErrorCode::kUnavailable, spec.program + ": cannot run: " + Reason(number)};
}

std::optional<int> Reap(pid_t pid) {
  int status = 0;
  const pid_t got = ::waitpid(pid, &status, WNOHANG);
  if (got == pid) return status;
  return std::nullopt;
}

std::string DescribeEnd(int wait_status) {
  if (WIFEXITED(wait_status)) return "exit code " + std::to_string(WEXITSTATUS(wait_status));
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    const char* name = ::sigdescr_np(number);
    return "killed by signal " + std::to_string(number) +
           (name == nullptr ? "" : " (" + std::string(name) + ")");
  }
  return "ended";
}

Result<std::string> FindInPath(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (true) {
    const std::size_t colon = rest.find(':');
    const std::string file = std::string(rest.substr(0, colon)) + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return Error{ErrorCode::kNotFound, name + ": not found in PATH"};
}

}  // namespace consilium
