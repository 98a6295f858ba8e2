#include "tests/support/two_brokers.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace consilium {

TwoBrokers::TwoBrokers(const std::string& config)
    : config_file_(folder_.Write("c.toml", "[redis]\nurl = \"" + redis_.url() + "\"\n" + config)) {
  for (std::size_t i = 0; i < 2; ++i) {
    brokers_.push_back({"tcp://127.0.0.1:0", "tcp://127.0.0.1:0", nullptr});
    StartBroker(i);
  }
  aggregator_ = std::make_unique<RunningCommand>(
      "consilium-aggregator", std::vector<std::string>{"--config", config_file_});
  for (std::size_t i = 0; i < 2; ++i) {
    if (!Eventually([&] { return Accepts(i); })) {
      throw std::runtime_error("broker does not accept: " + broker(i).ErrSoFar() +
                               aggregator_->ErrSoFar());
    }
  }
}

void TwoBrokers::StartBroker(std::size_t number) {
  Broker& broker = brokers_.at(number);
  const std::string file = folder_.File("broker" + std::to_string(number) + ".json");
  std::remove(file.c_str());
  broker.process = std::make_unique<RunningCommand>(
      "consilium-broker",
      std::vector<std::string>{"--config", config_file_, "--clients", broker.clients, "--workers",
                               broker.workers, "--endpoints-file", file});
  nlohmann::json endpoints;
  const bool bound = Eventually([&] {
    std::ifstream in(file);
    endpoints = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
    return endpoints.is_object();
  });
  if (!bound) throw std::runtime_error("broker does not listen: " + broker.process->ErrSoFar());
  broker.clients = endpoints.at("clients");
  broker.workers = endpoints.at("workers");
}

bool TwoBrokers::Accepts(std::size_t number) const {
  const CommandResult status = RunningCommand("consilium", {"status", "--json", "--timeout", "2",
                                                            "--broker", clients(number)})
                                   .Wait(std::chrono::seconds(10));
  const auto json = nlohmann::json::parse(status.out, nullptr, /*allow_exceptions=*/false);
  return json.is_object() && json.value("accepting", false);
}

std::size_t TwoBrokers::AddWorker(const std::string& model, std::vector<std::string> more) {
  std::vector<std::string> arguments = {
      "--config", config_file_,           "--backend", model,
      "--broker", brokers_.at(0).workers, "--broker",  brokers_.at(1).workers};
  arguments.insert(arguments.end(), more.begin(), more.end());
  workers_.push_back(std::make_unique<RunningCommand>("consilium-worker", arguments));
  return workers_.size() - 1;
}

std::vector<std::string> TwoBrokers::WithBrokers(std::vector<std::string> arguments) const {
  for (const Broker& broker : brokers_) {
    arguments.emplace_back("--broker");
    arguments.push_back(broker.clients);
  }
  return arguments;
}

CommandResult TwoBrokers::Run(std::vector<std::string> arguments, const std::string& input,
                              std::chrono::milliseconds within) const {
  return RunningCommand("consilium", WithBrokers(std::move(arguments)), {}, input).Wait(within);
}

}  // namespace consilium
