// feed: files into a gateway, once or as they come.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cli/feed/feed_files.h"
#include "cli/feed/feed_run.h"
#include "cli/feed/feed_source.h"
#include "cli/feed/feed_state.h"
#include "cli/feed/http_sender.h"
#include "cli/feed/mllp_sender.h"
#include "cli/feed/render_feed.h"
#include "cli/feed/settled_files.h"
#include "cli/output.h"
#include "cli/render_parts.h"
#include "shared/signals.h"

namespace consilium {
namespace {

// Beyond so many, refusals are only counted.
constexpr std::size_t kToldMax = 1000;

// Says what happens while it happens.
class Teller {
 public:
  Teller(const FeedOptions& options, FeedTally& tally)
      : json_(options.json),
        tally_(tally),
        terminal_(IsTerminal(STDERR_FILENO)),
        look_(LookOf(STDERR_FILENO)),
        started_(Now()),
        last_(started_) {}

  void Problem(const Error& error) {
    ++tally_.unreadable;
    Tell(error);
  }
  void OnEnd(const FeedEnd& end) {
    if (end.left_out > 0) {
      const std::string parts =
          render::Count(end.left_out, "part") + " of it left out; the first: ";
      return Tell({ErrorCode::kInvalid, PlaceOf(end.item) + ": accepted, " + parts + end.text});
    }
    const bool told = end.kind == FeedEnd::Kind::kRefused || end.kind == FeedEnd::Kind::kUnsent;
    if (!told) return;
    const bool refused = end.kind == FeedEnd::Kind::kRefused;
    std::string text = PlaceOf(end.item) + ": " + (refused ? "refused, " : "not sent, ") + end.code;
    if (!end.text.empty()) text += ": " + end.text;
    if (end.again > 0) text += " (tried " + std::to_string(end.again + 1) + " times)";
    Tell({refused ? ErrorCode::kConflict : ErrorCode::kUnavailable, text});
  }
  // At once, and then once a minute as long as it is so.
  void Trouble(const std::string& why, TimePoint now) {
    constexpr milliseconds kAgain{60000};
    if (why == trouble_ && now - trouble_told_ < kAgain) return;
    trouble_ = why;
    trouble_told_ = now;
    Line(why + "; it is tried again");
  }
  void Line(const std::string& text) {
    Clear();
    Note(text);
  }
  void OnTick(TimePoint now) {
    const auto pause = terminal_ ? milliseconds(100) : milliseconds(5000);
    if (now - last_ < pause) return;
    last_ = now;
    Look look = look_;
    look.width -= 1;  // a full line would wrap on some terminals
    const std::string line = FeedLine(tally_, elapsed(), look);
    if (terminal_) {
      PrintErr("\r\x1b[K" + line);
      drawn_ = true;
    } else {
      Note(line);
    }
  }
  void Clear() {
    if (drawn_) PrintErr("\r\x1b[K");
    drawn_ = false;
  }
  milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(Now() - started_);
  }

 private:
  void Tell(const Error& error) {
    if (++told_ > kToldMax) {
      if (told_ == kToldMax + 1) Line("more was refused or not sent; it is only counted from here");
      return;
    }
    Clear();
    ReportError(error, json_, "");
  }

  const bool json_;
  FeedTally& tally_;
  const bool terminal_;
  const Look look_;
  const TimePoint started_;
  TimePoint last_;
  bool drawn_ = false;
  std::string trouble_;
  TimePoint trouble_told_;
  std::size_t told_ = 0;
};

struct Senders {
  std::unique_ptr<FeedSender> mllp;
  std::unique_ptr<FeedSender> http;
};

FeedPatience PatienceOf(const FeedOptions& options, milliseconds answer) {
  FeedPatience patience;
  patience.answer = answer;
  if (options.timeout_s) {
    patience.answer = milliseconds(static_cast<std::int64_t>(*options.timeout_s * 1000));
  }
  // One that follows is there to wait for its gateway.
  constexpr int kForEver = 1 << 30;
  patience.retries =
      static_cast<int>(options.retries.value_or(options.follow ? kForEver : patience.retries));
  return patience;
}

Status MakeSenders(const FeedOptions& options, Senders& senders) {
  if (!options.mllp.empty()) {
    // A mistake is told before anything is sent; that the name leads nowhere now may pass.
    const auto found = FindMllp(options.mllp);
    if (!found && found.error().code == ErrorCode::kInvalid) return found.error();
    senders.mllp = std::make_unique<MllpFeedSender>(
        [where = options.mllp] { return FindMllp(where); },
        static_cast<std::size_t>(options.connections), PatienceOf(options, FeedPatience().answer));
  }
  if (!options.http.empty()) {
    HttpFeedOptions http;
    http.url = options.http;
    http.ca_file = options.ca_file;
    http.at_once = static_cast<std::size_t>(options.connections);
    if (!options.token_env.empty()) {
      const char* const token = std::getenv(options.token_env.c_str());
      if (token == nullptr || *token == '\0') {
        return Invalid("--token-env: the environment has no " + options.token_env);
      }
      http.token = token;
    }
    auto made = HttpFeedSender::Make(http, PatienceOf(options, kHttpAnswer));
    if (!made) return made.error();
    senders.http = std::move(*made);
  }
  return Ok();
}

bool GoesToMllp(FeedFormat format, bool mdm) {
  return format == FeedFormat::kHl7 || (format == FeedFormat::kCases && mdm);
}

// Before anything is sent: every file has a door.
Status CheckDoors(const std::vector<FeedFile>& files, const FeedOptions& options) {
  for (const FeedFile& file : files) {
    const bool mllp = GoesToMllp(file.format, options.as_mdm);
    if (mllp ? !options.mllp.empty() : !options.http.empty()) continue;
    const std::string what = kFeedFormatNames[static_cast<std::size_t>(file.format)];
    return Invalid(file.path + " (" + what + ") needs " +
                   (mllp ? "--mllp HOST:PORT" : "--http URL") +
                   (file.format == FeedFormat::kCases && !mllp ? ", or --as mdm with --mllp" : ""));
  }
  const bool cases = std::any_of(files.begin(), files.end(), [](const FeedFile& file) {
    return file.format == FeedFormat::kCases;
  });
  if (options.as_mdm && !cases) {
    return Invalid(
        "--as mdm is for cases, and no file has any; HL7 v2 is sent as it is without it");
  }
  return Ok();
}

void TellFound(const FeedFiles& found, Teller& teller) {
  if (!found.skipped.empty()) {
    constexpr std::size_t kNamed = 20;
    const std::size_t all = found.skipped.size();
    teller.Line(render::Count(all, "file") + (all == 1 ? " is" : " are") +
                " left out, as nothing in them can be fed:");
    for (std::size_t i = 0; i < std::min(all, kNamed); ++i) teller.Line("  " + found.skipped[i]);
    if (all > kNamed) teller.Line("  and " + std::to_string(all - kNamed) + " more");
  }
  for (const Error& problem : found.problems) teller.Problem(problem);
}

// What to do about a gateway that takes nothing of this feed.
std::string AdviceFor(const Error& refusal, const FeedOptions& options) {
  if (refusal.code != ErrorCode::kForbidden) {
    return "no gateway takes messages there: --http names its scheme, host and port, as in "
           "http://127.0.0.1:7381";
  }
  const std::string wanted = "of role write (`consilium keys token --help`)";
  return options.token_env.empty()
             ? "it wants a token " + wanted + "; --token-env NAME says where it is"
             : "the token in " + options.token_env + " is not one " + wanted +
                   ", or is one no longer";
}

int Finish(FeedRun::End end, const FeedRun& run, const FeedOptions& options, const FeedTally& tally,
           Teller& teller) {
  teller.Clear();
  constexpr const char* kWords[] = {"done", "interrupted", "unreachable", "refused", "failed"};
  if (options.json) {
    PrintOut(FeedJson(tally, kWords[static_cast<std::size_t>(end)], teller.elapsed()) + "\n");
  } else {
    PrintOut(RenderFeed(tally, LookOf(STDOUT_FILENO)));
  }
  const FeedTally::Door sum = tally.Sum();
  if (end != FeedRun::End::kDone) {
    std::string text = "stopped after " +
                       std::to_string(sum.accepted + sum.unconfirmed + sum.refused) +
                       " messages had ended";
    if (sum.unsent > 0) text += ", " + std::to_string(sum.unsent) + " were not";
    text += "; " + std::to_string(tally.messages_left) + " of the file at hand and " +
            std::to_string(tally.files_left) + " files were not begun. Feeding it all again is " +
            "safe: what was taken is known by its content";
    if (!options.state.empty()) text += ", and " + options.state + " says where to go on";
    Note(text);
  }
  switch (end) {
    case FeedRun::End::kInterrupted:
      return kExitInterrupted;
    case FeedRun::End::kUnreachable:
      return ReportError(run.error(), options.json, "is a gateway there? see --mllp and --http");
    case FeedRun::End::kRefused:
      return ReportError(run.error(), options.json, AdviceFor(run.error(), options));
    case FeedRun::End::kFailed:
      ReportError(run.error(), options.json, "");
      return kExitFailed;
    case FeedRun::End::kDone:
      break;
  }
  const std::size_t bad =
      sum.refused + sum.unsent + tally.unreadable + tally.known_refused + tally.left_out;
  return bad > 0 ? kExitFailed : kExitOk;
}

}  // namespace

int RunFeed(const FeedOptions& options) {
  const auto usage = [&options](const Error& error) {
    ReportError(error, options.json, "");
    return kExitUsage;
  };
  if (options.mllp.empty() && options.http.empty()) {
    return usage(Invalid("expected --mllp HOST:PORT, --http URL, or both"));
  }
  StopSignals stop;
  Senders senders;
  if (const Status made = MakeSenders(options, senders); !made) return usage(made.error());
  std::optional<FeedFormat> forced;
  if (!options.format.empty()) forced = FormatFromName(options.format);
  FeedState state;
  if (!options.state.empty()) {
    if (const Status opened = state.Open(options.state); !opened) return usage(opened.error());
  }
  auto seen = ListFeedFiles(options.paths);
  if (!seen) return usage(seen.error());

  FeedTally tally;
  Teller teller(options, tally);
  FeedSource source(state, options.as_mdm,
                    {[&](const Error& problem) { teller.Problem(problem); },
                     [&](const std::string& note) { teller.Line(note); },
                     [&](std::size_t messages, std::size_t refused) {
                       tally.known += messages;
                       tally.known_refused += refused;
                     }});
  FeedRun::Options how;
  how.rate = options.rate;
  how.on_end = [&](const FeedEnd& end) { teller.OnEnd(end); };
  how.on_trouble = [&](const std::string& why, TimePoint now) { teller.Trouble(why, now); };
  how.on_tick = [&](const FeedTally&, TimePoint now) { teller.OnTick(now); };
  SettledFiles settled;
  if (options.follow) {
    how.look = [&] {
      const auto now = ListFeedFiles(options.paths);
      if (!now) return teller.Line(now.error().text);
      const FeedFiles found = DetectFiles(settled.Look(*now), forced);
      TellFound(found, teller);
      source.Add(found.files);
    };
  } else {
    const FeedFiles found = DetectFiles(*seen, forced);
    const bool only_named =
        std::any_of(seen->begin(), seen->end(), [](const SeenFile& file) { return file.named; });
    if (found.files.empty() && only_named && !found.problems.empty()) {
      return usage(found.problems.front());
    }
    if (found.files.empty()) return usage(Invalid("no file to feed in " + options.paths.front()));
    if (const Status doors = CheckDoors(found.files, options); !doors) return usage(doors.error());
    TellFound(found, teller);
    source.Add(found.files, options.repeat);
  }
  FeedRun run(source, senders.mllp.get(), senders.http.get(), std::move(how));
  const FeedRun::End end = run.Run(stop, tally);
  return Finish(end, run, options, tally, teller);
}

}  // namespace consilium
