#include "gateway/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

namespace consilium {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,  0.5,   1,    2.5,   10};

double Seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000.0; }

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& http =
      prometheus::BuildCounter()
          .Name("consilium_gateway_http_requests_total")
          .Help("Answers over HTTP, by route, method and status")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& http_seconds =
      prometheus::BuildHistogram()
          .Name("consilium_gateway_http_seconds")
          .Help("Time from the first byte of a request to the answer, by route")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& hl7 =
      prometheus::BuildCounter()
          .Name("consilium_gateway_hl7_messages_total")
          .Help("HL7 v2 messages, by type and acknowledgement")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& hl7_seconds =
      prometheus::BuildHistogram()
          .Name("consilium_gateway_hl7_seconds")
          .Help("Time from a whole message to its acknowledgement")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& gauges = prometheus::BuildGauge()
                                                      .Name("consilium_gateway")
                                                      .Help("What is open here now, by what")
                                                      .Register(registry);
  prometheus::Family<prometheus::Gauge>& cases =
      prometheus::BuildGauge()
          .Name("consilium_cases")
          .Help("Counters of the cluster as its brokers say them, by what")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& lanes =
      prometheus::BuildGauge()
          .Name("consilium_tasks")
          .Help("Tasks of the cluster, by model, stage and state")
          .Register(registry);
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::OnHttp(const std::string& pattern, const std::string& method, int status,
                     milliseconds took) {
  // Routes and methods that nobody has would be as many as anybody likes.
  const std::string route = pattern.empty() ? "none" : pattern;
  const std::string verb = pattern.empty() ? "" : method;
  state_->http.Add({{"route", route}, {"method", verb}, {"status", std::to_string(status)}})
      .Increment();
  state_->http_seconds.Add({{"route", route}}, kSeconds).Observe(Seconds(took));
}

void Metrics::OnHl7(const std::string& type, const std::string& code, milliseconds took) {
  state_->hl7.Add({{"type", type}, {"ack", code.empty() ? "none" : code}}).Increment();
  state_->hl7_seconds.Add({}, kSeconds).Observe(Seconds(took));
}

void Metrics::Set(const std::string& gauge, double value) {
  state_->gauges.Add({{"what", gauge}}).Set(value);
}

void Metrics::OnStatus(const StatusReply& status) {
  for (const auto& [name, value] : status.counters) {
    state_->cases.Add({{"what", name}}).Set(static_cast<double>(value));
  }
  state_->cases.Add({{"what", "live"}}).Set(static_cast<double>(status.live));
  state_->cases.Add({{"what", "dead_letters"}}).Set(static_cast<double>(status.dead));
  state_->cases.Add({{"what", "balanced"}}).Set(status.balanced ? 1 : 0);
  for (const LaneStatus& lane : status.lanes) {
    const auto set = [&](const char* name, std::int64_t value) {
      state_->lanes.Add({{"model", lane.model}, {"stage", lane.stage}, {"state", name}})
          .Set(static_cast<double>(value));
    };
    set("waiting", lane.waiting);
    set("leased", lane.leased);
  }
}

std::string Metrics::Text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, state_->registry.Collect());
  return out.str();
}

}  // namespace consilium
