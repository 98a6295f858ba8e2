#include "cli/feed/feed_attempt.h"

#include <algorithm>
#include <utility>

namespace consilium {
namespace {

milliseconds PauseBefore(int nth, const FeedPatience& patience) {
  const auto doubled = patience.pause * (std::int64_t{1} << std::clamp(nth - 1, 0, 20));
  return std::min(patience.pause_max, doubled);
}

}  // namespace

FeedEnd FeedAttempt::End(FeedEnd::Kind kind, std::string code, std::string text) {
  return {std::move(item_), kind, std::move(code), std::move(text), again_};
}

FeedEnd FeedAttempt::Abandon() {
  return End(FeedEnd::Kind::kUnsent, "interrupted",
             "given up before its answer" + (last_.empty() ? "" : "; last, " + last_));
}

std::optional<FeedEnd> FeedAttempt::Judge(const FeedVerdict& verdict, const FeedPatience& patience,
                                          TimePoint now) {
  if (verdict.kind == FeedVerdict::Kind::kAccepted) {
    FeedEnd end = End(FeedEnd::Kind::kAccepted, verdict.code, verdict.text);
    end.left_out = verdict.left_out;
    return end;
  }
  if (verdict.kind == FeedVerdict::Kind::kRefused) {
    return End(FeedEnd::Kind::kRefused, verdict.code, verdict.text);
  }
  if (verdict.kind == FeedVerdict::Kind::kStop) {
    in_vain_ = Error{verdict.why, verdict.text};
    return End(FeedEnd::Kind::kUnsent, verdict.code, verdict.text);
  }
  milliseconds pause(verdict.wait_ms);
  switch (verdict.cause) {
    case FeedVerdict::Cause::kSilence:
      if (++silences_ > patience.retries) {
        in_vain_ = Error{ErrorCode::kUnavailable, verdict.text};
        return End(FeedEnd::Kind::kUnsent, verdict.code, verdict.text);
      }
      pause = std::max(pause, PauseBefore(silences_, patience));
      break;
    case FeedVerdict::Cause::kError:
      if (++errors_ > patience.error_retries) {
        return End(FeedEnd::Kind::kUnsent, verdict.code, verdict.text);
      }
      pause = std::max(pause, PauseBefore(errors_, patience));
      break;
    case FeedVerdict::Cause::kBusy:
      if (!busy_since_) busy_since_ = now;
      if (now - *busy_since_ >= patience.busy) {
        return End(FeedEnd::Kind::kUnsent, verdict.code, verdict.text);
      }
      pause = std::max(pause, patience.pause);
      break;
  }
  ++again_;
  last_ = verdict.text;
  next_ = now + pause;
  return std::nullopt;
}

}  // namespace consilium
