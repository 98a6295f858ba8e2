#include "tests/bench/local_cluster.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "cli/cluster_plan.h"
#include "shared/config.h"
#include "shared/signals.h"
#include "tests/bench/load.h"

namespace consilium::bench {
namespace {

constexpr milliseconds kStartLimit{120000};

// Waits for `condition`; ends the program when it does not come.
template <class Condition>
void Await(const std::string& what, Condition condition) {
  const TimePoint until = Now() + kStartLimit;
  while (!condition()) {
    if (Now() > until) Give(what + ": not within 120 s");
    std::this_thread::sleep_for(milliseconds(20));
  }
}

// 127.a.b.c from the process id: two runs at once do not meet.
std::string OwnAddress() {
  const auto pid = static_cast<unsigned>(getpid());
  return "127." + std::to_string(192 + (pid >> 14U) % 63) + "." +
         std::to_string((pid >> 6U) % 256) + "." + std::to_string(1 + pid % 64);
}

void WriteSecret(const std::string& file, const KeyPair& keys) {
  std::ofstream(file) << "public " << keys.public_key << "\nsecret " << keys.secret_key << "\n";
  chmod(file.c_str(), 0600);
}

}  // namespace

std::string LocalCluster::Configure(const ClusterOptions& options,
                                    const std::vector<std::string>& models) {
  std::ostringstream toml;
  toml << "[redis]\nshards = " << options.shards << "\n"
       << "[ensemble]\nstrategy = \"named\"\nmodels = [\"bench\"]\n"
       << "[council]\ndeadline_s = 86400\nmedications = \"" CONSILIUM_SOURCE_DIR
       << "/configs/medications\"\n";
  for (const std::string& model : models) {
    toml << "[[backend]]\nmodel = \"" << model
         << "\"\nprovider = \"simulated\"\nplacement = \"local\"\nconcurrency = 64\n"
         << "[backend.simulated]\nknowledge = \"" CONSILIUM_SOURCE_DIR
         << "/configs/demo/vignettes.jsonl\"\nlatency_ms_median = 0\nskill = { default = 1.0 }\n";
  }
  if (options.keys) {
    toml << "[bus]\nbroker_key = \"" << clients_.keys.broker_key << "\"\nallowed_file = \""
         << folder_.File("allowed") << "\"\n";
  }
  return folder_.Write(models.back() + ".toml", toml.str());
}

void LocalCluster::MakeKeys() {
  const KeyPair broker = NewKeyPair();
  const KeyPair worker = NewKeyPair();
  clients_.keys = {NewKeyPair(), broker.public_key};
  WriteSecret(folder_.File("broker.key"), broker);
  WriteSecret(folder_.File("worker.key"), worker);
  folder_.Write("allowed",
                AllowLine(worker.public_key, {"worker", BusRole::kWorker}) + "\n" +
                    AllowLine(clients_.keys.own.public_key, {"client", BusRole::kClient}) + "\n");
}

LocalCluster::LocalCluster(const ClusterOptions& options) {
  if (options.keys) MakeKeys();
  const std::string file = Configure(options, {"bench"});
  // Only brokers and workers know of the second model: an aggregator would let it grade.
  const std::string wide = options.crowd ? Configure(options, {"bench", "crowd"}) : file;
  const auto config = LoadConfig(file);
  if (!config) Give(config.error().text);
  const auto redis = FindInPath("redis-server");
  if (!redis) Give(redis.error().text);
  PlanInput input;
  input.config = *config;
  input.config_file = file;
  input.programs = CONSILIUM_BINARY_DIR;
  input.redis_program = *redis;
  input.data = folder_.path();
  input.endpoints_file = folder_.File("broker.json");  // nobody reads it
  for (std::size_t shard = 0; shard < options.shards; ++shard) {
    std::filesystem::create_directory(RedisFolder(input.data, shard));
    input.redis_sockets.push_back(folder_.File("redis-" + std::to_string(shard) + ".sock"));
  }

  const std::string address = "tcp://" + OwnAddress() + ":";
  std::vector<std::string> doors;  // for workers
  for (int i = 0; i < options.brokers; ++i) {
    clients_.endpoints.push_back(address + std::to_string(7300 + 2 * i));
    doors.push_back(address + std::to_string(7301 + 2 * i));
  }
  for (ChildPlan& plan : PlanCluster(input)) {
    ProcessSpec& process = plan.process;
    const auto key = [&](const char* whose) {
      if (options.keys)
        process.environment.emplace_back("CONSILIUM_BUS_KEY_FILE", folder_.File(whose));
    };
    if (plan.name == "broker") {
      for (const std::string& socket : input.redis_sockets) {
        Await("redis-server", [&] { return std::filesystem::exists(socket); });
      }
      key("broker.key");
      for (std::size_t i = 0; i < doors.size(); ++i) {
        ProcessSpec broker = process;
        broker.arguments = {"--config", wide};
        broker.arguments.insert(broker.arguments.end(),
                                {"--clients", clients_.endpoints[i], "--workers", doors[i]});
        Add(plan.name, std::move(broker), "broker-" + std::to_string(i));
      }
    } else if (plan.name.starts_with("worker:")) {
      key("worker.key");
      worker_ = process;
      worker_.arguments = {"--config", wide};
      for (const std::string& door : doors) {
        worker_.arguments.insert(worker_.arguments.end(), {"--broker", door});
      }
    } else {
      Add(plan.name, std::move(process), plan.log_name);
    }
  }
  AwaitWorkers();
  if (options.workers > 0) StartWorkers("bench", options.workers);
}

LocalCluster::~LocalCluster() {
  for (Child& child : children_) {
    if (child.pid > 0) kill(child.pid, SIGKILL);
  }
  for (Child& child : children_) End(child);
}

LocalCluster::Child& LocalCluster::Add(std::string name, ProcessSpec process,
                                       const std::string& log) {
  process.log = folder_.File(log + ".log");
  const auto pid = Spawn(process);
  if (!pid) Give(pid.error().text);
  return children_.emplace_back(Child{std::move(name), std::move(process), *pid});
}

void LocalCluster::End(Child& child) {
  if (child.pid <= 0) return;
  kill(child.pid, SIGKILL);
  waitpid(child.pid, nullptr, 0);
  child.pid = -1;
}

void LocalCluster::StartWorkers(const std::string& model, int count) {
  for (int i = 0; i < count; ++i) {
    ProcessSpec process = worker_;
    process.arguments.insert(process.arguments.end(), {"--backend", model});
    Add("worker:" + model, std::move(process), "worker-" + std::to_string(started_++));
  }
  AwaitWorkers();
}

void LocalCluster::EndWorkers(const std::string& model) {
  const auto ours = [&](const Child& child) { return child.name == "worker:" + model; };
  for (const Child& child : children_) {
    if (ours(child)) kill(child.pid, SIGKILL);
  }
  for (Child& child : children_) {
    if (ours(child)) End(child);
  }
  children_.erase(std::remove_if(children_.begin(), children_.end(), ours), children_.end());
  AwaitWorkers();
}

void LocalCluster::KillBroker() {
  End(*std::find_if(children_.begin(), children_.end(),
                    [](const Child& child) { return child.name == "broker"; }));
}

void LocalCluster::StartBroker() {
  const auto broker = std::find_if(children_.begin(), children_.end(),
                                   [](const Child& child) { return child.name == "broker"; });
  const auto pid = Spawn(broker->process);
  if (!pid) Give(pid.error().text);
  broker->pid = *pid;
}

std::vector<std::string> LocalCluster::WorkerLogs(const std::string& model) const {
  std::vector<std::string> files;
  for (const Child& child : children_) {
    if (child.name == "worker:" + model) files.push_back(child.process.log);
  }
  return files;
}

void LocalCluster::AwaitWorkers() const {
  const auto workers = static_cast<std::size_t>(
      std::count_if(children_.begin(), children_.end(),
                    [](const Child& child) { return child.name.starts_with("worker:"); }));
  for (std::size_t i = 0; i < clients_.endpoints.size(); ++i) {
    Await("the cluster did not come up", [&] {
      const StatusReply status = Status(i);
      // Each worker is there once for every broker.
      return status.accepting && !status.aggregators.empty() &&
             status.workers.size() == workers * clients_.endpoints.size();
    });
  }
}

StatusReply LocalCluster::Status(std::size_t broker) const {
  StopSignals stop;
  ZmqContext context;
  Client client(context, {{clients_.endpoints[broker]}, clients_.keys});
  const auto status = Call<StatusReply>(client, stop, StatusRequest{}, kStartLimit);
  if (!status) Give("interrupted");
  if (!*status) Give(status->error().text);
  return **status;
}

double LocalCluster::CpuSeconds(const std::string& name) const {
  double sum = 0;
  for (const Child& child : children_) {
    if (child.name != name) continue;
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(child.pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
      Give(name + " ended; was it out of memory?");
    }
    sum += static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  return sum;
}

double LocalCluster::ResidentMib(const std::string& name) const { return Largest(name, "VmRSS:"); }
double LocalCluster::PeakMib(const std::string& name) const { return Largest(name, "VmHWM:"); }

double LocalCluster::Largest(const std::string& name, const std::string& field) const {
  double largest = 0;
  for (const Child& child : children_) {
    if (child.name != name) continue;
    std::ifstream status("/proc/" + std::to_string(child.pid) + "/status");
    std::string word;
    double kib = 0;
    while (status >> word && word != field) continue;
    if (!(status >> kib)) Give(name + " ended; was it out of memory?");
    largest = std::max(largest, kib / 1024);
  }
  return largest;
}

}  // namespace consilium::bench
