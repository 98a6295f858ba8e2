// One question to the broker and its answer, for the commands that ask one thing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "shared/signals.h"

namespace consilium {

inline constexpr milliseconds kAskTimeout{10000};

milliseconds TimeoutOf(const AskOptions& options);

// The signals, the context and the client of one command, made and ended in the right order.
class Asker {
 public:
  explicit Asker(BrokerAddress brokers) : client_(context_, std::move(brokers)) {}
  StopSignals& stop() { return stop_; }
  Client& client() { return client_; }

 private:
  StopSignals stop_;
  ZmqContext context_;
  Client client_;
};

// Asks and hands the reply to `then`, which returns the exit code. Errors are said.
template <class Reply, class Request, class Then>
int AskBroker(Asker& asker, const AskOptions& options, const Request& request, Then then) {
  const auto reply = Call<Reply>(asker.client(), asker.stop(), request, TimeoutOf(options));
  if (!reply) return kExitInterrupted;
  if (!reply->ok()) return ReportError(reply->error(), options.json);
  return then(**reply);
}

template <class Reply, class Request, class Then>
int AskBroker(const AskOptions& options, const Request& request, Then then) {
  auto brokers = FindBrokers(options.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.json);
  Asker asker(std::move(brokers).value());
  return AskBroker<Reply>(asker, options, request, then);
}

}  // namespace consilium
