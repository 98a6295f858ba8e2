#include "shared/redis_durability.h"

#include <map>
#include <sstream>

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

std::vector<std::string> AskDefaultUser() { return {"ACL", "GETUSER", "default"}; }

SettingFound ReadDefaultUser(const RedisReply& reply) {
  std::map<std::string, std::string> said;
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    said[reply.items[i].text] = reply.items[i + 1].text;
  }
  SettingFound found{kDefaultUser, ""};
  if (said.count("commands") == 0 || said.count("keys") == 0) return found;
  found.found = said["keys"].empty() ? "no keys" : said["keys"];
  std::istringstream commands(said["commands"]);
  for (std::string word; commands >> word;) {
    const bool category = word.starts_with("-@") || word.starts_with("+@");
    if (category && word != "-@dangerous" && word != "-@admin") found.found += " " + word;
  }
  return found;
}

std::string WhyNotDurable(const std::vector<SettingFound>& settings) {
  std::string bad;
  std::string commands;
  std::string untold;
  for (const SettingFound& setting : settings) {
    std::string& list = setting.told() ? bad : untold;
    if (setting.good()) continue;
    if (!list.empty()) list += ", ";
    list += setting.expected.name;
    if (setting.told()) {
      list += " = " + setting.found + " (expected ";
      list += setting.expected.value;
      list += ")";
      const std::string command =
          setting.expected.name == kDefaultUser.name ? "ACL SETUSER" : "CONFIG SET";
      if (commands.find(command) == std::string::npos) {
        commands += (commands.empty() ? "" : " and ") + command;
      }
    }
  }
  if (!bad.empty()) {
    return "Redis may lose what it accepts: " + bad + "; set it with " + commands;
  }
  if (untold.empty()) return "";
  return "Redis does not tell " + untold +
         "; if it syncs every write, say so with redis.durability = \"trusted\"";
}

}  // namespace consilium
