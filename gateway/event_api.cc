#include "gateway/event_api.h"

#include <set>
#include <utility>

#include "gateway/problem.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kTimeout{20000};
constexpr milliseconds kPause{500};
constexpr milliseconds kKeepAlive{15000};
constexpr milliseconds kComeAgain{2000};  // for a listener that was cut off
// For one for whom there is no room: from so long to twice that, so that not all come at once.
constexpr milliseconds kComeAgainLater{5000};
constexpr std::int64_t kComeAgainSteps = 50;
constexpr std::size_t kGotMax = 1024;
constexpr std::size_t kCursorBytesMax = 4096;

std::string EventType(const Recommendation& item) {
  if (item.status == CaseState::kCancelled) return "withdrawn";
  return item.revision > 1 ? "revision" : "recommendation";
}

constexpr std::string_view kFromNowOn = "$";  // a cursor

// `since`: from where on some are missing, as a listener knows it.
std::string GapEvent(const std::string& since) {
  return "event: gap\ndata: {\"version\":1,\"type\":\"gap\",\"text\":\"some events since " + since +
         " are no longer kept: read the cases\"}\n\n";
}

std::string EventKey(const Recommendation& item) {
  return item.case_id + "|" + std::to_string(item.revision) + "|" +
         kCaseStateNames[static_cast<std::size_t>(item.status)];
}

// What follows "sequence": the same for every listener.
std::string EventTail(const Recommendation& item) {
  return ",\"type\":\"" + EventType(item) + "\",\"case\":\"" + item.case_id +
         "\",\"revision\":" + std::to_string(item.revision) + ",\"status\":\"" +
         kCaseStateNames[static_cast<std::size_t>(item.status)] +
         "\",\"recommendation\":" + ToJson(item) + "}";
}

// The begin of a stream: when to come again if it ends, and with which cursor; "" = that which the
// listener has.
HttpResponse StreamHead(milliseconds come_again, const std::string& cursor) {
  HttpResponse head;
  head.content_type = "text/event-stream";
  head.body = "retry: " + std::to_string(come_again.count()) + "\n";
  if (!cursor.empty()) head.body += "id: " + cursor + "\n";
  head.body += "\n";
  return head;
}

bool IsEventSource(const HttpRequest& request) {
  return LowerAscii(request.Field("accept")).find("text/event-stream") != std::string::npos;
}

}  // namespace

struct EventApi::Listener {
  std::uint64_t id = 0;
  HttpExchangePtr exchange;
  std::string cursor;         // up to which it was served, while it catches up
  bool live = false;          // it gets what the others get
  std::set<std::string> got;  // while and just after catching up: events that may come again live
  std::int64_t sequence = 0;
};

EventApi::EventApi(Loop& loop, BusLink& bus, FeedReader& feed)
    : loop_(loop),
      bus_(bus),
      feed_(feed),
      joined_(feed.Join([this](const WatchReply& slice) { OnSlice(slice); })),
      keep_alive_(loop, [this] { KeepAlive(); }) {
  keep_alive_.At(Now() + kKeepAlive);
}

EventApi::~EventApi() { feed_.Leave(joined_); }

void EventApi::AddTo(HttpServer& server) {
  server.Add({"GET", "/v1/events", HttpAccess::kRead,
              [this](const HttpExchangePtr& exchange) { OnRequest(exchange); }},
             {"after"});
}

void EventApi::OnRequest(const HttpExchangePtr& exchange) {
  const HttpRequest& request = exchange->request();
  std::string after(request.Field("last-event-id"));
  if (after.empty()) after = request.Query("after").value_or("");
  if (after.size() > kCursorBytesMax) {
    return exchange->Answer(Problem(Invalid("Last-Event-ID: none that was given out")));
  }
  if (request.method == "HEAD") {
    HttpResponse head;
    head.content_type = "text/event-stream";
    return exchange->Answer(std::move(head));
  }
  if (listeners_.size() >= kListenersMax) return TurnAway(exchange, after);
  auto listener = std::make_shared<Listener>();
  listener->id = next_++;
  listener->exchange = exchange;
  listeners_.emplace(listener->id, listener);
  exchange->OnGone([this, id = listener->id] { Leave(id); });
  if (!after.empty()) {
    listener->cursor = after;
    return CatchUp(listener);
  }
  exchange->Begin(StreamHead(kComeAgain, feed_.cursor()));
  if (feed_.cursor().empty()) {
    // This gateway has no place in the feed yet to be live from.
    listener->cursor = kFromNowOn;
    return CatchUp(listener);
  }
  listener->live = true;
}

// There is no room. An EventSource never comes back from an answer that is not 200 (HTML standard,
// 9.2.3): it gets a stream that ends at once, which has all that it needs to go on later.
void EventApi::TurnAway(const HttpExchangePtr& exchange, const std::string& after) {
  const milliseconds pause =
      kComeAgainLater + kComeAgainLater * (turned_away_++ % kComeAgainSteps) / kComeAgainSteps;
  if (IsEventSource(exchange->request())) {
    return exchange->Answer(StreamHead(pause, after.empty() ? feed_.cursor() : ""));
  }
  const std::string most = std::to_string(kListenersMax);
  exchange->Answer(Problem(
      {ErrorCode::kUnavailable, "too many listen to events here, at most " + most}, pause.count()));
}

// Reads what was published since its cursor until nothing is left, then it is like the others.
void EventApi::CatchUp(const std::shared_ptr<Listener>& listener) {
  WatchRequest request;
  request.after = listener->cursor;
  bus_.Ask<WatchReply>(request, kTimeout,
                       [this, listener, slices = slices_](Result<WatchReply> reply,
                                                          std::optional<std::int64_t> retry) {
                         if (listener->exchange->gone()) return;
                         const bool begun = listener->exchange->answered();
                         if (!reply.ok() && reply.error().code == ErrorCode::kInvalid) {
                           begun ? listener->exchange->End()
                                 : listener->exchange->Answer(Problem(reply.error(), retry));
                           return Leave(listener->id);
                         }
                         // An EventSource that is answered with anything but 200 never comes back:
                         // it is not told that the brokers are away for a while.
                         if (!begun) listener->exchange->Begin(StreamHead(kComeAgain, ""));
                         if (!reply.ok())
                           return loop_.After(kPause, [this, listener] { CatchUp(listener); });
                         if (reply->gap) {
                           listener->exchange->Send(GapEvent("Last-Event-ID"));
                         }
                         if (listener->cursor == kFromNowOn)
                           listener->exchange->Send("id: " + reply->cursor + "\n\n");
                         Deliver(*listener, *reply, false);
                         made_.clear();
                         listener->cursor = reply->cursor;
                         // What the others got while this was asked may be missing in it.
                         if (!reply->items.empty() || slices != slices_) return CatchUp(listener);
                         // Nothing is behind its cursor, so it has all that the others had, and
                         // perhaps more.
                         listener->live = true;
                       });
}

void EventApi::OnSlice(const WatchReply& slice) {
  ++slices_;
  std::vector<std::shared_ptr<Listener>> all;
  for (const auto& [id, listener] : listeners_) {
    if (listener->live) all.push_back(listener);
  }
  for (const auto& listener : all) {
    // This gateway fell behind what is kept, and with it all that listen here.
    if (slice.gap) listener->exchange->Send(GapEvent("the last one"));
    Deliver(*listener, slice, true);
  }
  made_.clear();
}

void EventApi::Deliver(Listener& listener, const WatchReply& slice, bool live) {
  std::string out;
  // Only the last ones can come again; the others of a long backlog are not remembered.
  if (!live && listener.got.size() > kGotMax) listener.got.clear();
  for (std::size_t i = 0; i < slice.items.size(); ++i) {
    const Recommendation& item = slice.items[i];
    const std::string key = EventKey(item);
    if (live && listener.got.erase(key) > 0) continue;
    if (!live) listener.got.insert(key);
    std::string& tail = made_[key];
    if (tail.empty()) tail = EventTail(item);
    if (i + 1 == slice.items.size()) out += "id: " + slice.cursor + "\n";
    out += "event: " + EventType(item) +
           "\ndata: {\"version\":1,\"sequence\":" + std::to_string(++listener.sequence) + tail +
           "\n\n";
  }
  // What came twice has come by now.
  if (live && !slice.items.empty()) listener.got.clear();
  listener.exchange->Send(out);
  if (listener.exchange->unsent() > kUnsentMax) {
    listener.exchange->End();
    Leave(listener.id);
  }
}

void EventApi::Leave(std::uint64_t id) { listeners_.erase(id); }

void EventApi::KeepAlive() {
  keep_alive_.At(Now() + kKeepAlive);
  for (const auto& [id, listener] : listeners_) {
    if (listener->live) listener->exchange->Send(": here\n\n");
  }
}

}  // namespace consilium
