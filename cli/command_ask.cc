// show, cancel, status: one question each.
#include <unistd.h>

#include <algorithm>

#include "cli/ask.h"
#include "cli/render.h"
#include "shared/codec.h"

namespace consilium {

milliseconds TimeoutOf(const AskOptions& options) {
  if (!options.timeout_s) return kAskTimeout;
  return milliseconds(static_cast<std::int64_t>(*options.timeout_s * 1000));
}

int RunShow(const ShowOptions& options) {
  return AskBroker<CaseView>(options.ask, FetchRequest{options.id}, [&](const CaseView& view) {
    PrintOut(options.ask.json ? ToJson(view) + "\n" : RenderCase(view, LookOf(STDOUT_FILENO)));
    return kExitOk;
  });
}

int RunStatus(const AskOptions& options) {
  return AskBroker<StatusReply>(options, StatusRequest{}, [&](const StatusReply& status) {
    PrintOut(options.json ? ToJson(status) + "\n" : RenderStatus(status, LookOf(STDOUT_FILENO)));
    return status.balanced ? kExitOk : kExitFailed;
  });
}

int RunCancel(const CancelOptions& options) {
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  int worst = kExitOk;
  for (const std::string& id : options.ids) {
    const CancelRequest request{id, options.withdraw, options.reason};
    const int code = AskBroker<CancelReply>(asker, options.ask, request, [&](const CancelReply& r) {
      const std::string_view state = kCaseStateNames[static_cast<std::size_t>(r.state)];
      if (options.ask.json) {
        PrintOut(ToJson(r) + "\n");
      } else if (r.cancelled) {
        PrintOut(id + ": cancelled\n");
      } else {
        PrintOut(id + ": had ended before (" + std::string(state) +
                 "); --withdraw takes back what it said\n");
      }
      return r.cancelled ? kExitOk : kExitRefused;
    });
    if (code == kExitInterrupted || code == kExitUnreachable) return code;
    worst = std::max(worst, code);
  }
  return worst;
}

}  // namespace consilium
