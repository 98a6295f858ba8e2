// One HTTP connection; see http_server.h for its states. Only for files of this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/net/http_server.h"

namespace consilium {

class HttpSession {
 public:
  HttpSession(HttpServer& server, std::uint64_t id, std::unique_ptr<Connection> connection);
  ~HttpSession();

  void Answer(HttpExchange& exchange, HttpResponse response);
  void Begin(HttpExchange& exchange, HttpResponse head);
  void Send(HttpExchange& exchange, std::string_view piece);
  void End(HttpExchange& exchange);
  std::size_t unsent() const { return connection_->unsent(); }
  // The body is wanted: who waits with it (Expect: 100-continue) is told.
  void WantBody();
  void PauseBody();
  void ResumeBody();
  // After what is under way.
  void Drain();

 private:
  class Parser;
  enum class State { kIdle, kHead, kBody, kAnswering, kClosing };

  void OnData(std::string_view bytes);
  void OnSent();
  void OnProgress();
  void OnEnd();
  void OnTime();
  void Read();
  HttpExchangePtr Leave();
  void OnHead();
  void OnBodyDone();
  void TellBody(const std::string& piece, bool last);
  void OnParseError(const std::string& what);
  void Refuse(int status, const Error& error, bool close);
  void Next();
  void RefuseForRoom();
  void Write(std::string bytes);
  void Close();
  std::string Head(const HttpExchange& exchange, const HttpResponse& response,
                   std::size_t body_bytes);

  HttpServer& server_;
  std::uint64_t id_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Parser> parser_;
  std::string unread_;           // bytes that were not parsed yet
  ByteBudget::Share body_held_;  // of the request that is being read
  ByteBudget::Share unsent_held_;
  State state_ = State::kIdle;
  const HttpRoute* route_ = nullptr;
  std::string allow_;  // methods of a path that has not the one that was asked
  HttpExchangePtr exchange_;
  bool keep_alive_ = true;
  bool http10_ = false;
  bool head_only_ = false;
  bool body_paused_ = false;
  bool body_done_ = false;
  bool pieces_ = false;   // the handler reads this body piece by piece
  bool expects_ = false;  // the client sends its body once it is told to
  bool reading_ = false;  // Read() is on the stack
  TimePoint arrived_;     // first byte of the request
  TimePoint heard_;       // last byte
  std::optional<TimePoint> unsent_until_;
  Timer timer_;
};

}  // namespace consilium
