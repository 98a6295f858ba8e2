#include <csignal>
#include <memory>

#include "cli/cluster.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"

namespace consilium {
namespace {

void Say(const std::string& line) { PrintErr("consilium up: " + line + "\n"); }

// The cluster is stopped before the reason is given, so that the reason is the last thing on
// screen.
int GiveUp(Cluster& cluster, StopSignals& stop, const Error& error) {
  cluster.Stop(stop);
  return ReportError(error, /*json=*/false, "");
}

}  // namespace

int RunUp(const UpOptions& options) {
  StopSignals stop;
  // A Redis that dies must not take its supervisor along.
  std::signal(SIGPIPE, SIG_IGN);
  const auto file = FindConfigFile(options.config);
  if (!file) {
    return ReportError(Invalid("no configuration: give one with --config, or put it in ./" +
                               std::string(kDefaultConfigFile)),
                       /*json=*/false, "configs/examples has some to start from, e.g. ollama.toml");
  }
  auto opened = Cluster::Open(*file, options.data, Say);
  if (!opened.ok()) {
    const int code = ReportError(opened.error(), /*json=*/false, "");
    const bool taken = opened.error().code == ErrorCode::kConflict;
    return taken || opened.error().code == ErrorCode::kNotFound ? kExitUsage : code;
  }
  Cluster& cluster = **opened;
  const auto started = cluster.Start(stop);
  if (!started) {
    Say("interrupted before the cluster was ready; stopping");
    cluster.Stop(stop);
    return kExitInterrupted;
  }
  if (!started->ok()) return GiveUp(cluster, stop, started->error());
  const Endpoints& at = cluster.endpoints();
  if (!at.http.empty()) Say("HTTP (JSON API, FHIR, CDS Hooks) listens on " + at.http);
  if (!at.mllp.empty()) Say("HL7 v2 (MLLP) listens on " + at.mllp);
  Say("ready: clients connect to " + at.clients + "; Ctrl-C stops");
  if (!options.ready_file.empty()) {
    auto written = WriteFileAtomically(options.ready_file, cluster.endpoints().clients + "\n");
    if (!written.ok()) return GiveUp(cluster, stop, written.error());
  }
  cluster.Run(stop);
  Say("stopping: work under way is finished or handed back (once more to stop at once)");
  cluster.Stop(stop);
  Say("stopped; nothing accepted is lost, `consilium up` goes on with it");
  return kExitOk;
}

}  // namespace consilium
