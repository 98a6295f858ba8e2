// A cluster of two brokers on one private Redis, as separate processes on ports that the system
// chooses: what `consilium up`, which runs one broker, does not show.
//
// Each part is a process of its own that can be stopped, killed and started again; brokers keep
// their ports. Threads: one. Nothing outlives the test.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/cluster_process.h"
#include "tests/support/private_redis.h"

namespace consilium {

class TwoBrokers {
 public:
  // `config`: a TOML without [redis]. Starts both brokers and one aggregator and waits until the
  // brokers accept; throws std::runtime_error with what they said instead.
  explicit TwoBrokers(const std::string& config);

  // A worker that knows both brokers; the result is its number.
  std::size_t AddWorker(const std::string& model, std::vector<std::string> more = {});
  RunningCommand& worker(std::size_t number) { return *workers_.at(number); }
  RunningCommand& broker(std::size_t number) { return *brokers_.at(number).process; }
  std::string clients(std::size_t number) const { return brokers_.at(number).clients; }
  // Starts a broker again that has ended, where it was.
  void StartBroker(std::size_t number);
  // True once it answers and accepts.
  bool Accepts(std::size_t number) const;

  PrivateRedis& redis() { return redis_; }
  const std::string& config_file() const { return config_file_; }
  // `consilium <arguments> --broker ...` with the first broker first.
  CommandResult Run(std::vector<std::string> arguments, const std::string& input = "",
                    std::chrono::milliseconds within = std::chrono::seconds(120)) const;
  std::vector<std::string> WithBrokers(std::vector<std::string> arguments) const;

 private:
  struct Broker {
    std::string clients;
    std::string workers;
    std::unique_ptr<RunningCommand> process;
  };

  TestFolder folder_;
  PrivateRedis redis_;
  std::string config_file_;
  std::vector<Broker> brokers_;
  std::unique_ptr<RunningCommand> aggregator_;
  std::vector<std::unique_ptr<RunningCommand>> workers_;
};

}  // namespace consilium
