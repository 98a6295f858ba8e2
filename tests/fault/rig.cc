#include "tests/fault/rig.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "cli/process.h"
#include "shared/check.h"
#include "shared/codec.h"
#include "shared/messages.h"
#include "shared/redis_durability.h"
#include "tests/support/cluster_config.h"

namespace consilium::fault {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kStartLimit{30000};
constexpr milliseconds kAskLimit{10000};

// 127.a.b.c from the process id and a count: rigs of tests that run at once do not meet.
std::string OwnAddress() {
  static std::atomic<int> count{0};
  const auto pid = static_cast<unsigned>(getpid());
  const auto rig = static_cast<unsigned>(count++);
  return "127." + std::to_string(64 + (pid >> 14U) % 128) + "." +
         std::to_string((pid >> 6U) % 256) + "." +
         std::to_string(1 + ((pid % 64) * 4 + rig % 4) % 254);
}

std::string Slurp(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Rig::Rig(RigOptions options) : options_(std::move(options)), address_(OwnAddress()) {
  fs::create_directory(folder_.File("log"));
  fs::create_directory(redis_data());
  machine_ = std::make_unique<Machine>(folder_.File("machine"));
  RedisAddress address;
  address.socket = redis_socket();
  redis_ = std::make_unique<RedisConnection>(address, std::vector<RedisScript>{});
  Configure();
}

Rig::~Rig() {
  for (auto& [key, process] : processes_) {
    if (process.pid > 0) kill(process.pid, SIGKILL);
  }
  for (auto& [key, process] : processes_) {
    if (process.pid > 0) waitpid(process.pid, nullptr, 0);
  }
  if (const char* keep = std::getenv("CONSILIUM_FAULT_KEEP")) {
    std::error_code ignored;
    fs::copy(folder_.path(), std::string(keep) + "/" + fs::path(folder_.path()).filename().string(),
             fs::copy_options::recursive, ignored);
  }
}

void Rig::Configure() {
  std::ostringstream toml;
  toml << "[redis]\nurl = \"unix:" << redis_socket() << "\"\n"
       << options_.redis << "\n[broker]\nlease_ms = " << options_.lease_ms << "\n"
       << options_.broker << "\n[ensemble]\nstrategy = \"all\"\nsize = " << options_.models << "\n"
       << CouncilSection("quorum = 1\ngraders = 1\ndeadline_s = " +
                         std::to_string(options_.deadline_s) + "\n" + options_.council);
  for (int m = 1; m <= options_.models; ++m) {
    toml << "[[backend]]\nmodel = \"m" << m << "\"\nplacement = \"local\"\n"
         << "concurrency = " << options_.concurrency << "\nbackoff_ms = 50\n"
         << options_.backend;
    if (!options_.llm.empty()) {
      toml << "\nprovider = \"openai\"\nurl = \"" << options_.llm
           << "/v1\"\nprompts = \"" CONSILIUM_SOURCE_DIR "/configs/prompts\"\n";
      continue;
    }
    toml << "\nprovider = \"simulated\"\n[backend.simulated]\n"
         << "knowledge = \"" CONSILIUM_SOURCE_DIR "/configs/demo/vignettes.jsonl\"\n"
         << "skill = { default = 0.9 }\nseed = " << m
         << "\nlatency_ms_median = " << options_.latency_ms << "\n"
         << options_.simulated << "\n";
  }
  toml << options_.more;
  folder_.Write("rig.toml", toml.str());
}

std::string Rig::clients(int broker) const {
  return "tcp://" + address_ + ":" + std::to_string(7300 + 2 * broker);
}
std::string Rig::workers(int broker) const {
  return "tcp://" + address_ + ":" + std::to_string(7301 + 2 * broker);
}

std::vector<std::string> Rig::all_clients() const {
  std::vector<std::string> all;
  for (int i = 0; i < options_.brokers; ++i) all.push_back(clients(i));
  return all;
}

void Rig::ReachRedisBy(Part part, int index, std::string url) {
  At(part, index).redis_url = std::move(url);
}
void Rig::ReachBrokersBy(int worker, std::vector<std::string> endpoints) {
  At(Part::kWorker, worker).brokers = std::move(endpoints);
}
void Rig::Under(Part part, int index,
                std::vector<std::pair<std::string, std::string>> environment) {
  At(part, index).environment = std::move(environment);
}

int Rig::Count(Part part) const {
  switch (part) {
    case Part::kRedis:
      return 1;
    case Part::kBroker:
      return options_.brokers;
    case Part::kAggregator:
      return options_.aggregators;
    case Part::kWorker:
      break;
  }
  return options_.workers;
}

void Rig::Start(Part part, int index) {
  Process& process = At(part, index);
  CHECK(process.pid <= 0, "a part runs once at a time");
  const std::string name = kPartNames[static_cast<std::size_t>(part)];
  ProcessSpec spec;
  spec.environment = process.environment;
  spec.log = folder_.File("log/" + name + std::to_string(index) + ".log");
  if (!process.redis_url.empty()) {
    spec.environment.emplace_back("CONSILIUM_REDIS_URL", process.redis_url);
  }
  if (part == Part::kRedis) {
    const auto found = FindInPath("redis-server");
    CHECK(found.ok(), "redis-server is installed (packages.txt)");
    spec.program = *found;
    spec.arguments = {"--port", "0", "--unixsocket", redis_socket(), "--dir", redis_data(),
                      "--save", "",  "--loglevel",   "notice"};
    for (const RedisSetting& setting : kDurableSettings) {
      spec.arguments.push_back("--" + std::string(setting.name));
      spec.arguments.emplace_back(setting.value);
    }
    spec.arguments.insert(spec.arguments.end(), options_.redis_options.begin(),
                          options_.redis_options.end());
    for (auto& entry : machine_->Environment()) spec.environment.push_back(std::move(entry));
  } else {
    spec.program = std::string(CONSILIUM_BINARY_DIR) + "/consilium-" + name;
    spec.arguments = {"--config", folder_.File("rig.toml")};
  }
  if (part == Part::kBroker) {
    for (const std::string& word :
         {std::string("--clients"), clients(index), std::string("--workers"), workers(index)}) {
      spec.arguments.push_back(word);
    }
  }
  if (part == Part::kWorker) {
    spec.arguments.emplace_back("--backend");
    spec.arguments.push_back("m" + std::to_string(1 + index % options_.models));
    std::vector<std::string> brokers = process.brokers;
    if (brokers.empty()) {
      for (int b = 0; b < options_.brokers; ++b) brokers.push_back(workers(b));
    }
    for (const std::string& endpoint : brokers) {
      spec.arguments.emplace_back("--broker");
      spec.arguments.push_back(endpoint);
    }
  }
  const Result<pid_t> pid = Spawn(spec);
  CHECK(pid.ok(), "the programs of this build and redis-server can be run");
  process.pid = *pid;
}

void Rig::Kill(Part part, int index) {
  Process& process = At(part, index);
  if (process.pid <= 0) return;
  kill(process.pid, SIGKILL);
  waitpid(process.pid, nullptr, 0);
  process.pid = -1;
}

void Rig::Restart(Part part, int index) {
  Kill(part, index);
  if (part == Part::kRedis) {
    CHECK(StartRedis(), "redis-server starts again on its data");
  } else {
    Start(part, index);
  }
}

void Rig::KillAtOnce(const std::vector<std::pair<Part, int>>& parts) {
  for (const auto& [part, index] : parts) Signal(part, index, SIGKILL);
  for (const auto& [part, index] : parts) Kill(part, index);
}

void Rig::Signal(Part part, int index, int signal) const {
  if (const pid_t pid = Pid(part, index); pid > 0) kill(pid, signal);
}
void Rig::Pause(Part part, int index) const { Signal(part, index, SIGSTOP); }
void Rig::Resume(Part part, int index) const { Signal(part, index, SIGCONT); }

int Rig::Terminate(Part part, int index, milliseconds within) {
  Process& process = At(part, index);
  if (process.pid <= 0) return -1;
  kill(process.pid, SIGTERM);
  int status = 0;
  const bool ended =
      Eventually([&] { return waitpid(process.pid, &status, WNOHANG) == process.pid; }, within);
  if (!ended) {
    Kill(part, index);
    return -1;
  }
  process.pid = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Rig::Alive(Part part, int index) {
  Process& process = At(part, index);
  if (process.pid > 0 && waitpid(process.pid, nullptr, WNOHANG) == process.pid) process.pid = -1;
  return process.pid > 0;
}

pid_t Rig::Pid(Part part, int index) const {
  const auto found = processes_.find({part, index});
  return found == processes_.end() ? -1 : found->second.pid;
}

std::string Rig::Log(Part part, int index) const {
  return Slurp(folder_.File("log/" + std::string(kPartNames[static_cast<std::size_t>(part)]) +
                            std::to_string(index) + ".log"));
}

bool Rig::StartRedis(milliseconds within) {
  Start(Part::kRedis);
  return Eventually(
             [this] {
               return !Alive(Part::kRedis) || redis_->Call({"PING"}, milliseconds(200)).ok();
             },
             within) &&
         Alive(Part::kRedis);
}

std::string Rig::StartAll() {
  if (!StartRedis()) return "redis-server does not start:\n" + Log(Part::kRedis);
  for (const Part part : {Part::kBroker, Part::kAggregator, Part::kWorker}) {
    for (int i = 0; i < Count(part); ++i) Start(part, i);
  }
  const TimePoint until = Now() + kStartLimit;
  std::string why;
  while (Now() < until) {
    why.clear();
    for (int i = 0; i < options_.brokers && why.empty(); ++i) {
      const auto frame = AskBroker(clients(i), MakeFrame(StatusRequest{}), milliseconds(2000));
      const auto status = frame ? Unpack<StatusReply>(frame->body) : frame.error();
      if (!status) {
        why = "broker " + std::to_string(i) + ": " + status.error().text;
      } else if (!status->accepting) {
        why = "broker " + std::to_string(i) + ": " + status->reason;
      } else if (status->workers.size() <
                 static_cast<std::size_t>(options_.workers * options_.brokers)) {
        why = std::to_string(status->workers.size()) + " workers";
      }
    }
    if (why.empty() && (options_.aggregators == 0 ||
                        !Ask({"ZRANGE", "consilium:{0}:aggregators", "0", "-1"}).items.empty())) {
      return "";
    }
    std::this_thread::sleep_for(milliseconds(50));
  }
  return "the cluster is not ready: " + why + "\n" + Log(Part::kBroker);
}

Result<RedisReply> Rig::TryAsk(std::vector<std::string> command) {
  return redis_->Call(std::move(command), kAskLimit);
}

RedisReply Rig::Ask(std::vector<std::string> command) {
  auto reply = TryAsk(std::move(command));
  return reply ? *std::move(reply) : RedisReply{};
}

std::int64_t Rig::Counter(const std::string& name) {
  return std::atoll(Ask({"HGET", "consilium:{0}:counters", name}).text.c_str());
}

Result<Frame> AskBroker(const std::string& endpoint, const Frame& request, milliseconds within) {
  ZmqContext context;
  DealerSocket socket(context, endpoint);
  if (!socket.status()) return socket.status().error();
  const TimePoint until = Now() + within;
  TimePoint send_at = Now();
  while (Now() < until) {
    if (Now() >= send_at) {
      const bool sent = socket.Send(request) == SendResult::kSent;
      send_at = Now() + milliseconds(sent ? 1000 : 10);
    }
    pollfd polled{socket.fd(), POLLIN, 0};
    poll(&polled, 1, PollTimeoutMs(Now(), std::min(until, send_at)));
    while (auto frame = socket.Receive()) {
      if (!*frame || (*frame)->request != request.request) continue;
      if ((*frame)->type != ErrorMessage::kType) return std::move(*frame);
      const auto error = Unpack<ErrorMessage>((*frame)->body);
      if (!error) return error.error();
      return Error{ErrorFromName(error->code), error->text};
    }
  }
  return Error{ErrorCode::kTimeout, "no reply from " + endpoint};
}

std::int64_t ResidentKib(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  std::int64_t total = 0;
  std::int64_t resident = 0;
  if (!(statm >> total >> resident)) return -1;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

std::int64_t Descriptors(pid_t pid) {
  std::error_code failed;
  std::int64_t count = 0;
  for (auto it = fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", failed);
       !failed && it != fs::directory_iterator(); it.increment(failed)) {
    ++count;
  }
  return failed ? -1 : count;
}

double Scale() {
  static const double scale = [] {
    const char* text = std::getenv("CONSILIUM_FAULT_SCALE");
    const double value = text == nullptr ? 1.0 : std::atof(text);
    return value > 0 ? value : 1.0;
  }();
  return scale;
}
int Scaled(int count) { return std::max(1, static_cast<int>(count * Scale())); }
milliseconds Scaled(milliseconds time) {
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(time.count()) * Scale()));
}

bool AtLength() { return Scale() >= 10; }

std::uint64_t Seed() {
  const char* text = std::getenv("CONSILIUM_FAULT_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

}  // namespace consilium::fault
