#include "tests/support/server_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include "shared/check.h"
#include "tests/support/self_signed.h"

namespace consilium {
namespace {

using Io = ServerSocket::Io;

Io OfErrno() { return errno == EAGAIN || errno == EINTR ? Io::kBlocked : Io::kGone; }

Io OfTls(SSL* tls, int result) {
  const int error = SSL_get_error(tls, result);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? Io::kBlocked : Io::kGone;
}

}  // namespace

TlsServer::TlsServer() : context_(SSL_CTX_new(TLS_server_method())) {
  const SelfSigned made = MakeSelfSigned();
  certificate_ = made.certificate;
  BIO* const certificate_bio = BIO_new_mem_buf(made.certificate.data(), -1);
  BIO* const key_bio = BIO_new_mem_buf(made.key.data(), -1);
  X509* const certificate = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  CHECK(context_ != nullptr && SSL_CTX_use_certificate(context_, certificate) == 1 &&
            SSL_CTX_use_PrivateKey(context_, key) == 1,
        "the key fits its certificate");
  EVP_PKEY_free(key);
  X509_free(certificate);
  BIO_free(key_bio);
  BIO_free(certificate_bio);
}

TlsServer::~TlsServer() { SSL_CTX_free(context_); }

int ListenOnLoopback(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 1024) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    close(fd);
    throw std::runtime_error("127.0.0.1:" + std::to_string(port) + ": the port is not free");
  }
  port = ntohs(address.sin_port);
  return fd;
}

ServerSocket::ServerSocket(int fd, const TlsServer* tls) : fd_(fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (tls == nullptr) return;
  tls_ = SSL_new(tls->context());
  CHECK(tls_ != nullptr && SSL_set_fd(tls_, fd) == 1, "memory lasts");
  SSL_set_accept_state(tls_);
  SSL_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

ServerSocket::~ServerSocket() { CloseFd(); }

bool ServerSocket::handshake_done() const {
  return tls_ == nullptr || SSL_is_init_finished(tls_) == 1;
}

Io ServerSocket::Read(std::string& in) {
  std::array<char, 65536> buffer;  // not cleared: it is read from only as far as it was filled
  bool some = false;
  while (true) {
    Io io = Io::kDone;
    ssize_t got = 0;
    if (tls_ != nullptr) {
      got = SSL_read(tls_, buffer.data(), static_cast<int>(buffer.size()));
      if (got <= 0) io = OfTls(tls_, static_cast<int>(got));
    } else {
      got = recv(fd_, buffer.data(), buffer.size(), 0);
      if (got <= 0) io = got == 0 ? Io::kGone : OfErrno();
    }
    if (io == Io::kBlocked) return some ? Io::kDone : Io::kBlocked;
    if (io == Io::kGone) return Io::kGone;
    in.append(buffer.data(), static_cast<std::size_t>(got));
    some = true;
    // A plain socket that gave less than it was asked for is empty.
    if (tls_ == nullptr && static_cast<std::size_t>(got) < buffer.size()) return Io::kDone;
  }
}

Io ServerSocket::Write(std::string_view bytes, std::size_t& sent) {
  sent = 0;
  if (tls_ != nullptr) {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    const int done = SSL_write(tls_, bytes.data(), static_cast<int>(std::min(bytes.size(), kMost)));
    if (done <= 0) return OfTls(tls_, done);
    sent = static_cast<std::size_t>(done);
    return Io::kDone;
  }
  const ssize_t done = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (done < 0) return OfErrno();
  sent = static_cast<std::size_t>(done);
  return Io::kDone;
}

void ServerSocket::Close() {
  if (tls_ != nullptr && handshake_done()) SSL_shutdown(tls_);
  ERR_clear_error();
  CloseFd();
}

void ServerSocket::Reset() {
  const linger at_once{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  CloseFd();
}

void ServerSocket::AbortHandshake() {
  // What stays unread would turn the close into a reset that may overtake the alert.
  std::array<char, 65536> ignored;
  while (recv(fd_, ignored.data(), ignored.size(), 0) > 0) {
  }
  SendBeneathTls(std::string_view("\x15\x03\x01\x00\x02\x02\x28", 7));  // fatal handshake_failure
  CloseFd();
}

void ServerSocket::BreakTls() {
  if (tls_ != nullptr) SendBeneathTls("this is no TLS record\r\n\r\n");
  CloseFd();
}

void ServerSocket::SendBeneathTls(std::string_view bytes) const {
  // A few bytes: they fit, or the peer is gone.
  [[maybe_unused]] const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void ServerSocket::CloseFd() {
  if (tls_ != nullptr) SSL_free(tls_);
  tls_ = nullptr;
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace consilium
