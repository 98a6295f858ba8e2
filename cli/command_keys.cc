// keys new, keys show, keys token.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "shared/allow_list.h"
#include "shared/base64url.h"
#include "shared/bus_keys.h"
#include "shared/ids.h"
#include "shared/text.h"
#include "shared/tokens.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr mode_t kSecretMode = 0600;
constexpr mode_t kPublicMode = 0644;
constexpr std::size_t kSenderBytesMax = 1024;

enum class Writing { kNew, kAppend };

// A key that is there is never overwritten: whoever relies on it would be locked out.
Status Write(const fs::path& file, const std::string& text, mode_t mode, Writing writing) {
  const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (writing == Writing::kNew ? O_EXCL : O_APPEND);
  const int fd = ::open(file.c_str(), how, mode);
  if (fd < 0 && errno == EEXIST) {
    return Error{ErrorCode::kConflict, file.string() +
                                           ": exists, and no key is overwritten; "
                                           "choose another name or remove it first"};
  }
  const bool written =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int problem = errno;
  const bool closed = fd < 0 || ::close(fd) == 0;
  if (written && closed) return Ok();
  return Error{ErrorCode::kUnavailable,
               file.string() + ": cannot write: " + std::generic_category().message(problem)};
}

struct NewKey {
  fs::path folder;
  BusPeer peer;
  KeyPair keys;
  fs::path key_file() const { return folder / (peer.name + ".key"); }
  fs::path public_file() const { return folder / (peer.name + ".pub"); }
  fs::path allowed_file() const { return folder / "allowed"; }
  bool for_brokers() const { return peer.role == BusRole::kBroker; }
};

// To a file of tokens, which must be one that a gateway takes, and stay one. Returns the tokens
// that `name` had before.
Result<std::vector<TokenHolder>> AppendToken(const std::string& file, const std::string& line,
                                             const std::string& name) {
  auto text = ReadFile(file, TokenList::kBytesMax - line.size());
  if (!text.ok() && text.error().code != ErrorCode::kNotFound) return text.error();
  std::vector<TokenHolder> others;
  if (text.ok()) {
    const auto before = TokenList::Parse(*text, file);
    if (!before.ok()) return before.error();
    if (!text->empty() && text->back() != '\n') {
      return Invalid(file + ": its last line has no end");
    }
    others = before->Named(name);
  }
  if (Status written = Write(file, line, kPublicMode, Writing::kAppend); !written) {
    return written.error();
  }
  return others;
}

// A blank would make two of it.
Status CheckSender(const std::string& sender) {
  if (!sender.empty() && sender.size() <= kSenderBytesMax &&
      std::all_of(sender.begin(), sender.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    return Ok();
  }
  return Invalid("sender = " + Quoted(sender) + ", expected 1.." + std::to_string(kSenderBytesMax) +
                 " visible characters of ASCII, as in a URL");
}

// The list that the brokers would read must stay one, so it is read before it is added to.
Status CheckAllowed(const NewKey& key) {
  auto text = ReadFile(key.allowed_file().string(), AllowList::kBytesMax);
  if (!text.ok()) {
    return text.error().code == ErrorCode::kNotFound ? Ok() : Status(text.error());
  }
  if (!text->empty() && text->back() != '\n') {
    return Invalid(key.allowed_file().string() + ": its last line has no end");
  }
  const auto list = AllowList::Parse(*text + AllowLine(key.keys.public_key, key.peer),
                                     key.allowed_file().string());
  return list.ok() ? Ok() : Status(list.error());
}

Status Save(const NewKey& key) {
  std::error_code failed;
  fs::create_directories(key.folder, failed);
  if (failed) {
    return Error{ErrorCode::kUnavailable,
                 key.folder.string() + ": cannot be made: " + failed.message()};
  }
  if (!key.for_brokers()) {
    if (auto allowed = CheckAllowed(key); !allowed.ok()) return allowed;
  }
  const std::string role = kBusRoleNames[static_cast<std::size_t>(key.peer.role)];
  const std::string head = "# " + key.peer.name + ", " + role + " on the bus of Consilium. ";
  const std::string public_line = "public " + key.keys.public_key + "\n";
  auto written = Write(key.key_file(),
                       head + "Secret: whoever has this file is " + key.peer.name + ".\n" +
                           public_line + "secret " + key.keys.secret_key + "\n",
                       kSecretMode, Writing::kNew);
  if (!written.ok()) return written;
  if (key.for_brokers()) {
    return Write(key.public_file(), head + "Not secret.\n" + public_line, kPublicMode,
                 Writing::kNew);
  }
  auto listed = Write(key.allowed_file(), AllowLine(key.keys.public_key, key.peer), kPublicMode,
                      Writing::kAppend);
  // A key that nobody accepts would stand in the way of the next attempt.
  if (!listed.ok()) fs::remove(key.key_file(), failed);
  return listed;
}

std::string Describe(const NewKey& key) {
  std::string text = key.key_file().string() + ": the secret key, for bus.key_file of " +
                     (key.for_brokers() ? "every broker\n" : key.peer.name + "\n");
  if (key.for_brokers()) {
    return text + key.public_file().string() + ": for bus.broker_key of all others\n" +
           "public key: " + key.keys.public_key + "\n";
  }
  return text + key.allowed_file().string() + ": has the new line, for bus.allowed_file of every " +
         "broker:\n" + AllowLine(key.keys.public_key, key.peer);
}

// A new token of one who has some takes nothing away from those.
void TellOthers(const std::vector<TokenHolder>& others, const std::string& file) {
  for (const TokenHolder& one : others) {
    Note(one.name + " has another token of role " + std::string(NameOf(one.role)) +
         ", which stays valid: remove line " + std::to_string(one.line) + " of " + file +
         " once nobody uses it");
  }
}

}  // namespace

int RunKeysNew(const KeysNewOptions& options) {
  if (auto name = CheckPeerName(options.name); !name.ok()) {
    return ReportError(name.error(), options.json);
  }
  const NewKey key{options.folder, {options.name, *BusRoleFromName(options.role)}, NewKeyPair()};
  if (auto saved = Save(key); !saved.ok()) return ReportError(saved.error(), options.json, "");
  if (!options.json) {
    PrintOut(Describe(key));
    return kExitOk;
  }
  Json json{{"name", key.peer.name},
            {"role", options.role},
            {"public_key", key.keys.public_key},
            {"key_file", key.key_file().string()}};
  if (key.for_brokers()) {
    json["public_file"] = key.public_file().string();
  } else {
    json["allowed_file"] = key.allowed_file().string();
  }
  PrintOut(json.dump() + "\n");
  return kExitOk;
}

int RunKeysShow(const std::string& file, bool json) {
  const auto key = ReadPublicKeyFile(file);
  if (!key.ok()) return ReportError(key.error(), json);
  PrintOut(json ? Json{{"public_key", *key}}.dump() + "\n" : *key + "\n");
  return kExitOk;
}

int RunKeysToken(const KeysTokenOptions& options) {
  if (auto name = CheckPeerName(options.name); !name.ok()) {
    return ReportError(name.error(), options.json);
  }
  for (const std::string& sender : options.senders) {
    if (auto checked = CheckSender(sender); !checked.ok()) {
      return ReportError(checked.error(), options.json);
    }
  }
  constexpr std::size_t kTokenBytes = 32;
  const std::string token = ToBase64Url(RandomBytes(kTokenBytes));
  const std::string line =
      TokenLine(token, {options.name, *TokenRoleFromName(options.role), options.senders});
  std::vector<TokenHolder> others;
  if (!options.file.empty()) {
    auto kept = AppendToken(options.file, line, options.name);
    if (!kept.ok()) {
      ReportError(kept.error(), options.json, "");
      return kExitUsage;
    }
    others = std::move(*kept);
  }
  if (options.json) {
    PrintOut(Json{{"name", options.name},
                  {"role", options.role},
                  {"senders", options.senders},
                  {"token", token},
                  {"line", line.substr(0, line.size() - 1)},
                  {"file", options.file.empty() ? Json() : Json(options.file)}}
                 .dump() +
             "\n");
    TellOthers(others, options.file);
    return kExitOk;
  }
  PrintOut("token: " + token + "\n  shown once: it belongs to " + options.name +
           ", as Authorization: Bearer ...\n" +
           (options.file.empty()
                ? "a line for gateway.tokens_file:\n"
                : options.file + ": has the new line, for gateway.tokens_file:\n") +
           line);
  TellOthers(others, options.file);
  return kExitOk;
}

}  // namespace consilium
