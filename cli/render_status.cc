#include <algorithm>

#include "cli/render.h"
#include "cli/render_gateway.h"
#include "cli/render_parts.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

using render::Field;
using render::Section;

// Ids of workers start with the model's name, which has a column of its own.
std::string ShortId(const WorkerStatus& worker) {
  const std::string head = worker.model + "-";
  if (worker.worker.compare(0, head.size(), head) != 0) return worker.worker;
  return worker.worker.substr(head.size());
}

std::string EnsembleText(const EnsembleConfig& ensemble) {
  if (ensemble.strategy == "all") return "all models";
  if (ensemble.strategy == "named") return "named: " + Joined(ensemble.models, ", ");
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
               {"oldest", true, false},
               {"leased", true, false}});
  bool any = false;
  for (const LaneStatus& lane : status.lanes) {
    if (lane.waiting == 0 && lane.leased == 0) continue;
    any = true;
    const auto oldest = lane.oldest_ms ? std::optional<double>(*lane.oldest_ms) : std::nullopt;
    table.Row({lane.model, lane.stage, std::to_string(lane.waiting), render::Duration(oldest),
               std::to_string(lane.leased)});
  }
  return Section("Lanes", look) + (any ? table.Text(look) : "  all empty\n");
}

std::string Brokers(const StatusReply& status, const Look& look) {
  Table table({{"broker", false, true}, {"leases", true, false}, {"accepts", false, true}});
  for (const BrokerStatus& broker : status.brokers) {
    table.Row({broker.id, std::to_string(broker.leases),
               broker.accepting ? "yes" : (broker.partly ? "in part: " : "no: ") + broker.reason});
  }
  return Section("Brokers", look) + (status.brokers.empty() ? "  none\n" : table.Text(look));
}

std::string Credits(const StatusReply& status, const Look& look) {
  Table table({{"model", false, true},
               {"workers", true, false},
               {"slots", true, false},
               {"used", true, false},
               {"free", true, false}});
  for (const CreditStatus& credit : status.credits) {
    const std::int64_t free = std::max<std::int64_t>(0, credit.slots - credit.used);
    table.Row({credit.model, std::to_string(credit.workers), std::to_string(credit.slots),
               std::to_string(credit.used), std::to_string(free)});
  }
  return Section("Credits", look) + (status.credits.empty() ? "  none\n" : table.Text(look));
}

std::string Size(const std::optional<std::int64_t>& bytes) {
  if (!bytes) return "?";
  const double mib = static_cast<double>(*bytes) / (1 << 20);
  return mib < 1024 ? render::Fixed(mib, 1) + " MiB" : render::Fixed(mib / 1024, 1) + " GiB";
}

std::string Redis(const RedisStatus& redis, const Look& look) {
  std::string text;
  const bool sound = redis.settings == "good" || redis.settings == "trusted";
  text += Field("Redis " + std::to_string(redis.shard),
                (redis.up ? "up, settings " : "does not answer, settings ") + redis.settings, look,
                redis.up && sound ? Tint::kPlain : Tint::kRed);
  std::string room = Size(redis.used_bytes) + " of " + Size(redis.bound_bytes) + ", file " +
                     Size(redis.file_bytes);
  if (redis.disk_bytes) {
    room += ", disk " + Size(redis.disk_free_bytes) + " free of " + Size(redis.disk_bytes);
  }
  text += Field("Memory", room, look);
  if (redis.lost > 0) {
    text += Field("LOST",
                  std::to_string(redis.lost) +
                      " accepted cases are gone from this Redis: older data were put back, "
                      "or deleted (redis_went_back in docs/operations.md)",
                  look, Tint::kRed);
  }
  if (!redis.pressure.empty()) text += Field("Pressure", redis.pressure, look, Tint::kRed);
  return text;
}

std::int64_t Count(const StatusReply& status, const char* name) {
  const auto found = status.counters.find(name);
  return found == status.counters.end() ? 0 : found->second;
}

// "complete 3, failed 1"; those that are 0 are left out.
std::string Counts(const StatusReply& status, const std::vector<const char*>& names) {
  std::vector<std::string> parts;
  for (const char* name : names) {
    if (Count(status, name) != 0) {
      parts.push_back(std::string(name) + " " + std::to_string(Count(status, name)));
    }
  }
  return Joined(parts, ", ");
}

constexpr const char* kEnds[] = {"complete", "degraded", "insufficient", "failed", "cancelled"};

// The one invariant.
std::string Balance(const StatusReply& status, const Look& look) {
  const std::int64_t accepted = Count(status, "accepted");
  std::int64_t known = status.live;
  std::string sum;
  for (const char* end : kEnds) {
    known += Count(status, end);
    if (Count(status, end) != 0) sum += std::to_string(Count(status, end)) + " " + end + " + ";
  }
  sum += std::to_string(status.live) + " live";
  if (status.balanced) {
    return Field("Balanced", std::to_string(accepted) + " accepted = " + sum, look);
  }
  return Field("Balanced",
               "NO: " + std::to_string(accepted) + " cases accepted, but " + sum + " = " +
                   std::to_string(known) + "; cases are lost or counted twice",
               look, Tint::kRed);
}

}  // namespace

std::string RenderStatus(const StatusReply& status, const Look& look) {
  std::string text;
  text += Field("Broker", status.broker + ", version " + status.version, look);
  if (status.accepting) {
    text += Field("Accepting", "yes", look, Tint::kGreen);
  } else if (status.partly) {
    text += Field("Accepting", "in part: " + status.reason, look, Tint::kYellow);
  } else {
    text += Field("Accepting", "no: " + status.reason, look, Tint::kRed);
  }
  text += Balance(status, look);
  text +=
      Field("Live cases",
            std::to_string(status.live) + " of at most " + std::to_string(status.live_max), look);
  text += Field("Aggregators", std::to_string(status.aggregators.size()), look,
                status.aggregators.empty() ? Tint::kRed : Tint::kPlain);
  text += Field("Tasks",
                std::to_string(status.delayed) + " wait for another attempt, " +
                    std::to_string(status.dead) + " dead",
                look, status.dead > 0 ? Tint::kYellow : Tint::kPlain);
  const std::string again = Counts(
      status, {"retried", "crashed", "reaped", "orphaned", "released", "requeued", "restored"});
  text += Field("Came back", again.empty() ? "none" : again, look);
  const std::string other =
      Counts(status, {"duplicate", "conflict", "revised", "expired", "refused_messages",
                      "refused_connections", "refused_keys", "refused_roles", "refused_revoked"});
  text += Field("Counters", other, look);
  if (status.shards.size() > 1) {
    for (const ShardStatus& shard : status.shards) {
      text += Field("Shard " + std::to_string(shard.shard),
                    std::to_string(shard.live) + " live" +
                        (shard.accepting ? "" : ", accepts nothing: " + shard.reason),
                    look, shard.accepting ? Tint::kPlain : Tint::kRed);
    }
  }
  for (const RedisStatus& redis : status.redis) text += Redis(redis, look);
  return text + Brokers(status, look) + Lanes(status, look) + Credits(status, look) +
         Workers(status, look);
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
                    ShareText(config.council.support_min) + ", deadline " +
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
  return text + RenderGateway(config, look) + Section("Backends", look) + table.Text(look);
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
