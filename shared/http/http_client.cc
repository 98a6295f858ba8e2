#include "shared/http/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "shared/check.h"
#include "shared/text.h"
#include "shared/http/url.h"

namespace consilium {
namespace {

struct CloseEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct CloseList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Transfer {
  std::uint64_t id = 0;
  HttpCall request;  // owns what curl points to
  std::unique_ptr<curl_slist, CloseList> headers;
  HttpReply reply;
  TimePoint started;
  TimePoint last_byte;
  const TimePoint* now = nullptr;  // of the Run() that is going on
  curl_off_t sent = 0;
  bool begun = false;  // the body
  bool too_large = false;
  std::array<char, CURL_ERROR_SIZE> detail{};
  std::unique_ptr<CURL, CloseEasy> easy;  // last: gone before what it points to

  milliseconds Patience() const { return begun ? request.stall : request.first_byte; }
  TimePoint Due() const { return std::min(started + request.total, last_byte + Patience()); }
};

bool IsPlain(const HttpCall& request) {
  return LowerAscii(request.url.substr(0, 7)) == "http://";
}

std::size_t OnBody(char* bytes, std::size_t size, std::size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::size_t length = size * count;
  transfer.last_byte = *transfer.now;
  transfer.begun = true;
  if (length > transfer.request.reply_bytes_max - transfer.reply.body.size()) {
    transfer.too_large = true;
    return 0;
  }
  transfer.reply.body.append(bytes, length);
  return length;
}

bool IsKept(std::string_view name) {
  return name == "retry-after" || name == "retry-after-ms" || name == "x-ms-retry-after-ms" ||
         name.starts_with("x-ratelimit-") || name.starts_with("anthropic-ratelimit-");
}

std::size_t OnHeader(char* bytes, std::size_t size, std::size_t count, void* user) {
  constexpr std::size_t kHeadersMax = 64;
  constexpr std::size_t kValueBytesMax = 256;
  Transfer& transfer = *static_cast<Transfer*>(user);
  HttpHeaders& headers = transfer.reply.headers;
  const std::string_view line(bytes, size * count);
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    headers.clear();  // an interim answer (100, or a proxy's) came before
  } else if (colon != line.npos && headers.size() < kHeadersMax) {
    const std::string_view value = Trimmed(line.substr(colon + 1));
    std::string name = LowerAscii(line.substr(0, colon));
    if (IsKept(name) && value.size() <= kValueBytesMax) headers[std::move(name)] = value;
  }
  return line.size();
}

int OnProgress(void* user, curl_off_t /*to_get*/, curl_off_t /*got*/, curl_off_t /*to_send*/,
               curl_off_t sent) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  if (sent != transfer.sent) transfer.last_byte = *transfer.now;
  transfer.sent = sent;
  return 0;
}

// A name that was private when the configuration was written may resolve to something else today.
bool IsPrivate(const curl_sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* raw = nullptr;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (address.family == AF_INET && address.addrlen >= sizeof(v4)) {
    std::copy_n(reinterpret_cast<const char*>(&address.addr), sizeof(v4),
                reinterpret_cast<char*>(&v4));
    raw = &v4.sin_addr;
  } else if (address.family == AF_INET6 && address.addrlen >= sizeof(v6)) {
    std::copy_n(reinterpret_cast<const char*>(&address.addr), sizeof(v6),
                reinterpret_cast<char*>(&v6));
    raw = &v6.sin6_addr;
  }
  return raw != nullptr &&
         inet_ntop(address.family, raw, text.data(), static_cast<socklen_t>(text.size())) !=
             nullptr &&
         IsPrivateAddress(text.data());
}

using Sockets = std::set<curl_socket_t>;

curl_socket_t OpenSocket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd >= 0) static_cast<Sockets*>(user)->insert(fd);
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

curl_socket_t OpenPrivateSocket(void* user, curlsocktype purpose, curl_sockaddr* address) {
  return IsPrivate(*address) ? OpenSocket(user, purpose, address) : CURL_SOCKET_BAD;
}

int CloseSocket(void* user, curl_socket_t fd) {
  static_cast<Sockets*>(user)->erase(fd);
  return close(fd);
}

HttpReply::End EndOf(CURLcode code, bool too_large) {
  if (too_large) return HttpReply::End::kOversized;
  switch (code) {
    case CURLE_OK:
      return HttpReply::End::kDone;
    case CURLE_FILESIZE_EXCEEDED:
      return HttpReply::End::kOversized;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
      return HttpReply::End::kTlsFailed;
    case CURLE_SSL_CONNECT_ERROR:
      return HttpReply::End::kHandshakeFailed;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    // Only the connection has a timeout of curl's own.
    case CURLE_OPERATION_TIMEDOUT:
      return HttpReply::End::kConnectFailed;
    default:
      return HttpReply::End::kCut;
  }
}

void Configure(Transfer& transfer, const HttpOptions& options, curl_slist* headers,
               Sockets& sockets) {
  CURL* easy = transfer.easy.get();
  const HttpCall& request = transfer.request;
  const auto set = [easy](CURLoption option, auto value) {
    const CURLcode code = curl_easy_setopt(easy, option, value);
    CHECK(code == CURLE_OK, "libcurl knows the options of the version it was built with");
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_HTTPHEADER, headers);
  if (request.get) {
    set(CURLOPT_HTTPGET, 1L);
  } else {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.reply_bytes_max));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  // A cancelled call does not wait for the resolver's thread.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_PROXY, options.proxy.c_str());
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  const bool plain = IsPlain(request);
  // The first connection tells whether many requests can share it (HTTP/2).
  if (!plain) set(CURLOPT_PIPEWAIT, 1L);
  const bool only_private = plain && options.proxy.empty() && !options.allow_public_http;
  set(CURLOPT_OPENSOCKETFUNCTION, only_private ? &OpenPrivateSocket : &OpenSocket);
  set(CURLOPT_OPENSOCKETDATA, &sockets);
  set(CURLOPT_CLOSESOCKETFUNCTION, &CloseSocket);
  set(CURLOPT_CLOSESOCKETDATA, &sockets);
  set(CURLOPT_WRITEFUNCTION, &OnBody);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, &OnHeader);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_XFERINFOFUNCTION, &OnProgress);
  set(CURLOPT_XFERINFODATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_ERRORBUFFER, transfer.detail.data());
  set(CURLOPT_PRIVATE, &transfer);
}

}  // namespace

struct HttpClient::State {
  HttpOptions options;
  int epoll = -1;
  Sockets sockets;         // of open connections
  bool abandoned = false;  // a request over TLS was given up since there was none
  std::unique_ptr<CURLM, CloseMulti> multi;
  TimePoint now;
  TimePoint curl_due = TimePoint::max();
  std::uint64_t last_id = 0;
  std::map<std::uint64_t, std::unique_ptr<Transfer>> transfers;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    for (auto& [id, transfer] : transfers) {
      curl_multi_remove_handle(multi.get(), transfer->easy.get());
    }
    transfers.clear();
    multi.reset();
    if (epoll >= 0) close(epoll);
  }

  static int OnSocket(CURL* /*easy*/, curl_socket_t fd, int what, void* user, void* /*socket*/) {
    const State& state = *static_cast<State*>(user);
    epoll_event event{};
    event.data.fd = fd;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) event.events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) event.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(state.epoll, EPOLL_CTL_DEL, fd, &event);
    } else if (epoll_ctl(state.epoll, EPOLL_CTL_MOD, fd, &event) != 0) {
      epoll_ctl(state.epoll, EPOLL_CTL_ADD, fd, &event);
    }
    return 0;
  }

  static int OnTimer(CURLM* /*multi*/, long timeout_ms, void* user) {
    State& state = *static_cast<State*>(user);
    state.curl_due = timeout_ms < 0 ? TimePoint::max() : state.now + milliseconds(timeout_ms);
    return 0;
  }

  static int StatusOf(const Transfer& transfer) {
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  // Over HTTP/1.1 this closes the connection. Over HTTP/2 libcurl 7.88 resets the stream, but keeps
  // that frame until it sends another one on the connection: when no request is left to do so, the
  // connection is ended, or the server would go on.
  void Abandon(Transfer& transfer) {
    curl_multi_remove_handle(multi.get(), transfer.easy.get());
    abandoned = abandoned || !IsPlain(transfer.request);
    transfers.erase(transfer.id);
    EndAbandoned();
  }

  void EndAbandoned() {
    if (!abandoned || !transfers.empty()) return;
    abandoned = false;
    // libcurl closes what it finds ended.
    for (const curl_socket_t fd : sockets) shutdown(fd, SHUT_RDWR);
  }

  void Finish(Transfer& transfer, HttpReply::End end, std::string detail,
              std::vector<HttpEnded>& ended) {
    transfer.reply.end = end;
    transfer.reply.detail = std::move(detail);
    transfer.reply.status = StatusOf(transfer);
    if (end == HttpReply::End::kOversized) transfer.reply.body.clear();
    ended.push_back({transfer.id, std::move(transfer.reply)});
    if (end != HttpReply::End::kDone) return Abandon(transfer);
    curl_multi_remove_handle(multi.get(), transfer.easy.get());
    transfers.erase(transfer.id);
    EndAbandoned();
  }

  void FinishDone(std::vector<HttpEnded>& ended) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      // `message` does not outlive the removal of its handle.
      const CURLcode code = message->data.result;
      char* user = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
      Transfer& transfer = *reinterpret_cast<Transfer*>(user);
      std::string detail;
      if (code != CURLE_OK) {
        detail = transfer.detail[0] != '\0' ? transfer.detail.data() : curl_easy_strerror(code);
      }
      Finish(transfer, EndOf(code, transfer.too_large), std::move(detail), ended);
    }
  }

  void FinishOverdue(std::vector<HttpEnded>& ended) {
    std::vector<Transfer*> overdue;
    for (const auto& [id, transfer] : transfers) {
      if (transfer->Due() <= now) overdue.push_back(transfer.get());
    }
    for (Transfer* transfer : overdue) {
      const bool total = transfer->started + transfer->request.total <= now;
      const auto limit = total ? transfer->request.total : transfer->Patience();
      const std::string ms = std::to_string(limit.count()) + " ms";
      const char* what = total             ? "not done within "
                         : transfer->begun ? "no byte for "
                                           : "no answer began within ";
      Finish(*transfer, total ? HttpReply::End::kTotal : HttpReply::End::kStalled, what + ms,
             ended);
    }
  }
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::Make(const HttpOptions& options) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(started == CURLE_OK, "libcurl starts");
  if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good()) {
    return Invalid("ca_file = \"" + options.ca_file + "\", expected a readable file");
  }
  auto state = std::make_unique<State>();
  state->options = options;
  state->epoll = epoll_create1(EPOLL_CLOEXEC);
  state->multi.reset(curl_multi_init());
  CHECK(state->epoll >= 0 && state->multi != nullptr, "there is a descriptor and memory for curl");
  CURLM* multi = state->multi.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &State::OnSocket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, state.get());
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &State::OnTimer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, state.get());
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.connections_max));
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

std::uint64_t HttpClient::Start(HttpCall request, TimePoint now) {
  state_->now = now;
  auto owned = std::make_unique<Transfer>();
  Transfer& transfer = *owned;
  transfer.id = ++state_->last_id;
  transfer.request = std::move(request);
  transfer.started = transfer.last_byte = now;
  transfer.now = &state_->now;
  curl_slist* headers = nullptr;
  for (const std::string& header : transfer.request.headers) {
    headers = curl_slist_append(headers, header.c_str());
  }
  // Waiting for "100 Continue" would only delay.
  headers = curl_slist_append(headers, "Expect:");
  transfer.headers.reset(headers);
  transfer.easy.reset(curl_easy_init());
  CHECK(transfer.easy != nullptr, "there is memory for a request");
  Configure(transfer, state_->options, transfer.headers.get(), state_->sockets);
  const std::uint64_t id = transfer.id;
  state_->transfers.emplace(id, std::move(owned));
  const CURLMcode added = curl_multi_add_handle(state_->multi.get(), transfer.easy.get());
  CHECK(added == CURLM_OK, "a fresh handle can be added");
  return id;
}

void HttpClient::Cancel(std::uint64_t id) {
  const auto found = state_->transfers.find(id);
  if (found == state_->transfers.end()) return;
  state_->Abandon(*found->second);
}

std::optional<int> HttpClient::StatusOf(std::uint64_t id) const {
  const auto found = state_->transfers.find(id);
  if (found == state_->transfers.end()) return std::nullopt;
  const int status = State::StatusOf(*found->second);
  // 1xx comes before the response.
  return status < 200 ? std::nullopt : std::optional<int>(status);
}

int HttpClient::fd() const { return state_->epoll; }

TimePoint HttpClient::Run(TimePoint now, std::vector<HttpEnded>& ended) {
  State& state = *state_;
  state.now = now;
  int running = 0;
  std::array<epoll_event, 256> events{};
  const int ready = epoll_wait(state.epoll, events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    int what = 0;
    if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
    curl_multi_socket_action(state.multi.get(), event.data.fd, what, &running);
  }
  // Called early, curl asks again; called with nothing due, it does nothing.
  if (state.curl_due <= now) {
    state.curl_due = TimePoint::max();
    curl_multi_socket_action(state.multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
  state.FinishDone(ended);
  state.FinishOverdue(ended);
  TimePoint due = state.curl_due;
  for (const auto& [id, transfer] : state.transfers) due = std::min(due, transfer->Due());
  return due;
}

}  // namespace consilium
