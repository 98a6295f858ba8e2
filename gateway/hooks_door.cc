#include "gateway/hooks_door.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/clinical/patient_context.h"
#include "gateway/clinical/patient_key.h"
#include "gateway/hooks/card_judgement.h"
#include "gateway/hooks/feedback.h"
#include "gateway/hooks/request.h"
#include "gateway/hooks/services.h"
#include "gateway/problem.h"
#include "gateway/wall_clock.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/seal.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};
constexpr milliseconds kKeepCard{24LL * 3600 * 1000};
constexpr std::string_view kServices = "/cds-services";
constexpr std::string_view kFeedback = "/feedback";
constexpr std::string_view kOpensChart = "patient-view";
constexpr const char* kJsonType = "application/json";

std::int64_t UnixSecondsNow() { return UnixMsNow() / 1000; }

// The service that a call is for.
Result<const HookService*> ServiceOf(const HttpRequest& request) {
  const nlohmann::json call = nlohmann::json::parse(request.body, nullptr, false);
  if (!call.is_object()) return Invalid("body: expected a JSON object");
  const std::string expected = ", expected one of " + HooksOf(request.captured[0]);
  const auto hook = call.find("hook");
  if (hook == call.end()) return Invalid("hook: missing" + expected);
  const std::string name = hook->is_string() ? hook->get<std::string>() : hook->type_name();
  const HookService* const service = FindHookService(request.captured[0], name);
  if (service == nullptr) return Invalid("hook = " + Quoted(name, 32) + expected);
  return service;
}

Result<HookRequest> ReadCall(const HttpRequest& request) {
  const Result<const HookService*> service = ServiceOf(request);
  if (!service.ok()) return service.error();
  return ReadHookRequest(request.body, **service);
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
  std::vector<PatientContext> contexts;  // what the feeds know of the patient
  std::int64_t now_ms = 0;               // when that was looked up, by Redis' clock
  CardCall card;
  std::vector<std::string> recalled;  // cases that feeds started, not looked at yet
  std::string case_id;                // whose answer is looked for; "" = not known yet
  std::vector<CaseView> shown;        // what the cards are of
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

void HooksDoor::Admit(const HttpExchangePtr& exchange, std::function<void(std::string sender)> then,
                      std::function<void(const Error&)> unable) {
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
  const auto use = [this, refuse, then = std::move(then),
                    unable = std::move(unable)](const JwtClaims& claims) {
    const milliseconds keep = std::chrono::seconds(
        std::max<std::int64_t>(claims.exp_s + JwtLimits().skew_s - UnixSecondsNow(), 1));
    intake_.store().UseToken(Sha256Hex(claims.iss + "\n" + claims.jti), RandomHexId(), keep,
                             [refuse, then, unable, iss = claims.iss](Result<bool> first) {
                               if (!first.ok()) return unable(first.error());
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
  if (const std::string type = MediaType(exchange->request()); type != kJsonType) {
    return Reply(exchange, NotThisType(type, kJsonType));
  }
  const auto call = std::make_shared<Call>();
  call->exchange = exchange;
  // The clinician does not wait for the council, nor for anything else.
  loop_.After(kAnswerWithin, [this, call] {
    if (call->exchange->answered()) return;
    if (call->case_id.empty()) {
      return Unasked(call, {ErrorCode::kTimeout, "The council could not be asked in time."});
    }
    Sits(call);
  });
  Admit(
      exchange,
      [this, call](std::string sender) {
        if (call->exchange->answered()) return;
        call->sender = std::move(sender);
        Read(call);
      },
      [this, call](const Error& error) { NotReached(call, error); });
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
    if (!view.ok()) return NotReached(call, view.error());
    UseRecalled(call, *view);
  });
  redis_.PumpSoon();
}

void HooksDoor::UseRecalled(const CallPtr& call, const FeedView& view) {
  for (const StoredValue& value : view.patients) {
    if (!value.bytes) continue;
    if (Result<PatientContext> context = UnpackSealed<PatientContext>(*value.bytes)) {
      call->contexts.push_back(std::move(*context));
    }
  }
  call->now_ms = view.now_ms;
  if (call->opens_chart) call->recalled = CasesOf(*call, view.now_ms - context_ms_);
  ShowRecalled(call);
}

// Those that feeds started for this patient since then, the latest first, each once.
std::vector<std::string> HooksDoor::CasesOf(const Call& call, std::int64_t since_ms) {
  if (AnyConflict(call.message.records.front(), call.contexts)) return {};
  std::vector<ContextCase> cases;
  for (const PatientContext& context : call.contexts) {
    cases.insert(cases.end(), context.cases.begin(), context.cases.end());
  }
  std::sort(cases.begin(), cases.end(),
            [](const ContextCase& a, const ContextCase& b) { return a.started_ms > b.started_ms; });
  std::vector<std::string> ids;
  for (const ContextCase& one : cases) {
    if (one.started_ms < since_ms) break;
    if (std::find(ids.begin(), ids.end(), one.id) == ids.end()) ids.push_back(one.id);
  }
  return ids;
}

// The latest that stands, beside the withdrawn one that was shown before it. A case that never came
// to the brokers, or that they no longer keep, is none.
void HooksDoor::ShowRecalled(const CallPtr& call) {
  if (call->recalled.empty()) {
    call->case_id.clear();
    return call->shown.empty() ? Take(call) : Answer(call);
  }
  call->case_id = call->recalled.front();
  call->recalled.erase(call->recalled.begin());
  bus_.Ask<CaseView>(FetchRequest{call->case_id}, kTimeout,
                     [this, call](Result<CaseView> view, std::optional<std::int64_t> /*retry*/) {
                       if (call->exchange->answered()) return;
                       if (!view.ok()) {
                         return view.error().code == ErrorCode::kNotFound ? ShowRecalled(call)
                                                                          : Sits(call);
                       }
                       const bool withdrawn = KindOf(*view) == CardKind::kWithdrawn;
                       if (!withdrawn) {
                         call->shown.insert(call->shown.begin(), std::move(*view));
                         return Answer(call);
                       }
                       if (call->shown.empty()) call->shown.push_back(std::move(*view));
                       ShowRecalled(call);
                     });
}

void HooksDoor::Take(const CallPtr& call) {
  if (!call->asks) return Reply(call->exchange, CardsResponse(NoCards().json));
  // An allergy that came over a feed since makes it another case.
  FeedRecord known;
  const JoinedContext joined =
      JoinContext(call->message.records.front(), call->contexts, call->now_ms, context_ms_);
  known.facts = joined.facts;
  known.patient.deceased = joined.patient.deceased;
  call->message.digest = Sha256Hex(call->message.digest + Pack(known));
  // Known before it is durable: should that take long, the card says where the answer will be.
  call->case_id = FeedCaseId(call->message, 0);
  intake_.Take(std::move(call->message), [this, call](Result<std::vector<AdmittedRecord>> records,
                                                      std::optional<std::int64_t> /*retry*/) {
    if (call->exchange->answered()) return;
    if (!records.ok()) return NotReached(call, records.error());
    const AdmittedRecord& record = records->front();
    if (record.plan.refusal) {
      return Unasked(call, {ErrorFromName(record.plan.refusal->code), record.plan.refusal->text});
    }
    if (record.submitted && !record.submitted->ok()) {
      return Unasked(call, record.submitted->error());
    }
    call->case_id = record.plan.request ? record.plan.request->id : record.plan.same_as;
    // No case was to start: the patient is recorded as dead.
    if (call->case_id.empty()) return Reply(call->exchange, CardsResponse(NoCards().json));
    Show(call);
  });
}

void HooksDoor::Show(const CallPtr& call) {
  bus_.Ask<CaseView>(FetchRequest{call->case_id}, kTimeout,
                     [this, call](Result<CaseView> view, std::optional<std::int64_t> /*retry*/) {
                       if (call->exchange->answered()) return;
                       if (!view.ok()) return Sits(call);
                       call->shown = {std::move(*view)};
                       Answer(call);
                     });
}

// The case is known, and what it says is not known yet.
void HooksDoor::Sits(const CallPtr& call) {
  CaseView view;
  view.id = call->case_id;
  call->shown = {std::move(view)};
  Answer(call);
}

void HooksDoor::NotReached(const CallPtr& call, const Error& error) {
  const bool full = error.code == ErrorCode::kQueueFull;
  Unasked(call, {error.code, full ? "Too many cases wait for the council."
                                  : "The council cannot be reached at the moment."});
}

// A clinician is told so, too: an EHR shows nothing of a status that is an error.
void HooksDoor::Unasked(const CallPtr& call, const Error& error) {
  if (call->exchange->answered()) return;
  LogInfo("cds_council_unasked", {{"code", ErrorName(error.code)}});
  Reply(call->exchange, CardsResponse(WriteNotice(error.text, cards_).json));
}

void HooksDoor::Answer(const CallPtr& call) {
  const WrittenCards cards = WriteCards(call->shown, call->card, cards_);
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
  const auto unable = [this, exchange](const Error& error) { Reply(exchange, Problem(error)); };
  const auto take = [this, exchange](const std::string& sender) {
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
  };
  Admit(exchange, take, unable);
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
