// Results out: fills the outbox from the feed of the cluster and sends it to the receiver.
//
// Any number of gateways fill, one sends (outbox.h, delivery.h). Only cases that came over the HL7
// door have a result for the receiver. Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/bus_link.h"
#include "gateway/delivery.h"
#include "gateway/feed_reader.h"
#include "gateway/feed_store.h"
#include "gateway/hl7/mllp_frame.h"
#include "gateway/hl7/result_message.h"
#include "gateway/net/connection.h"
#include "gateway/outbox.h"
#include "gateway/redis_loop.h"
#include "shared/config.h"
#include "shared/log.h"

namespace consilium {

class ResultSender {
 public:
  // `link`: what the page of a case begins with; "" = there is none.
  ResultSender(Loop& loop, BusLink& bus, RedisLoop& redis, FeedReader& feed, const Config& config,
               std::string link);
  ~ResultSender();

  // kInvalid for certificates that cannot be read.
  Status Start();
  // Sends nothing new; what was not answered stays in the outbox, for another gateway at once.
  void Stop();

 private:
  // --- filling
  void Fill();
  // A slice of the feed on its way into the outbox.
  struct Slice;
  using SlicePtr = std::shared_ptr<Slice>;
  void ReadOrigins(const SlicePtr& slice);
  // Of each result that stands in the place of an earlier one: that one.
  void ReadBefore(const SlicePtr& slice, std::size_t index);
  void Store(const SlicePtr& slice);
  void FillAgain(milliseconds pause);
  void FillFailed(const Error& error);

  // --- sending
  void Hold();
  void Drive();
  void Do(const DeliveryStep& step);
  void Connect();
  void SendHead();
  void OnData(std::string_view bytes);
  void Close();

  Loop& loop_;
  BusLink& bus_;
  RedisLoop& redis_;
  FeedReader& feed_;
  FeedStore store_;
  Outbox outbox_;
  ResultHeader header_;
  std::string link_;
  std::string host_;
  std::string port_;
  std::string ca_file_;
  milliseconds keep_;
  std::shared_ptr<TlsContext> tls_;
  std::string gateway_;  // who we are as a sender
  const TimePoint started_ = Now();
  std::uint64_t joined_ = 0;
  bool filling_ = false;
  bool fill_due_ = false;
  bool stopped_ = false;
  Timer fill_again_;

  Delivery delivery_;
  std::int64_t token_ = 0;  // 0 = another gateway sends
  std::optional<OutboxHead> head_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Connection> connection_;
  std::optional<MllpReader> reader_;
  bool driving_ = false;
  Timer hold_;
  Timer due_;
  PowersOfTwo failures_;
  PowersOfTwo unfilled_;
};

}  // namespace consilium
