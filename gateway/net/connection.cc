#include "gateway/net/connection.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/net/loop_state.h"
#include "shared/text.h"

namespace consilium {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorOf = boost::system::error_code;

struct TlsContext::State {
  explicit State(asio::ssl::context::method method) : context(method) {
    context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                        asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                        asio::ssl::context::no_tlsv1_1);
  }
  asio::ssl::context context;
};

TlsContext::TlsContext() = default;
TlsContext::~TlsContext() = default;

namespace {

// How much of one connection is read at a time.
constexpr std::size_t kReadBytes = 16384;
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kHandshake{10};

Error BadFile(const std::string& what, const std::string& file, const ErrorOf& error) {
  return Error{ErrorCode::kInvalid, what + " " + file + ": " + error.message()};
}

std::string PeerText(const tcp::socket& socket) {
  ErrorOf error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return "";
  const std::string address = peer.address().to_string();
  return (peer.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(peer.port());
}

std::string CommonName(SSL* ssl) {
  const std::unique_ptr<X509, void (*)(X509*)> cert(SSL_get1_peer_certificate(ssl), &X509_free);
  if (cert == nullptr) return "";
  std::array<char, 256> name{};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(cert.get()), NID_commonName,
                                               name.data(), static_cast<int>(name.size()));
  return length > 0 ? ToValidUtf8(std::string_view(name.data(), static_cast<std::size_t>(length)))
                    : "";
}

// "tcp://[::1]:80" -> {"::1", 80}.
std::optional<tcp::endpoint> EndpointOf(const std::string& text) {
  constexpr std::string_view kTcp = "tcp://";
  const std::size_t colon = text.rfind(':');
  if (!text.starts_with(kTcp) || colon == std::string::npos || colon < kTcp.size()) return {};
  std::string host = text.substr(kTcp.size(), colon - kTcp.size());
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host == "*") host = "0.0.0.0";
  const std::string_view digits = std::string_view(text).substr(colon + 1);
  unsigned short port = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (problem != std::errc() || end != digits.data() + digits.size()) return {};
  ErrorOf error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return {};
  return tcp::endpoint(address, port);
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::Server(const std::string& cert_file,
                                                       const std::string& key_file,
                                                       const std::string& client_ca) {
  auto made = std::make_shared<TlsContext>();
  made->state_ = std::make_unique<State>(asio::ssl::context::tls_server);
  asio::ssl::context& context = made->state_->context;
  ErrorOf error;
  context.use_certificate_chain_file(cert_file, error);
  if (error) return BadFile("certificate", cert_file, error);
  context.use_private_key_file(key_file, asio::ssl::context::pem, error);
  if (error) return BadFile("key", key_file, error);
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return Error{ErrorCode::kInvalid, "key " + key_file + " does not belong to " + cert_file};
  }
  if (!client_ca.empty()) {
    context.load_verify_file(client_ca, error);
    if (error) return BadFile("certificates", client_ca, error);
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return made;
}

Result<std::shared_ptr<TlsContext>> TlsContext::Client(const std::string& ca_file) {
  auto made = std::make_shared<TlsContext>();
  made->state_ = std::make_unique<State>(asio::ssl::context::tls_client);
  ErrorOf error;
  made->state_->context.load_verify_file(ca_file, error);
  if (error) return BadFile("certificates", ca_file, error);
  made->state_->context.set_verify_mode(asio::ssl::verify_peer);
  return made;
}

struct Connection::State : std::enable_shared_from_this<Connection::State> {
  State(tcp::socket accepted, std::shared_ptr<TlsContext> context, bool is_server,
        const std::string& name)
      : socket(std::move(accepted)),
        tls_context(std::move(context)),
        server(is_server),
        greeting(socket.get_executor()) {
    peer = PeerText(socket);
    ErrorOf ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    // A machine that vanished without a word is noticed after some hours.
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    if (tls_context == nullptr) return;
    tls.emplace(socket, tls_context->state().context);
    if (server) return;
    // SSL_set_tlsext_host_name, whose macro casts.
    SSL_ctrl(tls->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
    tls->set_verify_callback(asio::ssl::host_name_verification(name));
  }

  void Start() {
    if (!tls) return Read();
    greeting.expires_after(kHandshake);
    greeting.async_wait([self = shared_from_this()](ErrorOf stopped) {
      if (!stopped && !self->over) self->End("TLS: no handshake in time");
    });
    tls->async_handshake(server ? asio::ssl::stream_base::server : asio::ssl::stream_base::client,
                         [self = shared_from_this()](ErrorOf error) {
                           self->greeting.cancel();
                           if (self->over) return;
                           if (error) return self->End("TLS: " + error.message());
                           self->peer_name = CommonName(self->tls->native_handle());
                           self->ready = true;
                           self->Read();
                           self->Send();
                         });
  }

  void Read() {
    if (over || paused || reading || closing) return;
    ready = true;
    reading = true;
    if (tls) {
      buffer.resize(kReadBytes);
      tls->async_read_some(asio::buffer(buffer),
                           [self = shared_from_this()](ErrorOf error, std::size_t bytes) {
                             self->OnRead(error, std::string_view(self->buffer.data(), bytes));
                           });
      return;
    }
    // Idle connections hold no buffer.
    socket.async_wait(tcp::socket::wait_read, [self = shared_from_this()](ErrorOf error) {
      std::array<char, kReadBytes> bytes;
      std::size_t count = 0;
      if (!error && !self->over) count = self->socket.read_some(asio::buffer(bytes), error);
      if (error == asio::error::would_block) error = {};
      self->OnRead(error, std::string_view(bytes.data(), count));
    });
  }

  void OnRead(const ErrorOf& error, std::string_view bytes) {
    reading = false;
    if (over) return;
    if (!bytes.empty() && !closing) events.on_data(bytes);
    if (over) return;
    if (error == asio::error::eof && events.on_no_more && !closing) {
      paused = true;  // nothing is left to read
      return events.on_no_more();
    }
    if (error) {
      const bool orderly = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
      return End(orderly ? "" : error.message());
    }
    Read();
  }

  void Send() {
    if (over || !ready || sending || out.empty()) return;
    sending = true;
    batch = std::exchange(out, {});
    const auto done = [self = shared_from_this()](ErrorOf error, std::size_t /*bytes*/) {
      self->sending = false;
      self->batch.clear();
      if (self->over) return;
      if (error) return self->End(error.message());
      if (self->events.on_progress) self->events.on_progress();
      if (!self->out.empty()) return self->Send();
      if (self->closing) return self->Finish();
      if (self->events.on_sent) self->events.on_sent();
    };
    if (tls) {
      asio::async_write(*tls, asio::buffer(batch), done);
    } else {
      asio::async_write(socket, asio::buffer(batch), done);
    }
  }

  // Everything is sent: says so to the other side, and reads what it still sends until it closes
  // too, so that nothing unread makes the system drop what was sent last.
  void Finish() {
    ErrorOf ignored;
    if (tls) {
      tls->async_shutdown([self = shared_from_this()](ErrorOf) { self->End(""); });
      return;
    }
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    Drain();
  }

  void Drain() {
    socket.async_wait(tcp::socket::wait_read, [self = shared_from_this()](ErrorOf error) {
      std::array<char, kReadBytes> bytes;
      if (!error && !self->over) {
        self->drained += self->socket.read_some(asio::buffer(bytes), error);
      }
      if (self->over) return;
      constexpr std::size_t kDrainMax = 1u << 20;
      if ((error && error != asio::error::would_block) || self->drained > kDrainMax) {
        return self->End("");
      }
      self->Drain();
    });
  }

  void End(const std::string& why) {
    if (over) return;
    over = true;
    ErrorOf ignored;
    socket.close(ignored);
    if (!detached && events.on_end) events.on_end(why);
  }

  tcp::socket socket;
  std::shared_ptr<TlsContext> tls_context;
  bool server;
  asio::steady_timer greeting;  // bounds the handshake
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  std::shared_ptr<void> counted;  // one of its listener's open connections
  ConnectionEvents events;
  std::string peer;
  std::string peer_name;
  std::vector<char> buffer;
  std::string out;    // gathers the next batch
  std::string batch;  // the one that leaves
  std::size_t drained = 0;
  bool ready = false;
  bool paused = false;
  bool reading = false;
  bool sending = false;
  bool closing = false;
  bool over = false;
  bool detached = false;
};

Connection::~Connection() {
  state_->detached = true;
  state_->End("");
}

void Connection::Start(ConnectionEvents events) {
  state_->events = std::move(events);
  asio::post(state_->socket.get_executor(), [state = state_] {
    if (!state->over) state->Start();
  });
}
void Connection::Pause() { state_->paused = true; }
void Connection::Resume() {
  if (!state_->paused) return;
  state_->paused = false;
  asio::post(state_->socket.get_executor(), [state = state_] {
    if (state->ready) state->Read();
  });
}
void Connection::Write(std::string bytes) {
  if (state_->over || state_->closing) return;
  state_->out += bytes;
  asio::post(state_->socket.get_executor(), [state = state_] { state->Send(); });
}
std::size_t Connection::unsent() const { return state_->out.size() + state_->batch.size(); }
void Connection::CloseWhenSent() {
  if (state_->closing) return;
  asio::post(state_->socket.get_executor(), [state = state_] {
    if (state->over) return;
    state->closing = true;
    if (!state->sending && state->out.empty()) state->Finish();
  });
}
const std::string& Connection::peer() const { return state_->peer; }
const std::string& Connection::peer_name() const { return state_->peer_name; }

struct Listener::State : std::enable_shared_from_this<Listener::State> {
  explicit State(Loop& loop) : acceptor(loop.state().io), pause(loop.state().io) {}

  void Accept() {
    acceptor.async_accept([self = shared_from_this()](ErrorOf error, tcp::socket socket) {
      if (!self->acceptor.is_open()) return;
      if (error) {
        // Descriptors may be short: the ones that wait are taken when some are free again.
        self->pause.expires_after(kAcceptPause);
        self->pause.async_wait([self](ErrorOf stopped) {
          if (!stopped) self->Accept();
        });
        return;
      }
      self->Take(std::move(socket));
      self->Accept();
    });
  }

  void Take(tcp::socket socket) {
    if (open >= most) {
      ++turned_away;
      return;  // closes it
    }
    ++open;
    auto state = std::make_shared<Connection::State>(std::move(socket), tls, true, "");
    state->counted =
        std::shared_ptr<void>(nullptr, [self = shared_from_this()](void*) { --self->open; });
    on_connection(std::make_unique<Connection>(std::move(state)));
  }

  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::shared_ptr<TlsContext> tls;
  OnConnection on_connection;
  std::string endpoint;
  std::size_t most = 0;
  std::size_t open = 0;
  std::int64_t turned_away = 0;
};

Result<std::unique_ptr<Listener>> Listener::Open(Loop& loop, const std::string& endpoint,
                                                 std::shared_ptr<TlsContext> tls, std::size_t most,
                                                 OnConnection on_connection) {
  const auto where = EndpointOf(endpoint);
  if (!where) {
    return Error{ErrorCode::kInvalid,
                 "cannot listen on " + Quoted(endpoint) + ", expected tcp://ADDRESS:PORT"};
  }
  auto state = std::make_shared<State>(loop);
  state->tls = std::move(tls);
  state->most = most;
  state->on_connection = std::move(on_connection);
  ErrorOf error;
  state->acceptor.open(where->protocol(), error);
  if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state->acceptor.bind(*where, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Error{ErrorCode::kUnavailable, "cannot listen on " + endpoint + ": " + error.message()};
  }
  const std::string host = endpoint.substr(0, endpoint.rfind(':'));
  state->endpoint = host + ":" + std::to_string(state->acceptor.local_endpoint().port());
  state->Accept();
  return std::make_unique<Listener>(std::move(state));
}

Listener::~Listener() { Close(); }
const std::string& Listener::endpoint() const { return state_->endpoint; }
std::size_t Listener::open() const { return state_->open; }
std::int64_t Listener::turned_away() const { return state_->turned_away; }
void Listener::Close() {
  ErrorOf ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
}

struct Connector::State : std::enable_shared_from_this<Connector::State> {
  State(Loop& loop, std::string name, std::shared_ptr<TlsContext> context)
      : resolver(loop.state().io),
        socket(loop.state().io),
        timer(loop.state().io),
        host(std::move(name)),
        tls(std::move(context)) {}

  void Finish(Result<std::unique_ptr<Connection>> result) {
    timer.cancel();
    if (auto call = std::exchange(done, nullptr)) call(std::move(result));
  }
  void Fail(const std::string& why) {
    resolver.cancel();
    ErrorOf ignored;
    socket.close(ignored);
    Finish(Error{ErrorCode::kUnavailable, "cannot connect to " + host + ": " + why});
  }

  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer timer;
  std::string host;
  std::shared_ptr<TlsContext> tls;
  std::function<void(Result<std::unique_ptr<Connection>>)> done;
};

Connector::Connector(Loop& loop, const std::string& host, const std::string& port,
                     std::shared_ptr<TlsContext> tls, TimePoint until,
                     std::function<void(Result<std::unique_ptr<Connection>>)> done)
    : state_(std::make_shared<State>(loop, host, std::move(tls))) {
  state_->done = std::move(done);
  state_->timer.expires_at(until);
  state_->timer.async_wait([state = state_](ErrorOf stopped) {
    if (!stopped && state->done) state->Fail("it took too long");
  });
  state_->resolver.async_resolve(
      host, port, [state = state_](ErrorOf error, const tcp::resolver::results_type& found) {
        if (!state->done) return;
        if (error) return state->Fail(error.message());
        asio::async_connect(state->socket, found, [state](ErrorOf failed, const tcp::endpoint&) {
          if (!state->done) return;
          if (failed) return state->Fail(failed.message());
          state->Finish(std::make_unique<Connection>(std::make_shared<Connection::State>(
              std::move(state->socket), state->tls, false, state->host)));
        });
      });
}
Connector::~Connector() {
  state_->done = nullptr;
  state_->timer.cancel();
  state_->resolver.cancel();
  ErrorOf ignored;
  state_->socket.close(ignored);
}

}  // namespace consilium
