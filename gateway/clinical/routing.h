// Which messages start a case. Threads: plain data, functions without state.
#pragma once

#include <string>
#include <vector>

#include "gateway/clinical/record.h"
#include "shared/message_rule.h"
#include "shared/result.h"

namespace consilium {

struct Routing {
  std::vector<MessageRule> rules;
};

// Notes (MDM, whichever of its events), new and changed referrals (not a cancelled one, REF^I14),
// bundles, decision support.
const std::vector<std::string>& DefaultRouting();

// kInvalid naming the rule and what is allowed.
Result<Routing> ParseRouting(const std::vector<std::string>& rules);

bool StartsCase(const Routing& routing, const FeedMessage& message);

}  // namespace consilium
