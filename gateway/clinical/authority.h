// What an authority that gives out identifiers is named by. The one place that tells names that
// are the same everywhere from local ones. Threads: functions without state.
#pragma once

#include <string_view>

namespace consilium {

// A local name is what two hospitals may have for different things: "MRN", "HOSP", "1", "EPIC:1".
enum class AuthorityKind { kLocal, kOid, kUuid, kUri };

struct Authority {
  AuthorityKind kind = AuthorityKind::kLocal;
  std::string_view id;  // as stated, without the urn: of an OID or a UUID
  bool everywhere() const { return kind != AuthorityKind::kLocal; }
};

// kOid: "1.2.840", "urn:oid:...". kUuid: the 36 bytes of one, "urn:uuid:...". kUri: "urn:", "http:"
// and "https:", and any other scheme with "//" behind it. Schemes in any case (RFC 3986, 3.1).
Authority ReadAuthority(std::string_view text);

}  // namespace consilium
