// When to ask which shard for the tasks of a model: at once while a lane has more than was taken,
// on a hint, and every 250 ms in case a hint was lost. At most one question per lane is under way.
//
// All lanes of a model compete for the same credits. Those that are due share them evenly,
// beginning after the shard that was asked last, so that a full lane of one shard starves no other;
// and a shard that does not answer keeps the credits of its question for a second only. Should its
// answer come all the same, there may be more tasks than credits: those go back.
//
// Threads: none of its own; owned by the broker loop.     Time: only through `now`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/clock.h"

namespace consilium {

class Lanes {
 public:
  static constexpr milliseconds kPoll{250};
  static constexpr milliseconds kPatience{1000};

  Lanes(const std::vector<std::string>& models, std::size_t shards);

  const std::vector<std::string>& models() const { return models_; }
  // There may be tasks again. Also counts while a question is under way, whose answer may be older.
  // Unknown models are ignored.
  void Wake(std::size_t shard, const std::string& model);
  void WakeAll(std::size_t shard);

  struct Question {
    std::size_t shard = 0;
    std::int64_t count = 0;  // tasks to ask for, at most limits::kLeaseBatchMax
  };
  struct Due {
    std::vector<Question> questions;  // to ask now; each is under way until Answered()
    TimePoint next;  // when there is more to ask, if no answer or hint comes before
  };
  // `free`: credits of the model's workers; those that questions ask for that were asked less than
  // kPatience ago are taken. `ready`: which shards can be asked.
  Due Take(const std::string& model, std::int64_t free, const std::vector<bool>& ready,
           TimePoint now);
  // `more`: all that was asked for came, so there may be more.
  void Answered(const std::string& model, const Question& question, bool more, TimePoint now);

 private:
  struct Lane {
    bool asking = false;
    std::int64_t asked_for = 0;
    TimePoint asked_at;
    bool woken = true;
    TimePoint again = TimePoint::min();
  };
  struct Model {
    std::vector<Lane> lanes;  // by shard
    std::size_t first = 0;    // the shard whose turn it is
  };
  std::vector<std::string> models_;
  std::map<std::string, Model> lanes_;
};

}  // namespace consilium
