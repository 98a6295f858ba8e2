// The key sets of the EHRs that may call CDS services: from files, or from the addresses that the
// configuration names, and from no other.
//
// A set is fetched at the start, every `renew`, and again when a token has a key that is not in it,
// at most once in kAgainAfter: a stranger cannot make us call others at will. A key that its issuer
// took off is trusted no longer than that; where the address does not answer, the last set is
// trusted for `trust` and then no key of that issuer. Files are read at the start.
// Threads: the loop's.
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
  struct Ages {
    milliseconds renew{600'000};
    milliseconds trust{4LL * 3600 * 1000};
  };

  KeySets(Loop& loop, HttpCalls& calls, const std::vector<CdsClientConfig>& clients, Ages ages);
  // kInvalid: a file that cannot be read.
  Status Start();
  const std::vector<TrustedIssuer>& issuers() const { return issuers_; }
  // Fetches what may be fetched again; `done` when it came, or at once when there is nothing to do.
  void Refresh(std::function<void()> done);

 private:
  void FetchSet(std::size_t index, std::function<void()> done);
  void Renew();

  HttpCalls& calls_;
  Ages ages_;
  std::vector<CdsClientConfig> clients_;
  std::vector<TrustedIssuer> issuers_;  // as clients_
  std::vector<TimePoint> asked_;
  std::vector<TimePoint> came_;                              // the set that is trusted
  std::vector<std::vector<std::function<void()>>> waiting_;  // for a fetch that is under way
  Timer renew_;
};

}  // namespace consilium
