#include "gateway/gateway.h"

#include <utility>

#include "gateway/bus_link.h"
#include "gateway/case_api.h"
#include "gateway/event_api.h"
#include "gateway/feed_reader.h"
#include "gateway/gatekeeper.h"
#include "gateway/learned_api.h"
#include "gateway/metrics.h"
#include "gateway/net/connection.h"
#include "gateway/net/http_server.h"
#include "gateway/net/loop.h"
#include "gateway/problem.h"
#include "gateway/service_api.h"
#include "shared/log.h"

namespace consilium {
namespace {

constexpr milliseconds kTick{1000};
constexpr milliseconds kStatusEvery{2000};
constexpr milliseconds kStatusTimeout{5000};
// What is under way when a signal comes has so long.
constexpr milliseconds kDrain{5000};

milliseconds Milliseconds(double seconds) {
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

HttpLimits LimitsOf(const GatewayConfig& config) {
  HttpLimits limits;
  limits.connections_max = static_cast<std::size_t>(config.connections_max);
  limits.request = Milliseconds(config.request_s);
  limits.idle = Milliseconds(config.idle_s);
  return limits;
}

}  // namespace

struct Gateway::Parts {
  Parts(Config given, BrokerAddress brokers, ZmqContext& context)
      : config(std::move(given)),
        bus(loop, context, std::move(brokers)),
        feed(loop, bus),
        gatekeeper(config.gateway.tokens_file, config.gateway.public_url),
        http(
            loop, LimitsOf(config.gateway), RefusalOf,
            [this](HttpRequest& request, HttpAccess access) {
              return gatekeeper.Admit(request, access);
            },
            [this](const std::string& route, const std::string& method, int code,
                   milliseconds took) { metrics.OnHttp(route, method, code, took); }),
        cases(loop, bus, feed),
        events(loop, bus, feed),
        ask_status(loop, [this] { AskStatus(); }),
        tick(loop, [this] { Tick(); }) {}

  void AddRoutes() {
    AddServiceApi(
        http, metrics, [this] { return Trouble(); }, [this] { RefreshGauges(); });
    cases.AddTo(http, static_cast<std::size_t>(config.gateway.body_bytes_max));
    events.AddTo(http);
    AddLearnedApi(http, bus);
  }

  // Why no case is taken now.
  std::string Trouble() const {
    if (stopping) return "this gateway is being stopped";
    if (!status) return "no broker has answered yet" + Because(bus.Trouble());
    if (const std::string why = bus.Trouble(); !why.empty()) return why;
    if (!status->accepting && !status->partly)
      return "the brokers accept nothing" + Because(status->reason);
    return "";
  }
  static std::string Because(const std::string& why) { return why.empty() ? "" : ": " + why; }

  void AskStatus() {
    bus.Ask<StatusReply>(StatusRequest{}, kStatusTimeout,
                         [this](Result<StatusReply> reply, std::optional<std::int64_t> /*retry*/) {
                           if (reply.ok()) {
                             metrics.OnStatus(*reply);
                             status = std::move(*reply);
                           } else {
                             status.reset();
                           }
                           ask_status.At(Now() + kStatusEvery);
                         });
  }

  void RefreshGauges() {
    metrics.Set("http_connections", static_cast<double>(http.sessions()));
    metrics.Set("event_listeners", static_cast<double>(events.listeners()));
    metrics.Set("bus_requests", static_cast<double>(bus.waiting()));
  }

  void Tick() {
    const TimePoint now = Now();
    gatekeeper.Refresh();
    health->Tell(Trouble(), now);
    if (stopping && (http.sessions() == 0 || now >= stop_by)) return loop.Stop();
    tick.At(now + kTick);
  }

  void OnSignal(StopSignals& signals) {
    if (signals.Count() > 1) return loop.Stop();
    if (std::exchange(stopping, true)) return;
    LogInfo("gateway_stopping", {{"connections", http.sessions()}});
    stop_by = Now() + kDrain;
    http.Drain();
    tick.At(Now());
  }

  Config config;
  Loop loop;
  Metrics metrics;
  BusLink bus;
  FeedReader feed;
  Gatekeeper gatekeeper;
  HttpServer http;
  CaseApi cases;
  EventApi events;
  std::optional<StatusReply> status;  // of the last seconds
  HealthFile* health = nullptr;
  Timer ask_status;
  Timer tick;
  bool stopping = false;
  TimePoint stop_by;
};

Gateway::Gateway(Config config, BrokerAddress brokers, RedisAddress /*redis*/, ZmqContext& context)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(brokers), context)) {}
Gateway::~Gateway() = default;

Status Gateway::Open() {
  const GatewayConfig& config = parts_->config.gateway;
  if (config.http.empty() && config.mllp.empty()) {
    return Invalid("neither gateway.http nor gateway.mllp is set: there is no door to open");
  }
  if (const Status started = parts_->gatekeeper.Start(); !started) return started;
  std::shared_ptr<TlsContext> tls;
  if (!config.tls_cert_file.empty()) {
    auto made = TlsContext::Server(config.tls_cert_file, config.tls_key_file, "");
    if (!made) return made.error();
    tls = *made;
  }
  parts_->AddRoutes();
  if (!config.http.empty()) {
    const Status opened = parts_->http.Open(config.http, tls);
    if (!opened) return Error{opened.error().code, "gateway.http: " + opened.error().text};
  }
  return Ok();
}

std::string Gateway::http() const {
  return parts_->config.gateway.http.empty() ? "" : parts_->http.listener().endpoint();
}
std::string Gateway::mllp() const { return ""; }

int Gateway::Run(StopSignals& signals, HealthFile& health) {
  parts_->health = &health;
  FdWatch watch(parts_->loop, [&] { parts_->OnSignal(signals); });
  watch.Watch(signals.fd());
  parts_->AskStatus();
  parts_->Tick();
  LogInfo("gateway_started", {{"http", http()}, {"mllp", mllp()}});
  parts_->loop.Run();
  LogInfo("gateway_stopped");
  return 0;
}

}  // namespace consilium
