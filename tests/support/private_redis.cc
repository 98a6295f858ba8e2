#include "tests/support/private_redis.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

constexpr std::chrono::seconds kStartLimit{20};
constexpr std::chrono::milliseconds kPollStep{200};

// Runs in the child of a fork: only calls that are safe there.
[[noreturn]] void Become(const std::vector<char*>& arguments, const std::string& log,
                         pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out >= 0) {
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
  }
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

PrivateRedis::PrivateRedis(std::vector<std::string> options) : options_(std::move(options)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "redis-XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr, "tests can write to the temporary folder");
  folder_ = pattern;
  socket_ = folder_ + "/redis.sock";
  Start();
}

PrivateRedis::~PrivateRedis() {
  Kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

RedisAddress PrivateRedis::address() const {
  RedisAddress address;
  address.socket = socket_;
  return address;
}

void PrivateRedis::Start() {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    "0",
                                    "--unixsocket",
                                    socket_,
                                    "--dir",
                                    folder_,
                                    "--appendonly",
                                    "yes",
                                    "--appendfsync",
                                    "always",
                                    "--save",
                                    ""};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string log = folder_ + "/redis.log";
  const pid_t parent = getpid();
  pid_ = fork();
  CHECK(pid_ >= 0, "tests can start a process");
  if (pid_ == 0) Become(arguments, log, parent);

  RedisConnection connection(address(), {});
  const TimePoint until = Now() + kStartLimit;
  // A server that wants a password answers that it does.
  bool answers = false;
  std::string why;
  while (!answers && Now() < until) {
    const Result<RedisReply> reply = connection.Call({"PING"}, kPollStep);
    why = reply ? "" : reply.error().text;
    answers = reply.ok() || why.find("NOAUTH") != std::string::npos;
  }
  if (!answers) std::fprintf(stderr, "redis-server: %s\n", why.c_str());
  CHECK(answers, "redis-server is installed and starts within 20 s");
}

void PrivateRedis::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void PrivateRedis::Restart() {
  Kill();
  Start();
}

void PrivateRedis::Pause() const { kill(pid_, SIGSTOP); }
void PrivateRedis::Resume() const { kill(pid_, SIGCONT); }

}  // namespace consilium
