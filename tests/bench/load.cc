#include "tests/bench/load.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/client.h"
#include "shared/signals.h"

namespace consilium::bench {
namespace {

using Seconds = std::chrono::duration<double>;

[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

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

}  // namespace

LoadResult RunLoad(const std::string& endpoint, const LoadOptions& options) {
  StopSignals stop;
  ZmqContext context;
  Client client(context, endpoint);
  Client watcher(context, endpoint);
  const milliseconds patience{60000};
  const auto first = Call<WatchReply>(watcher, stop, WatchRequest{"$", 0, 1}, patience);
  if (!first || !*first) Give("the broker does not answer");
  std::string cursor = (**first).cursor;

  LoadResult result;
  CaseRequest request = Template();
  std::map<std::string, TimePoint> open;       // request -> sent
  std::map<std::string, TimePoint> undecided;  // case -> sent
  std::size_t sent = 0;
  std::size_t accepted = 0;
  std::string watch;
  const TimePoint start = Now();
  TimePoint progress = start;
  while (accepted < options.cases || (options.await_results && !undecided.empty())) {
    const TimePoint now = Now();
    if (now - progress > patience) Give("nothing happened for 60 s");
    const double allowed = options.per_second > 0
                               ? options.per_second * Seconds(now - start).count()
                               : static_cast<double>(options.cases);
    while (sent < options.cases && open.size() < options.window &&
           static_cast<double>(sent) < allowed) {
      request.id = options.prefix + std::to_string(sent++);
      open[client.Ask(SubmitRequest{request}, now, now + patience)] = now;
      if (options.await_results) undecided[request.id] = now;
    }
    if (options.await_results && watch.empty()) {
      watch =
          watcher.Ask(WatchRequest{cursor, 10000, 256}, now, now + patience, milliseconds(11000));
    }
    for (const Client::Reply& reply : client.Step(now)) {
      const auto asked = open.find(reply.request);
      if (asked == open.end()) continue;
      if (!reply.frame) Give("refused: " + reply.frame.error().text);
      result.accept_ms.push_back(Ms(asked->second, Now()));
      open.erase(asked);
      progress = now;
      if (++accepted == options.cases) result.accept_s = Seconds(Now() - start).count();
    }
    for (const Client::Reply& reply : watcher.Step(now)) {
      watch.clear();
      if (!reply.frame) Give("watch: " + reply.frame.error().text);
      const auto slice = ReadReply<WatchReply>(*reply.frame);
      if (!slice) Give("watch: " + slice.error().text);
      cursor = slice->cursor;
      for (const Recommendation& item : slice->items) {
        const auto found = undecided.find(item.case_id);
        if (found == undecided.end()) continue;
        result.recommend_ms.push_back(Ms(found->second, Now()));
        undecided.erase(found);
        progress = now;
      }
    }
    TimePoint next = std::min({client.NextDue(now), watcher.NextDue(now), now + milliseconds(100)});
    if (options.per_second > 0 && sent < options.cases) {
      next = std::min(next, start + std::chrono::duration_cast<Clock::duration>(
                                        Seconds(static_cast<double>(sent) / options.per_second)));
    }
    pollfd polls[] = {{client.fd(), POLLIN, 0}, {watcher.fd(), POLLIN, 0}};
    const bool waits =
        sent == options.cases || open.size() >= options.window || options.per_second > 0;
    // The next look at the feed is sent by the next turn: there is nothing to wait for before.
    if (waits && !(options.await_results && watch.empty())) {
      poll(polls, 2, PollTimeoutMs(Now(), next));
    }
  }
  result.total_s = Seconds(Now() - start).count();
  return result;
}

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at =
      static_cast<std::size_t>(std::floor(q * static_cast<double>(values.size() - 1) + 0.5));
  return values[at];
}

}  // namespace consilium::bench
