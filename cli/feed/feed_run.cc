#include "cli/feed/feed_run.h"

#include <poll.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace consilium {
namespace {

constexpr milliseconds kTick{100};

}  // namespace

FeedRun::FeedRun(FeedSource& source, FeedSender* mllp, FeedSender* http, Options options)
    : source_(source),
      mllp_(mllp),
      http_(http),
      options_(std::move(options)),
      pace_(options_.rate, Now()) {}

std::size_t FeedRun::under_way() const {
  std::size_t count = 0;
  for (const FeedSender* sender : {mllp_, http_}) {
    if (sender != nullptr) count += sender->under_way();
  }
  return count;
}

void FeedRun::Take(const FeedEnd& end, FeedTally& tally) {
  FeedTally::Door& door = tally.doors[static_cast<std::size_t>(end.item.door)];
  switch (end.kind) {
    case FeedEnd::Kind::kAccepted:
      ++door.accepted;
      tally.left_out += end.left_out;
      break;
    case FeedEnd::Kind::kUnconfirmed:
      ++door.unconfirmed;
      break;
    case FeedEnd::Kind::kRefused:
      ++door.refused;
      ++tally.codes[end.code];
      break;
    case FeedEnd::Kind::kUnsent:
      ++door.unsent;
      break;
  }
  options_.on_end(end);
  if (end.kind == FeedEnd::Kind::kUnsent) return;
  if (const Status kept = source_.Ended(end.item, end.kind == FeedEnd::Kind::kRefused);
      !kept && !failed_) {
    failed_ = true;
    error_ = kept.error();
  }
}

// Sends what there is room and time for, in the order of the source.
void FeedRun::Begin(FeedTally& tally, TimePoint now) {
  for (;;) {
    // Taken before it may begin: there is a time to wait for only if something waits.
    if (!next_item_) next_item_ = source_.Next();
    if (!next_item_ || !pace_.MayBegin(now)) return;
    FeedSender* const sender = SenderOf(next_item_->door);
    if (sender == nullptr) {
      FeedItem item = *std::exchange(next_item_, std::nullopt);
      const char* flag = item.door == FeedDoor::kMllp ? "--mllp HOST:PORT" : "--http URL";
      ++tally.doors[static_cast<std::size_t>(item.door)].sent;
      Take({std::move(item), FeedEnd::Kind::kUnsent, "no_door",
            std::string("it goes to a door that was not named (") + flag + ")", 0},
           tally);
      continue;
    }
    if (!sender->HasRoom()) return;
    ++tally.doors[static_cast<std::size_t>(next_item_->door)].sent;
    sender->Send(*std::exchange(next_item_, std::nullopt), now);
    pace_.Begun(now);
  }
}

TimePoint FeedRun::Turn(TimePoint now, FeedTally& tally) {
  TimePoint next = TimePoint::max();
  std::vector<FeedEnd> ended;
  tally.resent = 0;
  for (FeedSender* sender : {mllp_, http_}) {
    if (sender == nullptr) continue;
    next = std::min(next, sender->Turn(now, ended));
    tally.resent += sender->resent();
  }
  for (const FeedEnd& end : ended) Take(end, tally);
  tally.messages_left = source_.messages_left() + (next_item_ ? 1 : 0);
  tally.files_left = source_.files_left();
  return ended.empty() ? next : now;
}

FeedRun::End FeedRun::Run(StopSignals& stop, FeedTally& tally) {
  std::optional<End> end;
  TimePoint give_up = TimePoint::max();
  TimePoint look_at = Now();
  for (;;) {
    TimePoint now = Now();
    if (options_.look && !end && now >= look_at) {
      options_.look();
      look_at = now + kLook;
    }
    if (!end) Begin(tally, now);
    TimePoint next = Turn(now, tally);
    for (const FeedSender* sender : {mllp_, http_}) {
      if (end || sender == nullptr) continue;
      if (const auto why = sender->Trouble()) options_.on_trouble(*why, now);
      const auto hopeless = sender->Hopeless();
      if (!hopeless) continue;
      end = hopeless->code == ErrorCode::kUnavailable ? End::kUnreachable : End::kRefused;
      error_ = *hopeless;
    }
    if (!end && failed_) end = End::kFailed;
    if (!end && stop.Count() > 0) end = End::kInterrupted;
    const bool empty = !next_item_ && source_.messages_left() == 0 && source_.files_left() == 0;
    if (!end && !options_.look && empty && under_way() == 0) end = End::kDone;
    if (end && give_up == TimePoint::max()) give_up = now + kGrace;
    if (end && (under_way() == 0 || now >= give_up || stop.Count() > 1)) break;
    options_.on_tick(tally, now);
    if (!end && next_item_ && SenderOf(next_item_->door)->HasRoom()) {
      next = std::min(next, pace_.next());
    }
    next = std::min({next, now + kTick, end ? give_up : TimePoint::max()});
    std::vector<pollfd> polled = {{stop.fd(), POLLIN, 0}};
    for (const FeedSender* sender : {mllp_, http_}) {
      if (sender != nullptr) sender->AddPolled(polled);
    }
    now = Now();
    const auto wait = next <= now ? milliseconds(0) : std::chrono::ceil<milliseconds>(next - now);
    poll(polled.data(), polled.size(), static_cast<int>(wait.count()));
  }
  std::vector<FeedEnd> abandoned;
  for (FeedSender* sender : {mllp_, http_}) {
    if (sender != nullptr) sender->Abandon(abandoned);
  }
  for (const FeedEnd& one : abandoned) Take(one, tally);
  return *end;
}

}  // namespace consilium
