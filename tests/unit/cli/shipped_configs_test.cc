// The configurations that we ship are loaded, so that they cannot rot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "shared/config.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Shipped() {
  std::vector<std::string> files;
  for (const char* folder : {"examples", "demo", "compose"}) {
    for (const auto& entry :
         fs::directory_iterator(CONSILIUM_SOURCE_DIR "/configs/" + std::string(folder))) {
      if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Vignettes() { return CONSILIUM_SOURCE_DIR "/configs/demo/vignettes.jsonl"; }

class ShippedConfigTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ::setenv("CONSILIUM_DATA", "/data", 1);
    ::setenv("CONSILIUM_DEMO_CASES", Vignettes().c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("CONSILIUM_DATA");
    ::unsetenv("CONSILIUM_DEMO_CASES");
  }
};

TEST_P(ShippedConfigTest, LoadsAndNamesFilesThatExist) {
  const auto config = LoadConfig(GetParam());
  ASSERT_TRUE(config.ok()) << config.error().text;
  EXPECT_TRUE(fs::is_regular_file(fs::path(config->council.medications) / "ingredients.tsv"));
  for (const BackendConfig& backend : config->backends) {
    if (!backend.prompts.empty()) {
      EXPECT_TRUE(fs::is_regular_file(fs::path(backend.prompts) / "generate.txt"));
      EXPECT_TRUE(fs::is_regular_file(fs::path(backend.prompts) / "review.txt"));
    }
    if (backend.provider == "simulated") {
      EXPECT_TRUE(fs::is_regular_file(backend.simulated.knowledge));
    }
    if (backend.provider == "replay") {
      EXPECT_EQ(backend.replay.answers, "/data/answers.jsonl");
    }
    if (IsHttpProvider(backend.provider) && backend.placement == "remote") {
      EXPECT_FALSE(backend.api_key_env.empty()) << backend.model;
      EXPECT_TRUE(backend.url.empty() || backend.url.rfind("https://", 0) == 0) << backend.model;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ShippedConfigTest, ::testing::ValuesIn(Shipped()),
                         [](const auto& one) {
                           const fs::path path(one.param);
                           return path.parent_path().filename().string() + "_" +
                                  path.stem().string();
                         });

class SameModelsTest : public ShippedConfigTest {};

TEST_F(SameModelsTest, TheDemoAndTheSimulatedExampleSeatTheSameModels) {
  const auto demo = LoadConfig(CONSILIUM_SOURCE_DIR "/configs/demo/cluster.toml");
  const auto example = LoadConfig(CONSILIUM_SOURCE_DIR "/configs/examples/simulated.toml");
  ASSERT_TRUE(demo.ok() && example.ok());
  ASSERT_EQ(demo->backends.size(), 5u);
  ASSERT_EQ(example->backends.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    const BackendConfig& a = demo->backends[i];
    const BackendConfig& b = example->backends[i];
    EXPECT_EQ(a.model, b.model);
    EXPECT_EQ(a.simulated.skill, b.simulated.skill) << a.model;
    EXPECT_EQ(a.simulated.seed, b.simulated.seed) << a.model;
    EXPECT_TRUE(fs::equivalent(a.simulated.knowledge, b.simulated.knowledge));
  }
}

TEST_F(SameModelsTest, TheReplayExampleHasTenModelsThatAllAnswer) {
  const auto config = LoadConfig(CONSILIUM_SOURCE_DIR "/configs/examples/replay.toml");
  ASSERT_TRUE(config.ok()) << config.error().text;
  EXPECT_EQ(config->backends.size(), 10u);
  EXPECT_EQ(config->ensemble.strategy, "all");
  EXPECT_EQ(config->council.graders, 3);
  for (const BackendConfig& backend : config->backends) EXPECT_EQ(backend.concurrency, 8);
}

}  // namespace
}  // namespace consilium
