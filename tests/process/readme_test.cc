// The lines that README.md gives for real models, run as a reader runs them: in a folder that looks
// like ours, against a server that speaks all four protocols.
//
// Blocks are found by the example configuration that they name. What the reader has to have besides
// (ollama, vllm, llama-server) is there by name and does nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"
#include "tests/support/file_text.h"
#include "tests/support/llm_answers.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr char kHeading[] = "## Point it at real models";

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The first block of shell lines of the section that names `configuration`; "" when there is none.
std::string BlockWith(const std::string& configuration) {
  const std::string readme = FileText(std::string(CONSILIUM_SOURCE_DIR) + "/README.md");
  const std::size_t start = readme.find(kHeading);
  if (start == readme.npos) return "";
  const std::size_t end = readme.find("\n## ", start);
  std::string block;
  bool inside = false;
  for (const std::string& line : LinesOf(readme.substr(start, end - start))) {
    if (!inside) {
      inside = line == "```sh";
      block.clear();
    } else if (line != "```") {
      block += line + "\n";
    } else if (block.find(configuration) != block.npos) {
      return block;
    } else {
      inside = false;
    }
  }
  return "";
}

// A port that nobody listens on. The lines give no ports, so the configuration has to: a command
// that starts before the cluster finds nothing else to go by.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

// What stands after `key = ` in quotes; "" when the line is another one.
std::string ValueOf(const std::string& line, const std::string& key) {
  if (line.rfind(key + " = \"", 0) != 0) return "";
  const std::size_t at = key.size() + 4;
  return line.substr(at, line.find('"', at) - at);
}

// The example with all its models at `origin` and ports of its own.
struct Pointed {
  std::string text;
  std::set<std::string> models;  // as they are asked
  Variables keys;                // dummies
};
Pointed PointAt(const std::string& example, const std::string& origin) {
  Pointed made;
  std::string model;
  for (const std::string& line : LinesOf(example)) {
    if (!ValueOf(line, "url").empty()) continue;
    made.text += line + "\n";
    if (const std::string value = ValueOf(line, "model"); !value.empty()) {
      model = value;
      made.models.insert(value);
    }
    if (const std::string value = ValueOf(line, "served_model"); !value.empty()) {
      made.models.erase(model);
      made.models.insert(value);
    }
    if (const std::string value = ValueOf(line, "api_key_env"); !value.empty()) {
      made.keys.emplace_back(value, "dummy");
    }
    if (const std::string provider = ValueOf(line, "provider"); !provider.empty()) {
      made.text += "url = \"" + origin + (provider == "openai" ? "/v1" : "") + "\"\n";
    }
  }
  const auto endpoint = [] { return "\"tcp://127.0.0.1:" + std::to_string(FreePort()) + "\"\n"; };
  made.text += "\n[broker]\nclients = " + endpoint() + "workers = " + endpoint();
  return made;
}

class ReadmeTest : public testing::TestWithParam<const char*> {
 protected:
  // A folder with what the lines refer to.
  void LayOut(const std::string& configuration, const std::string& text) {
    fs::create_directories(folder.File("configs/examples"));
    fs::create_directories(folder.File("build/release"));
    fs::create_directories(folder.File("stubs"));
    fs::create_directory_symlink(CONSILIUM_BINARY_DIR, folder.File("build/release/bin"));
    for (const char* name : {"medications", "prompts", "demo"}) {
      fs::create_directory_symlink(std::string(CONSILIUM_SOURCE_DIR) + "/configs/" + name,
                                   folder.File("configs/" + std::string(name)));
    }
    folder.Write(configuration, text);
    folder.Write("vignette.txt", "A 40-year-old woman has had sinusitis for twelve days.\n");
    for (const char* name : {"ollama", "vllm", "llama-server", "make"}) {
      const std::string stub = folder.Write("stubs/" + std::string(name), "#!/bin/sh\n");
      fs::permissions(stub, fs::perms::owner_all);
    }
  }
  TestFolder folder;
};

TEST_P(ReadmeTest, LinesForRealModelsEndWithARecommendation) {
  const std::string configuration = std::string("configs/examples/") + GetParam();
  const std::string lines = BlockWith(configuration);
  ASSERT_NE(lines, "") << "README.md has no shell lines that use " << configuration
                       << " under the heading: " << kHeading;
  EXPECT_THAT(lines, HasSubstr("consilium up")) << lines;
  EXPECT_THAT(lines, HasSubstr("consilium submit")) << lines;

  FaultLlmOptions options;
  options.responder = [](const Asked& asked) {
    if (asked.key.stage != "generate") return ValidAnswer(asked);
    return std::string(
        R"({"medications":[{"ingredient":"amoxicillin","dose":"500","unit":"mg","route":"oral",)"
        R"("frequency":"three times a day","duration":"7 days","indication":"sinusitis"}],)"
        R"("option":null,"rationale":"It lasts.","cautions":"","confidence":0.8})");
  };
  FaultLlm server(options);
  Pointed pointed =
      PointAt(FileText(std::string(CONSILIUM_SOURCE_DIR) + "/" + configuration), server.url());
  ASSERT_FALSE(pointed.models.empty());
  LayOut(configuration, pointed.text);
  const char* const path = std::getenv("PATH");
  pointed.keys.emplace_back("PATH", folder.File("stubs") + ":" + CONSILIUM_BINARY_DIR + ":" +
                                        (path == nullptr ? "/usr/bin:/bin" : path));
  // What the reader would see, then Ctrl-C for what runs in the background.
  const std::string script =
      "cd '" + folder.path() + "' || exit 90\n" + lines +
      "code=$?\njobs -p > jobs\nkill $(cat jobs) 2> /dev/null\nwait\nexit $code\n";
  RunningCommand shell("/bin/sh", {folder.Write("lines.sh", script)}, pointed.keys);
  const CommandResult result = shell.Wait(std::chrono::seconds(120));
  // Its background jobs are of its group.
  if (result.timed_out) ::kill(-shell.pid(), SIGKILL);
  ASSERT_FALSE(result.timed_out) << result.out << result.err;
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("amoxicillin")) << result.err;
  EXPECT_THAT(result.out, Not(ContainsRegex("[Ss]imulated|SIMULATED")));
  std::set<std::string> answered;
  for (const FaultEntry& entry : server.ledger()) {
    if (entry.key.stage == "generate" && entry.success) answered.insert(entry.key.model);
  }
  EXPECT_EQ(answered, pointed.models) << result.err;
}

INSTANTIATE_TEST_SUITE_P(Examples, ReadmeTest,
                         testing::Values("hosted.toml", "ollama.toml", "vllm.toml"),
                         [](const testing::TestParamInfo<const char*>& tested) {
                           const std::string name = tested.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace consilium
