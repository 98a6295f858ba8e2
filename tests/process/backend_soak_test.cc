// The soak: a real cluster whose four models, each behind another protocol, fail one time in five
// in all the ways that providers do. What the server gave to each task says what must be recorded
// for it (tests/support/ledger_model.h).
//
// CONSILIUM_SOAK_TASKS (1000) and CONSILIUM_SOAK_SEED choose how many tasks and which faults;
// `make soak` runs 20000.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "shared/client.h"
#include "shared/clock.h"
#include "tests/support/backend_rig.h"
#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"
#include "tests/support/ledger_model.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int kModels = 4;
constexpr std::int64_t kAttemptsMax = 4;
// Each case is answered and graded by all.
constexpr int kTasksPerCase = 2 * kModels;
// What a worker may grow by between half time and the end; sanitizers keep what was freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kGrowthKib = 1 << 20;
#else
constexpr std::int64_t kGrowthKib = 8192;
#endif

std::uint64_t FromEnvironment(const char* name, std::uint64_t standard) {
  const char* const value = std::getenv(name);
  return value == nullptr ? standard : std::strtoull(value, nullptr, 10);
}

std::vector<Fault> FaultsOfProviders() {
  return {Fault::kRateLimited,   Fault::kRateLimitedRetryAfter,
          Fault::kHttp500,       Fault::kOverloaded,
          Fault::kSlowFirstByte, Fault::kStall,
          Fault::kCut,           Fault::kReset,
          Fault::kGarbage,       Fault::kErrorIn200,
          Fault::kSchemaIgnored, Fault::kTruncated,
          Fault::kWrongModel,    Fault::kRefused};
}

// Gemini's forced calls come in one
// piece, which no cut can halve: it starts below them.
std::string ClusterConfig(const std::string& origin, const std::string& more) {
  std::ostringstream toml;
  toml << "[ensemble]\nstrategy = \"all\"\n" << CouncilSection("deadline_s = 3600\ngraders = 3\n");
  for (const ProviderWay& way : {ProviderWay{"openai", true}, ProviderWay{"anthropic", false},
                                 ProviderWay{"gemini", true}, ProviderWay{"ollama", true}}) {
    toml << "[[backend]]\nmodel = \"m-" << way.provider << "\"\nprovider = \"" << way.provider
         << "\"\nurl = \"" << origin << (way.provider == "openai" ? "/v1" : "")
         << "\"\nstream = " << (way.stream ? "true" : "false") << "\nstructured = \""
         << (way.provider == "gemini" ? "json" : "schema")
         << "\"\nconcurrency = 64\nattempts_max = " << kAttemptsMax
         << "\nbackoff_ms = 20\nfirst_byte_ms = 2000\nstall_ms = 2000\ntotal_ms = 60000\n"
         << "prompts = \"" << CONSILIUM_SOURCE_DIR << "/configs/prompts\"\n"
         << more << "\n";
  }
  return toml.str();
}

std::string CaseId(int number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "soak-%06d", number);
  return text.data();
}

std::string Cases(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    const std::string id = CaseId(i);
    lines +=
        json{{"id", id}, {"text", "A cough, day " + std::to_string(i) + ". marker:" + id}}.dump() +
        "\n";
  }
  return lines;
}

std::int64_t ResidentKib(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoll(line.substr(6));
  }
  return -1;
}

// KiB of each worker.
std::map<std::string, std::int64_t> Memory(const ClusterProcess& cluster) {
  std::map<std::string, std::int64_t> all;
  for (const auto& [name, pids] : cluster.Pids()) {
    if (name.rfind("worker:", 0) != 0) continue;
    for (const pid_t pid : pids) all[name] += ResidentKib(pid);
  }
  return all;
}

// All that is recorded of each case, by id.
std::map<std::string, CaseView> FetchAll(const std::string& endpoint, int count) {
  std::map<std::string, CaseView> cases;
  ZmqContext context;
  Client client(context, endpoint);
  const TimePoint limit = Now() + seconds(120);
  int next = 0;
  int open = 0;
  while ((next < count || open > 0) && Now() < limit) {
    for (; next < count && open < 32; ++next, ++open) {
      client.Ask(FetchRequest{CaseId(next)}, Now(), limit);
    }
    for (const Client::Reply& reply : client.Step(Now())) {
      --open;
      if (!reply.frame) {
        ADD_FAILURE() << reply.frame.error().text;
        continue;
      }
      Result<CaseView> view = ReadReply<CaseView>(*reply.frame);
      EXPECT_TRUE(view) << view.error().text;
      if (view) cases.emplace(view->id, std::move(*view));
    }
    pollfd polled{client.fd(), POLLIN, 0};
    poll(&polled, 1, PollTimeoutMs(Now(), std::min(client.NextDue(Now()), limit)));
  }
  return cases;
}

// "model/case/stage": a task, as the server and as the cluster know it.
std::string KeyOf(const LlmKey& key) { return key.model + "/" + key.marker + "/" + key.stage; }
std::string KeyOf(const TaskId& task) {
  return task.model + "/" + task.case_id + "/" + kStageNames[static_cast<int>(task.stage)];
}

// What the table at the end says.
struct Tally {
  std::size_t tasks = 0;
  std::size_t requests = 0;
  std::int64_t retries = 0;
  std::int64_t repaired = 0;
  std::int64_t dead = 0;
  std::map<std::string, int> faults;
  std::map<std::string, int> ends;

  void Print(double took) const {
    std::cout << "soak: " << tasks << " tasks, " << requests << " requests, " << retries
              << " retries, " << repaired << " repaired, " << dead << " dead, "
              << static_cast<int>(took) << " s\n";
    for (const auto& [name, count] : faults) std::printf("  given  %7d  %s\n", count, name.c_str());
    for (const auto& [line, count] : ends) std::printf("  ended  %7d  %s\n", count, line.c_str());
    std::fflush(stdout);
  }
};

class BackendSoakTest : public testing::Test {
 protected:
  BackendSoakTest() {
    options.latency = milliseconds(5);
    options.gap = milliseconds(1);
    options.retry_after_s = 1;
    options.slow_first_byte = seconds(20);
  }

  void Start(const std::string& more_of_backends) {
    server.emplace(options);
    cluster.emplace(folder.Write("c.toml", ClusterConfig(server->url(), more_of_backends)));
    ASSERT_EQ(cluster->Start(), "");
  }

  // Submits the cases, waits until all have ended and nothing runs any more, and reads what is
  // recorded of them.
  void Submit(int count) {
    cases = count;
    const TimePoint started = Now();
    const std::string file = folder.Write("cases.jsonl", Cases(cases));
    RunningCommand submit("consilium", cluster->WithData({"submit", "--json", file}));
    const auto half = static_cast<std::size_t>(cases * kTasksPerCase * 6 / 10);
    Eventually([&] { return server->counts().requests >= half || !submit.Alive(); }, seconds(900));
    half_time = Memory(*cluster);
    const CommandResult done = submit.Wait(seconds(900));
    took = std::chrono::duration<double>(Now() - started).count();
    ASSERT_FALSE(done.timed_out) << done.err;
    EXPECT_EQ(JsonLines(done.out).size(), static_cast<std::size_t>(cases))
        << "each case is published once: " << done.err;
    end = Memory(*cluster);
    EXPECT_TRUE(Eventually([&] { return Left() == 0; })) << status.dump(1);
    EXPECT_TRUE(server->WaitFor([](const HttpCounts& all) { return all.in_flight() == 0; }))
        << "a request is in flight after the end";
    recorded = FetchAll(cluster->clients(), cases);
    EXPECT_EQ(recorded.size(), static_cast<std::size_t>(cases));
    for (const FaultEntry& entry : server->ledger()) asked[KeyOf(entry.key)].push_back(entry);
  }

  // Compares each task with what the server gave to its requests; returns what there was.
  Tally CheckTasks() {
    Tally tally;
    for (const auto& [key, entries] : asked) {
      tally.requests += entries.size();
      for (const FaultEntry& entry : entries) ++tally.faults[FaultName(entry.fault)];
    }
    for (const auto& [id, view] : recorded) {
      for (const TaskView& task : view.tasks) {
        const std::string key = KeyOf(task.task);
        SCOPED_TRACE(key);
        ++tally.tasks;
        EXPECT_TRUE(task.outcome.has_value()) << "it did not end: " << task.state;
        if (!task.outcome) continue;
        const Outcome& outcome = *task.outcome;
        ++tally.ends[LineOf(outcome)];
        EXPECT_EQ(task.task.round, 1);
        EXPECT_EQ(task.crashes, 0);
        const ExpectedEnd expected = FollowLedger(asked[key], kAttemptsMax);
        EXPECT_EQ(expected.problem, "");
        EXPECT_EQ(LineOf(outcome), expected.line) << outcome.text;
        EXPECT_EQ(task.state, expected.dead ? "dead" : "done");
        EXPECT_EQ(task.attempts, expected.retries);
        EXPECT_EQ(outcome.parameters.requests, expected.requests);
        EXPECT_LE(task.attempts + 1, kAttemptsMax);
        EXPECT_FALSE(outcome.simulated);
        tally.retries += task.attempts;
        tally.repaired += outcome.parameters.repaired ? 1 : 0;
        tally.dead += expected.dead ? 1 : 0;
      }
    }
    EXPECT_EQ(tally.tasks, asked.size()) << "requests of tasks that nobody recorded";
    EXPECT_LE(tally.requests, tally.tasks * kAttemptsMax * 2);
    EXPECT_EQ(Counter("accepted"), cases);
    EXPECT_EQ(Counter("retried"), tally.retries);
    EXPECT_EQ(Counter("dead"), tally.dead);
    EXPECT_TRUE(status.at("balanced").get<bool>()) << status.dump(1);
    return tally;
  }

  // Tasks and cases that the cluster still works on; -1 when it does not say.
  std::int64_t Left() {
    status = json::parse(cluster->Run({"status", "--json"}).out, nullptr, false);
    if (!status.is_object() || !status.contains("lanes")) return -1;
    std::int64_t left =
        status.at("live").get<std::int64_t>() + status.at("delayed").get<std::int64_t>();
    for (const json& lane : status.at("lanes")) {
      left += lane.at("waiting").get<std::int64_t>() + lane.at("leased").get<std::int64_t>();
    }
    return left;
  }
  std::int64_t Counter(const char* name) const {
    return status.at("counters").value(name, std::int64_t{0});
  }

  TestFolder folder;
  FaultLlmOptions options;
  std::atomic<bool> away{false};  // the provider of OpenAI's form
  std::optional<FaultLlm> server;
  std::optional<ClusterProcess> cluster;
  int cases = 0;
  double took = 0;
  json status;
  std::map<std::string, std::int64_t> half_time;  // memory
  std::map<std::string, std::int64_t> end;
  std::map<std::string, CaseView> recorded;
  std::map<std::string, std::vector<FaultEntry>> asked;  // by task, in order
};

TEST_F(BackendSoakTest, EachTaskEndsAsTheFaultsOfItsRequestsSay) {
  const std::uint64_t seed = FromEnvironment("CONSILIUM_SOAK_SEED", 1);
  const auto tasks = static_cast<int>(FromEnvironment("CONSILIUM_SOAK_TASKS", 1000));
  std::cout << "soak: CONSILIUM_SOAK_SEED=" << seed << " CONSILIUM_SOAK_TASKS=" << tasks << "\n";
  options.plan = SeededFaults(seed, 0.20, FaultsOfProviders());
  // The breakers stay out of it: a share of 1 is never reached.
  Start("breaker_share = 1\n");
  ASSERT_FALSE(HasFatalFailure());
  Submit(std::max(1, tasks / kTasksPerCase));
  ASSERT_FALSE(HasFatalFailure());
  CheckTasks().Print(took);
  EXPECT_EQ(half_time.size(), static_cast<std::size_t>(kModels));
  for (const auto& [name, kib] : half_time) {
    std::printf("  memory %s: %lld MiB at half time, %lld MiB at the end\n", name.c_str(),
                static_cast<long long>(kib / 1024), static_cast<long long>(end[name] / 1024));
    EXPECT_LT(end[name], kib + kGrowthKib) << name << " grows";
  }
}

// Mostly failures: attempts are used up, second questions fail too, cases end without answers.
TEST_F(BackendSoakTest, TasksEndAsTheirFaultsSayAlsoWhenTwoInThreeRequestsFail) {
  const std::uint64_t seed = FromEnvironment("CONSILIUM_SOAK_SEED", 1);
  std::cout << "soak: CONSILIUM_SOAK_SEED=" << seed << "\n";
  options.plan = SeededFaults(seed, 0.66, FaultsOfProviders());
  Start("breaker_share = 1\n");
  ASSERT_FALSE(HasFatalFailure());
  Submit(30);
  ASSERT_FALSE(HasFatalFailure());
  const Tally tally = CheckTasks();
  tally.Print(took);
  EXPECT_GT(tally.dead, 0);
}

// One provider is away for a while. Its breaker keeps calls from it, all tasks end, and the others
// do not notice.
TEST_F(BackendSoakTest, BreakerSparesAProviderThatIsAway) {
  away = true;
  options.plan = [this](const Asked& request) {
    return away && request.key.form == LlmForm::kOpenAi ? Fault::kHttp500 : Fault::kNone;
  };
  Start("breaker_share = 0.5\nbreaker_pause_ms = 200\n");
  ASSERT_FALSE(HasFatalFailure());
  Submit(100);
  ASSERT_FALSE(HasFatalFailure());
  for (const auto& [id, view] : recorded) {
    for (const TaskView& task : view.tasks) {
      SCOPED_TRACE(KeyOf(task.task));
      ASSERT_TRUE(task.outcome.has_value());
      const std::string line = LineOf(*task.outcome);
      if (task.task.model != "m-openai") {
        EXPECT_EQ(line, "ok");
      } else {
        EXPECT_TRUE(line == "error http_500" || line == "error breaker_open") << line;
        EXPECT_EQ(task.state, "dead");
      }
    }
  }
  std::size_t requests = 0;
  for (const auto& [key, entries] : asked) {
    if (key.rfind("m-openai/", 0) == 0) requests += entries.size();
  }
  EXPECT_LT(requests, 200u) << "of 800 without a breaker";
  away = false;
  int tries = 0;
  EXPECT_TRUE(Eventually([&] {
    const std::string id = "back-" + std::to_string(++tries);
    const json one = {{"id", id}, {"text", "A cough. marker:" + id}};
    const CommandResult done = cluster->Run({"submit", "--json", "-"}, one.dump() + "\n");
    for (const json& item : JsonLines(done.out)) {
      for (const json& model : item.at("models")) {
        if (model.at("model") == "m-openai" && model.at("stage_status") == "ok") return true;
      }
    }
    return false;
  })) << "nobody asks it again";
}

}  // namespace
}  // namespace consilium
