// Speaks with the clients: cases, what was learned, and what an operator asks for.
//
// Every request gets exactly one reply, an error if need be; bytes that are no request are counted
// and answered as well as they can be. Threads: none of its own; owned by the broker loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "broker/hub.h"
#include "broker/watchers.h"
#include "broker/worker_desk.h"
#include "shared/log.h"
#include "shared/zmq.h"

namespace consilium {

class ClientDesk {
 public:
  // Requests that wait for one Redis at one time, and watches that wait for a recommendation.
  static constexpr std::size_t kRequestsMax = 4096;
  static constexpr std::size_t kWatchesMax = 1024;

  ClientDesk(Hub& hub, RouterSocket& socket, WorkerDesk& workers);

  void OnMessage(const RouterSocket::Incoming& incoming);
  // A recommendation was published.
  void OnPublished() { watchers_.Hint(); }
  // Lets the waiting watches go: their clients ask again.
  void ReleaseWatches();
  // Asks for and ends watches. The result is when to call again.
  TimePoint Tick();

 private:
  // Who asked, and the request id to answer with.
  struct Caller {
    std::string peer;
    std::string request;
  };

  template <class Message>
  void Reply(const Caller& to, const Message& message);
  void Fail(const Caller& to, const Error& error);
  // False, and answered, when the request cannot be asked of Redis now: for `why_not`, or because
  // too many are `waiting`.
  bool Admits(const Caller& to, const std::string& why_not, std::size_t& waiting,
              const std::string& consequence);
  // The same of a request to one shard.
  bool Admits(const Caller& to, const Shard& shard, const std::string& consequence);
  // A callback for the store that answers `to`; `then` sees a success first.
  template <class T, class Then>
  Store::Done<T> Answer(const Caller& to, const Shard& shard, const std::string& consequence,
                        Then then);
  // Asks every shard; `then` gets what each said, in their order: kUnavailable where one does not
  // answer, or not in time.
  template <class T, class AskOne, class Then>
  void AskAll(AskOne ask, Then then);
  // The feed of all shards (feed.h). Without a shard that does not answer, unless none does.
  void ReadFeed(const std::string& after, std::int64_t max, Store::Done<WatchSlice> done);

  void OnSubmit(const Caller& to, const CaseRequest& request);
  void OnCancel(const Caller& to, const CancelRequest& request);
  void OnFetch(const Caller& to, const FetchRequest& request);
  void OnOutcome(const Caller& to, const CaseOutcomeRequest& request);
  void OnWatch(const Caller& to, const WatchRequest& request);
  void OnStatus(const Caller& to);
  void OnChemistry(const Caller& to, const ChemistryRequest& request);
  void OnEnsembles(const Caller& to);
  void OnTrackRecords(const Caller& to);
  void OnRebuild(const Caller& to, const RebuildRequest& request);
  void OnImport(const Caller& to, const ImportRequest& request);
  // Those that did not end here; `known` others did.
  void Import(const Caller& to, const std::vector<CaseEvidence>& cases, std::int64_t known);
  void OnHistory(const Caller& to, const HistoryRequest& request);
  void OnDeadList(const Caller& to, const DeadListRequest& request);
  void OnDeadRequeue(const Caller& to, const DeadRequeueRequest& request);
  void OnDeadPurge(const Caller& to, const DeadPurgeRequest& request);
  void OnDrain(const Caller& to, const DrainRequest& request);
  // A callback for what all shards are asked that answers `to`.
  template <class T>
  Store::Done<T> AnswerOfAll(const Caller& to);
  bool AdmitsLetters(const Caller& to, const std::vector<std::string>& ids);
  void Ask(const Watchers::Question& question);
  // Answers with what was published after `after`, in smaller portions when it is too much for one
  // message.
  void Serve(const std::vector<Caller>& callers, const std::string& after, const WatchSlice& slice);
  void Fill(StatusReply& status) const;

  Hub& hub_;
  RouterSocket& socket_;
  WorkerDesk& workers_;
  Watchers watchers_;
  std::vector<std::size_t> waiting_;  // requests that wait for one Redis, by shard
  std::size_t waiting_for_all_ = 0;   // and those that wait for all
  // Questions to several shards, oldest first; those answered meanwhile are given up in vain.
  struct Asked {
    TimePoint until;
    std::function<void()> give_up;
  };
  std::deque<Asked> asked_;
  // Grows when waiting watches are let go: those whose answer is under way are, too.
  std::uint64_t releases_ = 0;
  PowersOfTwo refusals_;
};

}  // namespace consilium
