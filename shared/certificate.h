// Certificates and keys as PEM texts: whether they can be used, and for how long.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

struct Certificates {
  std::size_t count = 0;
  std::int64_t first_end_s =
      0;                        // when the first of them ends, Unix time: a chain is no longer good
  std::int64_t last_end_s = 0;  // when the last one does: none of these authorities is left
};

// `file`: for messages. kInvalid when there is none, or one cannot be read.
Result<Certificates> ReadCertificates(std::string_view pem, const std::string& file);

// kInvalid when `key` has no private key that can be used without a password, or it is not that of
// the first certificate in `certificate` ("" = not known).
Status CheckPrivateKey(std::string_view key, const std::string& file, std::string_view certificate);

}  // namespace consilium
