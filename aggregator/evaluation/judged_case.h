// Recorded cases as an evaluation needs them: the evidence of each, as the aggregator records it,
// and what else is known of its answers.
// Threads: data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain.h"

namespace consilium {

// One of the different answers of a case, against the medications that would have been right.
struct SetScore {
  bool exact = false;    // the ingredient sets are equal
  double jaccard = 0.0;  // |A and G| / |A or G|; 1 when both are empty
  double f1 = 0.0;       // 2 |A and G| / (|A| + |G|); 1 when both are empty
};
SetScore ScoreSets(const std::vector<std::string>& gold, const std::vector<std::string>& given);

struct JudgedKey {
  std::string key;              // as EvidenceAnswer::key
  std::optional<SetScore> set;  // where the right medications are known
  std::optional<bool> unsafe;   // names one that must not be given; absent without such a list
};

struct Tokens {
  std::optional<double> prompt;
  std::optional<double> completion;
};

struct JudgedCase {
  CaseEvidence evidence;        // answers by model, each once; `right` of all or of none
  bool known = false;           // the right answer is
  std::vector<JudgedKey> keys;  // of the answers, ascending
  std::vector<Tokens> tokens;   // by answer
};

struct BadLine {
  std::size_t line = 0;  // from 1
  std::string why;
};
inline constexpr std::size_t kBadLinesKept = 20;

struct RecordedAnswers {
  std::vector<std::string> models;  // by name, those that answered anything
  std::vector<JudgedCase> cases;
  std::vector<BadLine> bad;  // left out, the first kBadLinesKept
  std::size_t bad_count = 0;
  // How many answers of a model are missing for which reason, where that is told.
  std::map<std::string, std::map<std::string, std::size_t>> missing_why;
  std::size_t missing = 0;  // answers of `models` and of those in missing_why
  bool reviewed = false;    // answers were graded

  void AddBad(std::size_t line, std::string why);
};

// Sorts the answers and sets models, keys, missing, reviewed from them; `keys` that are there stay.
void Complete(RecordedAnswers& recorded);

}  // namespace consilium
