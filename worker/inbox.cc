#include "worker/inbox.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

constexpr milliseconds kResend{2000};

// Credits bound what a broker sends. These bound a broker that does not keep to them: results that
// it does not confirm, beyond its slots, and tasks taken over from brokers that are gone, as a
// multiple of them.
constexpr std::size_t kUnconfirmedSpare = 64;
constexpr std::size_t kHeldFactor = 4;

}  // namespace

Inbox::Inbox(std::size_t concurrency, std::vector<std::int64_t> slots)
    : concurrency_(concurrency), slots_(std::move(slots)), charged_(slots_.size(), 0) {
  CHECK(concurrency_ > 0, "a worker runs something");
}

void Inbox::SetSlots(std::vector<std::int64_t> slots) {
  CHECK(slots.size() >= slots_.size(), "tasks know their link by its index");
  slots_ = std::move(slots);
  charged_.resize(slots_.size(), 0);
}

std::vector<std::int64_t> Inbox::DivideSlots(std::int64_t concurrency, std::size_t links) {
  std::vector<std::int64_t> slots(links, 1);
  const auto count = static_cast<std::int64_t>(links);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t share = concurrency / count + (i < concurrency % count ? 1 : 0);
    slots[static_cast<std::size_t>(i)] = std::max<std::int64_t>(1, share);
  }
  return slots;
}

bool Inbox::Exceeds(std::size_t link) const {
  const auto total =
      static_cast<std::size_t>(std::accumulate(slots_.begin(), slots_.end(), std::int64_t{0}));
  return draining_ || charged_[link] >= slots_[link] ||
         unconfirmed_.size() >= total + kUnconfirmedSpare ||
         waiting_.size() + running_ >= kHeldFactor * total;
}

Inbox::Offered Inbox::Offer(std::size_t link, TaskMessage message, const TaskId& task,
                            TimePoint now) {
  const auto found = entries_.find(message.task);
  const bool known = found != entries_.end();
  if (known && message.fence < found->second.fence) return Offered::kHeld;
  const bool again = known && found->second.state == State::kUnconfirmed &&
                     message.fence > found->second.fence && found->second.verdict.retry_in_ms;
  if (known && !again) {
    Entry& entry = found->second;
    entry.fence = message.fence;
    entry.link = link;
    if (entry.state == State::kUnconfirmed) Reschedule(message.task, entry, now);
    if (entry.state == State::kWaiting) entry.call->fence = message.fence;
    return Offered::kHeld;
  }
  if (known) Forget(found);
  if (Exceeds(link)) return Offered::kRelease;
  BackendCall call;
  call.ref = message.task;
  call.task = task;
  call.fence = message.fence;
  // More than any configuration allows is as good as used up.
  constexpr std::int64_t kAttemptsMax = 1000;
  call.attempts = std::clamp<std::int64_t>(message.attempts, 0, kAttemptsMax);
  call.vignette = std::move(message.vignette);
  call.review = std::move(message.review);
  // A day is beyond any deadline, and keeps the sum within the clock's range.
  constexpr std::int64_t kDayMs = 86'400'000;
  call.deadline = now + milliseconds(std::clamp<std::int64_t>(message.time_left_ms, 0, kDayMs));
  Entry& entry = entries_[message.task];
  entry.link = link;
  entry.charged = link;
  ++charged_[link];
  entry.fence = message.fence;
  Wait(message.task, entry, std::move(call));
  return Offered::kHeld;
}

void Inbox::Wait(const std::string& ref, Entry& entry, BackendCall call) {
  entry.state = State::kWaiting;
  entry.call = std::move(call);
  entry.arrival = ++arrivals_;
  waiting_.emplace(entry.arrival, ref);
}

std::optional<BackendCall> Inbox::Next() {
  if (running_ >= concurrency_ || waiting_.empty()) return std::nullopt;
  const auto first = waiting_.begin();
  Entry& entry = entries_.at(first->second);
  waiting_.erase(first);
  entry.state = State::kRunning;
  ++running_;
  entry.attempt = {entry.call->attempts, entry.call->deadline};
  std::optional<BackendCall> call = std::move(entry.call);
  entry.call.reset();
  return call;
}

std::optional<Inbox::Attempt> Inbox::Running(const std::string& ref) const {
  const auto found = entries_.find(ref);
  if (found == entries_.end() || found->second.state != State::kRunning) return std::nullopt;
  return found->second.attempt;
}

void Inbox::Finish(const std::string& ref, Outcome outcome, const Verdict& verdict, TimePoint now) {
  const auto found = entries_.find(ref);
  if (found == entries_.end() || found->second.state != State::kRunning) return;
  Entry& entry = found->second;
  --running_;
  Discharge(entry);
  entry.state = State::kUnconfirmed;
  entry.outcome = std::move(outcome);
  entry.verdict = verdict;
  entry.due = now;
  unconfirmed_.emplace(now, ref);
}

std::vector<Inbox::Sending> Inbox::DueResults(TimePoint now, std::size_t max) {
  std::vector<Sending> due;
  while (due.size() < max && !unconfirmed_.empty() && unconfirmed_.begin()->first <= now) {
    const std::string ref = unconfirmed_.begin()->second;
    Entry& entry = entries_.at(ref);
    due.push_back(
        {entry.link, ResultMessage{ref, entry.fence, entry.outcome, entry.verdict.retry_in_ms,
                                   entry.verdict.dead_letter}});
    Reschedule(ref, entry, now + kResend);
  }
  return due;
}

void Inbox::ResendAll(std::size_t link, TimePoint now) {
  for (auto& [ref, entry] : entries_) {
    if (entry.state == State::kUnconfirmed && entry.link == link) Reschedule(ref, entry, now);
  }
}

void Inbox::Reschedule(const std::string& ref, Entry& entry, TimePoint due) {
  unconfirmed_.erase({entry.due, ref});
  entry.due = due;
  unconfirmed_.emplace(due, ref);
}

void Inbox::Confirm(const std::string& ref, std::int64_t fence) {
  const auto found = entries_.find(ref);
  if (found == entries_.end() || found->second.state != State::kUnconfirmed) return;
  if (fence >= found->second.fence) Forget(found);
}

bool Inbox::Cancel(const std::string& ref, std::int64_t fence) {
  const auto found = entries_.find(ref);
  if (found == entries_.end() || fence < found->second.fence) return false;
  const bool running = found->second.state == State::kRunning;
  Forget(found);
  return running;
}

void Inbox::Discharge(Entry& entry) {
  if (!entry.charged) return;
  --charged_[*entry.charged];
  entry.charged.reset();
}

void Inbox::Forget(Entries::iterator found) {
  const auto& [ref, entry] = *found;
  Discharge(found->second);
  if (entry.state == State::kWaiting) waiting_.erase(entry.arrival);
  if (entry.state == State::kRunning) --running_;
  if (entry.state == State::kUnconfirmed) unconfirmed_.erase({entry.due, ref});
  entries_.erase(found);
}

std::vector<HeldTask> Inbox::Held(std::size_t link) const {
  std::vector<HeldTask> held;
  for (const auto& [ref, entry] : entries_) {
    if (entry.link == link) held.push_back({ref, entry.fence});
  }
  return held;
}

std::size_t Inbox::Rehome(std::size_t from, std::size_t to) {
  std::size_t moved = 0;
  for (auto& [ref, entry] : entries_) {
    if (entry.link != from) continue;
    entry.link = to;
    Discharge(entry);
    ++moved;
  }
  return moved;
}

std::vector<Inbox::Returning> Inbox::Drain() {
  draining_ = true;
  std::vector<Returning> returning;
  while (!waiting_.empty()) {
    const auto entry = entries_.find(waiting_.begin()->second);
    returning.push_back({entry->second.link, {entry->first, entry->second.fence}});
    Forget(entry);
  }
  return returning;
}

std::vector<Inbox::Returning> Inbox::GiveUpRunning() {
  std::vector<Returning> returning;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->second.state == State::kRunning) {
      returning.push_back({entry->second.link, {entry->first, entry->second.fence}});
      Forget(entry);
    }
    entry = next;
  }
  return returning;
}

TimePoint Inbox::next() const {
  return unconfirmed_.empty() ? TimePoint::max() : unconfirmed_.begin()->first;
}

}  // namespace consilium
