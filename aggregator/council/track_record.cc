#include "aggregator/council/track_record.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "shared/ids.h"

namespace consilium {
namespace {

bool IsGraded(const CaseEvidence& evidence) {
  return std::any_of(evidence.answers.begin(), evidence.answers.end(),
                     [](const EvidenceAnswer& answer) { return answer.grade.has_value(); });
}

// Keys of a case in ascending order, and what is known of each.
struct Keys {
  std::vector<std::string_view> key;
  std::vector<std::optional<bool>> right;
  std::vector<double> support;

  std::size_t At(std::string_view wanted) const {
    return static_cast<std::size_t>(std::lower_bound(key.begin(), key.end(), wanted) - key.begin());
  }
};

Keys KeysOf(const CaseEvidence& evidence) {
  Keys keys;
  for (const EvidenceAnswer& answer : evidence.answers) keys.key.push_back(answer.key);
  std::sort(keys.key.begin(), keys.key.end());
  keys.key.erase(std::unique(keys.key.begin(), keys.key.end()), keys.key.end());
  keys.right.resize(keys.key.size());
  keys.support.resize(keys.key.size());
  double total = 0.0;
  for (const EvidenceAnswer& answer : evidence.answers) {
    const std::size_t at = keys.At(answer.key);
    if (answer.right) keys.right[at] = answer.right;
    const double weight = std::clamp(answer.weight, 0.0, 1.0);
    total += weight;
    keys.support[at] += weight * std::clamp(answer.grade.value_or(0.0), 0.0, 1.0);
  }
  for (double& support : keys.support) support = total > 0.0 ? support / total : 0.0;
  return keys;
}

// Says which of the answers is right, or that one of them is wrong; false when nothing is known.
bool JudgeBallot(const Keys& keys, KnownBallot& known) {
  const auto is = [](bool right) { return [right](const auto& one) { return one == right; }; };
  const auto right = std::find_if(keys.right.begin(), keys.right.end(), is(true));
  // Of two right ones neither is wrong, which a ballot cannot say.
  if (std::count_if(keys.right.begin(), keys.right.end(), is(true)) > 1) return false;
  if (right != keys.right.end()) {
    known.ballot.right = static_cast<std::size_t>(right - keys.right.begin());
    return true;
  }
  if (std::all_of(keys.right.begin(), keys.right.end(), is(false))) return known.ballot.rest > 0;
  const auto wrong = std::find_if(keys.right.begin(), keys.right.end(), is(false));
  if (wrong == keys.right.end()) return false;
  known.complete = false;
  known.wrong = static_cast<std::size_t>(wrong - keys.right.begin());
  return true;
}

// Models in the version that answered last, with so many known answers. Last is by the time of the
// decision: outcomes of older cases come in later, and histories are imported.
std::vector<VoteWeight> VotersOf(const std::vector<const CaseEvidence*>& cases) {
  struct Voter {
    std::map<std::string_view, std::int64_t> known;  // by version
    std::tuple<std::int64_t, std::string_view> decided{std::numeric_limits<std::int64_t>::min(),
                                                       {}};
    std::string_view version;
  };
  std::map<std::string_view, Voter> voters;
  for (const CaseEvidence* evidence : cases) {
    const bool known = std::any_of(evidence->answers.begin(), evidence->answers.end(),
                                   [](const EvidenceAnswer& answer) { return answer.right; });
    const std::tuple<std::int64_t, std::string_view> decided(evidence->decided_ms,
                                                             evidence->case_id);
    for (const EvidenceAnswer& answer : evidence->answers) {
      Voter& voter = voters[answer.model];
      voter.known[answer.version] += known ? 1 : 0;
      if (decided < voter.decided) continue;
      voter.decided = decided;
      voter.version = answer.version;
    }
  }
  std::vector<VoteWeight> sorted;
  for (const auto& [model, voter] : voters) {
    sorted.push_back(
        {std::string(model), std::string(voter.version), 0.0, voter.known.at(voter.version)});
  }
  return sorted;
}

void SetRisk(const std::vector<Forecast>& unseen, TrackRecord& record) {
  if (record.risk_target >= 1) {
    record.confidence_min = 0.0;
    return;
  }
  const RiskLimit limit = LimitRisk(unseen, record.risk_target);
  record.confidence_min = limit.confidence_min;
  record.answered = static_cast<std::int64_t>(limit.answered);
  record.wrong = static_cast<std::int64_t>(limit.wrong);
}

void SetVoting(const Voting& voting, TrackRecord& record) {
  std::size_t fitted = 0;
  for (VoteWeight& vote : record.votes) {
    if (HasEnough(vote)) vote.weight = voting.weights[fitted++];
  }
  if (record.reviewed) record.support = voting.weights.back();
  record.calibration = kCalibrationNames[static_cast<std::size_t>(voting.calibration.kind)];
  record.a = voting.calibration.a;
  record.b = voting.calibration.b;
  for (const Calibration::Knot& knot : voting.calibration.knots) {
    record.knots.push_back({knot.raw, knot.confidence});
  }
}

}  // namespace

const VoteWeight* VoteOf(std::span<const VoteWeight> votes, std::string_view model) {
  const auto found = std::lower_bound(
      votes.begin(), votes.end(), model,
      [](const VoteWeight& vote, std::string_view name) { return vote.model < name; });
  return found != votes.end() && found->model == model ? &*found : nullptr;
}

bool HasEnough(const VoteWeight& vote) { return vote.cases >= kVotedCasesMin; }

std::size_t RestOf(std::size_t options, std::size_t given) {
  if (options == 0) return 1;
  return options > given ? options - given : 0;
}

std::optional<KnownBallot> BallotOf(const CaseEvidence& evidence, std::span<const VoteWeight> votes,
                                    bool support) {
  const Keys keys = KeysOf(evidence);
  KnownBallot known;
  known.ballot.answers = keys.key.size();
  known.ballot.rest = RestOf(static_cast<std::size_t>(std::max<std::int64_t>(0, evidence.options)),
                             keys.key.size());
  std::vector<std::string_view> voted;
  for (const EvidenceAnswer& answer : evidence.answers) {
    const VoteWeight* vote = VoteOf(votes, answer.model);
    if (vote == nullptr || vote->version != answer.version) continue;
    if (std::find(voted.begin(), voted.end(), answer.model) != voted.end()) continue;
    voted.push_back(answer.model);
    known.ballot.votes.push_back(
        {static_cast<std::size_t>(vote - votes.data()), keys.At(answer.key), 1.0});
  }
  if (known.ballot.votes.empty() || !JudgeBallot(keys, known)) return std::nullopt;
  for (std::size_t k = 0; support && k < keys.key.size(); ++k) {
    known.ballot.votes.push_back({votes.size(), k, keys.support[k]});
  }
  return known;
}

TrackRecordMaker::TrackRecordMaker(const std::string& kind, std::span<const CaseEvidence> cases,
                                   const TrackRecordRules& rules) {
  record_.kind = kind;
  record_.rules = kDecisionRules;
  record_.reviewed = rules.reviewed;
  record_.needed = rules.needed;
  record_.risk_target = rules.risk_target;
  if (rules.risk_target < 1) {
    record_.risk_needed = static_cast<std::int64_t>(AnswersForRisk(rules.risk_target));
  }
  std::vector<const CaseEvidence*> fit;
  for (const CaseEvidence& evidence : cases) {
    if (IsGraded(evidence) == rules.reviewed) fit.push_back(&evidence);
  }
  record_.votes = VotersOf(fit);
  std::vector<VoteWeight> voters = record_.votes;
  std::erase_if(voters, [](const VoteWeight& vote) { return !HasEnough(vote); });
  // In an order that is drawn, and does not depend on what came before or after.
  std::vector<std::pair<std::uint64_t, KnownBallot>> drawn;
  std::int64_t cases_voted = 0;
  std::int64_t simulated_voted = 0;
  for (const CaseEvidence* evidence : fit) {
    const std::int64_t simulated = evidence->simulated ? 1 : 0;
    const auto any = BallotOf(*evidence, record_.votes, rules.reviewed);
    if (any && any->complete) ++record_.cases, record_.simulated += simulated;
    auto known = BallotOf(*evidence, voters, rules.reviewed);
    if (!known) continue;
    if (known->complete) ++cases_voted, simulated_voted += simulated;
    drawn.emplace_back(SeededRandom(1, "voting|" + evidence->case_id).Next(), std::move(*known));
  }
  const auto least = static_cast<std::int64_t>(2 * kVotingFolds);
  if (cases_voted < std::max(rules.needed, least)) return;
  record_.cases = cases_voted;
  record_.simulated = simulated_voted;
  std::sort(drawn.begin(), drawn.end(),
            [](const auto& one, const auto& other) { return one.first < other.first; });
  std::vector<KnownBallot> ballots;
  for (auto& [place, known] : drawn) ballots.push_back(std::move(known));
  maker_.emplace(std::move(ballots), voters.size() + (rules.reviewed ? 1 : 0));
}

bool TrackRecordMaker::Step() {
  if (!maker_) return false;
  if (maker_->Step()) return true;
  const auto voting = maker_->Take();
  maker_.reset();
  if (!voting.ok()) return false;
  SetVoting(*voting, record_);
  SetRisk(voting->unseen, record_);
  return false;
}

TrackRecord MakeTrackRecord(const std::string& kind, std::span<const CaseEvidence> cases,
                            const TrackRecordRules& rules) {
  TrackRecordMaker maker(kind, cases, rules);
  while (maker.Step()) {
  }
  return maker.Take();
}

}  // namespace consilium
