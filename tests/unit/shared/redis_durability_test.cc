#include "shared/redis_durability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium {
namespace {

using testing::ElementsAre;

RedisReply Told(const std::vector<std::string>& words) {
  RedisReply reply;
  reply.kind = RedisReply::Kind::kArray;
  for (const std::string& word : words) {
    RedisReply item;
    item.kind = RedisReply::Kind::kString;
    item.text = word;
    reply.items.push_back(item);
  }
  return reply;
}

TEST(DurableSettingsTest, AllAreAskedForAtOnce) {
  EXPECT_THAT(AskDurableSettings(), ElementsAre("CONFIG", "GET", "appendonly", "appendfsync",
                                                "no-appendfsync-on-rewrite", "maxmemory-policy"));
}

TEST(DurableSettingsTest, FoundValuesAreReadInAnyOrder) {
  const auto settings = ReadDurableSettings(
      Told({"maxmemory-policy", "noeviction", "appendfsync", "everysec", "appendonly", "yes"}));
  ASSERT_EQ(settings.size(), 4u);
  EXPECT_TRUE(settings[0].good());
  EXPECT_FALSE(settings[1].good());
  EXPECT_EQ(settings[1].found, "everysec");
  EXPECT_FALSE(settings[2].told());
  EXPECT_TRUE(settings[3].good());
}

// As Redis 7.0.15 says it.
SettingFound UserWith(const std::string& commands, const std::string& keys) {
  return ReadDefaultUser(Told({"flags", "off", "passwords", "", "commands", commands, "keys", keys,
                               "channels", "", "selectors", ""}));
}

TEST(DurableSettingsTest, TheDefaultUserMustBeAbleToWriteEvenWhenItIsOff) {
  EXPECT_TRUE(UserWith("+@all", "~*").good());
  EXPECT_TRUE(UserWith("+@all -@dangerous -@admin -config", "~*").good());
  EXPECT_EQ(UserWith("-@all", "").found, "no keys -@all");
  EXPECT_FALSE(UserWith("-@all", "").good());
  EXPECT_FALSE(UserWith("+@all", "~app:*").good());
  EXPECT_FALSE(UserWith("+@all -@write", "~*").good());
  EXPECT_FALSE(ReadDefaultUser(RedisReply{}).told()) << "not allowed to ask";
  EXPECT_EQ(
      WhyNotDurable({UserWith("-@all", "")}),
      "Redis may lose what it accepts: user default = no keys -@all (expected ~* +@all); set it "
      "with ACL SETUSER");
}

TEST(DurableSettingsTest, StrangeReplyTellsNothing) {
  for (const SettingFound& setting : ReadDurableSettings(Told({"appendonly"}))) {
    EXPECT_FALSE(setting.told());
    EXPECT_FALSE(setting.good());
  }
}

}  // namespace
}  // namespace consilium
