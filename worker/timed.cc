#include "worker/timed.h"

#include <utility>

namespace consilium {

void TimedBackend::Start(const BackendCall& call, TimePoint now) {
  Cancel(call.ref);
  PlannedOutcome planned = plan_(call);
  TimePoint due = now + planned.delay;
  if (due > call.deadline) {
    const Outcome late = DeadlineOutcome();
    planned.outcome.status = late.status;
    planned.outcome.code = late.code;
    planned.outcome.text = late.text;
    planned.outcome.answer.reset();
    planned.outcome.grades.clear();
    planned.outcome.usage = Usage{};
    planned.outcome.retryable = false;
    planned.outcome.retry_after_ms.reset();
    due = call.deadline;
  }
  const auto timer =
      timers_.emplace(due, Waiting{Completion{call.ref, std::move(planned.outcome), {}}, now});
  by_ref_.emplace(call.ref, timer);
}

void TimedBackend::Cancel(const std::string& ref) {
  const auto found = by_ref_.find(ref);
  if (found == by_ref_.end()) return;
  timers_.erase(found->second);
  by_ref_.erase(found);
}

TimePoint TimedBackend::Run(TimePoint now, std::vector<Completion>& ended) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    Waiting waiting = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    by_ref_.erase(waiting.completion.ref);
    waiting.completion.outcome.latency_ms =
        std::chrono::duration<double, std::milli>(now - waiting.started).count();
    ended.push_back(std::move(waiting.completion));
  }
  return timers_.empty() ? TimePoint::max() : timers_.begin()->first;
}

}  // namespace consilium
