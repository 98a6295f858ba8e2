#include "cli/captured_process.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "cli/process.h"

namespace consilium {
namespace {

constexpr std::size_t kOutputBytesMax = 1u << 20;
constexpr int kLookMs = 5;

}  // namespace

Result<CapturedProcess> CapturedProcess::Start(
    std::string program, std::vector<std::string> arguments,
    std::vector<std::pair<std::string, std::string>> environment) {
  const int memory = ::memfd_create("output", MFD_CLOEXEC);
  if (memory < 0) return Error{ErrorCode::kUnavailable, program + ": no memory for its output"};
  ProcessSpec spec;
  spec.program = std::move(program);
  spec.arguments = std::move(arguments);
  spec.environment = std::move(environment);
  spec.log = "/proc/self/fd/" + std::to_string(memory);
  const Result<pid_t> pid = Spawn(spec);
  if (!pid.ok()) {
    ::close(memory);
    return pid.error();
  }
  return CapturedProcess(*pid, memory);
}

CapturedProcess::CapturedProcess(CapturedProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      memory_(std::exchange(other.memory_, -1)),
      end_(other.end_) {}

CapturedProcess& CapturedProcess::operator=(CapturedProcess&& other) noexcept {
  if (this == &other) return *this;
  Discard();
  pid_ = std::exchange(other.pid_, -1);
  memory_ = std::exchange(other.memory_, -1);
  end_ = other.end_;
  return *this;
}

CapturedProcess::~CapturedProcess() { Discard(); }

void CapturedProcess::Discard() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (memory_ >= 0) ::close(memory_);
}

std::optional<int> CapturedProcess::End() {
  if (pid_ > 0) {
    end_ = Reap(pid_);
    if (end_) pid_ = -1;
  }
  return end_;
}

void CapturedProcess::Signal(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

std::string CapturedProcess::Output() const {
  std::string text(kOutputBytesMax, '\0');
  const ssize_t got = ::pread(memory_, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

Result<std::string> RunAndRead(const std::string& program, std::vector<std::string> arguments,
                               milliseconds limit) {
  Result<CapturedProcess> started = CapturedProcess::Start(program, std::move(arguments));
  if (!started.ok()) return started.error();
  const TimePoint until = Now() + limit;
  while (!started->End()) {
    if (Now() >= until) {
      return Error{ErrorCode::kTimeout,
                   program + ": still runs after " + std::to_string(limit.count()) + " ms"};
    }
    ::poll(nullptr, 0, kLookMs);
  }
  if (*started->End() != 0) {
    return Error{ErrorCode::kUnavailable, program + ": " + DescribeEnd(*started->End())};
  }
  return started->Output();
}

}  // namespace consilium
