#include "gateway/clinical/routing.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace consilium {
namespace {

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
  Routing routing;
  for (const std::string& text : rules) {
    Result<MessageRule> rule = ParseMessageRule(text);
    if (!rule) return rule.error();
    routing.rules.push_back(std::move(*rule));
  }
  return routing;
}

bool StartsCase(const Routing& routing, const FeedMessage& message) {
  return std::any_of(routing.rules.begin(), routing.rules.end(), [&](const MessageRule& rule) {
    const bool type = rule.type == "*" || IsPartOf(rule.type, message.type, "^/");
    return type && (rule.sender.empty() || IsPartOf(rule.sender, message.sender, "|"));
  });
}

}  // namespace consilium
