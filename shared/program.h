// What the programs of a cluster have in common: flags, complaints, how they end.
// Threads: the caller's.
#pragma once

#include <functional>
#include <string>

#include "shared/result.h"

namespace CLI {
class App;
}

namespace consilium {

// Exit codes; 0 is stopped and drained.
constexpr int kFailed = 1;
constexpr int kUsage = 2;  // wrong usage or configuration

struct ProgramFlags {
  std::string config;  // file
  std::string health;  // file; "" = none
  std::string log_level = "info";
};

// Tells standard error; returns `code`.
int Complain(const char* program, const Error& error, int code = kUsage);

// The whole of a main(): reads the command line into `flags` and whatever `add_flags` adds, and
// serves. The result is the exit code; what is thrown ends the program as kFailed.
int RunProgram(int argc, char** argv, const char* program, const char* about, ProgramFlags& flags,
               const std::function<void(CLI::App&)>& add_flags, const std::function<int()>& serve);

}  // namespace consilium
