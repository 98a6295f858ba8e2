#include "gateway/clinical/routing.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

bool Starts(const std::vector<std::string>& rules, const char* type, const char* sender = "A|X") {
  FeedMessage message;
  message.type = type;
  message.sender = sender;
  const auto routing = ParseRouting(rules);
  EXPECT_TRUE(routing.ok());
  return routing.ok() && StartsCase(*routing, message);
}

TEST(RoutingTest, ByDefaultNotesReferralsBundlesAndDecisionSupportStartCases) {
  for (const char* type : {"MDM^T02", "MDM^T01", "MDM^T10", "REF^I12", "REF^I13", "Bundle",
                           "Bundle/message", "patient-view", "order-select", "order-sign"}) {
    EXPECT_TRUE(Starts(DefaultRouting(), type)) << type;
  }
  for (const char* type : {"ORU^R01", "ADT^A01", "RDE^O11", "VXU^V04", "REF^I14", "MDMX", ""}) {
    EXPECT_FALSE(Starts(DefaultRouting(), type)) << type;
  }
}

TEST(RoutingTest, ATypeStandsForAllOfItsEvents) {
  EXPECT_TRUE(Starts({"ORU"}, "ORU^R01"));
  EXPECT_TRUE(Starts({"ORU"}, "ORU"));
  EXPECT_FALSE(Starts({"ORU^R01"}, "ORU"));
  EXPECT_TRUE(Starts({"*"}, "ZZZ^Z01"));
  EXPECT_FALSE(Starts({}, "MDM^T02"));
}

TEST(RoutingTest, ASenderRestrictsARule) {
  const std::vector<std::string> rules = {"ORU^R01@LAB|NORTH", "MDM@WARD"};
  EXPECT_TRUE(Starts(rules, "ORU^R01", "LAB|NORTH"));
  EXPECT_FALSE(Starts(rules, "ORU^R01", "LAB|SOUTH"));
  EXPECT_FALSE(Starts(rules, "ORU^R01", "LAB"));
  EXPECT_TRUE(Starts(rules, "MDM^T02", "WARD|SOUTH"));
  EXPECT_TRUE(Starts(rules, "MDM^T02", "WARD"));
  EXPECT_FALSE(Starts(rules, "MDM^T02", "WARD2|SOUTH"));
}

TEST(RoutingTest, AWrongRuleIsNamed) {
  const auto routing = ParseRouting({"MDM", "FOO"});
  ASSERT_FALSE(routing.ok());
  EXPECT_EQ(routing.error().text.find("\"FOO\", expected TYPE or TYPE@SENDER"), 0u);
}

}  // namespace
}  // namespace consilium
