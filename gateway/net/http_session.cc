#include "gateway/net/http_session.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <cstdio>
#include <ctime>
#include <limits>
#include <utility>

#include "shared/text.h"

namespace consilium {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using BeastText = boost::beast::string_view;
using ErrorOf = boost::system::error_code;

namespace {

constexpr std::uint32_t kHeadBytesMax = 32768;
// What is read ahead of the request that is being answered.
constexpr std::size_t kAheadBytesMax = 65536;
constexpr milliseconds kTick{1000};
// A client takes at least so much in a second, or it is given up.
constexpr std::size_t kTakesPerSecond = 65536;

std::string DateNow() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text.data(), length);
}

void AddField(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (const char c : value) {
    if (c != '\r' && c != '\n') head += c;  // a value never makes a further field
  }
  head += "\r\n";
}

}  // namespace

// Fills an HttpRequest; bodies that are read piece by piece gather in `piece`.
class HttpSession::Parser : public http::basic_parser<true> {
 public:
  Parser() {
    header_limit(kHeadBytesMax);
    // Our own, by route. Not boost::none: Beast of Boost 1.74 takes every length for more than it.
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }
  HttpRequest request;
  std::string piece;
  std::size_t body_max = 0;
  bool pieces = false;
  bool head_done = false;
  bool http10 = false;

 private:
  void on_request_impl(http::verb /*verb*/, BeastText method, BeastText target, int version,
                       ErrorOf& /*error*/) override {
    request.method = std::string(method);
    request.target = std::string(target);
    http10 = version < 11;
  }
  void on_response_impl(int /*status*/, BeastText /*reason*/, int /*version*/,
                        ErrorOf& /*error*/) override {}
  void on_field_impl(http::field /*field*/, BeastText name, BeastText value,
                     ErrorOf& /*error*/) override {
    request.fields.emplace_back(LowerAscii({name.data(), name.size()}), std::string(value));
  }
  void on_header_impl(ErrorOf& /*error*/) override { head_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         ErrorOf& /*error*/) override {}
  std::size_t on_body_impl(BeastText body, ErrorOf& error) override { return Add(body, error); }
  void on_chunk_header_impl(std::uint64_t /*size*/, BeastText /*extensions*/,
                            ErrorOf& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, BeastText body,
                                 ErrorOf& error) override {
    return Add(body, error);
  }
  void on_finish_impl(ErrorOf& /*error*/) override {}

  std::size_t Add(BeastText body, ErrorOf& error) {
    if (!pieces && request.body.size() + body.size() > body_max) {
      error = http::error::body_limit;
      return 0;
    }
    (pieces ? piece : request.body).append(body.data(), body.size());
    return body.size();
  }
};

HttpSession::HttpSession(HttpServer& server, std::uint64_t id,
                         std::unique_ptr<Connection> connection)
    : server_(server),
      id_(id),
      connection_(std::move(connection)),
      body_held_(server.budget_),
      unsent_held_(server.budget_),
      heard_(Now()),
      timer_(server.loop_, [this] { OnTime(); }) {
  ConnectionEvents events;
  events.on_data = [this](std::string_view bytes) { OnData(bytes); };
  events.on_sent = [this] { OnSent(); };
  events.on_progress = [this] { OnProgress(); };
  events.on_end = [this](const std::string& /*why*/) { OnEnd(); };
  connection_->Start(std::move(events));
  timer_.At(heard_ + kTick);
}

HttpSession::~HttpSession() {
  if (const HttpExchangePtr exchange = Leave()) exchange->on_gone_ = nullptr;
}

// The exchange is on its own; what it would call is let go, as that may hold the exchange itself.
HttpExchangePtr HttpSession::Leave() {
  HttpExchangePtr exchange = std::exchange(exchange_, nullptr);
  if (exchange != nullptr) {
    exchange->session_ = nullptr;
    exchange->on_body_ = nullptr;
    exchange->on_sent_ = nullptr;
  }
  return exchange;
}

void HttpSession::OnData(std::string_view bytes) {
  heard_ = Now();
  if (state_ == State::kClosing) return;
  unread_ += bytes;
  Read();
  const bool waits = state_ == State::kAnswering || body_paused_;
  if (waits && unread_.size() > kAheadBytesMax) connection_->Pause();
}

void HttpSession::Read() {
  if (reading_) return;
  reading_ = true;
  while (!unread_.empty() && (state_ == State::kIdle || state_ == State::kHead ||
                              (state_ == State::kBody && !body_paused_))) {
    if (state_ == State::kIdle) {
      parser_ = std::make_unique<Parser>();
      state_ = State::kHead;
      arrived_ = Now();
    }
    ErrorOf error;
    const std::size_t used = parser_->put(asio::buffer(unread_), error);
    unread_.erase(0, used);
    const bool more = error == http::error::need_more;
    if (error && !more) {
      OnParseError(error == http::error::header_limit ? "the head is too long"
                   : error == http::error::body_limit ? "the body is too large"
                                                      : error.message());
      break;
    }
    // The extensions of a chunk and what stands behind the last one have no limit of Beast's.
    if (more && unread_.size() > kHeadBytesMax) {
      OnParseError("the head is too long");
      break;
    }
    if (state_ == State::kHead && parser_->head_done) OnHead();
    if (state_ == State::kBody && !parser_->piece.empty()) {
      TellBody(std::exchange(parser_->piece, {}), false);
    }
    if (state_ == State::kBody && !pieces_ && !body_held_.Set(parser_->request.body.size())) {
      RefuseForRoom();
      break;
    }
    if (state_ == State::kBody && parser_->is_done()) OnBodyDone();
    if (more) break;
  }
  reading_ = false;
  if (state_ != State::kAnswering && !body_paused_) connection_->Resume();
}

void HttpSession::OnHead() {
  HttpRequest& request = parser_->request;
  keep_alive_ = parser_->keep_alive();
  http10_ = parser_->http10;
  head_only_ = request.method == "HEAD";
  request.peer = connection_->peer();
  std::optional<HttpTarget> target = ParseTarget(request.target);
  if (!target) {
    return Refuse(400, {ErrorCode::kInvalid, "the target of the request is not well-formed"}, true);
  }
  const auto hosts = std::count_if(request.fields.begin(), request.fields.end(),
                                   [](const auto& field) { return field.first == "host"; });
  if (hosts > 1 || (hosts == 0 && !http10_)) {
    return Refuse(400,
                  {ErrorCode::kInvalid, "Host: " + std::to_string(hosts) + " times, expected once"},
                  true);
  }
  if (!request.Field("transfer-encoding").empty() && !parser_->chunked()) {
    return Refuse(400, {ErrorCode::kInvalid, "Transfer-Encoding: expected chunked, or none"}, true);
  }
  request.segments = std::move(target->segments);
  request.query = std::move(target->query);
  const HttpServer::Found found = server_.Find(request);
  const bool whole = parser_->is_done();
  if (found.route == nullptr) {
    if (found.allow.empty()) {
      return Refuse(404, {ErrorCode::kNotFound, "there is nothing at " + request.Path()}, !whole);
    }
    allow_ = found.allow;
    return Refuse(
        405,
        {ErrorCode::kUnsupported, "method " + request.method + ", expected one of " + found.allow},
        !whole);
  }
  route_ = found.route;
  if (const auto refusal = server_.admit_(request, route_->access)) {
    return Refuse(refusal->status, refusal->error, !whole);
  }
  const Status query = CheckQuery(request.query, route_->query);
  if (!query && !route_->any_query) return Refuse(400, query.error(), !whole);
  const std::string_view coding = request.Field("content-encoding");
  if (!coding.empty() && coding != "identity") {
    return Refuse(415, {ErrorCode::kUnsupported, "a body with a Content-Encoding, expected none"},
                  !whole);
  }
  pieces_ = route_->pieces && route_->pieces(request);
  parser_->pieces = pieces_;
  parser_->body_max = route_->body_max;
  const auto length = parser_->content_length();
  if (!pieces_ && length && *length > route_->body_max) {
    return Refuse(
        413,
        {ErrorCode::kTooLarge, "a body of " + std::to_string(*length) +
                                   " bytes, expected at most " + std::to_string(route_->body_max)},
        true);
  }
  if (!pieces_ && length && !body_held_.MayHave(static_cast<std::size_t>(*length))) {
    return RefuseForRoom();
  }
  expects_ = !whole && LowerAscii(request.Field("expect")) == "100-continue";
  state_ = State::kBody;
  body_done_ = false;
  if (!pieces_) return WantBody();
  exchange_ = std::make_shared<HttpExchange>(this, std::move(request));
  exchange_->body_held_.emplace(server_.budget_);
  route_->handler(exchange_);
}

// The handler may replace itself meanwhile.
void HttpSession::TellBody(const std::string& piece, bool last) {
  const HttpExchange::OnBody call = exchange_ == nullptr ? nullptr : exchange_->on_body_;
  if (call) call(piece, last);
}

void HttpSession::OnBodyDone() {
  body_done_ = true;
  state_ = State::kAnswering;
  if (pieces_) return TellBody("", true);
  exchange_ = std::make_shared<HttpExchange>(this, std::move(parser_->request));
  exchange_->body_held_.emplace(std::move(body_held_));
  route_->handler(HttpExchangePtr(exchange_));
}

void HttpSession::OnParseError(const std::string& what) {
  const int status = what == "the head is too long"    ? 431
                     : what == "the body is too large" ? 413
                                                       : 400;
  const ErrorCode code = status == 400 ? ErrorCode::kInvalid : ErrorCode::kTooLarge;
  const std::string limit =
      status == 431   ? ", expected at most " + std::to_string(kHeadBytesMax) + " bytes"
      : status == 413 ? ", expected at most " + std::to_string(parser_->body_max) + " bytes"
                      : "";
  Refuse(status, {code, status == 400 ? "not HTTP/1.1: " + what : what + limit}, true);
}

void HttpSession::RefuseForRoom() {
  parser_->request.body = std::string();  // its bytes too, not only its size
  body_held_.Set(0);
  Refuse(503, {ErrorCode::kUnavailable, "too much is being read here; small requests are taken"},
         true);
}

// Answers what no handler sees. `close`: what is still to come of it is not read.
void HttpSession::Refuse(int status, const Error& error, bool close) {
  if (exchange_ != nullptr && exchange_->answered_) return Close();
  if (exchange_ == nullptr) {
    exchange_ = std::make_shared<HttpExchange>(
        this, parser_ == nullptr ? HttpRequest() : std::move(parser_->request));
  }
  if (close) keep_alive_ = false;
  body_done_ = true;
  state_ = State::kAnswering;
  HttpResponse response = server_.refuse_(exchange_->request_, status, error);
  if (status == 405) response.fields.emplace_back("Allow", allow_);
  const HttpExchangePtr exchange = exchange_;
  Answer(*exchange, std::move(response));
}

std::string HttpSession::Head(const HttpExchange& exchange, const HttpResponse& response,
                              std::size_t body_bytes) {
  if (server_.draining_) keep_alive_ = false;
  const auto reason =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(reason.data(), reason.size());
  head += "\r\n";
  AddField(head, "Date", DateNow());
  if (!response.content_type.empty()) AddField(head, "Content-Type", response.content_type);
  bool cached = false;
  for (const auto& [name, value] : response.fields) {
    AddField(head, name, value);
    cached = cached || name == "Cache-Control";
  }
  // Clinical data stay in no cache.
  if (!cached) AddField(head, "Cache-Control", "no-store");
  AddField(head, "X-Content-Type-Options", "nosniff");
  if (exchange.chunked_) {
    AddField(head, "Transfer-Encoding", "chunked");
  } else if (exchange.ended_ && response.status != 204 && response.status != 304) {
    AddField(head, "Content-Length", std::to_string(body_bytes));
  }
  if (!keep_alive_) AddField(head, "Connection", "close");
  return head + "\r\n";
}

void HttpSession::Answer(HttpExchange& exchange, HttpResponse response) {
  exchange.answered_ = true;
  exchange.ended_ = true;
  if (!body_done_) keep_alive_ = false;
  if (!unsent_held_.MayHave(connection_->unsent() + response.body.size() + kHeadBytesMax)) {
    response = server_.refuse_(
        exchange.request_, 503,
        {ErrorCode::kUnavailable, "too many answers wait here to be taken by their clients"});
  }
  std::string bytes = Head(exchange, response, response.body.size());
  if (!head_only_) bytes += response.body;
  Write(std::move(bytes));
  server_.observe_(route_ == nullptr ? "" : route_->pattern, exchange.request_.method,
                   response.status, std::chrono::duration_cast<milliseconds>(Now() - arrived_));
  Next();
}

void HttpSession::Begin(HttpExchange& exchange, HttpResponse head) {
  exchange.answered_ = true;
  exchange.chunked_ = !http10_ && !head_only_;
  if (!exchange.chunked_) keep_alive_ = false;
  Write(Head(exchange, head, 0));
  server_.observe_(route_->pattern, exchange.request_.method, head.status,
                   std::chrono::duration_cast<milliseconds>(Now() - arrived_));
  if (!head.body.empty()) Send(exchange, head.body);
}

void HttpSession::Send(HttpExchange& exchange, std::string_view piece) {
  if (piece.empty() || head_only_) return;
  if (!exchange.chunked_) return Write(std::string(piece));
  std::array<char, 24> size{};
  const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
  std::string chunk(size.data(), static_cast<std::size_t>(length));
  chunk += piece;
  chunk += "\r\n";
  Write(std::move(chunk));
}

void HttpSession::End(HttpExchange& exchange) {
  exchange.ended_ = true;
  if (exchange.chunked_) Write("0\r\n\r\n");
  if (!body_done_) keep_alive_ = false;
  Next();
}

void HttpSession::Next() {
  if (const HttpExchangePtr exchange = Leave()) exchange->on_gone_ = nullptr;
  route_ = nullptr;
  body_paused_ = false;
  if (!keep_alive_ || server_.draining_) return Close();
  state_ = State::kIdle;
  heard_ = Now();
  Read();
}

void HttpSession::WantBody() {
  if (std::exchange(expects_, false)) connection_->Write("HTTP/1.1 100 Continue\r\n\r\n");
}

void HttpSession::PauseBody() { body_paused_ = true; }

void HttpSession::ResumeBody() {
  if (!body_paused_) return;
  body_paused_ = false;
  // Never inside of the handler that asks for it.
  server_.loop_.Post([&server = server_, id = id_] {
    const auto session = server.sessions_.find(id);
    if (session != server.sessions_.end()) session->second->Read();
  });
}

void HttpSession::Drain() {
  if (state_ == State::kIdle) Close();
}

void HttpSession::Write(std::string bytes) {
  const TimePoint by =
      Now() + server_.limits_.unread + std::chrono::seconds(bytes.size() / kTakesPerSecond);
  if (!unsent_until_) unsent_until_ = by;
  connection_->Write(std::move(bytes));
  if (unsent_held_.Set(connection_->unsent())) return;
  // Who does not take its stream is let go; not inside of the call of who writes it.
  server_.loop_.Post([&server = server_, id = id_] {
    const auto session = server.sessions_.find(id);
    if (session != server.sessions_.end()) session->second->OnEnd();
  });
}

void HttpSession::OnSent() {
  unsent_until_.reset();
  unsent_held_.Set(0);
  const HttpExchangePtr exchange = exchange_;
  if (exchange != nullptr && exchange->on_sent_) {
    const auto call = exchange->on_sent_;  // it may be replaced meanwhile
    call();
  }
}

void HttpSession::OnProgress() {
  unsent_held_.Set(connection_->unsent());
  if (!unsent_until_) return;
  unsent_until_ = Now() + server_.limits_.unread +
                  std::chrono::seconds(connection_->unsent() / kTakesPerSecond);
}

void HttpSession::Close() {
  state_ = State::kClosing;
  heard_ = Now();
  unread_.clear();
  connection_->CloseWhenSent();
}

void HttpSession::OnEnd() {
  state_ = State::kClosing;
  if (const HttpExchangePtr exchange = Leave()) {
    if (const auto call = std::exchange(exchange->on_gone_, nullptr)) call();
  }
  server_.Remove(id_);
}

void HttpSession::OnTime() {
  const TimePoint now = Now();
  timer_.At(now + kTick);
  const HttpLimits& limits = server_.limits_;
  if (unsent_until_ && now >= *unsent_until_) return OnEnd();
  switch (state_) {
    case State::kIdle:
      if (now - heard_ >= limits.idle) Close();
      return;
    case State::kHead:
    case State::kBody: {
      const bool pieces = state_ == State::kBody && pieces_;
      const TimePoint until = pieces ? heard_ + limits.idle : arrived_ + limits.request;
      if (body_paused_ || now < until) return;
      return Refuse(408, {ErrorCode::kTimeout, "the request did not arrive in time"}, true);
    }
    case State::kAnswering:
      return;
    case State::kClosing:
      if (now - heard_ >= limits.unread) OnEnd();
      return;
  }
}

}  // namespace consilium
