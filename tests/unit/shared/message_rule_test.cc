#include "shared/message_rule.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(MessageRuleTest, TypesThatComeMayBeNamedWithASender) {
  for (const char* type :
       {"*", "MDM", "MDM^T02", "ORU^R01", "REF^I12", "VXU^V04", "ADT^Z01", "PPR^PC1", "Bundle",
        "Bundle/message", "bulk", "patient-view", "order-select", "order-sign"}) {
    const auto rule = ParseMessageRule(type);
    ASSERT_TRUE(rule.ok()) << rule.error().text;
    EXPECT_EQ(*rule, (MessageRule{type, ""}));
    const auto of = ParseMessageRule(std::string(type) + "@LAB|NORTH");
    ASSERT_TRUE(of.ok()) << of.error().text;
    EXPECT_EQ(*of, (MessageRule{type, "LAB|NORTH"}));
  }
}

TEST(MessageRuleTest, WhatNoMessageCanMatchIsRefusedWithWhatIsAllowed) {
  for (const char* rule : {"",
                           "FOO",
                           "mdm",
                           "MDM^",
                           "MDM^T2",
                           "MDM^t02",
                           "MDM^02T",
                           "MDM^T02^MDM_T02",
                           "MDM_T02",
                           "MDM T02",
                           " MDM",
                           "ACK",
                           "bundle",
                           "Bundle/searchset",
                           "Bundle^message",
                           "Patient-view",
                           "FOO^T02",
                           "@LAB",
                           "MDM@",
                           "MDM@ LAB",
                           "MDM@LAB "}) {
    const auto refused = ParseMessageRule(rule);
    ASSERT_FALSE(refused.ok()) << rule;
    EXPECT_EQ(refused.error().text,
              std::string("\"") + rule +
                  "\", expected TYPE or TYPE@SENDER, where TYPE is *, Bundle, Bundle/message, "
                  "Bundle/document, Bundle/transaction, Bundle/batch, Bundle/collection, bulk, "
                  "patient-view, order-select, order-sign, or one of HL7, with or without an event "
                  "as in MDM^T02: ADT BAR DFT MDM ORU PPR REF VXU ORM OMP OML OMG OMI OMB OMD OMN "
                  "OMS OUL OPL ORL RDE RDS RGV RAS SIU SRM PGL PTR PIN CCM CCR CRM PPP");
  }
}

}  // namespace
}  // namespace consilium
