// RabbitMQ over AMQP 0.9.1 with Debian's C client: a quorum queue, persistent messages, publisher
// confirms, a prefetch of 64, each delivery acknowledged at once.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <set>

#include "tests/bench/peers/peer_client.h"

namespace consilium::bench {
namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr std::uint16_t kPrefetch = 64;
constexpr int kFrameBytes = 131072;

amqp_bytes_t QueueName() { return amqp_cstring_bytes("bench"); }

timeval TimeOf(std::chrono::microseconds span) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(span);
  return {whole.count(), static_cast<suseconds_t>((span - whole).count())};
}

// A connection with one channel and the queue declared.
class Channel {
 public:
  explicit Channel(int port) : connection_(amqp_new_connection()) {
    amqp_socket_t* socket = amqp_tcp_socket_new(connection_);
    if (socket == nullptr || amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK) {
      GiveUp("nobody listens on port " + std::to_string(port));
    }
    Require(
        amqp_login(connection_, "/", 0, kFrameBytes, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"),
        "log in");
    amqp_channel_open(connection_, kChannel);
    Require(amqp_get_rpc_reply(connection_), "open a channel");
    amqp_table_entry_t kind{};
    kind.key = amqp_cstring_bytes("x-queue-type");
    kind.value.kind = AMQP_FIELD_KIND_UTF8;
    kind.value.value.bytes = amqp_cstring_bytes("quorum");
    const amqp_table_t arguments{1, &kind};
    amqp_queue_declare(connection_, kChannel, QueueName(), 0, 1, 0, 0, arguments);
    Require(amqp_get_rpc_reply(connection_), "declare a quorum queue");
  }
  ~Channel() { amqp_destroy_connection(connection_); }
  Channel(const Channel&) = delete;  // owns a connection
  Channel& operator=(const Channel&) = delete;

  static void Require(const amqp_rpc_reply_t& reply, const char* what) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) GiveUp(std::string("RabbitMQ: cannot ") + what);
  }
  amqp_connection_state_t get() { return connection_; }

 private:
  amqp_connection_state_t connection_;
};

class RabbitSender : public Sender {
 public:
  explicit RabbitSender(int port) : channel_(port) {
    amqp_confirm_select(channel_.get(), kChannel);
    Channel::Require(amqp_get_rpc_reply(channel_.get()), "ask for confirms");
  }

  void Send(std::size_t, const std::string& body) override {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    const amqp_bytes_t bytes{body.size(), const_cast<char*>(body.data())};
    if (amqp_basic_publish(channel_.get(), kChannel, amqp_empty_bytes, QueueName(), 1, 0,
                           &properties, bytes) != AMQP_STATUS_OK) {
      GiveUp("RabbitMQ: cannot publish");
    }
    open_.insert(++tag_);
  }

  std::size_t Confirmed(std::chrono::microseconds patience) override {
    const std::size_t before = open_.size();
    timeval limit = TimeOf(patience);
    while (true) {
      amqp_frame_t frame;
      const int status = amqp_simple_wait_frame_noblock(channel_.get(), &frame, &limit);
      if (status == AMQP_STATUS_TIMEOUT) break;
      if (status != AMQP_STATUS_OK) GiveUp(amqp_error_string2(status));
      limit = {0, 0};
      if (frame.frame_type != AMQP_FRAME_METHOD) continue;
      if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) GiveUp("RabbitMQ: not confirmed");
      const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
      const auto first = ack->multiple ? open_.begin() : open_.lower_bound(ack->delivery_tag);
      open_.erase(first, open_.upper_bound(ack->delivery_tag));
      amqp_maybe_release_buffers(channel_.get());
    }
    return before - open_.size();
  }

 private:
  Channel channel_;
  std::uint64_t tag_ = 0;         // of the message sent last
  std::set<std::uint64_t> open_;  // not confirmed
};

class RabbitReceiver : public Receiver {
 public:
  RabbitReceiver(int port, std::size_t /*count*/) : channel_(port) {
    amqp_basic_qos(channel_.get(), kChannel, 0, kPrefetch, 0);
    Channel::Require(amqp_get_rpc_reply(channel_.get()), "set the prefetch");
    amqp_basic_consume(channel_.get(), kChannel, QueueName(), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    Channel::Require(amqp_get_rpc_reply(channel_.get()), "consume");
  }

  std::string Take() override {
    amqp_maybe_release_buffers(channel_.get());
    const timeval limit{60, 0};
    amqp_envelope_t envelope;
    Channel::Require(amqp_consume_message(channel_.get(), &envelope, &limit, 0),
                     "take a message within 60 s");
    tag_ = envelope.delivery_tag;
    std::string body(static_cast<const char*>(envelope.message.body.bytes),
                     envelope.message.body.len);
    amqp_destroy_envelope(&envelope);
    return body;
  }

  void Acknowledge() override {
    if (amqp_basic_ack(channel_.get(), kChannel, tag_, 0) != AMQP_STATUS_OK) {
      GiveUp("RabbitMQ: cannot acknowledge");
    }
  }

  // Acknowledgements are not answered; closing the channel behind them is.
  void AwaitServer() override {
    Channel::Require(amqp_channel_close(channel_.get(), kChannel, AMQP_REPLY_SUCCESS),
                     "close the channel");
  }

 private:
  Channel channel_;
  std::uint64_t tag_ = 0;
};

}  // namespace
}  // namespace consilium::bench

int main(int argc, char** argv) {
  using namespace consilium::bench;
  return RunPeerClient<RabbitSender, RabbitReceiver>(argc, argv);
}
