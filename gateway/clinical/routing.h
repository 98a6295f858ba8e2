// Which messages start a case. Threads: plain data, functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "shared/result.h"

namespace consilium {

// A rule is TYPE or TYPE@SENDER.
//   TYPE    a message type as FeedMessage::type has it ("MDM^T02", "Bundle/message"), its first
//   part
//           ("ORU": all of its events; "Bundle"), or "*" for every message
//   SENDER  FeedMessage::sender exactly ("LAB|NORTH"), or its part before '|' ("LAB")
struct RoutingRule {
  std::string type;
  std::string sender;  // "" = any

  friend bool operator==(const RoutingRule&, const RoutingRule&) = default;
};

struct Routing {
  std::vector<RoutingRule> rules;
};

inline constexpr std::size_t kRoutingRulesMax = 64;

// Notes (MDM, whichever of its events), new and changed referrals (not a cancelled one, REF^I14),
// bundles, decision support.
const std::vector<std::string>& DefaultRouting();

// kInvalid naming the rule and what was expected.
Result<Routing> ParseRouting(const std::vector<std::string>& rules);

bool StartsCase(const Routing& routing, const FeedMessage& message);

}  // namespace consilium
