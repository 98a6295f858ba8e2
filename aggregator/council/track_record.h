// What known outcomes teach about trusting the council.
//
// A track record is made from the evidence of ended cases of one kind: the weight of each model's
// vote, and of the support that reviewers give (statistics/voting.h); the calibration of the
// probability that these give; the confidence from which on the risk target is kept. It speaks for
// what it was learned on only: the same kind of task and rules, the same models in the same
// versions, reviewed or not (confidence.h). docs/decision.md has the formulas.
//
// Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregator/statistics/voting.h"
#include "shared/messages.h"

namespace consilium {

// What the weights and the calibration depend on besides the cases. A record of other rules does
// not apply: changed whenever the ballot, the support or the ranking is.
inline constexpr std::string_view kDecisionRules = "1";

// A vote counts once its model, in its present version, has so many known answers.
inline constexpr std::int64_t kVotedCasesMin = 20;

struct TrackRecordRules {
  std::int64_t needed = 50;   // cases whose right answer is known; council.outcomes_min
  double risk_target = 0.01;  // council.risk_target, (0, 1]
  bool reviewed = true;
};

// Makes a record in pieces (statistics/voting.h).
//
// `cases`: of that kind, each once, in any order. Without enough of them the record is not
// calibrated; a model without enough is listed and has no vote. Never fails: what makes no sense is
// left out.
class TrackRecordMaker {
 public:
  TrackRecordMaker(const std::string& kind, std::span<const CaseEvidence> cases,
                   const TrackRecordRules& rules);

  // Does one piece; true while there is more.
  bool Step();
  TrackRecord Take() { return std::move(record_); }

 private:
  TrackRecord record_;
  std::optional<VotingMaker> maker_;
};
TrackRecord MakeTrackRecord(const std::string& kind, std::span<const CaseEvidence> cases,
                            const TrackRecordRules& rules);

// The votes of one ended case, with the voters of `votes` (and the support as the last voter, where
// `support`); absent when no voter voted, or nothing is known about the right answer. The answers
// are the keys, in ascending order.
std::optional<KnownBallot> BallotOf(const CaseEvidence& evidence, std::span<const VoteWeight> votes,
                                    bool support);

// By model; null when it is not there. `votes`: by model.
const VoteWeight* VoteOf(std::span<const VoteWeight> votes, std::string_view model);
// Whether so much is known of it that it counts.
bool HasEnough(const VoteWeight& vote);

// Possible answers that nobody gave: the options that are left, or "something else".
std::size_t RestOf(std::size_t options, std::size_t given);

}  // namespace consilium
