#include "gateway/hooks_door.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/clinical/patient_context.h"
#include "gateway/clinical/patient_key.h"
#include "gateway/hooks/feedback.h"
#include "gateway/hooks/request.h"
#include "gateway/hooks/services.h"
#include "gateway/problem.h"
#include "gateway/wall_clock.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/seal.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};
constexpr milliseconds kKeepCard{24LL * 3600 * 1000};
constexpr std::string_view kServices = "/cds-services";
constexpr std::string_view kFeedback = "/feedback";
constexpr std::string_view kOpensChart = "patient-view";

std::int64_t UnixSecondsNow() { return UnixMsNow() / 1000; }

// Which hook a call is for; "" when it does not say.
std::string HookOf(const std::string& body) {
  const nlohmann::json call = nlohmann::json::parse(body, nullptr, false);
  if (!call.is_object() || !call.contains("hook") || !call["hook"].is_string()) return "";
  return call["hook"].get<std::string>();
}

Result<HookRequest> ReadCall(const HttpRequest& request) {
  const HookService* const service = FindHookService(request.captured[0], HookOf(request.body));
  if (service == nullptr) return Invalid("hook: none of this service");
  return ReadHookRequest(request.body, *service);
}

HttpResponse CardsResponse(const std::string& json) { return JsonResponse(200, json); }

}  // namespace

struct HooksDoor::Call {
  HttpExchangePtr exchange;
  std::string sender;
  std::optional<HookRequest> request;
  std::vector<FhirFetched> fetched;
  std::size_t fetching = 0;
  FeedMessage message;
  bool opens_chart = false;
  bool asks = false;
  CardCall card;
  std::string case_id;
};

HooksDoor::HooksDoor(Loop& loop, BusLink& bus, RedisLoop& redis, Intake& intake,
                     const Config& config)
    : loop_(loop),
      bus_(bus),
      redis_(redis),
      intake_(intake),
      config_(config.gateway),
      clients_(config.cds_clients),
      context_ms_(static_cast<std::int64_t>(config.gateway.context_h * 3'600'000)),
      calls_(loop),
      keys_(loop, calls_, config.cds_clients, KeySets::Ages()) {}

Status HooksDoor::Start() { return keys_.Start(); }

void HooksDoor::Reply(const HttpExchangePtr& exchange, HttpResponse response) const {
  const std::string origin(exchange->request().Field("origin"));
  const auto& allowed = config_.cors_origins;
  const bool any = std::find(allowed.begin(), allowed.end(), "*") != allowed.end();
  const bool known = std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
  if (!origin.empty() && (any || known)) {
    response.fields.emplace_back("Access-Control-Allow-Origin", origin);
    response.fields.emplace_back("Vary", "Origin");
  }
  exchange->Answer(std::move(response));
}

void HooksDoor::OnPreflight(const HttpExchangePtr& exchange) {
  HttpResponse response;
  response.status = 204;
  response.fields = {{"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
                     {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
                     {"Access-Control-Max-Age", "600"}};
  Reply(exchange, std::move(response));
}

void HooksDoor::Admit(const HttpExchangePtr& exchange,
                      std::function<void(std::string sender)> then) {
  if (clients_.empty()) {
    return then(exchange->request().client.empty() ? "cds" : exchange->request().client);
  }
  const auto refuse = [this, exchange](const std::string& why) {
    LogInfo("cds_caller_refused", {{"why", why}});
    HttpResponse response;
    response.status = 401;
    response.fields.emplace_back("WWW-Authenticate", "Bearer");
    Reply(exchange, std::move(response));
  };
  const auto token = BearerToken(exchange->request().Field("authorization"));
  if (!token) return refuse("no token");
  // The specification speaks of the service's URL; some sign that for its feedback as well.
  std::vector<std::string> audiences = {base_ + exchange->request().Path()};
  if (audiences[0].ends_with(kFeedback)) {
    audiences.push_back(audiences[0].substr(0, audiences[0].size() - kFeedback.size()));
  }
  const auto verify = [this, token = std::string(*token), audiences] {
    Result<JwtClaims> claims = Error{ErrorCode::kForbidden, "other_audience"};
    for (const std::string& audience : audiences) {
      claims = VerifyJwt(token, audience, keys_.issuers(), UnixSecondsNow());
      if (claims.ok()) break;
    }
    return claims;
  };
  const auto use = [this, exchange, refuse, then = std::move(then)](const JwtClaims& claims) {
    const milliseconds keep = std::chrono::seconds(
        std::max<std::int64_t>(claims.exp_s + JwtLimits().skew_s - UnixSecondsNow(), 1));
    intake_.store().UseToken(Sha256Hex(claims.iss + "\n" + claims.jti), RandomHexId(), keep,
                             [this, exchange, refuse, then, iss = claims.iss](Result<bool> first) {
                               if (!first.ok()) {
                                 return Reply(exchange, Problem(first.error()));
                               }
                               if (!*first) return refuse("replayed");
                               then(iss);
                             });
    redis_.PumpSoon();
  };
  const Result<JwtClaims> claims = verify();
  if (claims.ok()) return use(*claims);
  if (claims.error().code != ErrorCode::kNotFound) return refuse(claims.error().text);
  // The issuer may have changed its keys.
  keys_.Refresh([verify, use, refuse] {
    const Result<JwtClaims> again = verify();
    if (!again.ok()) return refuse(again.error().text);
    use(*again);
  });
}

void HooksDoor::OnDiscovery(const HttpExchangePtr& exchange) {
  Reply(exchange, JsonResponse(200, DiscoveryJson()));
}

void HooksDoor::OnCall(const HttpExchangePtr& exchange) {
  if (!IsHookService(exchange->request().captured[0])) {
    return Reply(exchange, Problem({ErrorCode::kNotFound, "there is no such service"}));
  }
  const auto call = std::make_shared<Call>();
  call->exchange = exchange;
  // The clinician does not wait for the council, nor for anything else.
  loop_.After(kAnswerWithin, [this, call] {
    if (call->exchange->answered()) return;
    if (call->case_id.empty()) return Reply(call->exchange, CardsResponse(NoCards().json));
    CaseView sits;
    sits.id = call->case_id;
    Answer(call, sits);
  });
  Admit(exchange, [this, call](std::string sender) {
    if (call->exchange->answered()) return;
    call->sender = std::move(sender);
    Read(call);
  });
}

void HooksDoor::Read(const CallPtr& call) {
  const HttpExchangePtr& exchange = call->exchange;
  loop_.Parse(
      exchange->request().body.size(), [exchange] { return ReadCall(exchange->request()); },
      [this, call](Result<HookRequest> read) {
        if (call->exchange->answered()) return;
        if (!read.ok()) {
          return Reply(call->exchange, Problem(HookHttpStatus(read.error().code), read.error()));
        }
        call->request = std::move(*read);
        Fetch(call);
      });
}

// What lacks, from the client's FHIR server, if the configuration allows to ask it.
void HooksDoor::Fetch(const CallPtr& call) {
  HookRequest& request = *call->request;
  const auto& servers = config_.fhir_servers;
  const bool allowed = std::any_of(servers.begin(), servers.end(), [&](const std::string& server) {
    return request.fhir_server == server || request.fhir_server + "/" == server;
  });
  if (!allowed) return Recall(call);
  const std::vector<FhirRead> reads = ReadsToMake(request);
  if (reads.empty()) return Recall(call);
  call->fetching = reads.size();
  for (const FhirRead& read : reads) {
    HttpCall http;
    http.get = true;
    http.url = request.fhir_server + "/" + read.url;
    http.headers = {"Accept: application/fhir+json"};
    if (request.access) {
      http.headers.push_back("Authorization: Bearer " +
                             std::string(request.access->token.Reveal()));
    }
    http.total = kFetchWithin;
    http.reply_bytes_max = kHookBodyBytesMax;
    calls_.Start(std::move(http), [this, call, key = read.key](HttpReply reply) {
      if (reply.end == HttpReply::End::kDone && reply.status == 200) {
        call->fetched.push_back({key, std::move(reply.body)});
      }
      if (--call->fetching == 0) Recall(call);
    });
  }
}

// What the feeds know of the patient: their case, and what makes this call another case than the
// last one.
void HooksDoor::Recall(const CallPtr& call) {
  if (call->exchange->answered()) return;
  call->card.patient = call->request->patient;
  call->card.encounter = call->request->encounter;
  call->card.drafts = call->request->drafts;
  call->opens_chart = call->request->hook == kOpensChart;
  std::size_t bytes = call->exchange->request().body.size();
  for (const FhirFetched& one : call->fetched) bytes += one.json.size();
  loop_.Parse(
      bytes,
      [request = std::move(*call->request), fetched = std::move(call->fetched),
       sender = call->sender]() mutable { return ToHookFeed(std::move(request), fetched, sender); },
      [this, call](Result<HookFeed> feed) {
        if (call->exchange->answered()) return;
        if (!feed.ok()) {
          return Reply(call->exchange, Problem(HookHttpStatus(feed.error().code), feed.error()));
        }
        Look(call, std::move(*feed));
      });
}

void HooksDoor::Look(const CallPtr& call, HookFeed feed) {
  call->card.remarks = feed.message.remarks;
  feed.message.records.front().question = feed.question;
  call->asks = feed.asks;
  call->message = std::move(feed.message);
  FeedQuestion question;
  question.message = Sha256Hex(call->message.digest);  // of no message: only patients are asked for
  question.patients = PatientKeys(call->message.records.front().patient.ids,
                                  ScopeOf(call->message, config_.authorities));
  intake_.store().Look(question, [this, call](Result<FeedView> view) {
    if (call->exchange->answered()) return;
    if (!view.ok()) return Reply(call->exchange, Problem(view.error()));
    UseRecalled(call, *view);
  });
  redis_.PumpSoon();
}

void HooksDoor::UseRecalled(const CallPtr& call, const FeedView& view) {
  std::vector<PatientContext> contexts;
  const PatientContext* latest = nullptr;
  for (const StoredValue& value : view.patients) {
    if (!value.bytes) continue;
    if (Result<PatientContext> context = UnpackSealed<PatientContext>(*value.bytes)) {
      contexts.push_back(std::move(*context));
    }
  }
  for (const PatientContext& context : contexts) {
    if (context.case_id.empty()) continue;
    if (latest == nullptr || context.case_ms > latest->case_ms) latest = &context;
  }
  FeedRecord& record = call->message.records.front();
  const bool ours = latest != nullptr && !Contradicts(record.patient, latest->patient) &&
                    latest->case_ms >= view.now_ms - context_ms_;
  if (call->opens_chart && ours) {
    call->case_id = latest->case_id;
    return Show(call);
  }
  if (!call->asks) return Reply(call->exchange, CardsResponse(NoCards().json));
  // An allergy that came over a feed since makes it another case.
  FeedRecord known;
  const JoinedContext joined = JoinContext(record, contexts, view.now_ms, context_ms_);
  known.facts = joined.facts;
  known.patient.deceased = joined.patient.deceased;
  call->message.digest = Sha256Hex(call->message.digest + Pack(known));
  Take(call);
}

void HooksDoor::Take(const CallPtr& call) {
  intake_.Take(std::move(call->message), [this, call](Result<std::vector<AdmittedRecord>> records,
                                                      std::optional<std::int64_t> retry) {
    if (call->exchange->answered()) return;
    if (!records.ok()) return Reply(call->exchange, Problem(records.error(), retry));
    const AdmittedRecord& record = records->front();
    std::optional<Error> error;
    if (record.plan.refusal) {
      error = Error{ErrorFromName(record.plan.refusal->code), record.plan.refusal->text};
    } else if (record.submitted && !record.submitted->ok()) {
      error = record.submitted->error();
    }
    if (error) return Reply(call->exchange, Problem(422, *error));
    if (!record.plan.same_as.empty()) call->case_id = record.plan.same_as;
    if (record.plan.request) call->case_id = record.plan.request->id;
    // No case was to start: the patient is recorded as dead.
    if (call->case_id.empty()) return Reply(call->exchange, CardsResponse(NoCards().json));
    Show(call);
  });
}

void HooksDoor::Show(const CallPtr& call) {
  bus_.Ask<CaseView>(FetchRequest{call->case_id}, kTimeout,
                     [this, call](Result<CaseView> view, std::optional<std::int64_t> retry) {
                       if (call->exchange->answered()) return;
                       if (!view.ok()) return Reply(call->exchange, Problem(view.error(), retry));
                       Answer(call, *view);
                     });
}

void HooksDoor::Answer(const CallPtr& call, const CaseView& view) {
  const WrittenCards cards = WriteCards(view, call->card, cards_);
  for (const ShownCard& shown : cards.shown) {
    intake_.store().PutCard(shown.uuid, Sealed(PackShownCard(shown)), kKeepCard,
                            [](const Result<Nothing>&) {});
  }
  redis_.PumpSoon();
  Reply(call->exchange, CardsResponse(cards.json));
}

void HooksDoor::OnFeedback(const HttpExchangePtr& exchange) {
  if (!IsHookService(exchange->request().captured[0])) {
    return Reply(exchange, Problem({ErrorCode::kNotFound, "there is no such service"}));
  }
  Admit(exchange, [this, exchange](const std::string& sender) {
    const Result<std::vector<CardFeedback>> read = ReadFeedback(exchange->request().body);
    if (!read) {
      return Reply(exchange, Problem(HookHttpStatus(read.error().code), read.error()));
    }
    struct Round {
      std::vector<CardFeedback> items;
      std::size_t left = 0;
      std::optional<Error> failed;
    };
    const auto round = std::make_shared<Round>();
    round->items = *read;
    round->left = round->items.size();
    // `by` of an outcome has 64 bytes.
    const std::string by = "cds:" + Sha256Hex(sender).substr(0, 16);
    const auto one_done = [this, exchange, round](const std::optional<Error>& error) {
      if (error && !round->failed) round->failed = error;
      if (--round->left > 0) return;
      if (round->failed) return Reply(exchange, Problem(*round->failed));
      HttpResponse response;
      response.status = 200;
      Reply(exchange, std::move(response));
    };
    if (round->items.empty()) {
      round->left = 1;
      return one_done({});
    }
    for (const CardFeedback& item : round->items) {
      intake_.store().GetCard(
          item.card, [this, item, by, one_done](Result<std::optional<std::string>> found) {
            if (!found.ok()) return one_done(found.error());
            // Not ours, or too long ago: there is nothing to learn from it.
            if (!*found) return one_done({});
            const Result<std::string_view> bytes = Opened(**found);
            if (!bytes) return one_done({});
            const Result<ShownCard> card = UnpackShownCard(*bytes);
            if (!card) return one_done({});
            const auto outcome = ToCaseOutcome(item, *card, by);
            if (!outcome) return one_done(outcome.error());
            if (!*outcome) return one_done({});
            bus_.Ask<CaseOutcomeReply>(
                **outcome, kTimeout,
                [one_done](Result<CaseOutcomeReply> reply, std::optional<std::int64_t> /*retry*/) {
                  // A case that is gone or withdrawn learns nothing more.
                  const bool over = !reply.ok() && (reply.error().code == ErrorCode::kNotFound ||
                                                    reply.error().code == ErrorCode::kConflict);
                  if (reply.ok() || over) return one_done({});
                  one_done(reply.error());
                });
          });
    }
    redis_.PumpSoon();
  });
}

void HooksDoor::AddTo(HttpServer& server, const std::string& base) {
  base_ = base;
  cards_.case_url = base + "/cases/";
  cards_.source_url = base;
  const std::string root(kServices);
  // Tokens of EHRs are their own kind; without any the door is like the others.
  const HttpAccess access = clients_.empty() ? HttpAccess::kWrite : HttpAccess::kOpen;
  server.Add(
      {"GET", root, HttpAccess::kOpen, [this](const HttpExchangePtr& e) { OnDiscovery(e); }});
  server.Add({"POST", root + "/{id}", access, [this](const HttpExchangePtr& e) { OnCall(e); },
              kHookBodyBytesMax});
  server.Add({"POST", root + "/{id}/feedback", access,
              [this](const HttpExchangePtr& e) { OnFeedback(e); }, kFeedbackBytesMax});
  for (const std::string& path : {root, root + "/{id}", root + "/{id}/feedback"}) {
    server.Add(
        {"OPTIONS", path, HttpAccess::kOpen, [this](const HttpExchangePtr& e) { OnPreflight(e); }});
  }
}

}  // namespace consilium
