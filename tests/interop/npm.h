// What tests with other people's clients share: whether they are there, their scripts, and programs
// that say where they listen. Header-only; only for tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/cluster_process.h"

namespace consilium {

inline std::string NpmFolder() { return CONSILIUM_INTEROP_DIR; }

// Why `package` cannot be used; "" when it can.
inline std::string WhyNot(const std::string& package) {
  if (std::filesystem::exists(NpmFolder() + "/node_modules/" + package + "/package.json"))
    return "";
  std::ifstream file(NpmFolder() + "/skipped");
  std::string reason;
  std::getline(file, reason);
  if (reason.empty()) reason = "run: tests/interop/install " + NpmFolder();
  return "the npm package " + package + " is not installed: " + reason;
}

// Why Node is not new enough; "" when it is.
inline std::string WhyNotNode(int major_min) {
  RunningCommand node("/usr/bin/env", {"node", "--version"});
  const CommandResult result = node.Wait(std::chrono::seconds(20));
  if (result.exit_code != 0 || result.out.size() < 2) return "there is no node";
  if (std::atoi(result.out.c_str() + 1) >= major_min) return "";
  return "node is " + result.out.substr(0, result.out.find('\n')) + ", expected v" +
         std::to_string(major_min) + " or newer";
}

// Why Debian's python3-hl7 cannot be used; "" when it can.
inline std::string WhyNotPythonHl7() {
  RunningCommand python("/usr/bin/python3", {"-c", "import hl7.mllp"});
  if (python.Wait(std::chrono::seconds(20)).exit_code == 0) return "";
  return "there is no python3-hl7: run tools/install-packages";
}

// A file of this folder in the sources.
inline std::string ScriptPath(const std::string& name) {
  return std::string(CONSILIUM_SOURCE_DIR) + "/tests/interop/" + name;
}

// Runs a script of checks (checks.mjs) with Node: the folder of the packages, then `arguments`.
inline CommandResult RunScript(const std::string& name, std::vector<std::string> arguments,
                               std::chrono::seconds within = std::chrono::seconds(150)) {
  arguments.insert(arguments.begin(), {"node", ScriptPath(name), NpmFolder()});
  RunningCommand script("/usr/bin/env", arguments);
  return script.Wait(within);
}

// Whether each of these checks of a script, and so all of it, was done and found right.
inline testing::AssertionResult Passed(const CommandResult& result,
                                       const std::vector<std::string>& checks) {
  std::string out;
  for (const std::string& check : checks) out += "ok " + check + "\n";
  if (result.exit_code == 0 && result.out == out) return testing::AssertionSuccess();
  return testing::AssertionFailure() << (result.timed_out ? "it took too long\n" : "")
                                     << "exit code " << result.exit_code << "\n"
                                     << result.out << result.err;
}

// A test that is skipped is said so where nobody overlooks it.
#define CONSILIUM_SKIP_IF(reason)                      \
  do {                                                 \
    const std::string why = (reason);                  \
    if (!why.empty()) {                                \
      std::cerr << "\n*** SKIPPED: " << why << "\n\n"; \
      GTEST_SKIP() << why;                             \
    }                                                  \
  } while (false)

// A server of its own process that says "listening on <url>".
class ListeningProgram {
 public:
  ListeningProgram(const std::string& program, const std::vector<std::string>& arguments)
      : program_(program, arguments) {}
  // "" when it did not start.
  std::string Url() {
    const std::string before = "listening on ";
    std::string out;
    Eventually([&] {
      out = program_.OutSoFar();
      const std::size_t at = out.find(before);
      return (at != out.npos && out.find('\n', at) != out.npos) || !program_.Alive();
    });
    const std::size_t at = out.find(before);
    if (at == out.npos) return "";
    return out.substr(at + before.size(), out.find('\n', at) - at - before.size());
  }
  std::string Said() const { return program_.OutSoFar() + program_.ErrSoFar(); }

 private:
  RunningCommand program_;
};

}  // namespace consilium
