// Which URLs a backend may have: patients' data does not travel unencrypted outside of the site.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

struct Url {
  bool encrypted = false;  // https
  std::string host;        // lower case, without the brackets of an IPv6 address
  std::string text;        // as given up to the query, without slashes at its end
  bool has_path = false;   // `text` has one
  std::string query;       // from the '?' on, e.g. Azure's "?api-version=..."; "" = none
};

// https to any host; http only to this host or a private network, unless `allow_plain_http`. No
// user, password, fragment, and no secret in the query.
Result<Url> CheckBackendUrl(std::string_view text, bool allow_plain_http = false);

// Loopback, private, link-local or carrier-shared IPv4 or IPv6 address; false for what is no
// address.
bool IsPrivateAddress(std::string_view address);

// Such an address, or a name that only a private network can resolve: one without a dot (a
// container, a machine of the site), or under .local, .internal, .localhost, .home.arpa.
bool IsPrivateHost(std::string_view host);

}  // namespace consilium
