// drain: tells one broker to end its work and waits until it has.
#include <unistd.h>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "cli/ask.h"
#include "shared/codec.h"
#include "shared/resolve.h"
#include "shared/shown_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kLookEvery{500};

// The name of a broker without the count of its connections to Redis, which changes.
std::string_view ProcessOf(std::string_view broker) { return broker.substr(0, broker.find('.')); }

std::string Held(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " task" : " tasks") + " at workers";
}

}  // namespace

int RunDrain(const DrainOptions& options) {
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  if (brokers->endpoints.size() != 1) {
    return ReportError(
        Invalid("drain concerns one broker, and " + std::to_string(brokers->endpoints.size()) +
                " are configured; name it with --broker"),
        options.ask.json);
  }
  std::string& endpoint = brokers->endpoints.front();
  if (HasName(endpoint)) {
    // A name may stand for several, and each look at it might reach another one.
    const auto found = LookUp(endpoint);
    if (!found.ok()) return ReportError(found.error(), options.ask.json);
    if (found->size() != 1) {
      return ReportError(
          Invalid("drain concerns one broker, and " + Quoted(endpoint) +
                  " leads to several; name one of them with --broker: " + Joined(*found, ", ")),
          options.ask.json);
    }
    endpoint = found->front();
  }
  Asker asker(std::move(brokers).value());
  DrainRequest request;
  request.undo = options.undo;
  request.limit_ms = std::llround(options.limit_s * 1000);
  DrainReply last;
  std::int64_t told = -1;
  while (true) {
    const int code =
        AskBroker<DrainReply>(asker, options.ask, request, [&](const DrainReply& reply) {
          const std::string_view meant = ProcessOf(request.broker);
          if (!meant.empty() && meant != ProcessOf(reply.broker)) {
            // It is older than this command, else it had said so itself.
            return ReportError(
                {ErrorCode::kConflict, "broker " + request.broker + " is gone, and " +
                                           reply.broker + " answers in its place"},
                options.ask.json);
          }
          last = reply;
          // Asked again, none but this one may begin to drain.
          request.broker = reply.broker;
          return kExitOk;
        });
    if (code == kExitInterrupted) Note("the broker goes on draining; --undo ends that");
    if (code != kExitOk) return code;
    if (options.undo || last.drained) break;
    if (last.held != told) Note(last.broker + ": draining, " + Held(told = last.held));
    const TimePoint again = Now() + kLookEvery;
    while (Now() < again) {
      asker.client().Step(Now());
      if (!WaitForClient(asker.client(), asker.stop(), again)) continue;
      Note("the broker goes on draining; --undo ends that");
      return kExitInterrupted;
    }
  }
  if (options.ask.json) {
    PrintOut(ToJson(last) + "\n");
  } else if (options.undo) {
    PrintOut(last.broker + ": works\n");
  } else {
    PrintOut(last.broker + ": drained" +
             (last.handed_over > 0 ? "; " + Held(last.handed_over) + " go to other brokers" : "") +
             "\n");
  }
  return kExitOk;
}

}  // namespace consilium
