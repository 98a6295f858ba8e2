#include "shared/bus_door.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/log.h"
#include "shared/zmq_socket.h"

namespace consilium {
namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";
constexpr std::string_view kVersion = "1.0";
// version, request id, domain, address, routing id, mechanism, credentials
constexpr std::size_t kRequestParts = 7;
constexpr std::size_t kKeyBytes = 32;

std::optional<BusSide> SideOf(const std::string& domain) {
  const auto* const found = std::find(std::begin(kBusSideNames), std::end(kBusSideNames), domain);
  if (found == std::end(kBusSideNames)) return std::nullopt;
  return static_cast<BusSide>(found - std::begin(kBusSideNames));
}

std::string ToText(const std::string& key) {
  char text[41];
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(key.data());  // as libzmq has it
  return zmq_z85_encode(text, bytes, kKeyBytes) == nullptr ? "" : text;
}

}  // namespace

struct BusDoor::State {
  explicit State(ZmqContext& context) : polled(context, zmq::socket_type::rep) {}
  PolledSocket polled;
  PowersOfTwo told;
};

BusDoor::BusDoor(ZmqContext& context, KeyPair own)
    : own_(std::move(own)), state_(std::make_unique<State>(context)) {}

BusDoor::~BusDoor() = default;

Status BusDoor::Open() {
  try {
    state_->polled.socket().bind(kEndpoint);
  } catch (const zmq::error_t& error) {
    return Error{ErrorCode::kUnavailable,
                 std::string("no handler for keys can be bound: ") + error.what()};
  }
  return Ok();
}

void BusDoor::Allow(AllowList list) { allowed_ = std::move(list); }

int BusDoor::fd() const { return state_->polled.fd(); }

Result<BusPeer> BusDoor::Find(const std::string& key, BusSide side) const {
  if (key == own_.public_key) return BusPeer{"broker", BusRole::kBroker};
  const BusPeer* const peer = allowed_.Find(key);
  if (peer == nullptr) {
    return Error{ErrorCode::kForbidden, "this key is not in the broker's list (bus.allowed_file)"};
  }
  if (MaySpeak(peer->role, side)) return *peer;
  return Error{ErrorCode::kForbidden, "the key of " + peer->name + " has role " +
                                          kBusRoleNames[static_cast<std::size_t>(peer->role)] +
                                          ", which may not speak on the socket for " +
                                          kBusSideNames[static_cast<std::size_t>(side)]};
}

Result<BusPeer> BusDoor::Judge(const std::string& key, BusSide side) {
  Result<BusPeer> peer = Find(key, side);
  if (!peer) ++refused_.messages;
  return peer;
}

void BusDoor::Answer() {
  while (true) {
    const std::vector<std::string> request = state_->polled.Receive(kRequestParts + 1).parts;
    if (request.empty()) return;
    const std::string id = request.size() > 1 ? request[1] : "";
    const auto reply = [this, &id](std::string_view status, std::string_view text,
                                   std::string_view user) {
      state_->polled.Send({kVersion, id, status, text, user, ""});
    };
    const bool ours = request.size() == kRequestParts && request[0] == kVersion &&
                      request[5] == "CURVE" && request[6].size() == kKeyBytes;
    const std::optional<BusSide> side = ours ? SideOf(request[2]) : std::nullopt;
    if (!side) {
      reply("500", "not a request that this handler knows", "");
      continue;
    }
    const std::string key = ToText(request[6]);
    const Result<BusPeer> peer = Find(key, *side);
    if (peer) {
      reply("200", "", key);
      continue;
    }
    ++(allowed_.Find(key) == nullptr ? refused_.keys : refused_.roles);
    if (state_->told.Due()) {
      // The key is a public one: whoever allows it needs it.
      LogWarn("bus_key_refused", {{"side", request[2]},
                                  {"key", key},
                                  {"address", request[3]},
                                  {"text", peer.error().text},
                                  {"count", state_->told.count()}});
    }
    reply("400", "not allowed", "");
  }
}

}  // namespace consilium
