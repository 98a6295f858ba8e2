#include "gateway/hooks/services.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/hooks/spec_check.h"

namespace consilium {
namespace {

using nlohmann::json;

TEST(HookServicesTest, DiscoveryIsWhatTheSpecificationWants) {
  const json body = json::parse(DiscoveryJson());
  EXPECT_EQ(CheckDiscovery(body), std::vector<std::string>{});
  std::vector<std::string> named;
  for (const json& service : body["services"]) {
    named.push_back(service["id"].get<std::string>() + " " + service["hook"].get<std::string>());
  }
  // One id under all hooks, so that later cards replace earlier ones.
  EXPECT_EQ(named, (std::vector<std::string>{"medication-council patient-view",
                                             "medication-council order-select",
                                             "medication-council order-sign"}));
  EXPECT_EQ(body["services"][0]["prefetch"]["patient"], "Patient/{{context.patientId}}");
  EXPECT_EQ(body["services"][2]["prefetch"]["encounter"], "Encounter/{{context.encounterId}}");
}

TEST(HookServicesTest, EveryPrefetchIsOfThisPatientOrThisEncounter) {
  for (const PrefetchTemplate& one : PrefetchTemplates()) {
    const bool patient = one.query.find("{{context.patientId}}") != std::string_view::npos;
    const bool encounter = one.query == "Encounter/{{context.encounterId}}";
    EXPECT_TRUE(patient || encounter) << one.key;
    EXPECT_EQ(one.query.substr(0, one.type.size()), one.type);
  }
}

TEST(HookServicesTest, TemplateBecomesARelativeUrl) {
  const auto& templates = PrefetchTemplates();
  EXPECT_EQ(PrefetchQuery(templates[0], "123", ""), "Patient/123");
  EXPECT_EQ(PrefetchQuery(templates[1], "123", "7"), "Condition?patient=123");
  EXPECT_EQ(PrefetchQuery(templates.back(), "123", "7"), "Encounter/7");
  EXPECT_EQ(PrefetchQuery(templates.back(), "123", ""), "");
}

TEST(HookServicesTest, AServiceIsFoundByIdAndHook) {
  ASSERT_NE(FindHookService("medication-council", "order-sign"), nullptr);
  EXPECT_EQ(FindHookService("medication-council", "order-sign")->hook, "order-sign");
  EXPECT_EQ(FindHookService("medication-council", "appointment-book"), nullptr);
  EXPECT_EQ(FindHookService("other", "order-sign"), nullptr);
  EXPECT_TRUE(IsHookService("medication-council"));
  EXPECT_FALSE(IsHookService("other"));
}

}  // namespace
}  // namespace consilium
