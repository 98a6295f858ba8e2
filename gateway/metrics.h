// What is counted here, for Prometheus. Threads: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shared/clock.h"
#include "shared/messages.h"

namespace consilium {

class Metrics {
 public:
  Metrics();
  ~Metrics();

  void OnHttp(const std::string& pattern, const std::string& method, int status, milliseconds took);
  // `type`: one of a known list ("MDM"), as each stays as a label; `code`: of the acknowledgement,
  // "AA", "CE", ...; "" = none was sent.
  void OnHl7(const std::string& type, const std::string& code, milliseconds took);
  void Set(const std::string& gauge, double value);
  // What the brokers said last.
  void OnStatus(const StatusReply& status);

  // In the text format of Prometheus.
  std::string Text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
