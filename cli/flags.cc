#include "cli/flags.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "shared/number_text.h"
#include "shared/shown_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

// `check` as it is and shown in the help; WhatIsWrong puts the name of the flag in front.
CLI::Validator Saying(const CLI::Validator& check, const std::string& expected) {
  return CLI::Validator(
      [check, expected](const std::string& text) {
        return check(text).empty() ? "" : "= " + Quoted(text) + ", expected " + expected;
      },
      check.get_description());
}

}  // namespace

void AddJson(CLI::App* command, bool& json) {
  command->add_flag("--json", json, "print JSON, for programs");
}

void AddAsk(CLI::App* command, AskOptions& ask, const char* timeout_help) {
  command->add_option("--config", ask.cluster.config,
                      "configuration of the cluster (default: ./consilium.toml, then "
                      "$CONSILIUM_CONFIG)");
  OneEach(
      command->add_option("--broker", ask.cluster.brokers,
                          "endpoint of a broker, e.g. tcp://127.0.0.1:7300; may be repeated: the "
                          "next one is asked when one is silent or drains"))
      ->type_name("ENDPOINT");
  command->add_option("--data", ask.cluster.data, "data folder of a running `consilium up`");
  command->add_option("--timeout", ask.timeout_s, timeout_help)
      ->type_name("SECONDS")
      ->check(AboveZero());
  AddJson(command, ask.json);
}

CLI::Option* OneEach(CLI::Option* option) {
  return option->expected(1)->take_all()->allow_extra_args(false);
}

CLI::Validator OneOf(std::vector<std::string> names) {
  const std::string expected = "one of " + Joined(names, ", ");
  return Saying(CLI::IsMember(std::move(names)), expected);
}

CLI::Validator AboveZero() {
  const auto finite = [](const std::string& text) {
    double value = 0;
    const bool good = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value > 0;
    return std::string(good ? "" : "no");
  };
  return Saying(CLI::Validator(finite, "POSITIVE"), "a number above 0");
}

CLI::Validator Seed() {
  const auto whole = [](const std::string& text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [at, failed] = std::from_chars(text.data(), end, value);
    return std::string(failed == std::errc() && at == end ? "" : "no");
  };
  return Saying(CLI::Validator(whole, ""), "a whole number, 0 or more");
}

CLI::Validator Between(int least, int most) {
  return Saying(CLI::Range(least, most),
                "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

CLI::Validator Between(double least, double most) {
  return Saying(CLI::Range(least, most),
                "a number from " + ShortestDecimal(least) + " to " + ShortestDecimal(most));
}

}  // namespace consilium
