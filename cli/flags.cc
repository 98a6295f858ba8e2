#include "cli/flags.h"

#include <utility>

namespace consilium {

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
      ->check(CLI::PositiveNumber);
  AddJson(command, ask.json);
}

CLI::Option* OneEach(CLI::Option* option) {
  return option->expected(1)->take_all()->allow_extra_args(false);
}

CLI::Validator OneOf(std::vector<std::string> names) { return CLI::IsMember(std::move(names)); }

}  // namespace consilium
