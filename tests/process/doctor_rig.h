// A folder, a server of models and `consilium doctor` with a configuration made of both.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"

namespace consilium {

inline constexpr char kDoctorKey[] = "sk-never-to-be-seen-4711";
inline constexpr std::chrono::seconds kDoctorPatience{60};

class DoctorTest : public testing::Test {
 protected:
  DoctorTest() { std::signal(SIGPIPE, SIG_IGN); }

  void Serve(Fault fault = Fault::kNone) {
    if (fault != Fault::kNone) options.plan = [fault](const Asked&) { return fault; };
    server.emplace(options);
  }

  // A [[backend]] that asks the server.
  std::string Backend(const std::string& model, const std::string& more = "",
                      const std::string& provider = "openai") const {
    return "[[backend]]\nmodel = \"" + model + "\"\nprovider = \"" + provider + "\"\nurl = \"" +
           url() + "\"\nprompts = \"" + CONSILIUM_SOURCE_DIR + "/configs/prompts\"\n" + more + "\n";
  }
  std::string url() const { return server ? server->url() : "http://127.0.0.1:1"; }

  std::string Config(const std::string& backends, const std::string& redis = "",
                     const std::string& more = "") const {
    return folder.Write("c.toml", "[redis]\nurl = \"" + redis + "\"\n" + more +
                                      "\n[broker]\nclients = \"tcp://127.0.0.1:0\"\n" +
                                      CouncilSection("quorum = 1\n") + backends);
  }

  CommandResult Doctor(const std::string& config, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"doctor", "--config", config, "--data",
                                          folder.File("none")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    RunningCommand command("consilium", arguments, variables);
    return command.Wait(kDoctorPatience);
  }
  // The diagnosis; what never may be said is looked for in passing.
  nlohmann::json Diagnose(const std::string& config, int exit_code,
                          std::vector<std::string> more = {}) {
    more.emplace_back("--json");
    const CommandResult result = Doctor(config, std::move(more));
    EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
    for (const std::string& said : {result.out, result.err}) {
      EXPECT_THAT(said, testing::AllOf(testing::Not(testing::HasSubstr(kDoctorKey)),
                                       testing::Not(testing::HasSubstr("headache")),
                                       testing::Not(testing::HasSubstr("as described")),
                                       testing::Not(testing::HasSubstr("medical council"))));
    }
    nlohmann::json all = nlohmann::json::parse(result.out, nullptr, false);
    EXPECT_TRUE(all.is_object()) << result.out;
    return all;
  }
  // Of a configuration with one backend.
  nlohmann::json DiagnoseOne(const std::string& backend, int exit_code,
                             std::vector<std::string> more = {}) {
    const nlohmann::json all = Diagnose(Config(backend), exit_code, std::move(more));
    return all.is_object() && all.contains("backends") ? all["backends"].at(0) : nlohmann::json();
  }
  // It is a problem with this code, and the advice has this in it.
  void ExpectProblem(const nlohmann::json& found, const std::string& code,
                     const std::string& advice) {
    EXPECT_EQ(found["result"], "problem") << found;
    EXPECT_EQ(found["code"], code) << found;
    EXPECT_THAT(found["advice"].get<std::string>(), testing::HasSubstr(advice));
  }
  static nlohmann::json Line(const nlohmann::json& all, const std::string& checked) {
    for (const nlohmann::json& line : all["checks"]) {
      if (line["checked"] == checked) return line;
    }
    return nlohmann::json();
  }

  TestFolder folder;
  FaultLlmOptions options;
  std::optional<FaultLlm> server;
  Variables variables = {{"DOCTOR_KEY", kDoctorKey}};
};

}  // namespace consilium
