// One TCP connection, plain or TLS, as events: bytes came, everything was sent, it is over.
//
// Reads always go on (so that the end of the other side is noticed) unless paused; writes queue
// here and their owner bounds them by unsent(). Callbacks run in the loop and never inside of a
// call to this. Destroyed, it closes at once and never calls. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/net/loop.h"
#include "shared/result.h"

namespace consilium {

// Certificates of one side. Bad files are kInvalid and named.
class TlsContext {
 public:
  // Of a server; `client_ca`: who connects must show a certificate of these, "" = nobody must.
  static Result<std::shared_ptr<TlsContext>> Server(const std::string& cert_file,
                                                    const std::string& key_file,
                                                    const std::string& client_ca);
  // Of a client that trusts `ca_file` and checks the name.
  static Result<std::shared_ptr<TlsContext>> Client(const std::string& ca_file);
  TlsContext();
  ~TlsContext();
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

struct ConnectionEvents {
  std::function<void(std::string_view bytes)> on_data;
  std::function<void()> on_sent;      // nothing is unsent any more
  std::function<void()> on_progress;  // some of what was unsent has been taken; absent: not told
  // The other side sends no more but may still read; absent: that ends the connection.
  std::function<void()> on_no_more;
  // "" = the other side closed it in order. Called once, then nothing more.
  std::function<void(std::string why)> on_end;
};

class Connection {
 public:
  struct State;
  explicit Connection(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Start(ConnectionEvents events);
  void Pause();
  void Resume();
  void Write(std::string bytes);
  std::size_t unsent() const;
  // Once everything is sent; nothing is read any more. on_end follows.
  void CloseWhenSent();
  const std::string& peer() const;       // "127.0.0.1:4711"
  const std::string& peer_name() const;  // of its certificate (CN); "" = it showed none

 private:
  std::shared_ptr<State> state_;  // what is under way in the system outlives this
};

// Accepts connections; beyond `most` open ones new ones are closed at once.
class Listener {
 public:
  using OnConnection = std::function<void(std::unique_ptr<Connection>)>;
  // `endpoint`: tcp://ADDRESS:PORT, port 0 = the system chooses. kInvalid, or kUnavailable when it
  // cannot be had.
  static Result<std::unique_ptr<Listener>> Open(Loop& loop, const std::string& endpoint,
                                                std::shared_ptr<TlsContext> tls, std::size_t most,
                                                OnConnection on_connection);
  ~Listener();
  const std::string& endpoint() const;  // with the real port
  std::size_t open() const;             // connections
  std::int64_t turned_away() const;
  void Close();  // no new ones

  struct State;
  explicit Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

// Connects; `done` once, with a connection that is not started. Kept until then; destroyed: never.
class Connector {
 public:
  Connector(Loop& loop, const std::string& host, const std::string& port,
            std::shared_ptr<TlsContext> tls, TimePoint until,
            std::function<void(Result<std::unique_ptr<Connection>>)> done);
  ~Connector();
  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace consilium
