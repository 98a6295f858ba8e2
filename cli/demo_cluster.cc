#include "cli/demo_cluster.h"

#include <poll.h>
#include <stdlib.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <thread>

#include "cli/files.h"
#include "cli/locate.h"
#include "cli/process.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kLook{20};
constexpr std::chrono::seconds kStopWithin{20};

std::string UpLog(const std::string& folder) { return folder + "/up.log"; }
std::string ReadyFile(const std::string& folder) { return folder + "/ready"; }

}  // namespace

Result<DemoCluster> DemoCluster::Start(
    const std::string& config, std::vector<std::pair<std::string, std::string>> environment) {
  std::error_code failed;
  fs::path base = fs::temp_directory_path(failed);
  if (failed) base = "/tmp";
  std::string folder = (base / "consilium-demo-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return Error{ErrorCode::kUnavailable, folder + ": cannot make a temporary folder"};
  }
  ProcessSpec up;
  up.program = ExecutableFolder() + "/consilium";
  up.arguments = {"up",           "--config",       config, "--data", folder + "/data",
                  "--ready-file", ReadyFile(folder)};
  up.environment = std::move(environment);
  up.log = UpLog(folder);
  const auto pid = Spawn(up);
  if (!pid.ok()) {
    fs::remove_all(folder, failed);
    return pid.error();
  }
  return DemoCluster(std::move(folder), *pid);
}

DemoCluster::DemoCluster(DemoCluster&& other) noexcept
    : folder_(std::exchange(other.folder_, "")), pid_(std::exchange(other.pid_, -1)) {}

DemoCluster::~DemoCluster() { Stop(); }

bool DemoCluster::Alive() {
  if (pid_ > 0 && Reap(pid_)) pid_ = -1;
  return pid_ > 0;
}

std::optional<Result<std::string>> DemoCluster::AwaitReady(StopSignals& stop, milliseconds within) {
  const TimePoint deadline = Now() + within;
  while (true) {
    auto ready = ReadFile(ReadyFile(folder_), 4096);
    if (ready.ok()) {
      const std::string endpoint = ready->substr(0, ready->find('\n'));
      return Result<std::string>(endpoint);
    }
    if (!Alive() || Now() >= deadline) {
      return Result<std::string>(
          Error{ErrorCode::kUnavailable,
                "the demo's cluster did not come up:\n" + TailOfFile(UpLog(folder_), 12)});
    }
    std::array<pollfd, 1> polled{{{stop.fd(), POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), static_cast<int>(kLook.count()));
    if ((polled[0].revents & POLLIN) != 0) return std::nullopt;
  }
}

bool DemoCluster::Stop() {
  bool clean = true;
  if (Alive()) {
    ::kill(pid_, SIGTERM);
    const TimePoint deadline = Now() + kStopWithin;
    while (Alive()) {
      if (clean && Now() >= deadline) {
        ::kill(pid_, SIGKILL);
        clean = false;
      }
      std::this_thread::sleep_for(kLook);
    }
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
  folder_.clear();
  return clean;
}

}  // namespace consilium
