#include "tests/bench/lone_worker.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "cli/process.h"
#include "shared/codec.h"
#include "shared/messages.h"

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kWindow = 500;

[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

// User and system time of a process, in milliseconds; in steps of 10.
double CpuMs(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  // Fields 14 and 15; the name in field 2 may hold spaces.
  const char* rest = line.c_str() + line.rfind(')') + 2;
  unsigned long user = 0;
  unsigned long system = 0;
  if (std::sscanf(rest, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) !=
      2) {
    Give("cannot read /proc/PID/stat");
  }
  return static_cast<double>(user + system) * 1e3 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double ResidentMib(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

}  // namespace

LoneWorker::LoneWorker(const std::string& url, std::size_t in_flight) : socket_(context_) {
  if (!socket_.Bind("tcp://127.0.0.1:0")) Give("no free port");
  std::string pattern =
      (std::filesystem::temp_directory_path() / "consilium-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Give("cannot make a temporary folder");
  folder_ = pattern;
  const std::string config = folder_ + "/worker.toml";
  std::ofstream(config) << "[[backend]]\nmodel = \"bench\"\nprovider = \"openai\"\nurl = \"" << url
                        << "\"\nconcurrency = " << in_flight
                        << "\nprompts = \"" CONSILIUM_SOURCE_DIR "/configs/prompts\"\n";
  auto worker = Spawn({CONSILIUM_BINARY_DIR "/consilium-worker",
                       {"--config", config, "--backend", "bench", "--broker", socket_.endpoint(),
                        "--log-level", "warn"},
                       {},
                       folder_ + "/worker.log"});
  if (!worker) Give(worker.error().text);
  pid_ = *worker;
  while (true) {
    const Frame frame = Await();
    if (frame.type != Hello::kType) continue;
    slots_ = static_cast<std::size_t>(Unpack<Hello>(frame.body)->slots);
    socket_.Send(peer_, MakeFrame(Welcome{"bench"}));
    return;
  }
}

LoneWorker::~LoneWorker() {
  kill(pid_, SIGTERM);
  const auto give_up = Clock::now() + std::chrono::seconds(15);
  while (!Reap(pid_) && Clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Frame LoneWorker::Await() {
  const auto give_up = Clock::now() + std::chrono::seconds(60);
  while (Clock::now() < give_up) {
    const auto incoming = socket_.Receive();
    if (!incoming) {
      pollfd polled{socket_.fd(), POLLIN, 0};
      poll(&polled, 1, 100);
      continue;
    }
    if (!incoming->frame) continue;
    peer_ = incoming->peer;
    if (incoming->frame->type == Heartbeat::kType) {
      socket_.Send(peer_, MakeFrame(HeartbeatReply{}));
      continue;
    }
    return *incoming->frame;
  }
  Give("the worker says nothing; see " + folder_ + "/worker.log");
}

void LoneWorker::SendTask(std::size_t number) {
  TaskMessage task;
  task.task = "bench-" + std::to_string(number) + "|generate|1|bench";
  task.fence = 1;
  task.time_left_ms = 600'000;
  task.vignette.text = std::string(900, 'x') + " A patient with a headache. ";
  socket_.Send(peer_, MakeFrame(task));
}

WorkerRun LoneWorker::Run(std::size_t tasks) {
  WorkerRun run;
  std::map<std::string, Clock::time_point> started;
  const auto send = [&] {
    started["bench-" + std::to_string(sent_) + "|generate|1|bench"] = Clock::now();
    SendTask(sent_++);
  };
  const Clock::time_point begun = Clock::now();
  const std::size_t last = sent_ + tasks;
  while (sent_ < last && started.size() < slots_) send();
  double cpu = CpuMs(pid_);
  while (run.latency_ms.size() < tasks) {
    const Frame frame = Await();
    if (frame.type != ResultMessage::kType) continue;
    const auto result = Unpack<ResultMessage>(frame.body);
    const auto task = started.find(result->task);
    if (task == started.end()) continue;
    run.latency_ms.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - task->second).count());
    if (result->outcome.status == OutcomeStatus::kOk) ++run.ok;
    started.erase(task);
    socket_.Send(peer_, MakeFrame(ResultAck{result->task, result->fence, "stored"}));
    if (sent_ < last) send();
    if (run.latency_ms.size() % kWindow == 0) {
      const double now = CpuMs(pid_);
      run.own_ms.push_back((now - cpu) / static_cast<double>(kWindow));
      cpu = now;
      run.resident_mib.push_back(ResidentMib(pid_));
    }
  }
  run.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  return run;
}

}  // namespace consilium::bench
