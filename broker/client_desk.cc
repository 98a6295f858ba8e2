#include "broker/client_desk.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "shared/codec.h"
#include "shared/text.h"

namespace consilium {

ClientDesk::ClientDesk(Hub& hub, RouterSocket& socket, WorkerDesk& workers)
    : calls_(hub, socket),
      cases_(calls_, hub, workers),
      watches_(calls_, hub),
      learning_(calls_, hub),
      operators_(calls_, hub, workers) {}

void ClientDesk::OnMessage(const RouterSocket::Incoming& incoming) {
  const auto refuse = [this](const Caller& to, const Error& error) { calls_.Refuse(to, error); };
  if (!incoming.frame) return refuse({incoming.peer, incoming.request}, incoming.frame.error());
  const Frame& frame = *incoming.frame;
  const Caller to{incoming.peer, frame.request};
  const auto with = [&](auto message, auto handler) {
    using Message = decltype(message);
    const Result<Message> request = Unpack<Message>(frame.body);
    if (!request) return refuse(to, request.error());
    handler(*request);
  };
  constexpr std::string_view kOperators[] = {DeadRequeueRequest::kType, DeadPurgeRequest::kType,
                                             DrainRequest::kType};
  const bool operators =
      std::find(std::begin(kOperators), std::end(kOperators), frame.type) != std::end(kOperators);
  if (operators && !MayOperate(incoming.from.role)) {
    return refuse(to, {ErrorCode::kForbidden,
                       frame.type +
                           " needs a key of role admin (bus.allowed_file), and this one "
                           "is of role " +
                           kBusRoleNames[static_cast<std::size_t>(incoming.from.role)]});
  }
  if (frame.type == SubmitRequest::kType) {
    with(SubmitRequest{}, [&](const SubmitRequest& m) { cases_.OnSubmit(to, m.request); });
  } else if (frame.type == CancelRequest::kType) {
    with(CancelRequest{}, [&](const CancelRequest& m) { cases_.OnCancel(to, m); });
  } else if (frame.type == FetchRequest::kType) {
    with(FetchRequest{}, [&](const FetchRequest& m) { cases_.OnFetch(to, m); });
  } else if (frame.type == CaseListRequest::kType) {
    with(CaseListRequest{}, [&](const CaseListRequest& m) { cases_.OnList(to, m); });
  } else if (frame.type == CaseOutcomeRequest::kType) {
    with(CaseOutcomeRequest{}, [&](const CaseOutcomeRequest& m) { cases_.OnOutcome(to, m); });
  } else if (frame.type == WatchRequest::kType) {
    with(WatchRequest{}, [&](const WatchRequest& m) { watches_.OnWatch(to, m); });
  } else if (frame.type == StatusRequest::kType) {
    with(StatusRequest{}, [&](const StatusRequest&) { operators_.OnStatus(to); });
  } else if (frame.type == ChemistryRequest::kType) {
    with(ChemistryRequest{}, [&](const ChemistryRequest& m) { learning_.OnChemistry(to, m); });
  } else if (frame.type == TrackRecordsRequest::kType) {
    with(TrackRecordsRequest{}, [&](const TrackRecordsRequest&) { learning_.OnTrackRecords(to); });
  } else if (frame.type == EnsemblesRequest::kType) {
    with(EnsemblesRequest{}, [&](const EnsemblesRequest&) { learning_.OnEnsembles(to); });
  } else if (frame.type == RebuildRequest::kType) {
    with(RebuildRequest{}, [&](const RebuildRequest& m) { learning_.OnRebuild(to, m); });
  } else if (frame.type == ImportRequest::kType) {
    with(ImportRequest{}, [&](const ImportRequest& m) { learning_.OnImport(to, m); });
  } else if (frame.type == HistoryRequest::kType) {
    with(HistoryRequest{}, [&](const HistoryRequest& m) { learning_.OnHistory(to, m); });
  } else if (frame.type == DeadListRequest::kType) {
    with(DeadListRequest{}, [&](const DeadListRequest& m) { operators_.OnDeadList(to, m); });
  } else if (frame.type == DeadRequeueRequest::kType) {
    with(DeadRequeueRequest{},
         [&](const DeadRequeueRequest& m) { operators_.OnDeadRequeue(to, m); });
  } else if (frame.type == DeadPurgeRequest::kType) {
    with(DeadPurgeRequest{}, [&](const DeadPurgeRequest& m) { operators_.OnDeadPurge(to, m); });
  } else if (frame.type == DrainRequest::kType) {
    with(DrainRequest{}, [&](const DrainRequest& m) { operators_.OnDrain(to, m); });
  } else if (frame.type != ErrorMessage::kType) {
    refuse(to, {ErrorCode::kUnsupported,
                "type = " + Quoted(frame.type) +
                    ", expected submit, cancel, fetch, list, outcome, watch, status, chemistry, "
                    "ensembles, track_records, rebuild, import, history, dead_list, "
                    "dead_requeue, dead_purge or drain"});
  }
}

TimePoint ClientDesk::Tick() {
  const TimePoint patience = calls_.Tick();
  return std::min(patience, watches_.Tick());
}

}  // namespace consilium
