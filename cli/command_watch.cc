#include <unistd.h>

#include <algorithm>

#include "cli/ask.h"
#include "cli/render.h"
#include "shared/codec.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr milliseconds kWait{5000};
// A broker may be away for so long while it is restarted.
constexpr milliseconds kAwayMax{60000};

}  // namespace

int RunWatch(const WatchOptions& options) {
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  const Look look = LookOf(STDOUT_FILENO);
  std::optional<TimePoint> until;
  if (options.ask.timeout_s) until = Now() + TimeoutOf(options.ask);
  WatchRequest request;
  request.after = options.from_start ? "" : "$";
  std::int64_t left = options.count.value_or(-1);
  bool first = true;
  while (left != 0) {
    milliseconds wait = first ? milliseconds(0) : kWait;
    if (until) {
      const auto rest = std::chrono::ceil<milliseconds>(*until - Now());
      wait = std::clamp(rest, milliseconds(0), wait);
    }
    request.wait_ms = wait.count();
    request.max = static_cast<std::int64_t>(limits::kWatchBatchMax);
    const auto reply = Call<WatchReply>(asker.client(), asker.stop(), request,
                                        first ? kAskTimeout : kAwayMax, wait);
    if (!reply) return kExitInterrupted;
    if (!reply->ok()) return ReportError(reply->error(), options.ask.json);
    first = false;
    request.after = (*reply)->cursor;
    if ((*reply)->gap) {
      PrintErr(
          "consilium: some recommendations are no longer kept in the feed; "
          "`consilium show CASE` has them\n");
    }
    for (const Recommendation& one : (*reply)->items) {
      if (left == 0) break;
      if (left > 0) --left;
      PrintOut(options.ask.json ? ToJson(one) + "\n" : RenderRecommendation(one, look) + "\n");
    }
    if (until && left != 0 && Now() >= *until) {
      return ReportError({ErrorCode::kTimeout, "the time limit (--timeout) has passed"},
                         options.ask.json, "");
    }
  }
  return kExitOk;
}

}  // namespace consilium
