// Requests and responses of HTTP/1.1 as plain data, and what an answering program sees of one.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/net/byte_budget.h"
#include "shared/result.h"

namespace consilium {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;                 // "GET"
  std::string target;                 // as sent
  std::vector<std::string> segments;  // of the path, decoded: "/v1/cases" -> {"v1", "cases"}
  HttpFields query;                   // decoded, in their order
  HttpFields fields;                  // names in lower case
  std::string body;                   // whole; empty where it is read piece by piece
  std::vector<std::string> captured;  // what stood for {...} in the pattern of its route
  std::string peer;                   // address
  std::string client;                 // whose token it came with; "" = none
  std::vector<std::string> senders;   // for whom else that client may speak; empty = for anybody

  // The first of that name (lower case); "" when there is none.
  std::string_view Field(std::string_view name) const;
  std::optional<std::string> Query(std::string_view name) const;
  std::string Path() const;  // without query, not decoded
};

struct HttpResponse {
  int status = 200;
  std::string content_type;  // "" = there is no body
  std::string body;
  HttpFields fields;
};

// What a target means: path segments and query, decoded; empty when it is not well-formed (bad
// percent signs, NUL, invalid UTF-8).
struct HttpTarget {
  std::vector<std::string> segments;
  HttpFields query;
};
std::optional<HttpTarget> ParseTarget(std::string_view target);
// kInvalid: a parameter that is none of `known`, or one twice. What is misspelt is never passed
// over.
Status CheckQuery(const HttpFields& query, const std::vector<std::string>& known);
// Of a segment of a path or a value of a query.
std::string PercentEncoded(std::string_view text);

class HttpSession;

// One request that is being answered: at once, later, or piece by piece. It may outlive its
// connection, which may end at any time; then everything here does nothing. Shared by the
// connection and by whatever the answer waits for, of which either may end first.
class HttpExchange {
 public:
  HttpExchange(HttpSession* session, HttpRequest request)
      : session_(session), request_(std::move(request)) {}
  const HttpRequest& request() const { return request_; }

  void Answer(HttpResponse response);
  // Piece by piece; `head.body` is the first one.
  void Begin(HttpResponse head);
  void Send(std::string_view piece);
  void End();
  bool answered() const { return answered_; }
  std::size_t unsent() const;
  bool gone() const { return session_ == nullptr; }
  void OnGone(std::function<void()> call) { on_gone_ = std::move(call); }

  // Whenever all that was sent has been taken.
  void OnSent(std::function<void()> call) { on_sent_ = std::move(call); }

  // Of a body that is read piece by piece: each piece as it comes, then an empty one with `last`.
  // Before Begin(): a client that waits to be asked for its body is asked now.
  using OnBody = std::function<void(std::string_view piece, bool last)>;
  void OnBodyPiece(OnBody call);
  void PauseBody();
  void ResumeBody();
  // What the handler has of it, in bytes; false: too much for what all connections hold.
  bool HoldBody(std::size_t bytes) { return !body_held_ || body_held_->Set(bytes); }

 private:
  friend class HttpSession;
  HttpSession* session_;  // nullptr: the connection has ended
  HttpRequest request_;
  bool answered_ = false;  // the response has begun
  bool ended_ = false;     // and is complete
  bool chunked_ = false;
  std::optional<ByteBudget::Share> body_held_;
  std::function<void()> on_gone_;
  std::function<void()> on_sent_;
  OnBody on_body_;
};
using HttpExchangePtr = std::shared_ptr<HttpExchange>;

}  // namespace consilium
