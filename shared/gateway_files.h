// The files that [gateway] and [[cds_client]] name: whether a gateway could use them.
//
// Asked by the gateway before it opens a door, and by `consilium config check`, `up` and `doctor`,
// so that what is wrong is said before anything starts. Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/config.h"

namespace consilium {

struct GatewayFile {
  std::string option;  // "gateway.tls_cert_file"
  std::string file;
  std::string found;                  // "2 certificates"; "" where there is nothing to tell
  std::string problem;                // names option and file; "" = none
  std::optional<std::int64_t> end_s;  // from when on certificates are of no use, Unix time
};

// Those that are named, in the order of the configuration; none where no door is open.
std::vector<GatewayFile> LookAtGatewayFiles(const Config& config);

// kInvalid with one problem a line. That a certificate has ended is none: a sender says so.
Status CheckGatewayFiles(const Config& config);

}  // namespace consilium
