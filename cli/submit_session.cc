#include "cli/submit_session.h"

#include <algorithm>
#include <utility>

namespace consilium {
namespace {

// A long poll of the feed; also how late the death of a broker is noticed.
constexpr milliseconds kWatchWait{2000};
constexpr milliseconds kWatchPause{500};
constexpr milliseconds kTick{100};
constexpr milliseconds kViewPause{500};  // after a fetch that may succeed later
constexpr std::size_t kViewsMax = 16;
// Requests do not end by themselves: the session decides by the broker's silence.
constexpr std::chrono::hours kNoDeadline{24 * 365};

}  // namespace

SubmitSession::SubmitSession(Client& client, StopSignals& stop, Submission& submission,
                             Options options)
    : client_(client),
      stop_(stop),
      submission_(submission),
      options_(std::move(options)),
      started_(Now()),
      watch_at_(started_) {
  if (!options_.wait) cursor_ = "";
}

void SubmitSession::AskMore(TimePoint now) {
  const TimePoint never = now + kNoDeadline;
  if (options_.wait && !watching_ && watch_at_ <= now) {
    WatchRequest watch;
    watch.after = cursor_.value_or("$");
    watch.wait_ms = cursor_ ? kWatchWait.count() : 0;
    pending_[client_.Ask(watch, now, never, milliseconds(watch.wait_ms))] = {Kind::kWatch, 0};
    watching_ = true;
  }
  if (!cursor_) return;  // What is submitted before the cursor is known could end unseen.
  while (const auto index = submission_.NextToSubmit(now)) {
    const SubmitRequest submit{submission_.request(*index)};
    pending_[client_.Ask(submit, now, never)] = {Kind::kSubmit, *index};
  }
  while (const auto index = submission_.NextToFetch(now)) {
    const FetchRequest fetch{submission_.request(*index).id};
    pending_[client_.Ask(fetch, now, never)] = {Kind::kFetch, *index};
  }
  while (viewing_ < kViewsMax && !views_.empty() && views_.front().first <= now) {
    const std::size_t index = views_.front().second;
    views_.pop_front();
    const FetchRequest fetch{submission_.request(index).id};
    pending_[client_.Ask(fetch, now, never)] = {Kind::kView, index};
    ++viewing_;
  }
}

void SubmitSession::OnView(std::size_t index, const Client::Reply& reply, TimePoint now) {
  --viewing_;
  const auto read =
      reply.frame.ok() ? ReadReply<CaseView>(*reply.frame) : Result<CaseView>(reply.frame.error());
  const bool passing = !read.ok() && (read.error().code == ErrorCode::kUnavailable ||
                                      read.error().code == ErrorCode::kDraining);
  if (passing) {
    views_.emplace_back(now + kViewPause, index);
  } else {
    options_.on_view(index, read);
  }
}

void SubmitSession::OnWatch(const Client::Reply& reply, TimePoint now) {
  watching_ = false;
  auto read = reply.frame.ok() ? ReadReply<WatchReply>(*reply.frame)
                               : Result<WatchReply>(reply.frame.error());
  if (!read.ok()) {
    error_ = read.error();
    if (!feed_broken_) feed_broken_ = now;
    watch_at_ = now + milliseconds(reply.retry_after_ms.value_or(kWatchPause.count()));
    return;
  }
  feed_broken_.reset();
  for (const Recommendation& one : read->items) submission_.OnPublished(one, now);
  if (read->gap) submission_.OnGap(now);
  cursor_ = read->cursor;
}

void SubmitSession::OnReply(const Client::Reply& reply, TimePoint now) {
  const auto found = pending_.find(reply.request);
  if (found == pending_.end()) return;
  const Pending pending = found->second;
  pending_.erase(found);
  switch (pending.kind) {
    case Kind::kWatch:
      return OnWatch(reply, now);
    case Kind::kSubmit: {
      const auto read = reply.frame.ok() ? ReadReply<SubmitReply>(*reply.frame)
                                         : Result<SubmitReply>(reply.frame.error());
      if (read.ok()) return submission_.OnAccepted(pending.index, *read, now);
      return submission_.OnRefused(pending.index, read.error(), reply.retry_after_ms, now);
    }
    case Kind::kView:
      return OnView(pending.index, reply, now);
    case Kind::kFetch: {
      const auto read = reply.frame.ok() ? ReadReply<CaseView>(*reply.frame)
                                         : Result<CaseView>(reply.frame.error());
      if (read.ok()) return submission_.OnFetched(pending.index, *read, now);
      return submission_.OnFetchFailed(pending.index, read.error(), now);
    }
  }
}

std::optional<SessionEnd> SubmitSession::Ended(TimePoint now) {
  if (submission_.done() && views_.empty() && viewing_ == 0) return SessionEnd::kDone;
  if (options_.until && now >= *options_.until) {
    error_ = {ErrorCode::kTimeout, "not finished within the time limit (--timeout)"};
    return SessionEnd::kTimeLimit;
  }
  const auto word = client_.last_word();
  const bool silent = word ? now - *word > kSilenceMax : now - started_ > kFirstWordMax;
  if (silent) {
    const auto seconds = word ? kSilenceMax.count() : kFirstWordMax.count();
    const std::string refusal = client_.refusal();
    error_ = {ErrorCode::kUnavailable, "no answer from the broker at " + client_.endpoint() +
                                           " for " + std::to_string(seconds) + " s" +
                                           (refusal.empty() ? "" : ": " + refusal)};
    return SessionEnd::kUnreachable;
  }
  if (feed_broken_ && now - *feed_broken_ > kSilenceMax) return SessionEnd::kUnreachable;
  return std::nullopt;
}

SessionEnd SubmitSession::Run(const OnEvent& on_event, const OnTick& on_tick) {
  while (true) {
    const TimePoint now = Now();
    AskMore(now);
    for (const Client::Reply& reply : client_.Step(now)) OnReply(reply, now);
    for (const Submission::Event& event : submission_.TakeEvents()) {
      const bool ended = event.kind == Submission::Event::Kind::kEnded ||
                         event.kind == Submission::Event::Kind::kRevised;
      if (ended && options_.on_view) views_.emplace_back(now, event.index);
      on_event(event);
    }
    on_tick(now);
    if (const auto end = Ended(now)) return *end;
    TimePoint due = now + kTick;
    if (cursor_) due = std::min(due, submission_.NextDue(now));
    if (viewing_ < kViewsMax && !views_.empty()) {
      due = std::min(due, std::max(views_.front().first, now));
    }
    if (!watching_) due = std::min(due, std::max(watch_at_, now));
    if (WaitForClient(client_, stop_, due)) {
      error_ = {ErrorCode::kUnavailable, "interrupted"};
      return SessionEnd::kInterrupted;
    }
  }
}

}  // namespace consilium
