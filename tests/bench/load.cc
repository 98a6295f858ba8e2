#include "tests/bench/load.h"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <deque>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "shared/config.h"
#include "shared/signals.h"

namespace consilium::bench {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr milliseconds kPatience{60000};
// So many submissions go out before replies are read.
constexpr std::size_t kSendsInATurn = 256;
// No reply for so long means that it was lost: a broker drops what a client does not read in time.
constexpr milliseconds kSilence{4000};
// How soon a socket that was full, or not connected yet, is tried again.
constexpr milliseconds kFullPause{1};

// The text of a case that the simulated model knows, filled to about 1 KiB by its question.
CaseRequest Template() {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/configs/demo/vignettes.jsonl");
  std::string line;
  if (!std::getline(file, line)) Give("configs/demo/vignettes.jsonl cannot be read");
  const auto json = nlohmann::json::parse(line);
  CaseRequest request;
  request.vignette.text = json.at("text").get<std::string>();
  const std::size_t used = request.vignette.text.size();
  request.vignette.question = std::string(used < 1000 ? 1000 - used : 1, 'q');
  return request;
}

double Ms(TimePoint from, TimePoint to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

double ClockSeconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Sends the cases 0, 1, ... under their numbers as request ids and reads the answers.
//
// Invariant: a case is to be sent, open, waiting in `again_` after a refusal, or accepted; what is
// open has an entry in `silent_`.
class Submitter {
 public:
  Submitter(ZmqContext& context, const BrokerAddress& brokers, const LoadOptions& options)
      : options_(options),
        request_(Template()),
        first_sent_(options.cases),
        silent_at_(options.cases),
        open_(options.cases, false) {
    for (std::size_t i = 0; i < std::max<std::size_t>(options.connections, 1); ++i) {
      for (const std::string& endpoint : brokers.endpoints) {
        doors_.push_back(std::make_unique<DealerSocket>(context, endpoint, brokers.keys));
        if (!doors_.back()->status()) Give(doors_.back()->status().error().text);
      }
    }
  }

  const std::vector<std::unique_ptr<DealerSocket>>& doors() const { return doors_; }
  bool done() const { return result.accept_ms.size() == options_.cases; }
  TimePoint first_sent(std::size_t number) const { return first_sent_[number]; }

  // Sends what is due of the first `allowed` cases; when there is more to do, if nothing arrives.
  TimePoint Send(std::size_t allowed, TimePoint now) {
    for (; !silent_.empty() && silent_.front().first <= now; silent_.pop_front()) {
      const auto [due, number] = silent_.front();
      if (!open_[number] || due != silent_at_[number]) continue;
      Close(number);
      again_.emplace_front(now, number);
      ++result.lost;
    }
    for (std::size_t i = 0; i < kSendsInATurn; ++i) {
      if (opened_ >= options_.window) return TimePoint::max();
      const bool second = !again_.empty() && again_.front().first <= now;
      if (!second && next_ >= allowed)
        return again_.empty() ? TimePoint::max() : again_.front().first;
      const std::size_t number = second ? again_.front().second : next_;
      request_.id = options_.prefix + std::to_string(number);
      const Frame frame = MakeFrame(SubmitRequest{request_}, std::to_string(number));
      if (doors_[number % doors_.size()]->Send(frame) != SendResult::kSent) return now + kFullPause;
      open_[number] = true;
      ++opened_;
      silent_at_[number] = now + kSilence;
      silent_.emplace_back(silent_at_[number], number);
      if (second) {
        again_.pop_front();
      } else {
        first_sent_[next_++] = now;
      }
    }
    return now;
  }

  // Reads what arrived. True: something did.
  bool Receive() {
    bool any = false;
    for (const auto& door : doors_) {
      while (auto frame = door->Receive()) {
        if (!*frame) Give("unreadable reply: " + frame->error().text);
        OnReply(**frame);
        any = true;
      }
    }
    return any;
  }

  LoadResult result;

 private:
  void Close(std::size_t number) {
    open_[number] = false;
    --opened_;
  }

  void OnReply(const Frame& frame) {
    std::size_t number = options_.cases;
    std::from_chars(frame.request.data(), frame.request.data() + frame.request.size(), number);
    if (number >= next_) Give("reply to no request: " + frame.request);
    if (!open_[number]) return;  // the reply to the first of two
    Close(number);
    const TimePoint now = Now();
    if (frame.type == SubmitReply::kType) {
      result.accept_ms.push_back(Ms(first_sent_[number], now));
      return;
    }
    const auto error = Unpack<ErrorMessage>(frame.body);
    if (!error) Give("unexpected reply of type " + frame.type);
    if (!options_.retry_busy || ErrorFromName(error->code) != ErrorCode::kQueueFull) {
      Give("refused: " + error->text);
    }
    ++result.busy;
    again_.emplace_back(now + milliseconds(error->retry_after_ms.value_or(1000)), number);
  }

  const LoadOptions& options_;
  std::vector<std::unique_ptr<DealerSocket>> doors_;
  CaseRequest request_;
  std::vector<TimePoint> first_sent_;
  std::vector<TimePoint> silent_at_;  // when what was sent last is taken for lost
  std::vector<bool> open_;
  std::size_t next_ = 0;
  std::size_t opened_ = 0;  // how many are open
  std::deque<std::pair<TimePoint, std::size_t>> silent_;
  // When and which; the pause is the broker's and always the same, so the first is due first.
  std::deque<std::pair<TimePoint, std::size_t>> again_;
};

// Follows the feed from where it stood when this was made.
class Follower {
 public:
  Follower(ZmqContext& context, StopSignals& stop, const BrokerAddress& brokers)
      : client_(context, {{brokers.endpoints.front()}, brokers.keys}) {
    const auto first = Call<WatchReply>(client_, stop, WatchRequest{"$", 0, 1}, kPatience);
    if (!first || !*first) Give("the broker does not answer");
    cursor_ = (**first).cursor;
  }

  int fd() const { return client_.fd(); }
  TimePoint NextDue(TimePoint now) const { return client_.NextDue(now); }
  // A question is under way, so a reply may be waited for.
  bool asking() const { return !open_.empty(); }

  // Asks, and reads what came.
  std::vector<Recommendation> Step(TimePoint now) {
    if (open_.empty()) {
      open_ =
          client_.Ask(WatchRequest{cursor_, 10000, 256}, now, now + kPatience, milliseconds(11000));
    }
    std::vector<Recommendation> items;
    for (const Client::Reply& reply : client_.Step(now)) {
      open_.clear();
      if (!reply.frame) Give("watch: " + reply.frame.error().text);
      auto slice = ReadReply<WatchReply>(*reply.frame);
      if (!slice) Give("watch: " + slice.error().text);
      if (slice->gap) Give("watch: the feed was trimmed before it was read");
      cursor_ = slice->cursor;
      std::move(slice->items.begin(), slice->items.end(), std::back_inserter(items));
    }
    return items;
  }

 private:
  Client client_;
  std::string cursor_;
  std::string open_;
};

}  // namespace

void Give(const std::string& why) { throw std::runtime_error(why); }

LoadResult RunLoad(const BrokerAddress& brokers, const LoadOptions& options) {
  StopSignals stop;
  ZmqContext context;
  Submitter submitter(context, brokers, options);
  std::optional<Follower> feed;
  if (options.await_results) feed.emplace(context, stop, brokers);

  LoadResult& result = submitter.result;
  std::vector<bool> decided(options.cases, false);
  std::vector<pollfd> polls = {{stop.fd(), POLLIN, 0}};
  for (const auto& door : submitter.doors()) polls.push_back({door->fd(), POLLIN, 0});
  if (feed) polls.push_back({feed->fd(), POLLIN, 0});

  const double cpu = ClockSeconds(CLOCK_PROCESS_CPUTIME_ID);
  const double thread = ClockSeconds(CLOCK_THREAD_CPUTIME_ID);
  const TimePoint start = Now();
  TimePoint progress = start;
  Seconds aside{0};  // what the caller did in between
  bool told = false;
  while (!submitter.done() || (feed && result.recommend_ms.size() < options.cases)) {
    const TimePoint now = Now();
    if (now - progress > kPatience) Give("nothing happened for 60 s");
    const double paced = options.per_second * Seconds(now - start).count();
    const std::size_t allowed = options.per_second > 0
                                    ? std::min(options.cases, static_cast<std::size_t>(paced) + 1)
                                    : options.cases;
    TimePoint next = submitter.Send(allowed, now);
    if (submitter.Receive()) progress = now;
    if (submitter.done() && !told) {
      told = true;
      const TimePoint accepted = Now();
      result.accept_s = Seconds(accepted - start).count();
      if (options.when_accepted) {
        options.when_accepted();
        progress = Now();
        aside = progress - accepted;
      }
    }
    if (feed) {
      for (const Recommendation& item : feed->Step(Now())) {
        if (!item.case_id.starts_with(options.prefix) || item.revision != 1) continue;
        std::size_t number = options.cases;
        const char* end = item.case_id.data() + item.case_id.size();
        std::from_chars(item.case_id.data() + options.prefix.size(), end, number);
        if (number >= options.cases) Give("a recommendation for no case of ours: " + item.case_id);
        if (decided[number]) Give("recommended twice: " + item.case_id);
        decided[number] = true;
        result.recommend_ms.push_back(Ms(submitter.first_sent(number), Now()));
        progress = now;
      }
      // The next question goes out in the next turn: there is nothing to wait for before.
      if (!feed->asking()) continue;
      next = std::min(next, feed->NextDue(now));
    }
    if (options.per_second > 0 && allowed < options.cases) {
      next = std::min(next, start + std::chrono::duration_cast<Clock::duration>(Seconds(
                                        static_cast<double>(allowed) / options.per_second)));
    }
    if (next <= now) continue;  // more can be sent
    poll(polls.data(), polls.size(), PollTimeoutMs(Now(), std::min(next, now + milliseconds(100))));
    if (polls[0].revents != 0) Give("interrupted");
  }
  const double wall = Seconds(Now() - start).count();
  result.total_s = wall - aside.count();
  result.cpu_s = ClockSeconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  result.thread_share = (ClockSeconds(CLOCK_THREAD_CPUTIME_ID) - thread) / result.total_s;
  return std::move(result);
}

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at =
      static_cast<std::size_t>(std::floor(q * static_cast<double>(values.size() - 1) + 0.5));
  return values[at];
}

}  // namespace consilium::bench
