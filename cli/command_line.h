// The command line while it is put together: its commands and what their flags fill in.
// Threads: none of its own.
#pragma once

#include <CLI/CLI.hpp>
#include <any>
#include <deque>
#include <functional>
#include <string>

namespace consilium {

class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // A command, or one of a group; `run` is what it does.
  CLI::App* Command(const std::string& name, const std::string& about, const std::string& example,
                    std::function<int()> run);
  CLI::App* Command(CLI::App& group, const std::string& name, const std::string& about,
                    const std::string& example, std::function<int()> run);
  CLI::App* Group(const std::string& name, const std::string& about);

  // Values for flags to fill in; they live as long as this and stay where they are.
  template <class Values>
  Values& Keep() {
    return kept_.emplace_back().emplace<Values>();
  }

  // Reads the words and runs the command. Returns the exit code.
  int Run(int argc, char** argv);

 private:
  // As far as the words were understood: "consilium dead list".
  std::string ParsedCommand() const;

  CLI::App app_;
  std::deque<std::any> kept_;
  std::function<int()> run_;
};

}  // namespace consilium
