// The doors beside a Redis that would lose what it is given: nobody hears yes meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "shared/redis.h"
#include "tests/support/gateway_rig.h"
#include "tests/support/hl7_notes.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

// No case comes of it: only the doors' own Redis stands behind its acknowledgement.
std::string Allergy(const std::string& id) {
  return Msh("ADT^A08", id) + "EVN|A08|20261128\r" + Pid(id) +
         "AL1|1|DA|PCN^Penicillin|SV|anaphylaxis\r";
}

class GatewayDurabilityTest : public GatewayRig {
 protected:
  RedisReply Redis(std::vector<std::string> command) {
    RedisConnection redis(*ParseRedisUrl(cluster_->redis()), {});
    const auto reply = redis.Call(std::move(command), std::chrono::seconds(5));
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? *reply : RedisReply();
  }
  // What /readyz says; "" = ready.
  std::string NotReady() {
    const auto reply = Ask("GET", "/readyz");
    return reply.status == 200 ? "" : json::parse(reply.body).value("detail", reply.body);
  }
  // The gateway itself has noticed, not only a broker.
  void AwaitNoticed(const std::string& setting) {
    ASSERT_TRUE(Eventually([&] {
      return NotReady().starts_with("Redis may lose what it accepts: " + setting);
    })) << NotReady();
  }
  std::string Send(const std::string& id) {
    MllpSender sender(cluster_->mllp());
    const std::string ack = sender.Ask(Allergy(id)).value_or("");
    if (Hl7Field(ack, "MSA", 1) == "AA") {
      acknowledged_.insert(id);
      return "";
    }
    EXPECT_EQ(Hl7Field(ack, "MSA", 1), "AE");
    return ack;
  }
  // Messages that Redis knows of.
  std::size_t Admitted() {
    const std::string count = Redis({"HGET", "consilium:{0}:door:counters", "hl7:admitted"}).text;
    return count.empty() ? 0 : std::stoul(count);
  }
  std::set<std::string> acknowledged_;
};

TEST_F(GatewayDurabilityTest, NoMessageIsAcknowledgedWhileRedisDoesNotSyncAndGoesOnByItself) {
  Start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Send("a" + std::to_string(i)), "");
  for (const char* setting : {"appendfsync", "appendonly"}) {
    Redis({"CONFIG", "SET", setting, "no"});
    AwaitNoticed(setting);
    for (int i = 0; i < 10; ++i) {
      const std::string ack = Send(setting + std::to_string(i));
      EXPECT_THAT(ack, HasSubstr("Redis may lose what it accepts")) << "it says why";
      EXPECT_THAT(Hl7Field(ack, "ERR", 3), StartsWith("207"));
    }
    EXPECT_NE(Send("a0"), "") << "nor what was here before";
    const auto fhir =
        Ask("POST", "/fhir",
            R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":)"
            R"("Patient","id":"p1"}},{"resource":{"resourceType":"AllergyIntolerance","patient":)"
            R"({"reference":"Patient/p1"},"code":{"text":"penicillin"}}}]})",
            {"Content-Type: application/fhir+json"});
    EXPECT_EQ(fhir.status, 503) << fhir.body;
    EXPECT_THAT(fhir.body, HasSubstr("Redis may lose what it accepts"));
    EXPECT_EQ(acknowledged_.size(), Admitted());
    Redis({"CONFIG", "SET", setting, setting == std::string("appendonly") ? "yes" : "always"});
    ASSERT_TRUE(Eventually([&] { return NotReady().empty(); })) << NotReady();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(Send(setting + std::to_string(i)), "");
  }
  EXPECT_EQ(acknowledged_.size(), 30u);
  EXPECT_EQ(Admitted(), 30u);
  EXPECT_THAT(cluster_->LogOf("gateway"), HasSubstr("redis_not_durable"));
}

TEST_F(GatewayDurabilityTest, WhatWasAcknowledgedIsThereAfterACrashOfARedisThatWasNotToKeepIt) {
  Start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Send("b" + std::to_string(i)), "");
  Redis({"CONFIG", "SET", "appendonly", "no"});
  AwaitNoticed("appendonly");
  for (int i = 0; i < 10; ++i) EXPECT_NE(Send("c" + std::to_string(i)), "");
  const auto before = cluster_->PidsOf("redis");
  ASSERT_EQ(cluster_->Kill9("redis"), 1u);
  ASSERT_TRUE(cluster_->AwaitRestart("redis", before));
  // It comes back with the settings that it was started with, and is asked for them again.
  ASSERT_TRUE(Eventually([&] { return NotReady().empty(); })) << NotReady();
  EXPECT_EQ(acknowledged_.size(), 10u);
  EXPECT_EQ(Admitted(), 10u) << "all that was acknowledged";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Send("c" + std::to_string(i)), "");
  EXPECT_EQ(Admitted(), 20u);
}

}  // namespace
}  // namespace consilium
