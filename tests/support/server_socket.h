// The sockets of a test server: a loopback listener and its connections, plain or TLS, none of
// which ever blocks. The only file that includes OpenSSL's TLS.
// Threads: a socket is used by one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace consilium {

// What every TLS connection of a server shares. SIGPIPE must be blocked in the thread that sends.
class TlsServer {
 public:
  TlsServer();  // with a certificate of its own
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;  // owns an OpenSSL context
  TlsServer& operator=(const TlsServer&) = delete;
  const std::string& certificate() const { return certificate_; }  // PEM
  ssl_ctx_st* context() const { return context_; }

 private:
  std::string certificate_;
  ssl_ctx_st* context_ = nullptr;
};

// Listens on 127.0.0.1 and tells the port; 0 = the system chooses. Throws std::runtime_error.
int ListenOnLoopback(int& port);

class ServerSocket {
 public:
  enum class Io {
    kDone,     // some bytes went
    kBlocked,  // none now
    kGone,     // the peer closed or broke the connection
  };

  // Owns `fd`. `tls` is null for a plain one and outlives it.
  ServerSocket(int fd, const TlsServer* tls);
  ~ServerSocket();
  ServerSocket(const ServerSocket&) = delete;  // owns a socket
  ServerSocket& operator=(const ServerSocket&) = delete;

  int fd() const { return fd_; }
  bool tls() const { return tls_ != nullptr; }
  bool handshake_done() const;  // true for a plain one

  // Appends all that is there.
  Io Read(std::string& in);
  // After kBlocked it must be called with at least the same bytes again.
  Io Write(std::string_view bytes, std::size_t& sent);

  void Close();  // in order
  void Reset();  // with RST
  // Refuses the handshake whose first message has arrived, and closes.
  void AbortHandshake();
  // Sends bytes that are no TLS where TLS is expected, and closes.
  void BreakTls();

 private:
  void CloseFd();
  void SendBeneathTls(std::string_view bytes) const;
  int fd_ = -1;
  ssl_st* tls_ = nullptr;
};

}  // namespace consilium
