#include "gateway/case_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/case_json.h"
#include "gateway/case_stream.h"
#include "gateway/problem.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"
#include "shared/tree.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};
constexpr milliseconds kWaitMax{60000};
constexpr std::size_t kCaseBytesMax = 2u << 20;
constexpr std::size_t kOutcomeBytesMax = 65536;
constexpr std::array<std::string_view, 6> kOutcomeFields{"id",          "by",     "verdict",
                                                         "medications", "reason", "revision"};
constexpr std::string_view kJsonType = "application/json";

bool IsLines(const std::string& type) {
  return type == "application/x-ndjson" || type == "application/ndjson" ||
         type == "application/jsonl";
}

// The door, and whose token it came with.
std::string SourceOf(const HttpRequest& request) {
  return request.client.empty() ? "http" : "http:" + std::string(CutUtf8(request.client, 64 - 5));
}

// "30s", "500ms", "30" (seconds).
std::optional<milliseconds> ReadWait(std::string_view text) {
  double number = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  const double ms = unit == "ms" ? number : number * 1000;
  if (problem != std::errc() || !(unit.empty() || unit == "s" || unit == "ms") || !(ms >= 0) ||
      ms > static_cast<double>(kWaitMax.count())) {
    return {};
  }
  return milliseconds(static_cast<std::int64_t>(ms));
}

// Answers `exchange` with a reply of the brokers as JSON.
template <class Reply>
auto AnswerWith(const HttpExchangePtr& exchange, int status = 200) {
  return [exchange, status](Result<Reply> reply, std::optional<std::int64_t> retry) {
    exchange->Answer(reply.ok() ? JsonResponse(status, ToJson(*reply))
                                : Problem(reply.error(), retry));
  };
}

// One client that waits for the end of a case. Kept by what it waits for.
class CaseWait : public std::enable_shared_from_this<CaseWait> {
 public:
  CaseWait(Loop& loop, BusLink& bus, FeedReader& feed, HttpExchangePtr exchange, std::string id,
           std::function<HttpResponse(const CaseView&)> show)
      : loop_(loop),
        bus_(bus),
        feed_(feed),
        exchange_(std::move(exchange)),
        id_(std::move(id)),
        show_(std::move(show)) {}

  void Start(milliseconds wait) {
    if (wait.count() > 0) {
      const auto weak = weak_from_this();
      // Joined before the case is looked at, so that its end cannot fall between.
      joined_ = feed_.Join([weak](const WatchReply& slice) {
        if (const auto self = weak.lock()) self->OnSlice(slice);
      });
      exchange_->OnGone([self = shared_from_this()] { self->Leave(); });
      // Kept by on_gone_ for as long as it waits.
      loop_.After(wait, [weak] {
        const auto self = weak.lock();
        if (self == nullptr || self->exchange_->answered() || self->exchange_->gone()) return;
        self->Leave();
        self->Fetch();
      });
    }
    Fetch();
  }

 private:
  void OnSlice(const WatchReply& slice) {
    bool ours = slice.gap;
    for (const Recommendation& item : slice.items) ours = ours || item.case_id == id_;
    if (ours) Fetch();
  }
  void Fetch() {
    bus_.Ask<CaseView>(
        FetchRequest{id_}, kTimeout,
        [self = shared_from_this()](Result<CaseView> view, std::optional<std::int64_t> retry) {
          if (self->exchange_->answered()) return;
          if (view.ok() && self->joined_ != 0 && !IsFinal(view->state)) return;
          self->Leave();
          self->exchange_->Answer(view.ok() ? self->show_(*view) : Problem(view.error(), retry));
        });
  }
  void Leave() {
    if (joined_ != 0) feed_.Leave(std::exchange(joined_, 0));
  }

  Loop& loop_;
  BusLink& bus_;
  FeedReader& feed_;
  HttpExchangePtr exchange_;
  std::string id_;
  std::function<HttpResponse(const CaseView&)> show_;
  std::uint64_t joined_ = 0;  // 0 = it waits no longer
};

}  // namespace

void CaseApi::Submit(const HttpExchangePtr& exchange, milliseconds line_time) {
  const std::string type = MediaType(exchange->request());
  if (IsLines(type)) {
    return CaseStream::Start(loop_, bus_, exchange, SourceOf(exchange->request()), line_time);
  }
  if (type != kJsonType) {
    return exchange->Answer(NotThisType(type, "application/json or application/x-ndjson"));
  }
  SubmitOne(exchange, exchange->request().body);
}

void CaseApi::SubmitOne(const HttpExchangePtr& exchange, const std::string& body) {
  const HttpRequest& request = exchange->request();
  std::string id = "http-" + RandomHexId();
  if (const std::string_view key = request.Field("idempotency-key"); !key.empty()) {
    const Result<std::string> known = IdFromKey(key, request.client);
    if (!known) return exchange->Answer(Problem(known.error()));
    id = *known;
  }
  Result<CaseRequest> read = ReadCaseJson(body, id);
  if (!read) return exchange->Answer(Problem(read.error()));
  read->source = SourceOf(request);
  bus_.Ask<SubmitReply>(
      SubmitRequest{std::move(*read)}, kTimeout,
      [exchange](Result<SubmitReply> reply, std::optional<std::int64_t> retry) {
        if (!reply.ok()) return exchange->Answer(Problem(reply.error(), retry));
        HttpResponse response = JsonResponse(reply->duplicate ? 200 : 202, ToJson(*reply));
        response.fields.emplace_back("Location", "/v1/cases/" + PercentEncoded(reply->id));
        exchange->Answer(std::move(response));
      });
}

void CaseApi::Fetch(const HttpExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const auto wait = ReadWait(request.Query("wait").value_or("0"));
  if (!wait) {
    return exchange->Answer(Problem(Invalid("wait = " + Quoted(*request.Query("wait")) +
                                            ", expected a time of at most 60s, as 30s or 500ms")));
  }
  std::make_shared<CaseWait>(loop_, bus_, feed_, exchange, request.captured[0],
                             [](const CaseView& view) { return JsonResponse(200, ToJson(view)); })
      ->Start(*wait);
}

void CaseApi::FetchRecommendation(const HttpExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  const auto wait = ReadWait(request.Query("wait").value_or("0"));
  if (!wait) {
    return exchange->Answer(Problem(Invalid("wait = " + Quoted(*request.Query("wait")) +
                                            ", expected a time of at most 60s, as 30s or 500ms")));
  }
  std::make_shared<CaseWait>(
      loop_, bus_, feed_, exchange, request.captured[0],
      [](const CaseView& view) {
        if (!view.recommendations.empty()) {
          return JsonResponse(200, ToJson(view.recommendations.back()));
        }
        return Problem(
            404, {ErrorCode::kNotFound, "case " + view.id + " has no recommendation yet; it is " +
                                            kCaseStateNames[static_cast<std::size_t>(view.state)]});
      })
      ->Start(*wait);
}

namespace {

constexpr std::int64_t kListMax = 256;
// A filter that leaves little is looked for so long in one answer.
constexpr int kListRounds = 16;

std::optional<CaseState> StateNamed(const std::string& name) {
  for (std::size_t i = 0; i < std::size(kCaseStateNames); ++i) {
    if (name == kCaseStateNames[i]) return static_cast<CaseState>(i);
  }
  return {};
}

std::string StateNames() {
  std::string names;
  for (const char* const name : kCaseStateNames)
    names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

Result<CaseListRequest> ReadListRequest(const HttpRequest& request) {
  CaseListRequest list;
  list.after = request.Query("after").value_or("");
  list.source = request.Query("source").value_or("");
  list.kind = request.Query("kind").value_or("");
  for (const auto& [name, value] : request.query) {
    if (name == "state") {
      list.state = StateNamed(value);
      if (!list.state) {
        return Invalid("state = " + Quoted(value, 64) + ", expected one of " + StateNames());
      }
    } else if (name == "limit") {
      const auto [end, problem] =
          std::from_chars(value.data(), value.data() + value.size(), list.max);
      if (problem != std::errc() || end != value.data() + value.size() || list.max < 1 ||
          list.max > kListMax) {
        return Invalid("limit = " + Quoted(value) + ", expected 1..256");
      }
    }
  }
  return list;
}

// {"items", "next": cursor or null, "partly"}; the next page is also a Link.
void AnswerList(const HttpExchangePtr& exchange, const CaseListRequest& asked,
                const std::vector<CaseSummary>& items, const CaseListReply& last) {
  Tree body = {{"items", Tree::array()}, {"next", nullptr}, {"partly", last.partly}};
  for (const CaseSummary& item : items) body["items"].push_back(Tree::parse(ToJson(item)));
  HttpResponse response;
  if (!last.end) {
    body["next"] = last.cursor;
    std::string link =
        "</v1/cases?after=" + PercentEncoded(last.cursor) + "&limit=" + std::to_string(asked.max);
    if (asked.state) {
      link += std::string("&state=") + kCaseStateNames[static_cast<std::size_t>(*asked.state)];
    }
    if (!asked.source.empty()) link += "&source=" + PercentEncoded(asked.source);
    if (!asked.kind.empty()) link += "&kind=" + PercentEncoded(asked.kind);
    response = JsonResponse(200, WriteJson(body, -1));
    response.fields.emplace_back("Link", link + ">; rel=\"next\"");
  } else {
    response = JsonResponse(200, WriteJson(body, -1));
  }
  exchange->Answer(std::move(response));
}

void AskList(BusLink& bus, const HttpExchangePtr& exchange, const CaseListRequest& asked,
             const std::shared_ptr<std::vector<CaseSummary>>& items, const std::string& after,
             int rounds) {
  CaseListRequest request = asked;
  request.after = after;
  request.max = asked.max - static_cast<std::int64_t>(items->size());
  bus.Ask<CaseListReply>(request, kTimeout,
                         [&bus, exchange, asked, items, rounds](Result<CaseListReply> reply,
                                                                std::optional<std::int64_t> retry) {
                           if (!reply.ok()) return exchange->Answer(Problem(reply.error(), retry));
                           items->insert(items->end(), reply->items.begin(), reply->items.end());
                           const bool enough =
                               static_cast<std::int64_t>(items->size()) >= asked.max;
                           if (enough || reply->end || rounds == 0) {
                             return AnswerList(exchange, asked, *items, *reply);
                           }
                           AskList(bus, exchange, asked, items, reply->cursor, rounds - 1);
                         });
}

}  // namespace

void CaseApi::List(const HttpExchangePtr& exchange) {
  const Result<CaseListRequest> list = ReadListRequest(exchange->request());
  if (!list) return exchange->Answer(Problem(list.error()));
  AskList(bus_, exchange, *list, std::make_shared<std::vector<CaseSummary>>(), list->after,
          kListRounds);
}

void CaseApi::Outcome(const HttpExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  if (const std::string type = MediaType(request); type != kJsonType) {
    return exchange->Answer(NotThisType(type, std::string(kJsonType)));
  }
  Result<Tree> tree = ParseJson(request.body);
  if (!tree) return exchange->Answer(Problem(tree.error()));
  if (!tree->is_object()) return exchange->Answer(Problem(Invalid("expected a JSON object")));
  if (tree->contains("id") && (*tree)["id"] != request.captured[0]) {
    return exchange->Answer(Problem(Invalid("id: expected none, or that of the path")));
  }
  for (const auto& [name, value] : tree->items()) {
    if (std::find(kOutcomeFields.begin(), kOutcomeFields.end(), name) != kOutcomeFields.end())
      continue;
    return exchange->Answer(
        Problem(Invalid(Quoted(name, 64) + ": unknown field, expected some of by, verdict, "
                                           "medications, reason, revision")));
  }
  (*tree)["id"] = request.captured[0];
  // Whose token it is says who judges; without tokens the client says it itself.
  if (!request.client.empty()) (*tree)["by"] = request.client;
  const Result<CaseOutcomeRequest> outcome = FromJson<CaseOutcomeRequest>(tree->dump());
  if (!outcome) return exchange->Answer(Problem(outcome.error()));
  bus_.Ask<CaseOutcomeReply>(*outcome, kTimeout, AnswerWith<CaseOutcomeReply>(exchange));
}

void CaseApi::Cancel(const HttpExchangePtr& exchange) {
  CancelRequest request;
  request.id = exchange->request().captured[0];
  const std::string withdraw = exchange->request().Query("withdraw").value_or("false");
  request.withdraw = withdraw == "true" || withdraw == "1";
  if (!request.withdraw && withdraw != "false" && withdraw != "0") {
    return exchange->Answer(
        Problem(Invalid("withdraw = " + Quoted(withdraw, 64) + ", expected true or false")));
  }
  request.reason = exchange->request().Query("reason").value_or("");
  bus_.Ask<CancelReply>(
      request, kTimeout, [exchange](Result<CancelReply> reply, std::optional<std::int64_t> retry) {
        if (!reply.ok()) return exchange->Answer(Problem(reply.error(), retry));
        if (reply->cancelled) return exchange->Answer(JsonResponse(200, ToJson(*reply)));
        const std::string state = kCaseStateNames[static_cast<std::size_t>(reply->state)];
        exchange->Answer(Problem(
            {ErrorCode::kConflict, "case " + reply->id + " has ended before: it is " + state +
                                       "; ?withdraw=true takes back what it said"}));
      });
}

void CaseApi::AddTo(HttpServer& server, std::size_t body_max) {
  // One case is read whole; what is no case at all is refused before it is read.
  server.Add({"POST", "/v1/cases", HttpAccess::kWrite,
              [this, line_time = server.limits().request](const HttpExchangePtr& e) {
                Submit(e, line_time);
              },
              std::min(body_max, kCaseBytesMax),
              [](const HttpRequest& request) { return MediaType(request) != kJsonType; }});
  server.Add({"GET", "/v1/cases", HttpAccess::kRead, [this](const HttpExchangePtr& e) { List(e); }},
             {"after", "kind", "limit", "source", "state"});
  server.Add(
      {"GET", "/v1/cases/{id}", HttpAccess::kRead, [this](const HttpExchangePtr& e) { Fetch(e); }},
      {"wait"});
  server.Add({"DELETE", "/v1/cases/{id}", HttpAccess::kWrite,
              [this](const HttpExchangePtr& e) { Cancel(e); }},
             {"reason", "withdraw"});
  server.Add({"GET", "/v1/cases/{id}/recommendation", HttpAccess::kRead,
              [this](const HttpExchangePtr& e) { FetchRecommendation(e); }},
             {"wait"});
  server.Add({"POST", "/v1/cases/{id}/outcome", HttpAccess::kWrite,
              [this](const HttpExchangePtr& e) { Outcome(e); }, kOutcomeBytesMax});
}

}  // namespace consilium
