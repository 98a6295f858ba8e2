// Measures one real worker that keeps many LLM calls in flight, beside libcurl alone with the same
// requests to the same local server in the same run.
//   bench_backend [--rounds N] [--tasks N] [--in-flight N] [--latency-ms N]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/lone_worker.h"
#include "tests/bench/plain_curl.h"
#include "tests/support/fault_llm.h"
#include "worker/llm/provider.h"
#include "worker/prompts.h"

namespace consilium::bench {
namespace {

std::size_t Number(int argc, char** argv, const char* name, std::size_t standard) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) return std::strtoul(argv[i + 1], nullptr, 10);
  }
  return standard;
}

struct Series {
  const char* name;
  const char* unit;
  std::vector<double> values;
};

// The request that the worker makes of a task.
std::string RequestBody() {
  BackendConfig config;
  config.model = "bench";
  const auto prompts = LoadPrompts(CONSILIUM_SOURCE_DIR "/configs/prompts");
  Vignette vignette;
  vignette.text = std::string(900, 'x') + " A patient with a headache. ";
  Chat chat;
  chat.prompt = RenderPrompt(prompts->generate, vignette, std::nullopt, "delimiter");
  return MakeOpenAi()->Request(config, Dialect{}, chat, Stage::kGenerate).body;
}

int Main(int argc, char** argv) {
  const std::size_t rounds = Number(argc, argv, "--rounds", 3);
  const std::size_t tasks = Number(argc, argv, "--tasks", 10000);
  const std::size_t in_flight = Number(argc, argv, "--in-flight", 200);
  const auto latency = static_cast<long>(Number(argc, argv, "--latency-ms", 200));

  Series curl_p50{"libcurl alone: a request, p50", "ms", {}};
  Series curl_cpu{"libcurl alone: CPU time a request", "ms", {}};
  Series ours_p50{"worker: a task, p50", "ms", {}};
  Series ours_p99{"worker: a task, p99", "ms", {}};
  Series added{"  added to libcurl alone, p50", "ms", {}};
  Series own{"worker: own CPU time a task, p50 of windows", "ms", {}};
  Series ratio{"  as a ratio to libcurl alone", "x", {}};
  Series rate{"worker: tasks on one thread", "/s", {}};
  Series first{"worker: memory after 1,000 tasks", "MiB", {}};
  Series last{"worker: memory at the end", "MiB", {}};
  const std::string body = RequestBody();
  for (std::size_t round = 0; round < rounds; ++round) {
    std::fprintf(stderr, "round %zu of %zu\n", round + 1, rounds);
    FaultLlmOptions options;
    options.latency = std::chrono::milliseconds(latency);
    const FaultLlm server(options);
    const CurlRun plain =
        RunPlainCurl(server.url() + "/v1/chat/completions", body, tasks, in_flight);
    curl_p50.values.push_back(Quantile(plain.latency_ms, 0.5));
    curl_cpu.values.push_back(plain.cpu_ms / static_cast<double>(tasks));
    LoneWorker worker(server.url() + "/v1", in_flight);
    const WorkerRun run = worker.Run(tasks);
    if (run.ok != tasks) {
      std::fprintf(stderr, "bench: %zu of %zu tasks ended ok\n", run.ok, tasks);
      return 1;
    }
    ours_p50.values.push_back(Quantile(run.latency_ms, 0.5));
    ours_p99.values.push_back(Quantile(run.latency_ms, 0.99));
    added.values.push_back(ours_p50.values.back() - curl_p50.values.back());
    own.values.push_back(Quantile(run.own_ms, 0.5));
    ratio.values.push_back(own.values.back() / curl_cpu.values.back());
    rate.values.push_back(static_cast<double>(tasks) / run.seconds);
    first.values.push_back(run.resident_mib[std::min<std::size_t>(1, run.resident_mib.size() - 1)]);
    last.values.push_back(run.resident_mib.back());
  }
  std::printf("%zu tasks, %zu in flight, the server answers after %ld ms\n", tasks, in_flight,
              latency);
  std::printf("%-46s %12s %20s\n", "", "median", "min .. max");
  for (const Series* s :
       {&curl_p50, &curl_cpu, &ours_p50, &ours_p99, &added, &own, &ratio, &rate, &first, &last}) {
    const auto [low, high] = std::minmax_element(s->values.begin(), s->values.end());
    std::printf("%-46s %8.4g %-3s %9.4g .. %-9.4g\n", s->name, Quantile(s->values, 0.5), s->unit,
                *low, *high);
  }
  return 0;
}

}  // namespace
}  // namespace consilium::bench

int main(int argc, char** argv) {
  try {
    return consilium::bench::Main(argc, argv);
  } catch (...) {
    std::fprintf(stderr, "bench: out of memory\n");
    return 1;
  }
}
