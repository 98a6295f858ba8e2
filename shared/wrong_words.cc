#include "shared/wrong_words.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

#include "shared/shown_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

// How many letters must be put in, left out or exchanged.
std::size_t Slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({exchanged, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::vector<const CLI::App*> AllCommands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : AllCommands(app)) {
    if (!command->get_name().empty()) names.push_back(command->get_name());
  }
  return names;
}

// Of the command and its groups, which are commands without a name.
void ForEachOption(const CLI::App& app, const std::function<void(const CLI::Option&)>& use) {
  for (const CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    use(*option);
  }
  for (const CLI::App* group : AllCommands(app)) {
    if (group->get_name().empty()) ForEachOption(*group, use);
  }
}

std::vector<std::string> FlagNames(const CLI::App& app) {
  std::vector<std::string> names;
  ForEachOption(app, [&](const CLI::Option& option) {
    std::string name;
    if (!option.get_lnames().empty()) {
      name = "--" + option.get_lnames().front();
    } else if (!option.get_snames().empty()) {
      name = "-" + option.get_snames().front();
    }
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!name.empty() && !known) names.push_back(name);  // a group has a --help of its own
  });
  return names;
}

std::string ExpectedOneOf(const char* what, const std::string& word,
                          const std::vector<std::string>& known) {
  const std::string nearest = NearestOf(word, known);
  return what + (" = " + Quoted(word)) + ", expected one of " + Joined(known, ", ") +
         (nearest.empty() ? "" : "; nearest: " + nearest);
}

// What is wrong with words that nothing took; "" when there are none.
std::string WhatIsOver(const CLI::App& command) {
  const std::vector<std::string> words = command.remaining();
  if (words.empty()) return "";
  const std::vector<std::string> commands = CommandNames(command);
  const auto is_flag = [](const std::string& word) { return word.size() > 1 && word[0] == '-'; };
  if (!commands.empty() && !is_flag(words.front())) {
    return ExpectedOneOf("command", words.front(), commands);
  }
  const auto flag = std::find_if(words.begin(), words.end(), is_flag);
  if (flag != words.end()) {
    return ExpectedOneOf("flag", flag->substr(0, flag->find('=')), FlagNames(command));
  }
  std::vector<std::string> taken;
  ForEachOption(command, [&](const CLI::Option& option) {
    if (option.get_positional()) taken.push_back(option.get_name(/*positional=*/true));
  });
  return "argument = " + Quoted(words.front()) + ", expected " +
         (taken.empty() ? "flags only" : "no more than " + Joined(taken, ", "));
}

// What a value of the flag is made of.
std::string FormOf(const CLI::App& command, const std::string& flag) {
  std::string form = "a number";
  ForEachOption(command, [&](const CLI::Option& option) {
    if (option.get_name() != flag) return;
    if (option.get_items_expected_max() == 0) form = "no value";
    if (option.get_type_name().find("INT") != std::string::npos) form = "a whole number";
  });
  return form;
}

// The same as CLI11 says, in the words of our other errors.
std::string InOurWords(const CLI::App& command, const CLI::ParseError& problem) {
  std::string text = problem.what();
  const auto split = [&text](std::string_view at) {
    const std::size_t found = text.find(at);
    return found == text.npos
               ? std::nullopt
               : std::optional(std::pair(text.substr(0, found), text.substr(found + at.size())));
  };
  if (const auto flag = split(": = "); flag && problem.get_name() == "ValidationError") {
    return flag->first + " = " + flag->second;
  }
  constexpr std::string_view kConvert = "Could not convert: ";
  if (const auto flag = split(" = "); flag && text.rfind(kConvert, 0) == 0) {
    const std::string name = flag->first.substr(kConvert.size());
    return name + " = " + Quoted(flag->second) + ", expected " + FormOf(command, name);
  }
  if (const auto flag = split(": 1 required ")) return flag->first + ": expected a value";
  if (const auto name = split(": At Most 1 required but received ")) {
    return name->first + ": expected one, not " + name->second;
  }
  return text;
}

}  // namespace

std::string NearestOf(std::string_view word, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 4) + 1;
  for (const std::string& one : known) {
    const std::size_t slips = Slips(word.substr(0, 64), one);
    if (slips >= least) continue;
    least = slips;
    nearest = one;
  }
  return nearest;
}

std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& problem) {
  const CLI::App* command = &app;
  std::string path;
  std::string over = WhatIsOver(app);
  while (over.empty()) {
    const auto chosen = command->get_subcommands();  // those that were given
    if (chosen.empty()) break;
    command = chosen.front();
    path += (path.empty() ? "" : " ") + command->get_name();
    over = WhatIsOver(*command);
  }
  const std::string where = path.empty() ? "" : path + ": ";
  if (!over.empty()) return where + over;
  const std::vector<std::string> commands = CommandNames(*command);
  if (!commands.empty() && problem.get_name() == "RequiredError") {
    return where + "expected one of " + Joined(commands, ", ");
  }
  // The others name their flag.
  return (problem.get_name() == "RequiredError" ? where : "") + InOurWords(*command, problem);
}

}  // namespace consilium
