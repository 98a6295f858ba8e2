#include "shared/bus_keys.h"

#include <algorithm>
#include <string_view>

#include "shared/allow_list.h"
#include "shared/file.h"
#include "shared/secret.h"
#include "shared/text.h"

namespace consilium {
namespace {

// Both as the file has them; "" when absent.
Result<KeyPair> ParseKeyFile(std::string_view text, const std::string& file) {
  KeyPair keys;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    // No part of the line is shown: it may be a secret.
    const auto refuse = [&](const std::string& what) {
      return Invalid(file + ":" + std::to_string(number) + ": " + what);
    };
    const std::size_t space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    if ((word != "public" && word != "secret") || space == line.npos) {
      return refuse("expected `public KEY` or `secret KEY`, as `consilium keys new` writes them");
    }
    std::string& key = word == "public" ? keys.public_key : keys.secret_key;
    if (!key.empty()) return refuse("a second " + std::string(word) + " key, expected one");
    if (!IsBusKey(line.substr(space + 1))) {
      return refuse("not a key, expected 40 characters of Z85 that begin with a letter or digit");
    }
    key = line.substr(space + 1);
  }
  return keys;
}

Result<std::string> BrokerKeyOf(const BusConfig& config, const KeyPair& own) {
  if (config.broker_key.empty()) return own.public_key;
  if (IsBusKey(config.broker_key)) return config.broker_key;
  Result<std::string> key = ReadPublicKeyFile(config.broker_key);
  if (key) return key;
  return Error{key.error().code, "bus.broker_key: " + key.error().text};
}

}  // namespace

Result<KeyPair> ReadKeyFile(const std::string& file) {
  const Result<std::string> text = ReadSecretFile(file);
  if (!text) return text.error();
  Result<KeyPair> keys = ParseKeyFile(*text, file);
  if (!keys) return keys;
  if (keys->secret_key.empty()) return Invalid(file + ": no secret key in it");
  const std::optional<std::string> derived = PublicKeyOf(keys->secret_key);
  if (!derived) return Invalid(file + ": the secret key is none");
  if (!keys->public_key.empty() && keys->public_key != *derived) {
    return Invalid(file + ": the public and the secret key do not belong together");
  }
  if (!IsBusKey(*derived)) {
    return Invalid(file + ": its public key does not begin with a letter or digit; make another");
  }
  keys->public_key = *derived;
  return keys;
}

Result<std::string> ReadPublicKeyFile(const std::string& file) {
  const Result<std::string> text = ReadFile(file, kSecretBytesMax);
  if (!text) return text.error();
  const Result<KeyPair> keys = ParseKeyFile(*text, file);
  if (!keys) return keys.error();
  if (!keys->public_key.empty()) return keys->public_key;
  const std::optional<std::string> derived = PublicKeyOf(keys->secret_key);
  if (!derived) return Invalid(file + ": no key in it");
  return *derived;
}

Result<BusKeys> ReadBusKeys(const BusConfig& config) {
  BusKeys keys;
  if (config.key_file.empty()) return keys;
  Result<KeyPair> own = ReadKeyFile(config.key_file);
  if (!own) return Error{own.error().code, "bus.key_file: " + own.error().text};
  Result<std::string> broker = BrokerKeyOf(config, *own);
  if (!broker) return broker.error();
  keys.own = *std::move(own);
  keys.broker_key = *std::move(broker);
  return keys;
}

}  // namespace consilium
