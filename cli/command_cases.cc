// cases: the list of them, page by page.
#include <unistd.h>

#include <algorithm>
#include <string>

#include "cli/ask.h"
#include "cli/render_cases.h"
#include "shared/case_record.h"
#include "shared/codec.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr auto kPageMax = static_cast<std::int64_t>(limits::kCaseListMax);

// The broker names the field of the request; who typed it knows the flag.
Error AsFlag(Error error) {
  if (error.text.starts_with("after = ")) error.text.insert(0, "--");
  return error;
}

// At most `limit` cases that the filters leave. The exit code when that failed.
int Collect(Asker& asker, const CasesOptions& options, CaseListReply& all) {
  CaseListRequest request;
  request.after = options.after;
  if (!options.state.empty()) request.state = CaseStateFromName(options.state);
  request.source = options.source;
  request.kind = options.kind;
  const bool filtered = request.state || !request.source.empty() || !request.kind.empty();
  const auto left = [&] { return options.limit - static_cast<std::int64_t>(all.items.size()); };
  request.max = filtered ? kPageMax : std::min(kPageMax, left());
  all.cursor = request.after;
  while (!all.end && left() > 0) {
    const auto reply =
        Call<CaseListReply>(asker.client(), asker.stop(), request, TimeoutOf(options.ask));
    if (!reply) return kExitInterrupted;
    if (!reply->ok()) return ReportError(AsFlag(reply->error()), options.ask.json);
    const CaseListReply& page = **reply;
    if (static_cast<std::int64_t>(page.items.size()) > left()) {
      // The cursor stands after all of a page, so a smaller page is asked for.
      request.max = std::max<std::int64_t>(1, request.max / 2);
      continue;
    }
    all.items.insert(all.items.end(), page.items.begin(), page.items.end());
    all.cursor = request.after = page.cursor;
    all.end = page.end;
    all.partly = all.partly || page.partly;
    if (!filtered) request.max = std::clamp<std::int64_t>(left(), 1, kPageMax);
  }
  return kExitOk;
}

}  // namespace

int RunCases(const CasesOptions& options) {
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  CaseListReply found;
  if (const int code = Collect(asker, options, found); code != kExitOk) return code;
  if (options.ask.json) {
    PrintOut(ToJson(found) + "\n");
  } else {
    PrintOut(RenderCases(found.items, LookOf(STDOUT_FILENO)));
  }
  std::string note =
      std::to_string(found.items.size()) + (found.items.size() == 1 ? " case" : " cases");
  if (!found.end) note += "; go on with --after " + found.cursor;
  Note(note);
  if (found.partly) {
    Note("a part of the cluster does not answer, its cases are missing here: `consilium status`");
  }
  return kExitOk;
}

}  // namespace consilium
