#include "gateway/gateway.h"

#include <algorithm>
#include <utility>

#include "gateway/bus_link.h"
#include "gateway/case_api.h"
#include "gateway/case_pages.h"
#include "gateway/event_api.h"
#include "gateway/feed_reader.h"
#include "gateway/fhir_door.h"
#include "gateway/gatekeeper.h"
#include "gateway/hooks_door.h"
#include "gateway/intake.h"
#include "gateway/learned_api.h"
#include "gateway/metrics.h"
#include "gateway/mllp_door.h"
#include "gateway/net/connection.h"
#include "gateway/net/http_server.h"
#include "gateway/net/loop.h"
#include "gateway/outbox_api.h"
#include "gateway/problem.h"
#include "gateway/redis_loop.h"
#include "gateway/result_sender.h"
#include "gateway/service_api.h"
#include "shared/endpoint.h"
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

// Of what all connections hold together: a few of the largest, and many that are usual.
std::size_t BytesMax(const GatewayConfig& config) {
  constexpr std::size_t kUsual = 256u << 20;
  return std::max(kUsual, 4 * static_cast<std::size_t>(config.body_bytes_max));
}

HttpLimits LimitsOf(const GatewayConfig& config) {
  HttpLimits limits;
  limits.connections_max = static_cast<std::size_t>(config.connections_max);
  limits.request = Milliseconds(config.request_s);
  limits.idle = Milliseconds(config.idle_s);
  return limits;
}

// In the form of the door that it came to.
HttpResponse RefusalOf(const HttpRequest& request, int status, const Error& error) {
  const bool fhir = request.target == "/fhir" || request.target.starts_with("/fhir/");
  if (fhir) return FhirRefusal(status, error);
  return IsCasePage(request) ? PageRefusal(status, error) : Problem(status, error);
}

std::vector<RedisScript> ScriptsOf() {
  std::vector<RedisScript> scripts = FeedStore::Scripts();
  const std::vector<RedisScript> more = Outbox::Scripts();
  scripts.insert(scripts.end(), more.begin(), more.end());
  return scripts;
}

}  // namespace

struct Gateway::Parts {
  Parts(Config given, BrokerAddress brokers, RedisAddress address, ZmqContext& context)
      : config(std::move(given)),
        budget(BytesMax(config.gateway)),
        bus(loop, context, std::move(brokers)),
        feed(loop, bus),
        gatekeeper(config.gateway.tokens_file, config.gateway.public_url,
                   config.gateway.cors_origins),
        http(
            loop, LimitsOf(config.gateway), budget, RefusalOf,
            [this](HttpRequest& request, HttpAccess access) {
              return gatekeeper.Admit(request, access);
            },
            [this](const std::string& route, const std::string& method, int code,
                   milliseconds took) { metrics.OnHttp(route, method, code, took); }),
        cases(loop, bus, feed),
        events(loop, bus, feed),
        redis(loop, std::move(address), ScriptsOf(), config.redis.durability == "trusted"),
        outbox(redis),
        ask_status(loop, [this] { AskStatus(); }),
        tick(loop, [this] { Tick(); }) {}

  // What needs the checked configuration.
  Status Prepare() {
    if (const Status started = gatekeeper.Start(); !started) return started;
    Result<PlanSettings> settings = Intake::SettingsOf(config);
    if (!settings) return settings.error();
    intake.emplace(loop, bus, redis, config, std::move(*settings));
    mllp.emplace(loop, budget, *intake, metrics, config);
    fhir.emplace(loop, bus, redis, *intake, config.gateway);
    hooks.emplace(loop, bus, redis, *intake, config);
    return hooks->Start();
  }

  // How others reach it over HTTP.
  std::string Base(bool tls) const {
    if (!config.gateway.public_url.empty()) {
      std::string url = config.gateway.public_url;
      while (url.ends_with('/')) url.pop_back();
      return url;
    }
    if (config.gateway.http.empty()) return "";
    const std::string plain = ConnectEndpoint(http.listener().endpoint());
    return (tls ? "https" : "http") + plain.substr(plain.find(':'));
  }

  void AddRoutes(const std::string& base) {
    fhir->AddTo(http, base);
    hooks->AddTo(http, base);
    AddServiceApi(
        http, metrics, [this] { return Trouble(); }, [this] { RefreshGauges(); });
    cases.AddTo(http, static_cast<std::size_t>(config.gateway.body_bytes_max));
    events.AddTo(http);
    outbox.AddTo(http);
    AddLearnedApi(http, bus);
    AddCasePages(http, bus);
  }

  // Why no case is taken now.
  std::string Trouble() const {
    if (stopping) return "this gateway is being stopped";
    if (!status) return "no broker has answered yet" + Because(bus.Trouble());
    if (const std::string why = bus.Trouble(); !why.empty()) return why;
    if (const std::string why = redis.Trouble(); !why.empty()) return why;
    if (!status->accepting && !status->partly)
      return "the brokers accept nothing" + Because(status->reason);
    return "";
  }
  static std::string Because(const std::string& why) { return why.empty() ? "" : ": " + why; }

  void AskStatus() {
    outbox.Describe([this](const OutboxStatus& waiting) {
      metrics.Set("results_waiting", static_cast<double>(waiting.waiting));
      metrics.Set("results_set_aside", static_cast<double>(waiting.aside));
    });
    intake->store().Describe([this](const Result<DoorsStatus>& doors) {
      if (doors.ok()) metrics.Set("plans_open", static_cast<double>(doors->open));
    });
    redis.PumpSoon();
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

  // Beyond gateway.connections_max.
  std::int64_t TurnedAway() const {
    const std::int64_t at_http = config.gateway.http.empty() ? 0 : http.listener().turned_away();
    return at_http + (config.gateway.mllp.empty() ? 0 : mllp->turned_away());
  }

  void RefreshGauges() {
    metrics.Set("http_connections", static_cast<double>(http.sessions()));
    metrics.Set("event_listeners", static_cast<double>(events.listeners()));
    metrics.Set("event_listeners_turned_away", static_cast<double>(events.turned_away()));
    metrics.Set("bytes_held", static_cast<double>(budget.held()));
    metrics.Set("bus_requests", static_cast<double>(bus.waiting()));
    metrics.Set("hl7_connections", static_cast<double>(mllp->sessions()));
    metrics.Set("connections_turned_away", static_cast<double>(TurnedAway()));
  }

  void Tick() {
    const TimePoint now = Now();
    gatekeeper.Refresh();
    health->Tell(Trouble(), now);
    const bool empty = http.sessions() + mllp->sessions() == 0;
    if (stopping && (empty || now >= stop_by)) return loop.Stop();
    tick.At(now + kTick);
  }

  void OnSignal(StopSignals& signals) {
    if (signals.Count() > 1) return loop.Stop();
    if (std::exchange(stopping, true)) return;
    LogInfo("gateway_stopping", {{"connections", http.sessions() + mllp->sessions()}});
    stop_by = Now() + kDrain;
    http.Drain();
    mllp->Drain();
    if (results) results->Stop();
    tick.At(Now());
  }

  Config config;
  ByteBudget budget;  // outlives what the loop still holds
  Loop loop;
  Metrics metrics;
  BusLink bus;
  FeedReader feed;
  Gatekeeper gatekeeper;
  HttpServer http;
  CaseApi cases;
  EventApi events;
  RedisLoop redis;  // shard 0
  OutboxApi outbox;
  std::optional<Intake> intake;
  std::optional<MllpDoor> mllp;
  std::optional<FhirDoor> fhir;
  std::optional<HooksDoor> hooks;
  std::optional<ResultSender> results;
  std::optional<StatusReply> status;  // of the last seconds
  HealthFile* health = nullptr;
  Timer ask_status;
  Timer tick;
  bool stopping = false;
  TimePoint stop_by;
};

Gateway::Gateway(Config config, BrokerAddress brokers, RedisAddress redis, ZmqContext& context)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(brokers), std::move(redis),
                                     context)) {}
Gateway::~Gateway() = default;

Status Gateway::Open() {
  Parts& parts = *parts_;
  const GatewayConfig& config = parts.config.gateway;
  if (config.http.empty() && config.mllp.empty()) {
    return Invalid("neither gateway.http nor gateway.mllp is set: there is no door to open");
  }
  if (const Status prepared = parts.Prepare(); !prepared) return prepared;
  const auto tls = [&](const std::string& client_ca) -> Result<std::shared_ptr<TlsContext>> {
    if (config.tls_cert_file.empty()) return std::shared_ptr<TlsContext>();
    return TlsContext::Server(config.tls_cert_file, config.tls_key_file, client_ca);
  };
  const auto http_tls = tls("");
  if (!http_tls) return http_tls.error();
  const auto mllp_tls = tls(config.mllp_client_ca);
  if (!mllp_tls) return mllp_tls.error();
  if (!config.http.empty()) {
    const Status opened = parts.http.Open(config.http, *http_tls);
    if (!opened) return Error{opened.error().code, "gateway.http: " + opened.error().text};
  }
  const std::string base = parts.Base(*http_tls != nullptr);
  parts.AddRoutes(base);
  if (!config.mllp.empty()) {
    const Status opened = parts.mllp->Open(config.mllp, *mllp_tls);
    if (!opened) return Error{opened.error().code, "gateway.mllp: " + opened.error().text};
  }
  if (config.receiver.empty()) return Ok();
  parts.results.emplace(parts.loop, parts.bus, parts.redis, parts.feed, parts.config,
                        base.empty() ? "" : base + "/cases/");
  return parts.results->Start();
}

std::string Gateway::http() const {
  return parts_->config.gateway.http.empty() ? "" : parts_->http.listener().endpoint();
}
std::string Gateway::mllp() const {
  return parts_->config.gateway.mllp.empty() ? "" : parts_->mllp->endpoint();
}

std::vector<std::string> Gateway::Routes() const {
  std::vector<std::string> routes;
  for (const HttpRoute& route : parts_->http.routes()) {
    std::string& text = routes.emplace_back(route.method + " " + route.pattern + " " +
                                            HttpAccessName(route.access));
    for (const std::string& name : route.query) text += " " + name;
  }
  return routes;
}

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
