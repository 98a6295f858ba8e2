// The same requests by nothing but libcurl: what a call costs at least.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace consilium::bench {

struct CurlRun {
  std::vector<double> latency_ms;  // of each request
  double cpu_ms = 0;               // of this thread, all requests together
  double seconds = 0;
};

// Posts `body` to `url` `requests` times, `in_flight` at once, on this thread; replies are read and
// thrown away. Stops the program with a message when one does not end with status 200.
CurlRun RunPlainCurl(const std::string& url, const std::string& body, std::size_t requests,
                     std::size_t in_flight);

}  // namespace consilium::bench
