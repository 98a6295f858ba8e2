// consensus, config, version, health: commands that need no cluster.
#include <unistd.h>

#include "aggregator/council/consensus.h"
#include "cli/commands.h"
#include "cli/consensus_json.h"
#include "cli/files.h"
#include "cli/output.h"
#include "cli/render.h"
#include "shared/config.h"
#include "shared/gateway_files.h"
#include "shared/health.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

constexpr std::size_t kGraphsBytesMax = 256u << 20;
// A program writes its health file every second.
constexpr milliseconds kSilenceMax{5000};

std::string ConsensusText(const std::vector<Consensus>& graphs, const Look& look) {
  std::string text;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    text += Paint("graph " + std::to_string(i), Tint::kBold, look) + "\n";
    Table items({{"item", false, true}, {"grade", true}, {"variance", true}, {"grades", true}});
    for (const ItemConsensus& item : graphs[i].items) {
      items.Row({item.id, ShareText(item.grade), std::to_string(item.variance),
                 std::to_string(item.reviews)});
    }
    Table reviewers(
        {{"reviewer", false, true}, {"reliability", true}, {"variance", true}, {"grades", true}});
    for (const ReviewerConsensus& reviewer : graphs[i].reviewers) {
      reviewers.Row({reviewer.id, ShareText(reviewer.quality), std::to_string(reviewer.variance),
                     std::to_string(reviewer.reviews)});
    }
    text += items.Text(look) + reviewers.Text(look);
  }
  return text;
}

}  // namespace

int RunConsensus(const ConsensusFileOptions& options) {
  auto input = options.file == "-" ? ReadStandardInput(kGraphsBytesMax)
                                   : ReadFile(options.file, kGraphsBytesMax);
  if (!input.ok()) {
    ReportError(input.error(), options.json, "");
    return kExitUsage;
  }
  const auto graphs = ParseGraphs(*input, options.file);
  if (!graphs.ok()) return ReportError(graphs.error(), options.json);
  std::vector<Consensus> results;
  for (std::size_t i = 0; i < graphs->size(); ++i) {
    auto result = ComputeConsensus((*graphs)[i].reviews, (*graphs)[i].options);
    if (!result.ok()) {
      return ReportError({result.error().code,
                          options.file + ": [" + std::to_string(i) + "] " + result.error().text},
                         options.json);
    }
    results.push_back(std::move(result).value());
  }
  PrintOut(options.json ? ConsensusToJson(results) : ConsensusText(results, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

int RunConfigCheck(const std::string& file, bool json) {
  const auto config = LoadConfig(file);
  if (!config.ok()) {
    ReportError(config.error(), json, "");
    return kExitUsage;
  }
  if (const Status files = CheckGatewayFiles(*config); !files) {
    ReportError(files.error(), json, "");
    return kExitUsage;
  }
  if (json) {
    std::string models;
    for (const BackendConfig& backend : config->backends) {
      models += (models.empty() ? "" : ",") + JsonString(backend.model);
    }
    const GatewayConfig& gateway = config->gateway;
    PrintOut("{\"ok\":true,\"file\":" + JsonString(config->file) + ",\"models\":[" + models +
             "],\"gateway\":{\"http\":" + JsonString(gateway.http) +
             ",\"mllp\":" + JsonString(gateway.mllp) +
             ",\"tls\":" + (gateway.tls_cert_file.empty() ? "false" : "true") +
             ",\"tokens\":" + (gateway.tokens_file.empty() ? "false" : "true") +
             ",\"receiver\":" + JsonString(gateway.receiver) + "}}\n");
  } else {
    PrintOut(RenderConfig(*config, LookOf(STDOUT_FILENO)));
  }
  return kExitOk;
}

int RunConfigOptions(bool json) {
  const auto options = DescribeOptions();
  if (!json) {
    PrintOut(RenderOptions(options, LookOf(STDOUT_FILENO)));
    return kExitOk;
  }
  std::string text;
  for (const OptionHelp& option : options) {
    text += (text.empty() ? "[" : ",\n ");
    text += "{\"name\":" + JsonString(option.name) + ",\"type\":" + JsonString(option.type) +
            ",\"allowed\":" + JsonString(option.allowed) +
            ",\"default\":" + JsonString(option.standard) + ",\"help\":" + JsonString(option.help) +
            "}";
  }
  PrintOut(text + "]\n");
  return kExitOk;
}

int RunHealth(const HealthOptions& options) {
  const Status health = ReadHealth(options.file, kSilenceMax, options.alive_only, Now());
  if (options.json) {
    PrintOut("{\"healthy\":" + std::string(health ? "true" : "false") +
             ",\"text\":" + JsonString(health ? "" : health.error().text) + "}\n");
  } else if (health) {
    PrintOut("healthy\n");
  } else {
    ReportError(health.error(), /*json=*/false, "");
  }
  return health ? kExitOk : kExitFailed;
}

int RunVersion(bool json) {
  PrintOut(json ? "{\"version\":" + JsonString(CONSILIUM_VERSION) + "}\n"
                : "consilium " CONSILIUM_VERSION "\n");
  return kExitOk;
}

}  // namespace consilium
