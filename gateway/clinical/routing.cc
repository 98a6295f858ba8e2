#include "gateway/clinical/routing.h"

#include <algorithm>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kTypeBytesMax = 64;
constexpr std::size_t kSenderBytesMax = 256;

bool IsTypeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '^' ||
         c == '/' || c == '-' || c == '_' || c == '.' || c == '$';
}

bool IsType(std::string_view type) {
  if (type == "*") return true;
  return !type.empty() && type.size() <= kTypeBytesMax &&
         std::all_of(type.begin(), type.end(), IsTypeCharacter);
}

// Whether `whole` is `part`, or begins with it and goes on with one of `separators`.
bool IsPartOf(std::string_view part, std::string_view whole, std::string_view separators) {
  if (whole.substr(0, part.size()) != part) return false;
  return whole.size() == part.size() ||
         separators.find(whole[part.size()]) != std::string_view::npos;
}

}  // namespace

const std::vector<std::string>& DefaultRouting() {
  static const std::vector<std::string> rules = {
      "MDM", "REF^I12", "REF^I13", "Bundle", "patient-view", "order-select", "order-sign"};
  return rules;
}

Result<Routing> ParseRouting(const std::vector<std::string>& rules) {
  if (rules.size() > kRoutingRulesMax) {
    return Invalid("routing: " + std::to_string(rules.size()) + " rules, expected at most " +
                   std::to_string(kRoutingRulesMax));
  }
  Routing routing;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string_view rule = rules[i];
    const std::size_t at = rule.find('@');
    const std::string_view type = rule.substr(0, at);
    const bool has_sender = at != std::string_view::npos;
    const std::string_view sender = has_sender ? rule.substr(at + 1) : std::string_view();
    if (!IsType(type) || (has_sender && sender.empty()) || sender.size() > kSenderBytesMax) {
      return Invalid("routing[" + std::to_string(i) + "] = " + Quoted(rule) +
                     ", expected TYPE or TYPE@SENDER, as in \"MDM^T02\", \"ORU\", \"*@LAB|NORTH\"");
    }
    routing.rules.push_back({std::string(type), std::string(sender)});
  }
  return routing;
}

bool StartsCase(const Routing& routing, const FeedMessage& message) {
  return std::any_of(routing.rules.begin(), routing.rules.end(), [&](const RoutingRule& rule) {
    const bool type = rule.type == "*" || IsPartOf(rule.type, message.type, "^/");
    return type && (rule.sender.empty() || IsPartOf(rule.sender, message.sender, "|"));
  });
}

}  // namespace consilium
