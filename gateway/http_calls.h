// HTTP calls of the gateway (a FHIR server, a key set), in its loop. Threads: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "gateway/net/loop.h"
#include "shared/http/http_client.h"

namespace consilium {

class HttpCalls {
 public:
  explicit HttpCalls(Loop& loop);

  // `done` once, whatever happens; never inside of this call.
  void Start(HttpCall call, std::function<void(HttpReply)> done);

 private:
  void Run();

  Loop& loop_;
  std::unique_ptr<HttpClient> client_;
  std::map<std::uint64_t, std::function<void(HttpReply)>> open_;
  FdWatch watch_;
  Timer timer_;
};

}  // namespace consilium
