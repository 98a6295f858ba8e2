// What a running cluster has learned: chemistry (the live matrix), ensembles, trust.
#include <unistd.h>

#include <utility>

#include "cli/ask.h"
#include "cli/files.h"
#include "cli/render_learned.h"
#include "cli/render_trust.h"
#include "shared/codec.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr milliseconds kRebuildPoll{100};

// Asks until the rebuild is done.
int Rebuild(Asker& asker, const LiveChemistryOptions& options) {
  const AskOptions& ask = options.ask;
  RebuildRequest request{"rebuild-" + RandomHexId().substr(0, 16)};
  const TimePoint until = Now() + (ask.timeout_s ? TimeoutOf(ask) : milliseconds(600000));
  for (;;) {
    std::optional<RebuildReply> reply;
    const int code = AskBroker<RebuildReply>(asker, ask, request, [&](const RebuildReply& r) {
      reply = r;
      return kExitOk;
    });
    if (code != kExitOk || !reply) return code;
    if (reply->state == "done") {
      PrintOut(ask.json ? ToJson(*reply) + "\n"
                        : "rebuilt from " + std::to_string(reply->lines) + " lines of evidence: " +
                              (reply->identical ? "identical, bit for bit"
                                                : "it differs from what stood there") +
                              "\n  before " + reply->before + "\n  after  " + reply->after + "\n");
      return reply->identical ? kExitOk : kExitFailed;
    }
    if (Now() >= until) {
      return ReportError(
          {ErrorCode::kTimeout, "the rebuild is not done yet; no aggregator may be running"},
          ask.json);
    }
    if (WaitForClient(asker.client(), asker.stop(), Now() + kRebuildPoll)) return kExitInterrupted;
  }
}

// Asks for what is known of every kind, to show one. Which kinds there are only the broker knows:
// asked for the chemistry of one that is none, it names them.
template <class Reply, class Request, class Then>
int AskOfKind(const AskOptions& ask, const std::string& kind, const Request& request, Then then) {
  auto brokers = FindBrokers(ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), ask.json);
  Asker asker(std::move(brokers).value());
  if (!kind.empty()) {
    const auto known =
        Call<ChemistryReport>(asker.client(), asker.stop(), ChemistryRequest{kind}, TimeoutOf(ask));
    if (!known) return kExitInterrupted;
    // Of a kind that there is nothing may be known yet.
    if (!known->ok() && known->error().code != ErrorCode::kNotFound) {
      return ReportError(known->error(), ask.json);
    }
  }
  return AskBroker<Reply>(asker, ask, request, then);
}

int ShowReport(const LiveChemistryOptions& options, const ChemistryReport& report) {
  if (!options.svg.empty()) {
    const HeatMap map = options.svg_of == "chemistry" ? ChemistryMap(report) : SynergyMap(report);
    if (const Status written = WriteFileAtomically(options.svg, DrawHeatMap(map)); !written) {
      return ReportError(written.error(), options.ask.json);
    }
    Note("drawn to " + options.svg);
  }
  PrintOut(options.ask.json ? ToJson(report) + "\n"
                            : RenderChemistryReport(report, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

}  // namespace

int RunLiveChemistry(const LiveChemistryOptions& options) {
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  if (options.rebuild) return Rebuild(asker, options);
  return AskBroker<ChemistryReport>(
      asker, options.ask, ChemistryRequest{options.kind},
      [&](const ChemistryReport& report) { return ShowReport(options, report); });
}

int RunEnsembles(const EnsemblesOptions& options) {
  return AskOfKind<SeatingBoard>(
      options.ask, options.kind, EnsemblesRequest{}, [&](const SeatingBoard& board) {
        SeatingBoard shown = board;
        std::erase_if(shown.entries, [&](const SeatingEntry& entry) {
          return !options.kind.empty() && entry.kind != options.kind;
        });
        PrintOut(options.ask.json ? ToJson(shown) + "\n"
                                  : RenderBoard(shown, LookOf(STDOUT_FILENO)));
        return kExitOk;
      });
}

int RunTrust(const TrustOptions& options) {
  return AskOfKind<TrackRecords>(
      options.ask, options.kind, TrackRecordsRequest{}, [&](const TrackRecords& records) {
        const auto shown = RecordsOf(options.kind, records);
        if (!shown.ok()) return ReportError(shown.error(), options.ask.json);
        PrintOut(options.ask.json ? ToJson(*shown) + "\n"
                                  : RenderTrust(*shown, LookOf(STDOUT_FILENO)));
        return kExitOk;
      });
}

}  // namespace consilium
