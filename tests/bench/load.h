// Load for a cluster: cases submitted with a window, at full speed or paced, and what came of them.
//
// Submissions are packed and sent here without the client's table of open requests, which a window
// of thousands would keep busier than the cluster; what is not answered for 4 s is sent again, and
// what is refused as `queue_full` where the options allow that. Threads: the caller's.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "shared/client.h"

namespace consilium::bench {

struct LoadOptions {
  std::size_t cases = 0;
  std::size_t window = 64;      // submissions outstanding
  std::size_t connections = 1;  // to each broker, used in turn
  double per_second = 0;        // 0 = as fast as possible
  bool await_results = false;   // until every case has its recommendation
  bool retry_busy = false;      // a refusal as queue_full is waited out; otherwise it is the end
  std::string prefix;           // of the ids
  std::string model;            // to ask; "" = as the cluster is configured
  std::function<void()> when_accepted;  // called once, after the last yes
};

struct LoadResult {
  double accept_s = 0;               // from the first submission to the last yes
  double total_s = 0;                // ... to the last recommendation, without `when_accepted`
  std::size_t busy = 0;              // refusals as queue_full, each sent again
  std::size_t lost = 0;              // without a reply for 4 s, sent again
  std::vector<double> accept_ms;     // per case: submission to yes
  std::vector<double> recommend_ms;  // per case: submission to recommendation, when awaited
  double cpu_s = 0;                  // processor time of this process
  double thread_share = 0;           // of one core, of the thread that sends and reads
};

// Gives up when a case is refused, is recommended twice, or nothing comes
// for 60 s.
LoadResult RunLoad(const BrokerAddress& brokers, const LoadOptions& options);

// Value below which the share `q` of `values` lies; 0 for none.
double Quantile(std::vector<double> values, double q);

// Ends the measurement: throws std::runtime_error, which main() reports; what was started goes with
// its owners.
[[noreturn]] void Give(const std::string& why);

}  // namespace consilium::bench
