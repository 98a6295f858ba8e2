#include "cli/feed/http_sender.h"

#include <algorithm>
#include <utility>

#include "cli/feed/feed_verdict.h"
#include "shared/http/url.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kReplyBytesMax = 16u << 20;
// Also for what is long on its way to the gateway.
constexpr milliseconds kTotalAtLeast = 10 * kHttpAnswer;

const char* PathOf(FeedDoor door) {
  switch (door) {
    case FeedDoor::kCases:
      return "/v1/cases";
    case FeedDoor::kBulk:
      return "/fhir/bulk";
    case FeedDoor::kFhir:
    case FeedDoor::kMllp:
      return "/fhir";
  }
  return "/fhir";
}

const char* TypeOf(FeedDoor door) {
  switch (door) {
    case FeedDoor::kCases:
      return "Content-Type: application/x-ndjson";
    case FeedDoor::kBulk:
      return "Content-Type: application/fhir+ndjson";
    case FeedDoor::kFhir:
    case FeedDoor::kMllp:
      return "Content-Type: application/fhir+json";
  }
  return "Content-Type: application/fhir+json";
}

}  // namespace

HttpFeedSender::HttpFeedSender(HttpFeedOptions options, const FeedPatience& patience,
                               std::unique_ptr<HttpClient> http)
    : options_(std::move(options)), patience_(patience), http_(std::move(http)) {}

Result<std::unique_ptr<HttpFeedSender>> HttpFeedSender::Make(const HttpFeedOptions& options,
                                                             const FeedPatience& patience) {
  if (const auto url = CheckBackendUrl(options.url); !url) {
    return Invalid("--http: " + url.error().text);
  }
  HttpFeedOptions own = options;
  while (own.url.ends_with('/')) own.url.pop_back();
  HttpOptions http;
  http.ca_file = own.ca_file;
  http.connections_max = own.at_once;
  auto client = HttpClient::Make(http);
  if (!client) return Invalid("--ca-file = " + Quoted(own.ca_file) + ", expected a readable file");
  return std::unique_ptr<HttpFeedSender>(
      new HttpFeedSender(std::move(own), patience, std::move(*client)));
}

void HttpFeedSender::Send(FeedItem item, TimePoint now) {
  Start(FeedAttempt(std::move(item)), now);
}

void HttpFeedSender::Start(FeedAttempt attempt, TimePoint now) {
  HttpCall call;
  call.url = options_.url + PathOf(attempt.item().door);
  call.headers = {TypeOf(attempt.item().door), "Accept: application/json"};
  if (!options_.token.empty()) call.headers.push_back("Authorization: Bearer " + options_.token);
  call.body = attempt.item().bytes;
  call.first_byte = patience_.answer;
  call.stall = patience_.answer;
  call.total = std::max(kTotalAtLeast, 2 * patience_.answer);
  call.reply_bytes_max = kReplyBytesMax;
  running_.emplace(http_->Start(std::move(call), now), std::move(attempt));
}

void HttpFeedSender::AddPolled(std::vector<pollfd>& polled) const {
  polled.push_back({http_->fd(), POLLIN, 0});
}

TimePoint HttpFeedSender::Turn(TimePoint now, std::vector<FeedEnd>& ended) {
  for (std::size_t i = 0; i < waiting_.size();) {
    if (waiting_[i].next() > now) {
      ++i;
      continue;
    }
    FeedAttempt attempt = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    Start(std::move(attempt), now);
  }
  std::vector<HttpEnded> replies;
  TimePoint next = http_->Run(now, replies);
  for (const HttpEnded& reply : replies) {
    const auto found = running_.find(reply.id);
    if (found == running_.end()) continue;
    FeedAttempt attempt = std::move(found->second);
    running_.erase(found);
    const FeedVerdict verdict = JudgeHttp(attempt.item(), reply.reply);
    const std::string where = options_.url + PathOf(attempt.item().door);
    if (auto end = attempt.Judge(verdict, patience_, now)) {
      if (auto why = attempt.in_vain()) {
        why->text = where + ": " + verdict.code + (why->text.empty() ? "" : ": " + why->text);
        in_vain_ = std::move(why);
      }
      trouble_.reset();
      ended.push_back(std::move(*end));
    } else {
      ++resent_;
      trouble_.reset();
      if (verdict.cause == FeedVerdict::Cause::kSilence) trouble_ = where + ": " + verdict.text;
      waiting_.push_back(std::move(attempt));
    }
  }
  for (const FeedAttempt& attempt : waiting_) next = std::min(next, attempt.next());
  return next;
}

void HttpFeedSender::Abandon(std::vector<FeedEnd>& ended) {
  for (auto& [id, attempt] : running_) {
    http_->Cancel(id);
    waiting_.push_back(std::move(attempt));
  }
  running_.clear();
  for (FeedAttempt& attempt : waiting_) {
    ended.push_back(attempt.Abandon());
  }
  waiting_.clear();
}

}  // namespace consilium
