// Which messages a rule of gateway.cases means, and which can come at all.
// Threads: plain data, functions without state.
#pragma once

#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

// TYPE or TYPE@SENDER.
//   TYPE    a message type as a door has it ("MDM^T02", "Bundle/message"), its first part
//           ("ORU": all of its events; "Bundle"), or "*" for every message
//   SENDER  of a message exactly ("LAB|NORTH"), or its part before '|' ("LAB")
struct MessageRule {
  std::string type;
  std::string sender;  // "" = any

  friend bool operator==(const MessageRule&, const MessageRule&) = default;
};

// kInvalid, with what is allowed, for a rule that no message could ever match: in silence it would
// start no case.
Result<MessageRule> ParseMessageRule(std::string_view rule);

// The first part of an HL7 v2 type ("MDM") of those that are about patients; others are not read.
bool IsHl7PatientMessage(std::string_view code);

}  // namespace consilium
