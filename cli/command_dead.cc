// dead list, show, requeue, purge: by the broker, in batches.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/ask.h"
#include "cli/render_dead.h"
#include "shared/codec.h"
#include "shared/limits.h"

namespace consilium {
namespace {

// More than are ever kept.
constexpr std::int64_t kAllLetters = 1000000;

std::string Letters(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " dead letter" : " dead letters");
}

std::string CountsJson(const std::vector<DeadLetter>& letters) {
  std::string text;
  for (const DeadCount& count : CountLetters(letters)) {
    text += text.empty() ? "{\"counts\":[" : ",";
    text += "{\"model\":" + JsonString(count.model) + ",\"code\":" + JsonString(count.code) +
            ",\"letters\":" + std::to_string(count.letters) + "}";
  }
  return (text.empty() ? "{\"counts\":[" : text) + "]}";
}

// The letters that the filters leave, at most `limit`; or the exit code when that failed.
std::optional<int> Collect(Asker& asker, const DeadOptions& options, std::int64_t limit,
                           DeadListReply& all) {
  DeadListRequest request;
  request.after = options.after;
  request.max = static_cast<std::int64_t>(limits::kDeadBatchMax);
  request.model = options.model;
  request.case_id = options.case_id;
  request.code = options.code;
  const auto most = static_cast<std::size_t>(limit);
  while (!all.end && all.items.size() < most) {
    const int code =
        AskBroker<DeadListReply>(asker, options.ask, request, [&](const DeadListReply& page) {
          all.items.insert(all.items.end(), page.items.begin(), page.items.end());
          all.cursor = request.after = page.cursor;
          all.end = page.end;
          return kExitOk;
        });
    if (code != kExitOk) return code;
  }
  if (all.items.size() > most) {
    all.items.resize(most);
    all.cursor = all.items.back().id;
    all.end = false;
  }
  return std::nullopt;
}

// The ids that were named, or of all letters that are meant, once that is confirmed.
std::optional<int> Choose(Asker& asker, const DeadOptions& options, const std::string& verb,
                          std::vector<std::string>& ids) {
  ids = options.ids;
  if (!ids.empty()) return std::nullopt;
  if (!options.all) {
    return ReportError(Invalid(verb + ": expected ids of dead letters, or --all"),
                       options.ask.json);
  }
  DeadListReply found;
  if (const auto code = Collect(asker, options, kAllLetters, found)) return code;
  for (DeadLetter& letter : found.items) ids.push_back(std::move(letter.id));
  if (ids.empty() || options.yes) return std::nullopt;
  if (!IsTerminal(STDIN_FILENO)) {
    return ReportError(Invalid(verb + " --all: nobody can be asked whether " + Letters(ids.size()) +
                               " are meant; say --yes"),
                       options.ask.json);
  }
  PrintErr(verb + " " + Letters(ids.size()) + "? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return std::nullopt;
  Note("nothing was done");
  return kExitFailed;
}

// Asks for the ids in batches.
template <class Reply, class Request, class Then>
int InBatches(Asker& asker, const AskOptions& options, const std::vector<std::string>& ids,
              Then then) {
  int worst = kExitOk;
  for (std::size_t from = 0; from < ids.size(); from += limits::kDeadBatchMax) {
    const std::size_t to = std::min(ids.size(), from + limits::kDeadBatchMax);
    Request request;
    request.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(from),
                       ids.begin() + static_cast<std::ptrdiff_t>(to));
    const int code = AskBroker<Reply>(asker, options, request, then);
    if (code != kExitOk && code != kExitRefused) return code;
    worst = std::max(worst, code);
  }
  return worst;
}

// Makes the client of a command and gives it to `then`.
template <class Then>
int WithAsker(const DeadOptions& options, Then then) {
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  return then(asker);
}

}  // namespace

int RunDeadList(const DeadOptions& options) {
  return WithAsker(options, [&](Asker& asker) {
    DeadListReply found;
    const std::int64_t limit = options.count ? kAllLetters : options.limit;
    if (const auto code = Collect(asker, options, limit, found)) return *code;
    const Look look = LookOf(STDOUT_FILENO);
    if (options.ask.json) {
      PrintOut((options.count ? CountsJson(found.items) : ToJson(found)) + "\n");
      return kExitOk;
    }
    PrintOut(options.count ? RenderDeadCounts(found.items, look)
                           : RenderDeadList(found.items, look));
    std::string note = Letters(found.items.size()) + "";
    if (!found.end) note += "; go on with --after " + found.cursor;
    Note(note);
    return kExitOk;
  });
}

int RunDeadShow(const DeadOptions& options) {
  DeadListRequest request;
  request.id = options.ids.at(0);
  return AskBroker<DeadListReply>(options.ask, request, [&](const DeadListReply& found) {
    if (found.items.empty()) {
      return ReportError({ErrorCode::kNotFound,
                          "no dead letter " + request.id + ": requeued, purged, or never there"},
                         options.ask.json);
    }
    const DeadLetter& letter = found.items.front();
    PrintOut(options.ask.json ? ToJson(letter) + "\n"
                              : RenderDeadLetter(letter, LookOf(STDOUT_FILENO)));
    return kExitOk;
  });
}

int RunDeadRequeue(const DeadOptions& options) {
  return WithAsker(options, [&](Asker& asker) {
    std::vector<std::string> ids;
    if (const auto code = Choose(asker, options, "requeue", ids)) return *code;
    DeadRequeueReply all;
    const int code = InBatches<DeadRequeueReply, DeadRequeueRequest>(
        asker, options.ask, ids, [&](const DeadRequeueReply& reply) {
          int worst = kExitOk;
          for (const RequeuedLetter& letter : reply.items) {
            all.items.push_back(letter);
            if (!options.ask.json) PrintOut(RequeueSentence(letter) + "\n");
            const bool good = letter.disposition == "requeued" || letter.disposition == "before";
            if (!good) worst = kExitRefused;
          }
          return worst;
        });
    if (options.ask.json && (code == kExitOk || code == kExitRefused)) {
      PrintOut(ToJson(all) + "\n");
    }
    return code;
  });
}

int RunDeadPurge(const DeadOptions& options) {
  return WithAsker(options, [&](Asker& asker) {
    std::vector<std::string> ids;
    if (const auto code = Choose(asker, options, "purge", ids)) return *code;
    DeadPurgeReply all;
    const int code = InBatches<DeadPurgeReply, DeadPurgeRequest>(asker, options.ask, ids,
                                                                 [&](const DeadPurgeReply& reply) {
                                                                   all.purged += reply.purged;
                                                                   return kExitOk;
                                                                 });
    if (code != kExitOk) return code;
    if (options.ask.json) {
      PrintOut(ToJson(all) + "\n");
    } else {
      PrintOut(Letters(static_cast<std::size_t>(all.purged)) + " purged\n");
    }
    // An id that is not there any more is where it should be.
    return kExitOk;
  });
}

}  // namespace consilium
