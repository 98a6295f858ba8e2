#include "gateway/gatekeeper.h"

#include <algorithm>
#include <utility>

#include "shared/base64url.h"
#include "shared/endpoint.h"
#include "shared/text.h"

namespace consilium {
namespace {

// "[::1]:7380" -> "[::1]".
std::string_view WithoutPort(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  if (colon == host.npos || (bracket != host.npos && colon < bracket)) return host;
  return host.substr(0, colon);
}

std::string HostOf(const std::string& url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string::npos) return "";
  return LowerAscii(WithoutPort(url.substr(begin + 3, url.find('/', begin + 3) - begin - 3)));
}

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kBasic = "Basic ";

// The password of Basic credentials (RFC 7617), which are base64; "" when they are none.
std::string PasswordOf(std::string_view credentials) {
  while (credentials.ends_with('=')) credentials.remove_suffix(1);
  std::string text(credentials);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  const std::optional<std::string> both = FromBase64Url(text);
  if (!both || both->find(':') == std::string::npos) return "";
  return both->substr(both->find(':') + 1);
}

bool IsReading(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

// What a browser sends by itself must not change anything: a page of the web could make it.
bool MayBeBasic(const HttpRequest& request, HttpAccess access) {
  return access <= HttpAccess::kRead && (request.method == "GET" || request.method == "HEAD");
}

// "" = none.
std::string TokenOf(const HttpRequest& request, HttpAccess access) {
  const std::string_view authorization = request.Field("authorization");
  if (authorization.starts_with(kBearer)) return std::string(authorization.substr(kBearer.size()));
  if (authorization.starts_with(kBasic) && MayBeBasic(request, access)) {
    return PasswordOf(authorization.substr(kBasic.size()));
  }
  return "";
}

HttpAccess AccessOf(TokenRole role) {
  if (role == TokenRole::kAdmin) return HttpAccess::kAdmin;
  return role == TokenRole::kWrite ? HttpAccess::kWrite : HttpAccess::kRead;
}

}  // namespace

Gatekeeper::Gatekeeper(const std::string& tokens_file, const std::string& public_url,
                       std::vector<std::string> origins)
    : file_(tokens_file, TokenList::kBytesMax),
      public_host_(HostOf(public_url)),
      origins_(std::move(origins)) {}

Result<TokenList> Gatekeeper::Read() {
  const Result<std::string> text = file_.Read();
  if (!text) return text.error();
  return TokenList::Parse(*text, file_.file());
}

Status Gatekeeper::Start() {
  if (file_.file().empty()) return Ok();
  Result<TokenList> tokens = Read();
  if (!tokens) return Error{tokens.error().code, "gateway.tokens_file: " + tokens.error().text};
  tokens_ = std::move(*tokens);
  return Ok();
}

void Gatekeeper::Refresh() {
  if (file_.file().empty() || !file_.Changed()) return;
  Result<TokenList> tokens = Read();
  if (tokens) {
    tokens_ = std::move(*tokens);
    LogInfo("tokens_read", {{"tokens", tokens_.size()}});
  } else if (unreadable_.Due()) {
    LogWarn("tokens_unreadable", {{"text", tokens.error().text}});
  }
}

// A browser says from which page a request that changes something comes; programs say nothing.
bool Gatekeeper::IsOurOrigin(const HttpRequest& request) const {
  const std::string origin(request.Field("origin"));
  if (origin.empty()) return true;
  const std::size_t begin = origin.find("://");
  if (begin != std::string::npos &&
      LowerAscii(origin.substr(begin + 3)) == LowerAscii(request.Field("host"))) {
    return true;
  }
  return std::any_of(origins_.begin(), origins_.end(), [&](const std::string& allowed) {
    return allowed == "*" || allowed == origin;
  });
}

std::optional<HttpServer::Refusal> Gatekeeper::Admit(HttpRequest& request,
                                                     HttpAccess access) const {
  if (file_.file().empty()) {
    const std::string host = LowerAscii(WithoutPort(request.Field("host")));
    if (!host.empty() && host != public_host_ && !IsLoopback("tcp://" + host + ":1")) {
      return HttpServer::Refusal{
          421, {ErrorCode::kForbidden, "the Host of the request is none of this machine"}};
    }
    if (!IsReading(request) && !IsOurOrigin(request)) {
      return HttpServer::Refusal{
          403, {ErrorCode::kForbidden, "the Origin of the request is not in gateway.cors_origins"}};
    }
    return {};
  }
  if (const std::string token = TokenOf(request, access); !token.empty()) {
    if (const auto holder = tokens_.Find(token)) {
      request.client = holder->name;
      request.senders = holder->senders;
      const HttpAccess may = AccessOf(holder->role);
      if (access <= may) return {};
      return HttpServer::Refusal{
          403,
          {ErrorCode::kForbidden, holder->name + " has the role " + HttpAccessName(may) +
                                      ", needed is " + HttpAccessName(access)}};
    }
  }
  if (access == HttpAccess::kOpen) return {};
  return HttpServer::Refusal{401, {ErrorCode::kForbidden, "expected a bearer token that is known"}};
}

}  // namespace consilium
