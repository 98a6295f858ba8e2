// A whole cluster for the clients of other people: the real programs with both doors open, and
// three models that agree, behind a server of ours that answers any case over HTTP. Header-only;
// only for tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"
#include "tests/support/llm_answers.h"

namespace consilium {

struct CouncilOptions {
  int http = 0;                           // port; 0 = the system chooses
  std::string gateway;                    // further lines of [gateway]
  std::string more;                       // further tables
  std::chrono::milliseconds latency{20};  // of the models
};

class Council {
 public:
  explicit Council(const CouncilOptions& options = {}) : llm_(LlmOptions(options)) {
    std::string toml = "[ensemble]\nstrategy = \"all\"\nsize = 3\n" +
                       CouncilSection("deadline_s = 60\nsupport_min = 0\n") +
                       "[gateway]\nhttp = \"tcp://127.0.0.1:" + std::to_string(options.http) +
                       "\"\nmllp = \"tcp://127.0.0.1:0\"\n" + options.gateway + "\n" +
                       options.more + "\n";
    for (const char* model : {"m1", "m2", "m3"}) {
      toml += std::string("[[backend]]\nmodel = \"") + model +
              "\"\nprovider = \"openai\"\nconcurrency = 8\nurl = \"" + llm_.url() +
              "/v1\"\nprompts = \"" CONSILIUM_SOURCE_DIR "/configs/prompts\"\n";
    }
    cluster_.emplace(folder_.Write("c.toml", toml));
  }

  // "" or why it is not ready.
  std::string Start() { return cluster_->Start(); }
  ClusterProcess& cluster() { return *cluster_; }
  TestFolder& folder() { return folder_; }
  std::string Url() const { return "http://127.0.0.1:" + std::to_string(cluster_->http()); }
  std::string MllpPort() const { return std::to_string(cluster_->mllp()); }

 private:
  static FaultLlmOptions LlmOptions(const CouncilOptions& options) {
    FaultLlmOptions llm;
    llm.latency = options.latency;
    // They agree, so that there is a recommendation.
    llm.responder = [](const Asked& asked) {
      Asked same = asked;
      same.key.model = "m1";
      return ValidAnswer(same);
    };
    return llm;
  }

  TestFolder folder_;
  FaultLlm llm_;
  std::optional<ClusterProcess> cluster_;
};

}  // namespace consilium
