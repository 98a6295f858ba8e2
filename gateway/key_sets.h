// The key sets of the EHRs that may call CDS services: from files, or from the addresses that the
// configuration names, and from no other.
//
// A set is fetched at the start and again when a token has a key that is not in it, at most once in
// kAgainAfter: a stranger cannot make us call others at will. Threads: the loop's.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gateway/hooks/jwt.h"
#include "gateway/http_calls.h"
#include "shared/config.h"

namespace consilium {

class KeySets {
 public:
  static constexpr milliseconds kAgainAfter{30000};

  KeySets(HttpCalls& calls, const std::vector<CdsClientConfig>& clients);
  // kInvalid: a file that cannot be read.
  Status Start();
  const std::vector<TrustedIssuer>& issuers() const { return issuers_; }
  // Fetches what may be fetched again; `done` when it came, or at once when there is nothing to do.
  void Refresh(std::function<void()> done);

 private:
  void FetchSet(std::size_t index, std::function<void()> done);

  HttpCalls& calls_;
  std::vector<CdsClientConfig> clients_;
  std::vector<TrustedIssuer> issuers_;  // as clients_
  std::vector<TimePoint> fetched_;
  std::vector<std::vector<std::function<void()>>> waiting_;  // for a fetch that is under way
};

}  // namespace consilium
