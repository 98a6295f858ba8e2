#include "gateway/outbox_api.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/problem.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kAsideShown = 256;

ordered_json StatusJson(const OutboxStatus& status) {
  return {
      {"now_ms", status.now_ms},           {"waiting", status.waiting},
      {"oldest_ms", status.oldest_ms},     {"sender", status.sender},
      {"sender_seen_ms", status.seen_ms},  {"tries", status.tried.tries},
      {"refusals", status.tried.refusals}, {"why", status.why},
      {"sent_ms", status.sent_ms},         {"since_ms", status.since_ms},
      {"set_aside", status.aside},         {"oldest_set_aside_ms", status.oldest_aside_ms},
  };
}

HttpResponse Json(int status, const ordered_json& body) {
  return JsonResponse(status, body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

void OutboxApi::Describe(std::function<void(const OutboxStatus&)> done) {
  outbox_.Describe([done = std::move(done)](const Result<OutboxStatus>& status) {
    if (status.ok()) done(*status);
  });
  redis_.PumpSoon();
}

void OutboxApi::Show(const HttpExchangePtr& exchange) {
  outbox_.Describe([this, exchange](Result<OutboxStatus> status) {
    if (!status.ok()) return exchange->Answer(Problem(status.error()));
    const std::string after = exchange->request().Query("after").value_or("");
    outbox_.ListAside(after, kAsideShown,
                      [exchange, status = *status](Result<std::vector<AsideMessage>> aside) {
                        if (!aside.ok()) return exchange->Answer(Problem(aside.error()));
                        ordered_json body = StatusJson(status);
                        body["aside"] = ordered_json::array();
                        for (const AsideMessage& message : *aside) {
                          body["aside"].push_back({{"entry", message.entry},
                                                   {"case", message.message.case_id},
                                                   {"revision", message.message.revision},
                                                   {"why", message.why},
                                                   {"tries", message.tries},
                                                   {"aside_ms", message.aside_ms}});
                        }
                        exchange->Answer(Json(200, body));
                      });
    redis_.PumpSoon();
  });
  redis_.PumpSoon();
}

void OutboxApi::Requeue(const HttpExchangePtr& exchange) {
  const std::string entry = exchange->request().captured[0];
  outbox_.Requeue(entry, [exchange, entry](Result<std::string> disposition) {
    if (!disposition.ok()) return exchange->Answer(Problem(disposition.error()));
    if (*disposition == "unknown") {
      return exchange->Answer(
          Problem({ErrorCode::kNotFound, "nothing was set aside as " + Quoted(entry)}));
    }
    if (*disposition == "superseded") {
      return exchange->Answer(
          Problem({ErrorCode::kConflict, "a newer revision of its case went to the receiver"}));
    }
    exchange->Answer(Json(200, {{"entry", entry}, {"disposition", *disposition}}));
  });
  redis_.PumpSoon();
}

void OutboxApi::Purge(const HttpExchangePtr& exchange) {
  const std::string entry = exchange->request().captured[0];
  outbox_.Purge(entry, [exchange, entry](Result<bool> purged) {
    if (!purged.ok()) return exchange->Answer(Problem(purged.error()));
    if (!*purged) {
      return exchange->Answer(
          Problem({ErrorCode::kNotFound, "nothing was set aside as " + Quoted(entry)}));
    }
    exchange->Answer(Json(200, {{"entry", entry}, {"disposition", "purged"}}));
  });
  redis_.PumpSoon();
}

void OutboxApi::AddTo(HttpServer& server) {
  server.Add(
      {"GET", "/v1/outbox", HttpAccess::kRead, [this](const HttpExchangePtr& e) { Show(e); }},
      {"after"});
  server.Add({"POST", "/v1/outbox/{entry}/requeue", HttpAccess::kAdmin,
              [this](const HttpExchangePtr& e) { Requeue(e); }});
  server.Add({"DELETE", "/v1/outbox/{entry}", HttpAccess::kAdmin,
              [this](const HttpExchangePtr& e) { Purge(e); }});
}

}  // namespace consilium
