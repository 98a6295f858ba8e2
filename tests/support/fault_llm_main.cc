// consilium-fault-llm: the fault-injecting server of the tests, for clients that are not in C++.
// Says where it listens, serves until SIGINT or SIGTERM, and prints its ledger in short.
// Exit codes: 0 stopped, 2 wrong usage or a port that is not free, 1 anything else.
#include <poll.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/signals.h"
#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"

namespace consilium {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Flags {
  int port = 0;
  int latency_ms = 0;
  int gap_ms = 0;
  int slow_first_byte_ms = 5000;
  int retry_after_s = 3;
  std::size_t oversized_mb = 50;
  std::uint64_t seed = 1;
  double share = 0.0;
  std::vector<std::string> faults;
  std::vector<std::string> refuse;
  std::vector<std::string> models;
  std::vector<std::string> headers;
  bool tls = false;
};

FaultLlmOptions OptionsOf(const Flags& flags) {
  FaultLlmOptions options;
  options.port = flags.port;
  options.tls = flags.tls;
  options.latency = milliseconds(flags.latency_ms);
  options.gap = milliseconds(flags.gap_ms);
  options.slow_first_byte = milliseconds(flags.slow_first_byte_ms);
  options.retry_after_s = flags.retry_after_s;
  options.oversized_mb = flags.oversized_mb;
  options.models = flags.models;
  options.headers = flags.headers;
  std::vector<Fault> faults;
  faults.reserve(flags.faults.size());
  for (const std::string& name : flags.faults) faults.push_back(*FaultFromName(name));
  for (const std::string& name : flags.refuse) options.refused.insert(*LlmFeatureFromName(name));
  options.plan = SeededFaults(flags.seed, flags.share, faults);
  return options;
}

int Serve(const Flags& flags) {
  StopSignals stop;
  const FaultLlm server(OptionsOf(flags));
  const TestFolder folder;
  if (flags.tls) {
    std::printf("certificate in %s\n", folder.Write("ca.pem", server.certificate()).c_str());
  }
  std::printf("listening on %s\n", server.url().c_str());
  std::fflush(stdout);
  while (stop.Count() == 0) {
    pollfd polled{stop.fd(), POLLIN, 0};
    poll(&polled, 1, -1);
  }
  std::printf("%s\n", server.Summary().c_str());
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("A server of models for tests: four forms of providers, and faults as asked for.");
  std::vector<std::string> fault_names;
  fault_names.reserve(kFaults);
  for (int i = 0; i < kFaults; ++i) fault_names.emplace_back(FaultName(static_cast<Fault>(i)));
  std::vector<std::string> feature_names;
  feature_names.reserve(kLlmFeatures);
  for (int i = 0; i < kLlmFeatures; ++i) {
    feature_names.emplace_back(LlmFeatureName(static_cast<LlmFeature>(i)));
  }
  app.add_option("--port", flags.port, "port on 127.0.0.1; 0 = the system chooses")
      ->check(CLI::Range(0, 65535));
  app.add_option("--latency-ms", flags.latency_ms, "before the first byte of each reply");
  app.add_option("--gap-ms", flags.gap_ms, "between the events of a stream");
  app.add_option("--slow-first-byte-ms", flags.slow_first_byte_ms, "of the fault slow_first_byte");
  app.add_option("--retry-after-s", flags.retry_after_s, "of the fault rate_limited_retry_after");
  app.add_option("--oversized-mb", flags.oversized_mb, "of the fault oversized");
  app.add_option("--seed", flags.seed, "which requests get a fault depends on it");
  app.add_option("--share", flags.share, "how many of them")->check(CLI::Range(0.0, 1.0));
  app.add_option("--faults", flags.faults, "a,b,c: the faults, equally likely")
      ->delimiter(',')
      ->check(CLI::IsMember(fault_names));
  app.add_option("--refuse", flags.refuse, "a,b,c: what every request is refused for using")
      ->delimiter(',')
      ->check(CLI::IsMember(feature_names));
  app.add_option("--models", flags.models, "a,b,c: the models that exist; default any")
      ->delimiter(',');
  app.add_option("--header", flags.headers, "\"Name: value\" on every reply; may be repeated");
  app.add_flag("--tls", flags.tls, "HTTPS with a new certificate; prints the file to trust");
  try {
    app.parse(argc, argv);
    return Serve(flags);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "consilium-fault-llm: %s\n", error.what());
    return kUsage;
  }
}

}  // namespace
}  // namespace consilium

int main(int argc, char** argv) {
  try {
    return consilium::Main(argc, argv);
  } catch (...) {  // only memory can run out
    return consilium::kFailed;
  }
}
