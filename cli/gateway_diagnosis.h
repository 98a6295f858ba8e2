// How `consilium doctor` judges what it found of the gateway. Pure: values in, values out.
#pragma once

#include <cstdint>
#include <string>

#include "cli/diagnosis.h"
#include "shared/gateway_files.h"
#include "shared/result.h"

namespace consilium {

// `option`: "gateway.http". A gateway of the cluster that runs here listens there.
Checked JudgeOpenDoor(const std::string& option, const std::string& endpoint);
// None does; `listens`: whether one could.
Checked JudgeClosedDoor(const std::string& option, const std::string& endpoint,
                        const Status& listens);

// `now_s`: Unix time.
Checked JudgeGatewayFile(const GatewayFile& look, std::int64_t now_s);

// The HL7 system that gets the results.
Checked JudgeReceiver(const std::string& receiver, const Status& reached);
Checked JudgeFhirServer(const std::string& url, const Status& reached);

}  // namespace consilium
