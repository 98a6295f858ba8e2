// A batch of cases on its way through the council, as its client sees it.
//
//   queued ─► sent ─► waiting ─► ended          a recommendation, or cancelled
//     ▲        │ └──► refused                   conflict, invalid, ...: sending it again will not
//     help └────────┘ queue_full, unavailable: again later
//
// Invariant: at most kClientWindow cases are `sent`, at most `open_max` are `sent` or `waiting`.
// Threads: none of its own.     Time: only through `now`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// What is known about a batch; `total` = queued + sent + waiting + ended + refused.
struct Tally {
  std::size_t total = 0;
  std::size_t accepted = 0;    // durable at the broker, ended ones included
  std::size_t duplicates = 0;  // of those: accepted before, with the same content
  std::size_t ended = 0;
  std::size_t refused = 0;
  std::map<CaseState, std::size_t> states;    // of the ended
  std::map<ErrorCode, std::size_t> refusals;  // of the refused
};

// What a script reads from a batch: refusals first, then failed or cancelled cases.
int ExitCodeOf(const Tally& tally);

class Submission {
 public:
  // How long a broker may go on saying queue_full or unavailable while nothing moves.
  static constexpr std::chrono::seconds kPatience{60};
  // How often the record of a waiting case is read, in case its end was not heard of (cancelled,
  // ...). With many waiting cases it is more seldom, so that it stays a few reads per second.
  static constexpr std::chrono::seconds kFetchPause{15};
  static constexpr std::size_t kFetchesMax = 16;
  static constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

  struct Event {
    enum class Kind { kAccepted, kEnded, kRevised, kRefused };
    Kind kind = Kind::kAccepted;
    std::size_t index = 0;          // of the case
    Recommendation recommendation;  // ended, revised
    Error error;                    // refused
  };

  // Without `wait` a case has done its way once it is accepted. `open_max`, at least 1: a cluster
  // that has fewer cases before it than it can work on lets none wait for its turn.
  Submission(std::vector<CaseRequest> cases, bool wait, TimePoint now,
             std::size_t open_max = kAnyNumber);

  const CaseRequest& request(std::size_t index) const { return cases_[index].request; }

  // The next case to submit, which counts as sent; empty while the window is full or none is due.
  std::optional<std::size_t> NextToSubmit(TimePoint now);
  // The next case whose record to fetch; its fetch counts as under way until Fetched or
  // FetchFailed.
  std::optional<std::size_t> NextToFetch(TimePoint now);
  TimePoint NextDue(TimePoint now) const;

  void OnAccepted(std::size_t index, const SubmitReply& reply, TimePoint now);
  void OnRefused(std::size_t index, const Error& error, std::optional<std::int64_t> retry_after_ms,
                 TimePoint now);
  void OnPublished(const Recommendation& recommendation, TimePoint now);
  // The feed has a gap: the end of any waiting case may have been missed.
  void OnGap(TimePoint now);
  void OnFetched(std::size_t index, const CaseView& view, TimePoint now);
  void OnFetchFailed(std::size_t index, const Error& error, TimePoint now);

  // What happened since the last call, in order.
  std::vector<Event> TakeEvents() { return std::exchange(events_, {}); }
  const Tally& tally() const { return tally_; }
  bool done() const;
  // Accepted cases that have not ended.
  std::vector<std::string> Waiting() const;

 private:
  enum class Stage { kQueued, kSent, kWaiting, kEnded, kRefused };
  struct Case {
    CaseRequest request;
    Stage stage = Stage::kQueued;
    std::optional<TimePoint> fetch_at;    // as in fetches_
    std::optional<Recommendation> early;  // published before the reply "accepted" came
    std::int64_t revision = 0;
  };
  using Schedule = std::set<std::pair<TimePoint, std::size_t>>;

  bool HasRoom() const;
  void End(std::size_t index, Recommendation recommendation);
  void Refuse(std::size_t index, const Error& error);
  void PlanFetch(std::size_t index, TimePoint at);
  void DropFetch(std::size_t index);

  bool wait_;
  std::size_t open_max_;
  std::vector<Case> cases_;
  std::map<std::string, std::size_t, std::less<>> by_id_;
  std::deque<std::size_t> queue_;  // never sent yet
  Schedule later_;                 // to be sent again
  Schedule fetches_;
  std::size_t sent_ = 0;
  std::size_t waiting_ = 0;
  std::size_t fetching_ = 0;
  TimePoint moved_;  // when something last went forward
  std::vector<Event> events_;
  Tally tally_;
};

}  // namespace consilium
