// CDS Hooks 2.0 over HTTP: discovery, services, feedback.
//
// A call is answered within kAnswerWithin, always: with the card of the finished recommendation
// where the case is known, else with one that says that the council sits and where the answer will
// be, or that it could not be asked, and why. Only a call that is none is an error. A first call
// (patient-view) starts the council, a later one finds it done: the same patient with the same data
// is the same case.
//
//   call ─► who calls (JWT) ─► read ─► fetch what lacks, while there is time ─► intake ─► case ─►
//   card
//
// With no [[cds_client]] configured the door is open to whoever may write over HTTP. Threads: the
// loop's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/bus_link.h"
#include "gateway/hooks/cards.h"
#include "gateway/hooks/hook_feed.h"
#include "gateway/hooks/jwt.h"
#include "gateway/http_calls.h"
#include "gateway/intake.h"
#include "gateway/key_sets.h"
#include "gateway/net/http_server.h"
#include "shared/config.h"

namespace consilium {

class HooksDoor {
 public:
  static constexpr milliseconds kAnswerWithin{400};
  static constexpr milliseconds kFetchWithin{250};

  HooksDoor(Loop& loop, BusLink& bus, RedisLoop& redis, Intake& intake, const Config& config);
  // kInvalid: a key file of a cds_client cannot be read.
  Status Start();
  // `base`: how others reach it, "http://host:port".
  void AddTo(HttpServer& server, const std::string& base);

 private:
  struct Call;
  using CallPtr = std::shared_ptr<Call>;
  // `then` when the caller may, `unable` when that cannot be told now; otherwise 401 is answered.
  void Admit(const HttpExchangePtr& exchange, std::function<void(std::string sender)> then,
             std::function<void(const Error&)> unable);
  void OnDiscovery(const HttpExchangePtr& exchange);
  void OnCall(const HttpExchangePtr& exchange);
  void Read(const CallPtr& call);
  void Fetch(const CallPtr& call);
  void Recall(const CallPtr& call);
  void Look(const CallPtr& call, HookFeed feed);
  void UseRecalled(const CallPtr& call, const FeedView& view);
  static std::vector<std::string> CasesOf(const Call& call, std::int64_t since_ms);
  void ShowRecalled(const CallPtr& call);
  void Take(const CallPtr& call);
  void Show(const CallPtr& call);
  void Sits(const CallPtr& call);
  void NotReached(const CallPtr& call, const Error& error);
  void Unasked(const CallPtr& call, const Error& error);
  void Answer(const CallPtr& call);
  void OnFeedback(const HttpExchangePtr& exchange);
  void OnPreflight(const HttpExchangePtr& exchange);
  void Reply(const HttpExchangePtr& exchange, HttpResponse response) const;

  Loop& loop_;
  BusLink& bus_;
  RedisLoop& redis_;
  Intake& intake_;
  GatewayConfig config_;
  std::vector<CdsClientConfig> clients_;
  std::int64_t context_ms_;
  HttpCalls calls_;
  KeySets keys_;
  CardSettings cards_;
  std::string base_;
};

}  // namespace consilium
