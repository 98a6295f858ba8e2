#include "shared/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "shared/check.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::string_view kTcp = "tcp://";

struct HostAndPort {
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
};

std::optional<HostAndPort> Split(const std::string& endpoint) {
  if (endpoint.compare(0, kTcp.size(), kTcp) != 0) return std::nullopt;
  const std::size_t colon = endpoint.rfind(':');
  if (colon < kTcp.size()) return std::nullopt;
  HostAndPort split{endpoint.substr(kTcp.size(), colon - kTcp.size()), endpoint.substr(colon + 1)};
  if (split.host.size() >= 2 && split.host.front() == '[' && split.host.back() == ']') {
    split.host = split.host.substr(1, split.host.size() - 2);
  }
  int port = 0;
  const char* const end = split.port.data() + split.port.size();
  const auto [stop, error] = std::from_chars(split.port.data(), end, port);
  const bool whole = error == std::errc() && stop == end;
  if (!whole || port < 1 || port > 65535 || split.host.empty()) return std::nullopt;
  return split;
}

bool IsAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string TextOf(const addrinfo& found) {
  std::array<char, NI_MAXHOST> host{};
  if (getnameinfo(found.ai_addr, found.ai_addrlen, host.data(), host.size(), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return "";
  }
  return host.data();
}

}  // namespace

bool HasName(const std::string& endpoint) {
  const std::optional<HostAndPort> split = Split(endpoint);
  return split && split->host != "*" && !IsAddress(split->host);
}

Result<std::vector<std::string>> LookUp(const std::string& endpoint) {
  const std::optional<HostAndPort> split = Split(endpoint);
  if (!split) {
    return Invalid("endpoint " + Quoted(endpoint, 128) +
                   ", expected tcp://HOST:PORT with a port in 1..65535");
  }
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(split->host.c_str(), nullptr, &wanted, &list);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  std::set<std::string> four;
  std::set<std::string> six;
  for (const addrinfo* found = list; found != nullptr; found = found->ai_next) {
    const std::string host = TextOf(*found);
    if (host.empty()) continue;
    if (found->ai_family == AF_INET) four.insert("tcp://" + host + ":" + split->port);
    if (found->ai_family == AF_INET6) six.insert("tcp://[" + host + "]:" + split->port);
  }
  const std::set<std::string>& best = four.empty() ? six : four;
  if (best.empty()) {
    return Error{ErrorCode::kUnavailable,
                 "no address for " + Quoted(split->host, 128) + ": " +
                     (failed == 0 ? "the name has none" : gai_strerror(failed))};
  }
  return std::vector<std::string>(best.begin(), best.end());
}

struct Resolver::State {
  State(std::vector<std::string> given, milliseconds period, Ask look_up)
      : names(std::move(given)),
        every(period),
        ask(std::move(look_up)),
        changed_fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    CHECK(changed_fd >= 0, "a descriptor is left for the one resolver we have");
  }
  ~State() { close(changed_fd); }
  State(const State&) = delete;  // owns a descriptor
  State& operator=(const State&) = delete;

  const std::vector<std::string> names;
  const milliseconds every;
  const Ask ask;
  const int changed_fd;

  std::mutex mutex;  // of what follows
  std::condition_variable wake;
  bool stopped = false;
  Found found;
  bool changed = false;
};

void Resolver::Run(const std::shared_ptr<State>& state) {
  std::map<std::string, std::vector<std::string>> known;  // by name
  while (true) {
    std::string trouble;
    for (const std::string& name : state->names) {
      Result<std::vector<std::string>> answer = state->ask(name);
      if (answer) {
        known[name] = std::move(*answer);
      } else if (trouble.empty()) {
        trouble = answer.error().text;
      }
    }
    std::set<std::string> all;
    for (const auto& [name, endpoints] : known) all.insert(endpoints.begin(), endpoints.end());
    Found found{{all.begin(), all.end()}, std::move(trouble)};

    std::unique_lock lock(state->mutex);
    if (found.endpoints != state->found.endpoints || found.trouble != state->found.trouble) {
      state->found = std::move(found);
      if (!state->changed) eventfd_write(state->changed_fd, 1);
      state->changed = true;
    }
    if (state->wake.wait_for(lock, state->every, [&] { return state->stopped; })) return;
  }
}

Resolver::Resolver(std::vector<std::string> names, milliseconds every, Ask ask)
    : state_(std::make_shared<State>(std::move(names), every, std::move(ask))) {
  std::thread([state = state_] { Run(state); }).detach();
}

Resolver::~Resolver() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->wake.notify_all();
}

int Resolver::fd() const { return state_->changed_fd; }

std::optional<Resolver::Found> Resolver::Take() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->changed) return std::nullopt;
  state_->changed = false;
  eventfd_t count = 0;
  eventfd_read(state_->changed_fd, &count);
  return state_->found;
}

}  // namespace consilium
