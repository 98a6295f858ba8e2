// /v1/cases: submit cases, one or a stream of them; read, wait for, judge and withdraw them.
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "gateway/bus_link.h"
#include "gateway/feed_reader.h"
#include "gateway/net/http_server.h"

namespace consilium {

class CaseApi {
 public:
  CaseApi(Loop& loop, BusLink& bus, FeedReader& feed) : loop_(loop), bus_(bus), feed_(feed) {}
  void AddTo(HttpServer& server, std::size_t body_max);

 private:
  void Submit(const HttpExchangePtr& exchange, milliseconds line_time);
  void SubmitOne(const HttpExchangePtr& exchange, const std::string& body);
  void Fetch(const HttpExchangePtr& exchange);
  void FetchRecommendation(const HttpExchangePtr& exchange);
  void List(const HttpExchangePtr& exchange);
  void Outcome(const HttpExchangePtr& exchange);
  void Cancel(const HttpExchangePtr& exchange);

  Loop& loop_;
  BusLink& bus_;
  FeedReader& feed_;
};

}  // namespace consilium
