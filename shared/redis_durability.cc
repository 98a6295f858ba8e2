#include "shared/redis_durability.h"

namespace consilium {

std::vector<std::string> AskDurableSettings() {
  std::vector<std::string> command = {"CONFIG", "GET"};
  for (const RedisSetting& setting : kDurableSettings) command.emplace_back(setting.name);
  return command;
}

std::vector<SettingFound> ReadDurableSettings(const RedisReply& reply) {
  std::vector<SettingFound> settings;
  for (const RedisSetting& expected : kDurableSettings) {
    SettingFound& setting = settings.emplace_back(SettingFound{expected, ""});
    for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
      if (reply.items[i].text == expected.name) setting.found = reply.items[i + 1].text;
    }
  }
  return settings;
}

}  // namespace consilium
