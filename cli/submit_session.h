// Drives a Submission over a Client until it is done: takes the feed's cursor first, then submits,
// watches and fetches, so that no recommendation is missed. Where they are wanted, the records of
// ended cases are fetched as well.
// Threads: none of its own; runs in the caller's until it returns.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "shared/client.h"
#include "cli/submission.h"
#include "shared/signals.h"

namespace consilium {

enum class SessionEnd { kDone, kInterrupted, kUnreachable, kTimeLimit };

class SubmitSession {
 public:
  // No word at all from the broker for so long ends the session: the first and every later time.
  static constexpr std::chrono::seconds kFirstWordMax{10};
  static constexpr std::chrono::seconds kSilenceMax{60};

  // Told the record of each ended case, again after a revision, or why it cannot be had.
  using ViewTaker = std::function<void(std::size_t index, const Result<CaseView>&)>;
  struct Options {
    bool wait = true;
    std::optional<TimePoint> until;
    ViewTaker on_view = nullptr;
  };
  using OnEvent = std::function<void(const Submission::Event&)>;
  using OnTick = std::function<void(TimePoint)>;  // after every step, about ten times a second

  SubmitSession(Client& client, StopSignals& stop, Submission& submission, Options options);

  SessionEnd Run(const OnEvent& on_event, const OnTick& on_tick);
  // Why it ended other than kDone; for people.
  const Error& error() const { return error_; }

 private:
  enum class Kind { kSubmit, kFetch, kView, kWatch };
  struct Pending {
    Kind kind = Kind::kSubmit;
    std::size_t index = 0;
  };

  void AskMore(TimePoint now);
  void OnReply(const Client::Reply& reply, TimePoint now);
  void OnWatch(const Client::Reply& reply, TimePoint now);
  void OnView(std::size_t index, const Client::Reply& reply, TimePoint now);
  std::optional<SessionEnd> Ended(TimePoint now);

  Client& client_;
  StopSignals& stop_;
  Submission& submission_;
  Options options_;
  TimePoint started_;
  std::map<std::string, Pending> pending_;
  std::optional<std::string> cursor_;  // absent until the feed's place is known
  bool watching_ = false;
  TimePoint watch_at_;                                   // not before
  std::deque<std::pair<TimePoint, std::size_t>> views_;  // to fetch, not before; by case
  std::size_t viewing_ = 0;
  std::optional<TimePoint> feed_broken_;  // since when the feed answers with errors only
  Error error_;
};

}  // namespace consilium
