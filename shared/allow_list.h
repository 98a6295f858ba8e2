// Who may speak on the bus: public keys, what each may do, and whose they are.
//
// The file has one line per key, `<public key> <role> <name>`; empty lines and lines that begin
// with # say nothing. A name may have several keys of one role, so that keys can be replaced.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

// kBroker is the key of the brokers themselves, which no list names.
enum class BusRole { kClient, kWorker, kAdmin, kBroker };
inline constexpr const char* kBusRoleNames[] = {"client", "worker", "admin", "broker"};
std::optional<BusRole> BusRoleFromName(std::string_view name);

// The two sockets of a broker.
enum class BusSide { kClients, kWorkers };
inline constexpr const char* kBusSideNames[] = {"clients", "workers"};
constexpr bool MaySpeak(BusRole role, BusSide side) {
  if (role == BusRole::kBroker) return true;
  return (role == BusRole::kWorker) == (side == BusSide::kWorkers);
}

// Whether it may do what concerns others' work: put back or delete dead letters, drain a broker.
constexpr bool MayOperate(BusRole role) {
  return role == BusRole::kAdmin || role == BusRole::kBroker;
}

struct BusPeer {
  std::string name;
  BusRole role = BusRole::kClient;

  friend bool operator==(const BusPeer&, const BusPeer&) = default;
};

// A key as text: 40 characters of Z85 (ZeroMQ RFC 32), the first one a letter or a digit. (Of all
// keys; others are made again by `consilium keys new`: # would begin a comment, / a path.)
bool IsBusKey(std::string_view text);
// kInvalid unless 1..64 characters of A-Z a-z 0-9 . _ -
Status CheckPeerName(std::string_view name);

class AllowList {
 public:
  static constexpr std::size_t kKeysMax = 10000;
  static constexpr std::size_t kBytesMax = 1u << 20;

  // kInvalid names file, line and what is wrong there; kTooLarge.
  static Result<AllowList> Parse(std::string_view text, const std::string& file);

  // Null for a key that is not in it.
  const BusPeer* Find(std::string_view key) const;
  void Add(std::string key, BusPeer peer) { peers_[std::move(key)] = std::move(peer); }
  std::size_t size() const { return peers_.size(); }

 private:
  std::map<std::string, BusPeer, std::less<>> peers_;  // by public key
};

// The line of a key.
std::string AllowLine(const std::string& key, const BusPeer& peer);

}  // namespace consilium
