#include "worker/backend.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace consilium {
namespace {

class BackendTest : public testing::Test {
 protected:
  BackendTest() {
    config.model = "m";
    config.url = "http://127.0.0.1:1/v1";
    config.prompts = std::string(CONSILIUM_SOURCE_DIR) + "/configs/prompts";
  }
  std::string Make() {
    std::vector<std::string> warnings;
    const auto backend = MakeBackend(config, warnings);
    return backend ? "ok" : backend.error().text;
  }
  BackendConfig config;
};

TEST_F(BackendTest, ProvidersAreMadeByName) {
  EXPECT_EQ(Make(), "ok");
  config.provider = "magic";
  EXPECT_EQ(Make(), "backend m: provider = \"magic\", expected one that is known");
}

TEST_F(BackendTest, MissingKeyVariableIsNamed) {
  config.api_key_env = "CONSILIUM_TEST_NO_SUCH_KEY";
  unsetenv("CONSILIUM_TEST_NO_SUCH_KEY");
  EXPECT_EQ(Make(),
            "backend m: environment variable CONSILIUM_TEST_NO_SUCH_KEY is not set, nor is "
            "CONSILIUM_TEST_NO_SUCH_KEY_FILE (api_key_env)");
}

TEST_F(BackendTest, KeyThatWouldBreakAHeaderIsRefusedWithoutShowingIt) {
  config.api_key_env = "CONSILIUM_TEST_BAD_KEY";
  setenv("CONSILIUM_TEST_BAD_KEY", "secret\nX-Other: 1", 1);
  EXPECT_EQ(Make(),
            "backend m: environment variable CONSILIUM_TEST_BAD_KEY (api_key_env) has spaces, "
            "line breaks or characters beyond ASCII");
  unsetenv("CONSILIUM_TEST_BAD_KEY");
}

TEST_F(BackendTest, UnencryptedUrlBeyondTheSitePreventsTheStart) {
  config.url = "http://api.example.com/v1";
  EXPECT_EQ(Make(),
            "backend m: url = \"http://api.example.com/v1\", expected https:// for a host that is "
            "neither this one nor in a private network (or allow_plain_http = true)");
  config.allow_plain_http = true;
  EXPECT_EQ(Make(), "ok");
}

TEST_F(BackendTest, EachHttpProviderIsMade) {
  config.url = "";
  for (const char* provider : {"anthropic", "gemini", "ollama"}) {
    config.provider = provider;
    EXPECT_EQ(Make(), "ok") << "they know their own URL";
  }
}

TEST_F(BackendTest, MissingFilesPreventTheStart) {
  config.ca_file = "/nonexistent.pem";
  EXPECT_EQ(Make(), "backend m: ca_file = \"/nonexistent.pem\", expected a readable file");
  config.prompts = "/nonexistent";
  EXPECT_EQ(Make(),
            "backend m: /nonexistent/generate.txt: cannot be read, expected a prompt template");
}

}  // namespace
}  // namespace consilium
