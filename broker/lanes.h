// When to ask Redis for the tasks of a model: at once while a lane has more than was taken, on a
// hint, and every 250 ms in case a hint was lost. At most one question per model is under way.
//
// Threads: none of its own; owned by the broker loop.     Time: only through `now`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/clock.h"

namespace consilium {

class Lanes {
 public:
  static constexpr milliseconds kPoll{250};

  explicit Lanes(const std::vector<std::string>& models);

  const std::vector<std::string>& models() const { return models_; }
  // There may be tasks again. Also counts while a question is under way, whose answer may be older.
  // Unknown models are ignored.
  void Wake(const std::string& model);
  void WakeAll();

  // When the lane is to be asked: in the past for "now", TimePoint::max() while a question is under
  // way.
  TimePoint DueAt(const std::string& model) const;
  void Asked(const std::string& model);
  // `more`: all that was asked for came, so there may be more.
  void Answered(const std::string& model, bool more, TimePoint now);

 private:
  struct Lane {
    bool asking = false;
    bool woken = true;
    TimePoint again = TimePoint::min();
  };
  std::vector<std::string> models_;
  std::map<std::string, Lane> lanes_;
};

}  // namespace consilium
