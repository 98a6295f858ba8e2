// Measures the doors of a local cluster: real processes, a private Redis that syncs every write,
// loopback only; beside bare Redis in the same run. Prints a table, or JSON with --json.
#include <poll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/raw_redis.h"
#include "tests/bench/report.h"
#include "tests/bench/socket_load.h"
#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/http_exchange.h"

namespace consilium::bench {
namespace {

constexpr int kUsage = 2;

struct Options {
  std::size_t rounds = 3;
  std::size_t messages = 10000;
  std::size_t busy = 200;
  std::size_t idle = 1000;
  std::size_t listeners = 500;
  std::size_t cards = 2000;
};

class Doors {
 public:
  explicit Doors(bool workers) {
    SimulatedOptions options;
    options.gateway = true;
    options.models = 1;
    options.ensemble = 1;
    options.latency_ms = 0;
    options.deadline_s = 3600;
    options.council = "graders = 0\nquorum = 1";
    if (!workers) options.backend = "workers = 0\n";
    cluster_.emplace(folder_.Write("c.toml", SimulatedCluster(options)));
    if (const std::string why = cluster_->Start(); !why.empty()) throw std::runtime_error(why);
  }
  ClusterProcess& cluster() { return *cluster_; }
  double GatewayMib() const {
    std::ifstream file("/proc/" + std::to_string(cluster_->PidsOf("gateway").at(0)) + "/statm");
    double pages = 0;
    double resident = 0;
    file >> pages >> resident;
    return resident * 4096 / (1 << 20);
  }

 private:
  TestFolder folder_;
  std::optional<ClusterProcess> cluster_;
};

// Every message is of another patient and of another document: a case each.
std::string Note(const std::string& prefix, std::size_t n) {
  const std::string id = prefix + std::to_string(n);
  return "\x0bMSH|^~\\&|HIS|WARD|CONSILIUM|HOSP|20261128101500||MDM^T02|" + id +
         "|P|2.5.1\rEVN|T02|20261128101500\rPID|1||" + id +
         "^^^HOSP^MR||Doe^Jane||19600102|F\rPV1|1|I\rTXA|1|PN|TX|20261128101500||||||||" + id +
         "|||||AU\rOBX|1|TX|NOTE^Progress note||A 61-year-old with atrial fibrillation and a "
         "mechanical mitral valve asks which anticoagulant to take.||||||F\r\x1c\r";
}

std::size_t AcknowledgedBy(const std::string& in) {
  const std::size_t end = in.find("\x1c\r");
  if (end == std::string::npos) return 0;
  if (in.find("\rMSA|AA|") == std::string::npos) throw std::runtime_error("not AA: " + in);
  return end + 2;
}

void MeasureAccept(const Options& options, double raw_add, const std::string& prefix,
                   Report& report) {
  Doors doors(/*workers=*/false);
  const OpenSockets idle_hl7(doors.cluster().mllp(), options.idle / 2);
  const OpenSockets idle_http(doors.cluster().http(), options.idle - options.idle / 2);
  SocketLoad load;
  load.port = doors.cluster().mllp();
  load.connections = options.busy;
  load.requests = options.messages;
  load.answered = AcknowledgedBy;
  load.request = [&](std::size_t n) { return Note(prefix + "a", n); };
  const SocketLoadResult first = RunSocketLoad(load);
  report.Add("HL7 v2 notes accepted durably, 200 connections", "/s",
             static_cast<double>(options.messages) / first.seconds);
  report.Add("  as a ratio to raw XADD", "x",
             static_cast<double>(options.messages) / first.seconds / raw_add);
  report.Add("  acknowledged after, p50", "ms", Quantile(first.ms, 0.5));
  report.Add("  acknowledged after, p99", "ms", Quantile(first.ms, 0.99));
  report.Add("gateway memory after these, 1,000 idle connections", "MiB", doors.GatewayMib());
  load.request = [&](std::size_t n) { return Note(prefix + "b", n); };
  RunSocketLoad(load);
  report.Add("  and after as many again", "MiB", doors.GatewayMib());
  load.connections = 1;
  load.requests = std::min<std::size_t>(options.messages, 1000);
  load.request = [&](std::size_t n) { return Note(prefix + "c", n); };
  report.Add("one connection, one message at a time", "/s",
             static_cast<double>(load.requests) / RunSocketLoad(load).seconds);
}

std::string Hook() {
  const std::string text = R"({"hook":"patient-view",
    "hookInstance":"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context":{"userId":"Practitioner/1","patientId":"1"},
    "prefetch":{
      "patient":{"resourceType":"Patient","id":"1","gender":"female","birthDate":"1960"},
      "conditions":{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{
        "resourceType":"Condition","id":"c1","subject":{"reference":"Patient/1"},
        "clinicalStatus":{"coding":[{
          "system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
        "code":{"text":"Atrial fibrillation"}}}]}}})";
  return "POST /cds-services/medication-council HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
         "application/json\r\nContent-Length: " +
         std::to_string(text.size()) + "\r\n\r\n" + text;
}

// A whole answer with a length: status 200.
std::size_t AnsweredWithLength(const std::string& in) {
  const std::size_t head = in.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  if (in.compare(0, 12, "HTTP/1.1 200") != 0) throw std::runtime_error("not 200: " + in);
  const std::size_t at = in.find("Content-Length: ");
  if (at == std::string::npos) throw std::runtime_error("no length: " + in);
  const std::size_t whole = head + 4 + std::stoul(in.substr(at + 16));
  return in.size() >= whole ? whole : 0;
}

void MeasureCards(const Options& options, Doors& doors, Report& report) {
  SocketLoad load;
  load.port = doors.cluster().http();
  load.requests = 1;
  load.request = [](std::size_t) { return Hook(); };
  load.answered = AnsweredWithLength;
  RunSocketLoad(load);  // starts the council
  if (!Eventually([&] {
        const auto cases = Exchange(doors.cluster().http(), "GET", "/v1/cases?limit=1", "");
        const auto items = nlohmann::json::parse(cases.body)["items"];
        return !items.empty() && items[0]["revision"].get<int>() > 0;
      })) {
    throw std::runtime_error("the case of the card does not end");
  }
  load.connections = 4;
  load.requests = options.cards;
  const SocketLoadResult result = RunSocketLoad(load);
  report.Add("CDS cards of a known case, 4 connections", "/s",
             static_cast<double>(options.cards) / result.seconds);
  report.Add("  whole card after, p50", "ms", Quantile(result.ms, 0.5));
  report.Add("  whole card after, p99", "ms", Quantile(result.ms, 0.99));
}

// Reads what is there; how many events it held.
std::size_t CountEvents(const std::vector<int>& fds, std::vector<std::string>& in) {
  std::size_t events = 0;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    char bytes[65536];
    ssize_t got = 0;
    while ((got = ::recv(fds[i], bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
      in[i].append(bytes, static_cast<std::size_t>(got));
    }
    std::size_t at = 0;
    while ((at = in[i].find("\nevent: ", at)) != std::string::npos) {
      ++events;
      ++at;
    }
  }
  return events;
}

void MeasureEvents(const Options& options, Doors& doors, const std::string& prefix,
                   Report& report) {
  constexpr std::size_t kCases = 20;
  const OpenSockets listeners(doors.cluster().http(), options.listeners,
                              "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::vector<std::string> in(options.listeners);
  std::string lines;
  for (std::size_t i = 0; i < kCases; ++i) {
    nlohmann::json one = JsonLines(DemoCases(static_cast<int>(i) + 1)).back();
    lines +=
        nlohmann::json{{"id", prefix + std::to_string(i)}, {"text", one["text"]}}.dump() + "\n";
  }
  const auto began = std::chrono::steady_clock::now();
  WireOptions wire;
  wire.headers = {"Content-Type: application/x-ndjson"};
  Exchange(doors.cluster().http(), "POST", "/v1/cases", lines, wire);
  const std::size_t expected = kCases * options.listeners;
  std::size_t seen = 0;
  if (!Eventually([&] { return (seen = CountEvents(listeners.fds(), in)) >= expected; })) {
    throw std::runtime_error("only " + std::to_string(seen) + " of " + std::to_string(expected) +
                             " events came");
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  report.Add("20 cases sent, decided and told to 500 listeners", "s", seconds);
  report.Add("  events delivered", "/s", static_cast<double>(expected) / seconds);
  report.Add("gateway memory with 500 listeners", "MiB", doors.GatewayMib());
}

int Main(int argc, char** argv) {
  Options options;
  bool json = false;
  CLI::App app{"Measures the gateway of a local cluster.", "bench_gateway"};
  const auto number = [&](const char* name, std::size_t& value, const char* help,
                          std::size_t high) {
    app.add_option(name, value, help)
        ->check(CLI::Range(std::size_t{1}, high))
        ->capture_default_str();
  };
  number("--rounds", options.rounds, "Rounds; medians, smallest and largest are shown", 50);
  number("--messages", options.messages, "HL7 messages of one throughput", 1000000);
  number("--busy", options.busy, "Connections that send them", 5000);
  number("--idle", options.idle, "Connections that are open and say nothing", 5000);
  number("--listeners", options.listeners, "Listeners to events", 2000);
  number("--cards", options.cards, "Cards that are asked for", 1000000);
  app.add_flag("--json", json, "Print JSON");
  app.footer("Exit codes: 0 done, 1 it could not be measured, 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  Report report;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    std::fprintf(stderr, "gateway: round %zu of %zu\n", round + 1, options.rounds);
    const RawRedis raw = MeasureRawRedis(options.messages, 64);
    report.Add("raw Redis: XADD 1 KiB, synced, window 64", "/s", raw.add_per_s);
    const std::string prefix = "r" + std::to_string(round);
    MeasureAccept(options, raw.add_per_s, prefix, report);
    Doors doors(/*workers=*/true);
    MeasureCards(options, doors, report);
    MeasureEvents(options, doors, prefix + "e", report);
  }
  report.Print(json);
  return 0;
}

}  // namespace
}  // namespace consilium::bench

int main(int argc, char** argv) {
  try {
    return consilium::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_gateway: %s\n", error.what());
    return 1;
  }
}
