#include "cli/process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "cli/files.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

std::string EndOf(pid_t pid) {
  std::optional<int> end;
  Eventually([&] { return (end = Reap(pid)).has_value(); });
  return end ? DescribeEnd(*end) : "still running";
}

ProcessSpec Shell(const TestFolder& folder, const std::string& script) {
  ProcessSpec spec;
  spec.program = "/bin/sh";
  spec.arguments = {"-c", script};
  spec.log = folder.File("log");
  return spec;
}

TEST(SpawnTest, BothOutputsAppendToTheLogAndVariablesArrive) {
  const TestFolder folder;
  ProcessSpec spec = Shell(folder, "echo out $NAME; echo err >&2; read x || echo no input");
  spec.environment = {{"NAME", "value"}};
  for (int i = 0; i < 2; ++i) {
    const auto pid = Spawn(spec);
    ASSERT_TRUE(pid.ok()) << pid.error().text;
    EXPECT_EQ(EndOf(*pid), "exit code 0");
  }
  EXPECT_EQ(*ReadFile(spec.log, 1000), "out value\nerr\nno input\nout value\nerr\nno input\n");
}

TEST(SpawnTest, SaysWhyAProgramCannotBeRun) {
  const TestFolder folder;
  ProcessSpec spec = Shell(folder, "");
  spec.program = "/nowhere/program";
  EXPECT_EQ(
      Spawn(spec).error(),
      (Error{ErrorCode::kUnavailable, "/nowhere/program: cannot run: No such file or directory"}));
}

TEST(SpawnTest, StandsInAGroupOfItsOwnWithNothingBlocked) {
  const TestFolder folder;
  sigset_t ours;
  sigset_t before;
  sigemptyset(&ours);
  sigaddset(&ours, SIGTERM);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &ours, &before), 0);
  const auto pid = Spawn(Shell(folder, "echo up; exec sleep 60"));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(pid.ok());
  EXPECT_TRUE(Eventually([&] { return *ReadFile(folder.File("log"), 100) == "up\n"; }));
  EXPECT_EQ(::getpgid(*pid), *pid);
  ::kill(*pid, SIGTERM);
  EXPECT_EQ(EndOf(*pid), "killed by signal 15 (Terminated)");
}

TEST(DescribeEndTest, NamesTheExitCode) {
  const TestFolder folder;
  const auto pid = Spawn(Shell(folder, "exit 7"));
  ASSERT_TRUE(pid.ok());
  EXPECT_EQ(EndOf(*pid), "exit code 7");
}

TEST(FindInPathTest, FindsAProgramOrNamesIt) {
  EXPECT_TRUE(FindInPath("sh").ok());
  EXPECT_EQ(FindInPath("no-such-program-here").error(),
            (Error{ErrorCode::kNotFound, "no-such-program-here: not found in PATH"}));
}

}  // namespace
}  // namespace consilium
