#include "cli/render.h"
#include "cli/render_parts.h"

namespace consilium {
namespace {

using render::Field;
using render::Join;
using render::Section;

// Ids of workers start with the model's name, which has a column of its own.
std::string ShortId(const WorkerStatus& worker) {
  const std::string head = worker.model + "-";
  if (worker.worker.compare(0, head.size(), head) != 0) return worker.worker;
  return worker.worker.substr(head.size());
}

std::string EnsembleText(const EnsembleConfig& ensemble) {
  if (ensemble.strategy == "all") return "all models";
  if (ensemble.strategy == "named") return "named: " + Join(ensemble.models, ", ");
  return ensemble.strategy + ", " + std::to_string(ensemble.size) + " models";
}

std::string Workers(const StatusReply& status, const Look& look) {
  if (status.workers.empty()) return Section("Workers", look) + "  none\n";
  Table table({{"model", false, true},
               {"provider", false, false},
               {"placement", false, false},
               {"busy", true, false},
               {"slots", true, false},
               {"worker", false, true}});
  for (const WorkerStatus& worker : status.workers) {
    table.Row({worker.model, worker.provider + (worker.simulated ? " (sim)" : ""), worker.placement,
               std::to_string(worker.in_flight), std::to_string(worker.slots), ShortId(worker)});
  }
  std::string text = Section("Workers", look) + table.Text(look);
  for (const WorkerStatus& worker : status.workers) {
    if (worker.trouble.empty()) continue;
    text += Field(worker.model, CleanText(worker.trouble) + " (" + ShortId(worker) + ")", look,
                  Tint::kRed);
  }
  return text;
}

std::string Lanes(const StatusReply& status, const Look& look) {
  Table table({{"lane", false, true},
               {"stage", false, false},
               {"waiting", true, false},
               {"leased", true, false}});
  bool any = false;
  for (const LaneStatus& lane : status.lanes) {
    if (lane.waiting == 0 && lane.leased == 0) continue;
    any = true;
    table.Row({lane.model, lane.stage, std::to_string(lane.waiting), std::to_string(lane.leased)});
  }
  return Section("Lanes", look) + (any ? table.Text(look) : "  all empty\n");
}

}  // namespace

std::string RenderStatus(const StatusReply& status, const Look& look) {
  std::string text;
  text += Field("Broker", status.broker + ", version " + status.version, look);
  text += status.accepting ? Field("Accepting", "yes", look, Tint::kGreen)
                           : Field("Accepting", "no: " + status.reason, look, Tint::kRed);
  text += Field("Brokers", std::to_string(status.brokers.size()), look);
  text += Field("Aggregators", std::to_string(status.aggregators.size()), look,
                status.aggregators.empty() ? Tint::kRed : Tint::kPlain);
  text += Field("Live cases", std::to_string(status.live), look);
  text += Field("Tasks",
                std::to_string(status.delayed) + " wait for another attempt, " +
                    std::to_string(status.dead) + " dead",
                look);
  std::vector<std::string> counters;
  for (const auto& [name, count] : status.counters) {
    counters.push_back(name + " " + std::to_string(count));
  }
  text += Field("Counters", Join(counters, ", "), look);
  if (status.shards.size() > 1) {
    for (const ShardStatus& shard : status.shards) {
      text += Field("Shard " + std::to_string(shard.shard),
                    std::to_string(shard.live) + " live" +
                        (shard.accepting ? "" : ", accepts nothing: " + shard.reason),
                    look, shard.accepting ? Tint::kPlain : Tint::kRed);
    }
  }
  text += status.balanced
              ? Field("Balanced", "yes: every accepted case is live or ended", look)
              : Field("Balanced", "no: cases accepted and cases known differ", look, Tint::kRed);
  return text + Workers(status, look) + Lanes(status, look);
}

std::string RenderConfig(const Config& config, const Look& look) {
  std::string text;
  text += Field("File", config.file, look);
  text +=
      Field("Redis", config.redis.url.empty() ? "private, run by `consilium up`" : config.redis.url,
            look);
  text += Field("Clients", config.broker.clients, look);
  text += Field("Workers", config.broker.workers, look);
  text += Field("Ensemble", EnsembleText(config.ensemble), look);
  text += Field("Council",
                "quorum " + std::to_string(config.council.quorum) + ", graders " +
                    std::to_string(config.council.graders) + ", support from " +
                    render::Share(config.council.support_min) + ", deadline " +
                    render::Duration(config.council.deadline_s * 1000),
                look);
  Table table({{"model", false, true},
               {"provider", false, false},
               {"placement", false, false},
               {"concurrency", true, false},
               {"workers", true, false},
               {"key from", false, true}});
  for (const BackendConfig& backend : config.backends) {
    table.Row({backend.model, backend.provider, backend.placement,
               std::to_string(backend.concurrency), std::to_string(backend.workers),
               backend.api_key_env.empty() ? "-" : "$" + backend.api_key_env});
  }
  return text + Section("Backends", look) + table.Text(look);
}

std::string RenderOptions(const std::vector<OptionHelp>& options, const Look& look) {
  std::string text;
  for (const OptionHelp& option : options) {
    text += Paint(option.name, Tint::kBold, look);
    if (!option.standard.empty()) text += " = " + option.standard;
    text += "\n";
    const std::string allowed = option.type + (option.allowed.empty() ? "" : ", " + option.allowed);
    for (const std::string& part : {option.help, allowed}) {
      for (const std::string& line : WrapText(part, look.width - 4)) text += "    " + line + "\n";
    }
  }
  return text;
}

}  // namespace consilium
