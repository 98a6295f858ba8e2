// Watch requests that wait for the next recommendation.
//
// Those with the same cursor form a group that asks Redis once: after a hint, and every 250 ms in
// case a hint was lost. Threads: none of its own; owned by the broker loop.     Time: only through
// `now`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"

namespace consilium {

struct ParkedWatch {
  std::string peer;
  std::string request;
  std::string after;
  std::int64_t max = 0;
  TimePoint expires;
};

class Watchers {
 public:
  static constexpr milliseconds kPoll{250};

  explicit Watchers(std::size_t watches_max) : watches_max_(watches_max) {}

  // Grows with every hint; a request notes it before it asks Redis.
  std::uint64_t hints() const { return hints_; }
  // Something was published.
  void Hint();

  // False when full. `asked_at`: hints() before the question whose empty answer led here; a later
  // hint may be news that the answer did not have, so it is asked again at once.
  bool Park(ParkedWatch watch, std::uint64_t asked_at, TimePoint now);

  struct Question {
    std::string after;
    std::int64_t max = 0;
  };
  // Questions to ask now; each is under way until Answered().
  std::vector<Question> TakeDue(TimePoint now);
  // The watches that wait no longer because of the answer: all of the group when it `found`
  // something.
  std::vector<ParkedWatch> Answered(const Question& question, bool found, TimePoint now);
  std::vector<ParkedWatch> TakeExpired(TimePoint now);
  std::vector<ParkedWatch> TakeAll();

  // When TakeDue() or TakeExpired() has something to do; when TakeExpired() alone has.
  TimePoint next() const;
  TimePoint next_expiry() const;
  std::size_t size() const { return size_; }

 private:
  struct Group {
    std::vector<ParkedWatch> watches;
    bool asking = false;
    bool hinted = false;
    TimePoint again;
  };
  using Key = std::pair<std::string, std::int64_t>;

  std::size_t watches_max_;
  std::size_t size_ = 0;
  std::uint64_t hints_ = 0;
  std::map<Key, Group> groups_;
};

}  // namespace consilium
