// GET /v1/events: what is published, as Server-Sent Events that can be resumed.
//
//   id: <cursor>             to be sent back as Last-Event-ID; at the begin (no data, so no event),
//                            and on the last event of a slice
//   event: recommendation | revision | withdrawn
//   data: {"version": 1, "sequence": 7, "type": ..., "case": ..., "revision": ..., "status": ...,
//          "recommendation": {...}}
//
// `sequence` counts the events of one connection from 1: a client that misses one sees it. After a
// reconnect some may come again (at least once; case and revision tell). A listener that does not
// read is closed; it resumes where it was. While the brokers are away it is kept waiting, and where
// too many listen it is told when to come again: only a Last-Event-ID that is none is refused, as
// an EventSource takes every refusal for the last word. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "gateway/bus_link.h"
#include "gateway/feed_reader.h"
#include "gateway/net/http_server.h"

namespace consilium {

class EventApi {
 public:
  static constexpr std::size_t kListenersMax = 2000;
  static constexpr std::size_t kUnsentMax = 4u << 20;

  EventApi(Loop& loop, BusLink& bus, FeedReader& feed);
  ~EventApi();
  void AddTo(HttpServer& server);
  std::size_t listeners() const { return listeners_.size(); }
  std::int64_t turned_away() const { return turned_away_; }

 private:
  struct Listener;
  void OnRequest(const HttpExchangePtr& exchange);
  void OnSlice(const WatchReply& slice);
  void TurnAway(const HttpExchangePtr& exchange, const std::string& after);
  void CatchUp(const std::shared_ptr<Listener>& listener);
  void Deliver(Listener& listener, const WatchReply& slice, bool live);
  void Leave(std::uint64_t id);
  void KeepAlive();

  Loop& loop_;
  BusLink& bus_;
  FeedReader& feed_;
  std::uint64_t joined_;
  std::map<std::uint64_t, std::shared_ptr<Listener>> listeners_;
  std::uint64_t next_ = 1;
  std::int64_t turned_away_ = 0;
  std::uint64_t slices_ = 0;  // that came
  // The events of the slice that is being delivered, made once for all listeners.
  std::map<std::string, std::string> made_;
  Timer keep_alive_;
};

}  // namespace consilium
