#include "gateway/net/http_server.h"

#include <algorithm>
#include <utility>

#include "gateway/net/http_session.h"

namespace consilium {
namespace {

// What stands for the {...} of `pattern`; empty when the path is another one.
std::optional<std::vector<std::string>> Match(std::string_view pattern,
                                              const std::vector<std::string>& segments) {
  std::vector<std::string> captured;
  std::size_t at = 0;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(std::min(part.size() + 1, pattern.size()));
    if (at == segments.size()) return {};
    if (part.front() == '{') {
      if (segments[at].empty()) return {};
      captured.push_back(segments[at]);
    } else if (part != segments[at]) {
      return {};
    }
    ++at;
  }
  if (at != segments.size()) return {};
  return captured;
}

}  // namespace

const char* HttpAccessName(HttpAccess access) {
  constexpr const char* kNames[] = {"open", "read", "write", "admin"};
  return kNames[static_cast<std::size_t>(access)];
}

void HttpExchange::Answer(HttpResponse response) {
  if (session_ != nullptr && !answered_) session_->Answer(*this, std::move(response));
}
void HttpExchange::Begin(HttpResponse head) {
  if (session_ != nullptr && !answered_) session_->Begin(*this, std::move(head));
}
void HttpExchange::Send(std::string_view piece) {
  if (session_ != nullptr && !ended_) session_->Send(*this, piece);
}
void HttpExchange::End() {
  if (session_ != nullptr && !ended_) session_->End(*this);
}
std::size_t HttpExchange::unsent() const { return session_ == nullptr ? 0 : session_->unsent(); }
void HttpExchange::OnBodyPiece(OnBody call) {
  on_body_ = std::move(call);
  if (on_body_ && session_ != nullptr) session_->WantBody();
}
void HttpExchange::PauseBody() {
  if (session_ != nullptr) session_->PauseBody();
}
void HttpExchange::ResumeBody() {
  if (session_ != nullptr) session_->ResumeBody();
}

HttpServer::HttpServer(Loop& loop, HttpLimits limits, ByteBudget& budget, Refuse refuse,
                       Admit admit, Observe observe)
    : loop_(loop),
      limits_(limits),
      budget_(budget),
      refuse_(std::move(refuse)),
      admit_(std::move(admit)),
      observe_(std::move(observe)) {}

HttpServer::~HttpServer() = default;

Status HttpServer::Open(const std::string& endpoint, std::shared_ptr<TlsContext> tls) {
  auto listener = Listener::Open(
      loop_, endpoint, std::move(tls), limits_.connections_max,
      [this](std::unique_ptr<Connection> connection) {
        const std::uint64_t id = next_++;
        sessions_.emplace(id, std::make_unique<HttpSession>(*this, id, std::move(connection)));
      });
  if (!listener.ok()) return listener.error();
  listener_ = std::move(*listener);
  return Ok();
}

HttpServer::Found HttpServer::Find(HttpRequest& request) const {
  Found found;
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  for (const HttpRoute& route : routes_) {
    auto captured = Match(route.pattern, request.segments);
    if (!captured) continue;
    if (route.method == method) {
      request.captured = std::move(*captured);
      found.route = &route;
      return found;
    }
    found.allow += (found.allow.empty() ? "" : ", ") + route.method;
  }
  return found;
}

void HttpServer::Remove(std::uint64_t id) {
  loop_.Post([this, id] { sessions_.erase(id); });
}

void HttpServer::Drain() {
  draining_ = true;
  if (listener_ != nullptr) listener_->Close();
  for (const auto& [id, session] : sessions_) session->Drain();
}

}  // namespace consilium
