// What the council would have recommended on a recorded case if only some of its members had
// answered: the consensus as it was (grades, weights), the decision restricted to their answers.
//
//   support(C) = sum over the answers of X with key C of weight * grade; of their scores, where the
//   council ranked by its track record
//   the leading C: highest support, then best grade, then most answers, then least key, as decided
//   live
//   v(X) = 1 or 0, whether the leading answer (the best graded of the leading key) is right, where
//   the gold is known; else its grade; v({}) = 0
//
// The weights of docs/decision.md are those of the whole case: the same reviewers judge whoever
// sits. Threads: const after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shared/domain.h"

namespace consilium {

// Which answers count as evidence: the first of each model, of a name that a model may have
// (ids.h), at most limits::kModelsMax. Positions in evidence.answers, ascending.
std::vector<std::size_t> CountedAnswers(const CaseEvidence& evidence);
// The grade if it is one, in [0, 1]; else it is not known.
std::optional<double> GradeOf(const EvidenceAnswer& answer);

class Replay {
 public:
  // Of the answers that count, those without a verdict are left out: without a grade, unless the
  // gold is known (then every answer is judged by it). members() says who is in.
  explicit Replay(const CaseEvidence& evidence);

  std::size_t size() const { return answers_.size(); }
  // Positions in evidence.answers of the members, ascending.
  const std::vector<std::size_t>& members() const { return members_; }
  bool by_gold() const { return by_gold_; }

  // v of the members whose flag is set; `seated` has size() entries, not 0 = sits. In [0, 1].
  double Value(std::span<const std::uint8_t> seated) const;

  // Position in evidence.answers of the answer that leads when all members sit; absent without any.
  std::optional<std::size_t> Leader() const;

 private:
  // In the order of keys, then of members: one pass sees each cluster whole, least key first.
  struct Answer {
    std::size_t member = 0;
    std::size_t cluster = 0;
    double support = 0.0;  // what it adds to that of its key
    double grade = -1.0;   // -1 = ungraded
    double value = 0.0;    // v of a council that follows this answer
  };
  const Answer* Lead(std::span<const std::uint8_t> seated) const;

  std::vector<Answer> answers_;
  std::vector<std::size_t> members_;
  bool by_gold_ = false;
};

// What one case says about each pair of its members: the mean over non-empty X of
// v(X+a+b) - v(X+a) - v(X+b) + v(X), X a subset of the other members (a Banzhaf interaction index
// without the empty X, where v({}) = 0 would make every pair of good models look redundant).
// Up to kExactMembers members over all X; beyond, estimated without bias from kSampledSets sets
// drawn by the case id alone. Fewer than three members say nothing: `pairs` is empty then.
// Cost: at most 4096 (n + n^2/2) operations.
struct CaseSynergy {
  std::size_t members = 0;
  std::vector<double> pairs;  // (0,1), (0,2), ..., (n-2,n-1), each in [-2, 2]
  // Where the pair of members a < b stands.
  std::size_t Index(std::size_t a, std::size_t b) const {
    return a * (2 * members - a - 1) / 2 + b - a - 1;
  }
};
inline constexpr std::size_t kExactMembers = 12;
inline constexpr std::size_t kSampledSets = 4096;
CaseSynergy MeasureSynergy(const Replay& replay, const CaseEvidence& evidence);

}  // namespace consilium
