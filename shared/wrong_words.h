// What is wrong with the words of a command line, said so that the right ones can be found.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace consilium {

// `problem` is what parsing `app` ended with. A flag, command or argument that there is not is told
// before all else, for what is missing may be what it was meant to be:
//   eval: flag = "--matrx", expected one of --help, --history, ...; nearest: --matrix
// What a validator says with "= " in front comes as `--state = "done", expected ...`.
std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& problem);

// The one of `known` that a slip of the finger makes `word`; "" when none is that near.
std::string NearestOf(std::string_view word, const std::vector<std::string>& known);

}  // namespace consilium
