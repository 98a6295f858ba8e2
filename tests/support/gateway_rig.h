// A cluster of simulated models with the doors of its gateway open, as its clients see it.
// Header-only. Threads: one.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/http_exchange.h"

namespace consilium {

class GatewayRig : public testing::Test {
 protected:
  // `tables`: further ones of its configuration.
  void Start(SimulatedOptions options = {}, const std::string& tables = "") {
    options.gateway = true;
    cluster_.emplace(folder_.Write("c.toml", SimulatedCluster(options) + tables));
    ASSERT_EQ(cluster_->Start(), "");
  }
  WireExchange Ask(const std::string& method, const std::string& path, const std::string& body = "",
                   std::vector<std::string> headers = {}) const {
    WireOptions options;
    options.headers = std::move(headers);
    options.silent_after = std::chrono::seconds(40);
    return Exchange(cluster_->http(), method, path, body, options);
  }
  // The newest 256, newest first.
  nlohmann::json Cases() const {
    const WireExchange reply = Ask("GET", "/v1/cases?limit=256");
    EXPECT_EQ(reply.status, 200) << reply.body;
    return nlohmann::json::parse(reply.body)["items"];
  }
  nlohmann::json Case(const std::string& id) const {
    return nlohmann::json::parse(Ask("GET", "/v1/cases/" + id).body);
  }
  // Once it has ended.
  nlohmann::json EndedCase(const std::string& id) const {
    return nlohmann::json::parse(Ask("GET", "/v1/cases/" + id + "?wait=30s").body);
  }

  TestFolder folder_;
  std::optional<ClusterProcess> cluster_;
};

}  // namespace consilium
