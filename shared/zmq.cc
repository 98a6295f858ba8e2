#include "shared/zmq.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <random>
#include <utility>

#include "shared/bus_door.h"
#include "shared/check.h"
#include "shared/clock.h"
#include "shared/endpoint.h"
#include "shared/limits.h"
#include "shared/text.h"
#include "shared/zmq_socket.h"

namespace consilium {
namespace {

constexpr std::size_t kFrameParts = 4;
// What we keep of one message: our frames, the routing id, and one more to notice that there are
// more.
constexpr std::size_t kPartsKept = kFrameParts + 2;
// Between attempts libzmq waits for this and up to as much again. Without a maximum for pauses that
// grow: with one, peers whose broker is away for seconds would find it seconds after it is back.
constexpr int kReconnectMsMin = 100;
constexpr int kReconnectMsMax = 300;
// To a broker that refused us: an operator may allow the key in the meantime.
constexpr int kRefusedMsMin = 1000;
constexpr int kRefusedMsMax = 3000;

// Not reproducible on purpose: peers that lose one broker must not come back in step.
int Jittered(int min, int max) {
  std::random_device random;
  return std::uniform_int_distribution<int>(min, max)(random);
}

bool IsType(std::string_view type) {
  return !type.empty() && type.size() <= limits::kTypeBytesMax &&
         std::all_of(type.begin(), type.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// What is sent instead of a body over the limit.
Frame TooLarge(const Frame& frame) {
  ErrorMessage error;
  error.code = ErrorName(ErrorCode::kTooLarge);
  error.text = frame.type + " of " + std::to_string(frame.body.size()) + " bytes, at most " +
               std::to_string(limits::kMessageBytesMax);
  return MakeFrame(error, frame.request);
}

// The parts of a message to `peer`, or to the only one there is.
SendResult SendFrame(PolledSocket& socket, const std::string* peer, const Frame& frame) {
  if (frame.body.size() > limits::kMessageBytesMax) {
    return SendFrame(socket, peer, TooLarge(frame));
  }
  std::vector<std::string_view> parts = {kProtocol, frame.type, frame.request, frame.body};
  if (peer != nullptr) parts.insert(parts.begin(), *peer);
  return socket.Send(parts);
}

}  // namespace

ZmqContext::ZmqContext() : state_(std::make_unique<State>()) {}
ZmqContext::~ZmqContext() = default;

Result<Frame> ParseFrames(const std::vector<std::string>& frames) {
  if (frames.empty() || frames[0] != kProtocol) {
    return Error{ErrorCode::kUnsupported, "protocol " +
                                              Quoted(frames.empty() ? "" : frames[0], 16) +
                                              ", expected " + Quoted(kProtocol)};
  }
  if (frames.size() != kFrameParts) {
    const std::string count =
        frames.size() > kFrameParts ? "too many" : std::to_string(frames.size());
    return Invalid(count + " frames, expected protocol, type, request, body");
  }
  if (!IsType(frames[1])) {
    return Invalid("message type " + Quoted(frames[1], 32) +
                   ", expected 1..32 characters of a-z _");
  }
  if (frames[2].size() > limits::kRequestBytesMax) {
    return Invalid("request id of " + std::to_string(frames[2].size()) + " bytes, at most " +
                   std::to_string(limits::kRequestBytesMax));
  }
  if (frames[3].size() > limits::kMessageBytesMax) {
    return Error{ErrorCode::kTooLarge, "a message of " + std::to_string(frames[3].size()) +
                                           " bytes, at most " +
                                           std::to_string(limits::kMessageBytesMax)};
  }
  return Frame{frames[1], frames[2], frames[3]};
}

KeyPair NewKeyPair() {
  constexpr std::size_t kSize = 41;  // with the NUL
  while (true) {
    char public_key[kSize];
    char secret_key[kSize];
    const int made = zmq_curve_keypair(public_key, secret_key);
    CHECK(made == 0, "libzmq has CURVE");
    KeyPair keys{public_key, secret_key};
    const auto fit = [](const std::string& key) {
      return IsBusKey(key) && key.find('$') == key.npos;
    };
    if (fit(keys.public_key) && fit(keys.secret_key)) return keys;
  }
}

std::optional<std::string> PublicKeyOf(const std::string& secret_key) {
  char public_key[41];
  if (zmq_curve_public(public_key, secret_key.c_str()) != 0) return std::nullopt;
  return std::string(public_key);
}

struct RouterSocket::State {
  explicit State(ZmqContext& context) : polled(context, zmq::socket_type::router) {}
  PolledSocket polled;
  std::string endpoint;
  BusDoor* door = nullptr;
  BusSide side = BusSide::kClients;
  std::int64_t accepted = 0;
  std::int64_t known = 0;  // of them, those whose handshake succeeded
};

// Routing ids are libzmq's: fresh for every connection, so that a peer that comes back is a new
// one, and no peer can take the id of another (it would have to replace it: router_handover, off).
// The first is drawn from rand(), which libzmq seeds with the time.
RouterSocket::RouterSocket(ZmqContext& context) {
  std::srand(std::random_device()());
  state_ = std::make_unique<State>(context);
  state_->polled.socket().set(zmq::sockopt::router_mandatory, 1);
  state_->polled.socket().set(zmq::sockopt::rcvhwm, limits::kRouterHwm);
  state_->polled.Monitor(ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED,
                         [state = state_.get()](int event, std::uint32_t /*value*/) {
                           ++(event == ZMQ_EVENT_ACCEPTED ? state->accepted : state->known);
                         });
}

RouterSocket::~RouterSocket() = default;

void RouterSocket::Guard(BusDoor& door, BusSide side) {
  state_->door = &door;
  state_->side = side;
  zmq::socket_t& socket = state_->polled.socket();
  socket.set(zmq::sockopt::curve_server, 1);
  socket.set(zmq::sockopt::curve_secretkey, door.own().secret_key);
  // Without a domain libzmq would ask no handler.
  socket.set(zmq::sockopt::zap_domain, kBusSideNames[static_cast<std::size_t>(side)]);
}

std::int64_t RouterSocket::strangers() const { return state_->accepted - state_->known; }

Status RouterSocket::Bind(const std::string& endpoint) {
  zmq::socket_t& socket = state_->polled.socket();
  try {
    socket.bind(endpoint);
    state_->endpoint = socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& error) {
    const bool bad = error.num() == EINVAL || error.num() == EPROTONOSUPPORT ||
                     error.num() == ENODEV || error.num() == EADDRNOTAVAIL ||
                     error.num() == ENAMETOOLONG;
    return Error{bad ? ErrorCode::kInvalid : ErrorCode::kUnavailable,
                 "cannot listen on " + Quoted(endpoint, 128) + ": " + error.what()};
  }
  return Ok();
}

std::string RouterSocket::endpoint() const { return state_->endpoint; }

int RouterSocket::fd() const { return state_->polled.fd(); }

std::optional<RouterSocket::Incoming> RouterSocket::Receive() {
  PolledSocket::Message message = state_->polled.Receive(kPartsKept);
  std::vector<std::string>& parts = message.parts;
  if (parts.empty()) return std::nullopt;
  std::string peer = std::move(parts.front());
  parts.erase(parts.begin());
  Result<Frame> frame = ParseFrames(parts);
  if (state_->door == nullptr) {
    return Incoming{std::move(peer), std::move(frame), "", {"", BusRole::kBroker}, ""};
  }
  // A message without a user came past the handler, which must not be possible: no key has that
  // name.
  Result<BusPeer> from = state_->door->Judge(message.user, state_->side);
  if (from) {
    return Incoming{std::move(peer), std::move(frame), std::move(message.user), *std::move(from),
                    ""};
  }
  std::string request = frame ? frame->request : "";
  return Incoming{std::move(peer), from.error(), std::move(message.user), {}, std::move(request)};
}

SendResult RouterSocket::Send(const std::string& peer, const Frame& frame) {
  return SendFrame(state_->polled, &peer, frame);
}

struct DealerSocket::State {
  explicit State(ZmqContext& context) : polled(context, zmq::socket_type::dealer) {}
  void OnEvent(int event, std::uint32_t value);
  void ConnectAgain();

  PolledSocket polled;
  std::string endpoint;
  bool keys = false;
  Status connected = Ok();
  std::string refusal;
  // A connection stands. ZMQ_IMMEDIATE would have libzmq keep it, and take the connection away in
  // the middle of a message that is being read, which it then asserts never happens
  // (fq.cpp, 4.3.4).
  bool up = false;
  // libzmq gives an endpoint up when its handshake fails for a reason that could last.
  bool given_up = false;
  TimePoint again;
};

void DealerSocket::State::OnEvent(int event, std::uint32_t value) {
  up = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  if (up) refusal.clear();
  if (up || event == ZMQ_EVENT_DISCONNECTED) return;
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    refusal = "the broker does not allow this key here";
  } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL &&
             value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) {
    refusal = keys ? "the broker has no keys, but this process has (bus.key_file)"
                   : "the broker wants a key, and this process has none (bus.key_file)";
  } else {
    refusal = keys ? "the broker ended the handshake: it has another key than bus.broker_key says, "
                     "or no keys, or is none"
                   : "the other side ended the handshake: it is no broker";
  }
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) return;  // tried again by libzmq
  given_up = true;
  again = Now() + milliseconds(Jittered(kRefusedMsMin, kRefusedMsMax));
}

void DealerSocket::State::ConnectAgain() {
  if (!given_up || Now() < again) return;
  given_up = false;
  try {
    polled.socket().disconnect(endpoint);
  } catch (const zmq::error_t&) {
    // It has forgotten the endpoint already.
  }
  try {
    polled.socket().connect(endpoint);
  } catch (const zmq::error_t& error) {
    connected = Invalid("cannot connect to " + Quoted(endpoint, 128) + ": " + error.what());
  }
}

DealerSocket::DealerSocket(ZmqContext& context, const std::string& endpoint, const BusKeys& keys)
    : state_(std::make_unique<State>(context)) {
  state_->endpoint = endpoint;
  state_->keys = keys.on();
  zmq::socket_t& socket = state_->polled.socket();
  socket.set(zmq::sockopt::reconnect_ivl, Jittered(kReconnectMsMin, kReconnectMsMax));
  if (keys.on()) {
    socket.set(zmq::sockopt::curve_publickey, keys.own.public_key);
    socket.set(zmq::sockopt::curve_secretkey, keys.own.secret_key);
    socket.set(zmq::sockopt::curve_serverkey, keys.broker_key);
  }
  state_->polled.Monitor(
      ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL,
      [state = state_.get()](int event, std::uint32_t value) { state->OnEvent(event, value); });
  if (!keys.on() && endpoint.starts_with("tcp://")) {
    state_->connected = CheckLoopback("broker", endpoint);
    if (!state_->connected) return;
  }
  try {
    socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    state_->connected = Invalid("cannot connect to " + Quoted(endpoint, 128) + ": " + error.what());
  }
}

DealerSocket::~DealerSocket() = default;

Status DealerSocket::status() const { return state_->connected; }

int DealerSocket::fd() const { return state_->polled.fd(); }

std::optional<Result<Frame>> DealerSocket::Receive() {
  const PolledSocket::Message message = state_->polled.Receive(kPartsKept);
  if (message.parts.empty()) return std::nullopt;
  return ParseFrames(message.parts);
}

SendResult DealerSocket::Send(const Frame& frame) {
  if (!state_->up) state_->polled.ReadEvents();
  const SendResult sent =
      state_->up ? SendFrame(state_->polled, nullptr, frame) : SendResult::kFull;
  if (sent != SendResult::kSent) state_->ConnectAgain();
  return sent;
}

std::string DealerSocket::refusal() const { return state_->refusal; }

}  // namespace consilium
