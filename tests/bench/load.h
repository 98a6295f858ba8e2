// Load for one broker: cases submitted with a window, at full speed or paced, and what came of
// them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace consilium::bench {

struct LoadOptions {
  std::size_t cases = 0;
  std::size_t window = 64;     // submissions outstanding
  double per_second = 0;       // 0 = as fast as possible
  bool await_results = false;  // until every case has its recommendation
  std::string prefix;          // of the ids
};

struct LoadResult {
  double accept_s = 0;               // from the first submission to the last yes
  double total_s = 0;                // ... to the last recommendation
  std::vector<double> accept_ms;     // per case: submission to yes
  std::vector<double> recommend_ms;  // per case: submission to recommendation, when awaited
};

// Stops the program with a message when a case is refused or nothing comes for 60 s.
LoadResult RunLoad(const std::string& endpoint, const LoadOptions& options);

// Value below which the share `q` of `values` lies; 0 for none.
double Quantile(std::vector<double> values, double q);

}  // namespace consilium::bench
