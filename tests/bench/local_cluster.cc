#include "tests/bench/local_cluster.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/process.h"

namespace consilium::bench {
namespace {

[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

}  // namespace

LocalCluster::LocalCluster(int workers, std::size_t shards) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "consilium-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) Give("cannot make a temporary folder");
  folder_ = pattern;
  const std::string config = folder_ + "/bench.toml";
  std::ofstream(config)
      << "[redis]\nshards = " << shards << "\n"
      << "[broker]\nclients = \"tcp://127.0.0.1:0\"\nworkers = \"tcp://127.0.0.1:0\"\n"
      << "[ensemble]\nstrategy = \"all\"\nsize = 1\n"
      << "[council]\ndeadline_s = 86400\nmedications = \"" CONSILIUM_SOURCE_DIR
      << "/configs/medications\"\n"
      << "[[backend]]\nmodel = \"bench\"\nprovider = \"simulated\"\nplacement = \"local\"\n"
      << "concurrency = 64\nworkers = " << workers << "\n"
      << "[backend.simulated]\nknowledge = \"" CONSILIUM_SOURCE_DIR
      << "/configs/demo/vignettes.jsonl\"\nlatency_ms_median = 0\nskill = { default = 1.0 }\n";
  auto up = Spawn({CONSILIUM_BINARY_DIR "/consilium",
                   {"up", "--config", config, "--data", folder_ + "/data"},
                   {},
                   folder_ + "/up.log"});
  if (!up) Give(up.error().text);
  up_ = *up;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const std::size_t parts = workers > 0 ? 4 : 3;
  while (std::chrono::steady_clock::now() < give_up) {
    if (auto read = ReadEndpoints(folder_ + "/data/" + kEndpointsFile);
        read && read->pids.size() >= parts && !read->clients.empty()) {
      endpoints_ = *read;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  Give("the cluster did not come up; see " + folder_ + "/up.log");
}

LocalCluster::~LocalCluster() {
  kill(up_, SIGTERM);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!Reap(up_) && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

double LocalCluster::ResidentMib(const std::string& name) const {
  const auto found = endpoints_.pids.find(name);
  if (found == endpoints_.pids.end() || found->second.empty()) return -1;
  std::ifstream statm("/proc/" + std::to_string(found->second.front()) + "/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

double LocalCluster::CpuSeconds(const std::string& name) const {
  const auto found = endpoints_.pids.find(name);
  if (found == endpoints_.pids.end() || found->second.empty()) return -1;
  std::ifstream stat("/proc/" + std::to_string(found->second.front()) + "/stat");
  std::string word;
  std::getline(stat, word, ')');  // the name may hold spaces
  for (int field = 3; field < 14; ++field) stat >> word;
  double user = 0;
  double system = 0;
  stat >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace consilium::bench
