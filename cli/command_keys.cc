// keys new, keys show, keys token.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
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

namespace consilium {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr mode_t kSecretMode = 0600;
constexpr mode_t kPublicMode = 0644;

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

// A line "<SHA-256> <role> <name>" of a file of tokens.
struct TokenLine {
  std::size_t number = 0;
  std::string role;
  std::string name;
};

// The lines with tokens; kInvalid for a file that holds anything else, which no gateway would take.
Result<std::vector<TokenLine>> ReadTokens(const std::string& text, const fs::path& file) {
  constexpr std::size_t kDigestChars = 64;
  std::vector<TokenLine> found;
  std::istringstream lines(text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string digest;
    if (!(words >> digest) || digest.front() == '#') continue;
    TokenLine one;
    one.number = number;
    std::string more;
    const bool whole = words >> one.role >> one.name && !(words >> more);
    if (!whole || digest.size() != kDigestChars ||
        digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
      return Invalid(
          file.string() + ":" + std::to_string(number) +
          ": expected `SHA256 ROLE NAME`: no file of tokens, and nothing is added to it");
    }
    found.push_back(std::move(one));
  }
  return found;
}

// To a file of tokens, whose last line must have an end. Returns the lines that `name` had before.
Result<std::vector<TokenLine>> AppendToken(const fs::path& file, const std::string& line,
                                           const std::string& name) {
  constexpr std::size_t kFileBytesMax = 1u << 20;  // as the gateway reads it
  auto text = ReadFile(file.string(), kFileBytesMax - line.size());
  if (!text.ok() && text.error().code != ErrorCode::kNotFound) return text.error();
  std::vector<TokenLine> others;
  if (text.ok()) {
    auto before = ReadTokens(*text, file);
    if (!before.ok()) return before.error();
    if (!text->empty() && text->back() != '\n') {
      return Invalid(file.string() + ": its last line has no end");
    }
    std::copy_if(before->begin(), before->end(), std::back_inserter(others),
                 [&name](const TokenLine& one) { return one.name == name; });
  }
  if (Status written = Write(file, line, kPublicMode, Writing::kAppend); !written) {
    return written.error();
  }
  return others;
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
void TellOthers(const std::vector<TokenLine>& others, const std::string& file) {
  for (const TokenLine& one : others) {
    Note(one.name + " has another token of role " + one.role + ", which stays valid: remove line " +
         std::to_string(one.number) + " of " + file + " once nobody uses it");
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
  constexpr std::size_t kTokenBytes = 32;
  const std::string token = ToBase64Url(RandomBytes(kTokenBytes));
  const std::string line = Sha256Hex(token) + " " + options.role + " " + options.name + "\n";
  std::vector<TokenLine> others;
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
