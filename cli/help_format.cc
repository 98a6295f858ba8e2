#include "cli/help_format.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "cli/screen.h"

namespace consilium {
namespace {

// Those of a group of options are indented by two more.
constexpr std::size_t kWidth = 78;
constexpr std::size_t kNames = 30;  // cells of the left column

// A list of values can be broken at its commas.
std::string WithRoom(const std::string& names) {
  std::string text;
  bool in_list = false;
  for (const char c : names) {
    if (c == '{') in_list = true;
    if (c == '}') in_list = false;
    text += c;
    if (c == ',' && in_list) text += ' ';
  }
  return text;
}

std::string Entry(const std::string& names, const std::string& about) {
  std::string text;
  std::size_t at = 0;
  for (const std::string& line : WrapText(WithRoom(names), kWidth - 6)) {
    if (!text.empty()) text += "\n";
    const std::string shown = (text.empty() ? "  " : "      ") + line;
    text += shown;
    at = shown.size();
  }
  if (about.empty()) return text + "\n";
  for (const std::string& line : WrapText(about, kWidth - kNames)) {
    if (at >= kNames) {
      text += "\n";
      at = 0;
    }
    text += std::string(kNames - at, ' ') + line;
    at = kNames;
  }
  return text + "\n";
}

// Paragraphs are filled anew; headings and what is indented stay lines.
std::string Filled(const std::string& footer) {
  std::string text;
  std::string paragraph;
  const auto end = [&] {
    if (paragraph.empty()) return;
    for (const std::string& line : WrapText(paragraph, kWidth)) text += line + "\n";
    paragraph.clear();
  };
  for (const std::string& line : CLI::detail::split(footer, '\n')) {
    const bool heading = paragraph.empty() && line.ends_with(':');
    if (line.empty() || line.front() == ' ' || heading) {
      end();
      text += line + "\n";
    } else {
      paragraph += (paragraph.empty() ? "" : " ") + line;
    }
  }
  end();
  return text;
}

// CLI11 keeps what an option needs and excludes by address, so its lists differ from run to run.
std::string WithSortedLists(std::string opts) {
  std::size_t end = opts.size();
  for (const std::string label : {" Excludes:", " Needs:"}) {
    const std::size_t at = opts.find(label);
    if (at == opts.npos) continue;
    const std::size_t begin = at + label.size();
    std::vector<std::string> names = CLI::detail::split_up(opts.substr(begin, end - begin));
    std::sort(names.begin(), names.end());
    std::string sorted;
    for (const std::string& name : names) sorted += " " + name;
    opts.replace(begin, end - begin, sorted);
    end = at;
  }
  return opts;
}

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool positional) const override {
    return Entry(make_option_name(option, positional) + make_option_opts(option),
                 make_option_desc(option));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return WithSortedLists(CLI::Formatter::make_option_opts(option));
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return Entry(command->get_display_name(true), command->get_description());
  }
  std::string make_footer(const CLI::App* app) const override { return Filled(app->get_footer()); }
  std::string make_description(const CLI::App* app) const override {
    std::string text;
    for (const std::string& line : CLI::detail::split(app->get_description(), '\n')) {
      for (const std::string& part : WrapText(line, kWidth)) text += part + "\n";
    }
    return text;
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> HelpFormat() { return std::make_shared<HelpFormatter>(); }

}  // namespace consilium
